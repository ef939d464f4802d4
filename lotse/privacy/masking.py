"""Takes out of a question who asked it: names, telephone numbers, addresses to write to, numbers of papers.

A pure function of rules: a name is known by what stands beside it ("my name is", "Mr", "my son"), in every language,
or because the newcomer told it as their own. What is left without such a sign, stays: editors are asked to look.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from lotse.files import read_yaml
from lotse.intake.extract import contacts, gazetteer
from lotse.intake.extract.tokens import TAGS, Token, norms, split, tokens

MASK = contacts.MASK
MOST_WORDS, MOST_LOWER = 3, 2  # words of a name, with capitals and without
LONG_NAME, MOST_ENDING = 4, 2  # letters of a name that may have other endings, and how many more letters such an ending has

_LISTS = Path(__file__).parent / "names.yml"
_NUMBERS = (
    re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){3,}(?: ?[A-Z\d]{1,4})?\b"),  # of a bank account
    re.compile(r"\b[A-Z]{1,3}-(?=[A-Z]*\d)[2-9A-Z]{4,6}\b", re.IGNORECASE),  # of a case
    re.compile(r"(?<!\w)(?=(?:[^\W\d_]*\d){5})(?=\d*[^\W\d_])[^\W_]{6,}(?!\w)"),  # of papers: letters and digits
    re.compile(r"(?<!\w)\d{7,}(?!\w)"),
)
_HANDLES = (
    re.compile(r"(?<![\w@.])@\w{4,}"),
    re.compile(r"(?:https?://)?(?:www\.)?(?:t\.me|wa\.me|(?:facebook|fb|instagram|tiktok|vk)\.com)/\S+", re.IGNORECASE),
)
_WITHIN = re.compile("[ \u00a0]?['’ʼ.-]?[ \u00a0]?")  # between the words of one name
_AFTER = {
    "said": r"[\s:.,–-]{1,3}",
    "title": r"[ \u00a0.]{1,2}",
    "people": r"[ \u00a0.]{1,2}",
    "relatives": r",?[ \u00a0]",
    "am": r"\s",
}

Span = tuple[int, int]


def masked(text: str, language: str, own: Collection[str] = ()) -> str:
    """The text with a mask in the place of everything personal that is found; `own` are names that the newcomer told."""
    found = tokens(text)
    spans = [(find.start, find.end) for find in contacts.find(text)]
    spans += [match.span() for pattern in (*_NUMBERS, *_HANDLES) for match in pattern.finditer(text)]
    spans += [*_own(found, own), *_names(text, found, language)]
    return _cover(text, spans)


def _cover(text: str, spans: Sequence[Span]) -> str:
    merged: list[list[int]] = []
    for start, end in sorted(spans):
        if merged and not text[merged[-1][1] : start].strip(" \u00a0()/-"):  # parts of one number
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    for start, end in reversed(merged):
        text = text[:start] + MASK + text[end:]
    return text


def _own(found: Sequence[Token], own: Collection[str]) -> list[Span]:
    wanted = {token.norm for name in own for token in tokens(name) if len(token.norm) > 1}
    return [(token.start, token.end) for token in found if any(_is_form(token.norm, name) for name in wanted)]


def _is_form(word: str, name: str) -> bool:
    """Whether a word is a name or one of its cases: "Олену" of "Олена"."""
    if len(name) < LONG_NAME:
        return word == name
    return word.startswith(name[:-1]) and len(word) - len(name) in range(-1, MOST_ENDING + 1)


def _names(text: str, found: Sequence[Token], language: str) -> Iterator[Span]:
    """Where names stand beside a word that announces them."""
    for place, token in enumerate(found):
        for phrase, kind in _cues(language).get(token.norm, ()):
            after = place + len(phrase)
            if tuple(each.norm for each in found[place:after]) != phrase:
                continue
            if kind == "before":
                if place and _has_capital(found[place - 1]):
                    yield found[place - 1].start, found[place - 1].end
                continue
            end = _end_of_name(text, found, after, language, kind)
            # "my son Kindergarten", "I am Nurse Assistant": people write so, and it is what they ask about
            if end and not (kind in ("people", "relatives", "am") and _is_something(text, found, after, end, language)):
                yield found[after].start, found[end - 1].end


def _end_of_name(text: str, found: Sequence[Token], first: int, language: str, kind: str) -> int:
    """The place after the last word of a name that may begin at a place; 0 where none does."""
    if first >= len(found) or not re.fullmatch(_AFTER[kind], text[found[first - 1].end : found[first].start]):
        return 0
    run = first
    while run < len(found) and run - first < MOST_WORDS and _is_name_word(found[run], language):
        if run > first and not _WITHIN.fullmatch(text, found[run - 1].end, found[run].start):
            break
        run += 1
    with_capitals = first
    while with_capitals < run and _has_capital(found[with_capitals]):
        with_capitals += 1
    if kind == "am":
        return with_capitals if with_capitals - first > 1 else 0
    if kind in ("people", "relatives") or with_capitals > first:
        return with_capitals if with_capitals > first else 0
    if run == first:
        return 0
    # without capitals the next word may be the question already: both are a name only if something else ends it
    return run if run - first <= MOST_LOWER else first + 1


def _is_name_word(token: Token, language: str) -> bool:
    return not token.norm.isdigit() and not {token.norm, token.stem} & _no_names(language)


def _has_capital(token: Token) -> bool:
    return token.raw[0].isupper()


def _is_something(text: str, found: Sequence[Token], first: int, end: int, language: str) -> bool:
    """Whether the words are a language, country, theme or occupation."""
    start, after = found[first].start, found[end - 1].end
    return any(find.start < after and start < find.end for find in gazetteer.find(text, list(found), language))


@lru_cache(maxsize=1)
def _listed() -> Any:
    return read_yaml(_LISTS)


@lru_cache(maxsize=20)
def _cues(language: str) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Words that announce a name in a language or in those of the offices, by their first word: (all words, kind)."""
    cues: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for kind in ("said", "title", "people", "relatives", "before", "am"):
        listed = _listed()[kind]
        sections = listed if isinstance(listed, dict) else {"": listed}
        for tag, ways in sections.items():
            if tag not in TAGS or language not in TAGS or tag in (language, "de", "en"):
                for way in split(ways):
                    phrase = tuple(norms(way).split())
                    cues[phrase[0]].append((phrase, kind))
    return dict(cues)


@lru_cache(maxsize=20)
def _no_names(language: str) -> frozenset[str]:
    listed = _listed()["stop"]
    return frozenset(norms(word) for tag in {language, "de", "en"} & set(listed) for word in split(listed[tag]))
