"""A signed-in account, as every page gets it."""

from __future__ import annotations

from dataclasses import dataclass

TO_DO_PASSWORD, TO_DO_SECOND_FACTOR = "password", "second_factor"


@dataclass(frozen=True)
class Member:
    """Who is signed in, and which roles they hold where: (role, id of the municipality)."""

    staff_id: str
    login: str
    name: str
    language: str
    csrf: str
    roles: frozenset[tuple[str, str | None]]
    to_do: str = ""  # what the account has to do before anything else: TO_DO_...

    def holds(self, *roles: str) -> bool:
        """Whether one of these roles is held, anywhere."""
        return any(held in roles for held, _ in self.roles)

    def municipalities(self, *roles: str) -> set[str]:
        """Ids of the municipalities where one of these roles is held."""
        return {municipality for held, municipality in self.roles if held in roles and municipality is not None}
