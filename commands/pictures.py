"""./run pictures: plays a scene with invented people in the demo and photographs it for the documentation."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from commands.errors import CommandError
from lotse import core, settings
from lotse.settings import ROOT, Settings
from lotse.storage.tables import Case, Consent, Response

FOLDER = ROOT / "docs" / "pictures"
LARGEST = 150_000  # bytes
CHROMIUM = Path("/usr/bin/chromium")
PHONE, TELEGRAM, SCREEN = (360, 760), (412, 860), (1280, 860)
LOCALES = {"ar": "ar-EG", "de": "de-DE", "uk": "uk-UA", "en": "en-GB"}

# whose intakes are sent: call name, channel, language, and what differs from the ordinary newcomer of the tests
OKSANA = {
    "call_name": "Оксана", "needs": "@home @work @language", "wish_year": "Хочу знову працювати медсестрою",
    "interests": "@music @garden", "visit_group": "@yes", "languages": "українська, російська", "local_language": "@words",
    "school_years": "15", "jobs_done": "медсестра в лікарні", "skills": "@cooking", "job_wish": "хочу бути медсестрою",
    "adults": "1", "housing": "@shelter",
}  # fmt: skip
SALMA = {
    "call_name": "سلمى", "needs": "@language @work", "wish_year": "بدي اتعلم الماني واشتغل خياطة", "interests": "@cooking",
    "languages": "العربية", "school_years": "9", "jobs_done": "خياطة", "job_wish": "خياطة",
}  # fmt: skip
IRINA = {"call_name": "Irina", "wish_year": "eine eigene Wohnung", "languages": "Russisch", "jobs_done": "Bäckerin"}
AMIR = {"call_name": "Amir", "needs": "@home @papers", "wish_year": "a flat for my family", "languages": "English"}
ASKED = {"uk": "де мені прописатися я вчора переїхала", "ar": "وين بسجل عنواني الجديد", "de": "Wo muss ich mich anmelden?"}
PLACE = "Bürgerbüro"
# since when the cases are there, and since when they stand as they do
WAITED = {
    "taras": (timedelta(hours=3, minutes=10), timedelta(0)),
    "salma": (timedelta(minutes=25), timedelta(0)),
    "amir": (timedelta(days=6), timedelta(days=2, hours=4)),
    "oksana": (timedelta(days=1, hours=2), timedelta(hours=5)),
    "irina": (timedelta(days=9), timedelta(days=3)),
}
NOTE = "Am Dienstag angerufen: Sie bringt ihr Diplom zum ersten Treffen mit.\nDolmetscherin ist bestellt."
WAITS_FOR = "Platz im Sprachkurs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("only", nargs="*", help="names of pictures; without one, all of them")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Make the pictures."""
    if not CHROMIUM.exists():
        raise CommandError(f"{CHROMIUM} is missing; on Debian: apt-get install chromium fonts-noto-core fonts-noto-color-emoji")
    with tempfile.TemporaryDirectory(prefix="lotse-pictures-") as home, _browser() as browser:
        # the tests' demo and newcomers are used as they are; imported by name, because tests are not type-checked
        demo = importlib.import_module("tests.conftest").Demo(Path(home))
        try:
            _Scene(demo, browser, set(arguments.only)).play()
        finally:
            demo.close()


def smaller(png: bytes) -> bytes:
    """The same picture, packed as well as zlib can; browsers pack quickly instead."""
    start, parts, pixels = 8, [png[:8]], b""
    while start < len(png):
        (length,) = struct.unpack(">I", png[start : start + 4])
        kind, body = png[start + 4 : start + 8], png[start + 8 : start + 8 + length]
        start += 12 + length
        if kind == b"IDAT":
            pixels += body
            continue
        if kind == b"IEND":
            parts.append(_chunk(b"IDAT", zlib.compress(zlib.decompress(pixels), 9)))
        parts.append(_chunk(kind, body))
    return b"".join(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # only in the developers' environment

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield running
        running.close()


class _Scene:
    """People, and the pages that show what they do."""

    def __init__(self, demo: Any, browser: Any, only: set[str]) -> None:
        self._demo = demo
        self._browser = browser
        self._only = only
        self._walking: Any = importlib.import_module("tests.telegram.walking")
        self._newcomers: Any = importlib.import_module("tests.browser.newcomers")

    def play(self) -> None:
        """Everything, in the order in which it would happen."""
        cases = self._in_telegram() | self._in_the_web_chat()
        self._work(cases)
        self._let_time_pass(cases)
        self._at_the_desk(cases)

    # newcomers

    def _in_telegram(self) -> dict[str, str]:
        references = {}
        oksana = self._walker("uk", "Оксана")
        oksana.say(ASKED["uk"], PLACE)
        self._photograph_telegram(oksana, "telegram-uk-answer", height=1030)
        oksana.whole(OKSANA, until="needs")
        for name in ("home", "work"):
            self._tick(oksana, name)
        self._photograph_telegram(oksana, "telegram-uk")
        self._tick(oksana, "language")
        oksana.press(oksana.menu("intake.button.done"), oksana.label("wish_year"))
        self._go_on(oksana, OKSANA, "wish_year")
        references["oksana"] = oksana.send()

        yusuf = self._walker("ar", "يوسف")
        yusuf.say(ASKED["ar"], PLACE)
        yusuf.whole({"call_name": "يوسف"}, until="needs")
        for name in ("work", "language"):
            self._tick(yusuf, name)
        self._photograph_telegram(yusuf, "telegram-ar")

        for who, tag, own in (("Amir", "en", AMIR), ("Irina", "de", IRINA)):
            walker = self._walker(tag, who)
            walker.whole(own)
            references[who.lower()] = walker.send()

        taras = self._walker("uk", "Тарас")
        told = taras.press(taras.menu("menu.button.person"), "M-")
        references["taras"] = self._newcomers.REFERENCE.search(told.text).group()
        taras.say("Мені прийшов лист, я його не розумію", taras.menu("person.noted"))
        return references

    def _walker(self, tag: str, name: str) -> Any:
        walker = self._walking.Walker(self._demo.messenger.person(tag, first_name=name), tag)
        walker.greet()
        return walker

    def _tick(self, walker: Any, name: str) -> None:
        chosen = walker.choice("needs", name)
        walker.person.press(lambda button: self._walking.plain(button.label) == chosen)
        walker.person.wait_for(lambda message: f"✓ {chosen}" in message.labels, walker.patience, fresh=True)

    def _go_on(self, walker: Any, own: dict[str, str], start: str) -> None:
        given = {**self._walking.ORDINARY, **own}
        questions = [*given, "review"]
        for place in range(questions.index(start), len(questions) - 1):
            walker.respond(questions[place], given[questions[place]], questions[place + 1])

    def _photograph_telegram(self, walker: Any, name: str, height: int | None = None) -> None:
        page = self._page(TELEGRAM, walker.tag)
        if height:
            page.set_viewport_size({"width": TELEGRAM[0], "height": height})
        page.goto(f"{self._demo.messenger.url}/client/{walker.person.id}")
        page.wait_for_selector(".message")
        self._photograph(page, name)
        page.context.close()

    def _in_the_web_chat(self) -> dict[str, str]:
        irina = self._newcomers.WebNewcomer(self._page(PHONE, "de"), "de")
        irina.start()
        irina.say(ASKED["de"], PLACE)
        self._photograph(irina.page, "chat-de", height=820)
        irina.page.context.close()

        salma = self._newcomers.WebNewcomer(self._page(PHONE, "ar"), "ar")
        salma.start()
        salma.intake(until="needs", given=SALMA)
        for need in ("language", "work"):
            salma.tick(salma.choice("needs", need))
        self._photograph(salma.page, "chat-ar")
        salma.press(salma.menu("intake.button.done"), salma.label("wish_year"))
        salma.go_on("wish_year", "review", {**self._walking.ORDINARY, **SALMA})
        reference = salma.send()
        salma.page.context.close()
        return {"salma": reference}

    # the desk

    def _work(self, cases: dict[str, str]) -> None:
        """What the guides have done so far."""
        colleague = self._signed_in("colleague")
        self._do(colleague, f"/desk/cases/{cases['amir']}", "take")
        colleague.click("#change-status ~ details summary")
        colleague.fill("#reason_waiting", WAITS_FOR)
        self._do(colleague, None, "status")
        colleague.context.close()
        guide = self._signed_in("guide")
        self._do(guide, f"/desk/cases/{cases['irina']}", "take")
        guide.click("#change-status ~ details:last-of-type summary")
        guide.select_option("#outcome", "done")
        guide.click("form[action$='/status'] button[value=closed]")
        guide.wait_for_selector(".case-head .status-closed")
        self._do(guide, f"/desk/cases/{cases['oksana']}", "take")
        guide.fill("#text", NOTE)
        self._do(guide, None, "note")
        guide.context.close()

    def _let_time_pass(self, cases: dict[str, str]) -> None:
        """Nobody waits for days while pictures are made."""
        known = {**os.environ, "LOTSE_HOME": str(self._demo.home)}
        with core.build(settings.from_environment(known)).database.session() as session:
            for who, reference in cases.items():
                case = session.scalars(select(Case).where(Case.reference == reference)).one()
                came, since = WAITED[who]
                case.opened_at -= came
                case.changed_at -= since
                for event in case.events:
                    event.at -= since
                for response in session.scalars(select(Response).where(Response.intake_id == case.intake_id)):
                    response.given_at -= came
                for consent in session.scalars(select(Consent).where(Consent.intake_id == case.intake_id)):
                    consent.given_at -= came

    def _at_the_desk(self, cases: dict[str, str]) -> None:
        guide = self._signed_in("guide")
        guide.goto(f"{self._demo.url}/desk/cases")
        self._photograph(guide, "desk-queue", height=610)
        guide.goto(f"{self._demo.url}/desk/cases/{cases['oksana']}")
        self._photograph(guide, "desk-case", height=1080)
        guide.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        guide.goto(f"{self._demo.url}/desk/cases")
        self._photograph(guide, "desk-phone")
        guide.set_viewport_size({"width": SCREEN[0], "height": SCREEN[1]})
        self._speak(guide, "ar")
        guide.goto(f"{self._demo.url}/desk/cases")
        self._photograph(guide, "desk-queue-ar", height=640)

        editor = self._signed_in("editor")
        editor.goto(f"{self._demo.url}/desk/answers?search=anmelden")
        editor.click("#answers a.title-link")
        editor.click("button.language-button[value=ar]")
        editor.wait_for_selector("[id='title.ar']")
        self._photograph(editor, "desk-editor", height=920)

    def _signed_in(self, who: str) -> Any:
        page = self._page(SCREEN, "de")
        login = f"{who}@musterstadt.example"
        page.goto(f"{self._demo.url}/desk")
        page.fill("#login", login)
        page.fill("#password", self._demo.passwords[login])
        page.click("main form button")
        page.wait_for_selector("nav.pages")
        self._speak(page, "de")
        return page

    def _speak(self, page: Any, language: str) -> None:
        page.goto(f"{self._demo.url}/desk/account")
        page.select_option("#language", language)
        page.click("form:has(#language) button")
        page.wait_for_selector(f"html[lang={language}]")

    def _do(self, page: Any, path: str | None, *forms: str) -> None:
        """Send forms of a case's page."""
        if path:
            page.goto(f"{self._demo.url}{path}")
        for form in forms:
            page.click(f"form[action$='/{form}'] button >> nth=0")
            page.wait_for_url(f"**?done={form}")

    # the camera

    def _page(self, size: tuple[int, int], tag: str) -> Any:
        viewport = {"width": size[0], "height": size[1]}
        context = self._browser.new_context(
            base_url=self._demo.url, viewport=viewport, locale=LOCALES[tag], timezone_id="Europe/Berlin", reduced_motion="reduce"
        )
        return context.new_page()

    def _photograph(self, page: Any, name: str, height: int | None = None) -> None:
        if self._only and name not in self._only:
            return
        if height:
            page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
        page.evaluate("document.fonts.ready")
        time.sleep(0.5)  # what moves has come to rest
        page.evaluate("document.activeElement.blur()")
        taken = smaller(page.screenshot(scale="css", animations="disabled", caret="hide"))
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{name}.png").write_bytes(taken)
        print(f"docs/pictures/{name}.png  {len(taken) // 1000} kB")
        if len(taken) > LARGEST:
            print(f"lotse: {name}.png is larger than {LARGEST // 1000} kB")
