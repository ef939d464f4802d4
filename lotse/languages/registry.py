"""The list of languages in content/languages.yml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from babel import Locale

from lotse.files import read_yaml
from lotse.normalise import words

_CLDR = {"kmr": "ku"}  # Babel's names for ours; its Kurdish is Kurmanji
DIRECTIONS, STATUSES = ("ltr", "rtl"), ("full", "partial", "planned")


@dataclass(frozen=True)
class Language:
    """One language of the list; `tag` is BCP 47, `name` is its own name for itself."""

    tag: str
    name: str
    direction: Literal["ltr", "rtl"]
    status: Literal["full", "partial", "planned"]

    @property
    def locale(self) -> Locale:
        return Locale.parse(_CLDR.get(self.tag, self.tag), sep="-")

    def name_in(self, tag: str) -> str:
        """Its name in another language (CLDR)."""
        return self.locale.get_display_name(_CLDR.get(tag, tag).replace("-", "_")) or self.name


class Languages:
    """All languages in the order of the picker."""

    def __init__(self, languages: list[Language]) -> None:
        self.all = languages
        self._by_tag = {language.tag: language for language in languages}

    def __getitem__(self, tag: str) -> Language:
        return self._by_tag[tag]

    @property
    def offered(self) -> list[Language]:
        """Those that a newcomer can choose."""
        return [language for language in self.all if language.status != "planned"]

    def offered_tag(self, tag: str | None) -> str | None:
        """The offered language for a tag such as Telegram's `uk` or `de-AT`, or None."""
        if not tag:
            return None
        wanted = tag.replace("_", "-").lower()
        tags = {language.tag.lower(): language.tag for language in self.offered}
        return tags.get(wanted) or tags.get(wanted.split("-")[0])

    def named(self, text: str, language: str) -> str | None:
        """The one offered language that a text names, in its own words, in English or in the given language."""
        typed = set(words(text))
        found = [
            offered.tag
            for offered in self.offered
            if typed & {word for tag in (offered.tag, "en", language) for word in words(offered.name_in(tag))}
        ]
        return found[0] if len(found) == 1 else None


def load(file: Path) -> Languages:
    """Read the list; a mistake in it is an error that names the entry."""
    entries = read_yaml(file)
    return Languages([_language(file, entry) for entry in entries])


def _language(file: Path, entry: dict[str, Any]) -> Language:
    try:
        language = Language(**entry)
    except TypeError as error:
        raise ValueError(f"{file}: entry {entry}: {error}") from error
    if language.direction not in DIRECTIONS or language.status not in STATUSES:
        raise ValueError(f"{file}: entry {language.tag}: direction is one of {DIRECTIONS}, status one of {STATUSES}")
    return language
