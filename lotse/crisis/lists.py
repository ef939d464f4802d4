"""Fixed word lists for messages that name danger: checked before everything else, without the engine.

One reply for all, whatever the severity (domain rule: no crisis triage, no assessment of urgency).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from lotse.files import read_yaml
from lotse.normalise import words
from lotse.patterns import Pattern, pattern_of

CUT_OUT = "\0"
NUMBERS = "numbers.yml"


@dataclass(frozen=True)
class Line:
    """A number to call: `key` is its wording, `number` as it is dialled."""

    key: str
    number: str


class CrisisLists:
    """Phrases of all languages; people in danger do not mind which language the bot thinks they speak.

    They are gone through when the first text is looked at, or by `warm`: most processes only want the numbers.
    """

    def __init__(self, phrases: Iterable[Pattern], exceptions: Iterable[Pattern], lines: dict[str, list[Line]]) -> None:
        self._given = phrases, exceptions
        self._lines = lines

    def warm(self) -> None:
        """Be ready for the first text; raises what is wrong with the lists."""
        _ = self._phrases, self._exceptions

    @cached_property
    def _phrases(self) -> _Patterns:
        return _Patterns(self._given[0])

    @cached_property
    def _exceptions(self) -> _Patterns:
        return _Patterns(self._given[1])

    def names_danger(self, text: str) -> bool:
        """Whether a listed phrase stands in the text, after everyday phrases that only sound so are cut out."""
        rest = words(text)
        position = 0
        while position < len(rest):
            length = self._exceptions.longest_at(rest, position)
            if length:
                rest[position : position + length] = [CUT_OUT]
            position += 1
        return any(self._phrases.longest_at(rest, position) for position in range(len(rest)))

    def lines(self, country: str) -> list[Line]:
        """Numbers of a country (ISO 3166 alpha-2); an unknown country gets the European emergency number."""
        return self._lines.get(country) or [Line("crisis.line.emergency", "112")]


class _Node:
    """Where patterns go on after their first words."""

    __slots__ = ("by_beginning", "by_word", "is_end", "lengths")

    def __init__(self) -> None:
        self.by_word: dict[str, _Node] = {}
        self.by_beginning: dict[str, _Node] = {}  # of the words with a star
        self.lengths: list[int] = []  # of these beginnings
        self.is_end = False

    def add(self, pattern: Pattern) -> None:
        """Add a pattern from here on."""
        if not pattern:
            self.is_end = True
            return
        first = pattern[0]
        if first.endswith("*"):
            after = self.by_beginning.setdefault(first[:-1], _Node())
            if len(first) - 1 not in self.lengths:
                insort(self.lengths, len(first) - 1)
        else:
            after = self.by_word.setdefault(first, _Node())
        after.add(pattern[1:])

    def after(self, word: str) -> list[_Node]:
        """Where patterns go on that have this word here."""
        found = [self.by_word[word]] if word in self.by_word else []
        for length in self.lengths:
            if length > len(word):
                break
            node = self.by_beginning.get(word[:length])
            if node is not None:
                found.append(node)
        return found


class _Patterns:
    """All patterns word by word, so that a text is compared only with those that begin as it does (decision 17)."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._root = _Node()
        for pattern in patterns:
            if pattern:
                self._root.add(pattern)

    def longest_at(self, text: list[str], position: int) -> int:
        """Number of words of the longest pattern that begins at a position; 0 where none does."""
        longest = length = 0
        nodes = self._root.after(text[position])
        while nodes:
            length += 1
            if any(node.is_end for node in nodes):
                longest = length
            if position + length >= len(text):
                break
            word = text[position + length]
            nodes = nodes[0].after(word) if len(nodes) == 1 else [after for node in nodes for after in node.after(word)]
        return longest


def load(folder: Path) -> CrisisLists:
    """The lists of content/crisis: a file a language, read when they are needed, and numbers.yml by country."""
    files = sorted(file for file in folder.glob("*.yml") if file.name != NUMBERS)
    listed = cache(read_yaml)  # for both
    words_of = cache(words)  # the same few thousand words make up all phrases
    phrases = (pattern_of(phrase, words_of) for file in files for group in listed(file)["phrases"].values() for phrase in group)
    exceptions = (pattern_of(phrase, words_of) for file in files for phrase in listed(file).get("except", []))
    numbers = read_yaml(folder / NUMBERS)
    lines = {country: [Line(**line) for line in entries] for country, entries in numbers.items()}
    return CrisisLists(phrases, exceptions, lines)
