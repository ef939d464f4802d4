"""The page that a case worker reads: everything that was said, in their language, and nothing else."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lotse.cases import case_of_intake, find, open_case
from lotse.cases.service import ALPHABET
from lotse.cases.summary import STAFF_LANGUAGES, Summaries
from lotse.intake import Questionnaire, Questionnaires
from lotse.intake.asking import Asking
from lotse.replies import say
from lotse.storage.tables import Case, Consent, Response
from lotse.wording import Wording
from tests.unit.conftest import converse, told_in_full

GOAL = "Хочу вивчити німецьку і працювати медсестрою"
TOLD: list[tuple[str, Any, str | None]] = [
    ("age", "27-64", None),
    ("agreement", "yes", None),
    ("town", "this_town", "тут"),
    ("call_name", "Олена", "Олена"),
    ("needs", ["home", "work", "садок для двох"], "житло, робота і садок для двох"),
    ("wish_year", GOAL, GOAL),
    ("interests", ["music"], None),
    ("visit_group", None, None),
    ("languages", ["uk", "ku"], "українська, курдська"),
    ("local_language", "words", None),
    ("school_years", 11, "одинадцять"),
    ("children", 2, None),
    ("child_age.1", 4, "4 і 7"),
    ("child_age.2", 7, "4 і 7"),
    ("housing", "no_place", "ніде"),
]


@pytest.fixture
def case(session: Session) -> Case:
    """A submitted intake, told in Ukrainian, with skipped and unasked questions."""
    given_at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # after midnight in the town
    conversation, intake = told_in_full(session, TOLD, "uk", given_at)
    intake.consents.append(Consent(purpose="guide_reads", text_version="2026-11", language="uk", given_at=given_at))
    session.flush()
    return open_case(session, conversation, "intake", intake=intake)


@pytest.fixture(scope="session")
def summaries(questionnaires: Questionnaires, wording: Wording) -> Summaries:
    return Summaries(questionnaires, wording)


def page(summaries: Summaries, case: Case, language: str) -> str:
    return summaries.as_markdown(summaries.of(case, language))


@pytest.mark.parametrize("language", STAFF_LANGUAGES)
def test_labels_in_the_pages_language_and_words_as_they_were(
    questionnaire: Questionnaire, summaries: Summaries, case: Case, language: str
) -> None:
    text = page(summaries, case, language)
    asking = Asking(questionnaire, language, case.municipality)
    for name, value, words in TOLD:
        question = questionnaire.question(name)
        if question.summary and value is not None:
            described = questionnaire.words_of(question, language)
            assert f"**{asking.short(question)}:**" in text
            if words:
                assert words in text
            chosen = [value] if isinstance(value, str) else value if isinstance(value, list) else []
            for choice in set(chosen) & set(described.choices) - {"this_town"}:
                assert described.choices[choice] in text
    assert case.reference in text
    assert "Musterstadt" in text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("de", ["Ukrainisch", "Kurdisch", "Original", "Wohnung", "Arbeit", "Nicht beantwortet"]),
        ("en", ["Ukrainian", "Kurdish", "home", "work"]),
        ("nl", ["Oekraïens", "Koerdisch", "origineel", "Niet beantwoord", "Voor het eerste gesprek"]),
    ],
)
def test_some_words_of_each_page(summaries: Summaries, case: Case, language: str, told: list[str]) -> None:
    text = page(summaries, case, language)
    assert [word for word in told if word.lower() not in text.lower()] == []


@pytest.mark.parametrize("language", STAFF_LANGUAGES)
def test_gaps_are_named(questionnaire: Questionnaire, wording: Wording, summaries: Summaries, case: Case, language: str) -> None:
    summary = summaries.of(case, language)
    asking = Asking(questionnaire, language, case.municipality)
    open_questions = [
        "gender", "urgent", "interests_more", "visit_group", "people_known", "literacy", "course", "training", "job.1",
        "skills", "job_wish", "tools", "adults", "childcare", "home_matters", "contact_how", "contact",
    ]  # fmt: skip
    names = [asking.short(questionnaire.question(name)) for name in open_questions]
    left = [asking.short(questionnaire.question(name)) for name in ("faith", "take_part")]
    assert summary.gaps == [*names, *(wording.render(say("summary.left_to_guide", short=name), language) for name in left)]
    assert len(summary.questions) == len(names), "what is sensitive is not asked for"
    text = summaries.as_markdown(summary)
    assert f"## {wording.render(say('summary.gaps'), language)}" in text
    assert [gap for gap in summary.gaps if gap not in text] == []
    given = len([name for name, value, _ in TOLD if value is not None and questionnaire.question(name).summary])
    assert str(given) in summary.completeness
    assert str(given + len(open_questions) + len(left)) in summary.completeness


@pytest.mark.parametrize("language", STAFF_LANGUAGES)
def test_what_does_not_apply_is_no_gap(questionnaire: Questionnaire, summaries: Summaries, case: Case, language: str) -> None:
    ages = questionnaire.words_of(questionnaire.question("child_age"), language).short
    case.intake.responses = [response for response in case.intake.responses if not response.question.startswith("child")]
    assert [gap for gap in summaries.of(case, language).gaps if gap.startswith(ages)] == []
    assert ages not in page(summaries, case, language)


def test_the_last_response_counts(summaries: Summaries, case: Case, session: Session) -> None:
    for value, words in (("own_flat", "квартира"), ("shelter", "гуртожиток")):
        case.intake.responses.append(
            Response(question="housing", value=value, words=words, language="uk", inbound_id="m", sent_in=1)
        )
    session.flush()
    text = page(summaries, case, "de")
    assert "гуртожиток" in text
    assert "квартира" not in text
    assert "ніде" not in text


def test_no_place_to_sleep_is_told_first(summaries: Summaries, case: Case) -> None:
    sections = {section.name: [line.question for line in section.lines] for section in summaries.of(case, "de").sections}
    assert sections["urgent"] == ["housing"]
    case.intake.responses = [response for response in case.intake.responses if response.question != "housing"]
    assert "urgent" not in {section.name for section in summaries.of(case, "de").sections}


@pytest.mark.parametrize("language", STAFF_LANGUAGES)
def test_nothing_is_scored(wording: Wording, summaries: Summaries, case: Case, language: str) -> None:
    summary = summaries.of(case, language)

    def names(part: Any) -> set[str]:
        if isinstance(part, dict):
            return set(part) | {name for value in part.values() for name in names(value)}
        return {name for item in part for name in names(item)} if isinstance(part, list | tuple) else set()

    forbidden = {"score", "rank", "ranking", "priority", "risk", "urgency", "rating", "probability", "confidence"}
    assert names(summary.as_json()) & forbidden == set()
    footer = wording.render(say("summary.footer"), language)
    text = summaries.as_markdown(summary)
    assert footer in text
    rest = text.replace(footer, "").lower()
    assert [word for word in ("score", "punkte", "ranking", "%", "priorit") if word in rest] == []


def test_the_page_is_json(summaries: Summaries, case: Case) -> None:
    data = json.loads(json.dumps(summaries.of(case, "de").as_json()))
    assert data["reference"] == case.reference
    assert data["newcomer_language"] == "Ukrainisch"
    line = next(line for section in data["sections"] for line in section["lines"] if line["question"] == "wish_year")
    assert (line["original"], line["original_language"]) == (GOAL, "Ukrainisch")
    assert line["given_at"] == "2026-11-21", "the date is the town's, not that of UTC"
    assert len(data["consents"]) == 1
    assert "2026-11-21 00:30" in data["consents"][0]


ATTACKS = [
    "<script>alert(1)</script>",
    "**fett** _kursiv_ `code`",
    "[hier](http://evil.example) ![x](http://evil.example/x.png)",
    "gut\n\n## Gemeldet\n\n- erfunden",
    "a | b | c",
    "C:\\temp \\*",
    "&lt;b&gt; &amp;",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_newcomers_words_change_nothing_on_the_page(summaries: Summaries, case: Case, session: Session, attack: str) -> None:
    ordinary = page(summaries, case, "de")
    for name, value in (("call_name", attack), ("wish_year", attack), ("needs", ["home", attack])):
        case.intake.responses.append(Response(question=name, value=value, words=attack, language="uk", inbound_id="", sent_in=1))
    session.flush()
    attacked = page(summaries, case, "de")
    escape = re.compile(r"\\[\\`*_\[\]<>#|&]")
    assert escape.search(attacked), "the attack is not on the page"
    for sign in "<>`[]|#*_&\\":
        assert escape.sub("", attacked).count(sign) <= escape.sub("", ordinary).count(sign), f"{sign} reaches the page as typed"
    assert len(attacked.splitlines()) == len(ordinary.splitlines())


@pytest.mark.parametrize("language", STAFF_LANGUAGES)
def test_a_wish_to_talk_to_a_person(wording: Wording, session: Session, summaries: Summaries, language: str) -> None:
    conversation, _ = converse(session, language="ar")
    contact = open_case(session, conversation, "contact", topic="أريد <b>موعدًا</b>")
    text = page(summaries, contact, language)
    assert wording.render(say("summary.kind.contact"), language) in text
    assert "أريد \\<b\\>موعدًا\\</b\\>" in text
    assert wording.render(say("summary.gaps"), language) not in text, "nothing was asked"


def test_references(session: Session, case: Case) -> None:
    assert re.fullmatch(f"M-[{ALPHABET}]{{4}}", case.reference)
    spoken = case.reference.lower()
    assert find(session, spoken) is case
    assert find(session, f" {spoken.replace('-', ' ')} ") is case
    assert find(session, "M-0000") is None
    assert case_of_intake(session, case.intake) is case
    assert not set(ALPHABET) & set("0O1IL5S8BAEU")
