"""Patterns of word lists: one word or several; `*` at a word's end stands for any ending, at its beginning for any beginning."""

from __future__ import annotations

from collections.abc import Callable

from lotse.normalise import words

Pattern = tuple[str, ...]  # words in normal spelling, each perhaps with its stars


def pattern_of(typed: str, words_of: Callable[[str], list[str]] = words) -> Pattern:
    """A pattern as it is compared; a typed word that normal spelling takes apart becomes several."""
    pattern: list[str] = []
    for word in typed.split():
        parts = list(words_of(word))
        if parts:
            parts[0] = f"*{parts[0]}" if word.startswith("*") else parts[0]
            parts[-1] = f"{parts[-1]}*" if word.endswith("*") else parts[-1]
            pattern += parts
    return tuple(pattern)
