"""Every page of the desk: wording in all languages, nothing inline, figures that point at nobody."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po
from fastapi import FastAPI

from desk.access import rules
from desk.cases import DONE
from desk.pages import DESK, DESK_LANGUAGES
from lotse.audit import exporting
from lotse.audit.actions import ACTIONS
from lotse.cases import deletion, flags, likeness, passing_on, tasks
from lotse.cases.work import OUTCOMES, STATUSES, TRANSFERRED, next_statuses
from lotse.core import Core
from lotse.replies import say
from lotse.settings import ROOT
from lotse.staff import Role
from lotse.staff.tokens import SCOPES
from lotse.storage.tables import Case, UnansweredQuestion
from lotse.webhooks.outbox import EVENTS
from lotse.wording import Wording
from tests.desk.conftest import ELSEWHERE, SignedIn, make_case, make_contact, staff, town

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def catalogue(language: str) -> Catalog:
    with open(DESK / "locale" / language / "LC_MESSAGES" / "desk.po", "rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def texts(language: str) -> dict[str, list[str]]:
    """All forms of each wording."""
    found = {}
    for message in catalogue(language):
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            found[key] = [message.string] if isinstance(message.string, str) else list(message.string)
    return found


@pytest.mark.parametrize("language", DESK_LANGUAGES)
def test_catalogues_have_the_same_wordings_and_placeholders(language: str) -> None:
    english, here = texts("en"), texts(language)
    assert set(english) == set(here)
    for key, forms in here.items():
        wanted = {name for form in english[key] for name in PLACEHOLDER.findall(form)}
        assert all(form.strip() for form in forms), f"{key} is empty in {language}"
        used = [set(PLACEHOLDER.findall(form)) for form in forms]
        assert set().union(*used) == wanted, f"{key}: other placeholders in {language}"
        # a plural's form may say "once" instead of a number, nothing else may leave out what is inserted
        assert all(wanted - one <= ({"count"} if len(forms) > 1 else set()) for one in used), f"{key}: a gap in {language}"


def test_arabic_has_its_six_plurals(core: Core) -> None:
    wording = Wording(core.languages, domain="desk", folder=DESK / "locale", needed=list(DESK_LANGUAGES))
    shown = [wording.render(say("queue.count", count=count), "ar") for count in (0, 1, 2, 3, 11, 100)]
    assert len({re.sub(r"\d+", "", text) for text in shown}) == 6


def test_every_wording_that_templates_name_exists() -> None:
    known = set(texts("en"))
    used = set()
    for file in (DESK / "templates").rglob("*.html"):
        used |= set(re.findall(r'(?<![a-z_.])t\(\s*["\']([a-z_.0-9]+)["\']\s*[,)]', file.read_text("utf-8")))
    assert used
    assert used <= known, used - known


def test_every_value_that_is_shown_by_a_wording_has_one() -> None:
    known = set(texts("en"))
    channels = [folder.name for folder in (ROOT / "bot" / "channels").iterdir() if (folder / "__init__.py").exists()]
    steps = {step for status in STATUSES if status != "closed" for step in next_statuses(status)}
    wanted = (
        {f"status.{status}" for status in STATUSES}
        | {f"role.{role}" for role in Role}
        | {f"channel.{name}" for name in channels}
        | {f"case.set.{step}" for step in steps}
        | {f"kind.{kind}" for kind in ("intake", "contact", "deletion")}
        | {f"same.{kind}" for kind in likeness.KINDS}
        | {f"case.done.{done}" for done in DONE}
        | {f"audit.action.{action}" for action in ACTIONS}
        | {f"webhooks.event.{event}" for event in EVENTS}
        | {f"tokens.scope.{scope}" for scope in SCOPES}
        | {f"audit.format.{form}" for form in exporting.FORMATS}
        | {f"outcome.{outcome}" for outcome in (*OUTCOMES, TRANSFERRED)}
        | {f"flag.kind.{kind}" for kind in flags.KINDS}
        | {f"history.{kind}" for kind in ("flag_set", "flag_cleared", "task_done", "task_undone", "verified", "unverified")}
    )
    assert wanted <= known, wanted - known


class Page(HTMLParser):
    """What a strict Content-Security-Policy forbids, labels, and ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.ids: list[str] = []
        self._in = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith(("on", "hx-on"))]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        for name in ("href", "src", "action", "hx-get"):
            if (given.get(name) or "").startswith(("http:", "https:", "//", "javascript:", "data:")):
                self.inline.append(f"{tag} {name}={given[name]}")


@pytest.mark.parametrize("language", DESK_LANGUAGES)
async def test_no_page_has_anything_inline_or_from_elsewhere(app: FastAPI, core: Core, browser: SignedIn, language: str) -> None:
    with core.database.session() as session:
        case, contact = make_case(session), make_contact(session, "?")
        contact.conversation.contact = {"phone": "1", "email": "a@b.c"}
        twin, third = make_case(session), make_case(session)
        for each in (case, twin, third):
            likeness.keep(session, each, {"phone": "1"}, {})
        likeness.merge(session, twin, third, staff(session, "colleague"))
        flags.set_flag(session, twin, "papers", "x", staff(session, "colleague"))
        tasks.add(session, twin, "x", "2026-01-01", staff(session, "case_worker.musterstadt").id, staff(session, "colleague"))
        passing_on.refer(session, twin, "x", staff(session, "colleague"))
        passing_on.transfer(session, twin, "x", "y", "2026-01-01", staff(session, "colleague"))
        request = deletion.request(session, case.conversation)
        paths = ["/desk/nonsense", "/desk/cases?mine=1", f"/desk/cases/{case.reference}/merge?other={twin.reference}"]
        paths += [f"/desk/cases/{each.reference}" for each in (case, contact, twin, third, request)]
        paths.append(f"/desk/cases/{request.reference}/erase")
    worker = browser(Role.CASE_WORKER)
    await worker.post(f"/desk/cases/{case.reference}/take")
    await worker.post(f"/desk/cases/{case.reference}/note", text="x")
    seen = []
    pages = [(path, roles or ()) for method, path, roles in rules(app) if method == "GET" and "{" not in path]
    pages = [(path, roles) for path, roles in pages if not path.endswith("/events")]
    for role in Role:
        member = browser(role)
        await member.post("/desk/language", language=language)
        own = [path for path, roles in pages if role in roles]
        for path in [*own, *(paths if role is Role.CASE_WORKER else [])]:
            seen.append(await member.get(path))
    bad = await worker.post(f"/desk/cases/{case.reference}/status", status="new")
    seen += [bad, await browser().get(f"/desk/sign-in?language={language}"), await browser().post("/desk/sign-in")]
    for answer in seen:
        assert answer.status_code in (200, 303, 404, 422), answer.url
        page = Page(answer.text)
        assert page.inline == [], answer.url
        assert len(page.ids) == len(set(page.ids)), f"{answer.url}: an id stands twice"
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


async def test_figures_hide_small_numbers(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        for _ in range(9):
            make_contact(session, None)
        for status, count in (("open", 10), ("waiting", 1)):
            for _ in range(count):
                case: Case = make_contact(session, None)
                case.status = status
        make_contact(session, None, slug=ELSEWHERE)
        here = town(session).id
        for language, count in (("uk", 12), ("ar", 2)):
            for number in range(count):
                session.add(UnansweredQuestion(municipality_id=here, question=str(number), language=language))
        session.add(UnansweredQuestion(municipality_id=here, question="?", language="de", status="answered"))
    page = await browser(Role.OBSERVER).get("/desk/figures")
    shown = re.findall(r"<td>([^<]+)</td>", page.text)
    assert shown == ["&lt; 10", "10", "&lt; 10", "0", "20", "&lt; 10", "12"]
    assert "Ukrainian" in page.text
    assert "German" not in page.text
    assert "Nachbarort" not in page.text
    elsewhere = await browser(Role.MUNICIPALITY_ADMINISTRATOR, ELSEWHERE).get("/desk/figures")
    assert re.findall(r"<td>([^<]+)</td>", elsewhere.text) == ["&lt; 10", "0", "0", "0", "&lt; 10"]
    assert "No question waits" in elsewhere.text
