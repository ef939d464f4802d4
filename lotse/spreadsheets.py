"""Tables for people who open them in a spreadsheet program: CSV and XLSX in which no cell can become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

BOM = "\ufeff"  # without it Excel reads UTF-8 as the code page of the machine
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what makes a cell one (OWASP: CSV injection)
IN_MEMORY = 16_000_000  # bytes of a workbook; a larger one waits in a file without a name
LONGEST_CELL = 32_767  # characters: Excel's own limit
CHUNK = 256 * 1024


def safe(value: Any) -> str:
    """A cell of a CSV file: what a spreadsheet program would take for a formula has an apostrophe in front."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A CSV file (RFC 4180) in pieces: UTF-8 with a byte order mark, commas, CRLF."""
    yield BOM
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([safe(cell) for cell in row])
        yield line.getvalue()


def write_xlsx(sheets: Iterable[tuple[str, Iterable[Sequence[Any]]]], to: IO[bytes]) -> None:
    """A workbook of sheets with texts only; the first row of each stays in view. Rows are not kept in memory."""
    book = Workbook(write_only=True)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for row in rows:
            cells = []
            for value in row:
                text = ILLEGAL_CHARACTERS_RE.sub("", "" if value is None else str(value))[:LONGEST_CELL]
                cell = WriteOnlyCell(sheet, text)
                cell.data_type = "s"  # openpyxl makes a formula of "=..."
                cells.append(cell)
            sheet.append(cells)
    book.save(to)


def xlsx_chunks(sheets: Iterable[tuple[str, Iterable[Sequence[Any]]]]) -> Iterator[bytes]:
    """The same in pieces, for a response."""
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        write_xlsx(sheets, file)
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk
