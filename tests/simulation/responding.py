"""The part of a simulated newcomer that begins the intake and responds to its questions."""

from __future__ import annotations

from lotse.intake.questionnaire import Question
from tests.simulation.diary import Person
from tests.simulation.seen import Message, read_line
from tests.simulation.talking import Talker
from tests.simulation.telling import Attempt, Telling, Told, ways

MOST_TRIES = 8  # to tell one response
MOST_PRESSES = 30  # of ticks at one question
AND_ALSO = 0.25  # how often somebody goes on after own words


class Responder(Talker):
    """Tells a response until it is taken: by pressing, ticking, typing, in one message or two."""

    # beginning

    async def begin(self) -> bool:
        """Start the intake from the greeting or the menu."""
        button = self.line.button("start_intake", "menu")
        if button is not None and self.presses and (not self.types or self._chance(0.5)):
            self._note_control("start pressed")
            await self.press(button)
        elif self.types:
            self._note_control("start typed")
            await self.say(self._phrase("start"), "start_intake")
        else:
            await self.say("/intake", "start_intake")
        for _ in range(2):  # words may be taken for a question; a command cannot be
            if self.line.question is not None:
                break
            self._repeat("start")
            await self.say("/intake", "start_intake")
        if self.line.question is None:
            self._stuck("the intake does not begin")
        self._new_person()
        return True

    def _new_person(self) -> None:
        self.person = Person()
        self.people.append(self.person)
        self.at = self._next()
        if self.at is None or self.line.question != self.at.key:
            self._moved("beginning", self.at)
        self._remember_buttons()

    # telling

    def possible_ways(self) -> list[str]:
        """How the open question can be answered now."""
        assert self.at is not None
        return ways(self.at, self.line.last, types=self.types, presses=self.presses)

    async def tell(self, way: str | None = None) -> bool:
        """Respond to the open question until it is taken."""
        question = self.at
        if question is None or question.type == "review":
            return False
        for tried in range(MOST_TRIES):
            attempt = self._attempt(question, way if tried == 0 else None, tried)
            if attempt is None:
                continue
            self.diary.told[self.language, attempt.way] += 1
            if await self._try(question, attempt):
                await self._perhaps_go_on(question, attempt)
                return True
            if self.at is None or self.at.key != question.key:
                return True  # somewhere else; it was not taken and is asked again later
        self._stuck(f"{question.key} is not taken in {MOST_TRIES} tries")
        return False

    def _attempt(self, question: Question, way: str | None, tried: int) -> Attempt | None:
        message = self._board()
        if way is None:
            known = ways(question, message, types=self.types, presses=self.presses)
            if tried >= 3:  # what cannot be misunderstood
                known = [each for each in known if each in ("press", "ticks", "skip pressed")] or known
            if not known:
                self._stuck(f"no way to respond to {question.key}")
            if not tried and len(known) > 1 and self._chance(0.85):  # not everything is skipped
                known = [each for each in known if not each.startswith("skip")]
            way = self.random.choice(known)
        words = self.oracle.questionnaire.words_of(question, self.language)
        values = self.person.values
        entries = self.oracle.entries(values, question)
        return Telling(question, message, words, self.language, self.random, values, entries).attempt(way)

    def _board(self) -> Message:
        """The message that asks the open question."""
        return self._asking or self.line.last

    async def _try(self, question: Question, attempt: Attempt) -> bool:
        if attempt.way == "ticks":
            if not await self._tick(question, list(attempt.told[question.key].value)):
                return False
            await self._done()
        elif attempt.text is not None:
            attempt = self._with_ticks(question, attempt)
            await self.say(attempt.text or "", attempt.intent)
        else:
            button = self._board().button(attempt.presses[0])
            if button is None:
                return False
            await self.press(button)
        return await self._judge(question, attempt)

    def _with_ticks(self, question: Question, attempt: Attempt) -> Attempt:
        """Typed after ticking: both count."""
        if question.type != "select_multiple" or not self.person.ticked or attempt.intent == "skip":
            return attempt
        ticks = self._ticks()
        told = attempt.told[question.key]
        values = tuple(list(dict.fromkeys([*ticks, *value])) for value in told.values)
        return Attempt(attempt.way, {question.key: Told(values, told.words)}, attempt.text, shows=attempt.shows)

    async def _judge(self, question: Question, attempt: Attempt) -> bool:
        """Whether the response was taken; what we told is what we meant, whatever the bot made of it."""
        if self.line.last.asks_yes_or_no and self.line.question == question.key:
            self.diary.asked_back += 1
            right = all(shown.casefold() in self.line.text.casefold() for shown in attempt.shows) and bool(attempt.shows)
            await self._answer_back(right)
            if not right:
                self._repeat(f"{attempt.way} (asked back wrongly)")
                return False
        following = self._next({key: told.value for key, told in attempt.told.items()})
        seen = self.line.question
        if following is not None and seen == following.key:
            self._accept(attempt, following)
            return True
        if seen == question.key:
            self._repeat(attempt.way)
            return False
        if seen is None or self.line.button("keep_response") is not None:
            return await self._taken_for_a_wish(question, attempt)
        self._accept(attempt, following)
        self._moved(f"{attempt.way} {attempt.text or attempt.presses} at {question.key}", following)
        return True

    def _accept(self, attempt: Attempt, following: Question | None) -> None:
        self.person.told.update(attempt.told)
        self.person.revisiting = None
        self.person.ticked = False
        self.at = following
        self._remember_buttons()

    async def _taken_for_a_wish(self, question: Question, attempt: Attempt) -> bool:
        """Our response was taken for "pause", "back" or the like: nothing was told yet."""
        self.diary.misread += 1
        self._repeat(f"{attempt.way} (taken for a wish)")
        self.diary.transcript.append(f"! misread: {question.key}: {attempt.text!r}")
        if self.line.question is None:
            await self.settle()
        if self.line.question != question.key:
            self.at = self._resolve(self.line.question)
            self.person.revisiting = self.at.key if self.at and self.at.key in self.person.told else None
            self.person.ticked = False
        return False

    async def _answer_back(self, right: bool) -> None:
        button = self.line.last.button("yes" if right else "no")
        assert button is not None
        if self.presses and (not self.types or self._chance(0.5)):
            await self.press(button)
        else:
            await self.say(self._phrase("yes" if right else "no"), "affirm" if right else "deny")

    # ticks

    def _ticks(self) -> list[str]:
        return [button.value for button in self._board().buttons if button.is_ticked]

    async def _tick(self, question: Question, wanted: list[str]) -> bool:
        """Press until just these are ticked; now and then one too many, and away again."""
        free = [
            button.value for button in self._board().buttons if button.kind == "choice" and button.value not in question.exclusive
        ]
        if self._chance(0.3) and not question.max:
            await self._press_tick(question, self.random.choice(free))
        for _ in range(MOST_PRESSES):
            ticks = self._ticks()
            more = [value for value in wanted if value not in ticks]
            less = [value for value in ticks if value not in wanted]
            if not more and not less:
                break
            if more and (not less or self._chance(0.5)) and not (question.max and len(ticks) >= question.max):
                await self._press_tick(question, self.random.choice(more))
            else:
                await self._press_tick(question, self.random.choice(less))
            if self.line.question != question.key:
                return False
        else:
            self._stuck(f"ticks of {question.key}")
        if question.max and len(wanted) == question.max and self._chance(0.3):
            others = [value for value in free if value not in wanted]
            button = self._board().button(self.random.choice(others))
            assert button is not None
            await self.press(button)
            self._note_control("too many ticks")
            self._repeat("too many", slip=True)
            if sorted(self._ticks()) != sorted(wanted):
                self._problem("wrong", question.key, f"ticked {self._ticks()} after one too many, not {wanted}")
        return True

    async def _press_tick(self, question: Question, value: str) -> None:
        board = self._board()
        ticks = self._ticks()
        button = board.button(value)
        if button is None:
            self._stuck(f"no button {value} at {question.key}")
            return
        if value in ticks:
            expected = [each for each in ticks if each != value]
        elif value in question.exclusive:
            expected = [value]
        else:
            expected = [*(each for each in ticks if each not in question.exclusive), value]
        await self.press(button)
        self.person.ticked = True
        if self.line.question != question.key:
            return
        if self.line.last.edits != board.id:
            self._problem("wrong", question.key, f"the tick of {value} did not change the message in place")
        if sorted(self._ticks()) != sorted(expected):
            self._problem("wrong", question.key, f"ticked {self._ticks()} after {value}, not {expected}")
        self._remember_buttons()

    async def _done(self) -> None:
        if self._chance(0.08):
            await self._why()
        button = self._board().button("done")
        if button is None:
            self._stuck("no Done under the ticks")
            return
        if self.types and self._chance(0.2):
            self._note_control("done typed")
            await self.say(button.label, "respond")
        else:
            self._note_control("done pressed")
            await self.press(button)

    async def tick_and_wait(self) -> bool:
        """Tick something and do something else before Done."""
        if self.at is None or self.at.type != "select_multiple" or not self.presses:
            return False
        free = [button.value for button in self._board().buttons if button.kind == "choice" and not button.is_ticked]
        if not free or (self.at.max and len(self._ticks()) >= self.at.max):
            return False
        self._note_control("ticks left for later")
        await self._press_tick(self.at, self.random.choice(free))
        return True

    async def _why(self) -> bool:
        if self.at is None or self.at.type == "review":
            return False
        expected = self.oracle.questionnaire.words_of(self.at, self.language).why
        if not await self._wish("why", "why", press="why"):
            return False
        if self.line.question == self.at.key and expected[:20] not in self.line.text:
            self._repeat("why")
        await self._returns("why")
        return True

    # several messages to one free text

    async def _perhaps_go_on(self, question: Question, attempt: Attempt) -> None:
        told = self.person.told.get(question.key)
        is_own = question.multiline and attempt.text is not None and told is not None and told.value == attempt.text
        if is_own and self.types and self.at is not None and self._chance(AND_ALSO):
            await self.and_also(question)

    async def and_also(self, question: Question) -> None:
        """A second message that goes on: it is added to the first."""
        following = self.at
        assert following is not None
        text = self._phrase("and_also")
        self._note_control("and also")
        await self.say(text, "respond")
        short = self._short(question)
        if self.line.last.asks_yes_or_no and short in self.line.text:
            self.diary.asked_back += 1
            await self._answer_back(True)
        if self.line.question != following.key:
            await self._returns("and also", text)
            return
        if short not in self.line.text:
            self._repeat("and also")
            return
        self._append(question, text)
        self._remember_buttons()

    def _append(self, question: Question, text: str) -> None:
        told = self.person.told[question.key]
        whole = f"{told.value}\n{text}"
        self.person.told[question.key] = Told((whole,), whole)

    async def in_two_messages(self) -> bool:
        """Two messages before any reply: both belong to the question that was open."""
        question = self.at
        if question is None or not question.multiline or not self.types or question.key in self.person.told:
            return False
        attempt = self._attempt(question, "own words", 0)
        assert attempt is not None
        assert attempt.text is not None
        second = self._phrase("sentences")
        requests = []
        for text in (attempt.text, second):
            self.world.means(text, "respond")
            self._count += 1
            requests.append({"id": f"{self.name}-{self._count}", "text": text})
        said = await self._chat.at_once(requests)
        if said is None:
            return False
        self.diary.turns += 2
        self._note_control("two messages at once")
        self.diary.transcript += [f"> {attempt.text!r}", f"> (at once) {second!r}"]
        self._take(read_line(said))
        following = self._next({question.key: attempt.text})
        self._accept(attempt, following)
        if following is None or self.line.question != following.key:
            self._moved("two messages at once", following)
            return True
        self._append(question, second)
        return True

    def _short(self, question: Question) -> str:
        words = self.oracle.questionnaire.words_of(question, self.language)
        inserts = self.oracle.questionnaire.translation(self.language).inserts.get(self.oracle.town.country, {})
        short = words.short
        for name, text in inserts.items():
            short = short.replace(f"{{{name}}}", text)
        return f"{short} {question.number}" if question.number > 1 else short
