"""Which question comes next: a pure function of the questionnaire and the responses so far.

Resume, back and correct need no state of their own; they come from replaying the responses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lotse.intake import relevance
from lotse.intake.questionnaire import Question, Questionnaire


def relevant_questions(questionnaire: Questionnaire, responses: Mapping[str, Any]) -> list[Question]:
    """The questions that apply, in order; responses map a question's name to its value, None where skipped."""
    return [
        question
        for question in questionnaire.questions
        if question.relevant is None or relevance.holds(question.relevant, dict(responses))
    ]


def next_question(questionnaire: Questionnaire, responses: Mapping[str, Any], revisited: str | None = None) -> Question | None:
    """The question to ask: one that the newcomer went back to, else the first without a response; None at the end."""
    questions = relevant_questions(questionnaire, responses)
    for question in questions:
        if question.name == revisited:
            return question
    return next((question for question in questions if question.name not in responses), None)


def previous_question(questionnaire: Questionnaire, responses: Mapping[str, Any], current: str) -> Question | None:
    """The last question before the current one that can be answered again; gates are past."""
    before: Question | None = None
    for question in relevant_questions(questionnaire, responses):
        if question.name == current:
            return before
        if question.name in responses and not question.gate:
            before = question
    return before


def progress(questionnaire: Questionnaire, question: Question) -> tuple[int, int]:
    """Number of the question's section and of all sections, as in "2 of 7"."""
    return questionnaire.sections.index(question.section) + 1, len(questionnaire.sections)
