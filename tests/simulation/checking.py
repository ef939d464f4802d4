"""Is what is stored what was told? Read from the database, as the case worker's page and the next session would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases.summary import Line, Summary
from lotse.core import Core
from lotse.storage.tables import Case, Conversation, Intake
from tests.simulation.diary import Kind, Person, Problem
from tests.simulation.newcomer import Newcomer
from tests.simulation.oracle import Oracle
from tests.simulation.telling import Told
from tests.simulation.worlds import conversation_of

PAGE = "de"  # language of the case worker's page


def check(core: Core, newcomer: Newcomer) -> list[Problem]:
    """Everything that differs between what one newcomer told and what is stored of the conversation."""
    conversation_id = conversation_of(core, newcomer.name)
    with core.database.reading() as session:
        if conversation_id is None:
            return [Problem("lost", "", "the conversation is not stored")]
        conversation = session.get_one(Conversation, conversation_id)
        query = select(Intake).where(Intake.conversation_id == conversation.id)
        intakes = list(session.scalars(query.order_by(Intake.started_at, Intake.id)))
        people = newcomer.people
        if len(intakes) != len(people):
            kind: Kind = "lost" if len(intakes) < len(people) else "invented"
            return [Problem(kind, "", f"{len(intakes)} intakes are stored, of {len(people)} people")]
        found: list[Problem] = []
        for person, intake in zip(people, intakes):
            found += _responses(person, intake)
            found += _state(person, intake)
            if person.sent is not None:
                found += _page(core, session, newcomer.oracle, person, intake)
        return found


def _responses(person: Person, intake: Intake) -> Iterator[Problem]:
    stored = {response.question: (response.value, response.words) for response in intake.responses}
    stored |= {key: (value, None) for key, value in (intake.gate or {}).items()}
    for key, told in person.told.items():
        if key not in stored:
            yield Problem("lost", key, f"told {told.value!r}, nothing is stored")
            continue
        value, words = stored[key]
        if not any(same(value, each) for each in told.values):
            kind: Kind = "lost" if value is None else "invented" if told.value is None else "wrong"
            yield Problem(kind, key, f"told {told.value!r} ({told.words!r}), stored {value!r}")
        elif key not in ("age", "agreement") and (words or "").strip() != (told.words or "").strip() and value is not None:
            yield Problem("wrong", key, f"typed {told.words!r}, stored as words {words!r}")
    for key, (value, _words) in stored.items():
        if key not in person.told:
            yield Problem("invented", key, f"never told, stored {value!r}")


def _state(person: Person, intake: Intake) -> Iterator[Problem]:
    if intake.status != person.status:
        yield Problem("wrong", "", f"the intake is {intake.status}, not {person.status}")
    if intake.sent != person.times_sent:
        yield Problem("wrong", "", f"sent {intake.sent} times, not {person.times_sent}")
    agreed = {consent.purpose for consent in intake.consents}
    if ("guide_reads" in agreed) != person.has_agreed:
        yield Problem("wrong", "agreement", f"agreements kept: {sorted(agreed)}")


def _page(core: Core, session: Session, oracle: Oracle, person: Person, intake: Intake) -> Iterator[Problem]:
    """The case worker's page shows what was sent, no more and no less."""
    case = session.scalar(select(Case).where(Case.intake_id == intake.id))
    if case is None:
        yield Problem("lost", "", "sent, but there is no case")
        return
    summary = core.summaries.of(case, PAGE)
    sent = person.sent or {}
    values = {key: told.value for key, told in sent.items()}
    expected = {question.key for question in oracle.relevant(values) if question.summary and values.get(question.key) is not None}
    lines = {line.question: line for line in _lines(summary)}
    for key in sorted(expected - lines.keys()):
        yield Problem("lost", key, "sent, but not on the case worker's page")
    for key in sorted(lines.keys() - expected):
        yield Problem("invented", key, f"on the case worker's page, but not sent: {lines[key].value!r}")
    for key in sorted(expected & lines.keys()):
        yield from _line(oracle, key, sent[key], lines[key], intake)


def _lines(summary: Summary) -> Iterator[Line]:
    for section in summary.sections:
        yield from (line for line in section.lines if not line.suggestion)


def _line(oracle: Oracle, key: str, told: Told, line: Line, intake: Intake) -> Iterator[Problem]:
    question = oracle.questionnaire.question(key)
    labels = oracle.questionnaire.words_of(question, PAGE).choices
    if question.type == "date" or question.listed:
        return
    fits = any(
        all(str(labels.get(str(item), item)).replace("{municipality}", oracle.town.name) in line.value for item in _items(value))
        for value in told.values
    )
    if not fits:
        yield Problem("wrong", key, f"the case worker's page says {line.value!r} for {told.value!r}")
    if not question.gate and (line.original or "").strip() != (told.words or "").strip():
        yield Problem("wrong", key, f"the case worker's page quotes {line.original!r}, typed was {told.words!r}")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def same(stored: Any, told: Any) -> bool:
    """Whether two values are the same; of several choices the order does not matter."""
    if isinstance(stored, list) and isinstance(told, list):
        return sorted(map(str, stored)) == sorted(map(str, told))
    return type(stored) is type(told) and bool(stored == told)
