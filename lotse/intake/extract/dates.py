"""Dates in the forms that people write: numbers, names of months, days from today; Gregorian, Persian and Islamic.

CLDR (Babel) gives the names of months and days, persiantools and hijridate convert, dateparser knows "last week" and
"next month". What can be read in two ways ("05/06/2024" in English), or lacks its year, is uncertain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale

from lotse.intake.extract import numbers
from lotse.intake.extract.finds import Find
from lotse.intake.extract.forms import written
from lotse.intake.extract.tokens import TAGS, Token, listed, norms, split
from lotse.normalise import normalise

if TYPE_CHECKING:  # takes a third of a second to import
    from dateparser.date import DateDataParser

EARLIEST, LATEST = 1920, 2060  # years of dates that people tell
_VARIANTS = {"ar": ("ar_SY", "ar_IQ", "ar_DZ", "ar_TN", "ar_MA"), "fa": ("fa_AF",), "en": (), "de": ("de_AT",)}
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?![\d/-]|\.\d)")
_DAY_MONTH = re.compile(
    r"(?<![\d.,:/])(\d{1,2})(?:\.\s?(\d{1,2})\.|\.(0\d|1[0-2])|/(\d{1,2}))(?![\d/.,%]|\s?(?:uhr|uur|h\b|€))", re.I
)
_OTHER_ORDER = ("en",)  # languages in which the month may come first
_BETWEEN = 2  # words that may stand between the parts of a date


@dataclass(frozen=True)
class Dated:
    """A date and the place of its words in the text."""

    value: str
    start: int
    end: int
    certain: bool = True


@dataclass(frozen=True)
class _Month:
    calendar: str
    number: int


@dataclass(frozen=True)
class _Words:
    months: dict[str, _Month]
    weekdays: dict[str, int]
    days: dict[str, int]
    skip: dict[str, frozenset[str]]
    next: frozenset[str]
    within: frozenset[str]
    ago: frozenset[str]
    within_after: frozenset[str]
    ago_after: frozenset[str]
    of: frozenset[str]
    week: frozenset[str]
    year: frozenset[str]
    units: dict[str, str]
    twos: dict[str, str]
    beginnings: frozenset[str]  # first words of months, weekdays and days


@lru_cache(maxsize=20)
def _words(tag: str) -> _Words:
    lists = listed("dates")
    own, family = lists[tag], listed("family")[tag]

    def ways(name: str) -> frozenset[str]:
        return frozenset(norms(way) for way in own[name])

    units = {norms(way): letter for name, letter in
             (("year", "Y"), ("month", "M"), ("week", "W"), ("day", "D")) for way in split(family[name])}  # fmt: skip
    twos = {norms(way): _unit_of_two(norms(way), units) for way in split(family["two"])}
    days = {norms(way): distance for distance, text in own["days"].items() for way in str(text).split("/")}
    skip = {norms(way): frozenset(norms(before) for before in befores) for way, befores in own["skip"].items()}
    months, weekdays = _months(tag), _weekdays(tag)
    beginnings = frozenset(way.split()[0] for way in (*months, *weekdays, *days) if way)
    return _Words(months, weekdays, days, skip, ways("next"), ways("within"), ways("ago"), ways("within_after"),
                  ways("ago_after"), ways("of"), ways("week"), ways("year"), units, twos, beginnings)  # fmt: skip


def _unit_of_two(way: str, units: dict[str, str]) -> str:
    return next((letter for unit, letter in units.items() if way.startswith(unit.rstrip("ه")) and len(unit) > 2), "Y")


def _months(tag: str) -> dict[str, _Month]:
    months: dict[str, _Month] = {}
    for name in (tag, *_VARIANTS.get(tag, ()), *(("en", "de") if tag not in ("en", "de") else ("de", "en"))):
        kinds = Locale.parse(name).months
        foreign = name[:2] != tag
        for context in kinds.values():
            for width, names in context.items():
                for number, way in names.items():
                    if width != "narrow" and not (foreign and width != "wide"):
                        _add_month(months, way, _Month("gregorian", number), tag)
    for number, ways in enumerate(listed("dates")[tag]["months"], 1):
        for way in ways.split("/"):
            _add_month(months, way, _Month("gregorian", number), tag)
    for name, ways in listed("dates")["calendars"].items():
        for number, text in enumerate(ways, 1):
            for way in text.split("/"):
                months.setdefault(norms(way), _Month(name.removesuffix("_latin"), number))
    return months


def _add_month(months: dict[str, _Month], way: str, month: _Month, tag: str) -> None:
    plain = norms(way)
    if len(plain) > 1 and not plain.isdigit():
        months.setdefault(plain, month)
        if tag in ("ru", "uk", "pl", "ro"):
            for form in written(plain, tag):
                if len(form) > 3:
                    months.setdefault(form, month)
            if tag == "pl" and plain.endswith("a"):
                months.setdefault(plain[:-1] + "u", month)


def _weekdays(tag: str) -> dict[str, int]:
    weekdays: dict[str, int] = {}
    for name in (tag, "de", "en"):
        for number, way in Locale.parse(name).days["format"]["wide"].items():
            plain = norms(way)
            weekdays.setdefault(plain, number)
            weekdays.setdefault(plain.replace(" ", ""), number)
            if name == tag:
                endings = {"ro": ["a", "ea"], "nl": ["s"], "de": ["s"], "es": ["s"]}.get(tag, [])
                for form in [*written(plain, tag), *(plain + ending for ending in endings), *_without_article(plain, tag)]:
                    if len(form) > 2:
                        weekdays.setdefault(form, number)
    return weekdays


def _without_article(plain: str, tag: str) -> list[str]:
    if tag == "ro":
        return [plain[:-1] + "ea"] if plain.endswith("i") else []
    return [plain[2:]] if tag == "ar" and plain.startswith("ال") and plain != "الاحد" else []


def find(text: str, found: list[Token], tag: str, today: date, taken: set[int]) -> tuple[list[Find], set[int]]:
    """Dates as finds, and the tokens that say them."""
    if tag not in TAGS or not found:
        return [], set()
    finds: list[Find] = []
    used: set[int] = set()
    readings = [*_numeric(text, tag, today), *Reader(text, found, tag, today).read()]
    for dated in sorted(readings, key=lambda dated: (dated.start - dated.end, dated.start)):
        places = {place for place, token in enumerate(found) if token.start < dated.end and dated.start < token.end}
        if places and not places & (used | taken):
            used |= places
            finds.append(Find("date", dated.value, dated.start, dated.end, text[dated.start : dated.end], dated.certain))
    return finds, used


def in_calendar(calendar: str, year: int, month: int, day: int) -> date | None:
    """A day of another calendar as a Gregorian one; None where there is no such day."""
    try:
        if calendar == "persian":
            from persiantools.jdatetime import JalaliDate

            converted: date = JalaliDate(year, month, day).to_gregorian()
            return converted
        if calendar == "islamic":
            from hijridate import Hijri

            islamic = Hijri(year, month, day).to_gregorian()
            return date(islamic.year, islamic.month, islamic.day)
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _numeric(text: str, tag: str, today: date) -> Iterator[Dated]:
    plain = _digits(text)
    for match in _NUMERIC.finditer(plain):
        read = _three(int(match[1]), int(match[3]), int(match[4]), match, tag, today)
        if read is not None:
            yield Dated(read[0].isoformat(), match.start(), match.end(), read[1])
    for match in _DAY_MONTH.finditer(plain):
        coming = _coming(int(match[2] or match[3] or match[4]), int(match[1]), today)
        if coming is not None:
            yield Dated(coming.isoformat(), match.start(), match.end(), certain=False)


def _digits(text: str) -> str:
    """The text with digits 0-9, character by character."""
    return "".join(normalise(character) if character.isdigit() and not character.isascii() else character for character in text)


def _three(first: int, second: int, third: int, match: re.Match[str], tag: str, today: date) -> tuple[date, bool] | None:
    """Three numbers as a date; the second value tells whether day and month cannot be confused."""
    if len(match[1]) == 4:
        year, month, day, sure = first, second, third, True
        if month > 12 >= day:
            month, day = day, month
    elif len(match[1]) <= 2 and len(match[4]) in (2, 4):
        day, month, year, sure = first, second, third, True
        if len(match[4]) == 2:
            year += 1900 if year > (today.year + 1) % 100 else 2000
        if month > 12 >= day:
            day, month = month, day
        elif tag in _OTHER_ORDER and match[2] != "." and day <= 12 and day != month:
            sure = False
    else:
        return None
    if EARLIEST <= year <= LATEST:
        found = in_calendar("gregorian", year, month, day)
        return (found, sure) if found else None
    if tag == "fa" and 1300 <= year <= 1430:
        found = in_calendar("persian", year, month, day)
        return (found, sure) if found else None
    if tag == "ar" and 1343 <= year <= 1500:
        found = in_calendar("islamic", year, month, day)
        return (found, False) if found else None
    return None


def _coming(month: int, day: int, today: date, calendar: str = "gregorian") -> date | None:
    """The next such day, for a date without a year."""
    if calendar == "gregorian":
        days = (in_calendar(calendar, year, month, day) for year in (today.year, today.year + 1, today.year + 2))
    else:
        year = today.year - 621 if calendar == "persian" else (today.year - 622) * 33 // 32
        days = (in_calendar(calendar, near, month, day) for near in range(year - 1, year + 3))
    return next((found for found in days if found is not None and found >= today), None)


class Reader:
    """Reads names of months, days from today and weekdays in one text."""

    def __init__(self, text: str, found: list[Token], tag: str, today: date) -> None:
        self._text, self._found, self._tag, self._today = text, found, tag, today
        self._words = _words(tag)
        self._numbers = {span[0]: span for span in numbers.spans(text, found, tag)}
        self._number_ends = {span[1]: span for span in self._numbers.values()}

    def read(self) -> Iterator[Dated]:
        """All that could be dates; `find` takes the longest of those that overlap."""
        for place in range(len(self._found)):
            yield from self._month(place)
            yield from self._distance(place)
            yield from self._weekday(place)
            yield from self._span_of_time(place)
            yield from self._last_or_next(place)
            yield from self._lone_year(place)

    def _way(self, place: int, ways: Iterable[str]) -> tuple[str, int] | None:
        """The longest of the ways that begins at a place."""
        token = self._found[place]
        if not {token.norm, token.stem} & self._words.beginnings:
            return None
        for length in (4, 3, 2, 1):
            part = self._found[place : place + length]
            if len(part) == length:
                for run in (" ".join(token.norm for token in part), " ".join(token.stem for token in part)):
                    if run in ways:
                        return run, length
        return None

    def _dated(self, value: str, first: int, after: int, certain: bool = True) -> Dated:
        return Dated(value, self._found[first].start, self._found[after - 1].end, certain)

    # names of months

    def _month(self, place: int) -> Iterator[Dated]:
        hit = self._way(place, self._words.months)
        if hit is None and self._tag == "ar" and self._found[place].norm[:1] in ("ب", "ل"):
            shorter = self._found[place].norm[1:]
            hit = (shorter, 1) if shorter in self._words.months else None
        if hit is None and self._tag == "tr":
            hit = self._turkish_month(place)
        if hit is None:
            return
        month, after = self._words.months[hit[0]], place + hit[1]
        day, first = self._day_before(place)
        end = after
        if day is None:
            day, end = self._day_after(after)
        year, year_end = self._year_after(end, month.calendar)
        if year is None and day is None:
            year, first = self._year_before(place, month.calendar)
        if year is None and day is not None and month.calendar != "islamic":
            coming = _coming(month.number, day, self._today, month.calendar)
            if coming is not None and not (month.calendar == "persian" and self._tag != "fa"):
                yield self._dated(coming.isoformat(), first, max(end, after), certain=False)
        elif year is not None:
            value, certain = self._whole(month, year, day)
            if value:
                yield self._dated(value, min(first, place), max(year_end, end, after), certain)

    def _turkish_month(self, place: int) -> tuple[str, int] | None:
        word = self._found[place].norm
        for ending in ("ta", "te", "da", "de", "dan", "den", "tan", "ten", "in", "un", "a", "e"):
            if word.endswith(ending) and word[: -len(ending)] in self._words.months and len(word) > len(ending) + 3:
                return word[: -len(ending)], 1
        return None

    def _whole(self, month: _Month, year: int, day: int | None) -> tuple[str, bool]:
        if month.calendar == "gregorian":
            if day is None:
                return f"{year:04}-{month.number:02}", True
            found = in_calendar("gregorian", year, month.number, day)
            return (found.isoformat(), True) if found else ("", False)
        found = in_calendar(month.calendar, year, month.number, day or 15)
        if found is None:
            return "", False
        if day is None:
            return f"{found.year:04}-{found.month:02}", False
        return found.isoformat(), month.calendar == "persian"  # an Islamic month begins with the sight of the moon

    def _skipped(self, place: int, step: int) -> Iterator[int]:
        """Places beside a place, over the few words that may stand inside a date."""
        for _ in range(_BETWEEN + 1):
            if not 0 <= place < len(self._found):
                return
            yield place
            if self._found[place].norm not in self._words.of and self._found[place].stem not in self._words.of:
                return
            place += step

    def _day_before(self, place: int) -> tuple[int | None, int]:
        for before in self._skipped(place - 1, -1):
            span = self._number_ends.get(before + 1)
            if span is not None:
                return (span[2], span[0]) if 1 <= span[2] <= 31 else (None, place)
        return None, place

    def _day_after(self, after: int) -> tuple[int | None, int]:
        for place in self._skipped(after, 1):
            span = self._numbers.get(place)
            if span is not None and self._found[place].norm.isdigit():
                return (span[2], place + 1) if 1 <= span[2] <= 31 else (None, after)
        return None, after

    def _is_year(self, token: Token, calendar: str) -> bool:
        number = token.number
        if number is None or len(token.norm) != 4:
            return False
        bounds = {"gregorian": (EARLIEST, LATEST), "persian": (1300, 1430), "islamic": (1343, 1500)}[calendar]
        return bounds[0] <= number <= bounds[1]

    def _year_after(self, after: int, calendar: str) -> tuple[int | None, int]:
        for place in self._skipped(after, 1):
            if self._is_year(self._found[place], calendar):
                return self._found[place].number, place + 1
        return None, after

    def _year_before(self, place: int, calendar: str) -> tuple[int | None, int]:
        for before in self._skipped(place - 1, -1):
            if self._is_year(self._found[before], calendar):
                return self._found[before].number, before
        return None, place

    # days from today

    def _distance(self, place: int) -> Iterator[Dated]:
        hit = self._way(place, self._words.days)
        if hit is None:
            return
        way, length = hit
        before = {token.norm for token in self._found[max(place - 1, 0) : place]}
        if before & self._words.skip.get(way, frozenset()) or before & self._words.skip.get(self._found[place].norm, frozenset()):
            return
        value = self._today + timedelta(days=self._words.days[way])
        yield self._dated(value.isoformat(), place, place + length)

    def _weekday(self, place: int) -> Iterator[Dated]:
        hit = self._way(place, self._words.weekdays)
        if hit is None and self._tag == "ro":
            return
        if hit is None:
            return
        way, length = hit
        after = place + length
        around = [*range(max(place - 3, 0), place), *range(after, min(after + 2, len(self._found)))]
        following = [at for at in around if self._found[at].norm in self._words.next]
        with_week = any(self._found[at].norm in self._words.week or self._found[at].stem in self._words.week for at in around)
        if self._tag == "ro" and way == "luni" and not following:
            return  # "months" far more often than "Monday"
        ahead = (self._words.weekdays[way] - self._today.weekday() - 1) % 7 + 1
        if with_week and following:
            monday = self._today + timedelta(days=7 - self._today.weekday())
            value, certain = monday + timedelta(days=self._words.weekdays[way]), True
        else:
            value = self._today + timedelta(days=ahead)
            same_week = value.isocalendar()[1] == self._today.isocalendar()[1]
            certain = bool(following) and not same_week
        first, end = min([place, *following]), max([after, *(at + 1 for at in following)])
        yield self._dated(value.isoformat(), first, end, certain)

    # spans of time: "in two weeks", "3 days ago"

    def _span_of_time(self, place: int) -> Iterator[Dated]:
        span = self._numbers.get(place)
        amount, after, unit = 0, place, ""
        if span is not None and span[1] < len(self._found):
            amount, after = span[2], span[1] + 1
            token = self._found[span[1]]
            unit = self._words.units.get(token.norm) or self._words.units.get(token.stem, "")
        elif self._found[place].norm in self._words.twos:
            amount, after, unit = 2, place + 1, self._words.twos[self._found[place].norm]
        elif self._tag in ("ru", "uk", "ar", "pl") and self._found[place].norm in self._words.units:
            amount, after, unit = 1, place + 1, self._words.units[self._found[place].norm]
        if not unit:
            return
        before = " ".join(token.norm for token in self._found[max(place - 3, 0) : place])
        behind = " ".join(token.norm for token in self._found[after : after + 2])
        single = span is None and amount == 1
        for direction, befores, behinds in ((1, self._words.within, self._words.within_after),
                                            (-1, self._words.ago, self._words.ago_after)):  # fmt: skip
            way = next((way for way in befores if f" {before}".endswith(f" {way}")), None)
            later = next((way for way in behinds if f"{behind} ".startswith(f"{way} ")), None)
            if (way is None and later is None) or (single and way is None):
                continue
            first = place - (len(way.split()) if way else 0)
            end = after + (len(later.split()) if later else 0)
            if direction > 0 and way is not None and self._tag in ("de", "en", "es", "ro", "fr") and unit == "Y":
                return  # "in 2 years" more often tells how long something took, or a wish
            value, certain = _moved(self._today, direction * amount, unit)
            yield self._dated(value, first, end, certain)
            return

    # "last week", "next month", "in the last year"

    def _last_or_next(self, place: int) -> Iterator[Dated]:
        token = self._found[place]
        unit = self._words.units.get(token.norm) or self._words.units.get(token.stem)
        if unit not in ("W", "M", "Y") and not {token.norm, token.stem} & self._words.week:
            return
        if place in self._number_ends or token.norm in self._words.twos:
            return
        for first, after in ((place - 2, place + 1), (place - 1, place + 1), (place, place + 2)):
            if first < 0 or after > len(self._found):
                continue
            told = _told(self._text[self._found[first].start : self._found[after - 1].end].lower(), self._tag, self._today)
            if told is not None:
                yield self._dated(told, first, after, certain=False)
                return

    # a year alone

    def _lone_year(self, place: int) -> Iterator[Dated]:
        token = self._found[place]
        after = self._text[token.end :].lstrip()[:1]
        if after in ("€", "$", "%") or (token.tight and place > 0):
            return
        beside = {self._found[at].norm for at in (place - 1, place + 1) if 0 <= at < len(self._found)}
        if self._is_year(token, "gregorian") and beside & self._words.year:
            yield self._dated(token.norm, place, place + 1)
        elif self._tag == "fa" and self._is_year(token, "persian") and beside & self._words.year:
            yield self._dated(str((token.number or 0) + 621), place, place + 1, certain=False)


@lru_cache(maxsize=20)
def _parser(tag: str, today: date) -> DateDataParser:
    from dateparser.date import DateDataParser

    base = datetime(today.year, today.month, today.day)
    return DateDataParser(languages=[tag], settings={"RELATIVE_BASE": base, "PARSERS": ["relative-time"]})


def _told(phrase: str, tag: str, today: date) -> str | None:
    """A week, a month or a year told by its distance from now; None for all else."""
    data = _parser(tag, today).get_date_data(phrase)
    if data.date_obj is None:
        return None
    day = data.date_obj.date()
    if data.period == "week" and day != today:
        return "{}-W{:02}".format(*day.isocalendar()[:2])
    if data.period == "month" and (day.year, day.month) != (today.year, today.month):
        return f"{day:%Y-%m}"
    return f"{day:%Y}" if data.period == "year" and day.year != today.year else None


def _moved(today: date, amount: int, unit: str) -> tuple[str, bool]:
    """A day so far away; of months and years only the month and the year are told."""
    if unit in ("D", "W"):
        return (today + timedelta(days=amount * (7 if unit == "W" else 1))).isoformat(), unit == "D"
    if unit == "M":
        months = today.year * 12 + today.month - 1 + amount
        return f"{months // 12:04}-{months % 12 + 1:02}", False
    return f"{today.year + amount:04}", False


__all__ = ["Dated", "Reader", "find", "in_calendar"]
