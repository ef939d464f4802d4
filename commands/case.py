"""./run case list | show REF | export FILE: what a case worker receives."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from commands.errors import CommandError
from lotse import audit, cases, core
from lotse.cases import pdf, queue
from lotse.cases.export import FORMATS, Export
from lotse.cases.summary import STAFF_LANGUAGES
from lotse.cases.work import STATUSES
from lotse.core import Core
from lotse.settings import Settings
from lotse.storage.tables import Case, Municipality, now


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|export")
    listing = actions.add_parser("list", help="all cases, newest first")
    listing.add_argument("--json", action="store_true")
    show = actions.add_parser("show", help="the summary of one case")
    show.add_argument("reference", metavar="REF")
    show.add_argument("--format", choices=("json", "md", "pdf"), default="md")
    show.add_argument("--language", default="de", help=f"{', '.join(STAFF_LANGUAGES)}; as pdf also the newcomer's own")
    show.add_argument("--output", metavar="FILE", type=Path, help="write to a file instead of standard output")
    export = actions.add_parser("export", help="cases as a file; .xlsx, .csv or .json")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("--municipality", metavar="SLUG", help="of one town only")
    export.add_argument("--status", choices=STATUSES)
    export.add_argument("--language", choices=STAFF_LANGUAGES, default="de")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Print the list or one summary."""
    parts = core.build(settings)
    core.prepare(parts, fill=False)
    if arguments.action == "export":
        _export(parts, arguments)
        return
    with parts.database.session() as session:
        if arguments.action == "list":
            found = session.scalars(select(Case).order_by(Case.opened_at.desc())).all()
            for town in sorted({case.municipality_id for case in found}):
                count = sum(case.municipality_id == town for case in found)
                audit.note(session, audit.OPERATOR, "queue.read", town=town, cases=count)
            entries = [_entry(case) for case in found]
            print(json.dumps(entries, ensure_ascii=False) if arguments.json else _table(entries))
            return
        case = cases.find(session, arguments.reference)
        if case is None:
            raise CommandError(f"no case has the reference {arguments.reference!r}; ./run case list shows all")
        offered = pdf.languages(case.language, parts.languages) if arguments.format == "pdf" else list(STAFF_LANGUAGES)
        if arguments.language not in offered:
            raise CommandError(f"--language {arguments.language!r} is not offered here; choose one of {', '.join(offered)}")
        audit.note(session, audit.OPERATOR, "case.read", town=case.municipality_id, reference=case.reference)
        summary = parts.summaries.of(case, arguments.language)
        contact = case.conversation.contact or {}
        today = now().astimezone(ZoneInfo(case.municipality.time_zone)).date()
    if arguments.format == "pdf":
        _write(arguments.output, pdf.render(summary, contact, parts.wording, parts.languages, today))
    elif arguments.format == "json":
        _write(arguments.output, f"{json.dumps(summary.as_json(), ensure_ascii=False, indent=2)}\n".encode())
    else:
        _write(arguments.output, parts.summaries.as_markdown(summary).encode())


def _write(file: Path | None, content: bytes) -> None:
    """To the file, readable by its owner only, for it tells of a person; else to standard output."""
    if file is None:
        if content.startswith(b"%PDF") and sys.stdout.isatty():
            raise CommandError("a PDF does not belong on a terminal; add --output FILE, or send it on with > or |")
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(content)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}; name another --output") from error


def _export(parts: Core, arguments: argparse.Namespace) -> None:
    form = arguments.file.suffix.lstrip(".").lower()
    if form not in FORMATS:
        raise CommandError(f"{arguments.file}: the name must end with {', '.join('.' + each for each in FORMATS)}")
    with parts.database.session() as session:
        towns = dict(session.execute(select(Municipality.slug, Municipality.id)).all())
        if arguments.municipality and arguments.municipality not in towns:
            raise CommandError(f"--municipality: there is no {arguments.municipality!r}, but {', '.join(sorted(towns))}")
        wanted = {towns[arguments.municipality]} if arguments.municipality else set(towns.values())
        found = queue.all_of(session, wanted, queue.Filter(arguments.status))
        counts = Counter(town for _, town in found)
        for town in sorted(counts):
            audit.note(session, audit.OPERATOR, "case.exported", town=town, cases=counts[town], format=form)
    export = Export(parts.database, parts.summaries, [case for case, _ in found], arguments.language)
    try:
        with open(os.open(arguments.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            export.write(form, opened)
    except OSError as error:
        raise CommandError(f"{arguments.file}: cannot be written: {error.strerror}") from error
    print(f"written: {arguments.file}, {len(found)} cases")


def _entry(case: Case) -> dict[str, str]:
    return {
        "reference": case.reference,
        "kind": case.kind,
        "status": case.status,
        "municipality": case.municipality.slug,
        "language": case.language,
        "opened_at": case.opened_at.isoformat(timespec="seconds"),
    }


def _table(entries: list[dict[str, str]]) -> str:
    if not entries:
        return "no cases yet"
    return "\n".join("  ".join(entry.values()) for entry in entries)
