"""Words of a text with their places in it, in normal spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lotse.files import read_yaml
from lotse.normalise import normalise, words

TAGS = ("de", "nl", "en", "ru", "uk", "tr", "ar", "fa", "fr", "es", "ro", "pl")
LONGEST = 2000  # characters that are looked at
_MARKS = "\u0300-\u036f\u064b-\u065f\u0670"
_TOKEN = re.compile(rf"\d+|(?:[^\W\d_][{_MARKS}]*)+(?:['’ʼ](?=[\u0400-\u04ff])(?:[^\W\d_][{_MARKS}]*)+)*")
_LISTS = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Token:
    """A word: `norm` in normal spelling, `stem` without Arabic "and" and article; `tight` when nothing stands before it."""

    raw: str
    norm: str
    stem: str
    start: int
    end: int
    tight: bool = False

    @property
    def number(self) -> int | None:
        """The number that its digits say, of any script."""
        return int(self.norm) if self.norm.isdigit() and len(self.norm) < 7 else None


def tokens(text: str) -> list[Token]:
    """Words and numbers of a text. Apostrophes divide words ("Suriye'den", "d'Ukraine"), but not in Cyrillic ("п'ять")."""
    found = []
    last = -1
    for match in _TOKEN.finditer(text[:LONGEST]):
        norm, stem = _spelled(match[0])
        if norm:
            found.append(Token(match[0], norm, stem, match.start(), match.end(), match.start() == last))
        last = match.end()
    return found


def _spelled(raw: str) -> tuple[str, str]:
    norm = re.sub(r"['’ʼ]", "", normalise(raw))
    parts = words(raw)
    return norm, parts[0] if len(parts) == 1 else norm


def key(way: str) -> str:
    """A word of a list as it is looked up."""
    return " ".join(token.stem for token in tokens(way))


def norms(way: str) -> str:
    """A word of a list in normal spelling, nothing cut off."""
    return " ".join(token.norm for token in tokens(way))


@lru_cache(maxsize=10)
def listed(name: str) -> Any:
    """A word list, read once."""
    return read_yaml(_LISTS / f"{name}.yml")


def split(ways: str) -> list[str]:
    """The ways in "a, b, c"."""
    return [way.strip() for way in ways.split(",") if way.strip()]
