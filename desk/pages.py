"""Renders templates: one environment for the desk and the web chat, with wording, dates and directions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from lotse.languages import Languages
from lotse.replies import say
from lotse.storage.tables import now
from lotse.wording import Wording

DESK = Path(__file__).parent
DESK_LANGUAGES = ("de", "en", "nl", "ar")  # of the desk's own wording; summaries: lotse.cases.summary.STAFF_LANGUAGES


class Pages:
    """HTML from templates in a folder, with the wordings of one domain."""

    def __init__(self, languages: Languages, wording: Wording, templates: Path, statics: dict[str, Path]) -> None:
        self._languages = languages
        self._wording = wording
        self._environment = Environment(
            loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.globals["static"] = partial(_static, statics, {})

    def html(self, template: str, language: str, zone: str = "Europe/Berlin", **context: Any) -> str:
        """A template's text. It can use t(key, ...), day(date), moment(datetime), since(datetime), name_of(tag)."""
        known = self._languages[language]
        tools: dict[str, Any] = {
            "t": partial(self._text, language),
            "language": language,
            "direction": known.direction,
            "day": lambda value, tag=language: _day(value, self._languages[tag].locale),
            "moment": lambda value: format_datetime(value.astimezone(ZoneInfo(zone)), "short", locale=known.locale),
            "since": lambda value: format_timedelta(now() - value, "minute", locale=known.locale),
            "name_of": lambda tag: self._languages[tag].name_in(language),
            "own_name": lambda tag: self._languages[tag].name,
            "direction_of": lambda tag: self._languages[tag].direction,
        }
        return self._environment.get_template(template).render({**tools, **context})

    def page(self, template: str, language: str, status: int = 200, zone: str = "Europe/Berlin", **context: Any) -> HTMLResponse:
        """A whole response."""
        return HTMLResponse(self.html(template, language, zone, **context), status, {"Content-Language": language})

    def _text(self, language: str, key: str, /, **values: Any) -> str:
        return self._wording.render(say(key, **values), language)


def preferred(accept_language: str | None, offered: list[str], default: str) -> str:
    """The first language of an Accept-Language header that is offered (RFC 9110, 12.5.4)."""
    wishes = []
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.partition("=")[2] or 1) if parameter else 1.0
        except ValueError:
            weight = 0.0
        wishes.append((-weight, tag.lower()))
    for _, tag in sorted(wishes, key=lambda wish: wish[0]):
        for known in offered:
            if tag in (known.lower(), known.lower().split("-")[0]) or tag.split("-")[0] == known.lower():
                return known
    return default


def _day(value: date | datetime, locale: Any) -> str:
    return format_date(value, "medium", locale=locale)


def _static(folders: dict[str, Path], known: dict[str, str], path: str) -> Markup:
    """Address of a static file such as `desk/desk.css`, with its version: browsers may keep it for ever."""
    if path not in known:
        folder, _, name = path.partition("/")
        known[path] = hashlib.sha256((folders[folder] / name).read_bytes()).hexdigest()[:12]
    return Markup(f"/static/{path}?v={known[path]}")


Static = Callable[[str], Markup]
