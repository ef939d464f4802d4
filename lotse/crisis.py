"""Fixed word lists for messages that name danger: checked before everything else, without the engine.

One reply for all, whatever the severity (domain rule: no crisis triage, no assessment of urgency).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from lotse.normalise import words

Pattern = tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A number to call: `key` is its wording, `number` as it is dialled."""

    key: str
    number: str


class CrisisLists:
    """Phrases of all languages; people in danger do not mind which language the bot thinks they speak."""

    def __init__(self, phrases: list[Pattern], exceptions: list[Pattern], lines: dict[str, list[Line]]) -> None:
        self._phrases = _by_first_letter(phrases)
        self._exceptions = _by_first_letter(exceptions)
        self._lines = lines

    def names_danger(self, text: str) -> bool:
        """Whether a listed phrase stands in the text, after everyday phrases that only sound so are cut out."""
        rest = words(text)
        position = 0
        while position < len(rest):
            length = _match(rest, position, self._exceptions)
            if length:
                rest[position : position + length] = ["\0"]
            position += 1
        return any(_match(rest, position, self._phrases) for position in range(len(rest)))

    def lines(self, country: str) -> list[Line]:
        """Numbers of a country (ISO 3166 alpha-2); an unknown country gets the European emergency number."""
        return self._lines.get(country) or [Line("crisis.line.emergency", "112")]


def load(folder: Path) -> CrisisLists:
    """Read content/crisis: a file a language, and numbers.yml by country."""
    phrases: list[Pattern] = []
    exceptions: list[Pattern] = []
    for file in sorted(folder.glob("*.yml")):
        data = yaml.safe_load(file.read_text("utf-8"))
        if file.name == "numbers.yml":
            lines = {country: [Line(**line) for line in entries] for country, entries in data.items()}
        else:
            phrases += [_pattern(phrase) for group in data["phrases"].values() for phrase in group]
            exceptions += [_pattern(phrase) for phrase in data.get("except", [])]
    return CrisisLists(phrases, exceptions, lines)


def _pattern(phrase: str) -> Pattern:
    pattern: list[str] = []
    for word in phrase.split():
        parts = words(word)
        if word.endswith("*") and parts:
            parts[-1] += "*"
        pattern += parts
    return tuple(pattern)


def _by_first_letter(patterns: list[Pattern]) -> dict[str, list[Pattern]]:
    grouped: dict[str, list[Pattern]] = {}
    for pattern in sorted({pattern for pattern in patterns if pattern}, key=len, reverse=True):
        grouped.setdefault(pattern[0][0], []).append(pattern)
    return grouped


def _match(text: list[str], position: int, patterns: dict[str, list[Pattern]]) -> int:
    """Length of the longest pattern that begins at a position; 0 where none does."""
    for pattern in patterns.get(text[position][0], []):
        part = text[position : position + len(pattern)]
        if len(part) == len(pattern) and all(_same(word, wanted) for word, wanted in zip(part, pattern)):
            return len(pattern)
    return 0


def _same(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
