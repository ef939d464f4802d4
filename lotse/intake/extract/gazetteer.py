"""Languages, countries, themes and occupations that a text names.

spaCy's PhraseMatcher looks for the words of our lists in the text, after `forms` has brought the text's words to
theirs; CLDR (Babel) gives the names of languages and countries. rapidfuzz finds near misses, which are asked back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from babel import Locale
from rapidfuzz.distance import OSA

from lotse.intake.extract.finds import Find
from lotse.intake.extract.forms import Forms, variants, written
from lotse.intake.extract.tokens import TAGS, Token, key, listed, norms, split

if TYPE_CHECKING:  # importing spaCy takes more than a second: commands that read no texts do without
    from spacy.matcher import PhraseMatcher
    from spacy.vocab import Vocab

NamedKind = Literal["language", "country", "theme", "occupation"]
ALSO_IN = ("en", "de")  # languages that people mix into their own
FOREIGN_LEAST = 6  # letters of a theme's or occupation's word from another language in the same script
_MARKS = "=!~"
NEAR_LEAST = 5  # letters of a word from which a typing mistake is looked for
NEAR_TEXT = 8  # words of a text in which it is looked for
NEAR_SHORT = 2  # words of a text in which it is looked for among all lists, and in shorter words
_CAPITALS_MEAN_LITTLE = ("de",)
_SENTENCE = re.compile(r"[.!?…\n]\s*$")
_LIST = re.compile(r"[,،;؛.!?/+&\n]")


@dataclass(frozen=True)
class Entry:
    """What a word of the lists stands for."""

    kind: NamedKind
    value: str
    mark: str = ""  # "=": only as the whole message, "!": only in this form, "~": only where it stands alone
    people: bool = False  # a people, not a place
    tag: str = ""
    way: str = ""  # as it is listed, in normal spelling


@dataclass(frozen=True)
class _Hit:
    first: int
    after: int
    entries: tuple[Entry, ...]


def find(text: str, found: list[Token], tag: str) -> list[Find]:
    """Finds of the four kinds, of overlapping ones of a kind the longest."""
    finds: list[Find] = []
    hits: list[_Hit] = []
    for used in dict.fromkeys((tag if tag in TAGS else "en", *ALSO_IN, "")):
        own = used == tag or (used == "en" and tag not in TAGS)
        hits += [hit for hit in gazetteer(used).hits(found) if own or _may_be_foreign(hit, found, tag, used)]
    hits.sort(key=lambda hit: (hit.first - hit.after, hit.first))
    named = {entry.value for hit in hits for entry in hit.entries if entry.kind == "language"}
    taken: dict[str, set[int]] = defaultdict(set)
    for hit in hits:
        span = set(range(hit.first, hit.after))
        for entry in _meant(text, found, hit, tag, several=len(named) > 1):
            group = "name" if entry.kind in ("language", "country") else entry.kind
            inside = taken["occupation"] if entry.kind != "occupation" else set()
            if not taken[group] & span and not inside & span:
                taken[group] |= span
                finds.append(_find(text, found, hit.first, hit.after, entry, certain=True))
    covered = set().union(*taken.values()) if taken else set()
    finds = [find for find in finds if find.kind == "occupation" or not _inside(find, finds)]
    return finds + _near(text, found, tag, covered)


def _inside(find: Find, finds: list[Find]) -> bool:
    """Whether a find is only a part of an occupation: "English teacher" names no language."""
    return any(other.kind == "occupation" and other.start <= find.start and find.end <= other.end for other in finds)


def _find(text: str, found: list[Token], first: int, after: int, entry: Entry, *, certain: bool) -> Find:
    start, end = found[first].start, found[after - 1].end
    return Find(entry.kind, entry.value, start, end, text[start:end], certain)


def _may_be_foreign(hit: _Hit, found: list[Token], tag: str, used: str) -> bool:
    """Names of languages and countries may come from English, German or the language itself; other words must be long."""
    if all(entry.kind in ("language", "country") for entry in hit.entries):
        return not any(entry.people for entry in hit.entries) and hit.after - hit.first == 1 and len(found[hit.first].norm) >= 4
    letters = sum(len(token.norm) for token in found[hit.first : hit.after])
    return letters >= FOREIGN_LEAST or (tag in ("ru", "uk", "ar", "fa") and letters >= 3 and used != "")


def _meant(text: str, found: list[Token], hit: _Hit, tag: str, *, several: bool) -> Iterator[Entry]:
    """The meanings of a hit that its surroundings allow."""
    whole = hit.after - hit.first == len(found)
    alone = whole or _stands_alone(text, found, hit, tag)
    before = {token.norm for token in found[max(hit.first - 2, 0) : hit.first]}
    kinds = {(entry.kind, entry.people) for entry in hit.entries}
    people_meant = bool(before & _people_cues(tag))
    for entry in hit.entries:
        if (entry.mark == "=" and not whole) or (entry.mark == "~" and not alone):
            continue
        if entry.people and ("language", False) in kinds and not people_meant:
            continue
        if entry.kind == "language" and any(other.people for other in hit.entries) and people_meant:
            continue
        doubtful = entry.kind == "country" or (entry.kind == "language" and not several)
        if doubtful and not whole and _is_ambiguous(text, found, hit, entry, tag):
            continue
        yield entry


def _stands_alone(text: str, found: list[Token], hit: _Hit, tag: str) -> bool:
    """Whether a hit, with at most one word more, is a part of a list: "work, a house and school"."""

    def parted(place: int) -> bool:
        """Whether the list goes on between a token and the one before it."""
        return found[place].norm in _joins(tag) or bool(_LIST.search(text[found[place - 1].end : found[place].start]))

    first, after = hit.first, hit.after
    while first and hit.first - first < 2 and not parted(first) and found[first - 1].norm not in _joins(tag):
        first -= 1
    while after < len(found) and after - hit.after < 2 and not parted(after):
        after += 1
    return after - first - (hit.after - hit.first) <= 1


def _is_ambiguous(text: str, found: list[Token], hit: _Hit, entry: Entry, tag: str) -> bool:
    if hit.after - hit.first > 1:
        return False
    word = found[hit.first]
    if not {word.norm, word.stem} & (_ambiguous(tag) | _ambiguous(entry.tag)):
        return False
    if hit.first and (found[hit.first - 1].norm in _cues(tag) | _people_cues(tag)):
        return False
    inside = hit.first > 0 and not _SENTENCE.search(text[: word.start])
    return not (word.raw[0].isupper() and inside and tag not in _CAPITALS_MEAN_LITTLE)


@lru_cache(maxsize=20)
def _ambiguous(tag: str) -> frozenset[str]:
    ways = listed("places")["ambiguous"].get(tag, [])
    return frozenset([norms(way) for way in ways] + [key(way) for way in ways])


@lru_cache(maxsize=20)
def _joins(tag: str) -> frozenset[str]:
    return frozenset(norms(way) for way in listed("places")["joins"].get(tag, []))


@lru_cache(maxsize=20)
def _cues(tag: str) -> frozenset[str]:
    return frozenset(norms(way) for way in listed("places")["cues"].get(tag, []))


@lru_cache(maxsize=20)
def _people_cues(tag: str) -> frozenset[str]:
    return frozenset(norms(way) for way in listed("places")["people_cues"].get(tag, []))


# the lists of one language


class Gazetteer:
    """The words of one language, with what they stand for; "" holds the languages' own names of themselves."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        phrases: dict[str, list[Entry]] = defaultdict(list)
        for way, entry in _entries(tag):
            for variant in _ways(way, tag):
                if len(variant) > 1 and not any(_same(entry, other) for other in phrases[variant]):
                    phrases[variant].append(replace(entry, way=variant))
        self._forms = Forms(tag, [word for phrase in phrases for word in phrase.split()])
        self._entries: dict[str, tuple[Entry, ...]] = {}
        for phrase, entries in phrases.items():
            if entries:
                lemmas = " ".join(self._forms(word) or word for word in phrase.split())
                self._entries[lemmas] = (*self._entries.get(lemmas, ()), *entries)
        single = [phrase for phrase, entries in phrases.items() if " " not in phrase and entries]
        self._single = _by_beginning(form for phrase in single for form in (phrase, *written(phrase, tag)))
        self._matcher: PhraseMatcher | None = None

    def hits(self, found: list[Token]) -> list[_Hit]:
        """Phrases of the lists in a text, with all that they stand for."""
        lemmas = [self._forms(token.stem) for token in found]
        if not any(lemmas):
            return []
        from spacy.tokens import Doc

        document = Doc(_vocabulary(), words=[lemma or "\ufffd" for lemma in lemmas])
        hits = []
        for _, first, after in self._matching()(document):
            entries = self._entries[" ".join(lemma or "" for lemma in lemmas[first:after])]
            run = " ".join(token.stem for token in found[first:after])
            hits.append(_Hit(first, after, _fitting(entries, run, self.tag)))
        return [hit for hit in hits if hit.entries]

    def _matching(self) -> PhraseMatcher:
        if self._matcher is None:
            from spacy.matcher import PhraseMatcher
            from spacy.tokens import Doc

            matcher = PhraseMatcher(_vocabulary())
            matcher.add("listed", [Doc(_vocabulary(), words=phrase.split()) for phrase in self._entries])
            self._matcher = matcher
        return self._matcher

    def near(self, token: Token) -> tuple[Entry, ...]:
        """What a word with a typing mistake may stand for."""
        length = len(token.stem)
        allowed = 1 if length < 9 else 2
        best: tuple[int, str] | None = None
        for word in self._single.get(token.stem[:2], ()):
            if abs(len(word) - length) <= allowed:
                distance = OSA.distance(token.stem, word, score_cutoff=allowed)
                if 0 < distance <= allowed and (best is None or distance < best[0]):
                    best = distance, word
        if best is None:
            return ()
        entries = self._entries.get(self._forms(best[1]) or best[1], ())
        return tuple(entry for entry in _fitting(entries, best[1], self.tag) if not entry.mark)


def _same(entry: Entry, other: Entry) -> bool:
    """Two occupations, two languages or two countries of one word: the first stands."""
    if entry.kind == "theme":
        return entry == other
    return entry.kind == other.kind and entry.people == other.people and entry.mark == other.mark


def _fitting(entries: tuple[Entry, ...], run: str, tag: str) -> tuple[Entry, ...]:
    """The entries that a run of words may stand for: those listed just so, else those of which it is another form.

    German and English adjectives are no names of languages: "deutsche Freunde".
    """
    exact = tuple(entry for entry in entries if entry.way == run)
    if exact:
        return exact
    others = [
        entry for entry in entries if entry.mark not in ("!", "=") and not (entry.kind == "language" and tag in ("de", "en", ""))
    ]
    own = tuple(entry for entry in others if run in written(entry.way, tag))  # of Polish "Polska" and "polski"
    return own or tuple(others)


def _by_beginning(ways: Iterable[str]) -> dict[str, list[str]]:
    beginnings: dict[str, list[str]] = defaultdict(list)
    for way in ways:
        if len(way) >= NEAR_LEAST:
            beginnings[way[:2]].append(way)
    return beginnings


@lru_cache(maxsize=1)
def _vocabulary() -> Vocab:
    from spacy.vocab import Vocab

    return Vocab()


@lru_cache(maxsize=20)
def gazetteer(tag: str) -> Gazetteer:
    """The words of a language, read once."""
    return Gazetteer(tag)


def _ways(way: str, tag: str) -> list[str]:
    """A way in normal spelling, and the other gender of its last or only word."""
    plain = key(way)
    first, *rest = plain.split() or [""]
    return [plain, *(" ".join([other, *rest]) for other in variants(first, tag)[1:])]


def _entries(tag: str) -> Iterator[tuple[str, Entry]]:
    if tag == "":
        for code, name in listed("places")["languages"].items():
            if name:
                yield name, Entry("language", code)
        return
    for code, ways in listed("occupations").items():
        for way in split(ways.get(tag, "")):
            yield way.lstrip(_MARKS), Entry("occupation", code, _mark(way))
    for theme, by_tag in listed("themes").items():
        for way in split(by_tag.get(tag, "")):
            yield way.lstrip(_MARKS), Entry("theme", theme, _mark(way))
    yield from _language_entries(tag)
    yield from _country_entries(tag)


def _mark(way: str) -> str:
    return way[0] if way[0] in _MARKS else ""


def _language_entries(tag: str) -> Iterator[tuple[str, Entry]]:
    names = Locale.parse(tag).languages
    for code, ways in listed("places")["language_names"].get(tag, {}).items():
        for way in split(ways):
            yield way, Entry("language", code, tag=tag)
    for code in listed("places")["languages"]:
        name = names.get(code, "")
        if name and "(" not in name:
            yield name, Entry("language", code, tag=tag)
            if tag == "de":
                for tail in ("kurs", "kurse", "unterricht", "kenntnisse", "test", "prüfung"):
                    yield name + tail, Entry("language", code, tag=tag)
            elif tag == "ro" and name.endswith("ă"):
                yield name[:-1] + "ește", Entry("language", code, tag=tag)


def _country_entries(tag: str) -> Iterator[tuple[str, Entry]]:
    dependent = set(listed("places")["dependent"])
    for code, ways in listed("places")["country_names"].get(tag, {}).items():
        for way in split(ways):
            yield way, Entry("country", code, tag=tag)
    for code, name in Locale.parse(tag).territories.items():
        if code.isalpha() and len(code) == 2 and code not in dependent:
            plain = re.sub(r"\s*[(\[].*", "", name)
            yield plain, Entry("country", code, tag=tag)
            if tag == "tr":
                yield plain + "li", Entry("country", code, people=True, tag=tag)
                yield plain + "lu", Entry("country", code, people=True, tag=tag)
    for code, ways in listed("places")["people"].get(tag, {}).items():
        for way in split(ways):
            yield way, Entry("country", code, people=True, tag=tag)


# near misses


def _near(text: str, found: list[Token], tag: str, covered: set[int]) -> list[Find]:
    """Words of a short text that are nearly a word of the lists; each is to be asked back."""
    if len(found) > NEAR_TEXT or tag not in TAGS:
        return []
    finds = []
    for place, token in enumerate(found):
        least = NEAR_LEAST if len(found) <= NEAR_SHORT else NEAR_LEAST + 1
        if place in covered or len(token.stem) < least or token.norm.isdigit() or _is_ordinary(token, tag):
            continue
        for entry in gazetteer(tag).near(token)[:1]:
            if entry.kind != "theme" or len(found) <= NEAR_SHORT:
                finds.append(_find(text, found, place, place + 1, entry, certain=False))
    return finds


def _is_ordinary(token: Token, tag: str) -> bool:
    return bool({token.norm, token.stem} & (stop_words(tag) | _ambiguous(tag)))


@lru_cache(maxsize=20)
def stop_words(tag: str) -> frozenset[str]:
    """Words that say nothing by themselves (spaCy's lists), in normal spelling."""
    from spacy.util import get_lang_class

    return frozenset(norms(word) for word in get_lang_class(tag).Defaults.stop_words)
