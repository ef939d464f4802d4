"""What passes between a channel and the gateway."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class IncomingMessage:
    """A message of a newcomer, as a channel received it."""

    channel: str
    address: str  # where replies go: a chat's id, a terminal conversation's name
    external_id: str  # the channel's own id of the message: the same id again is the same message
    text: str | None = None
    press: str | None = None  # id of a button that we sent
    language_hint: str | None = None  # of the app or device, BCP 47
    municipality: str | None = None  # slug; only the first message of a conversation decides


@dataclass(frozen=True)
class OutgoingButton:
    """A button; `value` is the same in every language."""

    id: str
    label: str
    kind: str
    value: str
    about: str = ""


@dataclass(frozen=True)
class OutgoingMessage:
    """A message to a newcomer, worded and ready for any channel."""

    id: str
    text: str
    direction: str = "ltr"
    edits: str | None = None  # id of the message that this one replaces
    buttons: list[list[OutgoingButton]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain data, as it lies in the outbox."""
        return asdict(self)


@dataclass(frozen=True)
class State:
    """Where a conversation stands after a turn, for channels and scripts."""

    language: str | None
    intake: str | None
    question: str | None
    case: str | None
