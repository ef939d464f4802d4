"""What simulated newcomers say beside the questionnaire's own words: phrases.yml."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from lotse.files import read_yaml

LANGUAGES = ("de", "en", "nl", "ru", "uk", "ar")


@lru_cache(maxsize=1)
def _all() -> dict[str, dict[str, Any]]:
    phrases: dict[str, dict[str, Any]] = read_yaml(Path(__file__).parent / "phrases.yml")
    return phrases


def phrases(language: str, kind: str) -> list[str]:
    """Ways to say something in a language; English where it has none."""
    found = _all().get(language, _all()["en"])[kind]
    return list(found) if isinstance(found, list) else [found]
