"""One spelling for what people type in many: case, diacritics, Arabic and Persian letters, digits of any script."""

from __future__ import annotations

import re
import unicodedata

_SAME_LETTER = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", "ک": "ك", "ـ": "", "ґ": "г",
     "ß": "ss", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d"}
)  # fmt: skip
_KEPT_MARKS = "\u0306\u0308"  # breve and diaeresis make й and ї, other letters than и and і; ё is mostly written е
_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_APOSTROPHE = re.compile("['’ʼ]")
_ARABIC_FIRST = frozenset("وفابلك")  # letters with which a prefix begins
_ARABIC_PREFIX = re.compile(r"^(?:[وف]?(?:ال|بال|لل|كال)|[وف])(?=[\u0621-\u064a]{3,})")
_ARABIC_FEMININE = re.compile(r"(?<=[\u0621-\u064a]{2})\u064a\u0647$")  # "Arabic": the language and the man alike


def normalise(text: str) -> str:
    """Lower case without diacritics, with one form for each letter and digits 0-9."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_SAME_LETTER)
    kept: list[str] = []
    for character in folded:
        if unicodedata.combining(character):
            if character in _KEPT_MARKS and kept and "\u0400" <= kept[-1] <= "\u04ff" and kept[-1] != "е":
                kept.append(character)
            continue
        kept.append(str(unicodedata.digit(character)) if character.isdigit() else character)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_SAME_LETTER)


def words(text: str) -> list[str]:
    """Words of a text in normal spelling; apostrophes inside words are dropped, Arabic "and", article and -iyya are cut off."""
    found = (_APOSTROPHE.sub("", word) for word in _WORD.findall(normalise(text)))
    return [_bare(word) for word in found if word]


def _bare(word: str) -> str:
    """Every message passes here word by word: patterns are tried only where they can fit."""
    if word[0] in _ARABIC_FIRST:
        word = _without_prefix(word)
    return _ARABIC_FEMININE.sub("\u064a", word) if word[-1] == "\u0647" else word


def _without_prefix(word: str) -> str:
    """Cut until nothing is left to cut: "German" begins like the article, with it and without it."""
    shorter = _ARABIC_PREFIX.sub("", word)
    return word if shorter == word else _without_prefix(shorter)
