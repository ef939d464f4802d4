"""Which question comes next, which came before, and when a question applies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotse.intake import Questionnaire, relevance
from lotse.intake.flow import asked_questions, next_question, previous_question, progress, relevant_questions
from lotse.intake.questionnaire import Question


def possible(question: Question) -> list[Any]:
    """Values that a response to a question can have, skipped among them."""
    if question.type == "integer":
        return [None, question.min, question.max, 1]
    if question.type == "select_multiple":
        return [None, list(question.choices), list(question.choices[-1:]), [question.choices[0], "own words"], ["own words"]]
    return [None, *question.choices] if question.choices else [None, "", "мета на рік"]


@st.composite
def some_responses(draw: st.DrawFn, questionnaire: Questionnaire) -> tuple[dict[str, Any], dict[str, Any]]:
    """Responses to any subset of the questions, and those that the newcomer would give to all."""
    everything = {
        question.entry(number).key: draw(st.sampled_from(possible(question)))
        for question in questionnaire.questions
        for number in (range(1, questionnaire.repeats[question.repeat].max + 1) if question.repeat else (0,))
    }
    return {name: value for name, value in everything.items() if draw(st.booleans())}, everything


def answers_in_order(questionnaire: Questionnaire, until: str) -> dict[str, Any]:
    """A response to every question before `until`; no children, one job."""
    responses: dict[str, Any] = {}
    while (question := next_question(questionnaire, responses)) is not None:
        if question.key == until:
            return responses
        responses[question.key] = 0 if question.type == "integer" else "x"
    raise AssertionError(f"no question {until}")


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_next_question_applies_and_waits(questionnaire: Questionnaire, data: st.DataObject) -> None:
    responses, everything = data.draw(some_responses(questionnaire))
    asked = []
    while (question := next_question(questionnaire, responses)) is not None:
        applying = list(relevant_questions(questionnaire, responses))
        assert question.key not in responses
        assert question in applying
        assert not question.sensitive
        assert all(other.key in responses for other in applying[: applying.index(question)] if not other.sensitive), (
            "out of order"
        )
        asked.append(question.key)
        responses[question.key] = everything[question.key]
        assert len(asked) <= len(everything), "never ends"
    assert len(asked) == len(set(asked))
    assert {question.key for question in asked_questions(questionnaire, responses)} <= set(responses)


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_previous_question_can_be_answered_again(questionnaire: Questionnaire, data: st.DataObject) -> None:
    responses, _ = data.draw(some_responses(questionnaire))
    applying = list(asked_questions(questionnaire, responses))
    current = data.draw(st.sampled_from(applying))
    previous = previous_question(questionnaire, responses, current.key)
    between = applying[: applying.index(current)]
    if previous is not None:
        assert previous in between
        assert previous.key in responses
        assert not previous.gate
        between = between[between.index(previous) + 1 :]
    assert not [question.key for question in between if question.key in responses and not question.gate]


def test_skipped_is_answered(questionnaire: Questionnaire) -> None:
    responses = answers_in_order(questionnaire, "call_name")
    assert next_question(questionnaire, responses).name == "call_name"
    assert next_question(questionnaire, {**responses, "call_name": None}).name == "gender"


def test_the_revisited_question_comes_first(questionnaire: Questionnaire) -> None:
    responses = answers_in_order(questionnaire, "interests")
    assert next_question(questionnaire, responses, "needs").name == "needs"
    assert next_question(questionnaire, responses, "child_age.1").name == "interests", "does not apply without children"


def test_back_skips_what_does_not_apply(questionnaire: Questionnaire) -> None:
    childless = {**answers_in_order(questionnaire, "housing"), "child_age.1": 5, "children": 0}
    assert previous_question(questionnaire, childless, "housing").name == "children"
    assert previous_question(questionnaire, {**childless, "children": 2}, "housing").key == "child_age.1"


def test_back_does_not_reach_the_agreement(questionnaire: Questionnaire) -> None:
    responses = answers_in_order(questionnaire, "town")
    assert set(responses) == {"age", "agreement"}
    assert previous_question(questionnaire, responses, "town") is None


@pytest.mark.parametrize(("children", "follows"), [(0, "housing"), (None, "housing"), (1, "child_age.1"), (3, "child_age.1")])
def test_ages_only_where_there_are_children(questionnaire: Questionnaire, children: int | None, follows: str) -> None:
    responses = {**answers_in_order(questionnaire, "children"), "children": children}
    assert next_question(questionnaire, responses).key == follows


def test_a_group_is_asked_for_each_entry(questionnaire: Questionnaire) -> None:
    responses = {**answers_in_order(questionnaire, "children"), "children": 2}
    asked = []
    while (question := next_question(questionnaire, responses)).section == "home" and question.name != "housing":
        asked.append(question.key)
        responses[question.key] = 3
    assert asked == ["child_age.1", "child_age.2", "childcare"]
    fewer = {**responses, "children": 1}
    assert [each.key for each in relevant_questions(questionnaire, fewer) if each.repeat == "child"] == ["child_age.1"]


def test_another_job_only_on_a_yes_and_at_most_three(questionnaire: Questionnaire) -> None:
    responses = {**answers_in_order(questionnaire, "job.1"), "job.1": "baker", "job_years.1": 2}
    assert next_question(questionnaire, responses).key == "job_more.1"
    assert next_question(questionnaire, {**responses, "job_more.1": "no"}).name == "skills"
    three = responses | {"job_more.1": "yes", "job.2": "cook", "job_years.2": 1, "job_more.2": "yes", "job.3": "x"}
    assert next_question(questionnaire, three).key == "job_years.3"
    assert next_question(questionnaire, {**three, "job_years.3": 1}).name == "skills", "nothing more is asked after the last"
    none = {**responses, "job.1": "none_yet"}
    assert next_question(questionnaire, none).name == "skills"
    changed = {**three, "job_more.1": "no"}
    assert [each.key for each in relevant_questions(questionnaire, changed) if each.repeat == "jobs"] == [
        "job.1", "job_years.1", "job_more.1",
    ]  # fmt: skip


def test_progress_counts_sections(questionnaire: Questionnaire) -> None:
    total = len(questionnaire.sections)
    shown = [progress(questionnaire, question) for question in questionnaire.questions]
    assert shown[0] == (1, total)
    assert shown[-1] == (total, total)
    assert [number for number, _ in shown] == sorted(number for number, _ in shown)
    assert {number for number, _ in shown} == set(range(1, total + 1))


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        # comparison of numbers; a response that is missing compares to nothing
        ("${n} > 0", {"n": 2}, True),
        ("${n} > 0", {"n": 0}, False),
        ("${n} > 0", {}, False),
        ("${n} > 0", {"n": None}, False),
        ("${n} < 5", {}, False),
        ("${n} >= 1 and ${n} <= 3", {"n": 3}, True),
        ("${n} >= 1 and ${n} <= 3", {"n": 4}, False),
        ("0 < ${n}", {"n": 2}, True),
        ("0 < ${n}", {}, False),
        ("${n} > ${m}", {"n": 2, "m": 1}, True),
        ("${n} > ${m}", {"n": 2}, False),
        ("${n} = 0", {"n": 0}, True),
        ("${n} = 0", {}, False),
        # equality of choices and texts
        ("${c} = 'own_flat'", {"c": "own_flat"}, True),
        ("${c} = 'own_flat'", {"c": "shelter"}, False),
        ("${c} = 'own_flat'", {}, False),
        ("${c} = ''", {}, True),
        ("${c} = ''", {"c": None}, True),
        ("${c} != ''", {"c": "їжа"}, True),
        ("${c} = 'так'", {"c": "так"}, True),
        ("${c} = 'نعم'", {"c": "نعم"}, True),
        # selected()
        ("selected(${s}, 'work')", {"s": ["home", "work"]}, True),
        ("selected(${s}, 'work')", {"s": ["homework"]}, False),
        ("selected(${s}, 'work')", {"s": "work"}, True),
        ("selected(${s}, 'work')", {"s": None}, False),
        ("selected(${s}, 'work')", {}, False),
        ("selected( ${s} , '65+' )", {"s": ["65+"]}, True),
        ("selected(${s}, 'work')", {"s": ["other", "no work permit"]}, False),  # own words choose nothing
        ("${s} != ''", {"s": ["chess with neighbours"]}, True),  # ... but something was told
        # and, or, not
        ("selected(${s}, 'work') and ${n} > 0", {"s": ["work"], "n": 1}, True),
        ("selected(${s}, 'work') and ${n} > 0", {"s": ["work"]}, False),
        ("selected(${s}, 'work') or ${n} > 0", {"n": 1}, True),
        ("selected(${s}, 'work') or ${n} > 0", {}, False),
        ("not(selected(${s}, 'work'))", {}, True),
        ("not(${n} > 0)", {}, True),
        ("not(${n} > 0) and (${c} = 'a' or ${c} = 'b')", {"n": 0, "c": "b"}, True),
        ("not(${n} > 0) and (${c} = 'a' or ${c} = 'b')", {"n": 0, "c": "c"}, False),
    ],
)
def test_relevance(expression: str, values: dict[str, Any], expected: bool) -> None:
    assert relevance.holds(expression, values) is expected


@pytest.mark.parametrize("expression", ["", "((", "${n} >", "${n} == 1", "unknown(${n})", "${n} > 0 &&  ${m} > 0", "not ${n}"])
def test_an_expression_that_is_none(expression: str) -> None:
    with pytest.raises(ValueError):
        relevance.holds(expression, {"n": 1, "m": 1})


def test_an_expression_cannot_read_files() -> None:
    with pytest.raises(ValueError, match="doc"):
        relevance.holds("doc('file:///etc/passwd')", {})


def test_names_of_an_expression() -> None:
    assert relevance.names("selected(${needs}, 'work') and not(${children} > 0) or ${needs} = ''") == {"needs", "children"}
    assert relevance.names("true()") == set()
