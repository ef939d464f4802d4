"""What a free text names: languages, countries, numbers, ages of children, dates, themes, occupations, contacts.

Lists and rules, no statistics: what is found can be explained, and the same text always gives the same finds.
What is uncertain says so and is asked back. Nothing is read before the first text, then once for each language.
"""

from __future__ import annotations

import re
from datetime import date

from lotse.intake.extract import ages, contacts, dates, gazetteer, numbers
from lotse.intake.extract.contacts import mask
from lotse.intake.extract.finds import Extracted, Find, Kind
from lotse.intake.extract.tokens import LONGEST, TAGS, listed, split, tokens

__all__ = [
    "Extracted",
    "Find",
    "Kind",
    "child_ages",
    "children",
    "extract",
    "isco_title",
    "mask",
    "more_language_names",
    "named",
    "numbers_in",
]

_TIME = re.compile(r"\d{1,2}[:.]\d{2}(?!\d)(?![./-]\d)")


def extract(text: str, language: str, today: date) -> Extracted:
    """Everything that a text in a language names."""
    text = text[:LONGEST]
    found = tokens(text)
    if not found:
        return Extracted(tuple(contacts.find(text)))
    reachable = contacts.find(text)
    taken = {
        place for place, token in enumerate(found) for find in reachable if find.start < token.end and token.start < find.end
    }
    dated, used = dates.find(text, found, language, today, taken)
    taken |= used | _times(text, dated)
    aged, used = ages.find(text, found, language, taken)
    taken |= used
    counted = numbers.find(text, found, language, taken, ages.nouns_and_units(language), ages.twos(language))
    names = [find for find in gazetteer.find(text, found, language) if not _overlaps(find, reachable)]
    none = ages.negated(found, language)
    names = [
        find
        for find in names
        if find.value != "children" or find.kind != "theme" or not _in_family(find, [*aged, *counted], none)
    ]
    finds = [*reachable, *dated, *aged, *counted, *names]
    return Extracted(tuple(sorted(finds, key=lambda find: (find.start, find.end, find.kind))))


def named(text: str, language: str, kind: gazetteer.NamedKind) -> list[Find]:
    """Only languages, countries, themes or occupations: less work than all."""
    text = text[:LONGEST]
    return [find for find in gazetteer.find(text, tokens(text), language) if find.kind == kind]


def numbers_in(text: str, language: str) -> list[Find]:
    """Only numbers, whatever they are about."""
    text = text[:LONGEST]
    return numbers.find(text, tokens(text), language, set(), ages.nouns_and_units(language), ages.twos(language))


def child_ages(text: str, language: str) -> list[str]:
    """Ages in a response to "How old are the children?", where every number is one; ISO 8601 durations."""
    text = text[:LONGEST]
    return [find.value for find in ages.find(text, tokens(text), language, set(), about_children=True)[0]]


def children(text: str, language: str) -> tuple[int, bool] | None:
    """How many children a text counts ("two boys and a baby"), and whether that is certain; None where it counts none."""
    text = text[:LONGEST]
    found = tokens(text)
    if language not in TAGS or not found:
        return None
    return ages.Reader(text, found, language, set()).children()


def isco_title(code: str, language: str) -> str | None:
    """The name of an ISCO-08 unit group in German, English or Dutch."""
    entry = listed("occupations").get(code)
    if entry is None:
        return None
    titles: dict[str, str] = entry["titles"]
    return titles.get(language, titles["en"])


def more_language_names(language: str) -> dict[str, str]:
    """Names that CLDR lacks of languages which we find, such as Dari, in a language or in English."""
    names: dict[str, dict[str, str]] = listed("places")["language_names"]
    wanted = {code: split(ways)[0] for code, ways in {**names["en"], **names.get(language, {})}.items() if code in _UNNAMED}
    return {code: name[0].upper() + name[1:] for code, name in wanted.items()}


def _times(text: str, dated: list[Find]) -> set[int]:
    """Tokens of times of day ("8:30", "um 10 Uhr"): their numbers count nothing."""
    found = tokens(text)
    times = [match.span() for match in _TIME.finditer(text)]
    taken = set()
    for place, token in enumerate(found):
        if any(start <= token.start < end for start, end in times):
            taken.add(place)
        follows = found[place + 1].norm if place + 1 < len(found) else ""
        if token.norm.isdigit() and follows in _HOURS:
            taken.add(place)
    return taken


_UNNAMED = ("prs", "kmr", "mnk")
_HOURS = frozenset(["uhr", "uur", "oclock", "am", "pm", "часов", "часа", "godzina", "h", "heures"])


def _overlaps(find: Find, others: list[Find]) -> bool:
    return any(find.start < other.end and other.start < find.end for other in others)


def _in_family(find: Find, numbered: list[Find], none: list[tuple[int, int]]) -> bool:
    """Whether "children" only stands beside a number, an age or "no": that is no theme."""
    beside = any(find.start - other.end in range(4) or other.start - find.end in range(25) for other in numbered)
    return beside or any(start < find.end and find.start < end for start, end in none)
