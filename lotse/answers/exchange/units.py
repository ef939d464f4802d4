"""What goes out and comes back: a text of an answer in the source language, and the same in another one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from lotse.answers.form import TextForm
from lotse.errors import OperatorError

PARTS = ("title", "text", "questions")  # example questions are one unit, one a line: a language may have more of them
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class ExchangeError(OperatorError):
    """A file cannot be read. `reason` is one of unreadable, too_large, not_xliff, version, columns, languages, encoding."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Unit:
    """One text in two languages. `seen` tells which translation there was when it went out."""

    answer: str  # source id of the answer within its municipality
    part: str
    source: str
    target: str | None  # None: not translated
    seen: str = ""
    complete: bool = True  # False: only some of its segments are translated
    status: str = "missing"  # of the translation, when it went out


@dataclass(frozen=True)
class Bundle:
    """The units of a file, and its two languages."""

    source: str
    target: str
    units: tuple[Unit, ...]


def text_of(text: TextForm, part: str) -> str:
    """A part of a text, as one piece of plain text."""
    return "\n".join(text.questions) if part == "questions" else str(getattr(text, part))


def fingerprint(text: str) -> str:
    """By which it is seen whether a translation was changed since it went out; how it is spaced does not count."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]


def is_same(one: str, other: str) -> bool:
    """Whether two texts are the same but for their spacing: tools keep it in different ways."""
    return one.split() == other.split()
