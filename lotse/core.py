"""The one composition root of the core: everything that a process needs, built from the settings."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import select

from lotse import content, crisis, intake, languages
from lotse.answers import Answers, glossary, ranking
from lotse.cases.summary import Summaries
from lotse.crisis import CrisisLists
from lotse.embedder import VectorCache
from lotse.intake import Intakes, extract
from lotse.languages import Languages
from lotse.settings import Settings
from lotse.storage import Database
from lotse.storage.tables import Municipality, now
from lotse.wording import Wording

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


def build(settings: Settings) -> Core:
    """Connect everything. Raises the parts' own errors, whose messages name file or setting and remedy."""
    known = languages.load(settings.content / "languages.yml")
    wording = Wording(known)
    questionnaire = intake.load(settings.content / "questionnaires" / "intake", known)

    return Core(
        settings=settings,
        database=Database(settings),
        languages=known,
        wording=wording,
        crisis=crisis.load(settings.content / "crisis"),
        answers=answers_of(settings),
        intakes=Intakes(questionnaire, known),
        summaries=Summaries(questionnaire, wording),
    )


def warm(core: Core) -> None:
    """Read what the first newcomers would wait seconds for: word lists of the offered languages, the towns' answers."""
    try:
        for language in core.languages.offered:
            extract.extract("2 a", language.tag, now().date())
        with core.database.reading() as session:
            for municipality_id in session.scalars(select(Municipality.id)):
                core.answers.index(session, municipality_id)
    except Exception as error:  # the first newcomer waits then, or meets the cause
        log.warning("not warm", cause=f"{type(error).__name__}: {error}".splitlines()[0])


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
