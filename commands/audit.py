"""./run audit verify | export FILE: whether the trail is as it was written, and the trail as a file."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from commands.errors import CommandError
from lotse import audit
from lotse.audit import exporting, searching
from lotse.settings import Settings
from lotse.storage import Database

_ANCHOR = re.compile(r"([\w-]+):(\d+):([0-9a-f]{64})")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify|export")
    verify = actions.add_parser("verify", help="compute all hashes again; tells the first bad entry, or the anchors")
    verify.add_argument(
        "--anchor", action="append", default=[], metavar="TOWN:NUMBER:HASH", help="an entry as verify printed it once; may repeat"
    )
    export = actions.add_parser("export", help="write the whole trail; .csv for a table, .jsonl for JSON lines")
    export.add_argument("file", type=Path, metavar="FILE")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Verify, or write the file."""
    database = Database(settings)
    database.migrate()
    if arguments.action == "verify":
        _verify(database, arguments.anchor)
    else:
        _export(database, arguments.file)


def _verify(database: Database, given: list[str]) -> None:
    with database.reading() as session:
        slugs = searching.slugs(session)
        ids = {slug: identifier for identifier, slug in slugs.items()}
        anchors = {}
        for each in given:
            match = _ANCHOR.fullmatch(each)
            if match is None:
                raise CommandError(f"--anchor: {each!r} is not TOWN:NUMBER:HASH, as `./run audit verify` prints it")
            anchors[ids.get(match[1], match[1])] = (int(match[2]), match[3])
        try:
            found = audit.verify(session, anchors)
        except audit.AuditError as error:
            chain, _, problem = str(error).partition(": ")
            raise CommandError(f"the audit trail is not as it was written: {slugs.get(chain, chain)}: {problem}") from error
    for one in found:
        name = slugs.get(one.chain, one.chain)
        entries = f"{one.entries} entries, {one.first} to {one.last}"
        print(f"{name}: {entries}, as they were written; anchor {name}:{one.last}:{one.hash}")
    if not found:
        print("no entries yet")


def _export(database: Database, file: Path) -> None:
    form = file.suffix.lstrip(".").lower()
    if form not in exporting.FORMATS:
        raise CommandError(f"{file}: the name must end with {' or '.join('.' + each for each in exporting.FORMATS)}")
    with database.session() as session:
        count = searching.count(session, searching.Filter())
        audit.note(session, audit.OPERATOR, "audit.exported", town=None, entries=count, format=form)
    try:
        # readable by its owner only; newline: the lines end as their format says
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="") as opened:
            opened.writelines(exporting.lines(database, searching.Filter(), form))
    except OSError as error:
        raise CommandError(f"{file}: cannot be written: {error.strerror}") from error
    print(f"written: {file}")
