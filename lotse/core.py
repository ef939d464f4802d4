"""The one composition root of the core: everything that a process needs, built from the settings."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from lotse import content, crisis, languages, translation
from lotse.answers import Answers, glossary, ranking
from lotse.cases.summary import Summaries
from lotse.crisis import CrisisLists
from lotse.embedder import VectorCache
from lotse.intake import Intakes, Questionnaires, extract
from lotse.intake.links import Links
from lotse.languages import Languages
from lotse.logs import cause_of
from lotse.settings import Settings
from lotse.storage import Database
from lotse.storage.tables import Municipality, now
from lotse.translation import Translator
from lotse.wording import Wording

FOLLOW_EVERY = 1.0  # seconds between looks for newly published answers

log = structlog.get_logger()


@dataclass(frozen=True)
class Core:
    """The parts of the core, ready to use."""

    settings: Settings
    database: Database
    languages: Languages
    wording: Wording
    crisis: CrisisLists
    answers: Answers
    intakes: Intakes
    summaries: Summaries
    links: Links | None  # only where people can reach the pages
    translator: Translator | None  # only where a town has one


def build(settings: Settings) -> Core:
    """Connect everything. Raises the parts' own errors, whose messages name file or setting and remedy."""
    known = languages.load(settings.content / "languages.yml")
    wording = Wording(known)
    questionnaires = Questionnaires(settings.content / "questionnaires" / "intake", known)
    lists = crisis.load(settings.content / "crisis")
    database = Database(settings)
    links = Links(database.vault, settings.public_url) if settings.public_url else None
    return Core(
        settings=settings,
        database=database,
        languages=known,
        wording=wording,
        crisis=lists,
        answers=answers_of(settings),
        intakes=Intakes(questionnaires, known, lists.lines, links),
        summaries=Summaries(questionnaires, wording),
        links=links,
        translator=translation.build(settings),
    )


def stay_warm(core: Core) -> None:
    """Keep ready, for ever, what newcomers would wait for: the offered languages' word lists, what towns have published."""
    for language in core.languages.offered:
        extract.extract("2 a", language.tag, now().date())
    told = ""
    while True:
        try:
            with core.database.reading() as session:
                for municipality_id in session.scalars(select(Municipality.id)).all():
                    core.answers.index(session, municipality_id)
            told = ""
        except Exception as error:  # the database is away for a moment; a question then meets the cause itself
            cause = cause_of(error)
            if cause != told:
                log.warning("answers are not followed", cause=cause)
            told = cause
        time.sleep(FOLLOW_EVERY)


def answers_of(settings: Settings) -> Answers:
    """The search in published answers, with its own view of them: each process has one."""
    known = glossary.load(settings.content / "glossary")
    return Answers(lambda: VectorCache(settings.cache / "vectors.sqlite"), known, ranking.load(), ranking.load_means())


def prepare(core: Core, *, fill: bool = True) -> list[str]:
    """Bring the database up to date and fill it with the towns of the content folder; returns the new ones' slugs."""
    core.database.migrate()
    if not fill:
        return []
    with core.database.session() as session:
        return content.fill(session, core.settings.content)
