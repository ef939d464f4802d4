"""How our messages look in Telegram: HTML in parts that are short enough, and inline keyboards. Pure functions."""

from __future__ import annotations

import html
from itertools import islice
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

LONGEST_TEXT = 4096  # UTF-16 code units, counted after the markup (Bot API, sendMessage)
WIDEST_ROW = 34  # characters that fit beside each other on a screen 360 pixels wide
MOST_IN_ROW = 4
SMALL_CONTROLS = ("skip", "why", "back", "pause")
SEPARATORS = ("\n\n", "\n", ". ", " ")


def parts(text: str, strong: str | None = None) -> list[str]:
    """The text as HTML, in parts that Telegram takes; split before escaping, at the best place there is."""
    return [_marked_up(piece, strong) for piece in _split(text)]


def keyboard(rows: list[list[dict[str, Any]]]) -> InlineKeyboardMarkup | None:
    """Buttons in rows that can be read on a small screen: controls side by side, long labels alone."""
    shown = [
        [InlineKeyboardButton(button["label"], callback_data=button["id"]) for button in row] for row in _joined(rows) if row
    ]
    return InlineKeyboardMarkup([part for row in shown for part in _fitting(row)]) if shown else None


def _joined(rows: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Rows of small controls as one row where they fit."""
    joined: list[list[dict[str, Any]]] = []
    for row in rows:
        both = [*joined[-1], *row] if joined else row
        if joined and all(button["value"] in SMALL_CONTROLS for button in both) and _fits([button["label"] for button in both]):
            joined[-1] = both
        else:
            joined.append(row)
    return joined


def _fitting(row: list[InlineKeyboardButton]) -> list[list[InlineKeyboardButton]]:
    if _fits([button.text for button in row]):
        return [row]
    rows: list[list[InlineKeyboardButton]] = []
    for button in row:
        if rows and _fits([*(other.text for other in rows[-1]), button.text]):
            rows[-1].append(button)
        else:
            rows.append([button])
    return rows


def _fits(labels: list[str]) -> bool:
    """Whether labels can stand in one row: Telegram gives all the same width and cuts what is too long."""
    return len(labels) <= MOST_IN_ROW and max(map(len, labels)) * len(labels) <= WIDEST_ROW


def _split(text: str) -> list[str]:
    pieces = []
    rest = text.strip()
    while _units(rest) > LONGEST_TEXT:
        window = _prefix(rest, LONGEST_TEXT)
        cuts = (window.rfind(separator) + len(separator) for separator in SEPARATORS if separator in window[len(window) // 2 :])
        cut = next(islice(cuts, 1), len(window))
        pieces.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [piece for piece in (*pieces, rest) if piece]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _prefix(text: str, units: int) -> str:
    """The longest beginning that has at most so many code units; a pair of surrogates is not cut."""
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")


def _marked_up(text: str, strong: str | None) -> str:
    lines = [html.escape(line, quote=False) for line in text.split("\n")]
    if strong is not None and html.escape(strong, quote=False) in lines:
        place = lines.index(html.escape(strong, quote=False))
        lines[place] = f"<b>{lines[place]}</b>"
    return "\n".join(lines)
