"""From a question's vector to an answer: search, decision, what is published now, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.answers import AnswerIndex, Answers, Candidate, Decision, decide, service, showing
from lotse.answers.index import PASSAGE_CHARACTERS, Text, passages
from lotse.answers.matching import ANSWER, CHOOSE, DESPITE, MARGIN, OUT_OF_SCOPE
from lotse.embedder import Vector, VectorCache
from lotse.storage.tables import Answer, AnswerText, Municipality
from lotse.wording import Wording
from tests.unit.conftest import OFFERED, BagOfWords, musterstadt

MEANS: dict[str, Vector] = {tag: np.zeros(BagOfWords.size, np.float32) for tag in OFFERED}


def candidates(*scores: float) -> list[Candidate]:
    return [Candidate(f"an_{number}", score) for number, score in enumerate(scores)]


HIGH, CLOSE, MIDDLE, LOW = ANSWER + 0.1, ANSWER + 0.1 - MARGIN / 2, (ANSWER + CHOOSE) / 2, CHOOSE - 0.01


@pytest.mark.parametrize(
    ("scores", "out_of_scope", "kind", "shown"),
    [
        ((), 0.0, "unknown", 0),
        ((LOW,), 0.0, "unknown", 0),
        ((LOW, LOW, LOW), 0.0, "unknown", 0),
        ((HIGH,), 0.0, "answer", 1),
        ((HIGH, LOW), 0.0, "answer", 1),
        ((HIGH, MIDDLE), 0.0, "answer", 1),
        ((HIGH, CLOSE), 0.0, "choose", 2),
        ((HIGH, CLOSE, LOW), 0.0, "choose", 2),
        ((HIGH, CLOSE, MIDDLE), 0.0, "choose", 3),
        ((HIGH, CLOSE, CLOSE, CLOSE, CLOSE), 0.0, "choose", 3),
        ((MIDDLE,), 0.0, "choose", 1),
        ((MIDDLE, MIDDLE), 0.0, "choose", 2),
        ((ANSWER,), 0.0, "answer", 1),
        ((CHOOSE,), 0.0, "choose", 1),
        # out of scope, unless it is very similar to an answer
        ((HIGH,), OUT_OF_SCOPE, "unknown", 0),
        ((HIGH,), OUT_OF_SCOPE - 0.01, "answer", 1),
        ((MIDDLE, MIDDLE), 0.9, "unknown", 0),
        ((ANSWER + DESPITE + 0.01,), 0.99, "answer", 1),
    ],
)
def test_decide(scores: tuple[float, ...], out_of_scope: float, kind: str, shown: int) -> None:
    found = candidates(*scores)
    assert decide(found, out_of_scope) == Decision(kind, tuple(found[:shown]))


@pytest.fixture(scope="module")
def open_cache(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], VectorCache]:
    file = tmp_path_factory.mktemp("cache") / "vectors.sqlite"
    return lambda: VectorCache(file, BagOfWords())


@pytest.fixture
def cache(open_cache: Callable[[], VectorCache]) -> Iterator[VectorCache]:
    opened = open_cache()
    yield opened
    opened.close()


TEXTS = [
    Text(
        "doctor", "de", "Zum Arzt gehen", "Rufen Sie 116117 an.\n\nDie Praxis hilft.", ("wo finde ich einen Arzt", "Kinderarzt")
    ),
    Text("doctor", "uk", "Піти до лікаря", "Телефонуйте 116117.", ("де знайти лікаря", "дитячий лікар")),
    Text("flat", "de", "Wohnung finden", "Fragen Sie nach einem Schein.", ("Wohnung mieten", "günstige Wohnung")),
    Text("flat", "ar", "البحث عن شقة", "اسأل في البلدية.", ("أين أجد شقة", "شقة رخيصة")),
    Text("bank", "de", "Konto öffnen", "Jede Bank muss ein Konto geben.", ("Konto bei der Bank", "Basiskonto")),
]


@pytest.mark.parametrize(
    ("language", "question", "best"),
    [
        ("de", "Arzt", "doctor"),
        ("uk", "Мені потрібен дитячий лікар", "doctor"),
        ("ar", "بدي شقة رخيصة", "flat"),
        ("de", "ein Konto bei der Bank", "bank"),
        ("tr", "Wohnung mieten", "flat"),  # a language without a mean of its own
    ],
)
def test_search_finds_the_best_first(cache: VectorCache, language: str, question: str, best: str) -> None:
    found = AnswerIndex(TEXTS, cache, MEANS).search(BagOfWords().query(question), language)
    assert found[0].answer_id == best
    assert sorted((candidate.score for candidate in found), reverse=True) == [candidate.score for candidate in found]
    assert len({candidate.answer_id for candidate in found}) == len(found) == 3
    assert all(-1.001 <= candidate.score <= 1.001 for candidate in found)


def test_the_same_words_are_as_similar_as_can_be(cache: VectorCache) -> None:
    index = AnswerIndex(TEXTS, cache, MEANS)
    for text in TEXTS:
        for question in (text.title, *text.questions):
            assert index.search(BagOfWords().query(question), text.language)[0].score == pytest.approx(1.0, abs=1e-3)


def test_search_gives_at_most_what_is_asked_for(cache: VectorCache) -> None:
    index = AnswerIndex(TEXTS, cache, MEANS)
    assert len(index.search(BagOfWords().query("Konto"), "de", most=2)) == 2
    assert AnswerIndex([], cache, MEANS).search(BagOfWords().query("Konto"), "de") == []


def test_a_message_without_words_finds_nothing_good(cache: VectorCache) -> None:
    found = AnswerIndex(TEXTS, cache, MEANS).search(BagOfWords().query("🙂"), "de")
    assert decide(found).kind == "unknown"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ["T"]),
        ("Kurz.", ["T: Kurz."]),
        ("Eins.\n\nZwei.", ["T: Eins.\nZwei."]),
        ("a" * 300 + "\n\n" + "b" * 300, ["T: " + "a" * 300, "T: " + "b" * 300]),
        ("a" * 300 + "\n\n" + "b" * 90 + "\n\n" + "c" * 90, ["T: " + "a" * 300 + "\n" + "b" * 90, "T: " + "c" * 90]),
        ("\n\n  \n\nEins.\n\n\n\n", ["T: Eins."]),
    ],
)
def test_passages(text: str, pieces: list[str]) -> None:
    assert passages("T", text) == pieces


def test_passages_lose_nothing() -> None:
    paragraphs = [f"Абзац {number}: " + "слово " * (number * 7 % 40) for number in range(12)]
    pieces = passages("Заголовок", "\n\n".join(paragraphs))
    assert all(piece.startswith("Заголовок: ") for piece in pieces)
    assert [line for piece in pieces for line in piece.removeprefix("Заголовок: ").split("\n")] == [
        part.strip() for part in paragraphs
    ]
    assert all(len(piece) < PASSAGE_CHARACTERS + 50 for piece in pieces)


# in the database


@pytest.fixture
def answers(open_cache: Callable[[], VectorCache]) -> Answers:
    return Answers(open_cache, MEANS)


def find(answers: Answers, session: Session, town: Municipality, question: str, language: str = "de") -> list[str]:
    found = answers.find(session, town.id, BagOfWords().query(question), language, 0.0)
    by_id = {answer.id: answer.source_id for answer in session.scalars(select(Answer))}
    return [by_id[candidate.answer_id] for candidate in found.candidates]


def change(session: Session, town: Municipality) -> None:
    """What the desk does with every change of an answer."""
    town.content_version += 1
    session.flush()


def answer_of(session: Session, source_id: str) -> Answer:
    return session.scalars(select(Answer).where(Answer.source_id == source_id)).one()


@pytest.mark.parametrize("tag", OFFERED)
def test_every_title_finds_its_answer(session: Session, answers: Answers, tag: str) -> None:
    town = musterstadt(session)
    for text in session.scalars(select(AnswerText).where(AnswerText.language == tag)):
        assert find(answers, session, town, text.title, tag)[0] == text.answer.source_id


@pytest.mark.parametrize(
    ("tag", "fresh"),
    [("uk", "кавовий автомат на вокзалі"), ("ar", "ماكينة القهوة في المحطة"), ("de", "Kaffeeautomat am Bahnhof")],
)
def test_a_changed_answer_is_found_at_once(session: Session, answers: Answers, tag: str, fresh: str) -> None:
    town = musterstadt(session)
    assert find(answers, session, town, fresh, tag)[0] != "clubs"
    text = service.text_in(answer_of(session, "clubs"), tag)
    text.questions = [*text.questions, fresh]
    change(session, town)
    assert find(answers, session, town, fresh, tag)[0] == "clubs"


def test_a_retired_answer_is_gone(session: Session, answers: Answers) -> None:
    town = musterstadt(session)
    doctor = answer_of(session, "doctor")
    assert find(answers, session, town, "Zum Arzt gehen")[0] == "doctor"
    doctor.status = "retired"
    session.flush()
    assert service.get(session, [doctor.id]) == [], "also before the index knows"
    change(session, town)
    assert "doctor" not in find(answers, session, town, "Zum Arzt gehen")


@pytest.mark.parametrize("status", ["draft", "in_review", "retired"])
def test_only_what_is_published_is_searched(session: Session, answers: Answers, status: str) -> None:
    town = musterstadt(session)
    session.add(
        Answer(
            municipality_id=town.id,
            source_id="new",
            topic="waste",
            owner="Amt",
            scope="local",
            source_name="Amt",
            source_url="https://x",
            checked_on=date(2026, 1, 1),
            review_on=date(2026, 7, 1),
            related=[],
            status=status,
            texts=[AnswerText(language="uk", title="сортування пляшок", text="…", questions=[], status="draft")],
        )
    )
    change(session, town)
    assert "new" not in find(answers, session, town, "сортування пляшок", "uk")


def test_towns_do_not_mix(session: Session, answers: Answers) -> None:
    other = Municipality(slug="other", name="Anderstadt", country="NL", time_zone="Europe/Amsterdam", details={})
    session.add(other)
    session.flush()
    assert find(answers, session, other, "Zum Arzt gehen") == []
    assert find(answers, session, musterstadt(session), "Zum Arzt gehen")[0] == "doctor"


def test_get_keeps_the_order_and_leaves_out_unknown(session: Session) -> None:
    ids = [answer_of(session, name).id for name in ("school", "doctor", "clubs")]
    assert [answer.source_id for answer in service.get(session, [ids[2], "an_gone", ids[0], ids[1]])] == [
        "clubs",
        "school",
        "doctor",
    ]
    assert service.get(session, []) == []


def test_vectors_are_made_once(tmp_path: Path) -> None:
    class Counting(BagOfWords):
        asked: list[str]

        def query(self, text: str) -> Vector:
            self.asked.append(text)
            return super().query(text)

    embedder = Counting()
    embedder.asked = []
    for _ in range(2):
        cache = VectorCache(tmp_path / "v.sqlite", embedder)
        vectors = cache.queries(["дім", "بيت", "дім"])
        cache.close()
    assert embedder.asked == ["дім", "بيت"]
    embedder.name = "another model"
    cache = VectorCache(tmp_path / "v.sqlite", embedder)
    cache.queries(["дім"])
    cache.close()
    assert embedder.asked == ["дім", "بيت", "дім"], "vectors of two models must not mix"
    assert np.array_equal(vectors[0], vectors[2])


# shown


def an_answer(*tags: str, place: dict[str, object] | None = None, text: str = "Erstens.\n\nZweitens.") -> Answer:
    return Answer(
        id="an_1",
        source_id="waste",
        topic="waste",
        source_name="Stadt",
        source_url="https://x",
        checked_on=date(2026, 11, 3),
        place=place,
        texts=[AnswerText(language=tag, title=f"Titel {tag}", text=text, questions=[], status="draft") for tag in tags],
    )


@pytest.mark.parametrize(
    ("has", "language", "got"),
    [
        (("de", "en", "uk", "ar"), "uk", "uk"),
        (("de", "en"), "uk", "de"),
        (("en", "ar"), "uk", "en"),
        (("ar", "tr"), "uk", "ar"),
        (("de", "ar"), "ar", "ar"),
    ],
)
def test_text_in(has: tuple[str, ...], language: str, got: str) -> None:
    assert service.text_in(an_answer(*has), language).language == got


@pytest.mark.parametrize(("language", "name"), [("ar", "الألمانية"), ("uk", "німецька"), ("en", "German")])
def test_a_text_in_another_language_says_so(wording: Wording, language: str, name: str) -> None:
    reply = showing.shown(an_answer("de"), language, [])
    first = wording.render(reply.paragraphs[0], language)
    assert name in first
    assert reply.language == "de"
    assert "Titel de" in reply.paragraphs
    assert name not in " ".join(
        wording.render(part, language) for part in showing.shown(an_answer("de", language), language, []).paragraphs
    )


def values_of(reply: object) -> list[tuple[str, str]]:
    return [(button.kind, button.value) for row in reply.rows for button in row]


def test_the_rest_waits_behind_more() -> None:
    short = showing.shown(an_answer("uk"), "uk", [])
    assert "Erstens." in short.paragraphs
    assert "Zweitens." not in short.paragraphs
    assert ("answer", "an_1") in values_of(short)
    whole = showing.shown(an_answer("uk"), "uk", [], whole=True)
    assert "Zweitens." in whole.paragraphs
    assert ("answer", "an_1") not in values_of(whole)
    assert ("answer", "an_1") not in values_of(showing.shown(an_answer("uk", text="Nur eins."), "uk", []))


def test_at_most_two_related_and_three_choices() -> None:
    others = [an_answer("uk") for _ in range(5)]
    for number, other in enumerate(others):
        other.id = f"an_{number + 10}"
    shown = showing.shown(an_answer("uk", text="Nur eins."), "uk", others)
    assert [value for kind, value in values_of(shown) if kind == "answer"] == ["an_10", "an_11"]
    assert [value for _, value in values_of(showing.choice(others, "uk"))] == ["an_10", "an_11", "an_12", showing.NONE]


@pytest.mark.parametrize(
    ("language", "wanted"),
    [("de", ["Mo", "Do", "08:00–16:00"]), ("uk", ["пн", "чт"]), ("ar", ["الاثنين", "الخميس"]), ("en", ["Mon", "Thu"])],
)
def test_place_source_and_date(wording: Wording, language: str, wanted: list[str]) -> None:
    place = {"name": "Bürgerbüro", "address": "Hauptstraße 5", "hours": {"mon-thu": "08:00-16:00", "fri": "08:00-12:00"}}
    text = "\n".join(
        wording.render(part, language) for part in showing.shown(an_answer(language, place=place), language, []).paragraphs
    )
    assert [part for part in [*wanted, "Bürgerbüro", "Hauptstraße 5", "Stadt", "12:00"] if part not in text] == []
    without = an_answer(language, place={"name": "Bürgerbüro", "address": "Hauptstraße 5"})
    assert "Bürgerbüro" in "\n".join(wording.render(part, language) for part in showing.shown(without, language, []).paragraphs)
