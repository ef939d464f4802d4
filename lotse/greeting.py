"""The first words and the menu: also said by the gateway when the engine is down."""

from __future__ import annotations

from lotse.languages import Language
from lotse.replies import Button, Reply, say

PER_ROW = 2


def picker(offered: list[Language], first: str | None) -> Reply:
    """All offered languages by their own names, the likely one first."""
    ordered = sorted(offered, key=lambda language: language.tag != first)
    buttons = [Button(language.name, "language", language.tag) for language in ordered]
    rows = [buttons[start : start + PER_ROW] for start in range(0, len(buttons), PER_ROW)]
    return Reply([say("language.pick")], rows)


def hello(municipality: str) -> Reply:
    """Who the bot is, that it is a program (AI Act, Art. 50(1)), and what it can do."""
    return Reply([say("greeting.hello", municipality=municipality), say("greeting.can")], menu(False).rows)


def menu(intake_waits: bool) -> Reply:
    """What the newcomer can do now."""
    entries = [("menu.button.ask", "ask"), ("menu.button.start_intake", "start_intake"), ("menu.button.person", "person"),
               ("menu.button.my_data", "my_data")]  # fmt: skip
    if intake_waits:
        entries[1:2] = [("intake.button.resume", "resume"), ("intake.button.change", "change"),
                        ("intake.button.start_over", "start_over"), ("stop.button", "stop")]  # fmt: skip
    return Reply([say("menu.what")], [[Button(say(key), "menu", value)] for key, value in entries])
