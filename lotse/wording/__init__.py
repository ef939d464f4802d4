"""Our own short texts, from gettext catalogues; nothing that people read stands in Python."""

from __future__ import annotations

import gettext
import io
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from lotse.errors import OperatorError
from lotse.languages import Language, Languages
from lotse.replies import Say

LOCALES = Path(__file__).parent / "locale"
DOMAIN = "lotse"
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class WordingError(OperatorError):
    """A language is offered without its wording; the message names the file that is missing."""


class Wording:
    """Renders the wordings of one domain (the bot's, the desk's) in every language that has a catalogue."""

    def __init__(
        self, languages: Languages, *, domain: str = DOMAIN, folder: Path = LOCALES, needed: list[str] | None = None
    ) -> None:
        self._languages = languages
        files = {language.tag: folder / language.tag / "LC_MESSAGES" / f"{domain}.po" for language in languages.all}
        wanted = needed if needed is not None else [language.tag for language in languages.offered]
        missing = [tag for tag in wanted if not files[tag].exists()]
        if missing:
            raise WordingError(f"languages.yml offers {', '.join(missing)}, but there is no {files[missing[0]]}")
        # a planned language may have a part already: Dutch the case worker's page, before the bot speaks it
        self._catalogues = {tag: _load(tag, file, domain) for tag, file in files.items() if file.exists()}

    def render(self, part: str | Say, tag: str) -> str:
        """Text of a wording in a language; content that is text already stays as it is.

        Raises KeyError for an unknown key: a gap in a catalogue is found by tests, not by newcomers.
        """
        return part if isinstance(part, str) else self._say(part, self._languages[tag])

    def has(self, key: str, tag: str) -> bool:
        """Whether a wording without plural is there in a language."""
        return tag in self._catalogues and self._catalogues[tag].gettext(key) != key

    def _say(self, part: Say, language: Language) -> str:
        catalogue = self._catalogues[language.tag]
        count = part.values.get("count")
        if isinstance(count, int):
            text = catalogue.ngettext(part.key, part.key, count)
        else:
            text = catalogue.gettext(part.key)
        if text == part.key:
            raise KeyError(f"wording {part.key!r} is missing in {language.tag}")
        return _PLACEHOLDER.sub(lambda match: self._value(part.values[match[1]], language), text)

    def _value(self, value: Any, language: Language) -> str:
        if isinstance(value, list | tuple):
            shown = format_list([self._value(item, language) for item in value], locale=language.locale)
        elif isinstance(value, datetime):  # in the zone that it is told in
            shown = f"{format_date(value, 'full', locale=language.locale)}, {format_time(value, 'short', locale=language.locale)}"
        elif isinstance(value, date):
            shown = format_date(value, "long", locale=language.locale)
        elif isinstance(value, Say):
            return self._say(value, language)
        else:
            shown = str(value)
        return isolate(shown) if language.direction == "rtl" else shown


def isolate(text: str) -> str:
    """Text that keeps its own direction inside other text (Unicode UAX #9, isolates)."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"


def _load(tag: str, source: Path, domain: str) -> gettext.GNUTranslations:
    with open(source, "rb") as file:
        catalogue = read_po(file, locale=tag.replace("-", "_"), domain=domain)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
