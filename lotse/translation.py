"""A machine that translates between newcomers and staff: off unless a town names one, and always marked as a machine.

Any server that speaks LibreTranslate's HTTP interface will do: `POST /translate` with `q`, `source`, `target` and `format`
(https://docs.libretranslate.com/guides/api_usage/). A town should run its own: what is sent there are a newcomer's words.
"""

from __future__ import annotations

from typing import Protocol

import httpx
import structlog

from lotse.errors import OperatorError
from lotse.logs import cause_of
from lotse.settings import Settings

SECONDS = 20.0  # staff wait for it

log = structlog.get_logger()


class TranslationFailed(Exception):
    """The machine is away, or does not know one of the languages."""


class TranslatorError(OperatorError):
    """The setting names no server; the message says what it must be."""


class Translator(Protocol):
    """Translates a text; tags are BCP 47."""

    def translate(self, text: str, source: str | None, target: str) -> str:
        """The text in another language; `source` is None where it is not known. Raises TranslationFailed."""


class LibreTranslate:
    """A server with LibreTranslate's interface."""

    def __init__(self, url: str, key: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise TranslatorError(f"LOTSE_TRANSLATE_URL must begin with https:// or http://, not {url!r}")
        self._url = f"{url.rstrip('/')}/translate"
        self._key = key

    def translate(self, text: str, source: str | None, target: str) -> str:
        body = {"q": text, "source": _primary(source) if source else "auto", "target": _primary(target), "format": "text"}
        if self._key:
            body["api_key"] = self._key
        try:
            answer = httpx.post(self._url, json=body, timeout=SECONDS).raise_for_status().json()
            translated = answer["translatedText"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("not translated", source=source, target=target, cause=cause_of(error))
            raise TranslationFailed from error
        if not isinstance(translated, str) or not translated.strip():
            raise TranslationFailed
        return translated.strip()


def build(settings: Settings) -> Translator | None:
    """The machine that the settings name, if any."""
    return LibreTranslate(settings.translate_url, settings.translate_key) if settings.translate_url else None


def is_same(one: str, other: str) -> bool:
    """Whether two tags mean a language that such a machine does not tell apart."""
    return _primary(one) == _primary(other)


def _primary(tag: str) -> str:
    """The language without region or script, as these servers name it."""
    return tag.split("-")[0].lower()
