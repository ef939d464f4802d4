"""Opening hours: typed day by day, kept by ranges of days as in `{"mon-thu": "08:00-16:00"}`. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME = r"(\d{1,2})(?:[:.](\d{2}))?"
_PERIOD = re.compile(rf"\s*{_TIME}\s*[-–—]\s*{_TIME}\s*")


def of_staff(details: Mapping[str, Any]) -> dict[str, str]:
    """Hours in which a municipality's staff works, from its details; nothing where none are set."""
    set_ = details.get("staff_hours")
    return {set_["days"]: f"{set_['from']}-{set_['to']}"} if set_ else {}


def on_duty(details: Mapping[str, Any], time_zone: str, moment: datetime) -> bool:
    """Whether staff work at that time, by the municipality's own hours; public holidays are not known."""
    local = moment.astimezone(ZoneInfo(time_zone))
    times = by_day(of_staff(details)).get(DAYS[local.weekday()], "")
    begins, _, ends = times.partition("-")
    return begins <= local.strftime("%H:%M") < ends


def by_day(hours: dict[str, str]) -> dict[str, str]:
    """Times of each day on which it is open."""
    days: dict[str, str] = {}
    for names, times in hours.items():
        first, last = DAYS.index(names.split("-")[0]), DAYS.index(names.split("-")[-1])
        days |= {DAYS[(first + step) % 7]: times for step in range((last - first) % 7 + 1)}
    return {day: days[day] for day in DAYS if day in days}


def by_range(days: dict[str, str]) -> dict[str, str]:
    """Neighbouring days with the same times as one range."""
    ranges: list[list[str]] = []
    for number, day in enumerate(DAYS):
        if not days.get(day):
            continue
        if ranges and ranges[-1][-1] == DAYS[number - 1] and days[DAYS[number - 1]] == days[day]:
            ranges[-1].append(day)
        else:
            ranges.append([day])
    return {"-".join(dict.fromkeys((names[0], names[-1]))): days[names[0]] for names in ranges}


def times(typed: str) -> str | None:
    """The one spelling of a day's times, such as "08:00-12:00, 14:00-16:00" for "8-12, 14.00–16.00"; None if it is none."""
    periods: list[tuple[int, int]] = []
    for part in re.split("[,;]", typed):
        found = _PERIOD.fullmatch(part)
        if not found:
            return None
        opens, closes = (_minutes(found[number], found[number + 1]) for number in (1, 3))
        earlier = periods[-1][1] if periods else 0
        if not earlier <= opens < closes <= 24 * 60 or int(found[2] or 0) > 59 or int(found[4] or 0) > 59:
            return None
        periods.append((opens, closes))
    return ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in periods)


def _minutes(hour: str, minute: str | None) -> int:
    return int(hour) * 60 + int(minute or 0)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
