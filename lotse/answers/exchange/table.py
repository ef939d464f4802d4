"""The same as CSV, for spreadsheets: a line a text. No cell is one that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import io

from lotse.answers.exchange.units import Bundle, ExchangeError, Unit

COLUMNS = ("answer", "part", "source_language", "source", "target_language", "target", "seen")
DELIMITERS = ",;\t"  # spreadsheets of some countries write other ones
_RUN = ("=", "+", "-", "@", "\t", "\r")  # OWASP: CSV injection
_GUARD = "'"


def write(bundle: Bundle) -> bytes:
    """A file for spreadsheets, with the mark by which they know UTF-8."""
    out = io.StringIO()
    lines = csv.writer(out, quoting=csv.QUOTE_ALL)
    lines.writerow(COLUMNS)
    for unit in bundle.units:
        texts = (unit.answer, unit.part, bundle.source, unit.source, bundle.target, unit.target or "", unit.seen)
        lines.writerow([guarded(text) for text in texts])
    return out.getvalue().encode("utf-8-sig")


def read(data: bytes) -> Bundle:
    """What stands in a file. Raises ExchangeError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExchangeError("encoding", "this is no UTF-8 text; save it as CSV UTF-8") from error
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    csv.field_size_limit(len(text) + 1)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ExchangeError("unreadable", f"this is no readable CSV: {error}") from error
    if not rows or set(COLUMNS) - {"seen"} - {*rows[0]}:
        raise ExchangeError("columns", f"the first line must name the columns {', '.join(COLUMNS)}")
    cells = [{name: unguarded(row.get(name) or "") for name in COLUMNS} for row in rows]
    pairs = {(each["source_language"].strip(), each["target_language"].strip()) for each in cells if each["answer"]}
    if len(pairs) != 1:
        raise ExchangeError("languages", "all lines must be in the same two languages")
    source, target = pairs.pop()
    return Bundle(
        source,
        target,
        tuple(
            Unit(name, each["part"].strip(), each["source"], each["target"].strip() or None, each["seen"].strip())
            for each in cells
            if (name := each["answer"].strip())
        ),
    )


def guarded(text: str) -> str:
    """A cell that no spreadsheet runs."""
    return _GUARD + text if text.startswith((*_RUN, _GUARD)) else text


def unguarded(text: str) -> str:
    """The text of a cell."""
    return text[1:] if text.startswith(_GUARD) and text[1:].startswith((*_RUN, _GUARD)) else text
