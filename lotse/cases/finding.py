"""Finding cases in the queue by what newcomers told, which lies encrypted: by the name to call, and by a chosen theme.

Compared are keyed hashes (`case_mark`), made anew with every sending. A name is found by each of its words; one in another
script also by its sound in Latin letters, as staff would type it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from lotse.answers.terms import sound_of
from lotse.intake.questionnaire import Questionnaire
from lotse.intake.runs import sent
from lotse.languages.words import script_of
from lotse.normalise import words
from lotse.storage.crypto import digest
from lotse.storage.tables import Case, CaseMark, now

NAME, THEME = "name", "theme"
THEMES = ("needs", "interests")  # questions whose choices are themes
SHORTEST_SOUND = 2  # consonants
FILLED_AT_ONCE = 200
MOST_WORDS = 5  # nobody is called by more
MOST_NAMED = 2000  # cases in which a word of a name is looked for

Mark = tuple[str, str]  # kind and value


def marks_of(told: Mapping[str, Any]) -> set[Mark]:
    """By what a case is found: the words of the name, and the themes that were chosen."""
    found: set[Mark] = set()
    for word in words(str(told.get("call_name") or "")):
        found.add((NAME, word))
        sound = sound_of(word) if script_of(word) != "latin" else ""
        if len(sound) >= SHORTEST_SOUND:
            found.add((NAME, f"~{sound}"))
    for question in THEMES:
        chosen = told.get(question)
        found |= {(THEME, f"{question}.{choice}") for choice in chosen} if isinstance(chosen, list) else set()
    return found


def themes(questionnaire: Questionnaire) -> list[str]:
    """The themes that can be chosen, such as `needs.home`."""
    questions = [questionnaire.question(name) for name in THEMES if questionnaire.has(name)]
    return [f"{question.name}.{choice}" for question in questions for choice in question.choices]


def keep(session: Session, case: Case) -> None:
    """Keep by what a case is found, in place of what was kept before: what was sent last."""
    told = {key: response.value for key, response in sent(case.intake).items()} if case.intake is not None else {}
    forget(session, case)
    for kind, value in marks_of(told):
        session.add(CaseMark(case_id=case.id, digest=digest_of(case.municipality_id, kind, value)))
    case.marked_at = now()
    session.flush()


def forget(session: Session, case: Case) -> None:
    """A case is not found by what was told any more: that was withdrawn."""
    session.execute(delete(CaseMark).where(CaseMark.case_id == case.id))


def fill(session: Session, limit: int = FILLED_AT_ONCE) -> int:
    """Keep the marks of some cases that came before marks were kept; how many there were. To be called until it is none."""
    wanted = select(Case).where(Case.marked_at.is_(None), Case.kind == "intake").order_by(Case.id).limit(limit)
    found = session.scalars(wanted).all()
    for case in found:
        keep(session, case)
    return len(found)


def named(session: Session, towns: Iterable[str], name: str) -> set[str]:
    """Ids of the cases whose name to call has each of these words, however it is written; of a very common one some."""
    here = list(towns)
    found: set[str] | None = None
    for word in words(name)[:MOST_WORDS]:
        marked = select(CaseMark.case_id).where(CaseMark.digest.in_(_digests(here, NAME, _forms(word)))).limit(MOST_NAMED)
        cases = set(session.scalars(marked))
        found = cases if found is None else found & cases
    return found or set()


def with_theme(towns: Iterable[str], theme: str) -> ColumnElement[bool]:
    """Condition for the cases with a theme of `themes`."""
    return Case.id.in_(select(CaseMark.case_id).where(CaseMark.digest.in_(_digests(towns, THEME, [theme]))))


def _forms(word: str) -> list[str]:
    """A word as it is written; one in Latin letters also by its sound, under which only other scripts are kept."""
    sound = sound_of(word) if script_of(word) == "latin" else ""
    return [word, f"~{sound}"] if len(sound) >= SHORTEST_SOUND else [word]


def _digests(towns: Iterable[str], kind: str, values: list[str]) -> list[str]:
    return [digest_of(town, kind, value) for town in towns for value in values]


def digest_of(town: str, kind: str, value: str) -> str:
    """The keyed hash of a mark in a town."""
    # with the town: nobody can tell that two towns know the same person
    return digest("\0".join(("mark", kind, town, value)))
