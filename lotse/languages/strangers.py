"""langdetect as a second opinion: is a text in a language that is none of ours, but looks like one?

For our own languages it says less than the parts of identification.py (docs/decisions/0018-language-identification.md);
but it knows languages for which we have no word lists.
"""

from __future__ import annotations

from pathlib import Path

from langdetect import DetectorFactory, detector_factory
from langdetect.lang_detect_exception import LangDetectException

# languages of other newcomers in the scripts of ours; not those that it takes ours for (Macedonian, Catalan, Afrikaans)
OTHERS = ("cs", "hr", "hu", "it", "pt", "sk", "sl", "sq", "ur", "vi")
SURE = 0.9


class Strangers:
    """langdetect with the profiles of some languages and of others that are like them; read at the first question."""

    def __init__(self, tags: list[str]) -> None:
        folder = Path(detector_factory.PROFILES_DIRECTORY)
        self._files = {tag: folder / tag for tag in (*tags, *OTHERS) if (folder / tag).exists()}
        self._profiles = DetectorFactory()

    def is_one(self, text: str, tag: str) -> bool:
        """Whether a text that looks like `tag` is surely in one of the others. Worth asking for four words and more."""
        if tag not in self._files:  # Kurmanji and Tigrinya: everything would look strange
            return False
        if not self._profiles.langlist:
            self._profiles.load_json_profile([file.read_text("utf-8") for file in self._files.values()])
        detector = self._profiles.create()
        detector.seed = 0  # it samples; without a seed the same text gets different answers
        detector.append(text)
        try:
            others = sum(found.prob for found in detector.get_probabilities() if found.lang in OTHERS)
            return bool(others >= SURE)
        except LangDetectException:  # no letters
            return False
