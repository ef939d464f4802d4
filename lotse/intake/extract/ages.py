"""Ages of children, and how many children a text counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lotse.intake.extract import numbers
from lotse.intake.extract.finds import Find
from lotse.intake.extract.forms import written
from lotse.intake.extract.gazetteer import stop_words
from lotse.intake.extract.tokens import TAGS, Token, listed, norms, split

OLDEST = 25  # years; a child that lives with its parents may be grown up
_GAP = 3  # words between a child and its age that we do not know; such an age is asked back
_CLAUSE = re.compile(r"[.!?;\n]|[,،؛:]")
_LETTER = {"year": "Y", "month": "M", "week": "W", "day": "D"}


@dataclass(frozen=True)
class _Family:
    child: frozenset[str]
    single: frozenset[str]
    pair: frozenset[str]
    baby: frozenset[str]
    units: dict[str, str]
    twos: dict[str, str]
    old: frozenset[str]
    they: frozenset[str]
    without: frozenset[str]
    before: frozenset[str]
    half: frozenset[str]
    and_half: frozenset[str]


@dataclass(frozen=True)
class Age:
    """An age and the tokens that say it."""

    value: str
    first: int
    after: int
    certain: bool = True


@lru_cache(maxsize=20)
def _family(tag: str) -> _Family:
    lists = listed("family")[tag if tag in TAGS else "en"]

    def ways(name: str) -> frozenset[str]:
        plain = [norms(way) for way in split(lists[name])]
        forms = [form for way in plain for form in written(way, tag)] if name in ("child", "baby") else []
        return frozenset([*plain, *forms])

    units = {way: letter for name, letter in _LETTER.items() for way in ways(name)}
    twos = {}
    for way in split(lists["two"]):
        plain = norms(way)
        twos[plain] = next(
            (letter for unit, letter in units.items() if plain.startswith(unit.rstrip("ه")) and len(unit) > 2), "Y"
        )
    return _Family(ways("child"), ways("single"), ways("pair"), ways("baby"), units, twos, ways("old"), ways("they"),
                   ways("without"), ways("before"), ways("half"), ways("and_half"))  # fmt: skip


def nouns_and_units(tag: str) -> frozenset[str]:
    """Words before which an article is a number: "ein Kind", "un an"."""
    family = _family(tag)
    return (frozenset(family.units) | family.child) - family.baby


def twos(tag: str) -> frozenset[str]:
    """Words that say two of something by themselves (the Arabic dual)."""
    family = _family(tag)
    return frozenset(family.twos) | family.pair if tag == "ar" else frozenset()


class Reader:
    """Reads ages and counts in one text."""

    def __init__(self, text: str, found: list[Token], tag: str, taken: set[int], about_children: bool = False) -> None:
        self._text, self._found, self._tag = text, found, tag
        self._family = _family(tag)
        self._about_children = about_children
        self._spans = [span for span in numbers.spans(text, found, tag) if not taken & set(range(span[0], span[1]))]
        self._roles = self._read_roles()
        self._clauses = self._read_clauses()

    def _is(self, ways: frozenset[str], place: int) -> int:
        """How many tokens from a place are one of the ways."""
        for length in (3, 2, 1):
            part = self._found[place : place + length]
            if len(part) == length and " ".join(token.norm for token in part) in ways:
                return length
        return 0

    def _child_at(self, place: int) -> bool:
        token = self._found[place]
        glued = self._tag == "ar" and any(way in self._family.child for way in _unglued(token))
        return bool(self._is(self._family.child, place)) or glued or token.stem in self._family.child

    def _baby_at(self, place: int) -> bool:
        token = self._found[place]
        return (
            bool(self._is(self._family.baby, place))
            or token.stem in self._family.baby
            or (self._tag == "ar" and any(way in self._family.baby for way in _unglued(token)))
        )

    def _unit_at(self, place: int) -> str | None:
        if place >= len(self._found):
            return None
        token = self._found[place]
        return self._family.units.get(token.norm) or self._family.units.get(token.stem)

    def _read_roles(self) -> list[str]:
        roles = []
        for place, token in enumerate(self._found):
            if self._baby_at(place):
                roles.append("baby")
            elif self._child_at(place):
                roles.append("child")
            elif token.norm in self._family.without:
                roles.append("without")
            elif token.norm in self._family.old or token.stem in self._family.old:
                roles.append("old")
            elif token.norm in self._family.they:
                roles.append("they")
            else:
                roles.append("")
        return roles

    def _read_clauses(self) -> list[int]:
        """For each token the number of its clause."""
        clause, clauses = 0, []
        for place, token in enumerate(self._found):
            if place and _CLAUSE.search(self._text[self._found[place - 1].end : token.start]):
                between = self._text[self._found[place - 1].end : token.start]
                if not (between == "." and token.tight is False and self._found[place - 1].norm.isdigit()):
                    clause += 1
            clauses.append(clause)
        return clauses

    def ages(self) -> list[Age]:
        """Ages of children, in the order of the text."""
        found: list[Age] = []
        open_list = self._about_children  # whether the clause before spoke of a child
        for clause in range(max(self._clauses, default=-1) + 1):
            places = [place for place, at in enumerate(self._clauses) if at == clause]
            roles = [self._roles[place] for place in places]
            spans = [span for span in self._spans if span[0] in places]
            about = "child" in roles or "baby" in roles
            if "without" in roles and not self._about_children:
                open_list = False
                continue
            bare = not about and self._is_list(places, spans)
            if about or (open_list and (bare or "they" in roles or "old" in roles)) or self._about_children:
                mine = self._in_clause(places, spans, bare or (not about and open_list), about)
                found += mine
                open_list = about or bool(mine) or (open_list and bare)
            else:
                open_list = False
        return self._halves(found)

    def _is_list(self, places: list[int], spans: list[tuple[int, int, int, bool]]) -> bool:
        """Whether a clause holds nothing but numbers, units and "and"."""
        numbered = {place for first, after, _, _ in spans for place in range(first, after)}
        rest = [place for place in places if place not in numbered and self._unit_at(place) is None]
        small = [place for place in rest if len(self._found[place].norm) > 3 and self._roles[place] != "old"]
        return bool(spans) and not small

    def _in_clause(self, places: list[int], spans: list[tuple[int, int, int, bool]], bare: bool, about: bool) -> list[Age]:
        ages: list[Age] = []
        seen_child = bare or (self._about_children and not about)
        gap = 0  # words between the child and the number that do not belong there
        for place in places:
            if ages and place < ages[-1].after:
                continue
            if self._roles[place] in ("child", "baby"):
                seen_child = True
                if self._roles[place] == "baby":
                    ages.append(Age("P0Y", place, place + 1, certain=False))
                gap = 0
                continue
            two = self._family.twos.get(self._found[place].norm)
            if two and about:
                ages.append(Age(f"P2{two}", place, place + 1))
                continue
            unit = self._unit_at(place)
            if unit in ("Y", "M", "W") and about and self._one_unit(place, spans):
                ages.append(Age(f"P1{unit}", place, place + 1, certain=False))
            half = self._half_at(place, seen_child)
            if half is not None:
                ages.append(half)
                continue
            span = next((span for span in spans if span[0] == place), None)
            if span is None:
                gap += not self._may_stand_between(place, spans)
                continue
            age = self._age(span, spans, places, seen_child, gap, bool(ages))
            if age is not None:
                ages.append(age)
                gap = 0
        return self._without_babies(ages)

    def _one_unit(self, place: int, spans: list[tuple[int, int, int, bool]]) -> bool:
        """ "عمره سنة": an age word right before a unit without a number."""
        return self._tag == "ar" and place > 0 and self._roles[place - 1] == "old" and all(span[1] != place for span in spans)

    def _may_stand_between(self, place: int, spans: list[tuple[int, int, int, bool]]) -> bool:
        token = self._found[place]
        in_number = any(first <= place < after for first, after, _, _ in spans)
        short = len(token.norm) <= 2 or token.norm in ("und", "and")
        return (
            in_number
            or short
            or token.norm in self._family.before
            or self._roles[place] != ""
            or self._unit_at(place) is not None
        )

    def _age(
        self,
        span: tuple[int, int, int, bool],
        spans: list[tuple[int, int, int, bool]],
        places: list[int],
        seen_child: bool,
        gap: int,
        has_ages: bool,
    ) -> Age | None:
        first, after, number, _certain = span
        if self._counts(after, places):
            return None
        if number > OLDEST or (self._found[first].norm in numbers.articles(self._tag) and self._unit_at(after) is None):
            return None
        if number == 1 and not self._found[first].norm.isdigit() and self._unit_at(after) is None and self._roles_at(after) == "":
            return None
        unit, end = self._unit_of(span, spans, places)
        if unit is not None:
            near = any(self._roles[place] in ("child", "baby", "old", "they") for place in places) or seen_child
            return Age(f"P{number}{unit}", first, end, certain=seen_child or near)
        if (seen_child and gap == 0) or (has_ages and gap == 0) or self._roles_at(first - 1) == "old":
            return Age(f"P{number}Y", first, after)
        if self._about_children or (seen_child and gap <= _GAP and self._says_no_more(after, places)):
            return Age(f"P{number}Y", first, after, certain=False)
        return None

    def _says_no_more(self, after: int, places: list[int]) -> bool:
        """Whether no word follows that a number could count: "is going to be 16 soon"."""
        return after not in places or self._found[after].norm in stop_words(self._tag) | self._family.before

    def _half_at(self, place: int, seen_child: bool) -> Age | None:
        """ "anderthalb", "one and a half", "an et demi"."""
        if not (seen_child or self._about_children):
            return None
        length = self._is(self._family.half, place)
        if length:
            end = place + length + (self._unit_at(place + length) == "Y")
            return Age("P1Y6M", place, end)
        span = next((span for span in self._spans if span[0] == place), None)
        number, after = (span[2], span[1]) if span else (1, place)
        if self._unit_at(after) == "Y":
            after += 1
        elif span is None:
            return None
        length = self._is(self._family.and_half, after)
        if not length or number > OLDEST or after == place:
            return None
        end = after + length
        return Age(f"P{number}Y6M", place, end + (self._unit_at(end) == "Y"))

    def _roles_at(self, place: int) -> str:
        return self._roles[place] if 0 <= place < len(self._roles) else ""

    def _counts(self, after: int, places: list[int]) -> bool:
        """Whether a number counts children: "two boys", "3 kleine Kinder", "سه تا بچه"; not "9 and 12 years old boys"."""
        for place in range(after, min(after + 2, len(self._found))):
            if place not in places or any(span[0] == place for span in self._spans):
                return False
            if self._unit_at(place) is not None or self._roles[place] == "old":
                return False
            if self._roles[place] in ("child", "baby"):
                return True
        return False

    def _unit_of(
        self, span: tuple[int, int, int, bool], spans: list[tuple[int, int, int, bool]], places: list[int]
    ) -> tuple[str | None, int]:
        """The unit of a number, right after it or after the last number of its list: "9 and 12 years"."""
        after = span[1]
        unit = self._unit_at(after)
        if unit is not None:
            return unit, after + 1
        following = next((other for other in spans if other[0] >= after), None)
        if following is None or following[0] - after > 1 or following[0] not in places:
            return None, after
        shared, _ = self._unit_of(following, spans, places)
        return (shared, after) if shared == "Y" else (None, after)

    def _without_babies(self, ages: list[Age]) -> list[Age]:
        """A baby whose age is told is told once: "baby, 8 months"."""
        kept = []
        for position, age in enumerate(ages):
            others = [other for at, other in enumerate(ages) if at != position and abs(other.first - age.first) <= 3]
            told = any(other.value[-1] in "MWD" or other.value in ("P0Y", "P1Y") for other in others if other.value != "P0Y")
            if not (age.value == "P0Y" and not age.certain and told):
                kept.append(age)
        return kept

    def _halves(self, ages: list[Age]) -> list[Age]:
        """One and a half years: "2,5 Jahre"."""
        for match in re.finditer(r"(?<![\d.,])(\d{1,2})[.,]5(?!\d)", self._text):
            after = [place for place, token in enumerate(self._found) if token.start >= match.end()]
            if after and self._unit_at(after[0]) == "Y" and (ages or "child" in self._roles or self._about_children):
                first = next(place for place, token in enumerate(self._found) if token.start >= match.start())
                ages = [age for age in ages if not first <= age.first <= after[0]]
                ages.append(Age(f"P{int(match[1])}Y6M", first, after[0] + 1))
        return sorted(ages, key=lambda age: age.first)

    def children(self) -> tuple[int, bool] | None:
        """How many children the text counts, and whether that is certain; None where it counts none."""
        counted, groups, uncertain = 0, 0, False
        for place, role in enumerate(self._roles):
            if role not in ("child", "baby"):
                continue
            if self._found[place].norm in self._family.pair or self._found[place].stem in self._family.pair:
                counted, groups = counted + 2, groups + 1
                continue
            before = next(
                (span for span in self._spans if 0 <= place - span[1] <= 1 and self._counts(span[1], _all(self._found))), None
            )
            if before is not None:
                counted, groups = counted + before[2], groups + 1
                uncertain = uncertain or (not before[3] and before[2] > 1)
            elif role == "baby" or self._is_one(place):
                counted, groups, uncertain = counted + 1, groups + 1, True
        if groups == 0 or "without" in self._roles:
            return None
        return counted, groups == 1 and not uncertain

    def _is_one(self, place: int) -> bool:
        """Whether a word says one child: by its article, or in a language without articles by itself."""
        token = self._found[place]
        by_article = place > 0 and self._found[place - 1].norm in numbers.articles(self._tag)
        return by_article or token.norm in self._family.single or token.stem in self._family.single


def negated(found: list[Token], tag: str) -> list[tuple[int, int]]:
    """Places in the text around words that say there is none: "no kids", "детей нет"."""
    without = _family(tag).without
    return [
        (found[max(place - 2, 0)].start, found[min(place + 2, len(found) - 1)].end)
        for place, token in enumerate(found)
        if token.norm in without
    ]


def _all(found: list[Token]) -> list[int]:
    return list(range(len(found)))


def _unglued(token: Token) -> list[str]:
    return [token.norm[length:] for length in (1, 2) if len(token.norm) - length >= 3]


def find(text: str, found: list[Token], tag: str, taken: set[int], about_children: bool = False) -> tuple[list[Find], set[int]]:
    """Ages as finds, and the tokens that say them."""
    if tag not in TAGS or not found:
        return [], set()
    finds, used = [], set()
    for age in Reader(text, found, tag, taken, about_children).ages():
        start, end = found[age.first].start, found[age.after - 1].end
        finds.append(Find("age", age.value, start, end, text[start:end], age.certain))
        used |= set(range(age.first, age.after))
    return finds, used
