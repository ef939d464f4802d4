"""An answer as an editor sees it: one form with all its languages, tidied and checked. Pure functions."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from lotse.answers import opening
from lotse.answers.topics import is_slug
from lotse.cleaning import clean
from lotse.normalise import words

SCOPES = ("national", "local", "both")
STATUSES = ("missing", "machine", "draft", "reviewed", "outdated")
LINES = (
    "topic", "owner", "scope", "place_name", "place_address", "source_name", "source_url", "checked_on", "review_on",
    "valid_from", "valid_until",
)  # fmt: skip
LONGEST_TITLE, LONGEST_TEXT, LONGEST_QUESTION, MOST_QUESTIONS = 200, 30_000, 300, 60
LONGEST_NAME, LONGEST_ADDRESS = 200, 2000  # of an owner, a source, a place; of an address on the web

_EMPTY_LINES = re.compile(r"\n[^\S\n]*\n\s*")


@dataclass(frozen=True)
class TextForm:
    """An answer in one language. Without title and text it is `missing`; it may have example questions all the same."""

    title: str = ""
    text: str = ""  # paragraphs with an empty line between; the first one is what answers
    questions: tuple[str, ...] = ()
    status: str = "missing"

    @property
    def is_written(self) -> bool:
        """Whether the bot can show it."""
        return bool(self.title and self.text)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not (self.title or self.text or self.questions)


@dataclass(frozen=True)
class Form:
    """Everything about an answer, as typed: dates and times are texts until they have been checked."""

    topic: str = ""
    owner: str = ""
    scope: str = "local"
    place_name: str = ""
    place_address: str = ""
    hours: dict[str, str] = dataclasses.field(default_factory=dict)  # day -> times
    source_name: str = ""
    source_url: str = ""
    checked_on: str = ""
    review_on: str = ""
    valid_from: str = ""  # the bot shows it from this day on; empty: at once
    valid_until: str = ""  # and until this day; empty: for ever
    related: tuple[str, ...] = ()  # source ids
    texts: dict[str, TextForm] = dataclasses.field(default_factory=dict)  # by language
    asked: tuple[str, ...] = ()  # ids of the unanswered questions that it is to answer


@dataclass(frozen=True)
class Problem:
    """What is wrong in a field: the key of a wording, and what that has to name."""

    field: str
    key: str
    values: dict[str, Any] = dataclasses.field(default_factory=dict)


def to_json(form: Form) -> dict[str, Any]:
    """The form as plain data."""
    return asdict(form)


def from_json(data: dict[str, Any]) -> Form:
    """The form that `to_json` wrote."""
    texts = {tag: TextForm(**{**text, "questions": tuple(text["questions"])}) for tag, text in data["texts"].items()}
    return Form(**{**data, "related": tuple(data["related"]), "asked": tuple(data["asked"]), "texts": texts})


def tidy(form: Form) -> Form:
    """The form without what nobody means to type: control characters, spare spaces and lines, questions that stand twice."""
    typed = {day: _line(form.hours.get(day, "")) for day in opening.DAYS}
    return replace(
        form,
        **{name: _line(getattr(form, name)) for name in LINES},
        hours={day: opening.times(times) or times for day, times in typed.items() if times},
        related=tuple(dict.fromkeys(filter(None, form.related))),
        asked=tuple(dict.fromkeys(filter(None, form.asked))),
        texts={tag: tidied for tag, text in sorted(form.texts.items()) if not (tidied := _tidy_text(text)).is_empty},
    )


def without_doubles(questions: Iterable[str]) -> tuple[str, ...]:
    """The questions in their order, each once; case, signs and spelling variants do not count."""
    seen: dict[str, str] = {}
    for question in questions:
        seen.setdefault(" ".join(words(question)) or question, question)
    return tuple(seen.values())


def check(form: Form) -> list[Problem]:
    """What is wrong in a tidied form; nothing may be saved until it is empty."""
    problems = [*_check_facts(form), *_check_dates(form), *_check_place(form)]
    if not any(text.is_written for text in form.texts.values()):
        problems.append(Problem("language", "answers.problem.no_language"))
    for tag, text in form.texts.items():
        problems += _check_text(tag, text)
    return problems


def _tidy_text(text: TextForm) -> TextForm:
    title = _line(text.title)
    body = "\n".join(line.rstrip() for line in _EMPTY_LINES.sub("\n\n", clean(text.text)).split("\n"))
    questions = without_doubles(line for question in text.questions if (line := _line(question)))
    if not title and not body:
        return TextForm(questions=questions)
    return TextForm(title, body, questions, "draft" if text.status in ("missing", "") else text.status)


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _check_facts(form: Form) -> list[Problem]:
    problems = []
    if not form.topic:
        problems.append(Problem("topic", "answers.problem.required"))
    elif not is_slug(form.topic):
        problems.append(Problem("topic", "answers.problem.topic"))
    if form.scope not in SCOPES:
        problems.append(Problem("scope", "answers.problem.required"))
    for name in ("owner", "source_name"):
        value = getattr(form, name)
        if not value:
            problems.append(Problem(name, "answers.problem.required"))
        problems += _too_long(name, value, LONGEST_NAME)
    if not form.source_url:
        problems.append(Problem("source_url", "answers.problem.required"))
    elif not is_web_address(form.source_url):
        problems.append(Problem("source_url", "answers.problem.web_address"))
    return problems + _too_long("source_url", form.source_url, LONGEST_ADDRESS)


def _check_dates(form: Form) -> list[Problem]:
    problems = []
    for name in ("checked_on", "review_on"):
        value = getattr(form, name)
        if day(value) is None:
            problems.append(Problem(name, "answers.problem.date" if value else "answers.problem.required"))
    checked, review = day(form.checked_on), day(form.review_on)
    if checked and review and review <= checked:
        problems.append(Problem("review_on", "answers.problem.review_before_check"))
    for name in ("valid_from", "valid_until"):
        if (value := getattr(form, name)) and day(value) is None:
            problems.append(Problem(name, "answers.problem.date"))
    begins, ends = day(form.valid_from), day(form.valid_until)
    if begins and ends and ends < begins:
        problems.append(Problem("valid_until", "answers.problem.valid_order"))
    return problems


def _check_place(form: Form) -> list[Problem]:
    problems = _too_long("place_name", form.place_name, LONGEST_NAME) + _too_long(
        "place_address", form.place_address, LONGEST_NAME
    )
    if form.place_name or form.place_address or form.hours:
        for name in ("place_name", "place_address"):
            if not getattr(form, name):
                problems.append(Problem(name, "answers.problem.place_incomplete"))
    problems += [
        Problem(f"hours.{name}", "answers.problem.hours") for name, typed in form.hours.items() if opening.times(typed) is None
    ]
    return problems


def _check_text(tag: str, text: TextForm) -> list[Problem]:
    problems = []
    if text.text and not text.title:
        problems.append(Problem(f"title.{tag}", "answers.problem.title_missing"))
    if text.title and not text.text:
        problems.append(Problem(f"text.{tag}", "answers.problem.text_missing"))
    if text.status not in STATUSES:
        problems.append(Problem(f"status.{tag}", "answers.problem.required"))
    problems += _too_long(f"title.{tag}", text.title, LONGEST_TITLE) + _too_long(f"text.{tag}", text.text, LONGEST_TEXT)
    if len(text.questions) > MOST_QUESTIONS:
        problems.append(Problem(f"questions.{tag}", "answers.problem.too_many_questions", {"most": MOST_QUESTIONS}))
    if any(len(question) > LONGEST_QUESTION for question in text.questions):
        problems.append(Problem(f"questions.{tag}", "answers.problem.question_too_long", {"most": LONGEST_QUESTION}))
    return problems


def _too_long(name: str, value: str, most: int) -> list[Problem]:
    return [Problem(name, "answers.problem.too_long", {"most": most})] if len(value) > most else []


def is_web_address(text: str) -> bool:
    """Whether a text is an address that a browser opens as a page, and nothing that it would run."""
    if re.search(r"\s", text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        return False


def day(text: str) -> date | None:
    """The date of a text such as 2026-11-22."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        return None
