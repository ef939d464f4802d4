"""The private questions: each theme under a consent of its own, a no deletes, the guide sees changes at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.channels.web import private_form
from lotse.cases import open_case
from lotse.intake import Intakes, Questionnaire, Questionnaires, private, values
from lotse.intake.asking import Asking
from lotse.intake.links import Links
from lotse.intake.private import Given
from lotse.intake.runs import sent
from lotse.languages import Languages
from lotse.replies import Say, say
from lotse.storage.crypto import Vault
from lotse.storage.tables import (
    CaseEvent,
    Consent,
    ConsentProof,
    ConsentText,
    Conversation,
    Inbound,
    Intake,
    Response,
)
from lotse.turns import Turn, Understanding
from tests.unit.conftest import OFFERED, converse, musterstadt, told_in_full

FAITH = Given({"faith": True}, {"faith": "yes", "faith_which": "церква"}, {"faith_which": "церква"})
QUIET = Given({"take_part": True}, {"take_part": ["breaks", "тиша"]}, {"take_part": "тиша"})


@pytest.fixture
def intake(session: Session) -> Intake:
    """An intake that was agreed to and not sent."""
    _, intake = told_in_full(session, [("age", "27-64", None)], "uk")
    intake.status, intake.sent = "started", 0
    intake.consents.append(Consent(purpose="guide_reads", text_version="1", language="uk"))
    session.flush()
    return intake


def answer(session: Session, questionnaire: Questionnaire, intake: Intake, given: Given, text: str = "text") -> dict[str, str]:
    return dict(private.answer(session, questionnaire, intake, given, lambda purpose: f"{text} {purpose}", "uk"))


def test_themes_follow_the_questionnaire(questionnaire: Questionnaire) -> None:
    found = {theme.purpose: [question.name for question in theme.questions] for theme in private.themes(questionnaire)}
    assert found == {"faith": ["faith", "faith_which"], "take_part": ["take_part"]}


def test_what_is_told_under_a_yes(session: Session, questionnaire: Questionnaire, intake: Intake) -> None:
    assert answer(session, questionnaire, intake, FAITH) == {"faith": "kept", "take_part": "not_kept"}
    assert {"faith": "yes", "faith_which": "церква", "take_part": None}.items() <= values(intake).items()
    (consent,) = [each for each in intake.consents if each.purpose == "faith"]
    kept = session.get_one(ConsentText, consent.text_version)
    assert (kept.text, kept.purpose, kept.language) == ("text faith", "faith", "uk")
    rows = {each.question: each for each in intake.responses}
    assert (rows["faith_which"].words, rows["faith"].words, rows["faith"].inbound_id) == ("церква", None, "")
    assert rows["faith"].confirmed_at is not None
    assert rows["faith"].sent_in is None, "it goes with the whole intake"
    assert "церква" not in str(session.execute(text("SELECT * FROM response")).all())


@pytest.mark.parametrize("agreed", [{}, {"faith": False, "take_part": False}, {"faith": True}])
def test_without_a_yes_and_an_answer_nothing_is_kept(
    session: Session, questionnaire: Questionnaire, intake: Intake, agreed: dict[str, bool]
) -> None:
    told = {} if agreed.get("faith") else {**FAITH.values, **QUIET.values}
    given = Given(agreed, told, {"faith_which": "церква"})
    assert set(answer(session, questionnaire, intake, given).values()) == {"not_kept"}
    asked = {name: values(intake)[name] for name in ("faith", "faith_which", "take_part")}
    assert asked == dict.fromkeys(asked), "asked and declined, so not left to the guide"
    assert [each.purpose for each in intake.consents] == ["guide_reads"]
    assert all(each.words is None for each in intake.responses if each.question in asked)
    assert session.scalars(select(ConsentProof)).all() == []


def test_what_does_not_apply_is_not_kept(session: Session, questionnaire: Questionnaire, intake: Intake) -> None:
    told = Given({"faith": True}, {"faith": "no", "faith_which": "церква"}, {"faith_which": "церква"})
    answer(session, questionnaire, intake, told)
    assert (values(intake)["faith"], values(intake)["faith_which"]) == ("no", None)
    assert [each.words for each in intake.responses if each.question == "faith_which"] == [None]


def test_a_no_after_a_yes_deletes_and_proves(session: Session, questionnaire: Questionnaire, intake: Intake) -> None:
    answer(session, questionnaire, intake, FAITH)
    assert answer(session, questionnaire, intake, Given({"faith": False})) == {"faith": "removed", "take_part": "not_kept"}
    assert session.scalars(select(Response.value).where(Response.question.in_(["faith", "faith_which"]))).all() == [None, None]
    (proof,) = session.scalars(select(ConsentProof)).all()
    assert (proof.purpose, proof.ended_by) == ("faith", "withdrawn")
    assert [each.purpose for each in intake.consents] == ["guide_reads"]


def test_the_last_answers_replace_those_before(session: Session, questionnaire: Questionnaire, intake: Intake) -> None:
    answer(session, questionnaire, intake, FAITH)
    answer(session, questionnaire, intake, Given({"faith": True}, {"faith": "yes", "faith_which": "мечеть"}))
    assert session.scalars(select(Response.value).where(Response.question == "faith_which")).all() == ["мечеть"]
    assert [each.purpose for each in intake.consents] == ["guide_reads", "faith"], "the same text is agreed to once"
    answer(session, questionnaire, intake, FAITH, text="new text")
    assert [each.purpose for each in intake.consents] == ["guide_reads", "faith", "faith"]


def test_after_sending_the_guide_sees_it_at_once(session: Session, questionnaire: Questionnaire) -> None:
    conversation, intake = told_in_full(session, [("age", "27-64", None)], "uk")
    case = open_case(session, conversation, "intake", intake=intake)
    intake.sent = 2
    answer(session, questionnaire, intake, QUIET)
    assert sent(intake)["take_part"].value == ["breaks", "тиша"]
    assert sent(intake)["faith"].value is None
    event = session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id)).one()
    assert (event.kind, event.body) == ("amended", {"version": 2, "questions": ["take_part"]})
    answer(session, questionnaire, intake, Given({}))
    assert sent(intake)["take_part"].value is None
    assert len(session.scalars(select(CaseEvent)).all()) == 2
    answer(session, questionnaire, intake, Given({}))
    assert len(session.scalars(select(CaseEvent)).all()) == 2, "nothing changed, nothing to note"


def test_a_condition_on_what_was_told_before(session: Session, questionnaire: Questionnaire, intake: Intake) -> None:
    """What depends on answers of the page is shown there; what depends on others only if it applies."""
    only_adults = tuple(
        replace(question, relevant="${age} = '65+'") if question.name == "take_part" else question
        for question in questionnaire.questions
    )
    changed = replace(questionnaire, questions=only_adults)
    assert [theme.purpose for theme in private.to_ask(changed, intake)] == ["faith"]
    assert [question.name for question in private.to_ask(changed, intake)[0].questions] == ["faith", "faith_which"]
    assert answer(session, changed, intake, QUIET)["take_part"] == "not_kept", "it does not apply, whatever a form says"


# the chat goes on


def turn(session: Session, conversation: Conversation, press: dict[str, str]) -> Turn:
    inbound = Inbound(conversation_id=conversation.id, external_id=f"p{press['value']}", body={"press": press})
    session.add(inbound)
    session.flush()
    return Turn(session, conversation, musterstadt(session), inbound, Understanding(None))


def until_private(
    session: Session, questionnaires: Questionnaires, vault: Vault, known: Languages
) -> tuple[Intakes, Conversation]:
    """An intake in which the private questions are what is asked now."""
    intakes = Intakes(questionnaires, known, lambda country: [], links=Links(vault, "https://lotse.example"))
    conversation, _ = converse(session)
    begun = intakes.begin(Turn(session, conversation, musterstadt(session), Inbound(), Understanding(None)))
    begun.gate = None
    while (question := intakes.open_question(session, conversation)) is not None and question.type != "private":
        begun.responses.append(Response(question=question.key, value=None, language="uk", inbound_id=""))
        session.flush()
    assert question is not None
    return intakes, conversation


@pytest.mark.parametrize(("state", "key"), [("given", "intake.saved_private"), ("declined", "intake.private_declined")])
def test_the_page_answers_the_question_that_leads_to_it(
    session: Session, questionnaires: Questionnaires, vault: Vault, known: Languages, state: str, key: str
) -> None:
    intakes, conversation = until_private(session, questionnaires, vault, known)
    pressed = turn(session, conversation, {"kind": "control", "value": state, "about": "private", "message": ""})
    taken = intakes.take(pressed)
    assert taken.taken
    assert taken.before[0] == say(key)
    (reply,) = intakes.ask(pressed, taken, interrupted=False, offers=[])
    assert reply.paragraphs[0] == say(key)
    question = intakes.open_question(session, conversation)
    assert question is not None
    assert question.name == "contact_how"


def test_no_other_question_is_answered_by_a_page(
    session: Session, questionnaires: Questionnaires, vault: Vault, known: Languages
) -> None:
    intakes, conversation = until_private(session, questionnaires, vault, known)
    first = turn(session, conversation, {"kind": "control", "value": "given", "about": "private", "message": ""})
    intakes.take(first)
    late = turn(session, conversation, {"kind": "control", "value": "declined", "about": "private", "message": ""})
    assert intakes.take(late).before == [say("intake.old_button")]


def test_closing_notes_the_outcome_once(session: Session, questionnaire: Questionnaire, intake: Intake) -> None:
    for state in ("given", "given", "declined"):
        private.close(questionnaire, intake, state, "uk")  # type: ignore[arg-type]
    assert [each.value for each in intake.responses if each.question == "private"] == ["given", "declined"]


# the form


@pytest.fixture
def asking(session: Session, questionnaire: Questionnaire) -> Asking:
    return Asking(questionnaire, "en", musterstadt(session), "telegram")


def read(questionnaire: Questionnaire, asking: Asking, *pairs: tuple[str, str]) -> private_form.Read:
    return private_form.read(private.themes(questionnaire), list(pairs), asking, "en")


def test_a_form_is_read(questionnaire: Questionnaire, asking: Asking) -> None:
    form = read(
        questionnaire,
        asking,
        ("agree.faith", "yes"),
        ("faith", "yes"),
        ("faith_which.own", "  a church\u202e\r\nin town "),
        ("agree.take_part", "yes"),
        ("take_part", "breaks"),
        ("take_part", "step_free"),
        ("take_part", "<script>"),
        ("take_part.own", "a seat at the front"),
    )
    assert form.problems == {}
    assert form.given == Given(
        {"faith": True, "take_part": True},
        {"faith": "yes", "faith_which": "a church\nin town", "take_part": ["breaks", "step_free", "a seat at the front"]},
        {"faith_which": "a church\nin town", "take_part": "a seat at the front"},
    )


def test_answers_without_yes_or_no_are_asked_back(questionnaire: Questionnaire, asking: Asking) -> None:
    form = read(questionnaire, asking, ("take_part", "breaks"))
    assert form.problems == {"agree.take_part": say("my.private.choose")}
    (_, part) = private_form.shown(private.themes(questionnaire), asking, "en", form)
    assert (part.agreed, part.problem) == (None, say("my.private.choose"))
    assert [choice.value for choice in part.fields[0].choices if choice.chosen] == ["breaks"], "nothing typed is lost"


def test_a_no_counts_whatever_else_is_filled_in(questionnaire: Questionnaire, asking: Asking) -> None:
    form = read(questionnaire, asking, ("agree.take_part", "no"), ("take_part", "breaks"), ("take_part.own", "x"))
    assert form.problems == {}
    assert form.given.agreed == {"take_part": False}
    assert "take_part" not in form.given.values
    assert form.given.words == {}


@pytest.mark.parametrize("pairs", [[], [("agree.faith", "maybe")], [("agree.unknown", "yes")], [("faith", "later")]])
def test_an_empty_or_made_up_form(questionnaire: Questionnaire, asking: Asking, pairs: list[tuple[str, str]]) -> None:
    form = read(questionnaire, asking, *pairs)
    assert form.given.agreed == {}
    assert form.problems == {}
    assert not any(form.given.values.values())


def test_a_form_shows_what_depends_on_what(questionnaire: Questionnaire, asking: Asking) -> None:
    faith, take_part = private_form.shown(private.themes(questionnaire), asking, "en")
    assert [(field.key, field.kind) for field in (*faith.fields, *take_part.fields)] == [
        ("faith", "one"), ("faith_which", "text"), ("take_part", "several")
    ]  # fmt: skip
    assert [choice.value for choice in faith.fields[0].choices if choice.opens] == ["yes"]
    assert faith.fields[1].only_if == say("my.private.only_if", choice="Yes", short="Faith community")
    assert faith.fields[0].only_if is None
    assert (faith.agreed, faith.fields[0].own, take_part.fields[0].own) == (None, None, "")
    assert not any(choice.chosen for part in (faith, take_part) for field in part.fields for choice in field.choices)


def one(questionnaire: Questionnaire, **changed: Any) -> Questionnaire:
    """The questionnaire with `take_part` asked in another way."""
    return replace(
        questionnaire,
        questions=tuple(replace(each, **changed) if each.name == "take_part" else each for each in questionnaire.questions),
    )


@pytest.mark.parametrize(
    ("changed", "pairs", "value", "problem"),
    [
        ({"type": "integer", "choices": (), "min": 1, "max": 9}, [("take_part.own", " ٣ ")], 3, None),
        ({"type": "integer", "choices": (), "min": 1, "max": 9}, [("take_part.own", "")], None, None),
        ({"type": "integer", "choices": ()}, [("take_part.own", "three")], None, say("my.private.number")),
        (
            {"type": "integer", "choices": (), "min": 1, "max": 9},
            [("take_part.own", "12")],
            None,
            say("intake.out_of_range", least=1, most=9),
        ),
        ({"type": "date", "choices": ()}, [("take_part.own", "2027-01-15")], "2027-01-15", None),
        ({"type": "select_one", "choices": (), "listed": "countries"}, [("take_part", "UA")], "UA", None),
        ({"type": "select_one", "choices": (), "listed": "countries"}, [("take_part", "Ukraine")], None, None),
        ({"max": 1}, [("take_part", "breaks"), ("take_part", "step_free")], None, say("intake.too_many", count=1)),
        ({"exclusive": ("breaks",)}, [("take_part", "step_free"), ("take_part", "breaks")], ["breaks"], None),
    ],
)
def test_every_type_of_question(
    questionnaire: Questionnaire, asking: Asking, changed: dict[str, Any], pairs: list[tuple[str, str]], value: Any, problem: Say
) -> None:
    form = read(one(questionnaire, **changed), asking, ("agree.take_part", "yes"), *pairs)
    assert form.problems.get("take_part") == problem
    if problem is None:
        assert form.given.values["take_part"] == value


@pytest.mark.parametrize("tag", OFFERED)
def test_the_page_has_words_in_every_language(session: Session, questionnaire: Questionnaire, tag: str) -> None:
    parts = private_form.shown(private.themes(questionnaire), Asking(questionnaire, tag, musterstadt(session)), tag)
    for part in parts:
        assert part.text
        assert all(field.label and field.why and all(choice.label for choice in field.choices) for field in part.fields)
