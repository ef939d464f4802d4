"""Which question comes next: a pure function of the questionnaire and the responses so far.

Resume, back and correct need no state of their own; they come from replaying the responses. Responses map a question's
key to its value, None where skipped; beside them stand the values that the town gives (`Questionnaire.given`).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

from lotse.intake import relevance
from lotse.intake.questionnaire import Question, Questionnaire, Repeat


def relevant_questions(questionnaire: Questionnaire, responses: Mapping[str, Any]) -> Iterator[Question]:
    """The questions that apply, in order; those of a repeated group once for each entry."""
    done: set[str] = set()
    for question in questionnaire.questions:
        if question.repeat is None:
            if _applies(question, responses):
                yield question
        elif question.repeat not in done:
            done.add(question.repeat)
            yield from _entries(questionnaire, questionnaire.repeats[question.repeat], responses)


def _entries(questionnaire: Questionnaire, repeat: Repeat, responses: Mapping[str, Any]) -> Iterator[Question]:
    inside = [question for question in questionnaire.questions if question.repeat == repeat.name]
    for number in range(1, entries(repeat, responses, inside[-1]) + 1):
        own = {question.name: responses.get(question.entry(number).key) for question in inside}
        told: Mapping[str, Any] = ChainMap(own, dict(responses))
        for question in inside:
            if _applies(question, told) and not (question.more and number == repeat.max):
                yield question.entry(number)


def entries(repeat: Repeat, responses: Mapping[str, Any], last: Question) -> int:
    """How many entries a group has: what its count says, else one more than its last question was affirmed."""
    if repeat.count is not None:
        counted = responses.get(repeat.count[2:-1])
        return min(int(counted), repeat.max) if isinstance(counted, int) else 0
    number = 1
    while number < repeat.max and responses.get(last.entry(number).key) == "yes":
        number += 1
    return number


def _applies(question: Question, responses: Mapping[str, Any]) -> bool:
    return question.relevant is None or relevance.holds(question.relevant, responses)


def asked_questions(questionnaire: Questionnaire, responses: Mapping[str, Any]) -> Iterator[Question]:
    """The questions that apply and are asked in the chat: sensitive ones have a page of their own."""
    return (question for question in relevant_questions(questionnaire, responses) if not question.sensitive)


def next_question(questionnaire: Questionnaire, responses: Mapping[str, Any], revisited: str | None = None) -> Question | None:
    """The question to ask: one that the newcomer went back to, else the first without a response; None at the end."""
    first: Question | None = None
    for question in asked_questions(questionnaire, responses):
        if question.key == revisited:
            return question
        if first is None and question.key not in responses:
            first = question
            if revisited is None:
                break
    return first


def previous_question(questionnaire: Questionnaire, responses: Mapping[str, Any], current: str) -> Question | None:
    """The last question before the current one that can be answered again; gates are past."""
    before: Question | None = None
    for question in asked_questions(questionnaire, responses):
        if question.key == current:
            return before
        if question.key in responses and not question.gate:
            before = question
    return before


def unanswered(questionnaire: Questionnaire, responses: Mapping[str, Any], section: str | None = None) -> int:
    """How many questions have no response yet, in a section or in all; conditions hold as far as they are known now."""
    return sum(
        question.key not in responses
        for question in asked_questions(questionnaire, responses)
        if section is None or question.section == section
    )


def progress(questionnaire: Questionnaire, question: Question) -> tuple[int, int]:
    """Number of the question's section and of all sections, as in "2 of 7"."""
    return questionnaire.sections.index(question.section) + 1, len(questionnaire.sections)
