"""Shapes and wrapped text as SVG, mirrored where people read from right to left."""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SVG = "http://www.w3.org/2000/svg"
INK, GREY, PAPER, SHADE = "#111111", "#444444", "#ffffff", "#e4e4e4"
FONTS = "system-ui, 'Noto Sans', 'Noto Sans Arabic', 'Noto Sans Ethiopic', 'Noto Color Emoji', Arial, sans-serif"

Point = tuple[float, float]


@dataclass(frozen=True)
class Style:
    """Of text."""

    size: float = 14.0
    bold: bool = False
    fill: str = INK

    @property
    def height(self) -> float:
        """Of a line."""
        return self.size * 1.45


class Canvas:
    """A sheet of a given width; all x count from the edge where reading begins."""

    def __init__(self, width: float, right_to_left: bool) -> None:
        self.width = width
        self.right_to_left = right_to_left
        self._root = ElementTree.Element("svg")
        self._layer = self._root

    def svg(self, height: float, title: str, description: str, tag: str) -> str:
        """All that was drawn, as a file that needs nothing else."""
        paper = {"x": "0", "y": "0", "width": f"{self.width:g}", "height": f"{height:g}", "fill": PAPER}
        self._root.insert(0, ElementTree.Element("rect", paper))
        for number, (name, text) in enumerate((("title", title), ("desc", description))):
            told = ElementTree.Element(name, id=name)
            told.text = text
            self._root.insert(number, told)
        attributes = {
            "xmlns": SVG, "width": f"{self.width:g}", "height": f"{height:g}", "viewBox": f"0 0 {self.width:g} {height:g}",
            "role": "graphics-document document", "aria-labelledby": "title", "aria-describedby": "desc", "lang": tag,
            "xml:lang": tag, "direction": "rtl" if self.right_to_left else "ltr", "font-family": FONTS,
        }  # fmt: skip
        for name, value in attributes.items():
            self._root.set(name, value)
        ElementTree.indent(self._root, " ")
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(self._root, encoding="unicode") + "\n"

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """What is drawn inside belongs together; the title is shown by a pointer that rests on it."""
        former, self._layer = self._layer, ElementTree.SubElement(self._layer, "g")
        ElementTree.SubElement(self._layer, "title").text = title
        yield
        self._layer = former

    @property
    def place(self) -> int:
        """Where the next shape comes; given to a shape that shall lie below what is drawn until then."""
        return len(self._layer)

    # shapes

    def rectangle(
        self, left: float, top: float, width: float, height: float, *,
        fill: str = PAPER, line: float = 1.2, dash: str = "", corner: float = 5, place: int | None = None,
    ) -> None:  # fmt: skip
        """A rectangle; without a line it has no edge."""
        x = self.width - left - width if self.right_to_left else left
        told = {"x": f"{x:g}", "y": f"{top:g}", "width": f"{width:g}", "height": f"{height:g}", "fill": fill}
        if line:
            told |= {"rx": f"{corner:g}", "stroke": INK, "stroke-width": f"{line:g}"}
        if dash:
            told["stroke-dasharray"] = dash
        self._put(ElementTree.Element("rect", told), place)

    def bar(self, left: float, top: float, width: float, height: float) -> None:
        """A filled rectangle."""
        self.rectangle(left, top, width, height, fill=INK, line=0)

    def polygon(self, corners: list[Point], *, fill: str = INK, line: float = 0, place: int | None = None) -> None:
        """A closed shape."""
        told = {"points": " ".join(f"{self._x(x):g},{y:g}" for x, y in corners), "fill": fill}
        if line:
            told |= {"stroke": INK, "stroke-width": f"{line:g}"}
        self._put(ElementTree.Element("polygon", told), place)

    def path(self, points: list[Point], *, arrow: bool = False, line: float = 1.6) -> None:
        """A line through points, with an arrow at its end."""
        self.curve(" ".join(f"{'L' if number else 'M'}{self._x(x):g} {y:g}" for number, (x, y) in enumerate(points)), line)
        if not arrow:
            return
        (before_x, _), (x, y) = points[-2:]
        if before_x == x:
            self.polygon([(x, y), (x - 4.5, y - 8), (x + 4.5, y - 8)])
        else:
            back = 8 if before_x > x else -8
            self.polygon([(x, y), (x + back, y - 4.5), (x + back, y + 4.5)])

    def arc(self, start: Point, stop: Point, radius: float, *, long: bool = False, line: float = 1.8) -> None:
        """A part of a circle, clockwise as it is read from left to right."""
        sweep = 0 if self.right_to_left else 1
        begun, ended = f"{self._x(start[0]):g} {start[1]:g}", f"{self._x(stop[0]):g} {stop[1]:g}"
        self.curve(f"M{begun} A{radius:g} {radius:g} 0 {int(long)} {sweep} {ended}", line)

    def curve(self, told: str, line: float) -> None:
        """A path in SVG's own words."""
        self._put(ElementTree.Element("path", {"d": told, "fill": "none", "stroke": INK, "stroke-width": f"{line:g}"}), None)

    def circle(self, x: float, y: float, radius: float) -> None:
        """A filled circle."""
        told = {"cx": f"{self._x(x):g}", "cy": f"{y:g}", "r": f"{radius:g}", "fill": INK}
        self._put(ElementTree.Element("circle", told), None)

    # text

    def text(self, text: str, x: float, top: float, style: Style, *, ends: bool = False) -> None:
        """One line that begins at x, or ends there."""
        told = {
            "x": f"{self._x(x):g}", "y": f"{top + style.size:g}", "font-size": f"{style.size:g}", "fill": style.fill,
            "text-anchor": "end" if ends else "start",
        }  # fmt: skip
        if style.bold:
            told["font-weight"] = "bold"
        element = ElementTree.Element("text", told)
        element.text = text
        self._put(element, None)

    def paragraph(self, text: str, x: float, top: float, width: float, style: Style) -> float:
        """Text over as many lines as it needs; gives back where it ends."""
        for line in wrapped(text, width, style):
            self.text(line, x, top, style)
            top += style.height
        return top

    def _x(self, x: float) -> float:
        return self.width - x if self.right_to_left else x

    def _put(self, element: ElementTree.Element, place: int | None) -> None:
        self._layer.insert(len(self._layer) if place is None else place, element)


# how wide a text is; fonts differ, so this is rather too much


def wrapped(text: str, width: float, style: Style) -> list[str]:
    """Lines that fit; a single word that does not is cut."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if text_width(longer, style) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while text_width(line, style) > width and len(line) > 1:
                fits = next(
                    place for place in range(len(line) - 1, 0, -1) if place == 1 or text_width(line[:place], style) <= width
                )
                lines.append(line[:fits])
                line = line[fits:]
        lines.append(line)
    return lines


def text_width(text: str, style: Style) -> float:
    """How much room a text needs at most."""
    return sum(map(_advance, text)) * style.size * (1.07 if style.bold else 1.0)


def _advance(sign: str) -> float:
    """The width of a sign, for a size of 1."""
    if unicodedata.category(sign) in ("Mn", "Cf", "Me"):
        return 0.0
    if unicodedata.east_asian_width(sign) in ("W", "F") or ord(sign) > 0x1F000:
        return 1.3
    if sign in " .,:;'|!iljt·()[]":
        return 0.33
    if sign in "mwMWжшщюЖШЩЮ—…":
        return 0.93
    return 0.7 if sign.isupper() else 0.6
