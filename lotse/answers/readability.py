"""How hard a text is to read: a hint for editors, by language, never a gate. Pure functions.

LIX is the mean number of words in a sentence, and the share of words of more than six letters in percent (C. H. Björnsson,
Läsbarhet, 1968; by Björnsson's bands below 30 is very easy, 40 easy, 50 medium, 60 hard). It was made for Swedish and is
used for other Germanic and Romance languages. For scripts and word forms for which the six letters were never tried, only
words in a sentence are counted. More than 15 words in a sentence, and words longer than `_LONG`, are our own limits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

from lotse.languages.words import script_of, script_of_language

LONG_SENTENCE = 15  # words; a sentence with more is named
LIX_LONG = 6  # letters
BANDS = ((30, "very_easy"), (40, "easy"), (50, "medium"), (60, "hard"))
WORDS_BANDS = ((8, "very_easy"), (12, "easy"), (15, "medium"), (20, "hard"))  # mean words in a sentence, where there is no LIX
HARDEST = "very_hard"
WITH_LIX = ("de", "en", "nl", "fr", "es", "ro")
SHOWN = 5  # sentences, and words

# letters from which on a word is named; languages that write several words together have more of them
_LONG = {"de": 18, "nl": 18, "uk": 15, "ru": 15, "pl": 15, "bg": 15, "ar": 11, "fa": 11, "en": 14}
_LONG_ELSEWHERE = 15
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_JOINT = re.compile("['’ʼ-]")
_END = re.compile(r"(?<=[.!?؟।:])\s+|\n+")
_LINK = re.compile(r"https?://\S+|www\.\S+|\S+@\S+")
_SHORTENED = re.compile(
    r"\b(?:z\. ?B|d\. ?h|u\. ?a|bzw|ca|Nr|Tel|Str|etc|e\.g|i\.e|bijv|o\.a|т\. ?д|т\. ?п|ул|вул)\.", re.IGNORECASE
)


@dataclass(frozen=True)
class Hint:
    """How hard a text is."""

    measure: str  # lix, words
    value: int  # LIX, else words in a sentence on average
    band: str
    sentences: tuple[tuple[str, int], ...]  # the longest ones above the limit, with their number of words
    words: tuple[str, ...]  # long ones


def hint(text: str, language: str) -> Hint | None:
    """What to look at in a text; None for one without words."""
    sentences = [(sentence, found) for sentence in _sentences(text) if (found := _WORD.findall(sentence))]
    if not sentences:
        return None
    words = list(chain.from_iterable(found for _, found in sentences))
    mean = len(words) / len(sentences)
    if language in WITH_LIX:
        measure, value = "lix", mean + 100 * sum(len(word) > LIX_LONG for word in words) / len(words)
    else:
        measure, value = "words", mean
    bands = BANDS if measure == "lix" else WORDS_BANDS
    above = [(sentence, len(found)) for sentence, found in sentences if len(found) > LONG_SENTENCE]
    longest = sorted(above, key=lambda each: -each[1])
    letters = _LONG.get(language, _LONG_ELSEWHERE)
    own = script_of_language(language)  # a name of an office in another script is to be recognised, not to be read
    long = {word for word in words if _longest_part(word) >= letters and script_of(word) == own}
    return Hint(
        measure,
        round(value),
        next((name for limit, name in bands if value < limit), HARDEST),
        tuple(longest[:SHOWN]),
        tuple(sorted(long, key=lambda word: (-len(word), word))[:SHOWN]),
    )


def _longest_part(word: str) -> int:
    return max(map(len, _JOINT.split(word)))


def _sentences(text: str) -> list[str]:
    """Sentences, and lines as in lists; a shortened word does not end one."""
    plain = _SHORTENED.sub(lambda match: match[0].replace(".", ""), _LINK.sub(" ", text))
    return [part.strip() for part in _END.split(plain) if part.strip()]
