"""A conversation as the web chat shows it: rows of the inbox and the outbox become bubbles, in order. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.inbox import is_of_page
from bot.incoming import MOVE, asks_to_move, intent_of_command
from lotse.replies import TICK, label_of
from lotse.storage.tables import Inbound, Outbound


@dataclass(frozen=True)
class Press:
    """A button of a bubble. A `tick` changes its own message instead of beginning a new turn."""

    id: str
    label: str
    tick: bool
    ticked: bool


@dataclass(frozen=True)
class Bubble:
    """A message of the bot, or the newcomer's own."""

    id: str
    own: bool
    text: str | None  # None: the words were not kept
    language: str
    direction: str
    number: int = 0  # in the outbox
    strong: str | None = None
    by: str | None = None  # name of the person who wrote it; None: the bot
    edits: str | None = None
    turn: str = ""  # the message that it answers; empty for what nobody asked for
    command: str | None = None  # intent of a command that the newcomer chose from the page's menu
    waits: bool = False  # own, and not answered yet
    rows: list[list[Press]] = field(default_factory=list)


def bubbles(outbound: Sequence[Outbound], inbound: Sequence[Inbound], language: str) -> list[Bubble]:
    """All bubbles: an edit stands in the place of what it replaces, ticks have no bubble of their own."""
    bodies = {row.id: row.body for row in outbound}
    ticks = {row.inbound_id for row in outbound if row.body["edits"] in bodies}
    shown: list[Bubble] = []
    for row in _in_order(outbound, inbound):
        if isinstance(row, Outbound):
            _put(shown, of_bot(row))
        elif row.id not in ticks and not _is_open_tick(row, bodies) and not is_of_page(row.external_id):
            shown.append(of_newcomer(row, bodies, language))
    return _only_newest_buttons(shown)


def of_bot(row: Outbound) -> Bubble:
    """A message of the outbox with all its buttons."""
    body = row.body
    multiple = _is_multiple(body)
    rows = [[_press(button, multiple) for button in buttons] for buttons in body["buttons"]]
    return Bubble(
        id=row.id,
        own=False,
        text=body["text"],
        language=body["language"],
        direction=body["direction"],
        number=row.number,
        strong=body["strong"],
        by=body.get("by"),
        edits=body["edits"],
        turn=row.inbound_id or "",
        rows=rows,
    )


def of_newcomer(row: Inbound, bodies: dict[str, Any], language: str) -> Bubble:
    """The newcomer's own message; a press is shown as what stood on the button."""
    body = row.body or {}
    press = body.get("press")
    text = label_of(press, bodies.get(press["message"])) if press else body.get("text") or None
    return Bubble(
        id=row.external_id,
        own=True,
        text=text,
        language=row.language or language,
        direction="auto",
        command=MOVE if asks_to_move(text or "") else intent_of_command(text or ""),
        waits=row.state == "received",
    )


def _in_order(outbound: Sequence[Outbound], inbound: Sequence[Inbound]) -> Iterator[Outbound | Inbound]:
    """Both in the order of their numbers; a message before what was laid in the outbox after it."""
    waiting = list(inbound)
    for row in outbound:
        while waiting and (waiting[0].id == row.inbound_id or waiting[0].received_at < row.created_at):
            yield waiting.pop(0)
        yield row
    yield from waiting


def _put(shown: list[Bubble], bubble: Bubble) -> None:
    replaced = (place for place, other in enumerate(shown) if other.id == bubble.edits)
    place = next(replaced, None) if bubble.edits else None
    if place is None:
        shown.append(bubble)
    else:
        shown[place] = bubble


def _only_newest_buttons(shown: list[Bubble]) -> list[Bubble]:
    """Buttons stay on the newest turn that has some, and on what came after it unasked; chat.js does the same."""
    turns = [bubble.turn for bubble in shown if bubble.rows and bubble.turn]
    if not turns:
        return shown
    first = next(place for place, bubble in enumerate(shown) if bubble.turn == turns[-1])
    return [
        bubble if bubble.turn == turns[-1] or (place > first and not bubble.turn) else replace(bubble, rows=[])
        for place, bubble in enumerate(shown)
    ]


def _press(button: dict[str, Any], multiple: bool) -> Press:
    return Press(button["id"], button["label"], multiple and button["kind"] == "choice", button["label"].startswith(TICK))


def _is_open_tick(row: Inbound, bodies: dict[str, Any]) -> bool:
    """Whether a tick is still worked on: its message will change in a moment."""
    press = (row.body or {}).get("press")
    if not press or press["kind"] != "choice" or row.state != "received":
        return False
    return _is_multiple(bodies.get(press["message"], {"buttons": []}))


def _is_multiple(body: dict[str, Any]) -> bool:
    return any(button["kind"] == "control" and button["value"] == "done" for buttons in body["buttons"] for button in buttons)
