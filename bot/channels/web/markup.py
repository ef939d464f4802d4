"""Text of a message as HTML: escaped, its title in bold type, web addresses as links. Pure functions."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# no quotes, brackets, white space or direction marks in an address; nothing but http and https becomes a link
_ADDRESS = re.compile("https?://[^\\s<>\"'`\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069«»“”„]+", re.IGNORECASE)
_COMMAND = re.compile(r"(?<![\w/])(/[a-z]+)(?![\w/])")
_NOT_AT_THE_END = ".,;:!?…)]}،؛؟"


def marked(text: str, strong: str | None = None) -> Markup:
    """A text as safe HTML; line breaks stay characters (white-space: pre-line)."""
    before, found, after = text.partition(strong) if strong else (text, "", "")
    title = Markup("<strong>{}</strong>").format(with_links(found)) if found else Markup()
    return with_links(before) + title + with_links(after)


def commands(text: str) -> Markup:
    """The text, escaped, with its commands (`/mydata`) kept together: their slash would jump in right-to-left text."""
    parts = [escape(text) if place % 2 == 0 else Markup('<bdi dir="ltr">{}</bdi>').format(text)
             for place, text in enumerate(_COMMAND.split(text))]  # fmt: skip
    return Markup().join(parts)


def with_links(text: str) -> Markup:
    """The text, escaped, with its web addresses as links."""
    parts: list[Markup] = []
    end = 0
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(_NOT_AT_THE_END)
        link = Markup('<a href="{0}" rel="noreferrer noopener" target="_blank" dir="ltr">{0}</a>').format(address)
        parts += [escape(text[end : match.start()]), link]
        end = match.start() + len(address)
    return Markup().join([*parts, escape(text[end:])])
