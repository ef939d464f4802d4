"""Reads back what stands in a PDF of ours, as far as tests need it: its words in the order in which they are drawn.

Only for files as Typst writes them: one object after the other, fonts with a ToUnicode table, glyphs of two bytes.
"""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n?(.*?)(?:stream\r?\n|endobj)", re.DOTALL)
_FONT = re.compile(rb"/(f\d+) [\d.]+ Tf")
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def words(file: bytes) -> list[str]:
    """Each piece of text that is drawn, in order; pieces of right-to-left text have their last letter first."""
    objects = {int(number): (head, end) for number, head, end in _objects(file)}
    fonts = {
        name.decode(): _letters(_stream(file, objects, int(_reference(objects[int(font)][0], b"ToUnicode"))))
        for head, _ in objects.values()
        for names in re.findall(rb"/Font<<(.*?)>>", head)
        for name, font in re.findall(rb"/(f\d+) (\d+) 0 R", names)
    }
    pages = [head for head, _ in objects.values() if re.search(rb"/Type/Page\b", head)]
    return [
        piece for page in pages for piece in _shown(_stream(file, objects, int(_reference(page, b"Contents"))), fonts) if piece
    ]


def pages(file: bytes) -> int:
    """How many pages there are."""
    return len(re.findall(rb"/Type/Page\b", file))


def _objects(file: bytes) -> list[tuple[bytes, bytes, int]]:
    return [(match[1], match[2], match.end()) for match in _OBJECT.finditer(file)]


def _reference(head: bytes, name: bytes) -> bytes:
    found = re.search(rb"/" + name + rb" (\d+) 0 R", head)
    assert found is not None, f"{name!r} is missing in {head[:200]!r}"
    return found[1]


def _stream(file: bytes, objects: dict[int, tuple[bytes, int]], number: int) -> bytes:
    return zlib.decompressobj().decompress(file[objects[number][1] :])


def _letters(table: bytes) -> dict[int, str]:
    """The letters of each glyph."""
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", table)
    return {int(glyph, 16): bytes.fromhex(letters.decode()).decode("utf-16-be") for glyph, letters in pairs}


def _shown(content: bytes, fonts: dict[str, dict[int, str]]) -> list[str]:
    found: list[str] = []
    font: dict[int, str] = {}
    for block in re.split(rb"\bBT\b", content)[1:]:
        named = _FONT.search(block)
        font = fonts[named[1].decode()] if named else font
        first, *others = re.split(rb"/Span<</ActualText", block)
        piece = _drawn(first, font)
        for other in others:  # a glyph that stands for other letters here than elsewhere says which
            told, _, rest = other.partition(b">>BDC")
            piece += _told(told) + _drawn(rest[re.search(rb"T[jJ]\n", rest).end() :], font)  # type: ignore[union-attr]
        found.append(piece)
    return found


def _told(string: bytes) -> str:
    if string.startswith(b"<"):
        return bytes.fromhex(string[1:-1].decode()).decode("utf-16")
    return _ESCAPED.sub(_unescape, string[1:-1]).decode("latin-1")


def _drawn(block: bytes, font: dict[int, str]) -> str:
    glyphs = b"".join(_ESCAPED.sub(_unescape, string) for string in _strings(block))
    return "".join(font.get(int.from_bytes(glyphs[at : at + 2], "big"), "") for at in range(0, len(glyphs), 2))


def _strings(block: bytes) -> list[bytes]:
    """What stands in brackets, up to the end of the text; pairs of brackets may stand inside."""
    found, depth, begun, at = [], 0, 0, 0
    while at < len(block):
        sign = block[at : at + 1]
        if sign == b"\\" and depth:
            at += 1
        elif sign == b"(":
            depth += 1
            begun = at + 1 if depth == 1 else begun
        elif sign == b")":
            depth -= 1
            found += [block[begun:at]] if depth == 0 else []
        elif depth == 0 and block[at : at + 2] == b"ET":
            break
        at += 1
    return found


def _unescape(match: re.Match[bytes]) -> bytes:
    sign = match[1]
    return bytes([int(sign, 8)]) if sign[:1].isdigit() else _NAMED.get(sign, sign)
