"""Numbers from 0 to 120, in digits of every script and in words."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from num2words import num2words

from lotse.intake.extract.finds import Find
from lotse.intake.extract.tokens import TAGS, Token, listed, norms, split

HIGHEST = 120
_LONGEST = 5  # words of a number
_JOINED = " \u00a0\u200c-‐‑–\t"  # what may stand between the words of one number
_TENS_FIRST_FROM = {"tr": 10}


@lru_cache(maxsize=20)
def number_words(tag: str) -> dict[str, int]:
    """Number words of a language, in normal spelling."""
    if tag not in TAGS:
        return {}
    ways: dict[str, int] = {}
    for number in range(HIGHEST + 1):
        ways.setdefault(norms(num2words(number, lang=tag)), number)
    for number, more in listed("numbers")[tag]["words"].items():
        for way in split(more):
            ways[norms(way)] = number
    if tag == "de":
        ways |= {way.removeprefix("ein"): number for way, number in list(ways.items()) if way.startswith("einhundert")}
    if tag == "fr":
        ways |= {f"soixante {way}": 60 + number for way, number in list(ways.items()) if 10 <= number <= 19 and " " not in way}
    ways.pop("", None)
    return ways


@lru_cache(maxsize=20)
def _beginnings(tag: str) -> frozenset[str]:
    firsts = {way.split()[0] for way in number_words(tag)}
    return frozenset(firsts | {f"و{way}" for way in firsts} if tag == "ar" else firsts)


@lru_cache(maxsize=20)
def _ands(tag: str) -> frozenset[str]:
    return frozenset(norms(way) for way in listed("numbers")[tag]["and"]) if tag in TAGS else frozenset()


@lru_cache(maxsize=20)
def articles(tag: str) -> frozenset[str]:
    """Indefinite articles, which are "one" before a child or a year."""
    return frozenset(norms(way) for way in listed("numbers")[tag]["article"]) if tag in TAGS else frozenset()


@lru_cache(maxsize=20)
def _ambiguous(tag: str) -> frozenset[str]:
    return frozenset(norms(way) for way in listed("numbers")["ambiguous"].get(tag, []))


def spans(text: str, found: list[Token], tag: str) -> list[tuple[int, int, int, bool]]:
    """(first token, token after it, number, certain) of each number in a text."""
    ways = number_words(tag)
    numbers: list[tuple[int, int, int, bool]] = []
    position = 0
    while position < len(found):
        hit = _digits(text, found, position) or _words(text, found, position, tag, ways)
        if hit is None:
            position += 1
            continue
        length, number, certain = hit
        if number is not None:
            numbers.append((position, position + length, number, certain))
        position += length
    return _joined(text, found, numbers, tag)


def _digits(text: str, found: list[Token], position: int) -> tuple[int, int | None, bool] | None:
    token = found[position]
    if not token.norm.isdigit():
        return None
    before, after = text[: token.start][-2:], text[token.end :][:2]
    letter = position > 0 and token.tight and not found[position - 1].norm.isdigit()
    glued = bool(before) and (before[-1] in "_.,/:+€$£" and (len(before) < 2 or before[0].isdigit() or before[-1] in "_+€$£/"))
    goes_on = len(after) > 1 and after[0] in ".,:/" and after[1].isdigit()
    signed = bool(before) and before[-1] in "-−" and not before[0].isalnum()
    value = token.number
    if letter or glued or goes_on or signed or value is None or value > HIGHEST or text[token.end :].lstrip()[:1] in ("%", "€"):
        return 1, None, False
    return 1, value, True


def _words(text: str, found: list[Token], position: int, tag: str, ways: dict[str, int]) -> tuple[int, int | None, bool] | None:
    if found[position].norm not in _beginnings(tag):
        return None
    for length in range(min(_LONGEST, len(found) - position), 0, -1):
        part = found[position : position + length]
        if not _close(text, part):
            continue
        run = " ".join(token.norm for token in part)
        if run not in ways and tag == "ar" and run.startswith("و") and run[1:] in ways:
            run = run[1:]
        if run in ways:
            return length, ways[run], run not in _ambiguous(tag) or len(found) == length
    return None


def _close(text: str, part: list[Token]) -> bool:
    return all(not text[first.end : second.start].strip(_JOINED) for first, second in pairwise(part))


def _joined(
    text: str, found: list[Token], numbers: list[tuple[int, int, int, bool]], tag: str
) -> list[tuple[int, int, int, bool]]:
    """Tens and units that are written apart are one number: "thirty five", "treinta y cinco", "خمسة وثلاثون"."""
    joined: list[tuple[int, int, int, bool]] = []
    for first, after, number, certain in numbers:
        if joined and not found[first].norm.isdigit() and not found[joined[-1][0]].norm.isdigit():
            begin, end, former, _ = joined[-1]
            between = found[end:first]
            near = _close(text, found[begin:after])
            linked = bool(between) and len(between) == 1 and between[0].norm in _ands(tag)
            if near and (not between or linked):
                whole = _sum(former, number, tag, linked or _with_and(found[first], tag))
                if whole is not None:
                    joined[-1] = (begin, after, whole, True)
                    continue
        joined.append((first, after, number, certain))
    return joined


def _with_and(token: Token, tag: str) -> bool:
    return tag == "ar" and token.norm.startswith("و") and token.norm not in number_words(tag)


def _sum(former: int, number: int, tag: str, linked: bool) -> int | None:
    tens = former % 10 == 0 and _TENS_FIRST_FROM.get(tag, 20) <= former <= 90
    if tens and 1 <= number <= 9 and (linked or tag not in ("ar", "fa", "es", "ro")):
        return former + number
    if tag in ("ar", "de", "nl") and linked and 1 <= former <= 9 and number % 10 == 0 and 20 <= number <= 90:
        return former + number
    return former + number if former == 100 and number <= HIGHEST - 100 else None


def find(
    text: str, found: list[Token], tag: str, taken: set[int], one_before: frozenset[str], twos: frozenset[str]
) -> list[Find]:
    """Numbers as finds.

    `taken` are tokens that are something else; `one_before` are words that make an article a number; `twos` are words
    that say two of something by themselves, as in Arabic.
    """
    finds = [
        Find("number", "2", token.start, token.end, token.raw)
        for place, token in enumerate(found)
        if token.norm in twos and place not in taken
    ]
    for first, after, number, certain in spans(text, found, tag):
        if taken & set(range(first, after)):
            continue
        sure = certain
        if found[first].norm in articles(tag) and after - first == 1 and len(found) > 1:
            if after >= len(found) or found[after].norm not in one_before:
                continue
            sure = False
        elif not certain and after < len(found) and found[after].norm in one_before:
            sure = True
        elif not certain and number <= 1:
            continue  # "one" is also "someone" and "alone"
        start, end = found[first].start, found[after - 1].end
        finds.append(Find("number", str(number), start, end, text[start:end], sure))
    return finds
