"""What a password must be (NIST SP 800-63B): long, and nothing that a stranger would try first. No rules about signs."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

SHORTEST = 12  # characters
LONGEST = 256  # so that nobody makes the server hash a book
FEWEST_DIFFERENT = 5  # characters that are not the same
FEWEST_OWN = 4  # letters that are left when login, name and town are taken out
COMMON = Path(__file__).parent / "vendor" / "common-passwords.txt.gz"  # 20,000, Django's list
ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "0123456789")
_WORD = re.compile(r"[^\W\d_]{3,}")  # shorter parts of a name stand in too many words
_NO_LETTERS = re.compile(r"[\W\d_]+")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")  # `password2026!` is `password`


def problem(password: str, login: str = "", known: Iterable[str] = ()) -> str | None:
    """Why a password cannot be taken: short, long, login, simple, common, known; None if it can.

    `known` is what others know of the person: name and towns.
    """
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    folded = password.strip().casefold()
    if folded == login:
        return "login"
    if len(set(folded)) < FEWEST_DIFFERENT or _is_row(folded) or _is_repeated(folded):
        return "simple"
    if folded in _common() or _AROUND.sub("", folded) in _common():
        return "common"
    letters = own = _NO_LETTERS.sub("", folded)
    for word in sorted(_WORD.findall(" ".join((login, *known)).casefold()), key=len, reverse=True):
        own = own.replace(word, "")
    return "known" if own != letters and len(own) < FEWEST_OWN else None


def _is_row(text: str) -> bool:
    """Whether it runs along the alphabet, the digits or a keyboard."""
    return any(text in way for row in ROWS for way in (row * 3, row[::-1] * 3))


def _is_repeated(text: str) -> bool:
    """Whether it is one shorter text again and again."""
    return text in (text * 2)[1:-1]


@lru_cache(1)
def _common() -> frozenset[str]:
    with gzip.open(COMMON, "rt", encoding="utf-8") as file:
        return frozenset(line.strip().casefold() for line in file)
