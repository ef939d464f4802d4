"""The commonest words of each language (words.yml), how they are typed with Latin letters (transliteration.yml), and how
often words stand in our own texts (vocabulary.tsv)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from lotse.files import read_yaml
from lotse.normalise import normalise

_SCRIPT_OF = {"uk": "cyrillic", "ru": "cyrillic", "bg": "cyrillic", "ar": "arabic", "fa": "arabic", "ti": "ethiopic"}
HERE = Path(__file__).parent
VOCABULARY = HERE / "vocabulary.tsv"  # written by lotse.languages.vocabulary
PER = 100_000  # shares in it are per so many words
UNSEEN = 1.0  # the share of a word that a language's texts do not have
TOKEN = re.compile(r"[^\W_]+(?:['’ʼ`-][^\W_]+)*['’ʼ]?")
_APOSTROPHE = re.compile("['’ʼ`]")
_PARTS = re.compile("['’ʼ`-]")
_ARABIZI = re.compile(r"(?:[a-z'][23579]|[23579][a-z])")  # ma3, 7ali, b7ki, ta2es
_WITH_UNIT = re.compile(
    r"[abc][12]|\d+(?:[.,:h]\d+)?(?:h|m|km|kg|g|l|e|x|st|nd|rd|th|de|te|er|eme|ème|min|std|uhr|am|pm|eur|euro|zl|lei|ron|tl|d|gb|mb|a|b|c)?"
    r"|[a-z]{1,2}\d+|\w*\d{3,}\w*"
)
TOPICAL = 0.6  # how much a word says that is not one of the commonest
_LONGEST_LOAN_ENDING = 3  # "jobcentra", "termina"

# how people type the letters of a script with Latin ones; one person types a letter the same way in a whole word
_SHARED = {
    "а": ("a",), "б": ("b",), "в": ("v",), "г": ("g",), "д": ("d",), "е": ("e", "ye"), "ж": ("zh", "j", "g"), "з": ("z",),
    "и": ("i",), "й": ("y", "i", "j"), "к": ("k",), "л": ("l",), "м": ("m",), "н": ("n",), "о": ("o",), "п": ("p",),
    "р": ("r",), "с": ("s",), "т": ("t",), "у": ("u",), "ф": ("f",), "х": ("h", "kh", "x"), "ц": ("ts", "c"),
    "ч": ("ch", "4"), "ш": ("sh", "w", "6"), "ь": ("", "'"), "ю": ("yu", "iu", "ju", "u"), "я": ("ya", "ia", "ja"),
}  # fmt: skip
_LETTERS: dict[str, dict[str, tuple[str, ...]]] = {
    "ru": _SHARED | {"ё": ("e", "yo", "io", "jo"), "щ": ("shch", "sch", "sh", "w"), "ъ": ("",), "ы": ("y", "i"), "э": ("e",)},
    "uk": _SHARED
    | {"г": ("h", "g"), "ґ": ("g",), "е": ("e",), "є": ("ye", "ie", "je", "e"), "и": ("y", "i"), "і": ("i",),
       "ї": ("yi", "i", "ji"), "щ": ("shch", "sch", "sh")},
    "bg": _SHARED | {"е": ("e",), "щ": ("sht", "6t"), "ъ": ("a", "u", "y"), "я": ("ya", "ia", "q"), "в": ("v", "w")},
}  # fmt: skip


@dataclass(frozen=True)
class Token:
    """A word of a text: as typed, and as it stands in the lists."""

    typed: str
    plain: str


@dataclass(frozen=True)
class Lexicon:
    """The lists, ready to look up. Keys are in normal spelling (lotse.normalise)."""

    own: dict[str, dict[str, float]]  # word -> language -> how much it says
    typed: dict[str, dict[str, float]]  # the same for words of other scripts typed with Latin letters
    native: dict[str, dict[str, str]]  # language -> typed form -> word in its own script
    loans: frozenset[str]
    alike: frozenset[str]
    others: dict[str, frozenset[str]]
    strange: frozenset[str]  # letters that none of our languages has

    def is_loan(self, plain: str) -> bool:
        """Whether a word is one of the German office words, perhaps with an ending of another language."""
        if plain in self.loans:
            return True
        return len(plain) > 6 and any(plain[:-cut] in self.loans for cut in range(1, _LONGEST_LOAN_ENDING + 1))

    def evidence(self, tokens: list[Token], latin: bool) -> tuple[dict[str, float], dict[str, float]]:
        """How much the words speak for each language: in its own script, and typed with Latin letters."""
        own: dict[str, float] = {}
        typed: dict[str, float] = {}
        for token in tokens:
            for plain in self._parts(token.plain):
                for tag, weight in self.own.get(plain, {}).items():
                    own[tag] = own.get(tag, 0.0) + weight
                if latin:
                    for tag, weight in self.typed.get(plain, {}).items():
                        typed[tag] = typed.get(tag, 0.0) + weight
        return own, typed

    def knows(self, token: Token, latin: bool) -> bool:
        """Whether a word stands in a list."""
        return any(part in self.own or (latin and part in self.typed) for part in self._parts(token.plain))

    def _parts(self, plain: str) -> list[str]:
        """French "j'ai" is listed as it is often typed, "jai", or else counts as two words."""
        if not _PARTS.search(plain):
            return [plain]
        joined = _PARTS.sub("", plain)
        return [joined] if joined in self.own or joined in self.typed else [part for part in _PARTS.split(plain) if part]


def tokens(text: str) -> list[Token]:
    """The words of a text, with the digits in them: Arabic is typed "ma3"."""
    typed = TOKEN.findall(text)
    plain = _APOSTROPHE.sub("'", normalise("\n".join(typed)))
    return [Token(*word) for word in zip(typed, plain.split("\n"))]


def script_of_language(tag: str) -> str:
    """The script that a language is written in."""
    return _SCRIPT_OF.get(tag, "latin")


def script_of(word: str) -> str:
    """The script of a word, by its first letter."""
    for character in word:
        code = ord(character)
        if code < 0x250 or 0x1E00 <= code < 0x1F00:
            if character.isalpha():
                return "latin"
        elif 0x400 <= code < 0x530:
            return "cyrillic"
        elif 0x600 <= code < 0x780 or 0xFB50 <= code < 0xFE00 or 0xFE70 <= code < 0xFF00:
            if character.isalpha():
                return "arabic"
        elif 0x1200 <= code < 0x13A0:
            return "ethiopic"
        elif character.isalpha():
            return "other"
    return ""


def is_arabizi(token: Token) -> bool:
    """Whether a word has digits for letters, as in "ma3" and "7ali"."""
    return bool(_ARABIZI.search(token.plain)) and not _WITH_UNIT.fullmatch(token.plain)


def spellings(word: str, tag: str) -> Iterator[str]:
    """The ways to type a Cyrillic word with Latin letters."""
    letters = _LETTERS[tag]
    used = [letter for letter in dict.fromkeys(word) if letter in letters]
    for choice in product(*(letters[letter] for letter in used)):
        table = dict(zip(used, choice))
        yield "".join(table.get(letter, letter) for letter in word)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lists on disk."""
    data, typing = _read("words.yml"), _read("transliteration.yml")
    loans, alike, others = frozenset(_plain(data.pop("loans"))), frozenset(_plain(data.pop("alike"))), data.pop("others")
    strange = others.pop("letters")
    own: dict[str, dict[str, float]] = {}
    for tag, entry in data.items():
        for word in _plain(entry["words"]):
            own.setdefault(word, {})[tag] = 1.0
    typed: dict[str, dict[str, float]] = {}
    native: dict[str, dict[str, str]] = {tag: {} for tag in typing}
    for tag, entry in typing.items():
        common = data[tag]["words"].split()
        says_much = {*common, *entry["spelled"]}
        for latin, word in _typed_forms(tag, entry, common):
            native[tag].setdefault(latin, word)
            weights = typed.setdefault(latin, {})
            weights[tag] = max(1.0 if word in says_much else TOPICAL, weights.get(tag, 0.0))
    silent = loans | alike
    for word in own.keys() | typed.keys():  # what is said by a word of several languages is shared out among them
        together = max(1.0, sum(own.get(word, {}).values()) + sum(typed.get(word, {}).values()))
        for weights in (own.get(word, {}), typed.get(word, {})):
            for tag, says in weights.items():
                weights[tag] = 0.0 if word in silent else says / together
    return Lexicon(
        own=own,
        typed=typed,
        native=native,
        loans=loans,
        alike=alike,
        others={tag: frozenset(_plain(words)) for tag, words in others.items()},
        strange=frozenset(strange),
    )


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, dict[str, float]]:
    """Word -> language -> logarithm of its share in our own texts, against a word that they do not have."""
    shares = {}
    for line in VOCABULARY.read_text("utf-8").splitlines():
        word, *counts = line.split()
        shares[word] = {tag: math.log(float(share) / UNSEEN + 1.0) for tag, share in (count.split(":") for count in counts)}
    return shares


def _typed_forms(tag: str, entry: dict[str, Any], common: list[str]) -> Iterator[tuple[str, str]]:
    for word, forms in entry["spelled"].items():
        for form in forms.split():
            yield _APOSTROPHE.sub("", form), word
    if tag in _LETTERS:
        for word in [*common, *entry.get("words", "").split()]:
            for form in spellings(_APOSTROPHE.sub("", word), tag):
                yield _APOSTROPHE.sub("", form), word


def _plain(words: str) -> list[str]:
    return [_PARTS.sub("", plain) for plain in normalise(words).split()]


def _read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = read_yaml(HERE / name)
    return data
