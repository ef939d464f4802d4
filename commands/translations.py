"""./run content translations: texts out to translators as XLIFF or CSV, and what they wrote back in as drafts."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from commands.errors import CommandError
from lotse import core
from lotse.answers import editing, exchange
from lotse.answers.exchange import FORMATS, STATUSES, WANTED, ExchangeError, Report
from lotse.answers.exchange.parts import LARGEST
from lotse.core import Core
from lotse.settings import Settings
from lotse.storage.tables import Municipality

REASONS = {
    "outdated": "the source text has changed since the export; marked as outdated",
    "status": "the same text; its status was set",
    "same": "it stands here already",
    "not_translated": "not translated in the file",
    "partly": "translated in part only",
    "unknown_answer": "the town has no such answer",
    "unknown_part": "unknown part; there are title, text and questions",
    "retired": "the answer is retired",
    "changed_here": "the translation was changed here since the export; compare by hand",
    "twice": "stands twice in the file; the first one counts",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="direction", required=True, metavar="export|import")
    out = actions.add_parser("export", help="a file for translators")
    out.add_argument("file", metavar="FILE", help="to write; ends in .xlf (XLIFF 2.0) or .csv")
    out.add_argument("--municipality", metavar="SLUG", required=True)
    out.add_argument("--language", metavar="TAG", required=True, help="to translate into")
    out.add_argument("--format", choices=tuple(FORMATS), help="default: by the file's ending")
    out.add_argument("--only", choices=WANTED, default="all", help="open: what is missing, outdated or translated by machine")
    back = actions.add_parser("import", help="a translated file, as drafts")
    back.add_argument("file", metavar="FILE")
    back.add_argument("--municipality", metavar="SLUG", required=True)
    back.add_argument("--status", choices=STATUSES, default=STATUSES[0], help="what the translations are; default: draft")
    back.add_argument("--json", action="store_true", help="print the report as one JSON object")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Export or import."""
    parts = core.build(settings)
    core.prepare(parts, fill=False)
    try:
        if arguments.direction == "export":
            print(_export(parts, arguments))
        else:
            report = _import(parts, arguments)
            print(json.dumps(_as_json(report), ensure_ascii=False) if arguments.json else _told(report))
    except ExchangeError as error:
        raise CommandError(f"{arguments.file}: {error}") from error


def _export(parts: Core, arguments: argparse.Namespace) -> str:
    endings = {ending: kind for kind, (ending, _) in FORMATS.items()} | {"xliff": "xliff"}
    kind = arguments.format or endings.get(Path(arguments.file).suffix.removeprefix("."))
    if kind is None:
        raise CommandError(f"{arguments.file}: end the name in .xlf or .csv, or give --format")
    with parts.database.reading() as session:
        town = _town(session, arguments.municipality)
        source = editing.source_language(town)
        if arguments.language == source or arguments.language not in {each.tag for each in parts.languages.all}:
            raise CommandError(
                f"--language: {arguments.language!r} is none of content/languages.yml, or the town's own ({source})"
            )
        bundle = exchange.export(session, town, arguments.language, arguments.only)
    try:
        Path(arguments.file).write_bytes(exchange.write(bundle, kind))
    except OSError as error:
        raise CommandError(f"{arguments.file}: {(error.strerror or str(error)).lower()}; choose another place") from error
    answers = len({unit.answer for unit in bundle.units})
    return f"{len(bundle.units)} texts of {answers} answers, {bundle.source} to {bundle.target}: {arguments.file}"


def _import(parts: Core, arguments: argparse.Namespace) -> Report:
    try:
        with open(arguments.file, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise CommandError(f"{arguments.file}: {(error.strerror or str(error)).lower()}; give a translated file") from error
    bundle = exchange.read(data)
    with parts.database.session() as session:
        report = exchange.take(session, _town(session, arguments.municipality), bundle, arguments.status)
    for answer_id, form in report.drafts.items():
        parts.answers.warm(editing.texts_of(form, answer_id))  # whoever publishes does not wait
    return report


def _town(session: Session, slug: str) -> Municipality:
    town = session.scalar(select(Municipality).where(Municipality.slug == slug))
    if town is None:
        raise CommandError(f"no municipality has the slug {slug!r}")
    return town


def _reason(key: str) -> str:
    """What a reason says; those of the editor's form are named as they are."""
    return REASONS.get(key) or key.rpartition(".")[2].replace("_", " ")


def _as_json(report: Report) -> dict[str, object]:
    lines = [{name: getattr(line, name) for name in ("answer", "part", "outcome", "reason")} for line in report.lines]
    counts = Counter(line.outcome for line in report.lines)
    return {
        "source": report.source,
        "target": report.target,
        "taken": counts["taken"],
        "skipped": counts["skipped"],
        "drafts": len(report.drafts),
        "lines": lines,
    }


def _told(report: Report) -> str:
    lines = [f"{report.taken} of {len(report.lines)} texts taken into {report.target}, {len(report.drafts)} drafts changed"]
    lines += [f"  {line.answer}  {line.part}  {line.outcome}: {_reason(line.reason)}" for line in report.lines if line.reason]
    return "\n".join(lines)
