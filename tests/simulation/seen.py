"""What a person sees of the dialogue: the lines of `./run chat --json`, with their messages, buttons and state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TICK = "✓"
INVISIBLE = dict.fromkeys((0x2066, 0x2067, 0x2068, 0x2069, 0x200E, 0x200F))


@dataclass(frozen=True)
class Button:
    """A button as it is shown; what it belongs to only its id knows."""

    id: str
    label: str
    kind: str
    value: str

    @property
    def is_ticked(self) -> bool:
        """Whether it shows a tick."""
        return self.label.startswith(TICK)

    @property
    def words(self) -> str:
        """The label as one would type it: without tick, pictogram and dots."""
        return "".join(character for character in self.label.lstrip(f"{TICK}… ") if character.isprintable() and
                       not _is_pictogram(character)).strip()  # fmt: skip


def _is_pictogram(character: str) -> bool:
    return ord(character) >= 0x1F000 or character in "✉️🩺\ufe0f\u200d" or 0x2600 <= ord(character) <= 0x27BF


@dataclass(frozen=True)
class Message:
    """One message with its buttons."""

    id: str
    text: str
    edits: str | None
    buttons: tuple[Button, ...]

    def button(self, value: str, kind: str | None = None) -> Button | None:
        """The button with this value."""
        return next((each for each in self.buttons if each.value == value and kind in (None, each.kind)), None)

    @property
    def asks_yes_or_no(self) -> bool:
        """Whether something is asked back: a yes and a no, and nothing else of a question."""
        controls = {each.value for each in self.buttons if each.kind == "control"}
        return {"yes", "no"} <= controls and "why" not in controls

    @property
    def is_list_of_responses(self) -> bool:
        """Whether one of the responses so far is to be picked: choices without any of a question's controls."""
        return bool(self.buttons) and all(each.kind == "choice" for each in self.buttons)


@dataclass(frozen=True)
class Line:
    """What came in one turn, and where the conversation stands."""

    messages: tuple[Message, ...]
    language: str
    intake: str | None
    question: str | None
    case: str | None

    @property
    def text(self) -> str:
        """All that is to be read."""
        return "\n".join(message.text for message in self.messages)

    @property
    def last(self) -> Message:
        """The message that came last; an empty one where nothing came."""
        return self.messages[-1] if self.messages else Message("", "", None, ())

    def button(self, value: str, kind: str | None = None) -> Button | None:
        """The newest button with this value."""
        return next((found for each in reversed(self.messages) if (found := each.button(value, kind))), None)


def read_line(said: dict[str, Any]) -> Line:
    """A line of the terminal protocol as a person sees it."""
    messages = tuple(
        Message(
            id=message["id"],
            text=message["text"].translate(INVISIBLE),
            edits=message["edits"],
            buttons=tuple(
                Button(button["id"], button["label"].translate(INVISIBLE), button["kind"], button["value"])
                for row in message["buttons"]
                for button in row
            ),
        )
        for message in said["messages"]
    )
    state = said["state"]
    return Line(messages, state["language"] or "en", state["intake"], state["question"], state["case"])
