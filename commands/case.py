"""./run case list | show REF: what a case worker receives."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from commands.errors import CommandError
from lotse import cases, core
from lotse.cases import pdf
from lotse.cases.summary import STAFF_LANGUAGES
from lotse.settings import Settings
from lotse.storage.tables import Case, now


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show")
    listing = actions.add_parser("list", help="all cases, newest first")
    listing.add_argument("--json", action="store_true")
    show = actions.add_parser("show", help="the summary of one case")
    show.add_argument("reference", metavar="REF")
    show.add_argument("--format", choices=("json", "md", "pdf"), default="md")
    show.add_argument("--language", default="de", help=f"{', '.join(STAFF_LANGUAGES)}; as pdf also the newcomer's own")
    show.add_argument("--output", metavar="FILE", type=Path, help="write to a file instead of standard output")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Print the list or one summary."""
    parts = core.build(settings)
    core.prepare(parts, fill=False)
    with parts.database.session() as session:
        if arguments.action == "list":
            found = session.scalars(select(Case).order_by(Case.opened_at.desc())).all()
            entries = [_entry(case) for case in found]
            print(json.dumps(entries, ensure_ascii=False) if arguments.json else _table(entries))
            return
        case = cases.find(session, arguments.reference)
        if case is None:
            raise CommandError(f"no case has the reference {arguments.reference!r}; ./run case list shows all")
        offered = pdf.languages(case.language, parts.languages) if arguments.format == "pdf" else list(STAFF_LANGUAGES)
        if arguments.language not in offered:
            raise CommandError(f"--language {arguments.language!r} is not offered here; choose one of {', '.join(offered)}")
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
