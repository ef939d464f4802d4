"""Versions of answers: what is kept when, what two of them differ in, and what comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lotse.answers import editing, versions
from lotse.answers.editing import Form, TextForm
from lotse.answers.versions import GONE, NEW, SAME, compared, differences
from lotse.storage.tables import Answer, AnswerVersion, Staff
from tests.unit.test_editing import FORM, with_text
from tests.unit.test_integreat import answer_of, english, german, imported, page


@pytest.fixture
def author(session: Session) -> str:
    staff = Staff(login="author@musterstadt.example", name="Anna Muster", password_hash="-")
    session.add(staff)
    session.flush()
    return staff.id


@pytest.fixture
def doctor(session: Session) -> Answer:
    return session.scalars(select(Answer).where(Answer.source_id == "doctor")).one()


def kept(session: Session, answer: Answer) -> list[tuple[int, str]]:
    return [(each.number, each.origin) for each in versions.of(session, answer.id)]


def publish(session: Session, answer: Answer, form: Form, author: str) -> None:
    editing.save_draft(session, answer, form, author)
    editing.publish(session, answer, author)


def test_each_publication_is_a_version(session: Session, author: str, doctor: Answer) -> None:
    stored = editing.form_of(doctor, None)
    assert kept(session, doctor) == [(1, "filled")]
    publish(session, doctor, replace(stored, owner="A"), author)
    editing.publish(session, doctor, author)
    assert kept(session, doctor) == [(2, "published"), (1, "filled")], "what is the same as before is no version"
    newest = versions.newest(session, doctor.id)
    assert newest is not None
    assert (newest.staff_id, versions.form_in(newest).owner) == (author, "A")
    editing.save_draft(session, doctor, replace(stored, owner="B"), author)
    assert versions.count(session, doctor.id) == 2, "a draft is no version"


def test_what_was_before_versions_is_not_lost(session: Session, author: str, doctor: Answer) -> None:
    session.execute(delete(AnswerVersion))
    stored = editing.form_of(doctor, None)
    publish(session, doctor, replace(stored, owner="A"), author)
    assert kept(session, doctor) == [(2, "published"), (1, "earlier")]
    first = versions.find(session, doctor.id, 1)
    assert first is not None
    assert versions.form_in(first) == stored


def test_a_version_comes_back_as_a_draft(session: Session, author: str, doctor: Answer) -> None:
    stored = editing.form_of(doctor, None)
    publish(session, doctor, replace(stored, owner="A", texts={"de": stored.texts["de"]}, valid_until="2030-01-01"), author)
    first = versions.find(session, doctor.id, 1)
    assert first is not None
    editing.save_draft(session, doctor, editing.tidy(versions.form_in(first)), author)
    assert (doctor.owner, [text.language for text in doctor.texts]) == ("A", ["de"])
    editing.publish(session, doctor, author)
    session.expire_all()
    after = editing.form_of(doctor, None)
    assert (after.owner, set(after.texts), after.valid_until) == (stored.owner, set(stored.texts), "")
    assert kept(session, doctor)[0] == (3, "published")


def test_an_import_keeps_versions(session: Session) -> None:
    imported(session, german(), english())
    answer = session.scalars(select(Answer).where(Answer.owner == "Musterkreis")).first()
    assert answer is not None
    assert kept(session, answer) == [(1, "imported")]
    imported(session, german(), english())
    assert versions.count(session, answer.id) == 1, "the same again is no version"
    number = int(answer.source_id)
    changed = [{**each, "content": "<p>Ganz neu</p>"} if each["id"] == number else each for each in german()]
    imported(session, changed, english())
    assert kept(session, answer_of(session, str(number))) == [(2, "imported"), (1, "imported")]
    assert page(1, "de", "a", "T")["id"] == 1


def test_erasing_staff_keeps_the_version(session: Session, author: str, doctor: Answer) -> None:
    publish(session, doctor, replace(editing.form_of(doctor, None), owner="A"), author)
    session.delete(session.get_one(Staff, author))
    session.flush()
    session.expire_all()
    newest = versions.newest(session, doctor.id)
    assert newest is not None
    assert newest.staff_id is None


def test_differences_name_field_and_language() -> None:
    after = with_text("uk", text="Кидайте папір у зелений контейнер.", questions=("куди викидати папір", "де контейнер"))
    after = replace(
        after, owner="Stadtwerke", hours={**FORM.hours, "sat": ""}, related=(), texts={**after.texts, "ar": TextForm("ع")}
    )
    found = {(each.field, each.language): each.pieces for each in differences(FORM, after)}
    assert set(found) == {
        ("owner", ""), ("hours.sat", ""), ("related", ""), ("text", "uk"), ("questions", "uk"), ("title", "ar"),
    }  # fmt: skip
    assert found["text", "uk"] == (
        (SAME, "Кидайте папір у "), (GONE, "синій"), (NEW, "зелений"), (SAME, " контейнер."),
    )  # fmt: skip
    assert found["title", "ar"] == ((NEW, "ع"),)
    assert found["related", ""] == ((GONE, "find_flat"),)
    assert differences(FORM, FORM) == []


@given(st.text("ab \n", max_size=60), st.text("ab \n", max_size=60))
@settings(derandomize=True)
def test_pieces_make_both_texts(before: str, after: str) -> None:
    pieces = compared(before, after)
    assert "".join(text for kind, text in pieces if kind != NEW) == before
    assert "".join(text for kind, text in pieces if kind != GONE) == after
    assert all(text for _, text in pieces)
