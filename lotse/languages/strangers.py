"""langdetect as a second opinion: is a text in a language that is none of ours, but looks like one?

For our own languages it says less than the parts of identification.py (docs/decisions/0018-language-identification.md);
but it knows languages for which we have no word lists.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from langdetect import DetectorFactory, detector_factory
from langdetect.lang_detect_exception import LangDetectException

# languages of other newcomers in the scripts of ours; not those that it takes ours for (Macedonian, Catalan, Afrikaans)
OTHERS = ("cs", "hr", "hu", "it", "pt", "sk", "sl", "sq", "ur", "vi")
SURE = 0.9


class Strangers:
    """langdetect with the profiles of some languages and of others that are like them; read at the first question."""

    def __init__(self, tags: list[str]) -> None:
        self._tags = tags

    def is_one(self, text: str, tag: str) -> bool:
        """Whether a text that looks like `tag` is surely in one of the others. Worth asking for four words and more."""
        if tag not in self._shares.tags:  # Kurmanji and Tigrinya: everything would look strange
            return False
        return sum(share for other, share in self._shares.of(text).items() if other in OTHERS) >= SURE

    @cached_property
    def _shares(self) -> Shares:
        return Shares([*self._tags, *OTHERS])


class Shares:
    """langdetect restricted to some languages: the share of each in a text, the same text always the same."""

    def __init__(self, tags: list[str]) -> None:
        folder = Path(detector_factory.PROFILES_DIRECTORY)
        files = {tag: folder / tag for tag in tags if (folder / tag).exists()}
        self.tags = frozenset(files)
        self._profiles = DetectorFactory()
        self._profiles.load_json_profile([file.read_text("utf-8") for file in files.values()])

    def of(self, text: str) -> dict[str, float]:
        """Share by language, the largest first; nothing for a text without letters."""
        detector = self._profiles.create()
        detector.seed = 0  # it samples
        detector.append(text)
        try:
            return {found.lang: found.prob for found in detector.get_probabilities()}
        except LangDetectException:
            return {}
