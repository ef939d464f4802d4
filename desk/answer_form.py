"""The editor's form in HTML: from its fields to an answer's form, and what two forms differ in."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import FormData

from lotse.answers.editing import Form, TextForm
from lotse.answers.opening import DAYS

FACTS = (
    "topic", "owner", "scope", "source_name", "source_url", "checked_on", "review_on", "valid_from", "valid_until", "place_name",
    "place_address",
)  # fmt: skip
PARTS = ("title", "text", "questions", "status")  # of a language; fields are `title.de`, `text.de` ...


def typed(data: FormData, tags: Iterable[str]) -> Form:
    """What was typed, not tidied yet. All languages are in the form, those that are not open in hidden fields."""
    facts = {name: one(data, name) for name in FACTS}
    return Form(
        **{**facts, "topic": one(data, "own_topic").strip() or facts["topic"]},
        hours={day: one(data, f"hours.{day}") for day in DAYS},
        related=many(data, "related"),
        texts={
            tag: TextForm(
                one(data, f"title.{tag}"),
                one(data, f"text.{tag}"),
                tuple(one(data, f"questions.{tag}").split("\n")),
                one(data, f"status.{tag}"),
            )
            for tag in tags
            if f"title.{tag}" in data
        },
        asked=many(data, "asked"),
    )


def one(data: FormData, name: str) -> str:
    """The last value of a field."""
    value = data.get(name, "")
    return value if isinstance(value, str) else ""


def many(data: FormData, name: str) -> tuple[str, ...]:
    """All values of a field."""
    return tuple(value for value in data.getlist(name) if isinstance(value, str))


def fields(form: Form) -> dict[str, str]:
    """Every field of a form by its name in HTML, as text."""
    found = {name: getattr(form, name) for name in FACTS}
    found |= {f"hours.{day}": form.hours.get(day, "") for day in DAYS}
    found["related"] = ", ".join(form.related)
    for tag, text in form.texts.items():
        values = (text.title, text.text, "\n".join(text.questions), text.status)
        found |= {f"{part}.{tag}": value for part, value in zip(PARTS, values)}
    return found


def differences(mine: Form, stored: Form) -> list[tuple[str, str, str]]:
    """(field, mine, stored) for every field that is not the same."""
    ours, theirs = fields(mine), fields(stored)
    return [
        (name, ours.get(name, ""), theirs.get(name, ""))
        for name in dict.fromkeys((*ours, *theirs))
        if ours.get(name, "") != theirs.get(name, "")
    ]


def language_of(field: str) -> str | None:
    """The language of a field such as `title.de`, if it belongs to one."""
    part, _, tag = field.partition(".")
    return tag if part in PARTS else None
