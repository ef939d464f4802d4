"""Ways to tell a response, as people do: pressing, typing the label, its number, a synonym, a slip of the pen, own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from random import Random
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from num2words import num2words

from lotse.intake.questionnaire import Question, Words
from tests.simulation.phrases import phrases
from tests.simulation.seen import Message

DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९")
AGES = {"under-16": 14, "16-17": 17, "18-26": 22, "27-64": 34, "65+": 71}  # an age of each band that begins none
COUNTRIES = ("UA", "SY", "AF", "KZ", "TR", "ER", "IR", "PL", "BR", "IN")
SCALES = {"wish_year": "wishes", "interests_more": "more", "training_what": "fields", "job": "jobs", "job_wish": "jobs",
          "call_name": "names", "town": "places"}  # fmt: skip
LONG = (500, 4000)  # characters
FIRST_DAY, DAYS = date(2027, 1, 1), 360
LONGEST_SLIP = 40


@dataclass(frozen=True)
class Told:
    """What was told: the values that may be stored for it, the likeliest first, and the words if it was typed.

    There are several values where the newcomer cannot mind: own words beside the choice that they name.
    """

    values: tuple[Any, ...]
    words: str | None = None

    @property
    def value(self) -> Any:
        """What was meant."""
        return self.values[0]


@dataclass(frozen=True)
class Attempt:
    """One try to tell a response: presses in this order, or a text; `shows` stands in the question back, if one comes."""

    way: str
    told: Mapping[str, Told]
    text: str | None = None
    presses: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    intent: str = "respond"


def ways(question: Question, message: Message, *, types: bool, presses: bool) -> list[str]:
    """The ways in which the open question can be answered, by name."""
    found: list[str] = []
    shown = [button for button in message.buttons if button.kind in ("choice", "consent")]
    if presses and shown:
        found += ["ticks" if question.type == "select_multiple" else "press"] * 2
    if types:
        found += _typed(question, bool(shown))
    if not question.required:
        found += ["skip pressed"] if presses else ["skip typed"]
    return found


def _typed(question: Question, has_buttons: bool) -> list[str]:
    match question.type:
        case "select_one" if question.name == "age":
            return ["label", "digits", "number in a script"]
        case "select_one":
            closed = ["label", "synonym"]
            if not question.consent:
                closed += ["slip"] + ([] if _has_digits(question) else ["place"])
            return closed + (["country", "country"] if question.listed == "countries" else [])
        case "select_multiple":
            return ["label", "labels", "synonym", "slip", "place", "places"] + (["own words"] * 2 if question.other else [])
        case "integer":
            several = ["several"] if question.repeat and question.number else []
            return ["digits", "number in a script", "number in words", *(["years", "months"] if question.unit else []), *several]
        case "date":
            return ["day", "day", "day in words", "month", *(["label", "synonym"] if has_buttons else [])]
        case "text" | "place":
            long = ["long text"] if question.name in ("wish_year", "interests_more", "job", "job_wish", "training_what") else []
            return ["own words"] * 3 + long + (["label", "synonym"] if has_buttons else [])
    return []


def _has_digits(question: Question) -> bool:
    return any(choice[:1].isdigit() or choice[-1:].isdigit() for choice in question.choices)


class Telling:
    """Makes attempts for one question, as it is shown in one message."""

    def __init__(
        self,
        question: Question,
        message: Message,
        words: Words,
        language: str,
        random: Random,
        told: Mapping[str, Any],
        entries: int,
    ) -> None:
        self.question = question
        self.message = message
        self.words = words
        self.language = language
        self.random = random
        self.entries = entries
        former = told.get(question.key)
        self.former: list[str] = list(former) if isinstance(former, list) else []

    def attempt(self, way: str) -> Attempt | None:
        """A random attempt of one way; None where the question has none."""
        made: Attempt | None = getattr(self, "_" + way.replace(" ", "_"))()
        return made

    # pressing

    def _press(self) -> Attempt | None:
        shown = [button.value for button in self.message.buttons if button.kind in ("choice", "consent")]
        wanted = [value for value in shown if value not in self._endings()] or shown
        value = self.random.choice(wanted)
        return self._pressed("press", int(value) if self.question.type == "integer" else value, value)

    def _pressed(self, way: str, value: Any, *presses: str) -> Attempt:
        return Attempt(way, {self.question.key: Told((value,))}, presses=presses)

    def _ticks(self) -> Attempt | None:
        shown = [button.value for button in self.message.buttons if button.kind == "choice"]
        most = min(self.question.max or 5, len(shown))
        free = [value for value in shown if value not in self.question.exclusive]
        chosen = self.random.sample(free, self.random.randint(1, min(most, len(free))))
        if self.question.exclusive and self.random.random() < 0.3:
            chosen = [self.random.choice(self.question.exclusive)]
        return Attempt("ticks", {self.question.key: Told((chosen,))}, presses=tuple(chosen))

    def _skip_pressed(self) -> Attempt:
        return Attempt("skip pressed", {self.question.key: Told((None,))}, presses=("skip",))

    def _skip_typed(self) -> Attempt:
        text = self.random.choice(phrases(self.language, "skip"))
        return Attempt("skip typed", {self.question.key: Told((None,))}, text=text, intent="skip")

    # typing a choice

    def _label(self) -> Attempt | None:
        named = [(label, choice) for label, choice in self._labelled() if self._means(label) == {choice}]
        return self._typed_choices("label", [self.random.choice(named)]) if named else None

    def _combinable(self) -> list[tuple[str, str]]:
        exclusive = self.question.exclusive
        return [
            (label, choice) for label, choice in self._labelled() if choice not in exclusive and self._means(label) == {choice}
        ]

    def _labelled(self) -> list[tuple[str, str]]:
        shown = [button for button in self.message.buttons if button.kind in ("choice", "consent") and not button.is_ticked]
        return [(button.words, button.value) for button in shown if button.words and button.value not in self._endings()]

    def _synonym(self) -> Attempt | None:
        named = [(way, choice) for way, choice in self._synonyms() if self._means(way) == {choice}]
        return self._typed_choices("synonym", [self.random.choice(named)]) if named else None

    def _synonyms(self) -> list[tuple[str, str]]:
        known = {value for value in self.question.choices if value not in self._endings()}
        return [(str(way), choice) for choice, listed in self.words.also.items() if choice in known for way in listed]

    def _slip(self) -> Attempt | None:
        """A label or synonym with one wrong letter, if it is nearer to its choice than to any other."""
        known = [(way, choice) for way, choice in [*self._labelled(), *self._synonyms()] if 6 <= len(way) <= LONGEST_SLIP]
        self.random.shuffle(known)
        for way, choice in known[:5]:
            slipped = _slip_in(way, self.random)
            others = [other for other, meant in [*self._labelled(), *self._synonyms()] if meant != choice]
            rival = max((SequenceMatcher(None, slipped.lower(), other.lower()).ratio() for other in others), default=0.0)
            if slipped != way and self._means(way) == {choice} and rival < 0.7 and not self._names_another(slipped, choice):
                return self._typed_choices("slip", [(slipped, choice)])
        return None

    def _names_another(self, text: str, choice: str) -> bool:
        """Whether one of several choices is named by another word of the text: it would be told as well."""
        several = self.question.type == "select_multiple"
        return several and any(self._means(word) - {choice} for word in text.split())

    def _place(self) -> Attempt | None:
        places = [(str(number), choice) for number, choice in enumerate(self._in_order(), 1) if choice not in self._endings()]
        return self._typed_choices("place", [self.random.choice(places)]) if places else None

    def _places(self) -> Attempt | None:
        known = enumerate(self._in_order(), 1)
        places = [(str(number), choice) for number, choice in known if choice not in self.question.exclusive]
        return self._joined("places", places, ", ")

    def _labels(self) -> Attempt | None:
        return self._joined("labels", self._combinable(), self.random.choice([", ", f" {phrases(self.language, 'all')[0]} "]))

    def _joined(self, way: str, known: list[tuple[str, str]], between: str) -> Attempt | None:
        most = min(self.question.max or 3, 3, len({choice for _, choice in known}))
        if most < 2:
            return None
        return self._typed_choices(way, self.random.sample(known, self.random.randint(2, most)), between)

    def _in_order(self) -> list[str]:
        return [button.value for button in self.message.buttons if button.kind in ("choice", "consent")]

    def _typed_choices(self, way: str, named: list[tuple[str, str]], between: str = ", ") -> Attempt:
        text = between.join(label for label, _ in named)
        choices = list(dict.fromkeys(choice for _, choice in named))
        labels = tuple(self._shown(choice) for choice in choices)
        if self.question.type != "select_multiple":
            return Attempt(way, {self.question.key: Told((choices[0],), text)}, text=text, shows=labels)
        values: list[Any] = [choices]
        if self.question.other and way not in ("place", "places"):
            values += [[*choices, text], *([[text]] if way == "slip" else [])]
        return Attempt(way, {self.question.key: Told(tuple(values), text)}, text=text, shows=labels)

    def _shown(self, choice: str) -> str:
        button = self.message.button(choice)
        return button.words if button else self.words.choices.get(choice, choice)

    def _means(self, text: str) -> set[str]:
        """All choices that these words stand for."""
        wanted = text.casefold().strip()
        parts = {(part.casefold().strip(), choice) for label, choice in self._all_labels() for part in (label, *_parts(label))}
        ways = parts | {(str(way).casefold(), choice) for choice, listed in self.words.also.items() for way in listed}
        return {choice for way, choice in ways if way == wanted}

    def _all_labels(self) -> list[tuple[str, str]]:
        shown = [button for button in self.message.buttons if button.kind in ("choice", "consent")]
        return [(button.words, button.value) for button in shown]

    def _endings(self) -> set[str]:
        """Choices that end the intake: the newcomer takes them only on purpose."""
        return set(self.question.ends)

    def _country(self) -> Attempt:
        code = self.random.choice(COUNTRIES)
        name = str(Locale.parse(self.language).territories[code])
        return Attempt("country", {self.question.key: Told((code,), name)}, text=name, shows=(name,))

    # numbers

    def _number(self) -> int:
        least, most = self.question.min or 0, self.question.max or 30
        usual = {"children": 3, "adults": 5, "child_age": 17, "school_years": 14, "job_years": 25}.get(self.question.name, most)
        return self.random.randint(least, min(usual, most))

    def _digits(self) -> Attempt:
        if self.question.name == "age":
            return self._age(DIGITS[0])
        number = self._number()
        return self._counted("digits", number, str(number))

    def _number_in_a_script(self) -> Attempt:
        script = self.random.choice(DIGITS[1:])
        if self.question.name == "age":
            return self._age(script)
        number = self._number()
        return self._counted("number in a script", number, _in_script(number, script))

    def _age(self, script: str) -> Attempt:
        band = self.random.choice([choice for choice in self.question.choices if choice not in self._endings()])
        text = _in_script(AGES[band], script)
        way = "digits" if script == DIGITS[0] else "number in a script"
        return Attempt(way, {self.question.key: Told((band,), text)}, text=text, shows=(self._shown(band),))

    def _number_in_words(self) -> Attempt | None:
        number = self._number()
        text = num2words(number, lang=self.language)
        meant = {value for value, listed in self.words.also.items() if text.casefold() in [str(way).casefold() for way in listed]}
        return self._counted("number in words", number, text) if meant <= {str(number)} else None

    def _years(self) -> Attempt:
        number = self.random.randint(2, 14)
        return self._counted("years", number, phrases(self.language, "years")[0].replace("{n}", str(number)))

    def _months(self) -> Attempt:
        text = phrases(self.language, "months")[0].replace("{n}", str(self.random.randint(3, 10)))
        return self._counted("months", 0, text)

    def _several(self) -> Attempt | None:
        left = self.entries - self.question.number + 1
        if left < 2:
            return None
        first, second = self.random.randint(1, 9), self.random.randint(10, 17)
        text = f"{first} {phrases(self.language, 'all')[0]} {second}"
        told = {self.question.key: Told((first,), text), self.question.entry(self.question.number + 1).key: Told((second,), text)}
        return Attempt("several", told, text=text, shows=(str(first), str(second)))

    def _counted(self, way: str, number: int, text: str) -> Attempt:
        return Attempt(way, {self.question.key: Told((number,), text)}, text=text, shows=(str(number),))

    # days

    def _day(self) -> Attempt:
        day = FIRST_DAY + timedelta(days=self.random.randrange(DAYS))
        return self._dated("day", day, self.random.choice([f"{day.day}.{day.month}.{day.year}", day.isoformat()]))

    def _day_in_words(self) -> Attempt:
        day = FIRST_DAY + timedelta(days=self.random.randrange(DAYS))
        return self._dated("day in words", day, format_date(day, "long", locale=self.language))

    def _dated(self, way: str, day: date, text: str) -> Attempt:
        shown = format_date(day, "long", locale=self.language)
        return Attempt(way, {self.question.key: Told((day.isoformat(),), text)}, text=text, shows=(shown,))

    def _month(self) -> Attempt:
        day = date(2027, self.random.randint(1, 12), 1)
        text = format_skeleton("yMMMM", day, locale=self.language)
        return Attempt("month", {self.question.key: Told((day.isoformat()[:7],), text)}, text=text, shows=(text,))

    # own words

    def _own_words(self) -> Attempt:
        kind = SCALES.get(self.question.name) or f"own_{self.question.name}"
        return self._in_own_words("own words", self.random.choice(phrases(self.language, kind)))

    def _long_text(self) -> Attempt:
        wanted = self.random.randint(*LONG)
        sentences = phrases(self.language, "sentences")
        text = self.random.choice(sentences)
        while len(text) < wanted:
            text += self.random.choice([" ", "\n", "\n\n"]) + self.random.choice(sentences)
        return self._in_own_words("long text", text[: LONG[1]].strip())

    def _in_own_words(self, way: str, text: str) -> Attempt:
        value: Any = [text] if self.question.type == "select_multiple" else text
        return Attempt(way, {self.question.key: Told((value,), text)}, text=text, shows=(text,))


def _parts(label: str) -> list[str]:
    for sign in "/(),–-":
        label = label.replace(sign, "\n")
    return label.split("\n") if "\n" in label else []


def _in_script(number: int, script: str) -> str:
    return str(number).translate(str.maketrans(DIGITS[0], script))


def _slip_in(text: str, random: Random) -> str:
    """One wrong letter in the longest word: left out, doubled, or changed places with its neighbour."""
    longest = max(text.split(), key=len)
    if len(longest) < 6:
        return text
    at = random.randint(1, len(longest) - 3)
    slipped = random.choice(
        [
            longest[:at] + longest[at + 1 :],
            longest[:at] + longest[at] + longest[at:],
            longest[:at] + longest[at + 1] + longest[at] + longest[at + 2 :],
        ]
    )
    return text.replace(longest, slipped, 1)
