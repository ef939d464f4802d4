"""A real browser on the pages: Debian's Chromium, driven by Playwright. Skipped where there is no Chromium.

The browser lives as long as this folder's tests, not longer: while Playwright runs, its event loop counts as running in
the main thread, and asynchronous tests of other folders could not start theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import Demo

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
AXE = Path(__file__).with_name("axe.min.js")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"width": 360, "height": 740}
SCREEN = {"width": 1280, "height": 900}
PATIENCE = 30_000  # milliseconds; a busy machine is slow
# what a browser says by itself about a status that a test asks for, and about a network that a test switches off
EXPECTED = re.compile(
    r"^Failed to load resource: (the server responded with a status of 4|net::ERR_(INTERNET_DISCONNECTED|FAILED))"
)

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip this folder where there is no browser, before anything is started for it."""
    if not CHROMIUM.exists():
        missing = pytest.mark.skip(reason=f"{CHROMIUM} is missing; on Debian: apt-get install chromium")
        for item in items:
            if item.path.parent == AXE.parent:
                item.add_marker(missing)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this folder."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="package")
def cookies() -> dict[str, Any]:
    """What browsers that have signed in keep, by login: signing in is limited, so each login does it once."""
    return {}


class Browsing:
    """Browsers of one test, each like a device of its own; at the end nothing may stand in their consoles."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.complaints: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def device(self, locale: str = "de-DE", **options: Any) -> BrowserContext:
        """A new device without cookies."""
        context = self._browser.new_context(base_url=self.url, locale=locale, **{"viewport": SCREEN, **options})
        context.set_default_timeout(PATIENCE)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(f"{error.page and error.page.url}: {error.error}"))
        self._contexts.append(context)
        return context

    def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            context.close()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.match(message.text):
            self.complaints.append(f"{message.page and message.page.url}: {message.text}")


@pytest.fixture
def browsing(browser: Browser, demo: Demo) -> Iterator[Browsing]:
    """Makes devices; fails where a page broke its own rules or a script."""
    made = Browsing(browser, demo.url)
    yield made
    made.close()
    assert not made.complaints, "\n".join(made.complaints)


@pytest.fixture
def phone(browsing: Browsing) -> OpenPage:
    """Opens pages on a newcomer's phone."""

    def open_page(locale: str = "de-DE", **options: Any) -> Page:
        return browsing.device(locale, viewport=PHONE, has_touch=True, **options).new_page()

    return open_page


@pytest.fixture
def signed_in(browsing: Browsing, demo: Demo, cookies: dict[str, Any]) -> OpenPage:
    """Opens pages of members of staff: signed in through the form, in their language."""

    def open_page(who: str, language: str = "de", **options: Any) -> Page:
        login = f"{who}@musterstadt.example"
        page = browsing.device(storage_state=cookies.get(login), **options).new_page()
        page.goto("/desk/account")
        if "/sign-in" in page.url:
            sign_in(page, login, demo.passwords[login])
            page.wait_for_url("**/desk/account")
            cookies[login] = page.context.storage_state()
        speak(page, language)
        return page

    return open_page


def sign_in(page: Page, login: str, password: str) -> None:
    """Fill in and send the form."""
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("main form button")


def speak(page: Page, language: str) -> None:
    """Set the language of the account, by its form."""
    if page.locator("html").get_attribute("lang") == language:
        return
    page.goto("/desk/account")
    page.select_option("#language", language)
    page.click("form:has(#language) button")
    page.wait_for_selector(f"html[lang={language}]")


def check_axe(page: Page, *without: str) -> None:
    """No violation of WCAG 2.2 AA or of axe's good practice on the page as it is now; `without` these rules."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    rules = {rule: {"enabled": False} for rule in without}
    violations = page.evaluate(
        "(options) => axe.run(options).then((result) => result.violations)",
        {"runOnly": {"type": "tag", "values": STANDARDS}, "rules": rules, "resultTypes": ["violations"]},
    )
    told = [
        f"  {each['impact']} {each['id']}: {each['help']}\n"
        + "\n".join(f"    {node['target']} {node['html'][:200]}\n    {node['failureSummary']}" for node in each["nodes"][:4])
        for each in violations
    ]
    assert not violations, f"{page.url} ({page.locator('html').get_attribute('lang')})\n" + "\n".join(told)


def check_direction(page: Page, language: str) -> None:
    """Language and direction of the page are right, and nothing sticks out of it sideways."""
    html = page.locator("html")
    assert (html.get_attribute("lang"), html.get_attribute("dir")) == (language, "rtl" if language == "ar" else "ltr")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"
