"""The trail as a file: JSON lines or CSV, in the order of the chains, with the hashes by which it can be verified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lotse.audit import searching
from lotse.audit.searching import Filter, Found
from lotse.spreadsheets import csv_lines
from lotse.storage import Database

COLUMNS = ("chain", "number", "at", "actor", "login", "action", "reference", "details", "hash")
FORMATS = ("jsonl", "csv")


def lines(database: Database, wanted: Filter, form: str) -> Iterator[str]:
    """A file in one of FORMATS, in pieces."""
    rows = _rows(database, wanted)
    if form == "csv":
        yield from csv_lines(_table(rows))
    else:
        yield from (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _table(rows: Iterator[dict[str, Any]]) -> Iterator[list[Any]]:
    yield list(COLUMNS)
    for row in rows:
        details = json.dumps(row["details"], ensure_ascii=False, sort_keys=True)
        yield [details if name == "details" else row[name] for name in COLUMNS]


def _rows(database: Database, wanted: Filter) -> Iterator[dict[str, Any]]:
    """Each batch in a transaction of its own: nobody waits for a long export."""
    after: Found | None = None
    while True:
        with database.reading() as session:
            found = searching.batch(session, wanted, after)
            slugs = searching.slugs(session)
        yield from (each.as_json(slugs) for each in found)
        if not found:
            return
        after = found[-1]
