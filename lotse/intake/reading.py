"""Reading a typed response: "home and work", "1, 3", "дім", "بيت", "two", or a near miss that is asked back.

spaCy finds the choices' words in a text (blank pipelines: tokenisers only, no trained model), rapidfuzz the near
misses, num2words the numbers that are written out. Where the question's own words do not suffice, `extract` looks for
languages, themes, numbers and children in free text. What is uncertain is never assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from num2words import num2words
from rapidfuzz import fuzz, process

from lotse.files import read_yaml
from lotse.intake import extract
from lotse.intake.asking import language_names
from lotse.intake.extract import Find
from lotse.intake.questionnaire import Question, Words
from lotse.normalise import normalise, words

if TYPE_CHECKING:  # importing spaCy takes more than a second: commands that read no responses do without
    from spacy.matcher import PhraseMatcher
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

NEAR = 74  # rapidfuzz ratio from which a typo is asked back ("did you mean ...?")
EQUAL = 90  # from which it is the same word in another spelling
SAME_STEM, LONG_WORD = 80, 5  # ratio and letters from which a word is another's inflection
SHORT = 6  # words; in a longer text a choice's word may stand for something else
HIGHEST_WORD = 99
DAY, MONTH = len("2026-11-22"), len("2026-11")  # how exact a date may be
COUNTS_CHILDREN = "children"  # the question that children named one by one answer


@dataclass(frozen=True)
class Reading:
    """What a text says as a response: a value, perhaps only nearly, values of several entries of a group, or nothing.

    `whole`: the text says that and nothing else; a choice's word inside a sentence may stand for something else.
    """

    kind: Literal["value", "several", "own_words", "near", "too_many", "out_of_range", "nothing"]
    value: Any = None
    whole: bool = field(default=False, compare=False)


NOTHING = Reading("nothing")


def read(
    question: Question, text: str, labels: list[tuple[str, Words]], also: dict[str, str], today: date, own: tuple[str, ...] = ()
) -> Reading:
    """Read a text as the response to a question.

    labels: the question's words by language, the message's own language first. `also` maps further
    words, as typed, to choices (names of languages, countries, of the town). `own` are the newcomer's own
    words that have a button after those of the choices.
    """
    if question.type == "private":
        return NOTHING
    if question.type == "integer":
        return _integer(question, text, labels)
    if question.is_free:
        return _text(question, text, labels, also)
    patterns = _patterns(question, labels, also)
    if question.type == "date":
        return _date(text, patterns, [tag for tag, _ in labels], today)
    if question.type == "select_multiple":
        return _several(question, text, patterns, [tag for tag, _ in labels], own)
    return _one(question, text, patterns, labels)


def _date(text: str, patterns: dict[str, str], tags: list[str], today: date) -> Reading:
    """A date is always read back: day and month are easily taken for each other."""
    whole = " ".join(words(text))
    if whole in patterns:
        return Reading("value", patterns[whole], whole=True)
    for tag in tags:
        dates = extract.extract(text, tag, today).values("date")
        if len(dates) == 1 and len(dates[0]) in (DAY, MONTH):
            return Reading("near", dates[0])
    return _near(whole, patterns)


def _country(text: str, labels: list[tuple[str, Words]], patterns: dict[str, str]) -> Reading:
    """A country named in other words than its name alone: "aus der Ukraine", "из Казахстана"."""
    for tag, _ in labels:
        finds = extract.named(text, tag, "country")
        if len({find.value for find in finds}) == 1:
            return Reading("value" if finds[0].certain else "near", finds[0].value)
    return _near(" ".join(words(text)), patterns)


def _one(question: Question, text: str, patterns: dict[str, str], labels: list[tuple[str, Words]]) -> Reading:
    typed = words(text)
    whole = " ".join(typed)
    if whole in patterns:
        return Reading("value", patterns[whole], whole=True)
    if question.consent:  # an agreement must be the whole message: "yes" inside another sentence agrees to nothing
        return NOTHING
    if _has_bands(question):
        return _band(question, text, patterns)
    listed = _positions(text, question.choices)
    if len(listed) == 1:
        return Reading("value", listed[0], whole=True)
    found, rest = _found(text, patterns)
    if not found and question.listed == "countries":
        return _country(text, labels, patterns)
    near = _near(whole, patterns)
    if near.kind != "nothing" and near.value not in found:  # the word with the typo may decide: "nothng urgent"
        return near
    if not found or _negated(rest):
        return near
    return Reading("value", found[0], whole=not rest) if len(found) == 1 and len(typed) <= SHORT else NOTHING


def _several(question: Question, text: str, patterns: dict[str, str], tags: list[str], ticked: tuple[str, ...]) -> Reading:
    typed = words(text)
    whole = " ".join(typed)
    own = Reading("own_words", [text.strip()]) if question.other and typed else NOTHING
    if whole in patterns:
        return Reading("value", [patterns[whole]], whole=True)
    placed = _positions(text, (*question.choices, *ticked))
    found, rest = _found(text, patterns)
    near = _near(whole, patterns)
    if near.kind == "value" and near.value not in found:
        return Reading("value", [near.value], whole=True)
    if _negated(rest):
        return own
    extracted = _extracted(question, text, tags, rest) if question.other and rest else []
    certain = [find for find in extracted if find.certain]
    rest = [word for word in rest if word not in {word for find in certain for word in words(find.words)}]
    inflected = _inflected(rest, patterns)
    chosen = list(dict.fromkeys(placed or [*found, *(find.value for find in certain), *inflected.values()]))
    if not chosen:
        if near.kind == "nothing" and extracted:
            return Reading("near", list(dict.fromkeys(find.value for find in extracted)))
        return Reading(near.kind, [near.value]) if near.kind != "nothing" else own
    if len(chosen) > 1 and set(chosen) & set(question.exclusive):
        return NOTHING
    if question.max and len(chosen) > question.max:
        return Reading("too_many", question.max)
    left = [word for word in rest if word not in inflected and len(word) >= 4 and not _is_filler(word, tags)]
    return Reading("value", chosen + own.value if left and not placed and own.value else chosen, whole=bool(placed) or not rest)


def _extracted(question: Question, text: str, tags: list[str], rest: list[str]) -> list[Find]:
    """Languages or themes that a text names in words which the questionnaire does not have."""
    kind: Literal["language", "theme"] = "language" if question.listed == "languages" else "theme"
    for tag in tags:
        shown = {*question.choices, *(language_names(tag) if question.listed == "languages" else ())}
        finds = [find for find in extract.named(text, tag, kind) if find.value in shown and set(words(find.words)) & set(rest)]
        if finds:
            return finds
    return []


@lru_cache(maxsize=1)
def _negations() -> frozenset[str]:
    lists = read_yaml(Path(__file__).parent / "negations.yml")
    return frozenset(" ".join(words(str(word))) for listed in lists.values() for word in listed)


def _negated(typed: list[str]) -> bool:
    return bool(_negations() & set(typed))


def _text(question: Question, text: str, labels: list[tuple[str, Words]], also: dict[str, str]) -> Reading:
    patterns = _patterns(question, labels, also)
    return Reading("value", patterns.get(" ".join(words(text)), text.strip()))


def _integer(question: Question, text: str, labels: list[tuple[str, Words]]) -> Reading:
    typed = words(text)
    for _tag, described in labels:
        for value, ways in described.also.items():
            if value.isdigit() and " ".join(typed) in {_key(way) for way in ways}:
                return Reading("value", int(value), whole=True)
    if question.unit == "years":
        told = _years(question, text, [tag for tag, _ in labels])
        if told is not None:
            return told
    numbers = {int(number) for number in re.findall(r"(?<![\d.,])-?\d{1,9}(?![\d]|[.,]\d)", normalise(text))}
    sure = True
    spelled, spelled_sure = _number_found(text, [tag for tag, _ in labels])
    if numbers:
        numbers |= spelled if spelled_sure else set()
    elif not _negated(typed):
        numbers, sure = spelled, spelled_sure
    for tag, _ in labels:
        if not numbers:
            numbers |= _spelled_out(typed, _spelled(tag))
    if question.name == COUNTS_CHILDREN and len(typed) > 1:
        counted = _children(text, [tag for tag, _ in labels])
        if counted is not None:
            numbers, sure = {counted[0]}, counted[1]
    if len(numbers) != 1:
        return NOTHING
    number = numbers.pop()
    if not _is_in_range(question, number):
        return Reading("out_of_range", number)
    return Reading("value" if sure else "near", number, whole=len(typed) == 1)


def _is_in_range(question: Question, number: int) -> bool:
    return (question.min is None or number >= question.min) and (question.max is None or number <= question.max)


def _years(question: Question, text: str, tags: list[str]) -> Reading | None:
    """Whole years of times told with their units ("8 months" are 0), and of several ("5 and 8"); else None."""
    for tag in tags:
        told = extract.child_ages(text, tag)
        numbers = [_whole_years(duration) for duration in told]
        if numbers and all(_is_in_range(question, number) for number in numbers):
            if len(numbers) == 1:
                return Reading("value", numbers[0]) if not told[0].endswith("Y") else None
            return Reading("several", numbers) if question.repeat else None
    return None


def _whole_years(duration: str) -> int:
    """Years of an ISO 8601 duration, without the part of a year."""
    years = re.search(r"(\d+)Y", duration)
    return int(years[1]) if years else 0


def _children(text: str, tags: list[str]) -> tuple[int, bool] | None:
    """How many children are named: "two boys and a baby" are three, which is asked back."""
    return next((counted for tag in tags if (counted := extract.children(text, tag)) is not None), None)


def _number_found(text: str, tags: list[str]) -> tuple[set[int], bool]:
    """The number that a text says in other words than num2words has; "one" is also "someone" and is not read here."""
    for tag in tags:
        finds = [find for find in extract.numbers_in(text, tag) if int(find.value) != 1]
        if finds:
            return {int(find.value) for find in finds}, all(find.certain for find in finds)
    return set(), True


def _spelled_out(typed: list[str], spelled: dict[str, int]) -> set[int]:
    """The number that the words say, the longest run of words first, with few words beside it ("two years").

    "One" is also "someone" and "alone" in many languages: it counts with one more word only.
    """
    if _negated(typed) and len(typed) > 1:
        return set()
    for length in range(len(typed), max(len(typed) - 3, 0), -1):
        runs = (" ".join(typed[start : start + length]) for start in range(len(typed) - length + 1))
        found = {spelled[run] for run in runs if run in spelled}
        if found:
            return found if max(found) > 1 or len(typed) - length <= 1 else set()
    return set()


@lru_cache(maxsize=64)
def _spelled(tag: str) -> dict[str, int]:
    try:
        return {" ".join(words(num2words(number, lang=tag))): number for number in range(HIGHEST_WORD, -1, -1)}
    except NotImplementedError:
        return {}


def _positions(text: str, choices: tuple[str, ...]) -> list[str]:
    """Choices named by their place: "2", "1, 3", "1 and 3" in digits of any script."""
    tokens = words(text)
    numbers = [int(token) for token in tokens if token.isdigit() and len(token) < 3]
    if not numbers or len(tokens) - len(numbers) > max(len(numbers) - 1, 0):
        return []
    if any(token.isdigit() and token in choices for token in tokens):
        return []
    if any(not 1 <= number <= len(choices) for number in numbers):
        return []
    return list(dict.fromkeys(choices[number - 1] for number in numbers))


_BAND = re.compile(r"^(?:under-(?P<below>\d+)|(?P<from>\d+)-(?P<to>\d+)|(?P<least>\d+)\+)$")


def _has_bands(question: Question) -> bool:
    return any(_BAND.match(choice) for choice in question.choices)


def _band(question: Question, text: str, patterns: dict[str, str]) -> Reading:
    """The band of numbers that a number in the text falls into: 34 is in "27-64".

    "under 18" names a number as well; so one at which a band begins is asked back unless it stands alone, and so
    is a band that would end the intake.
    """
    typed = words(text)
    named = _found(text, {way: choice for way, choice in patterns.items() if not way.replace(" ", "").isdigit()})[0]
    if len(named) == 1 and len(typed) <= SHORT and not _negated(typed):
        return Reading("value", named[0])
    numbers = {int(number) for number in re.findall(r"\d{1,3}", normalise(text))}
    if len(numbers) != 1:
        return NOTHING
    number = numbers.pop()
    bands = [choice for choice in question.choices if (band := _BAND.match(choice)) and _falls_into(number, band)]
    if not bands or len(typed) > SHORT:
        return NOTHING
    begins = bands[0].startswith(str(number))
    whole = typed == [str(number)]
    sure = whole or not (begins or _negated(typed) or bands[0] in question.ends)
    return Reading("value" if sure else "near", bands[0], whole=whole)


def _falls_into(number: int, band: re.Match[str]) -> bool:
    if band["below"]:
        return number < int(band["below"])
    if band["least"]:
        return number >= int(band["least"])
    return int(band["from"]) <= number <= int(band["to"])


def _patterns(question: Question, labels: list[tuple[str, Words]], also: dict[str, str]) -> dict[str, str]:
    """Normalised words that stand for a choice; the first language's meaning wins where two share a word."""
    patterns: dict[str, str] = {}

    def add(way: str, choice: str) -> None:
        key = _key(way)
        if key:
            patterns.setdefault(key, choice)

    for _tag, described in labels:
        for choice in question.choices:
            label = described.choices.get(choice, "")
            for way in [label, *re.split(r"[/(),–-]", label), *described.also.get(choice, [])]:
                add(way, choice)
    for way, choice in also.items():
        add(way, choice)
    return patterns


@lru_cache(maxsize=20_000)
def _key(way: str) -> str:
    return " ".join(words(way))


@lru_cache(maxsize=1)
def _vocabulary() -> Vocab:
    from spacy.vocab import Vocab

    return Vocab()


def _document(tokens: list[str]) -> Doc:
    from spacy.tokens import Doc

    return Doc(_vocabulary(), words=tokens) if tokens else Doc(_vocabulary())


def _found(text: str, patterns: dict[str, str]) -> tuple[list[str], list[str]]:
    """Choices whose words stand in the text, in its order, and the words left over; of overlaps the longest counts."""
    from spacy.util import filter_spans

    document = _document(words(text))
    spans = filter_spans(_matcher(tuple(patterns.items()))(document, as_spans=True))
    covered = {token.i for span in spans for token in span}
    return list(dict.fromkeys(span.label_ for span in spans)), [token.text for token in document if token.i not in covered]


@lru_cache(maxsize=500)
def _matcher(patterns: tuple[tuple[str, str], ...]) -> PhraseMatcher:
    from spacy.matcher import PhraseMatcher

    matcher = PhraseMatcher(_vocabulary())
    for way, choice in patterns:
        matcher.add(choice, [_document(way.split())])
    return matcher


def _inflected(rest: list[str], patterns: dict[str, str]) -> dict[str, str]:
    """Left-over words that are a choice's word in another form ("українською"); what was understood is read back."""
    single = {way: choice for way, choice in patterns.items() if " " not in way}
    found = {}
    for word in (word for word in rest if len(word) >= LONG_WORD):
        best = process.extractOne(word, single.keys(), scorer=fuzz.ratio, score_cutoff=SAME_STEM)
        if best is not None and len(best[0]) >= LONG_WORD:  # likest a short word, it is no form of a long one
            found[word] = single[best[0]]
    return found


def _is_filler(word: str, tags: Iterable[str]) -> bool:
    return any(word in _stop_words(tag) for tag in tags)


@lru_cache(maxsize=50)
def _stop_words(tag: str) -> frozenset[str]:
    from spacy.util import get_lang_class

    try:
        pipeline = get_lang_class(tag)
    except ImportError:
        return frozenset()
    return frozenset(" ".join(words(word)) for word in pipeline.Defaults.stop_words)


def _near(whole: str, patterns: dict[str, str]) -> Reading:
    """The choice of which the whole text is a misspelling; where only one of them has a negation, they are opposites."""
    turned = _negated(whole.split())
    longer = {way: choice for way, choice in patterns.items() if len(way) >= 3 and (not turned or _negated(way.split()))}
    best = process.extractOne(whole, longer.keys(), scorer=fuzz.ratio, score_cutoff=NEAR) if len(whole) >= 3 else None
    if best is None:
        return NOTHING
    sure = best[1] >= EQUAL and turned == _negated(best[0].split())
    return Reading("value" if sure else "near", longer[best[0]], whole=True)
