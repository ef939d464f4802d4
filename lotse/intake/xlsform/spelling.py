"""Names, languages and quotes as people write them into workbooks, in the spelling that we take."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale
from babel.localedata import locale_identifiers

from lotse.intake.checking import NAME

SHORT = 40  # letters of a short name that is made of a label
_CODE = re.compile(r"\(\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)\s*\)\s*$")


def tag_of(language: str) -> str | None:
    """The language of a column: "English (en)", "en", "English", "Deutsch"; None where nobody could tell."""
    code = _CODE.search(language)
    told = code[1] if code else language.strip()
    parts = told.replace("_", "-").split("-")
    if re.fullmatch(r"[A-Za-z]{2,3}", parts[0]) and (code or parts[0].lower() in Locale("en").languages):
        return "-".join([parts[0].lower(), *(part.upper() if len(part) == 2 else part for part in parts[1:])])
    return _by_name().get(told.lower())


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    """Languages by their names in English and in themselves (CLDR)."""
    english = {str(name).lower(): str(tag) for tag, name in Locale("en").languages.items() if len(tag) <= 3}
    tags = [tag for tag in locale_identifiers() if len(tag) <= 3]
    own = {str(Locale(tag).get_language_name(tag)).lower(): tag for tag in tags}
    return own | english


def slug(name: str) -> str:
    """A name that we can take; empty where there are no Latin letters."""
    if NAME.fullmatch(name.strip()):
        return name.strip()
    plain = re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
    return f"q_{plain}" if plain[:1].isdigit() else plain


def short_of(label: str) -> str:
    """A short name out of a label: its first line or as many words as fit, without the mark at its end."""
    line = " ".join(label.strip().split("\n")[0].split()).rstrip("?:.!؟ ")
    if len(line) <= SHORT:
        return line
    return line[: SHORT - 1].rsplit(" ", 1)[0].rstrip(",;:. ") + "…"


def plain_quotes(expression: str) -> str:
    """Quotes as we read them: curly and double ones are single ones."""
    plain = re.sub("[‘’]", "'", re.sub("[“”]", '"', expression))
    return re.sub(r'"([^"\']*)"', r"'\1'", plain)
