"""The part of a simulated newcomer that does something else in the middle, after which the same question must be open."""

from __future__ import annotations

from tests.simulation.phrases import phrases
from tests.simulation.responding import Responder
from tests.simulation.seen import read_line


class Interrupter(Responder):
    """Asks back, pauses, asks for a person, calls for help, presses old buttons, talks nonsense."""

    async def why(self) -> bool:
        """Why is this asked?"""
        return await self._why()

    async def help(self) -> bool:
        """The menu."""
        if not await self._wish("help", "help", press="menu", command="/help"):
            return False
        await self._returns("help", self._last.get("text"))
        return True

    async def progress(self) -> bool:
        """How long still?"""
        if not await self._wish("progress", "progress"):
            return False
        await self._returns("progress", self._last.get("text"))
        return True

    async def greet(self) -> bool:
        """Hello, in the middle."""
        kind = self.random.choice(["greet", "thank"])
        if not await self._wish(kind, kind):
            return False
        await self._returns(kind, self._last.get("text"))
        return True

    async def ask(self) -> bool:
        """A question from the town's answers."""
        if not await self._wish("questions", "ask_question"):
            return False
        await self._returns("question", self._last.get("text"))
        return True

    async def privacy(self) -> bool:
        """What happens to my data?"""
        if not self.types:
            return False
        command, intent = self.random.choice([("/privacy", "privacy"), ("/mydata", "my_data")])
        self._note_control(command)
        await self.say(command, intent)
        await self._returns(command)
        return True

    async def my_data(self) -> bool:
        """My data, by words."""
        if not await self._wish("my_data", "my_data"):
            return False
        await self._returns("my_data", self._last.get("text"))
        return True

    async def pause(self) -> bool:
        """Pause, perhaps long enough for Rasa to forget, and go on."""
        if self.at is None or self.at.gate:
            return False
        if self.at.type == "review":
            button = self._board().button("keep", "control")
            if button is None:
                return False
            self._note_control("keep for later")
            await self.press(button)
        elif not await self._wish("pause", "pause", press="pause"):
            return False
        if self.line.question is not None:
            await self._returns("pause", self._last.get("text"))
            self._repeat("pause")
            return True
        if self._chance(0.3):
            self.world.lose_tracker(self.name)
            self._note_control("tracker lost while paused")
        await self.settle()
        await self._returns("pause")
        return True

    async def stop(self) -> bool:
        """Write me nothing more; and then all the same going on."""
        if self.at is None or self.at.gate or not await self._wish("stop", "stop_all", command="/stop"):
            return False
        await self._returns("stop", self._last.get("text"))
        return True

    async def human(self) -> bool:
        """A person, please."""
        if not await self._wish("person", "person", command="/human"):
            return False
        skip = self.line.button("no_topic")
        if skip is None:
            await self._returns("person", self._last.get("text"))
            return True
        if self.presses and (not self.types or self._chance(0.5)):
            await self.press(skip)
        else:
            await self.say(self._phrase("topics"), "respond")
        await self._returns("person")
        return True

    async def crisis(self) -> bool:
        """A message that names danger, in the middle; afterwards on."""
        if not self.types or self.at is None:
            return False
        self._note_control("crisis")
        await self.say(self._phrase("crisis"), "crisis")
        if "112" not in self.line.text:
            self._problem("wrong", self._place, "a message that names danger got no number to call")
        if self.line.question is not None:
            self._problem("wrong", self._place, "the intake did not wait after a message that names danger")
        button = self.line.button(self.random.choice(["crisis_call", "crisis_no_call"]))
        if button is not None and self.presses and self._chance(0.7):
            await self.press(button)
            shown = self.line.button(self.random.choice(["crisis_show", "crisis_hide"]))
            if shown is not None:
                await self.press(shown)
        await self.settle()
        await self._returns("crisis")
        return True

    async def switch_language(self, wanted: str | None = None) -> bool:
        """Another language, by command or by the menu of languages."""
        if self.types:
            await self.say("/language", "change_language")
        offered = [button for message in self.line.messages for button in message.buttons if button.kind == "language"]
        offered = [button for button in offered if wanted in (None, button.value)]
        if not offered:
            if not self.types:
                return False
            self._repeat("language")
            await self._returns("language")
            return True
        button = self.random.choice(offered)
        if self.presses:
            self._note_control("language pressed")
            await self.press(button)
        else:
            self._note_control("language typed")
            await self.say(button.label, "change_language")
        if self.line.language != button.value:
            self._problem("wrong", self._place, f"the language is {self.line.language}, not {button.value}")
        await self._returns("language")
        return True

    async def press_old_button(self) -> bool:
        """A button of an earlier question."""
        old = [(button, key) for button, key in self._seen if self.at is not None and key != self.at.key]
        if not old or not self.presses:
            return False
        button, key = self.random.choice(old)
        self._note_control("old button")
        self.diary.transcript.append(f"  (old button of {key})")
        await self.press(button)
        self._repeat("old button", slip=True)
        await self._returns(f"old button of {key}")
        return True

    async def deliver_twice(self) -> bool:
        """The channel delivers the last message once more: nothing happens."""
        if not self._last:
            return False
        self._note_control("delivered twice")
        self.diary.transcript.append("> (the same once more)")
        line = read_line(await self._chat.turn(self._last))
        if line.messages:
            self._problem("wrong", self._place, f"a message delivered twice is answered twice: {line.text[:80]!r}")
        if line.question != self.line.question:
            self._problem("invented", self._place, f"a message delivered twice counts twice: {line.question} is open")
        return True

    async def lose_tracker(self) -> bool:
        """Rasa's cache is lost between two messages."""
        self._note_control("tracker lost")
        self.diary.transcript.append("  (tracker lost)")
        self.world.lose_tracker(self.name)
        return True

    async def talk_nonsense(self) -> bool:
        """What nobody understands. Where own words are a response it is one."""
        question = self.at
        if not self.types or question is None or question.more:
            return False
        text = self._phrase("garbage")
        if question.is_free or question.other:
            text = self.random.choice([each for each in phrases(self.language, "garbage") if not any(map(str.isalnum, each))])
        self._note_control("nonsense")
        await self.say(text, "out_of_scope")
        self._repeat("nonsense", slip=True)
        if self.line.last.asks_yes_or_no and self.line.question == question.key:
            await self._answer_back(False)
        await self._returns("nonsense", text)
        return True

    async def refuse_to_delete(self) -> bool:
        """Delete, withdraw or start over, and then rather not."""
        if self.at is None:
            return False
        kind, intent, command = self.random.choice(
            [("delete", "delete", "/delete"), ("withdraw", "withdraw", "/withdraw"), ("start_over", "start_over", None)]
        )
        if not await self._wish(kind, intent, command=command):
            return False
        no = self.line.last.button("no")
        if no is None or not self.line.last.asks_yes_or_no:
            await self._returns(kind, self._last.get("text"))
            return True
        if self.presses and (not self.types or self._chance(0.5)):
            await self.press(no)
        else:
            await self.say(self._phrase("no"), "deny")
        await self._returns(f"{kind} refused")
        return True
