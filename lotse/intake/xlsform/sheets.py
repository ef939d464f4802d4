"""Workbooks as rows of text: what openpyxl reads and writes, with limits, and nothing of XLSForm but its columns."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, NamedStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from lotse.errors import OperatorError

# a questionnaire of 300 questions in 16 languages stays below each of these; a zip bomb does not
LARGEST_FILE, LARGEST_UNPACKED, MOST_PARTS = 10_000_000, 60_000_000, 500
MOST_ROWS, MOST_COLUMNS, MOST_SHEETS = 10_000, 400, 50
LONGEST_CELL = 32_767  # Excel's own limit
TEXT, HEADING = "lotse text", "lotse heading"  # styles

_ALIASES = {
    "caption": "label", "list name": "list_name", "value": "name", "relevance": "relevant", "command": "type",
    "count": "repeat_count", "jr:count": "repeat_count", "repeat count": "repeat_count", "calculate": "calculation",
    "choice filter": "choice_filter",
}  # fmt: skip
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Column = tuple[str, ...]  # ("label", "English (en)"), ("lotse", "gate"), ("type",)


class WorkbookError(OperatorError):
    """A workbook cannot be taken; `problems` name sheet, row and remedy."""

    def __init__(self, file: Path, problems: list[str]) -> None:
        super().__init__(f"{file}: " + "; ".join(problems))
        self.file = file
        self.problems = problems


@dataclass(frozen=True)
class Sheet:
    """One sheet: its columns and, by number as the program shows it, its rows that are not empty."""

    name: str
    columns: tuple[Column, ...]
    rows: dict[int, dict[Column, str]]
    dates: frozenset[tuple[int, Column]] = field(default_factory=frozenset)  # where the program made a date of a text


def load(file: Path) -> dict[str, Sheet]:
    """The sheets of a workbook by their names in small letters; values only, no formulas. Raises WorkbookError."""
    content = _content(file)
    try:
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        worksheets = list(workbook.worksheets)
        if len(worksheets) > MOST_SHEETS:
            raise WorkbookError(file, [f"there are more than {MOST_SHEETS} sheets; keep survey, choices and settings"])
        sheets = [_sheet(worksheet) for worksheet in worksheets]
    except OperatorError:
        raise
    except Exception as error:  # broken files make openpyxl and its XML parser fail in many ways
        raise WorkbookError(file, [f"this workbook cannot be read ({type(error).__name__}); save it again as .xlsx"]) from error
    return {sheet.name.strip().lower(): sheet for sheet in sheets}


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise WorkbookError(file, [f"the file is larger than {LARGEST_FILE // 1_000_000} MB; this is no questionnaire"])
        content = file.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            listed = parts.infolist()
    except OSError as error:
        raise WorkbookError(file, [f"{(error.strerror or str(error)).lower()}; give an .xlsx file"]) from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise WorkbookError(file, ["this is no workbook; save it as .xlsx (not .xls, .ods or .csv)"]) from error
    # a part never unpacks to more than its entry says: zipfile stops there
    if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > LARGEST_UNPACKED:
        raise WorkbookError(file, ["the workbook unpacks to far more than a questionnaire has; remove pictures and other sheets"])
    return content


def _sheet(worksheet: Any) -> Sheet:
    rows = worksheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
    header = [column_of(_text(value)) for value in next(rows, ())]
    found: dict[int, dict[Column, str]] = {}
    dates = set()
    for number, values in enumerate(rows, 2):
        cells = {column: value for column, value in zip(header, values) if column and value is not None}
        dates |= {(number, column) for column, value in cells.items() if isinstance(value, date | time)}
        texts = {column: text for column, value in cells.items() if (text := _text(value)).strip()}
        if texts:
            found[number] = texts
    return Sheet(worksheet.title, tuple(column for column in header if column), found, frozenset(dates))


def column_of(header: str) -> Column:
    """The parts of a column's name: "Label :: English (en)" is ("label", "English (en)"); "bind::relevant" is ("relevant",)."""
    parts = [part.strip() for part in header.split("::")]
    if len(parts) == 1 and re.match(r"(label|hint|caption)\s*:", parts[0], re.IGNORECASE):
        parts = [part.strip() for part in parts[0].split(":", 1)]  # as it was written long ago
    if parts[0].lower() in ("bind", "body", "control") and len(parts) > 1:
        parts = parts[1:]
    name = parts[0].lower()
    first = _ALIASES.get(name.replace("_", " "), _ALIASES.get(name, "_".join(name.split())))
    return (first, *parts[1:]) if first else ()


def _text(value: Any) -> str:
    """A cell as text; numbers as they are shown, without ".0"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def save(file: Path, sheets: Mapping[str, tuple[list[str], Iterable[Mapping[str, str]]]]) -> None:
    """Write sheets of text, each with its columns and rows; raises WorkbookError where a text fits into no cell."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    # always text: "16-17" becomes no date, also when somebody edits the cell
    for style, bold in ((TEXT, False), (HEADING, True)):
        alignment = Alignment(wrap_text=True, vertical="top")
        workbook.add_named_style(NamedStyle(style, font=Font(bold=bold), number_format="@", alignment=alignment))
    for name, (columns, rows) in sheets.items():
        worksheet = workbook.create_sheet(name)
        _put(file, worksheet, 1, columns)
        for number, row in enumerate(rows, 2):
            _put(file, worksheet, number, [row.get(column, "") for column in columns])
        _arrange(worksheet, columns)
    temporary = file.with_name(f".{file.name}.tmp")
    try:
        workbook.save(temporary)
        temporary.replace(file)
    except OSError as error:
        raise WorkbookError(file, [f"{(error.strerror or str(error)).lower()}; name a file in a folder that exists"]) from error
    finally:
        temporary.unlink(missing_ok=True)


def _put(file: Path, worksheet: Worksheet, number: int, texts: list[str]) -> None:
    for place, text in enumerate(texts, 1):
        if not text:
            continue
        if len(text) > LONGEST_CELL or _NOT_IN_XML.search(text):
            where = f"{worksheet.title} row {number}"
            raise WorkbookError(file, [f"{where}: a text is longer than {LONGEST_CELL} letters or has control characters"])
        cell = worksheet.cell(number, place, text)
        cell.data_type = "s"  # "=1" is no formula
        cell.style = HEADING if number == 1 else TEXT
        if text[0] in "=+-@":
            cell.quotePrefix = True  # nor when somebody edits it


def _arrange(worksheet: Worksheet, columns: list[str]) -> None:
    worksheet.freeze_panes = "C2" if len(columns) > 2 else "A2"
    for place, column in enumerate(columns, 1):
        worksheet.column_dimensions[get_column_letter(place)].width = 45 if "::" in column and "(" in column else 18
