"""Concepts: words of many languages that mean the same thing in a newcomer's question and on a town's page.

Read from content/glossary, a file a language: `concept: [pattern, ...]` (lotse/patterns.py); German compounds want
patterns that begin with a star.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

from lotse.files import read_yaml
from lotse.patterns import pattern_of

SHORTEST = 2  # letters of the part of a word that a pattern names
WORDS_KEPT = 200_000  # words whose concepts are remembered

_ARABIC_PREPOSITION = re.compile("[بلك][\u0621-\u064a]{3}")  # "with", "for", "as": written with the next word

Pattern = tuple[int, tuple[str, ...]]  # a concept, and the words that must follow the first
Concepts = dict[str, list[str]]
LEADING = "de"
_NOTHING: frozenset[Pattern] = frozenset()


class Glossary:
    """Concepts of texts in any of the languages of the glossary; a language is read when it is first needed."""

    def __init__(self, names: Sequence[str], languages: Mapping[str, Callable[[], Concepts]]) -> None:
        self.names = list(names)
        self.languages = sorted(languages)
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self._read = languages
        self._tables: dict[str, _Table] = {}

    @classmethod
    def of(cls, languages: dict[str, Concepts]) -> Glossary:
        """A glossary from what is at hand already."""
        names = sorted({name for concepts in languages.values() for name in concepts})
        return cls(names, {tag: partial(dict, concepts) for tag, concepts in languages.items()})

    def concepts(self, text_words: Sequence[str], languages: Iterable[str]) -> list[int]:
        """Numbers of the concepts that the words name in any of some languages, as often as they are named."""
        found: list[int] = []
        for tag in languages:
            if tag in self._read:
                found += self._table(tag).find(text_words)
        return found

    def _table(self, tag: str) -> _Table:
        if tag not in self._tables:
            concepts = self._read[tag]()
            pairs = [(self._numbers[name], pattern) for name, patterns in concepts.items() for pattern in patterns]
            self._tables[tag] = _Table(pairs)
        return self._tables[tag]


class _Table:
    """One language's patterns, looked up by parts of their first words."""

    def __init__(self, patterns: list[tuple[int, str]]) -> None:
        self._exact: dict[str, set[Pattern]] = defaultdict(set)
        self._beginnings: dict[str, set[Pattern]] = defaultdict(set)
        self._endings: dict[str, set[Pattern]] = defaultdict(set)
        self._inside: dict[str, set[Pattern]] = defaultdict(set)
        for concept, pattern in patterns:
            parts = pattern_of(pattern)
            if parts:
                self._add(parts[0], (concept, parts[1:]))
        self._of_word = lru_cache(maxsize=WORDS_KEPT)(self._look_up)

    def find(self, text_words: Sequence[str]) -> list[int]:
        found: list[int] = []
        for position, word in enumerate(text_words):
            concepts, phrases = self._of_word(word)
            for concept, rest in phrases:
                following = text_words[position + 1 : position + 1 + len(rest)]
                if len(following) == len(rest) and all(map(_fits, following, rest)):
                    concepts |= {concept}
            found += concepts
        return found

    def _add(self, first: str, pattern: Pattern) -> None:
        before, after = first.startswith("*"), first.endswith("*")
        table = self._inside if before and after else self._endings if before else self._beginnings if after else self._exact
        table[first.strip("*")].add(pattern)

    def _look_up(self, word: str) -> tuple[frozenset[int], list[Pattern]]:
        """The concepts that a word names, and the phrases that may begin with it."""
        found = set(self._exact.get(word, ()))
        for end in range(SHORTEST, len(word) + 1):
            found |= self._beginnings.get(word[:end], _NOTHING)
        for start in range(len(word) - SHORTEST + 1):
            found |= self._endings.get(word[start:], _NOTHING)
            if self._inside:
                for end in range(start + SHORTEST, len(word) + 1):
                    found |= self._inside.get(word[start:end], _NOTHING)
        concepts = frozenset(concept for concept, rest in found if not rest)
        if _ARABIC_PREPOSITION.match(word):
            concepts |= self._of_word(word[1:])[0]
        return concepts, [(concept, rest) for concept, rest in found if rest]


def load(folder: Path) -> Glossary:
    """The glossary of a folder; its German file names all concepts. A mistake in a file is an error that names it."""
    files = {file.stem: file for file in sorted(folder.glob("*.yml"))}
    names = list(read_yaml(files[LEADING]))
    return Glossary(names, {tag: partial(_read, file, frozenset(names)) for tag, file in files.items()})


def _read(file: Path, names: frozenset[str]) -> Concepts:
    concepts: Concepts = read_yaml(file)
    for name, patterns in concepts.items():
        if name not in names or not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
            raise ValueError(f"{file}: {name}: a concept of {LEADING}.yml with a list of words is wanted")
    return concepts


def _fits(word: str, part: str) -> bool:
    stem = part.strip("*")
    if part.startswith("*"):
        return stem in word if part.endswith("*") else word.endswith(stem)
    return word.startswith(stem) if part.endswith("*") else word == stem
