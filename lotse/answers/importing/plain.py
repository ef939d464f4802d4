"""A page's HTML as plain text: paragraphs with an empty line between, lists, addresses of links. Pure functions.

The parser (lexbor, by selectolax) reads broken HTML as browsers do. Only text is taken out of its tree, so nothing
that a browser would run can get through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from lotse.answers.form import is_web_address
from lotse.cleaning import clean

LONGEST_HEADING = 100  # characters; a longer paragraph in bold is text
BULLET, NESTED = "•", "–"
CELLS = " | "


def _names(tags: str) -> frozenset[str]:
    return frozenset(tags.split())


_SKIPPED = _names(
    "audio button canvas datalist embed frame frameset head iframe img input map math meter noembed noframes noscript object "
    "picture progress script select style svg template textarea title video"
)
_BLOCKS = _names(
    "address article aside blockquote body caption center dd details dialog dir div dl fieldset figcaption figure footer form "
    "header legend li main menu nav ol p pre section table tbody tfoot thead tr ul"
)
_HEADINGS = _names("dt h1 h2 h3 h4 h5 h6 summary")
_LISTS = _names("dir menu ol ul")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# soft hyphens, spaces without width, marks of old encodings, replaced objects, signs of icon fonts
_RUBBISH = re.compile("[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\ufff9-\ufffd\ue000-\uf8ff]")
# joiners have a meaning inside words of some scripts, and in emoji
_JOINED = "[\u0600-\u07ff\u0840-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]"
_JOINER = re.compile(f"(?<!{_JOINED})\u200c|\u200c(?!{_JOINED})|\u200d(?!{_JOINED}|[\u2600-\u27bf\U0001f000-\U0001faff])")
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.\w+")
_MAPS = re.compile(r"(?:^|\.)(?:openstreetmap\.org|maps\.apple\.com|maps\.app\.goo\.gl|maps\.google\.\w+)$")


def plain(html: str, address: str = "") -> str:
    """The text of a page; `address` is its own, for links that leave out a part of theirs."""
    body = LexborHTMLParser(html.encode("utf-8", "replace").decode("utf-8")).body
    if body is None:
        return ""
    writer = _Writer(address)
    for node, enters in _walk(body):
        writer.enter(node) if enters else writer.leave(node)
    writer.flush()
    return clean(_joined(writer.blocks))


def line(text: str) -> str:
    """A title: one line without markup, entities and what cannot be seen."""
    return " ".join(plain(text).split()) if "<" in text or "&" in text else " ".join(clean(_visible(text)).split())


@dataclass
class _Block:
    kind: str  # text, heading, item, row, rule
    text: str = ""
    run: int = 0  # number of the list or table that it belongs to


@dataclass
class _Link:
    href: str
    texts: list[str] = field(default_factory=list)


@dataclass
class _Row:
    """A row of a table with several cells; what was being written outside waits."""

    outside: list[str]
    cells: list[str] = field(default_factory=list)


class _Writer:
    """Takes the tree's nodes in their order and makes blocks of text."""

    def __init__(self, address: str) -> None:
        self.blocks: list[_Block] = []
        self._address = address
        self._pieces: list[str] = []
        self._lists: list[tuple[str, int]] = []  # (kind, number of items so far)
        self._marker: str | None = None  # of the item that has no text yet
        self._links: list[_Link] = []
        self._rows: list[_Row] = []
        self._bold, self._letters, self._bold_letters = 0, 0, 0
        self._run = 0

    def enter(self, node: LexborNode) -> None:
        """A node begins."""
        tag = node.tag
        if tag == "-text":
            self._text(node.text_content or "")
        elif tag == "br":
            self._pieces.append("\n")
        elif tag == "hr":
            self.flush()
            self.blocks.append(_Block("rule"))
        elif tag in ("strong", "b"):
            self._bold += 1
        elif tag == "a":
            self._links.append(_Link(node.attributes.get("href") or ""))
        elif tag in ("td", "th"):
            self.flush()
        elif tag in _BLOCKS or tag in _HEADINGS:
            self.flush()
            self._begin(node, tag)

    def leave(self, node: LexborNode) -> None:
        """A node ends."""
        tag = node.tag
        if tag in ("strong", "b"):
            self._bold -= 1
        elif tag == "a":
            self._end_link(self._links.pop())
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag in _HEADINGS:
            self.flush("heading")
        elif tag in _BLOCKS:
            self.flush()
            if tag in _LISTS and self._lists:
                self._lists.pop()
            elif tag == "li":
                self._marker = None
            elif tag == "tr":
                self._end_row(node)

    def flush(self, kind: str = "text") -> None:
        """What was written so far is a block; in a cell of a table it is a part of a line."""
        if self._rows:
            self._pieces.append(" ")
            return
        text = re.sub(r" *\n *", "\n", re.sub(r"[^\S\n]+", " ", "".join(self._pieces))).strip()
        is_bold = 0 < self._letters == self._bold_letters
        self._pieces, self._letters, self._bold_letters = [], 0, 0
        if not text:
            return
        if self._lists:
            self._item(re.sub(r"\n+", "\n", text))
        elif kind == "heading":
            self.blocks.append(_Block("heading", " ".join(text.split())))
        elif is_bold and "\n" not in text and len(text) <= LONGEST_HEADING and text[-1] != ".":
            self.blocks.append(_Block("heading", text))
        else:
            self.blocks += [_Block("text", part) for part in re.split(r"\n{2,}", text)]

    def _begin(self, node: LexborNode, tag: str | None) -> None:
        if tag in _LISTS:
            if not self._lists:
                self._run += 1
            self._lists.append((tag or "", 0))
        elif tag == "li" and self._lists:
            kind, count = self._lists[-1]
            self._lists[-1] = (kind, count + 1)
            self._marker = f"{count + 1}." if kind == "ol" else BULLET if len(self._lists) == 1 else NESTED
        elif tag == "table" and not self._rows:
            self._run += 1
        elif tag == "tr" and _cells(node) > 1:
            self._rows.append(_Row(self._pieces))
            self._pieces = []

    def _item(self, text: str) -> None:
        if self._marker is None and self.blocks and self.blocks[-1].kind == "item" and self.blocks[-1].run == self._run:
            self.blocks[-1].text += "\n" + text
        else:
            self.blocks.append(_Block("item", f"{self._marker or BULLET} {text}", self._run))
        self._marker = None

    def _end_cell(self) -> None:
        if not self._rows:
            self.flush()
        elif text := " ".join("".join(self._pieces).split()):
            self._rows[-1].cells.append(text)
            self._pieces = []

    def _end_row(self, node: LexborNode) -> None:
        if not self._rows or _cells(node) < 2:
            return
        row = self._rows.pop()
        text = CELLS.join(row.cells)
        if self._rows:  # a table in a cell
            self._pieces = [*row.outside, text, " "]
            return
        self._pieces, self._letters, self._bold_letters = row.outside, 0, 0
        if text and self._lists:
            self._item(text)
        elif text:
            self.blocks.append(_Block("row", text, self._run))

    def _text(self, raw: str) -> None:
        text = re.sub(r"\s+", " ", _visible(raw))
        letters = len(text) - text.count(" ")
        self._letters += letters
        self._bold_letters += letters if self._bold else 0
        self._pieces.append(text)
        for link in self._links:
            link.texts.append(text)

    def _end_link(self, link: _Link) -> None:
        shown = " ".join("".join(link.texts).split())
        target = _target(link.href, shown, self._address) if shown else ""
        if not target:
            return
        if self._pieces and any(piece.strip() for piece in self._pieces):
            gap = ""
            while not self._pieces[-1].rstrip():
                gap = self._pieces.pop() + gap
            text = self._pieces[-1].rstrip()
            gap = self._pieces[-1][len(text) :] + gap
            bare = text.rstrip(".,:;")
            self._pieces[-1] = f"{bare} ({target}){text[len(bare) :]}" if bare else f"{text} ({target})"
            self._pieces.append(gap)
        elif self.blocks:  # the link held a whole block
            self.blocks[-1].text += f" ({target})"


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """(node, whether it begins), without what is not read; no recursion: pages may be nested as deep as they like."""
    waiting = [(root, False), (root, True)]
    while waiting:
        node, enters = waiting.pop()
        yield node, enters
        if not enters:
            continue
        child = node.last_child
        while child is not None:
            if child.is_text_node:
                waiting.append((child, True))
            elif child.is_element_node and not _is_skipped(child):
                waiting += [(child, False), (child, True)]
            child = child.prev


def _is_skipped(node: LexborNode) -> bool:
    attributes = node.attributes
    return node.tag in _SKIPPED or "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or ""))


def _cells(row: LexborNode) -> int:
    count, child = 0, row.child
    while child is not None:
        count += child.tag in ("td", "th")
        child = child.next
    return count


def _joined(blocks: list[_Block]) -> str:
    """Blocks as paragraphs: a heading stands on top of what follows, a list and a table in one piece."""
    paragraphs: list[str] = []
    before = _Block("rule")
    for block in blocks:
        together = block.kind != "rule" and (
            before.kind == "heading"
            or (block.kind in ("item", "row") and (before.kind, before.run) == (block.kind, block.run))
            or (block.kind in ("item", "row") and before.kind == "text" and before.text.endswith((":", "：")))
        )
        if together:
            paragraphs[-1] += "\n" + block.text
        elif block.kind != "rule":
            paragraphs.append(block.text)
        before = block
    return "\n\n".join(paragraphs)


def _visible(text: str) -> str:
    return _JOINER.sub("", _RUBBISH.sub("", text))


def _target(href: str, shown: str, address: str) -> str:
    """What of a link has to stand behind its text; nothing where the text says it already."""
    href = re.sub(r"[\x00-\x20\x7f]+", lambda found: "%20" if found.group() == " " else "", clean(_visible(href)))
    scheme = href.partition(":")[0].lower()
    if scheme == "mailto":
        mail = unquote(href[7:].partition("?")[0])
        return mail if "@" in mail and mail.casefold() not in shown.casefold() else ""
    if scheme == "tel":
        number = unquote(href[4:])
        return number if re.search(r"\d", number) and _digits(number)[-6:] not in _digits(shown) else ""
    if not href or href.startswith("#") or _MAIL.fullmatch(shown):
        return ""
    href = href.partition("#:~:")[0]  # words to be marked on the page
    try:
        url = f"https://{href}" if href.lower().startswith("www.") else urljoin(address, href)
        parts = urlsplit(url)
    except ValueError:
        return ""
    if not is_web_address(url) or _bare(url) in _bare(shown) or (_is_map(parts.hostname or "", url) and re.search(r"\d", shown)):
        return ""
    return url.replace("(", "%28").replace(")", "%29")


def _is_map(host: str, url: str) -> bool:
    """Whether a link only opens a map; an address that can be read is enough then."""
    return bool(_MAPS.search(host) or re.search(r"//(?:www\.)?google\.\w+/maps|//goo\.gl/maps", url))


def _bare(url: str) -> str:
    return re.sub(r"https?://(?:www\.)?|\bwww\.", "", unquote(url).casefold()).rstrip("/").replace(" ", "")


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
