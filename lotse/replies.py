"""What the core wants said: wording by key, content as text, buttons. No language, no channel.

The gateway renders it in the newcomer's language (lotse.wording) and hands it to the channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

TICK = "✓ "  # before the label of a choice that is chosen

Kind = Literal["choice", "control", "consent", "language", "answer", "feedback", "menu"]


@dataclass(frozen=True)
class Say:
    """A wording by its key with the values to insert; values may be wordings themselves."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)


def say(key: str, /, **values: Any) -> Say:
    """Shorthand for Say."""
    return Say(key, values)


@dataclass(frozen=True)
class Button:
    """A press that means `value`, whatever its label; `about` is the question or answer it belongs to."""

    label: str | Say
    kind: Kind
    value: str
    about: str = ""


@dataclass(frozen=True)
class Reply:
    """One message: paragraphs and rows of buttons."""

    paragraphs: list[str | Say]
    rows: list[list[Button]] = field(default_factory=list)
    edits_pressed: bool = False  # replaces the message whose button was pressed
    language: str | None = None  # of the content, where it is not the newcomer's
    strong: int | None = None  # number of the paragraph that is the title
    by: str | None = None  # name of the person who wrote it; None: the bot


def to_json(reply: Reply) -> dict[str, Any]:
    """A reply as plain data."""
    return {
        "paragraphs": [_say_to_json(paragraph) for paragraph in reply.paragraphs],
        "rows": [[{**vars(button), "label": _say_to_json(button.label)} for button in row] for row in reply.rows],
        "edits_pressed": reply.edits_pressed,
        "language": reply.language,
        "strong": reply.strong,
    }


def from_json(data: dict[str, Any]) -> Reply:
    """The reply that `to_json` wrote."""
    return Reply(
        paragraphs=[_say_from_json(paragraph) for paragraph in data["paragraphs"]],
        rows=[[Button(**{**button, "label": _say_from_json(button["label"])}) for button in row] for row in data["rows"]],
        edits_pressed=data["edits_pressed"],
        language=data["language"],
        strong=data.get("strong"),
    )


def label_of(press: Mapping[str, str], body: Mapping[str, Any] | None) -> str | None:
    """What stood on a pressed button of a message as it lies in the outbox, without its tick."""
    for button in (button for row in (body or {}).get("buttons", []) for button in row):
        if all(button[name] == press[name] for name in ("kind", "value", "about")):
            return str(button["label"]).removeprefix(TICK)
    return None


def _say_to_json(value: Any) -> Any:
    if isinstance(value, Say):
        return {"say": value.key, "values": {name: _say_to_json(part) for name, part in value.values.items()}}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return [_say_to_json(part) for part in value] if isinstance(value, list | tuple) else value


def _say_from_json(value: Any) -> Any:
    if isinstance(value, dict) and "date" in value:
        return date.fromisoformat(value["date"])
    if isinstance(value, dict):
        return Say(value["say"], {name: _say_from_json(part) for name, part in value["values"].items()})
    return [_say_from_json(part) for part in value] if isinstance(value, list) else value
