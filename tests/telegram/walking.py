"""A newcomer in Telegram who walks through an intake, by pressing and by typing, in any language that has labels."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from tests.telegram.people import Person, Shown

CONTENT = Path(__file__).resolve().parents[2] / "content"
TOWN = "Musterstadt"
ISOLATES = dict.fromkeys((0x2066, 0x2067, 0x2068, 0x2069))
# question: what is said; "@name" presses the choice of this name, "@a @b" ticks several and presses Done
ORDINARY = {
    "age": "@27-64",
    "agreement": "@yes",
    "town": "@this_town",
    "call_name": "Alex",
    "gender": "@woman",
    "needs": "@home @work",
    "urgent": "@no",
    "wish_year": "a home and work",
    "interests": "@music",
    "interests_more": "songs from home",
    "visit_group": "@no",
    "people_known": "@few",
    "languages": "English",
    "local_language": "@words",
    "literacy": "@read @write",
    "course": "@no",
    "school_years": "9",
    "training": "@none",
    "job": "baker",
    "job_years": "3",
    "job_more": "@no",
    "skills": "@cooking",
    "job_wish": "baker",
    "tools": "@computer",
    "adults": "2",
    "children": "0",
    "housing": "@shelter",
    "home_matters": "@quiet",
    "contact_how": "@chat",
    "contact": "@morning",
}
SEVERAL = ("needs", "interests", "literacy", "skills", "tools", "home_matters", "contact_how")  # questions with ticks


@cache
def translation(tag: str) -> dict[str, Any]:
    """All words of the intake in a language."""
    return yaml.safe_load((CONTENT / "questionnaires" / "intake" / f"{tag}.yml").read_text("utf-8"))


def words(tag: str) -> dict[str, Any]:
    """Labels of the intake in a language, by question."""
    return translation(tag)["questions"]


def filled(tag: str, label: str) -> str:
    """A label with the sample town's words in place of what stands in braces."""
    for name, value in {**translation(tag)["inserts"]["DE"], "municipality": TOWN}.items():
        label = label.replace(f"{{{name}}}", value)
    return label


@cache
def wording(tag: str) -> dict[str, str]:
    """The bot's wordings in a language, by key."""
    file = CONTENT.parent / "lotse" / "wording" / "locale" / tag / "LC_MESSAGES" / "lotse.po"
    return dict(re.findall(r'msgid "([\w.]+)"\nmsgstr "(.*)"', file.read_text("utf-8")))


def plain(text: str) -> str:
    """A text without the isolates that right-to-left texts need."""
    return text.translate(ISOLATES)


class Walker:
    """Says and presses, and waits each time for what must follow."""

    def __init__(self, person: Person, tag: str, patience: float = 60.0) -> None:
        self.person = person
        self.tag = tag
        self.patience = patience
        self.took: list[float] = []  # seconds from each act to what had to follow

    def wait(self, text: str) -> Shown:
        """The bot's message with this text that came since the newcomer's last act."""
        return self.person.wait_for(lambda message: text in plain(message.text), self.patience, fresh=True)

    def say(self, text: str, then: str) -> Shown:
        """Write, and wait."""
        return self._timed(lambda: self.person.say(text), lambda: self.wait(then))

    def press(self, label: str, then: str) -> Shown:
        """Press the newest button with this label, and wait."""
        return self._timed(lambda: self.person.press(lambda button: plain(button.label) == label), lambda: self.wait(then))

    def tick(self, label: str) -> Shown:
        """Press a choice of several, and wait until it is ticked in its message."""
        ticked = lambda message: f"✓ {label}" in map(plain, message.labels)  # noqa: E731
        return self._timed(
            lambda: self.person.press(lambda button: plain(button.label) == label),
            lambda: self.person.wait_for(ticked, self.patience, fresh=True),
        )

    def greet(self, payload: str | None = None) -> Shown:
        """Press Start."""
        return self._timed(lambda: self.person.start(payload), lambda: self.wait(TOWN))

    def _timed(self, act: Callable[[], object], wait: Callable[[], Shown]) -> Shown:
        started = time.monotonic()
        act()
        shown = wait()
        self.took.append(time.monotonic() - started)
        return shown

    def menu(self, key: str) -> str:
        """The label of a menu's button."""
        return wording(self.tag)[key]

    def label(self, question: str) -> str:
        """The question as the newcomer reads it."""
        return filled(self.tag, words(self.tag)[question]["label"]).splitlines()[0]

    def choice(self, question: str, name: str) -> str:
        """The label of a choice."""
        return filled(self.tag, words(self.tag)[question]["choices"][name])

    def begin(self) -> Shown:
        """Start the intake from the greeting's menu."""
        return self.press(self.menu("menu.button.start_intake"), self.label("age"))

    def respond(self, question: str, response: str, following: str) -> Shown:
        """Reply to the open question; the next one must follow."""
        if not response.startswith("@"):
            return self.say(response, self.label(following))
        names = [name.lstrip("@") for name in response.split()]
        if question not in SEVERAL:
            return self.press(self.choice(question, names[0]), self.label(following))
        for name in names:
            self.tick(self.choice(question, name))
        return self.press(self.menu("intake.button.done"), self.label(following))

    def whole(self, responses: dict[str, str] | None = None, until: str = "review") -> None:
        """An intake from the greeting's menu to a question, by default to the review of everything."""
        given = {**ORDINARY, **(responses or {})}
        self.begin()
        for question, following in pairwise([*given, "review"]):
            self.respond(question, given[question], following)
            if following == until:
                return

    def send(self) -> str:
        """Send the reviewed responses; returns the case's reference."""
        self.person.press(lambda button: plain(button.label) == self.choice("review", "send"))
        reference = r"\bM-[0-9A-Z]{4,}"
        sent = self.person.wait_for(lambda message: re.search(reference, message.text) is not None, self.patience, fresh=True)
        return re.search(reference, sent.text).group()  # type: ignore[union-attr]
