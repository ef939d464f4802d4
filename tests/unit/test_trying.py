"""Trying a question: why an answer fits, and that a draft is found as it will be when it is published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.answers import Answers, editing
from lotse.answers.service import Changed
from lotse.embedder import VectorCache
from lotse.storage.tables import Answer, Staff
from tests.unit.conftest import BagOfWords, musterstadt
from tests.unit.test_answers import EVEN, GLOSSARY, MEANS, TEXTS, asked, index_of
from tests.unit.test_editing import FORM


@pytest.fixture(scope="module")
def open_cache(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], VectorCache]:
    file = tmp_path_factory.mktemp("cache") / "vectors.sqlite"
    return lambda: VectorCache(file, BagOfWords())


@pytest.fixture
def answers(open_cache: Callable[[], VectorCache]) -> Answers:
    return Answers(open_cache, GLOSSARY, EVEN, MEANS, wait=60)


def test_why_an_answer_fits(open_cache: Callable[[], VectorCache]) -> None:
    cache = open_cache()
    index = index_of(TEXTS, cache)
    reasons = index.reasons(asked("was kostet ein Kinderarzt in Alfdorf", "de"), "doctor")
    assert reasons.asked is not None
    assert (reasons.asked.language, reasons.asked.words) == ("de", "Kinderarzt")
    assert reasons.passage is not None
    assert 0 < reasons.asked.closeness <= 1
    assert reasons.concepts == (("kinderarzt", "doctor"),), "the price is not what this answer is about"
    assert reasons.names == ()
    bank = index.reasons(asked("Банк в Альфдорф", "uk"), "bank")
    assert bank.names == ("банк", "альфдорф"), "as they were typed, though they are found by their sound"
    assert bank.concepts == ()
    cache.close()


def test_a_phrase_that_names_a_concept_is_told_whole(open_cache: Callable[[], VectorCache]) -> None:
    cache = open_cache()
    price = replace(TEXTS[2], answer_id="price", title="Was kostet die Wohnung")
    reasons = index_of([*TEXTS, price], cache).reasons(asked("Was kostet eine Wohnung", "de"), "price")
    assert {concept: words for words, concept in reasons.concepts} == {"price": "was kostet", "flat": "wohnung"}
    cache.close()


def test_a_draft_is_found_as_when_it_is_published(session: Session, answers: Answers) -> None:
    staff = Staff(login="author@musterstadt.example", name="Anna Muster", password_hash="-")
    session.add(staff)
    session.flush()
    town = musterstadt(session)
    question = asked("in welche Tonne gehört Altpapier", "de")
    answer = editing.create(session, town, FORM, staff.id)
    before = answers.tried(session, town.id, question, 0.0)
    changed = Changed(answer.id, FORM.topic, editing.texts_of(FORM, answer.id))
    drafted = answers.tried(session, town.id, question, 0.0, changed)
    again = answers.tried(session, town.id, question, 0.0)
    assert again.found == before.found, "nothing of it stays"
    assert answer.id not in [each.answer_id for each in before.found.candidates]
    assert drafted.found.candidates[0].answer_id == answer.id
    editing.publish(session, answer, staff.id)
    assert answers.tried(session, town.id, question, 0.0).found == drafted.found
    # a change of an answer that is published takes its place
    doctor = session.scalars(select(Answer).where(Answer.source_id == "doctor")).one()
    form = replace(editing.form_of(doctor, None), texts={"de": replace(FORM.texts["de"], title="Altpapier in die Tonne")})
    drafted = answers.tried(session, town.id, question, 0.0, Changed(doctor.id, form.topic, editing.texts_of(form, doctor.id)))
    editing.save_draft(session, doctor, form, staff.id)
    editing.publish(session, doctor, staff.id)
    assert answers.tried(session, town.id, question, 0.0).found == drafted.found
    assert len(drafted.reasons) == len(drafted.found.candidates)
