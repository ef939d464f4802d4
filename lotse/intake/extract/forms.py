"""Other forms of the words in our lists: cases, plurals, feminine forms, endings that are glued on.

Not a grammar: it writes down (Russian, Ukrainian, Polish, Romanian) or takes off (the others) the endings that the
words of our lists take, and a form counts only where its word stands in a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Endings = tuple[tuple[str, str], ...]

# ending of the word: endings that replace it ("-": nothing). The first that fits counts; "" is every consonant.
_RU: Endings = (
    ("ский", "ского скому ским ском ская скую ской ское ские ских скими ски"),
    ("цкий", "цкого цкому цким цком цкая цкую цкой цкое цкие цких цкими цки"),
    ("ые", "ых ым ыми"),
    ("ый", "ого ому ым ом ая ую ой ое ые ых ыми"),
    ("ий", "его ему им ем яя юю ей ее ие их ими ого ому ая ую ой ое ия ию ии"),
    ("ец", "ца цу цем цом це цы цев цам цами цах"),
    ("ок", "ка ку ком ке ки ков кам ками ках ока оку оком оке оки"),
    ("ия", "ии ию ией ий иям иями иях"),
    ("ие", "ия ию ием ии ий иям иями иях"),
    ("ка", "ки ке ку кой кою кам ками ках ок ек"),
    ("ая", "ой ую ые ых ыми ою"),
    ("а", "ы и е у ой ей ою ам ами ах -"),
    ("я", "и е ю ей ёй ею ям ями ях й ь"),
    ("ь", "я ю ем ём е и ей ям ями ях ью"),
    ("й", "я ю ем ём е и ев ям ями ях"),
    ("о", "а у ом е ам ами ах -"),
    ("е", "я ю ем и ей ям ями ях"),
    ("ы", "ов ам ами ах -"),
    ("и", "ов ев ей ам ами ах ям ями ях -"),
    ("", "а у ом ем е ы и ов ев ей ам ами ах"),
)
_UK: Endings = (
    ("ський", "ського ському ським ськім ська ську ської ській ською ське ські ських ськими ськи"),
    ("цький", "цького цькому цьким цькім цька цьку цької цькій цькою цьке цькі цьких цькими цьки"),
    ("ська", "ської ській ську ською ський ського ському ським ські ських ськими ськи"),
    ("цька", "цької цькій цьку цькою цький цького цькому цьким цькі цьких цькими цьки"),
    ("єць", "йця йцю йцем йцеві йці йців йцям йцями йцях"),
    ("ець", "ця цю цем цеві ці ців цям цями цях"),
    ("ок", "ка ку ком кові ки ків кам ками ках очка очку"),
    ("ий", "ого ому им ім а у ої ій ою е і их ими"),
    ("ій", "ія ію ієм ієві ії іїв іям іями іях ього ьому"),
    ("ія", "ії ію ією ій іям іями іях"),
    ("їна", "їни їні їну їною їн"),
    ("ка", "ки ці ку кою кам ками ках ок"),
    ("га", "ги зі гу гою г гам гами гах"),
    ("а", "и і у ою ої ій ею ам ами ах -"),
    ("я", "і ї ю єю ею ям ями ях й ь"),
    ("ь", "я ю ем єм еві і ей ів ям ями ях"),
    ("й", "я ю єм єві ї їв їх ям ями ях"),
    ("о", "а у ом і ам ами ах -"),
    ("е", "я ю ем і"),
    ("и", "ів ам ами ах ей -"),
    ("і", "ей ів ям ями ях ами -"),
    ("", "а у ом ем ові еві і и ів ам ами ах"),
)
_PL: Endings = (
    ("ski", "skiego skiemu skim ska ska skiej skie skich skimi sku scy"),
    ("cki", "ckiego ckiemu ckim cka ckiej ckie ckich ckimi cku ccy"),
    ("iec", "ca cowi cem cu cy cow com cami cach"),
    ("ek", "ka kowi kiem ku ki kow kom kami kach"),
    ("ny", "nego nemu nym na nej ne nych nymi ni"),
    ("y", "ego emu ym a ej e ych ymi ow om ami ach -"),
    ("ia", "ii ie io iom iami iach i"),
    ("ja", "ji je jo jom jami jach j"),
    ("ka", "ki ce ke ko kom kami kach ek k"),
    ("ga", "gi dze ge go"),
    ("ta", "cie ty te to t tow ci tom tami tach"),
    ("da", "dzie dy de do d"),
    ("na", "nie ny ne no n nej"),
    ("ra", "rze ry re ro r"),
    ("la", "li ly le lo l"),
    ("wa", "wie wy we wo w wej"),
    ("a", "y i e o ie om ami ach -"),
    ("e", "ia iu em a u ow om ami ach y i ego emu ych ymi"),
    ("o", "a u em ie om ami ach"),
    ("i", "ego emu im a ej e ich imi ow"),
    ("k", "ka kowi kiem ku ki kow kom kami kach cy"),
    ("t", "ta towi tem cie ty tow ci tom tami tach"),
    ("c", "ca cowi cem cu ce cy ow com cami cach"),
    ("r", "ra rowi rem rze ry row rom rami rach"),
    ("", "a owi em iem ie u y i ow om ami ach e"),
)
_RO: Endings = (
    ("or", "orul orului oare oarea oarei ori orii orilor"),
    ("ar", "arul arului ara areasa areasă ari arii arilor"),
    ("ian", "ianul ianului iana iană iani ienii iance ianca"),
    ("ie", "ia iei ii iile iilor"),
    ("ia", "iei ie ii iile"),
    ("a", "ei e i ii ele ile elor ilor ului"),
    ("e", "ea ei i ii ele ile elor ilor a"),
    ("i", "ul ului ii ilor"),
    ("u", "ul ului i ii ilor"),
    ("t", "tul tului ta tei te ti tii tele tilor telor turi"),
    ("", "ul ului a ei e i ii ilor uri urile urilor ele elor u"),
)
_WRITTEN = {"ru": _RU, "uk": _UK, "pl": _PL, "ro": _RO}
_LEAST = 3  # letters of what is left of a word

# endings that are taken off, the longest first
_TAKEN_OFF = {
    "de": ("innen", "in", "en", "es", "e", "n", "s"),
    "nl": ("tje", "en", "es", "s", "e", "n"),
    "en": ("es", "s"),
    "fr": ("es", "ne", "e", "s", "x"),
    "es": ("es", "s"),
    "ar": ("ين", "ون", "ات", "ها", "نا", "كم", "هم", "تي", "ي", "ك", "ه", "ا", "ت"),
    "fa": ("هايم", "هاي", "ها", "اني", "ان", "ايم", "مان", "ام", "يم", "اي", "ي", "م", "ش", "ه"),
}
_ARABIC_GLUED = ("عال", "هال", "بال", "لل", "ب", "ل", "ع", "ك", "م")
_TURKISH = re.compile(
    r"(?:l[iu]k)?(?:l[ae]r)?(?:[iu]?m(?:[iu]z)?|[iu]?n(?:[iu]z)?|s?[iu])?"
    r"(?:n?[iu]n|[yn]?[iu]|[yn]?[ae]|n?[dt][ae]n?|y?l[ae]|c[ae])?(?:ki)?"
    r"(?:y?[dt][iu](?:m|k|n)?|y?[dt][iu]r|y?[iu](?:m|z))?"
)
_HARDER = {"g": "k", "b": "p", "d": "t"}


def variants(word: str, tag: str) -> list[str]:
    """A word and its other gender, where the language makes it by rule."""
    found = [word]
    pairs: dict[str, tuple[tuple[str, str], ...]] = {
        "es": (("or", "ora"), ("o", "a"), ("es", "esa"), ("an", "ana"), ("on", "ona")),
        "fr": (
            ("eur", "euse"),
            ("teur", "trice"),
            ("ien", "ienne"),
            ("er", "ere"),
            ("on", "onne"),
            ("en", "enne"),
            ("if", "ive"),
        ),
    }
    for ending, other in pairs.get(tag, ()):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            found.append(word[: -len(ending)] + other)
            if tag == "es":
                break
    return found


def written(word: str, tag: str) -> list[str]:
    """The forms of a word in a language whose endings we write down."""
    if len(word) < 3:
        return []
    for ending, endings in _WRITTEN.get(tag, ()):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            base = word[: len(word) - len(ending)]
            return [base + ("" if other == "-" else other) for other in endings.split() if len(base) + len(other) > 2]
    return []


class Forms:
    """Brings the words of a text to the words of one language's lists."""

    def __init__(self, tag: str, vocabulary: Iterable[str]) -> None:
        self._tag = tag
        self._known = dict.fromkeys(vocabulary)
        self._form_of: dict[str, str] = {}
        self._root: dict[str, str] = {}
        if tag in _WRITTEN:
            self._write_down()

    def _write_down(self) -> None:
        forms = {word: written(word, self._tag) for word in self._known}
        for word, others in forms.items():  # words of our lists that are forms of one another are one word
            for other in others:
                if other in self._known:
                    first, second = self._found(word), self._found(other)
                    if first != second:
                        self._root[second] = first
        for word in self._known:
            self._form_of[word] = self._found(word)
        for word, others in forms.items():
            for other in others:
                self._form_of.setdefault(other, self._found(word))

    def _found(self, word: str) -> str:
        while word in self._root:
            word = self._root[word]
        return word

    def __call__(self, token: str) -> str | None:
        """The word of the lists that a token is a form of."""
        if self._tag in _WRITTEN:
            return self._form_of.get(token)
        if token in self._known:
            return token
        if len(token) <= _LEAST:
            return None
        taker: Callable[[str], str | None] = {"tr": self._turkish, "ar": self._arabic}.get(self._tag, self._ending)
        return taker(token)

    def _ending(self, token: str) -> str | None:
        for ending in _TAKEN_OFF.get(self._tag, ()):
            if token.endswith(ending) and len(token) - len(ending) >= _LEAST:
                shorter = token[: -len(ending)]
                if shorter in self._known:
                    return shorter
        return None

    def _arabic(self, token: str) -> str | None:
        found = self._ending(token)
        if found is not None:
            return found
        for glued in _ARABIC_GLUED:
            if token.startswith(glued) and len(token) - len(glued) >= _LEAST:
                shorter = token[len(glued) :]
                found = shorter if shorter in self._known else self._ending(shorter)
                if found is not None:
                    return found
        return None

    def _turkish(self, token: str) -> str | None:
        for end in range(len(token) - 1, _LEAST - 1, -1):
            base = token[:end]
            if base not in self._known:
                base = base[:-1] + _HARDER.get(base[-1], "") if base[-1] in _HARDER else ""
            if base in self._known and _TURKISH.fullmatch(token[end:]):
                return base
        return None
