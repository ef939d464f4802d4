"""What passes between a channel and the gateway."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

# unreadable: voice, picture, sticker ...; document: a file; personal: a location or contact; edited: a changed message
Media = Literal["unreadable", "document", "personal", "edited"]


@dataclass(frozen=True)
class IncomingMessage:
    """A message of a newcomer, as a channel received it."""

    channel: str
    address: str  # where replies go: a chat's id, a terminal conversation's name
    external_id: str  # the channel's own id of the message: the same id again is the same message
    text: str | None = None
    press: str | None = None  # id of a button that we sent
    media: Media | None = None  # what came beside or instead of text; its content is never kept
    number: int | None = None  # the channel's own number of the message, by which a later change of it is known
    # only the first message of a conversation decides these:
    language_hint: str | None = None  # of the app or device, BCP 47
    language_chosen: str | None = None  # picked by the newcomer before the first message
    municipality: str | None = None  # slug
    entry: str | None = None  # token of the place where the newcomer found us


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
    language: str = "en"  # BCP 47, for screen readers
    strong: str | None = None  # the line of the text to be set in bold type, such as an answer's title
    edits: str | None = None  # id of the message that this one replaces
    by: str | None = None  # name of the person who wrote it; None: the bot
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
