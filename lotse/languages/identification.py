"""Which language a message is in: the script of its words, the commonest words, telling letters, and statistics of letters.

Figures of each part and of the whole: docs/decisions/0018-language-identification.md, measured by bench/languages.py.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lotse.languages.strangers import Strangers
from lotse.languages.words import Token, is_arabizi, lexicon, script_of, script_of_language, tokens, vocabulary

TYPED_LATIN = ("ru", "uk", "ar", "fa", "bg")  # languages with a script of their own that people also type with Latin letters
LONGEST = 400  # characters that are looked at; more tell nothing more

# letters that decide within a script; one of several languages counts less for each
_TELLING = {
    "uk": "іїєґ",
    "ru": "ыэё",
    "bg": "ъ",
    "fa": "پچژگکی\u200c",
    "ar": "ةىأإؤئيك",
    "tr": "ğışçöü",
    "kmr": "êîûşç",
    "pl": "ąęłńśźżć",
    "ro": "ăâîșțşţ",
    "de": "ßäöü",
    "es": "ñ¿¡",
    "fr": "œèêàçùû",
}
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|(?<!\w)[@/#]\w+")
_STATISTICS_OF = {"ku": "kmr", "ary": "ar", "arz": "ar"}  # py3langid's names for ours

# how much each part counts, in natural logarithms; how they were chosen: docs/decisions/0018-language-identification.md
STATISTICS, FLOOR = 1.25, 7.5  # alone they never say more than e^7.5 to one
WORD = 2.0  # one of the commonest words
TYPED_WORD = 4.0  # the same typed with Latin letters
TYPED = 3.0  # what it has to make up for: most texts in Latin letters are in Latin languages
DIGIT = 2.5  # a word such as "ma3"
VOCABULARY = 0.6
LETTER, MOST_LETTERS = 2.0, 4
RARER = {"kmr": 0.4, "bg": 0.4, "so": 0.4}  # fewer people write these, so a text in doubt is less likely theirs
PRIOR, PRIOR_WORDS = 3.0, 6  # what the conversation's language counts for one word, and from how many words on nothing


@dataclass(frozen=True)
class Guess:
    """The most likely language and how sure it is (0 to 1)."""

    tag: str
    confidence: float


class Identifier:
    """Identifies one of the given languages; the same text always gets the same guess."""

    def __init__(self, tags: list[str]) -> None:
        self._tags = tags
        self._lexicon = lexicon()
        self._vocabulary = vocabulary()
        self._statistics = Statistics(tags)
        self._telling = _telling(tags)
        self._strangers = Strangers(tags)

    def identify(self, text: str, prior: str | None = None) -> Guess | None:
        """The language of a message, or None where it has too few letters to tell.

        `prior` is the conversation's language: a short text counts as written in it unless it clearly is not.
        """
        shown = _NOT_WORDS.sub(" ", text[:LONGEST])
        letters = sum(character.isalpha() for character in shown)
        if letters < 2:
            return None
        found = tokens(shown)
        script = self._script(found)
        candidates = [tag for tag in self._tags if script_of_language(tag) == script]
        if not candidates:
            return None
        lowered = shown.lower()
        if self._is_another(found, lowered):
            return None
        scores = self._scores(found, lowered, script, candidates)
        if prior in TYPED_LATIN and script == "latin" and prior in self._tags:
            scores.setdefault(prior, -TYPED)
        if prior in scores:
            scores[prior] += PRIOR * max(0.0, PRIOR_WORDS - len(found)) / (PRIOR_WORDS - 1)
        best = max(scores, key=lambda tag: scores[tag])
        share = 1.0 / sum(math.exp(score - scores[best]) for score in scores.values())
        certainty = min(1.0, letters / 12)  # two letters prove nothing, however much they look like a language
        return Guess(best, share * (0.4 + 0.6 * certainty))

    def is_strange(self, text: str, tag: str) -> bool:
        """Whether a text that was identified as `tag` is surely in a language that is none of ours; takes 5 ms."""
        return self._strangers.is_one(_NOT_WORDS.sub(" ", text[:LONGEST]), tag)

    def _script(self, found: list[Token]) -> str:
        """The script of the text's own words: German nouns and names in it count little, common words most."""
        weights: dict[str, float] = {}
        for position, token in enumerate(found):
            script = script_of(token.typed)
            if not script:
                continue
            name = position > 0 and token.typed[0].isupper()
            common = self._lexicon.knows(token, script == "latin")
            if script == "latin":
                weight = 0.25 if name or self._lexicon.is_loan(token.plain) else 1.0 if common else 0.5
            else:
                weight = 0.5 if name else 1.5 if common else 1.0 if token.plain in self._vocabulary else 0.9
            weights[script] = weights.get(script, 0.0) + weight
        return max(weights, key=lambda script: weights[script]) if weights else ""

    def _is_another(self, found: list[Token], lowered: str) -> bool:
        """Whether it is in a language that is none of ours, but shares their script."""
        if sum(letter in self._lexicon.strange for letter in lowered) >= 2:
            return True
        for words in self._lexicon.others.values():
            foreign = sum(token.plain in words for token in found)
            if foreign > sum(self._lexicon.knows(token, False) for token in found):
                return True
        return False

    def _scores(self, found: list[Token], lowered: str, script: str, candidates: list[str]) -> dict[str, float]:
        latin = script == "latin"
        telling = [token for token in found if script_of(token.typed) == script and not self._lexicon.is_loan(token.plain)]
        telling = telling or found
        own, typed = self._lexicon.evidence(telling, latin)
        scores = {tag: WORD * own.get(tag, 0.0) - RARER.get(tag, 0.0) for tag in candidates}
        if len(candidates) > 1:
            statistics = self._statistics.rank(" ".join(token.typed.lower() for token in telling), candidates)
            for tag in candidates:
                scores[tag] += STATISTICS * max(statistics.get(tag, -FLOOR), -FLOOR)
        for tag, letters in self._letters(lowered).items():
            if tag in scores:
                scores[tag] += LETTER * letters
        for token in telling:
            for tag, says in self._vocabulary.get(token.plain, {}).items():
                if tag in scores:
                    scores[tag] += VOCABULARY * says
        if latin:
            scores |= self._typed_scores(found, telling, typed)
        return scores

    def _typed_scores(self, found: list[Token], telling: list[Token], typed: dict[str, float]) -> dict[str, float]:
        """Languages of other scripts for whose words, typed with Latin letters, something speaks."""
        digits = sum(is_arabizi(token) for token in found)
        scores = {}
        for tag in TYPED_LATIN:
            says = TYPED_WORD * typed.get(tag, 0.0) + (DIGIT * digits if tag == "ar" else 0.0)
            if tag in self._tags and says:
                for token in telling:  # what such a word says for a Latin language, it says for this one as well
                    if tag in self._lexicon.typed.get(token.plain, ()) or token.plain in self._lexicon.alike:
                        says += VOCABULARY / 2 * max(self._vocabulary.get(token.plain, {"": 0.0}).values())
                scores[tag] = says - TYPED
        return scores

    def _letters(self, lowered: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for letter in lowered:
            for tag, weight in self._telling.get(letter, {}).items():
                found[tag] = min(found.get(tag, 0.0) + weight, MOST_LETTERS)
        return found


class Statistics:
    """py3langid, for our languages."""

    def __init__(self, tags: list[str]) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        labels = set(self._identifier.labels)
        self._identifier.set_languages([label for label in labels if _STATISTICS_OF.get(label, label) in tags])

    def rank(self, text: str, candidates: list[str]) -> dict[str, float]:
        """The logarithm of each candidate's share."""
        shares: dict[str, float] = {}
        for label, share in self._identifier.rank(text):
            tag = _STATISTICS_OF.get(label, label)
            if tag in candidates:
                shares[tag] = shares.get(tag, 0.0) + float(share)
        total = sum(shares.values())
        return {tag: math.log(share / total + 1e-9) for tag, share in shares.items()} if total else {}


def _telling(tags: list[str]) -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for tag in tags:
        for letter in _TELLING.get(tag, ""):
            table.setdefault(letter, {})[tag] = 1.0
    return {letter: {tag: 1 / len(weights) for tag in weights} for letter, weights in table.items()}
