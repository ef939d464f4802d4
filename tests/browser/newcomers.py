"""A newcomer in the web chat: presses, types, and waits each time for what must follow."""

from __future__ import annotations

import re
from itertools import pairwise

from playwright.sync_api import JSHandle, Page

from tests.telegram.walking import ORDINARY, SEVERAL, TOWN, filled, plain, wording, words

REFERENCE = re.compile(r"\bM-[0-9A-Z]{4,}")
PLAIN = r"const plain = (node) => node.textContent.replace(/[\u2066-\u2069]/g, '').trim();"
BUTTON = f"(label) => {{ {PLAIN} return [...document.querySelectorAll('#log button')].reverse().find(b => plain(b) === label); }}"
REPLY = f"""(text) => {{ {PLAIN}
  const all = [...document.querySelectorAll('#log .bubble')];
  const own = all.findLastIndex((bubble) => bubble.classList.contains('own'));
  return all.slice(own + 1).find((bubble) => plain(bubble).includes(text));
}}"""
TICKED = f"""(label) => {{ {PLAIN}
  return [...document.querySelectorAll('#log button[aria-pressed=true]')].some((button) => plain(button) === label);
}}"""


class WebNewcomer:
    """A person at a page of the web chat."""

    def __init__(self, page: Page, tag: str) -> None:
        self.page = page
        self.tag = tag

    # words

    def menu(self, key: str) -> str:
        """A wording of the bot or of the page."""
        return wording(self.tag)[key]

    def label(self, question: str) -> str:
        """The question as the newcomer reads it."""
        return filled(self.tag, words(self.tag)[question]["label"]).splitlines()[0]

    def choice(self, question: str, name: str) -> str:
        """The label of a choice."""
        return filled(self.tag, words(self.tag)[question]["choices"][name])

    # deeds

    def start(self) -> None:
        """Press the button of one's language."""
        self.page.goto("/chat")
        self.page.click(f"button.card[value={self.tag}]")
        self.wait(TOWN)

    def wait(self, text: str) -> JSHandle:
        """The bot's bubble with this text after the newcomer's last one."""
        return self.page.wait_for_function(REPLY, arg=text)

    def button(self, label: str) -> JSHandle:
        """The newest button with this label."""
        return self.page.wait_for_function(BUTTON, arg=label)

    def press(self, label: str, then: str) -> None:
        """Press it, and wait."""
        self.button(label).as_element().click()
        self.wait(then)

    def say(self, text: str, then: str) -> None:
        """Write, and wait."""
        self.page.fill("#text", text)
        self.page.click("#write button")
        self.wait(then)

    def tick(self, label: str) -> None:
        """Tick a choice, and wait until it is ticked."""
        self.button(label).as_element().click()
        self.page.wait_for_function(TICKED, arg=f"✓ {label}")

    def show_menu(self) -> None:
        """Ask the page's menu what the bot can do."""
        self.page.click("summary")
        self.page.click(".menu button[value='/help']")
        self.wait(self.menu("menu.what"))

    def bubbles(self) -> list[str]:
        """Texts of all bubbles."""
        return [plain(text) for text in self.page.locator("#log .bubble .text").all_text_contents()]

    def own(self) -> list[str]:
        """Texts of the newcomer's bubbles."""
        return [plain(text) for text in self.page.locator("#log .own .text").all_text_contents()]

    def respond(self, question: str, response: str, following: str) -> None:
        """Reply to the open question; the next one must follow."""
        names = [name.lstrip("@") for name in response.split()]
        if not response.startswith("@"):
            self.say(response, self.label(following))
        elif question in SEVERAL:
            for name in names:
                self.tick(self.choice(question, name))
            self.press(self.menu("intake.button.done"), self.label(following))
        else:
            self.press(self.choice(question, names[0]), self.label(following))

    def intake(self, until: str = "review", given: dict[str, str] | None = None) -> None:
        """An intake from the greeting's menu to a question."""
        responses = {**ORDINARY, **(given or {})}
        self.show_menu()
        self.press(self.menu("menu.button.start_intake"), self.label("age"))
        self.go_on("age", until, responses)

    def go_on(self, start: str, until: str, responses: dict[str, str]) -> None:
        """From a question to another one."""
        questions = [*responses, "review"]
        for question, following in pairwise(questions[questions.index(start) :]):
            self.respond(question, responses[question], following)
            if following == until:
                return

    def send(self) -> str:
        """Send the reviewed responses; returns the case's reference."""
        self.button(self.choice("review", "send")).as_element().click()
        found = self.page.wait_for_function(REPLY, arg="M-").as_element()
        return REFERENCE.search(found.text_content() or "").group()  # type: ignore[union-attr]
