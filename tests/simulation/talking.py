"""The part of a simulated newcomer that types, presses, reads, and knows which question is open."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, NoReturn

from lotse.intake.questionnaire import Question
from lotse.replies import say
from lotse.wording import Wording
from tests.simulation.diary import Diary, Kind, Person, Problem, Stuck
from tests.simulation.oracle import Oracle
from tests.simulation.phrases import phrases
from tests.simulation.seen import Button, Line, Message, read_line
from tests.simulation.telling import Told
from tests.simulation.world import Chat, World

MOST_TURNS = 400  # of one newcomer; who needs more is stuck
SHOWN = 160  # characters of a message in a transcript


class Talker:
    """Types, presses, reads; `types` and `presses` say how it tells things. It knows where it stands."""

    def __init__(
        self, world: World, chat: Chat, name: str, oracle: Oracle, wording: Wording, random: Random,
        *, types: bool = True, presses: bool = True,
    ) -> None:  # fmt: skip
        self.world = world
        self.name = name
        self.oracle = oracle
        self.random = random
        self.types = types
        self.presses = presses
        self.diary = Diary()
        self.people: list[Person] = []
        self.person = Person()
        self.at: Question | None = None  # the question that is open
        self.line = Line((), "en", None, None, None)
        self._chat = chat
        self._wording = wording
        self._seen: list[tuple[Button, str]] = []  # buttons of questions, and the question they belong to
        self._asking: Message | None = None  # the message that asks the open question, perhaps further up
        self._last: dict[str, Any] = {}
        self._count = 0

    # talking

    @property
    def language(self) -> str:
        """The language that the bot speaks with us, which we speak too."""
        return self.line.language

    async def arrive(self) -> None:
        """The greeting."""
        self.line = read_line(await self._chat.greeting())
        self._note_line()

    async def leave(self) -> None:
        """Close the window; the conversation stays."""
        await self._chat.close()

    async def say(self, text: str, intent: str) -> Line:
        """Type a message that means `intent`."""
        self.world.means(text, intent)
        self.diary.transcript.append(f"> {text!r}"[: SHOWN * 2])
        return await self._turn({"text": text})

    async def press(self, button: Button) -> Line:
        """Press a button."""
        self.diary.transcript.append(f"> [{button.label}] {button.kind} {button.value}")
        return await self._turn({"press": button.id})

    async def _turn(self, request: dict[str, Any]) -> Line:
        if self.diary.turns >= MOST_TURNS:
            self._stuck("too many turns")
        self.diary.turns += 1
        self._count += 1
        self._last = {"id": f"{self.name}-{self._count}", **request}
        self._take(read_line(await self._chat.turn(self._last)))
        return self.line

    def _take(self, line: Line) -> None:
        self.line = line
        self._note_line()
        if not line.messages:
            self._stuck("no reply")
        given_up = self._wording.render(say("problem.failed"), line.language)
        if given_up in line.text:
            self._problem("stuck", self._place, "the bot gave a message up")
        if line.question is None and line.intake == "started" and not any(message.buttons for message in line.messages):
            self._problem("stuck", self._place, "no question is open and no button leads on")

    def _note_line(self) -> None:
        for message in self.line.messages:
            shown = " ".join(f"[{button.label}]" for button in message.buttons)
            text = message.text.replace("\n", " / ")
            self.diary.transcript.append(f"< {'(edits) ' if message.edits else ''}{text[:SHOWN]} {shown[:SHOWN]}")
        self.diary.transcript.append(f"  = {self.line.language} {self.line.intake} {self.line.question}")
        asking = [message for message in self.line.messages if message.button("why") or message.button("send")]
        if asking:
            self._asking = asking[-1]
        if self.line.question and asking:
            self.diary.asked[self.language, self.line.question.partition(".")[0]] += 1

    def _remember_buttons(self) -> None:
        key = self.at.key if self.at else ""
        beside = self.line.last.asks_yes_or_no or self.line.last.is_list_of_responses
        if key and not beside:
            self._seen += [(button, key) for button in self.line.last.buttons if button.kind in ("choice", "consent", "control")]

    @property
    def _place(self) -> str:
        return self.at.key if self.at else ""

    def _problem(self, kind: Kind, question: str, detail: str) -> None:
        self.diary.problems.append(Problem(kind, question, detail))
        self.diary.transcript.append(f"! {kind}: {question}: {detail}")

    def _stuck(self, detail: str) -> NoReturn:
        self._problem("stuck", self._place, detail)
        raise Stuck(detail)

    def _note_control(self, control: str) -> None:
        self.diary.controls[self.language, control] += 1

    def _repeat(self, way: str, *, slip: bool = False) -> None:
        self.diary.repeats += 1
        if slip:
            self.diary.slips += 1
        else:
            self.diary.repeated[f"{self.at.name if self.at else ''}: {way}"] += 1

    def _phrase(self, kind: str) -> str:
        return self.random.choice(phrases(self.language, kind))

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    async def _wish(self, kind: str, intent: str, *, press: str | None = None, command: str | None = None) -> bool:
        """Wish for something by a button that is there, a command or words; False where we would have to type and do not."""
        button = self.line.button(press) if press and self.presses else None
        if button is not None and (not self.types or self._chance(0.5)):
            self._note_control(f"{kind} pressed")
            await self.press(button)
            return True
        if not self.types:
            return False
        if command and self._chance(0.4):
            self._note_control(f"{kind} by command")
            await self.say(command, intent)
            return True
        self._note_control(f"{kind} typed")
        await self.say(self._phrase(kind), intent)
        return True

    # where we are

    def _resolve(self, key: str | None) -> Question | None:
        """The question of this key."""
        return self.oracle.questionnaire.question(key) if key else None

    def _next(self, more: Mapping[str, Any] | None = None) -> Question | None:
        """The question that must be asked now, once `more` is told."""
        told = {**self.person.values, **(more or {})}
        return self.oracle.next({**dict.fromkeys(self.person.passed_over), **told})

    async def settle(self) -> None:
        """Come back to the open question, by the button or the words that lead there."""
        for _ in range(4):
            if self.line.question is not None:
                break
            if self.line.intake is None:
                self._problem("lost", self._place, "the intake is gone")
                raise Stuck("the intake is gone")
            button = self.line.button("resume", "menu")
            if button is not None and self.presses and (not self.types or self._chance(0.6)):
                self._note_control("resume pressed")
                await self.press(button)
            elif self.types:
                self._note_control("resume typed")
                await self.say(self._phrase("resume"), "resume")
            else:
                await self.say("/intake", "start_intake")
        else:
            self._stuck("the intake does not go on")
        self.at = self._resolve(self.line.question)
        self._remember_buttons()

    async def _returns(self, control: str, text: str | None = None) -> None:
        """After something beside the intake the same question must be open; `text` is what was typed."""
        expected = self.at
        if self.line.question is None:
            await self.settle()
        if expected is None or self.line.question == expected.key:
            self.at = expected
            self._remember_buttons()
            return
        if text is not None:
            value = _as_response(expected, text)
            after = {**self.person.told, expected.key: Told((value,), text)}
            following = self._next({expected.key: value})
            if following is not None and self.line.question == following.key:
                self._problem("invented", expected.key, f"{control}: {text!r} was taken for a response")
                self.person.told = after
                self.person.revisiting = None
                self.at = following
                self._remember_buttons()
                return
        self._moved(control, expected)

    def _moved(self, control: str, expected: Question | None) -> None:
        """The bot is somewhere else than expected: say so, and go on from there."""
        seen = self.line.question or ""
        known = {question.key for question in self.oracle.relevant(self.person.values)}
        if seen and seen not in known:
            self._problem("irrelevant", seen, f"asked after {control}; expected {expected.key if expected else None}")
        else:
            detail = f"after {control}: {seen!r} is open"
            self._problem("lost", expected.key if expected else "", detail)
            if expected is not None and expected.key not in self.person.told:
                self.person.passed_over.add(expected.key)
        self.person.revisiting = None
        self.at = self._resolve(self.line.question)
        if self.at is not None and self.at.key in self.person.told:
            self.person.revisiting = self.at.key
        self._remember_buttons()


def _as_response(question: Question, text: str) -> Any:
    """What a text would be if it was taken for a response."""
    if question.type == "integer":
        return int("".join(character for character in text if character.isdigit()) or 0)
    return [text] if question.type == "select_multiple" else text
