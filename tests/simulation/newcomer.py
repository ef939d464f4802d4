"""A simulated newcomer: tells, corrects, interrupts, sends, and remembers by itself what it told last for each question.

It sees only what a person sees (seen.py). It knows the questionnaire, to choose sensible responses and to judge by its own
reading (oracle.py) whether a question may be asked now. What it finds wrong is a Problem in its diary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lotse.intake.questionnaire import Question
from lotse.replies import say
from tests.simulation.interrupting import Interrupter
from tests.simulation.seen import INVISIBLE


class Newcomer(Interrupter):
    """Plays one conversation, alone or for a household."""

    # controls that lead elsewhere

    async def back(self) -> bool:
        """The question before, which is then asked once more."""
        if self.at is None or self.at.gate or self.at.type == "review":
            return False
        question, earlier = self.at, self.oracle.before(self.person.values, self.at.key)
        if not await self._wish("back", "go_back", press="back"):
            return False
        if earlier is None:
            await self._returns("back at the first")
            return True
        if self.line.question == question.key:
            self._repeat("back")
            await self._returns("back", self._last.get("text"))
            return True
        self._revisit(earlier, "back")
        if self.line.question != earlier.key:
            await self._returns("back", self._last.get("text"))
        return True

    def _revisit(self, question: Question, control: str) -> None:
        self.person.ticked = False
        if self.line.question == question.key:
            self.person.revisiting = question.key
            self.at = question
            self._remember_buttons()

    async def keep(self) -> bool:
        """Leave a response as it is."""
        button = self.line.button("keep_response")
        if button is None or self.at is None:
            return False
        if self.presses:
            self._note_control("keep pressed")
            await self.press(button)
        else:
            self._note_control("keep typed")
            await self.say(button.label, "respond")
        self.person.revisiting, self.person.ticked = None, False
        self.at = self._next()
        await self._returns("keep")
        return True

    async def change_by_list(self) -> bool:
        """Change a response that is picked from the list of all."""
        told = self.oracle.changeable(self.person.values)
        if not self.person.has_agreed or not told or self.at is None:
            return False
        if not await self._open_list():
            return False
        if not self.line.last.is_list_of_responses:
            self._repeat("change")
            await self._returns("change", self._last.get("text"))
            return True
        shown = [button.value for button in self.line.last.buttons]
        if shown != [question.key for question in told]:
            missing = [question.key for question in told if question.key not in shown]
            more = [key for key in shown if key not in {question.key for question in told}]
            self._problem("wrong", "review", f"the list of responses lacks {missing} and has {more} too many")
        question = self.random.choice(told)
        button = self.line.last.button(question.key)
        if button is None:
            return True
        await self.press(button)
        if self.line.question != question.key:
            await self._returns("change")
            return True
        self._revisit(question, "change")
        return True

    async def _open_list(self) -> bool:
        if self.presses and self.at is not None and self.at.type == "review":
            button = self._board().button("change", "control")
            if button is not None:
                self._note_control("change pressed in the review")
                await self.press(button)
                return True
        if self.presses and self._chance(0.4):
            menu = self._board().button("menu", "menu")
            if menu is not None:
                await self.press(menu)
                button = self.line.button("change", "menu")
                if button is not None:
                    self._note_control("change pressed in the menu")
                    await self.press(button)
                    return True
                return False
        return self.presses and self.types and await self._wish("change", "change", command="/correct")

    async def change_by_words(self) -> bool:
        """ "My age is wrong"."""
        return await self._change_by("change_words")

    async def change_by_number(self) -> bool:
        """ "3", or "change 3", as the review numbers the responses."""
        return await self._change_by("change_number")

    async def _change_by(self, kind: str) -> bool:
        told = self.oracle.changeable(self.person.values)
        if not self.types or not self.person.has_agreed or not told or self.at is None:
            return False
        question = self.random.choice(told)
        number = told.index(question) + 1
        text = self._phrase(kind).replace("{short}", self._short(question)).replace("{n}", str(number))
        if kind == "change_number" and self.at.type == "review" and self._chance(0.6):
            text = str(number)
        self._note_control(kind.replace("_", " by "))
        before = self.at
        await self.say(text, "change")
        if self.line.last.is_list_of_responses:
            button = self.line.last.button(question.key)
            if button is not None and self.presses:
                await self.press(button)
            elif button is not None:
                await self.say(button.label, "respond")
        if self.line.question == question.key and (question.key != before.key):
            self._revisit(question, kind)
            return True
        self._repeat(kind)
        if self.line.question != before.key and self.line.button("keep_response") is not None:
            self.at = self._resolve(self.line.question)  # another response is asked once more
            if self.at is not None:
                self._revisit(self.at, kind)
            return True
        await self._returns(kind, text)
        return True

    async def start_over(self) -> bool:
        """Begin again: all that was told is forgotten."""
        if self.person.times_sent or self.at is None or not await self._wish("start_over", "start_over"):
            return False
        button = self.line.last.button("yes")
        if button is None:
            await self._returns("start over", self._last.get("text"))
            return True
        self._note_control("start over confirmed")
        await self._answer_back(True)
        if self.line.question != "age":
            await self._returns("start over")
            return True
        self.people.remove(self.person)
        self._new_person()
        return True

    async def another_person(self) -> bool:
        """An intake for somebody else of the household."""
        if len(self.people) >= 2 or not self.person.has_agreed:
            return False
        if not await self._wish("another_person", "another_person", press="another_person"):
            return False
        if self.line.question != "age":
            await self._returns("another person", self._last.get("text"))
            return True
        self._note_control("another person")
        self._new_person()
        return True

    async def other_person(self) -> bool:
        """Back to the one who has begun before."""
        if len(self.people) < 2 or not self.types:
            return False
        others = [person for person in self.people if person is not self.person and person.status == "started"]
        names = [person.name for person in self.people if person.name]
        if not others or len(set(names)) < len(names) or not await self._wish("another_person", "another_person"):
            return False
        other = self.random.choice(others)
        wanted = other.name or self._wording.render(
            say("intake.person_unnamed", number=self.people.index(other) + 1), self.language
        ).translate(INVISIBLE)
        found = [button for button in self.line.last.buttons if button.value == "this_person"]
        named = [button for button in found if button.label == wanted]
        if len(found) != len(self.people) or not named:
            self._problem("wrong", self._place, f"people to choose from: {[each.label for each in found]}, without {wanted!r}")
            await self._returns("other person", self._last.get("text"))
            return True
        self._note_control("back to the other person")
        await self.press(named[0])
        self.person = other
        await self._there()
        return True

    async def _there(self) -> None:
        """The open question of the person whose turn it is now."""
        if self.line.question is None:
            await self.settle()
        expected = self.at = self._resolve(self.person.revisiting) or self._next()
        if expected is None or self.line.question != expected.key:
            self._moved("the other person", expected)
        self._remember_buttons()

    # the end

    async def review_is_right(self) -> None:
        """The review shows just what was told."""
        shown = [message for message in self.line.messages if message.button("send")]
        if not shown:
            return  # it stands further up
        told = self.oracle.changeable(self.person.values)
        lines = shown[-1].text.splitlines()
        expected = [f"{number}. {self._short(question)}:" for number, question in enumerate(told, 1)]
        missing = [beginning for beginning in expected if not any(line.startswith(beginning) for line in lines)]
        if missing or any(line.startswith(f"{len(told) + 1}. ") for line in lines):
            detail = f"the review lacks {missing}" if missing else f"the review has more than {len(told)} lines"
            self._problem("wrong", "review", detail)

    async def send(self) -> bool:
        """Send the review."""
        if self.at is None or self.at.type != "review":
            return False
        await self.review_is_right()
        if not await self._wish("send", "send", press="send"):
            return False
        if self.line.question is not None:
            await self._returns("send", self._last.get("text"))
            self._repeat("send")
            return True
        if self.line.intake != "submitted":
            self._problem("lost", "review", f"sent, but the intake is {self.line.intake}")
        self.person.status = "submitted"
        self.person.amending = False
        self.person.times_sent += int(self.person.told != self.person.sent)
        self.person.sent = dict(self.person.told)
        self.diary.completed = True
        self.diary.turns_to_send = self.diary.turns_to_send or self.diary.turns
        self._note_control("sent" if self.person.times_sent == 1 else "sent again")
        self.at = None
        for question in self.oracle.questionnaire.questions:
            if question.relevant and not question.sensitive and not _among(question, self.person.values):
                self.diary.passed[self.language, question.name] += 1
        return True

    async def amend(self) -> bool:
        """Change something after it was sent."""
        if self.person.status != "submitted" or self.at is not None:
            return False
        told = self.oracle.changeable(self.person.values)
        self._note_control("amend")
        button = self.line.button("change", "menu")
        if button is not None and self.presses:
            await self.press(button)
        else:
            await self.say("/correct", "change")
        if not self.line.last.is_list_of_responses:
            self._stuck("a sent intake cannot be changed")
        self.person.amending = True
        question = self.random.choice(told)
        choice = self.line.last.button(question.key)
        if choice is None:
            self._problem("lost", question.key, "not in the list of what can be changed")
            return False
        await self.press(choice)
        if self.line.question != question.key:
            self.at = question
            await self._returns("amend")
            return True
        self._revisit(question, "amend")
        return True

    async def take_back(self, kind: str) -> bool:
        """Withdraw the agreement, or delete everything."""
        await self.say(f"/{kind}", kind)
        if not self.line.last.asks_yes_or_no:
            self._stuck(f"{kind} is not asked back")
        await self._answer_back(True)
        self._note_control(f"{kind} confirmed")
        if kind == "delete":
            self.people.clear()
        else:
            self.people.remove(self.person)
        self.at = None
        if self.line.intake is not None and not self.people:
            self._problem("invented", "", f"after {kind} the intake is {self.line.intake}")
        return True

    async def end_at_gate(self) -> bool:
        """Under 16, or no to the agreement: nothing is kept."""
        if self.at is None or not self.at.ends:
            return False
        ending = next(iter(self.at.ends))
        button = self._board().button(ending)
        if button is None:
            self._stuck(f"no button {ending}")
            return False
        self._note_control(f"{self.at.key} {ending}")
        if self.presses:
            await self.press(button)
        else:
            await self.say(button.words, "respond")
        if self.line.question is not None:
            await self._returns("ending")
            return True
        self.people.remove(self.person)
        self.at = None
        if self.line.intake is not None and not self.people:
            self._problem("invented", "", f"after {ending} the intake is {self.line.intake}")
        return True


def _among(question: Question, values: Mapping[str, Any]) -> bool:
    return any(key.partition(".")[0] == question.name for key in values)
