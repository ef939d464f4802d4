"""Validity and review: outside its days the bot shows no answer, without a restart; drafts wait for a publisher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.answers import Answers, editing, service
from lotse.answers.editing import Conflict, check, state_of
from lotse.embedder import VectorCache
from lotse.storage.tables import Answer, Staff
from tests.unit.conftest import BagOfWords, musterstadt
from tests.unit.test_answers import EVEN, GLOSSARY, MEANS, find
from tests.unit.test_editing import FORM

BEFORE, BEGIN, END, AFTER = date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 24), date(2026, 12, 25)


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 30, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def open_cache(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], VectorCache]:
    file: Path = tmp_path_factory.mktemp("cache") / "vectors.sqlite"
    return lambda: VectorCache(file, BagOfWords())


@pytest.fixture
def answers(open_cache: Callable[[], VectorCache], clock: Clock) -> Answers:
    return Answers(open_cache, GLOSSARY, EVEN, MEANS, wait=60, clock=clock)


@pytest.fixture
def author(session: Session) -> str:
    staff = Staff(login="author@musterstadt.example", name="Anna Muster", password_hash="-")
    session.add(staff)
    session.flush()
    return staff.id


@pytest.fixture
def doctor(session: Session) -> Answer:
    return session.scalars(select(Answer).where(Answer.source_id == "doctor")).one()


def limit(session: Session, answer: Answer, author: str, begin: date | None, end: date | None) -> None:
    form = editing.form_of(answer, None)
    days = {"valid_from": begin.isoformat() if begin else "", "valid_until": end.isoformat() if end else ""}
    editing.save_draft(session, answer, replace(form, **days), author)
    editing.publish(session, answer, author)


def test_the_bot_follows_the_days_without_a_restart(
    session: Session, answers: Answers, clock: Clock, author: str, doctor: Answer
) -> None:
    town, question = musterstadt(session), "Zum Arzt gehen"
    assert find(answers, session, town, question)[0] == "doctor"
    limit(session, doctor, author, BEGIN, END)
    seen = {}
    # midnight in the town is 23:00 in UTC
    for moment in ("2026-11-30T22:59", "2026-11-30T23:00", "2026-12-24T22:59", "2026-12-24T23:00"):
        clock.moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        seen[moment] = find(answers, session, town, question)[0] == "doctor"
        assert bool(service.get(session, [doctor.id], clock.moment)) == seen[moment]
    assert list(seen.values()) == [False, True, True, False]


def test_an_index_is_not_made_anew_while_nothing_changes(
    session: Session, answers: Answers, clock: Clock, author: str, doctor: Answer
) -> None:
    limit(session, doctor, author, None, END)
    town = musterstadt(session)
    first = answers.index(session, town.id)
    clock.moment = datetime(2026, 12, 24, 12, tzinfo=UTC)
    assert answers.index(session, town.id) is first
    clock.moment = datetime(2026, 12, 25, 12, tzinfo=UTC)
    assert answers.index(session, town.id) is not first


@pytest.mark.parametrize(
    ("begin", "end", "today", "state"),
    [
        (None, None, BEFORE, "published"),
        (BEGIN, END, BEFORE, "upcoming"),
        (BEGIN, END, BEGIN, "published"),
        (BEGIN, END, END, "published"),
        (BEGIN, END, AFTER, "expired"),
        (None, END, AFTER, "expired"),
        (BEGIN, None, AFTER, "published"),
    ],
)
def test_states(
    session: Session, author: str, doctor: Answer, begin: date | None, end: date | None, today: date, state: str
) -> None:
    limit(session, doctor, author, begin, end)
    assert state_of(doctor, None, today) == state
    assert service.is_valid(doctor, today) == (state == "published")
    editing.retire(session, doctor)
    assert state_of(doctor, None, today) == "retired"


def test_days_are_checked() -> None:
    assert check(replace(FORM, valid_from="2026-12-01", valid_until="2026-12-01")) == []
    wrong = check(replace(FORM, valid_from="bald", valid_until="2026-13-01"))
    assert [(each.field, each.key) for each in wrong] == [
        ("valid_from", "answers.problem.date"),
        ("valid_until", "answers.problem.date"),
    ]
    [late] = check(replace(FORM, valid_from="2026-12-02", valid_until="2026-12-01"))
    assert (late.field, late.key) == ("valid_until", "answers.problem.valid_order")


# review


def test_a_draft_waits_for_a_publisher(session: Session, author: str) -> None:
    answer = editing.create(session, musterstadt(session), FORM, author)
    draft = editing.draft_of(session, answer)
    assert draft is not None
    opened = editing.version(answer, draft)
    editing.ask_review(session, answer, opened)
    assert state_of(answer, draft, BEFORE) == "in_review"
    with pytest.raises(Conflict):
        editing.publish(session, answer, author, opened)
    editing.give_back(session, answer, "  Bitte kürzer.\u202e ", editing.version(answer, draft))
    assert (state_of(answer, draft, BEFORE), draft.remark) == ("draft", "Bitte kürzer.")
    editing.ask_review(session, answer)
    assert draft.remark is None
    editing.save_draft(session, answer, replace(FORM, owner="A"), author)
    assert state_of(answer, draft, BEFORE) == "draft", "what is saved later was not asked for"
    editing.ask_review(session, answer)
    editing.publish(session, answer, author)
    assert state_of(answer, editing.draft_of(session, answer), BEFORE) == "published"


def test_a_published_answer_stays_in_use_while_its_change_waits(session: Session, author: str, doctor: Answer) -> None:
    stored = editing.form_of(doctor, None)
    editing.save_draft(session, doctor, replace(stored, owner="A"), author)
    editing.ask_review(session, doctor)
    assert state_of(doctor, editing.draft_of(session, doctor), BEFORE) == "published"
    assert [each.id for each in service.get(session, [doctor.id])] == [doctor.id]


def test_asking_without_a_draft_does_nothing(session: Session, doctor: Answer) -> None:
    editing.ask_review(session, doctor)
    editing.give_back(session, doctor, "x")
    assert editing.draft_of(session, doctor) is None
