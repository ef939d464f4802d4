"""Latin letters back to a language's own script: "kak poluchit spravku" is understood as "как получить справку".

For understanding only, never shown. Russian, Ukrainian and Bulgarian come back well; Arabic and Persian leave out short
vowels when written, so beyond the listed words (transliteration.yml) they come back as well as rules can.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lotse.languages.words import TOKEN, Token, is_arabizi, lexicon, script_of, script_of_language, tokens

__all__ = ["native"]

_APOSTROPHE = re.compile("['’ʼ`]")
_GERMAN = re.compile(
    r".*[äöüß].*|\w{2,}(?:ung|ungen|amt|geld|schein|karte|kasse|beh(?:oe|o)rde|bescheid|antrag|ausweis|titel|vertrag|schule|kurs"
    r"|b(?:ue|u)ro|haus|platz|erlaubnis|recht|center|zentrum|stelle)"
)
_LEVEL = re.compile(r"[abc][12]|\d+\w?")
_ALL_OWN = 0.8  # as much as this of what a Latin language's words say must the language's own say


def native(text: str, language: str) -> str:
    """The text in the language's script where it is typed with Latin letters, else the text as it is.

    German words, and names in the middle of a sentence, stay as they are.
    """
    if language not in _BACK:
        return text
    found = tokens(text)
    if any(script_of(token.typed) == script_of_language(language) for token in found) or not _is_typed(found, language):
        return text
    words = lexicon()
    forms = words.native[language]
    shouted = sum(token.typed[0].isupper() for token in found) > 0.8 * len(found)
    wants = any(token.plain in _WANTS for token in found)
    at = iter(range(len(found)))

    def back(match: re.Match[str]) -> str:
        position = next(at)
        token = found[position]
        plain = _APOSTROPHE.sub("", token.plain)
        known = forms.get(plain)
        if words.is_loan(token.plain) or _LEVEL.fullmatch(plain):
            return token.typed
        if known:
            return known
        if _GERMAN.fullmatch(token.typed.lower()) or (position > 0 and token.typed[0].isupper() and not shouted):
            return token.typed
        if not plain.isascii():
            return token.typed
        return "-".join(_BACK[language](part, wants) for part in token.plain.split("-"))

    return TOKEN.sub(back, text)


def _is_typed(found: list[Token], language: str) -> bool:
    """Whether the text's words are the language's, rather than those of a Latin language."""
    own, typed = lexicon().evidence(found, latin=True)
    says = typed.get(language, 0.0)
    if language == "ar":
        says += sum(is_arabizi(token) for token in found)
    return says > 0.0 and says >= _ALL_OWN * max(own.values(), default=0.0)


# Cyrillic

_VOWELS = frozenset("аеёиоуыэюяіїєъ")
_WANTS = frozenset(
    {"kak", "gde", "kuda", "mozhno", "mojno", "nado", "nuzhno", "nujno", "hochu", "khochu", "xochu", "mogu", "chtoby"}
)
_CYRILLIC = dict(zip("abvgdezijklmnoprstufhcyqwx46'", "абвгдезижклмнопрстуфхцыкшхчшь"))
_RUSSIAN = _CYRILLIC | {
    "shch": "щ", "sch": "щ", "zh": "ж", "kh": "х", "ts": "ц", "ch": "ч", "sh": "ш", "yo": "ё", "jo": "ё", "yu": "ю", "ju": "ю",
    "iu": "ю", "ya": "я", "ja": "я", "ye": "е", "je": "е",
}  # fmt: skip
_UKRAINIAN = _CYRILLIC | {
    "shch": "щ", "sch": "щ", "zh": "ж", "kh": "х", "ts": "ц", "ch": "ч", "sh": "ш", "ye": "є", "je": "є", "ie": "є", "yu": "ю",
    "ju": "ю", "iu": "ю", "ya": "я", "ja": "я", "ia": "я", "yi": "ї", "ji": "ї", "zgh": "зг", "h": "г", "y": "и", "i": "і",
    "w": "в",
}  # fmt: skip
_BULGARIAN = _CYRILLIC | {
    "sht": "щ", "6t": "щ", "zh": "ж", "kh": "х", "ts": "ц", "ch": "ч", "sh": "ш", "yu": "ю", "ju": "ю", "iu": "ю", "ya": "я",
    "ja": "я", "ia": "я", "q": "я", "w": "в", "y": "ъ", "'": "ъ",
}  # fmt: skip


_SOFT = re.compile("(?:[бвгджзклмнпрстфхцчшщ]ат|[оеу]ст|ейш|аеш|иш|еш)$")  # rabotat, novost, budesh
_SOFT_WHEN_WANTED = re.compile(_SOFT.pattern + "|[бвгджзклмнпрстфхцчшщ](?:ит|ет|ыт|ут|ят)$")  # "kak oplatit" is no "oplatit"


def _longest_first(table: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, table), key=len, reverse=True)) + "|.")


def _by_table(table: dict[str, str]) -> Callable[[str], str]:
    pattern = _longest_first(table)

    def spelt(word: str) -> str:
        written: list[str] = []
        for match in pattern.finditer(word):
            latin = match[0]
            after_vowel = bool(written) and written[-1][-1:] in _VOWELS
            short = latin in ("y", "j") and (after_vowel or not written)
            short = short or (latin == "i" and after_vowel and match.end() == len(word) and written[-1] not in ("и", "і", "ы"))
            written.append("й" if short else table.get(latin, latin))
        return "".join(written)

    return spelt


_spelt_russian, _spelt_ukrainian, _spelt_bulgarian = _by_table(_RUSSIAN), _by_table(_UKRAINIAN), _by_table(_BULGARIAN)


def _russian(word: str, wants: bool) -> str:
    reflexive = re.sub("(?:tsya|tsia|tsja|tsa|ca)$", "", word)
    if reflexive != word and len(reflexive) > 2:
        return _spelt_russian(reflexive) + "ться"
    if re.search("(?:iy|ij|ii|ie|yi|yy|yj)$", word) and len(word) > 3:
        return _spelt_russian(word[:-2]) + {"ie": "ие", "yi": "ый", "yy": "ый", "yj": "ый"}.get(word[-2:], "ий")
    if re.search("(?:ia|iya|ija)$", word) and len(word) > 4:
        return _spelt_russian(re.sub("(?:ia|iya|ija)$", "", word)) + "ия"
    spelt = _spelt_russian(word)
    if word.startswith("et"):
        spelt = "э" + spelt[1:]
    soft = _SOFT_WHEN_WANTED if wants else _SOFT
    return spelt + "ь" if len(spelt) > 4 and soft.search(spelt) else spelt


def _ukrainian(word: str, wants: bool) -> str:
    reflexive = re.sub("(?:tsya|tsia|tsja|tsa)$", "", word)
    if reflexive != word and len(reflexive) > 2:
        return _spelt_ukrainian(reflexive) + "ться"
    if re.search("(?:yi|yy|yj|iy|ij)$", word) and len(word) > 3:
        return _spelt_ukrainian(word[:-2]) + ("ий" if word[-2] == "y" else "ій")
    spelt = _spelt_ukrainian(word)
    return spelt[:-2] + "ти" if spelt.endswith("ті") and word.endswith(("ati", "iti", "yti", "uti")) else spelt


def _bulgarian(word: str, wants: bool) -> str:
    spelt = re.sub("(?<=[бвгджзклмнпрстфхцчшщ])ия$", "ия", _spelt_bulgarian(word))
    return spelt[:-1] + "ия" if word.endswith(("cia", "tsia", "nia", "fia")) else spelt


# Arabic letters

_ARABIC = {
    "3'": "غ", "7'": "خ", "sh": "ش", "ch": "ش", "kh": "خ", "gh": "غ", "th": "ث", "dh": "ذ", "aa": "ا", "ee": "ي", "ii": "ي",
    "ei": "ي", "ai": "ي", "ay": "ي", "ey": "ي", "oo": "و", "ou": "و", "uu": "و", "au": "و", "aw": "و", "2": "ق", "3": "ع",
    "5": "خ", "6": "ط", "7": "ح", "8": "غ", "9": "ق", "b": "ب", "t": "ت", "j": "ج", "d": "د", "r": "ر", "z": "ز", "s": "س",
    "f": "ف", "q": "ق", "k": "ك", "c": "ك", "l": "ل", "m": "م", "n": "ن", "h": "ه", "w": "و", "y": "ي", "p": "ب", "v": "ف",
    "g": "ج", "x": "كس", "i": "ي", "u": "و", "a": "", "e": "", "o": "",
}  # fmt: skip
_PERSIAN = {
    "sh": "ش", "ch": "چ", "kh": "خ", "gh": "ق", "zh": "ژ", "aa": "ا", "ee": "ی", "ei": "ی", "ey": "ی", "oo": "و", "ou": "و",
    "ow": "و", "b": "ب", "p": "پ", "t": "ت", "s": "س", "j": "ج", "c": "ک", "x": "خ", "d": "د", "z": "ز", "r": "ر", "f": "ف",
    "q": "ق", "k": "ک", "g": "گ", "l": "ل", "m": "م", "n": "ن", "v": "و", "w": "و", "h": "ه", "y": "ی", "i": "ی", "u": "و",
    "e": "", "o": "",
}  # fmt: skip
_ARABIC_PARTS, _PERSIAN_PARTS = _longest_first(_ARABIC), _longest_first(_PERSIAN)
_DOUBLED = re.compile(r"([^aeiou0-9])\1")


def _arabic(word: str, wants: bool) -> str:
    if len(word) > 4 and word.startswith(("el", "al", "il")):
        return "ال" + _arabic(word[2:], wants)
    word = _DOUBLED.sub(r"\1", word)
    start, end = "", ""
    if word[0] in "aeiou" and not word.startswith(("ei", "ai")):
        start, word = "ا", word[1:]
    if len(word) > 2 and word[-1] in "aeiou":
        end = {"a": "ا" if len(word) < 4 else "ة", "e": "ة", "i": "ي"}.get(word[-1], "و")
        word = word[:-1]
    return start + "".join(_ARABIC.get(match[0], match[0]) for match in _ARABIC_PARTS.finditer(word)) + end


def _persian(word: str, wants: bool) -> str:
    word = _DOUBLED.sub(r"\1", word)
    start, end = "", ""
    if word[0] in "aeiou":
        start = {"i": "ای", "u": "او", "o": "ا"}.get(word[0], "ا")
        word = word[1:].removeprefix("o" if word[0] == "o" else "a" if word[0] == "a" else " ")
    if len(word) > 1 and word[-1] in "aeiou":
        end = {"a": "ا", "e": "ه", "i": "ی"}.get(word[-1], "و")
        word = word[:-1]
    word = re.sub("a(?=(?:m|d|sh|nd)$)", "", word) if not end else word  # "kardam", "miravad"
    written = []
    for match in _PERSIAN_PARTS.finditer(word):
        if match[0] == "a":  # long in an open syllable, as a rule
            closed = re.match("(?:sh|ch|kh|gh|[^aeiou])(?:sh|ch|kh|gh|[^aeiou])", word[match.end() :])
            written.append("" if closed else "ا")
        else:
            written.append(_PERSIAN.get(match[0], match[0]))
    return start + "".join(written) + end


_BACK: dict[str, Callable[[str, bool], str]] = {
    "ru": _russian,
    "uk": _ukrainian,
    "bg": _bulgarian,
    "ar": _arabic,
    "fa": _persian,
}
