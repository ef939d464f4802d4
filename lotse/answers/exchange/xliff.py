"""XLIFF 2.0 (OASIS, 2014): a file element an answer, a unit a text. Read with defusedxml: files come from elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from xml.etree import ElementTree

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from lotse.answers.exchange.units import NOT_IN_XML, Bundle, ExchangeError, Unit

SPACE = "urn:oasis:names:tc:xliff:document:2.0"
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
SEEN = "lotse-seen"  # category of the note with the fingerprint of the translation
_STATES = {"missing": "initial", "machine": "translated", "outdated": "translated", "draft": "translated", "reviewed": "reviewed"}


def write(bundle: Bundle) -> bytes:
    """A file for translators' tools."""
    ElementTree.register_namespace("", SPACE)
    root = ElementTree.Element(_tag("xliff"), {"version": "2.0", "srcLang": bundle.source, "trgLang": bundle.target})
    files: dict[str, ElementTree.Element] = {}
    for unit in bundle.units:
        if unit.answer not in files:
            names = {"id": f"f{len(files) + 1}", "original": unit.answer}
            files[unit.answer] = ElementTree.SubElement(root, _tag("file"), names)
        within = ElementTree.SubElement(files[unit.answer], _tag("unit"), {"id": unit.part, XML_SPACE: "preserve"})
        notes = ElementTree.SubElement(within, _tag("notes"))
        ElementTree.SubElement(notes, _tag("note"), {"category": SEEN}).text = unit.seen
        state = _STATES[unit.status] if unit.target is not None else "initial"
        segment = ElementTree.SubElement(within, _tag("segment"), {"state": state})
        ElementTree.SubElement(segment, _tag("source")).text = NOT_IN_XML.sub("", unit.source)
        if unit.target is not None:
            ElementTree.SubElement(segment, _tag("target")).text = NOT_IN_XML.sub("", unit.target)
    if not files:  # the standard wants one at least
        empty = ElementTree.SubElement(root, _tag("file"), {"id": "f1"})
        nothing = ElementTree.SubElement(empty, _tag("unit"), {"id": "nothing"})
        ElementTree.SubElement(ElementTree.SubElement(nothing, _tag("segment")), _tag("source"))
    out = io.BytesIO()
    ElementTree.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)
    return out.getvalue()


def is_xml(data: bytes) -> bool:
    """Whether a file is XML, by its first character."""
    beginning = data[:200]
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if beginning.startswith(mark):
            return beginning[: len(beginning) // 2 * 2].decode(encoding, "replace").lstrip().startswith("<")
    return beginning.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def read(data: bytes) -> Bundle:
    """What stands in a file. Raises ExchangeError."""
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise ExchangeError("unreadable", "this is no readable XML; export it again") from error
    if not root.tag.endswith("}xliff") and root.tag != "xliff":
        raise ExchangeError("not_xliff", "this is no XLIFF file")
    if root.tag != _tag("xliff") or not root.get("version", "").startswith("2."):
        raise ExchangeError("version", "this is not XLIFF 2.0; save it as version 2.0")
    source, target = root.get("srcLang"), root.get("trgLang")
    if not source or not target:
        raise ExchangeError("languages", "the file does not name its two languages (srcLang, trgLang)")
    return Bundle(source, target, tuple(_units(root)))


def _units(root: ElementTree.Element) -> Iterator[Unit]:
    for file in root.iter(_tag("file")):
        answer = file.get("original") or file.get("id") or ""
        for unit in file.iter(_tag("unit")):
            # tools cut a unit into segments; what lies between them is `ignorable`
            pieces = [each for each in unit if each.tag in (_tag("segment"), _tag("ignorable"))]
            segments = [each for each in pieces if each.tag == _tag("segment")]
            translated = [each for each in segments if _words(each, "target")]
            told = [each for each in segments if _words(each, "source")]
            note = next((each.text for each in unit.iter(_tag("note")) if each.get("category") == SEEN), "")
            yield Unit(
                answer,
                unit.get("id", ""),
                "".join(_words(each, "source") for each in pieces),
                "".join(_words(each, "target") or _between(each) for each in pieces) if translated else None,
                (note or "").strip(),
                complete=all(each in translated for each in told),
            )


def _words(piece: ElementTree.Element, name: str) -> str:
    found = piece.find(_tag(name))
    return "" if found is None else "".join(found.itertext())


def _between(piece: ElementTree.Element) -> str:
    return _words(piece, "source") if piece.tag == _tag("ignorable") else ""


def _tag(name: str) -> str:
    return f"{{{SPACE}}}{name}"
