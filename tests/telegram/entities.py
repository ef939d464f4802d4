"""Texts as the Bot API treats them: UTF-16 lengths, HTML into entities, entities found in plain text."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

Entity = dict[str, Any]

TAGS = {
    **{"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline"},
    **{"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler"},
    **{"code": "code", "pre": "pre", "a": "text_link", "blockquote": "blockquote"},
}
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"']*[^\s<>\"'.,;:!?)])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z]\w{3,31})(?!\w)"
)
_ATTRIBUTE = re.compile(r"""\s+([^\s=<>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[A-Za-z0-9.-]+))?""")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")


class ParseError(ValueError):
    """Why Telegram would not parse a text."""


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, offset: int, length: int) -> str:
    """The part of a text that an entity names."""
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


def pieces(text: str, size: int = 4096) -> list[str]:
    """A long text as a client sends it: several messages of at most `size` units."""
    found, piece, length = [], "", 0
    for character in text:
        width = 1 + (ord(character) > 0xFFFF)
        if length + width > size:
            found.append(piece)
            piece, length = "", 0
        piece += character
        length += width
    return [part for part in (*found, piece) if part.strip()]


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Text and entities of a message in HTML; ParseError in Telegram's words."""
    text: list[str] = []
    length = position = 0
    open_tags: list[tuple[str, Entity]] = []
    entities: list[Entity] = []
    while position < len(source):
        if source[position] != "<":
            end = source.find("<", position)
            end = len(source) if end < 0 else end
            plain = _ENTITY.sub(lambda match: unescape(match.group()), source[position:end])
            text.append(plain)
            length += units(plain)
            position = end
            continue
        at = len(source[:position].encode())
        if source.startswith("</", position):
            position = _close(source, position, at, length, open_tags, entities)
        else:
            tag, entity, position = _open(source, position, at)
            entity["offset"] = length
            open_tags.append((tag, entity))
    if open_tags:
        raise ParseError(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return _trim("".join(text), entities)


def _open(source: str, position: int, at: int) -> tuple[str, Entity, int]:
    named = re.compile(r"<([^\s<>/]*)").match(source, position)
    assert named
    tag = named[1].lower()
    if tag not in TAGS:
        if ">" not in source[position:]:
            raise ParseError(f"Unclosed start tag at byte offset {at}")
        raise ParseError(f'Unsupported start tag "{tag}" at byte offset {at}')
    attributes, position = {}, named.end()
    while match := _ATTRIBUTE.match(source, position):
        attributes[match[1].lower()] = unescape((match[2] or "").strip("\"'"))
        position = match.end()
    closing = re.compile(r"\s*>").match(source, position)
    if not closing:
        raise ParseError(f"Unclosed start tag at byte offset {at}")
    entity: Entity = {"type": TAGS[tag]}
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise ParseError(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
    if tag == "a":
        entity["url"] = attributes.get("href", "")
    if tag == "code" and attributes.get("class", "").startswith("language-"):
        entity["language"] = attributes["class"].removeprefix("language-")
    if tag == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    return tag, entity, closing.end()


def _close(source: str, position: int, at: int, length: int, open_tags: list[tuple[str, Entity]], entities: list[Entity]) -> int:
    end = re.compile(r"</([^\s<>]*)\s*>").match(source, position)
    if not open_tags:
        raise ParseError(f"Unexpected end tag at byte offset {at}")
    if not end:
        raise ParseError(f"Unclosed end tag at byte offset {at}")
    tag, entity = open_tags.pop()
    if end[1] and end[1].lower() != tag:
        raise ParseError(f'Unmatched end tag at byte offset {at}, expected "</{tag}>", found "</{end[1]}>"')
    entity["length"] = length - entity["offset"]
    if not entity["length"] or (entity["type"] == "text_link" and not entity["url"]):
        return end.end()
    if tag == "pre" and entities and (entities[-1]["type"], entities[-1]["offset"]) == ("code", entity["offset"]):
        entity.update({key: value for key, value in entities.pop().items() if key == "language"})
    elif tag == "code" and not (open_tags and open_tags[-1][0] == "pre"):
        entity.pop("language", None)
    entities.append(entity)
    return end.end()


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without white space around; entities move along."""
    before = units(text) - units(text.lstrip())
    text = text.strip()
    total, kept = units(text), []
    for entity in entities:
        start = max(0, entity["offset"] - before)
        end = min(total, entity["offset"] + entity["length"] - before)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return text, kept


def given(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """A plain text, with the entities that came along."""
    total = units(text)
    for entity in entities:
        if not isinstance(entity, dict) or not {"type", "offset", "length"} <= entity.keys():
            raise ParseError("Can't parse MessageEntity: a field is missing")
        if entity["offset"] < 0 or entity["length"] <= 0 or entity["offset"] + entity["length"] > total:
            raise ParseError("Entity beginning or end is out of the text")
    return _trim(text, entities)


def complete(text: str, entities: list[Entity]) -> list[Entity]:
    """With the commands, addresses and mentions that Telegram finds by itself; in its order."""
    taken = [(entity["offset"], entity["offset"] + entity["length"]) for entity in entities if entity["type"] != "blockquote"]
    found = list(entities)
    for match in _FOUND.finditer(text):
        start, length = units(text[: match.start()]), units(match.group())
        if all(start + length <= low or start >= high for low, high in taken):
            found.append({"type": match.lastgroup, "offset": start, "length": length})
    return sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))
