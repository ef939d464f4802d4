"""What simulated newcomers need of the dialogue; the worlds themselves are in worlds.py."""

from __future__ import annotations

from typing import Any, Protocol


class World(Protocol):
    """The dialogue that newcomers talk with, and what can happen to it."""

    async def chat(self, name: str, language: str, town: str) -> Chat:
        """A conversation of this name with the bot of a town; the greeting is the first thing to ask of it."""
        ...

    def means(self, text: str, intent: str) -> None:
        """What a text means, for a world that has no model to understand it with."""
        ...

    def lose_tracker(self, name: str) -> None:
        """Rasa's cache of an idle conversation is gone."""
        ...


class Chat(Protocol):
    """One newcomer's end of the terminal channel."""

    async def greeting(self) -> dict[str, Any]: ...

    async def turn(self, request: dict[str, Any]) -> dict[str, Any]: ...

    async def at_once(self, requests: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Send several messages before any is answered; None where the world cannot."""
        ...

    async def close(self) -> None: ...
