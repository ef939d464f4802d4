"""The form of the private questions: what it shows, and what was sent with it. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.channels.web.forms import Pairs
from lotse.cleaning import clean
from lotse.intake import relevance
from lotse.intake.asking import Asking, country_names, language_names
from lotse.intake.private import Given, Theme
from lotse.intake.questionnaire import Question
from lotse.normalise import normalise
from lotse.replies import Say, say

LONGEST = 2_000  # characters of own words
AGREES, OWN = "agree.", ".own"  # before a theme's purpose, after a question's key: names of fields


@dataclass(frozen=True)
class Choice:
    """One choice of a question; `opens`: another question on the page applies only if it is chosen."""

    value: str
    label: str
    chosen: bool
    opens: bool


@dataclass(frozen=True)
class Field:
    """A question as the page shows it. `kind`: one, several, listed, number, date, text."""

    key: str
    kind: str
    label: str
    why: str
    choices: list[Choice]
    own: str | None  # own words; None where none are asked for
    only_if: Say | None
    problem: Say | None


@dataclass(frozen=True)
class Part:
    """A theme as the page shows it."""

    purpose: str
    short: str
    text: str
    agreed: bool | None
    fields: list[Field]
    problem: Say | None


@dataclass(frozen=True)
class Read:
    """A form that was read: what it says, as it was filled in, and what to say about its fields (by their names)."""

    given: Given
    filled: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Mapping[str, Say] = field(default_factory=dict)


EMPTY = Read(Given({}))


def read(themes: Sequence[Theme], pairs: Pairs, asking: Asking, language: str) -> Read:
    """What a form says; only choices that the page has shown count."""
    filled: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        filled[name].append(value)
    agreed: dict[str, bool] = {}
    values: dict[str, Any] = {}
    words: dict[str, str] = {}
    problems: dict[str, Say] = {}
    for theme in themes:
        said = filled.get(AGREES + theme.purpose, [""])[-1]
        if said in ("yes", "no"):
            agreed[theme.purpose] = said == "yes"
        if said == "no":
            continue
        for question in theme.questions:
            problem = _read_into(question, filled, values, words, asking, language)
            if problem is not None:
                problems[question.key] = problem
        if not said and any(values.get(question.key) is not None for question in theme.questions):
            problems[AGREES + theme.purpose] = say("my.private.choose")
    return Read(Given(agreed, values, words), dict(filled), problems)


def shown(themes: Sequence[Theme], asking: Asking, language: str, form: Read = EMPTY) -> list[Part]:
    """The page's parts, filled in as the form was sent."""
    everything = [question for theme in themes for question in theme.questions]
    return [
        Part(
            purpose=theme.purpose,
            short=asking.short(theme.questions[0]),
            text=asking.consent(theme.purpose),
            agreed=form.given.agreed.get(theme.purpose),
            fields=[_field(question, everything, asking, language, form) for question in theme.questions],
            problem=form.problems.get(AGREES + theme.purpose),
        )
        for theme in themes
    ]


def _read_into(
    question: Question,
    filled: Mapping[str, Sequence[str]],
    values: dict[str, Any],
    words: dict[str, str],
    asking: Asking,
    language: str,
) -> Say | None:
    """Read one question; returns what to say about it where it is filled in wrongly."""
    sent = filled.get(question.key, [])
    own = clean((filled.get(question.key + OWN) or [""])[-1])[:LONGEST]
    choices = [value for value, _ in _choices(question, asking, language)]
    chosen = [value for value in choices if value in sent]
    match _kind(question):
        case "several":
            alone = [value for value in chosen if value in question.exclusive]
            several = alone[:1] or [*chosen, *([own] if question.other and own else [])]
            values[question.key] = several or None
            if question.max and len(several) > question.max:
                return say("intake.too_many", count=question.max)
        case "text":
            values[question.key] = own or None
        case "number":
            return _read_number(question, own, values)
        case "date":
            values[question.key] = own or next(iter(chosen), None)
        case _:
            values[question.key] = next(iter(chosen), None)
    if own and values[question.key] is not None:
        words[question.key] = own
    return None


def _read_number(question: Question, typed: str, values: dict[str, Any]) -> Say | None:
    values[question.key] = None
    digits = normalise(typed)
    if not digits:
        return None
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        return say("my.private.number")
    number = int(digits)
    if (question.min is not None and number < question.min) or (question.max is not None and number > question.max):
        return say("intake.out_of_range", least=question.min, most=question.max)
    values[question.key] = number
    return None


def _field(question: Question, everything: Sequence[Question], asking: Asking, language: str, form: Read) -> Field:
    sent = form.filled.get(question.key, [])
    opening = {value for other in everything for value in relevance.compared(other.relevant or "", question.name)}
    kind = _kind(question)
    takes_words = kind in ("text", "number", "date") or (kind == "several" and question.other)
    return Field(
        key=question.key,
        kind=kind,
        label=asking.label(question),
        why=asking.why(question),
        choices=[Choice(value, label, value in sent, value in opening) for value, label in _choices(question, asking, language)],
        own=(form.filled.get(question.key + OWN) or [""])[-1] if takes_words else None,
        only_if=_only_if(question, everything, asking),
        problem=form.problems.get(question.key),
    )


def _only_if(question: Question, everything: Sequence[Question], asking: Asking) -> Say | None:
    """In words, on what answer of this page a question depends; the condition itself is evaluated when the form is sent."""
    for other in everything:
        wanted = sorted(relevance.compared(question.relevant or "", other.name))
        if wanted:
            return say("my.private.only_if", choice=asking.choice(other, wanted[0]), short=asking.short(other))
    return None


def _kind(question: Question) -> str:
    match question.type:
        case "select_multiple":
            return "several"
        case "select_one":
            return "listed" if question.listed else "one"
        case "integer":
            return "number"
        case "date":
            return "date"
    return "text"


def _choices(question: Question, asking: Asking, language: str) -> list[tuple[str, str]]:
    """Values and labels; of a list that is not written down all, by name."""
    if question.listed and question.type == "select_one":
        names = country_names(language) if question.listed == "countries" else language_names(language)
        return sorted(names.items(), key=lambda item: item[1])
    return [(choice, asking.choice(question, choice)) for choice in question.choices]
