"""What a text names, apart from its meaning as a whole: words as written, and words of other scripts as they sound."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection

SHORTEST_NAME, SHORTEST_SOUND = 3, 3

# sounds that scripts tell apart differently: Arabic has no p and no v, Cyrillic writes h as х or г
_SOUNDS = {
    **dict.fromkeys("bpбпبپ", "b"), **dict.fromkeys("fvwфвفڤ", "f"), **dict.fromkeys("dtдтدتطضذظ", "t"),
    **dict.fromkeys("gkqcкгكقغگک", "k"), **dict.fromkeys("szxсзшщжцчسزصشثچژج", "s"),
    **dict.fromkeys("lлل", "l"), **dict.fromkeys("mмم", "m"), **dict.fromkeys("nнن", "n"), **dict.fromkeys("rрر", "r"),
}  # fmt: skip
_SPELLINGS = (
    (re.compile("sch|tsch|sh|ch|zh|tz|ts|дж|тш"), "s"),
    (re.compile("ck"), "k"),
    (re.compile("ph"), "f"),
    (re.compile("й|ь|ъ|h|х|ه|ح|خ|ع"), ""),
)


def names(text_words: Collection[str]) -> Counter[str]:
    """Latin words and numbers as written, and words of other scripts by their sound: names look alike in every language."""
    found: Counter[str] = Counter()
    for word in text_words:
        if word.isdigit() or _is_latin(word):
            if len(word) >= SHORTEST_NAME:
                found[word] += 1
        elif len(sound := sound_of(word)) >= SHORTEST_SOUND:
            found["~" + sound] += 1
    return found


def names_told(text_words: Collection[str]) -> Counter[str]:
    """Names of a text that is to be found: Latin words also by their sound."""
    found = names(text_words)
    found.update("~" + sound for word in text_words if _is_latin(word) and len(sound := sound_of(word)) >= SHORTEST_SOUND)
    return found


def sound_of(word: str) -> str:
    """The consonants of a word in one spelling for Latin, Cyrillic and Arabic script: "Backnang" and "Бакнанг" are "bknnk"."""
    for pattern, sound in _SPELLINGS:
        word = pattern.sub(sound, word)
    sounds = [_SOUNDS[letter] for letter in word if letter in _SOUNDS]
    return "".join(sound for position, sound in enumerate(sounds) if position == 0 or sound != sounds[position - 1])


def _is_latin(word: str) -> bool:
    return unicodedata.name(word[0], "").startswith("LATIN")
