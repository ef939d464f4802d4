"""Translations of answers for other programs: XLIFF 2.0 for translators' tools, CSV for spreadsheets; out, and in as drafts."""

from lotse.answers.exchange import table, xliff
from lotse.answers.exchange.parts import FORMATS, WANTED, Bundle, ExchangeError, Unit, export, file_name, read, write
from lotse.answers.exchange.taking import STATUSES, Line, Report, take

__all__ = [
    "FORMATS", "STATUSES", "WANTED", "Bundle", "ExchangeError", "Line", "Report", "Unit", "export", "file_name", "read",
    "table", "take", "write", "xliff",
]  # fmt: skip
