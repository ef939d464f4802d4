"""The roles of staff, in one place. Which page asks for which role stands at the page's route (desk/access.py)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account may do. Every role but the system administrator's is held in a municipality."""

    CASE_WORKER = "case_worker"  # reads cases and works on them
    CONTENT_AUTHOR = "content_author"  # writes answers
    CONTENT_PUBLISHER = "content_publisher"  # publishes them
    MUNICIPALITY_ADMINISTRATOR = "municipality_administrator"
    SYSTEM_ADMINISTRATOR = "system_administrator"  # sees no cases
    OBSERVER = "observer"  # sees figures only

    @property
    def in_municipality(self) -> bool:
        """Whether the role is held in one municipality, and not for the installation."""
        return self is not Role.SYSTEM_ADMINISTRATOR


@dataclass(frozen=True)
class Grant:
    """A role to be given, in the municipality with this slug."""

    role: Role
    municipality: str | None = None
