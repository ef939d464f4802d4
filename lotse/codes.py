"""Codes that people read out and type, such as KF7M-29TC-XW4H: how they are drawn, and read however they are spelled."""

from __future__ import annotations

import secrets
import unicodedata

from lotse.cases.service import ALPHABET

GROUP, GROUPS = 4, 3
LENGTH = GROUP * GROUPS  # 54 bits

# what a Cyrillic keyboard gives for letters that look like those of a code
_LOOK_ALIKE = str.maketrans("НКМРСТХУ", "HKMPCTXY")


def draw() -> str:
    """The letters of a new code; never digits alone, which could be a telephone number."""
    while True:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if not letters.isdigit():
            return letters


def grouped(letters: str) -> str:
    """A code as people read it."""
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))


def letters_of(typed: str) -> str:
    """A typed code in one spelling: capitals, digits 0-9, nothing between them."""
    wide = unicodedata.normalize("NFKC", typed).upper().translate(_LOOK_ALIKE)
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in wide if sign.isalnum())


def is_code(letters: str) -> bool:
    """Whether letters in one spelling can be a code."""
    return len(letters) == LENGTH and not letters.isdigit() and set(letters) <= set(ALPHABET)
