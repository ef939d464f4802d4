"""What a simulated newcomer told, did, met and found wrong.

lost        something that was told is not stored, or a question was passed over
wrong       something else is stored or shown than what was told
invented    something is stored that was never told
stuck       no reply, no way on, or the same question without end
irrelevant  a question that does not apply was asked
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.simulation.telling import Told

Kind = Literal["lost", "wrong", "invented", "stuck", "irrelevant"]


class Stuck(Exception):
    """The newcomer cannot go on; the problem is in the diary."""


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was told."""

    kind: Kind
    question: str
    detail: str


@dataclass
class Diary:
    """What one newcomer did and met. Words in it are made up."""

    turns: int = 0
    repeats: int = 0  # turns after which the same question had to be asked again
    slips: int = 0  # of these: what nobody could have taken (nonsense, an old button, too many choices)
    asked_back: int = 0
    misread: int = 0  # a response that was taken for a wish to the bot
    completed: bool = False
    turns_to_send: int = 0
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)  # (language, question)
    passed: Counter[tuple[str, str]] = field(default_factory=Counter)  # questions that did not apply
    told: Counter[tuple[str, str]] = field(default_factory=Counter)  # (language, way)
    controls: Counter[tuple[str, str]] = field(default_factory=Counter)  # (language, control)
    repeated: Counter[str] = field(default_factory=Counter)  # "question: way" of repeats that were no slips
    problems: list[Problem] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)


@dataclass
class Person:
    """One person of a household, and what that person told last for each question."""

    told: dict[str, Told] = field(default_factory=dict)
    revisiting: str | None = None
    passed_over: set[str] = field(default_factory=set)  # questions that should have been asked; said once
    ticked: bool = False  # some choices were ticked and not yet confirmed
    status: Literal["started", "submitted"] = "started"
    amending: bool = False
    sent: dict[str, Told] | None = None  # what was told when it was sent last
    times_sent: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """What was meant, by the question's key."""
        return {key: told.value for key, told in self.told.items()}

    @property
    def has_agreed(self) -> bool:
        """Whether anything may be stored."""
        return "agreement" in self.told

    @property
    def name(self) -> str | None:
        """What they want to be called."""
        return self.told["call_name"].value if "call_name" in self.told else None
