"""What can be found in a text: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["language", "country", "number", "age", "date", "theme", "occupation", "phone", "email"]


@dataclass(frozen=True)
class Find:
    """One thing that a text names.

    value: ISO 639 (language), ISO 3166 (country), digits (number), an ISO 8601 duration (age of a child, "P8M"), ISO 8601 as
    exact as it was told (date), a choice's name (theme), an ISCO-08 unit group (occupation), E.164 or the address (phone, email).
    What is not certain must be asked back, never assumed.
    """

    kind: Kind
    value: str
    start: int
    end: int
    words: str
    certain: bool = True


@dataclass(frozen=True)
class Extracted:
    """All finds of a text, in its order."""

    finds: tuple[Find, ...] = field(default=())

    def of(self, kind: Kind) -> list[Find]:
        """Finds of one kind."""
        return [find for find in self.finds if find.kind == kind]

    def values(self, kind: Kind, *, certain: bool = False) -> list[str]:
        """Values of one kind, each once; with `certain` only those that need not be asked back."""
        return list(dict.fromkeys(find.value for find in self.of(kind) if find.certain or not certain))
