"""Which response somebody wants to change: "3", "change 3", "my age is wrong". Pure functions of a text and the lines' names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz

from lotse.files import read_yaml
from lotse.normalise import words

SAME_WORD = 80  # rapidfuzz ratio from which a word names a response, also in another form
MOST_WORDS_WITH_NUMBER = 3
ARTICLE = "ال"  # of Arabic, written with its word

Way = tuple[str, ...]


def line_numbered(text: str, lines: Mapping[str, str]) -> str | None:
    """The line of which a short text gives the place, from 1; lines are names by key, in order."""
    typed = words(text)
    numbers = [int(word) for word in typed if word.isdigit()]
    if len(numbers) != 1 or len(typed) > MOST_WORDS_WITH_NUMBER or not 1 <= numbers[0] <= len(lines):
        return None
    return list(lines)[numbers[0] - 1]


def line_named(text: str, lines: Mapping[str, str]) -> str | None:
    """The line of whose name more words stand in a text than of any other."""
    said = _corrections()
    typed = _without(words(text), said["wrong"] | said["change"])  # "ändern" is not "Andere Erwachsene"
    shared = {key: sum(_stands_in(word, typed) for word in words(name)) for key, name in lines.items()}
    best = max(shared.values(), default=0)
    named = [key for key, count in shared.items() if count == best > 0]
    return named[0] if len(named) == 1 else None


def is_correction(text: str, lines: Mapping[str, str]) -> bool:
    """Whether a text says that a line is wrong, or asks to change something, perhaps the line of a number, and nothing else.

    So it is no response, whatever is asked.
    """
    typed = words(text)
    said = _corrections()
    rest = _without(typed, said["wrong"])
    if len(rest) < len(typed):
        names = [word for name in lines.values() for word in words(name)]
        left = [word for word in rest if not _stands_in(word, names)]
        return len(left) < len(rest) and not _without(left, said["change"] | said["beside"])
    rest = [word for word in typed if not word.isdigit()]
    return (
        len(typed) - len(rest) <= 1
        and len(_without(rest, said["change"])) < len(rest)
        and not _without(rest, said["change"] | said["beside"])
    )


@lru_cache(maxsize=1)
def _corrections() -> dict[str, frozenset[Way]]:
    lists = read_yaml(Path(__file__).parent / "corrections.yml").values()
    return {
        kind: frozenset(tuple(words(str(way))) for each in lists for way in each[kind]) for kind in ("wrong", "change", "beside")
    }


def _without(typed: list[str], ways: frozenset[Way]) -> list[str]:
    """The words of a text that belong to none of the ways of saying something; of ways that begin alike the longest counts."""
    longest = max(map(len, ways))
    left: list[str] = []
    position = 0
    while position < len(typed):
        length = next((size for size in range(longest, 0, -1) if tuple(typed[position : position + size]) in ways), 0)
        if not length:
            left.append(typed[position])
        position += length or 1
    return left


def _stands_in(word: str, typed: list[str]) -> bool:
    """Whether a word stands among others, also in another form: "العمر" in "عمري غلط"."""
    bare = word.removeprefix(ARTICLE)
    return any(fuzz.ratio(bare, each.removeprefix(ARTICLE)) >= SAME_WORD for each in typed)
