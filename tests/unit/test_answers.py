"""From a question's vector to an answer: search, decision, what is published now, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.answers import (
    AnswerIndex,
    Answers,
    Candidate,
    Decision,
    Found,
    Question,
    decide,
    match,
    ranking,
    service,
    showing,
    terms,
)
from lotse.answers.bm25 import Bm25
from lotse.answers.glossary import Glossary
from lotse.answers.index import EVIDENCE, LONG_PARAGRAPH, Text, pieces
from lotse.answers.matching import ANSWER, CHOOSE
from lotse.answers.ranking import SURENESS, Ranking
from lotse.embedder import Vector, VectorCache
from lotse.normalise import words as normalised
from lotse.replies import Reply
from lotse.storage.tables import Answer, AnswerText, Municipality
from lotse.wording import Wording
from tests.unit.conftest import OFFERED, BagOfWords, musterstadt

MEANS: dict[str, Vector] = {tag: np.zeros(BagOfWords.size, np.float32) for tag in OFFERED}
CONCEPTS = {
    "de": {"doctor": ["arzt", "ärzte*", "*arzt"], "flat": ["*wohnung*"], "price": ["was kostet", "preis*"]},
    "uk": {"doctor": ["лікар*"], "flat": ["квартир*", "житл*"]},
    "ar": {"doctor": ["طبيب", "دكتور"], "flat": ["شقة", "سكن"]},
    "tr": {"doctor": ["doktor*"], "flat": ["ev", "daire*"]},
}
GLOSSARY = Glossary.of(CONCEPTS)
EVEN = Ranking(
    evidence=dict.fromkeys(EVIDENCE, 1.0),
    first={**dict.fromkeys(SURENESS, 0.0), "best": 1.0, "lead": 1.0, "out_of_scope": -0.2, "constant": -1.5},
    three={**dict.fromkeys(SURENESS, 0.0), "best": 1.0, "out_of_scope": -0.2, "constant": -1.0},
    concepts={},
)


def candidates(count: int) -> list[Candidate]:
    return [Candidate(f"an_{number}", 0.5) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "first", "three", "kind", "shown"),
    [
        (0, 0.9, 0.9, "unknown", 0),
        (1, ANSWER, 0.9, "answer", 1),
        (3, 0.99, 0.99, "answer", 1),
        (3, ANSWER - 0.01, 0.9, "choose", 3),
        (2, 0.1, CHOOSE, "choose", 2),
        (3, 0.1, CHOOSE - 0.01, "unknown", 0),
    ],
)
def test_decide(count: int, first: float, three: float, kind: str, shown: int) -> None:
    found = candidates(count)
    assert decide(found, first, three) == Decision(kind, tuple(found[:shown]))


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
    Text("bank", "de", "Konto öffnen", "Jede Bank muss ein Konto geben. Auch die Sparkasse in Alfdorf.", ("Konto bei der Bank",)),
]


def index_of(texts: list[Text], cache: VectorCache, before: AnswerIndex | None = None) -> AnswerIndex:
    return AnswerIndex(texts, cache, MEANS, GLOSSARY, {}, before)


def asked(text: str, language: str) -> Question:
    return Question(text, language, BagOfWords().query(text))


def best(index: AnswerIndex, text: str, language: str) -> list[str]:
    return [candidate.answer_id for candidate in match(index, EVEN, asked(text, language), 0.0).candidates]


@pytest.mark.parametrize(
    ("language", "question", "first"),
    [
        ("de", "Arzt", "doctor"),
        ("uk", "Мені потрібен дитячий лікар", "doctor"),
        ("ar", "بدي شقة رخيصة", "flat"),
        ("de", "ein Konto bei der Bank", "bank"),
        ("tr", "Wohnung mieten", "flat"),  # a language without a mean of its own
    ],
)
def test_the_best_comes_first(cache: VectorCache, language: str, question: str, first: str) -> None:
    found = match(index_of(TEXTS, cache), EVEN, asked(question, language), 0.0).candidates
    assert found[0].answer_id == first
    assert sorted((candidate.score for candidate in found), reverse=True) == [candidate.score for candidate in found]
    assert len({candidate.answer_id for candidate in found}) == len(found) == 3
    assert all(0 <= candidate.score <= 1 for candidate in found)


@pytest.mark.parametrize(
    ("language", "question", "first"),
    [
        ("tr", "doktora gitmem lazım", "doctor"),  # no Turkish text: only the concept is shared
        ("ar", "عندي موعد عند الطبيب", "doctor"),
        ("uk", "шукаю житло", "flat"),
        ("ar", "وين Sparkasse", "bank"),  # a Latin word in an Arabic question
        ("uk", "що є в Альфдорфі", "bank"),  # a German name as it sounds
        ("uk", "номер 116117", "doctor"),
    ],
)
def test_words_find_where_the_meaning_does_not(cache: VectorCache, language: str, question: str, first: str) -> None:
    assert best(index_of(TEXTS, cache), question, language)[0] == first


def test_evidence_lies_between_none_and_all(cache: VectorCache) -> None:
    index = index_of(TEXTS, cache)
    for text in TEXTS:
        for typed in (text.title, *text.questions):
            evidence = dict(zip(EVIDENCE, index.evidence(asked(typed, text.language)).rows[index.answers.index(text.answer_id)]))
            assert evidence["meaning_asked"] == pytest.approx(1.0, abs=2e-2)
            assert evidence["meaning_passage"] >= evidence["meaning_passages"] >= -1.001
            assert 0 <= evidence["concepts_asked"] <= 1.001


def test_a_town_without_answers_knows_nothing(cache: VectorCache) -> None:
    assert match(index_of([], cache), EVEN, asked("Konto", "de"), 0.0) == Found(Decision("unknown", ()), ())


def test_a_message_without_words_finds_nothing_good(cache: VectorCache) -> None:
    assert match(index_of(TEXTS, cache), ranking.load(), asked("🙂", "de"), 0.0).decision.kind == "unknown"


def test_a_text_that_is_missing_can_have_questions(cache: VectorCache) -> None:
    index = index_of([*TEXTS, Text("bank", "uk", "", "", ("де відкрити рахунок",))], cache)
    assert best(index, "відкрити рахунок", "uk")[0] == "bank"
    assert index.part("bank", "uk", asked("відкрити рахунок", "uk")) == 0


def test_an_index_takes_over_what_it_knows(cache: VectorCache) -> None:
    first = index_of(TEXTS, cache)
    changed = [replace(TEXTS[0], title="Zur Ärztin gehen"), *TEXTS[1:]]
    second, fresh = index_of(changed, cache, first), index_of(changed, cache)
    for text in TEXTS:
        question = asked(text.title, text.language)
        assert np.array_equal(second.evidence(question).rows, fresh.evidence(question).rows)


def test_the_part_that_answers(cache: VectorCache) -> None:
    opening = "Das Bürgerbüro ist von Montag bis Freitag geöffnet. " * 9
    price = "Der Ausweis kostet sechs Euro. Sie zahlen mit Karte. " * 9
    index = index_of([Text("pass", "de", "Ausweis", f"{opening}\n\n{price}")], cache)
    assert index.part("pass", "de", asked("wann ist das Bürgerbüro geöffnet", "de")) == 0
    assert index.part("pass", "de", asked("zahlen Sie mit Karte was kostet der Ausweis", "de")) > 0
    assert index.part("pass", "de", asked("etwas ganz anderes", "de")) == 0
    assert index.part("gone", "de", asked("Ausweis", "de")) == 0


@pytest.mark.parametrize(
    ("words", "language", "found"),
    [
        ("kinderarzt", "de", ["doctor"]),
        ("arztpraxis", "de", []),
        ("sozialwohnungen", "de", ["flat"]),
        ("was kostet ein arzt", "de", ["price", "doctor"]),
        ("kostet was", "de", []),
        ("лікаря", "uk", ["doctor"]),
        ("للطبيب", "ar", ["doctor"]),
        ("لطبيب", "ar", ["doctor"]),
        ("arzt", "uk", []),
        ("arzt", "xx", []),
    ],
)
def test_concepts_of_words(words: str, language: str, found: list[str]) -> None:
    assert [GLOSSARY.names[concept] for concept in GLOSSARY.concepts(normalised(words), [language])] == found


@pytest.mark.parametrize(
    ("words", "same"), [("Backnang", "Бакнанг"), ("Schorndorf", "Шорндорф"), ("Schorndorf", "شورندورف"), ("Rathaus", "راتهاوس")]
)
def test_names_sound_alike_in_every_script(words: str, same: str) -> None:
    assert terms.sound_of(normalised(words)[0]) == terms.sound_of(normalised(same)[0])


def test_bm25_prefers_rare_terms_and_short_documents() -> None:
    documents = [{"a": 1.0, "b": 1.0}, {"a": 1.0}, {"a": 1.0, "b": 1.0, "c": 9.0}]
    index = Bm25(documents)
    assert index.idf("c") > index.idf("b") > index.idf("a") > 0
    scores = index.scores(["b"], share=False)
    assert scores[1] == 0
    assert scores[0] > scores[2] > 0
    assert not Bm25([]).scores(["a"], share=True).size
    assert not index.scores(["unheard"], share=True).any()
    assert Bm25(documents, trust=lambda term: 0.5).idf("c") == pytest.approx(index.idf("c") / 2)


def test_the_learned_weights_are_those_of_the_evidence() -> None:
    learned = ranking.load()
    assert tuple(learned.evidence) == EVIDENCE
    assert all(weight >= 0 for weight in learned.evidence.values()), "nothing that speaks for an answer may count against it"
    assert set(learned.first) == set(learned.three) == set(ranking.SURENESS)
    assert learned.first["out_of_scope"] < 0 < learned.first["best"]
    assert set(ranking.load_means()) >= set(OFFERED)
    assert all(0 <= trust <= 1 for trust in learned.concepts.values())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("Kurz.", ["Kurz."]),
        ("Eins.\n\nZwei.", ["Eins.\n\nZwei."]),
        ("a" * 300 + "\n\n" + "b" * 300, ["a" * 300, "b" * 300]),
        ("a" * 300 + "\n\n" + "b" * 90 + "\n\n" + "c" * 90, ["a" * 300 + "\n\n" + "b" * 90, "c" * 90]),
        ("\n\n  \n\nEins.\n\n\n\n", ["Eins."]),
    ],
)
def test_pieces(text: str, parts: list[str]) -> None:
    assert pieces(text) == parts


def test_pieces_lose_nothing() -> None:
    paragraphs = [f"Абзац {number}: " + "слово. " * (number * 37 % 200) for number in range(12)]
    found = pieces("\n\n".join(paragraphs))
    assert "".join(" ".join(found).split()) == "".join(" ".join(paragraphs).split())
    assert all(len(piece) < LONG_PARAGRAPH for piece in found)


# in the database


@pytest.fixture
def answers(open_cache: Callable[[], VectorCache]) -> Answers:
    return Answers(open_cache, GLOSSARY, EVEN, MEANS, wait=60)


def find(answers: Answers, session: Session, town: Municipality, question: str, language: str = "de") -> list[str]:
    found = answers.find(session, town.id, asked(question, language), 0.0)
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


FIRST, SECOND, THIRD = ("Erstens. " * 40).strip(), ("Zweitens. " * 40).strip(), ("Drittens. " * 40).strip()
LONG = f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


def an_answer(*tags: str, place: dict[str, object] | None = None, text: str = LONG) -> Answer:
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


def buttons_of(reply: Reply) -> list[tuple[str, str, str]]:
    return [(button.kind, button.value, button.about) for row in reply.rows for button in row]


def test_the_rest_waits_behind_more() -> None:
    short = showing.shown(an_answer("uk"), "uk", [])
    assert FIRST in short.paragraphs
    assert SECOND not in short.paragraphs
    assert ("answer", "an_1", "more0") in buttons_of(short)
    assert showing.part_of_press("more0") == (0, True)
    rest = showing.rest(an_answer("uk"), "uk", 0)
    assert [part for part in rest.paragraphs if part in (FIRST, SECOND, THIRD)] == [SECOND, THIRD]
    assert ("answer", "an_1") not in values_of(rest)
    assert ("answer", "an_1") not in values_of(showing.shown(an_answer("uk", text="Nur eins."), "uk", []))


def test_the_fitting_part_first_and_all_behind_more() -> None:
    found = showing.shown(an_answer("uk"), "uk", [], 1)
    assert SECOND in found.paragraphs
    assert FIRST not in found.paragraphs
    assert ("answer", "an_1", "more1") in buttons_of(found)
    whole = showing.rest(an_answer("uk"), "uk", 1)
    assert [part for part in whole.paragraphs if part in (FIRST, SECOND, THIRD)] == [FIRST, SECOND, THIRD]


def test_a_part_that_is_gone_shows_the_first() -> None:
    assert FIRST in showing.shown(an_answer("uk"), "uk", [], 7).paragraphs


@pytest.mark.parametrize(("about", "meant"), [("", (0, False)), ("2", (2, False)), ("more", (0, True)), ("more3", (3, True))])
def test_what_a_press_means(about: str, meant: tuple[int, bool]) -> None:
    assert showing.part_of_press(about) == meant


def test_at_most_two_related_and_three_choices() -> None:
    others = [an_answer("uk") for _ in range(5)]
    for number, other in enumerate(others):
        other.id = f"an_{number + 10}"
    shown = showing.shown(an_answer("uk", text="Nur eins."), "uk", others)
    assert [value for kind, value in values_of(shown) if kind == "answer"] == ["an_10", "an_11"]
    choice = showing.choice([(other, number) for number, other in enumerate(others)], "uk")
    assert buttons_of(choice)[:3] == [("answer", "an_10", ""), ("answer", "an_11", "1"), ("answer", "an_12", "2")]
    assert buttons_of(choice)[3][1] == showing.NONE


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
