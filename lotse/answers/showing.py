"""How an answer, a choice among answers and "I do not know" look to the newcomer."""

from __future__ import annotations

from collections.abc import Callable

from babel import Locale
from babel.dates import get_day_names

from lotse.answers.index import pieces
from lotse.answers.opening import DAYS
from lotse.answers.service import text_in
from lotse.intake.asking import language_name
from lotse.replies import Button, Reply, Say, say
from lotse.storage.tables import Answer

MOST_RELATED = 2
MORE = "more"
NONE = "none"


def shown(answer: Answer, language: str, related: list[Answer], part: int = 0) -> Reply:
    """An answer: the part that answers first, the rest behind "More"; then where, source and date."""
    text = text_in(answer, language)
    parts = pieces(text.text)
    part = part if part < len(parts) else 0  # it has become shorter since it was found
    paragraphs: list[str | Say] = [text.title, *parts[part : part + 1]]
    if answer.place:
        paragraphs.append(_where(answer.place, language))
    paragraphs.append(say("answer.source", source=answer.source_name, checked=answer.checked_on))
    rows = []
    if len(parts) > 1:
        rows.append([Button(say("answer.button.more"), "answer", answer.id, f"{MORE}{part}")])
    rows += [[_title(other, language)] for other in related[:MOST_RELATED]]
    return _reply(answer, text.language, language, paragraphs, rows)


def rest(answer: Answer, language: str, part: int = 0) -> Reply:
    """What is behind "More": all of the text after its first part; the whole where another part was shown first."""
    text = text_in(answer, language)
    parts = pieces(text.text)
    return _reply(answer, text.language, language, [text.title, *(parts[1:] if part == 0 and len(parts) > 1 else parts)], [])


def part_of_press(about: str) -> tuple[int, bool]:
    """From a pressed button: which part of the answer is meant, and whether the rest is."""
    number = about.removeprefix(MORE)
    return (int(number) if number.isdecimal() else 0), about.startswith(MORE)


def choice(answers: list[tuple[Answer, int]], language: str) -> Reply:
    """At most three titles to choose from, each with the part of it that fits, and the way out."""
    rows = [[_title(answer, language, part)] for answer, part in answers[:3]]
    return Reply([say("answer.choose")], [*rows, [Button(say("answer.button.none"), "answer", NONE)]])


def unknown() -> Reply:
    """No answer, and the offer to pass the question on."""
    buttons: list[tuple[str, str]] = [
        ("answer.button.pass_and_tell", "pass_and_tell"),
        ("answer.button.pass", "pass"),
        ("button.no", "no"),
    ]
    return Reply([say("answer.unknown")], [[Button(say(key), "control", value, "pass_question")] for key, value in buttons])


def what_was_wrong(answer_id: str) -> Reply:
    """Asked once after a thumb down."""
    keys = ("not_my_question", "not_true", "hard")
    return Reply([say("feedback.what")], [[Button(say(f"feedback.button.{key}"), "feedback", key, answer_id)] for key in keys])


def hours(opening: dict[str, str], language: str) -> str:
    """Opening hours with the language's short names of the days: "Mon–Thu 08:00–16:00, Fri 08:00–12:00"."""
    names = get_day_names("abbreviated", context="stand-alone", locale=Locale.parse(language, sep="-"))
    name: Callable[[str], str] = lambda day: names[DAYS.index(day)]  # noqa: E731
    return ", ".join(
        f"{'–'.join(name(day) for day in days.split('-'))} {times.replace('-', '–')}" for days, times in opening.items()
    )


def _where(place: dict[str, object], language: str) -> Say:
    opening = place.get("hours")
    values = {"name": place["name"], "address": place["address"]}
    if isinstance(opening, dict):
        return say("answer.where_hours", **values, hours=hours(opening, language))
    return say("answer.where", **values)


def _title(answer: Answer, language: str, part: int = 0) -> Button:
    return Button(text_in(answer, language).title, "answer", answer.id, str(part) if part else "")


def _reply(answer: Answer, written_in: str, language: str, paragraphs: list[str | Say], rows: list[list[Button]]) -> Reply:
    only: list[str | Say] = []
    if written_in != language:
        only = [say("answer.only_in", language=language_name(written_in, language))]
    thumbs = [Button("👍", "feedback", "helpful", answer.id), Button("👎", "feedback", "not_helpful", answer.id)]
    return Reply([*only, *paragraphs], [*rows, thumbs], language=written_in, strong=len(only))
