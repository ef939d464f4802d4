"""How a questionnaire's fields are named in a workbook, the same for writing and reading.

What XLSForm knows has XLSForm's name; everything else stands in columns that begin with `lotse::` and in sheets that begin
with `lotse_`. ODK's tools leave both alone. The sheet `choices` has no column of ours: ODK would make data of it.
"""

from __future__ import annotations

from typing import Literal

from babel import Locale, UnknownLocaleError

PREFIX = "lotse"
FORMAT = "1"  # setting by which we know our own workbooks

Kind = Literal["text", "yes_no", "names", "pairs"]

# fields of a question that XLSForm has no column for, in the order of the columns
QUESTION_COLUMNS: dict[str, Kind] = {
    "must_have": "yes_no", "gate": "yes_no", "consent": "text", "sensitive": "yes_no", "other": "yes_no", "exclusive": "names",
    "shown": "names", "ends": "pairs", "alarm": "pairs", "unit": "text", "more": "yes_no", "summary": "text",
}  # fmt: skip
# of a row: the type, list or name that XLSForm has no word for
ROW_COLUMNS = ("type", "list", "listed", "own", "name", "section", "max", "given")
WORDS_COLUMNS = ("short", "next", "one_of")  # once for each language

NATIVE_TYPES = {  # ours and XLSForm's
    "select_one": "select_one", "select_multiple": "select_multiple", "integer": "integer", "text": "text", "date": "date",
    "place": "text", "private": "note", "review": "note",
}  # fmt: skip
NOT_NATIVE = tuple(ours for ours, theirs in NATIVE_TYPES.items() if ours != theirs)

ALSO, CONSENTS, INSERTS = "lotse_also", "lotse_consents", "lotse_inserts"  # sheets
CONTRADICTIONS = "lotse_contradictions"


def heading(name: str, tag: str) -> str:
    """The column of a text in a language: `label::English (en)`."""
    return f"{name}::{language_heading(tag)}"


def language_heading(tag: str) -> str:
    """A language as XLSForm names it: "English (en)"."""
    return f"{english_name(tag)} ({tag})"


def english_name(tag: str) -> str:
    """A language's name in English (CLDR)."""
    known = Locale("en").languages
    if tag.replace("-", "_") in known:
        return str(known[tag.replace("-", "_")])
    try:
        return str(Locale.parse(tag, sep="-").get_display_name("en") or tag)
    except (UnknownLocaleError, ValueError):
        return tag
