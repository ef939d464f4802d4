"""./run content import: what a town has published elsewhere becomes answers and follows it. Translations: translations.py."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from babel import Locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from commands import translations
from commands.errors import CommandError
from lotse import content, core, languages
from lotse.answers import importing
from lotse.answers.importing import ImportProblem, Page, Report
from lotse.answers.index import Text
from lotse.core import Core
from lotse.settings import Settings
from lotse.storage.tables import Municipality

AT_ONCE = 20  # texts embedded between two looks at the clock
PAUSE = 5.0  # seconds between two lines of progress
DEFAULT_COUNTRY = "DE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="import|translations")
    translations.add_arguments(actions.add_parser("translations", help="texts out to translators, and back in as drafts"))
    add = actions.add_parser("import", help="pages of the Integreat API as answers")
    add.add_argument("--from", dest="origin", choices=("integreat",), required=True)
    add.add_argument("files", nargs="+", metavar="FILE", help="JSON of the API, one language each; the first is the town's own")
    add.add_argument("--municipality", metavar="SLUG", required=True)
    add.add_argument("--name", help="of a municipality that is new; else taken from the pages")
    add.add_argument(
        "--country", metavar="CODE", help=f"of a municipality that is new, such as {DEFAULT_COUNTRY} (default) or NL"
    )
    add.add_argument("--retire-many", action="store_true", help="although more than half of the pages in a language are gone")
    add.add_argument("--json", action="store_true", help="print the report as one JSON object")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Read and check everything, embed, then store in one transaction."""
    if arguments.action == "translations":
        translations.run(arguments, settings)
        return
    try:
        known = [language.tag for language in languages.load(settings.content / "languages.yml").all]
        files = [importing.read(name, _json(name), known) for name in arguments.files]
        _new(files, arguments)  # whether it could be made
        parts = core.build(settings)
        core.prepare(parts, fill=False)
        report = _import(parts, files, arguments)
    except ImportProblem as problem:
        raise CommandError(str(problem)) from problem
    print(json.dumps(report.as_json(), ensure_ascii=False) if arguments.json else _table(report))


def _import(parts: Core, files: Sequence[Sequence[Page]], arguments: argparse.Namespace) -> Report:
    with parts.database.reading() as session:
        town = _stored(session, arguments.municipality, arguments.country) or _new(files, arguments)
        bundle = importing.plan(session, files, town)
    _warm(parts, importing.texts_of(bundle))  # before the transaction, in which everybody else would wait
    with parts.database.session() as session:
        if created := _stored(session, arguments.municipality, arguments.country) is None:
            _create(session, parts, files, arguments)
        stored = _stored(session, arguments.municipality, None)
        assert stored is not None
        bundle = importing.plan(session, files, stored)
        return importing.store(session, stored, bundle, created=created, many=arguments.retire_many)


def _stored(session: Session, slug: str, country: str | None) -> Municipality | None:
    town = session.scalar(select(Municipality).where(Municipality.slug == slug))
    if town is not None and country and country.upper() != town.country:
        raise CommandError(f"--country: {slug} is there already, in {town.country}; leave the option out")
    return town


def _create(session: Session, parts: Core, files: Sequence[Sequence[Page]], arguments: argparse.Namespace) -> None:
    """A town that the content folder describes is made from that."""
    if (parts.settings.content / "municipalities" / arguments.municipality).is_dir():
        content.fill(session, parts.settings.content)
    else:
        session.add(_new(files, arguments))
    session.flush()


def _new(files: Sequence[Sequence[Page]], arguments: argparse.Namespace) -> Municipality:
    slug, country = arguments.municipality, (arguments.country or DEFAULT_COUNTRY).upper()
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,79}", slug):
        raise CommandError(f"--municipality: {slug!r} is no slug; use small letters, digits and -, such as musterstadt")
    if not re.fullmatch(r"[A-Z]{2}", country) or country not in Locale("en").territories:
        raise CommandError(f"--country: {country!r} is no country; use two letters such as DE or NL (ISO 3166)")
    name = " ".join((arguments.name or "").split()) or importing.name_of_town(slug, (page for file in files for page in file))
    return importing.new_town(slug, name[:200], country, files[0][0].language)


def _json(name: str) -> Any:
    try:
        return json.loads(Path(name).read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise CommandError(f"{name}: {(error.strerror or str(error)).lower()}; give files of the Integreat API") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{name}: this is no UTF-8 text (byte {error.start}); download the file again") from error
    except json.JSONDecodeError as error:
        raise CommandError(f"{name}: this is no JSON (line {error.lineno}: {error.msg}); download the file again") from error
    except (RecursionError, ValueError) as error:
        raise CommandError(f"{name}: this JSON cannot be read; download the file again") from error


def _warm(parts: Core, texts: Sequence[Text]) -> None:
    """Embed, a few texts at a time, and say how far it is: a new text takes a second or less."""
    told = time.monotonic()
    for start in range(0, len(texts), AT_ONCE):
        parts.answers.warm(texts[start : start + AT_ONCE])
        done = min(start + AT_ONCE, len(texts))
        if time.monotonic() - told > PAUSE and done < len(texts):
            print(f"lotse: embedded {done} of {len(texts)} texts", file=sys.stderr, flush=True)
            told = time.monotonic()


def _table(report: Report) -> str:
    answers = report.answers
    counts = {
        "municipality": report.municipality + (" (new)" if report.created else ""),
        "pages": ", ".join(f"{tag} {count}" for tag, count in report.languages.items()),
        "with a text": ", ".join(f"{tag} {count}" for tag, count in report.texts.items()),
        "topics": report.topics,
        **{f"answers {name.replace('_', ' ')}": count for name, count in answers.items()},
        "texts of staff kept": report.staff,
        "pages left out": len(report.left_out),
    }
    lines = [f"{name:<26}{value}" for name, value in counts.items()]
    if report.left_out:
        lines += ["", "left out:"]
        lines += [f"  {each.file}  page {each.page}  {each.title}: {each.reason}" for each in report.left_out]
    if report.notes:
        lines += ["", "please look at:"]
        lines += [f"  page {each.source_id}  {each.language or 'all':<4}  {each.title}: {each.reason}" for each in report.notes]
    if report.created:
        lines += ["", "a new municipality has the office hours Mon-Fri 08:00-16:00; see docs/tasks/import-answers.md"]
    return "\n".join(lines)
