"""Telephone numbers and e-mail addresses: to be kept out of what is stored, or to be read as a contact."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lotse.intake.extract.finds import Find

REGION = "DE"  # a number without a country's code is one of the town's country
MASK = "•••"
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_MANY_DIGITS = re.compile(r"(?:\d[\s()/.\u00a0-]{0,3}){7,}")


def find(text: str) -> list[Find]:
    """Telephone numbers that can be called, and e-mail addresses."""
    finds = [Find("email", match[0].lower(), match.start(), match.end(), match[0]) for match in _EMAIL.finditer(text)]
    if _MANY_DIGITS.search(text):
        finds += _phones(text)
    return finds


def _phones(text: str) -> list[Find]:
    import phonenumbers
    from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

    finds = []
    for match in PhoneNumberMatcher(text, REGION, leniency=Leniency.POSSIBLE):
        digits = sum(character.isdigit() for character in match.raw_string)
        if digits < 7 or re.search(r"(?<!\d)\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}(?!\d)", _latin(match.raw_string)):
            continue  # a date, or a number that is too short to be called
        value = phonenumbers.format_number(match.number, PhoneNumberFormat.E164)
        certain = phonenumbers.is_valid_number(match.number)
        finds.append(Find("phone", value, match.start, match.end, match.raw_string, certain))
    return finds


def _latin(text: str) -> str:
    return "".join(str(int(character)) if character.isdecimal() else character for character in text)


def mask(text: str, finds: Iterable[Find]) -> str:
    """The text without its telephone numbers and e-mail addresses."""
    for found in sorted(finds, key=lambda found: found.start, reverse=True):
        if found.kind in ("phone", "email"):
            text = text[: found.start] + MASK + text[found.end :]
    return text
