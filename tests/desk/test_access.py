"""Who may see what: every route of the desk, every role, here and in another town, and nobody at all.

`TABLE` is the agreement. A route that is not in it fails, so does one of it that is missing, and each is asked for by
everybody with the address of something real of the town HERE.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from desk import access
from desk import cases as case_pages
from desk.access import requires, rules
from desk.hub import Hub
from desk.pages import DESK_LANGUAGES
from desk.routes import ROUTERS
from lotse.cases import appointments, deletion, likeness, tasks
from lotse.core import Core
from lotse.staff import LANGUAGES, Role
from lotse.storage.tables import Answer, ApiToken, Case, CrisisCall, UnansweredQuestion, Webhook, new_id, now
from tests.desk.conftest import ELSEWHERE, HERE, Browser, SignedIn, login, make_case, make_contact, references, staff, town

NOBODY: frozenset[Role] = frozenset()
EVERYBODY = frozenset(Role)
WORKERS = frozenset({Role.CASE_WORKER})
EDITORS = frozenset({Role.CONTENT_AUTHOR, Role.CONTENT_PUBLISHER})
PUBLISHERS = frozenset({Role.CONTENT_PUBLISHER})
ADMINISTRATORS = frozenset({Role.MUNICIPALITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR})
TOWN_ADMINISTRATORS = frozenset({Role.MUNICIPALITY_ADMINISTRATOR})
READERS = frozenset({Role.OBSERVER, Role.MUNICIPALITY_ADMINISTRATOR})
PUBLIC = None  # without an account

TABLE: dict[tuple[str, str], frozenset[Role] | None] = {
    ("GET", "/desk"): EVERYBODY,
    ("GET", "/desk/sign-in"): PUBLIC,
    ("POST", "/desk/sign-in"): PUBLIC,
    ("GET", "/desk/sign-in/code"): PUBLIC,
    ("POST", "/desk/sign-in/code"): PUBLIC,
    ("GET", "/desk/sign-in/provider"): PUBLIC,
    ("GET", "/desk/sign-in/provider/back"): PUBLIC,
    ("POST", "/desk/sign-out"): EVERYBODY,
    ("POST", "/desk/language"): EVERYBODY,
    ("GET", "/desk/account"): EVERYBODY,
    ("POST", "/desk/account/password"): EVERYBODY,
    ("POST", "/desk/account/end"): EVERYBODY,
    ("POST", "/desk/account/end-others"): EVERYBODY,
    ("POST", "/desk/account/sign-out-everywhere"): EVERYBODY,
    ("GET", "/desk/account/second-factor"): EVERYBODY,
    ("POST", "/desk/account/second-factor"): EVERYBODY,
    ("POST", "/desk/account/second-factor/begin"): EVERYBODY,
    ("POST", "/desk/account/second-factor/codes"): EVERYBODY,
    ("POST", "/desk/account/second-factor/off"): EVERYBODY,
    ("GET", "/desk/cases"): WORKERS,
    ("POST", "/desk/cases"): WORKERS,
    ("GET", "/desk/cases/events"): WORKERS,
    ("GET", "/desk/cases/export"): WORKERS,
    ("GET", "/desk/cases/{reference}"): WORKERS,
    ("POST", "/desk/cases/{reference}/take"): WORKERS,
    ("POST", "/desk/cases/{reference}/assign"): WORKERS,
    ("POST", "/desk/cases/{reference}/status"): WORKERS,
    ("POST", "/desk/cases/{reference}/note"): WORKERS,
    ("GET", "/desk/cases/{reference}/erase"): WORKERS,
    ("POST", "/desk/cases/{reference}/erase"): WORKERS,
    ("POST", "/desk/cases/{reference}/refuse"): WORKERS,
    ("GET", "/desk/cases/{reference}/merge"): WORKERS,
    ("POST", "/desk/cases/{reference}/merge"): WORKERS,
    ("POST", "/desk/cases/{reference}/different"): WORKERS,
    ("POST", "/desk/cases/{reference}/split"): WORKERS,
    ("GET", "/desk/cases/{reference}/talk"): WORKERS,
    ("POST", "/desk/cases/{reference}/talk"): WORKERS,
    ("POST", "/desk/cases/{reference}/talk/back"): WORKERS,
    ("POST", "/desk/cases/{reference}/talk/translate"): WORKERS,
    ("GET", "/desk/cases/{reference}/appointments"): WORKERS,
    ("POST", "/desk/cases/{reference}/appointments"): WORKERS,
    ("POST", "/desk/cases/{reference}/appointments/{appointment_id}/cancel"): WORKERS,
    ("GET", "/desk/cases/{reference}/appointments/{appointment_id}/calendar.ics"): WORKERS,
    ("POST", "/desk/cases/{reference}/flag"): WORKERS,
    ("POST", "/desk/cases/{reference}/clear"): WORKERS,
    ("POST", "/desk/cases/{reference}/task"): WORKERS,
    ("POST", "/desk/cases/{reference}/task/{task}"): WORKERS,
    ("POST", "/desk/cases/{reference}/transfer"): WORKERS,
    ("POST", "/desk/cases/{reference}/refer"): WORKERS,
    ("POST", "/desk/cases/{reference}/verify"): WORKERS,
    ("GET", "/desk/cases/{reference}/summary.pdf"): WORKERS,
    ("GET", "/desk/tasks"): WORKERS,
    ("GET", "/desk/together"): WORKERS,
    ("POST", "/desk/together"): WORKERS,
    ("GET", "/desk/calls"): WORKERS,
    ("POST", "/desk/calls/{call}/take"): WORKERS,
    ("GET", "/desk/answers"): EDITORS,
    ("GET", "/desk/answers/todo"): EDITORS,
    ("GET", "/desk/answers/try"): EDITORS,
    ("POST", "/desk/answers/try"): EDITORS,
    ("POST", "/desk/answers/links"): EDITORS,
    ("GET", "/desk/answers/translations"): EDITORS,
    ("GET", "/desk/answers/translations/export"): EDITORS,
    ("POST", "/desk/answers/translations"): EDITORS,
    ("GET", "/desk/answers/new"): EDITORS,
    ("POST", "/desk/answers/new"): EDITORS,
    ("POST", "/desk/answers/new/publish"): PUBLISHERS,
    ("POST", "/desk/answers/new/view"): EDITORS,
    ("POST", "/desk/answers/new/review"): EDITORS,
    ("POST", "/desk/answers/{answer_id}/links"): EDITORS,
    ("GET", "/desk/answers/{answer_id}/versions"): EDITORS,
    ("POST", "/desk/answers/{answer_id}/versions/{number}/restore"): EDITORS,
    ("POST", "/desk/answers/{answer_id}/review"): EDITORS,
    ("POST", "/desk/answers/{answer_id}/give-back"): PUBLISHERS,
    ("GET", "/desk/answers/{answer_id}"): EDITORS,
    ("POST", "/desk/answers/{answer_id}"): EDITORS,
    ("POST", "/desk/answers/{answer_id}/publish"): PUBLISHERS,
    ("POST", "/desk/answers/{answer_id}/view"): EDITORS,
    ("GET", "/desk/answers/{answer_id}/retire"): PUBLISHERS,
    ("POST", "/desk/answers/{answer_id}/retire"): PUBLISHERS,
    ("GET", "/desk/answers/{answer_id}/discard"): EDITORS,
    ("POST", "/desk/answers/{answer_id}/discard"): EDITORS,
    ("GET", "/desk/questions"): EDITORS,
    ("GET", "/desk/questions/write"): EDITORS,
    ("GET", "/desk/questions/add"): EDITORS,
    ("POST", "/desk/questions/add"): EDITORS,
    ("POST", "/desk/questions/set-aside"): EDITORS,
    ("POST", "/desk/questions/reopen"): EDITORS,
    ("GET", "/desk/figures"): READERS,
    ("GET", "/desk/audit"): ADMINISTRATORS,
    ("GET", "/desk/audit/export"): ADMINISTRATORS,
    ("GET", "/desk/tokens"): TOWN_ADMINISTRATORS,
    ("POST", "/desk/tokens"): TOWN_ADMINISTRATORS,
    ("POST", "/desk/tokens/{token}/revoke"): TOWN_ADMINISTRATORS,
    ("GET", "/desk/webhooks"): TOWN_ADMINISTRATORS,
    ("POST", "/desk/webhooks"): TOWN_ADMINISTRATORS,
    ("POST", "/desk/webhooks/{webhook}/start"): TOWN_ADMINISTRATORS,
    ("POST", "/desk/webhooks/{webhook}/remove"): TOWN_ADMINISTRATORS,
    ("GET", "/desk/staff"): ADMINISTRATORS,
    ("GET", "/desk/staff/new"): ADMINISTRATORS,
    ("POST", "/desk/staff/new"): ADMINISTRATORS,
    ("GET", "/desk/staff/{staff_id}"): ADMINISTRATORS,
    ("POST", "/desk/staff/{staff_id}/give"): ADMINISTRATORS,
    ("POST", "/desk/staff/{staff_id}/take"): ADMINISTRATORS,
    ("POST", "/desk/staff/{staff_id}/off"): ADMINISTRATORS,
    ("POST", "/desk/staff/{staff_id}/on"): ADMINISTRATORS,
    ("POST", "/desk/staff/{staff_id}/unlock"): ADMINISTRATORS,
    ("POST", "/desk/staff/{staff_id}/password"): ADMINISTRATORS,
    ("POST", "/desk/staff/{staff_id}/second-factor"): ADMINISTRATORS,
}
OFF = {("GET", "/desk/sign-in/provider"), ("GET", "/desk/sign-in/provider/back")}  # as long as no provider is set
# what a request names beside the path; in braces something real of the town HERE. Whatever does so is a matter of its town
SENT: dict[tuple[str, str], dict[str, str]] = {
    ("GET", "/desk/cases/{reference}/erase"): {"reference": "{request}"},
    ("POST", "/desk/cases/{reference}/erase"): {"reference": "{request}"},
    ("POST", "/desk/cases/{reference}/refuse"): {"reference": "{request}", "reason": "because"},
    ("POST", "/desk/cases/{reference}/note"): {"text": "a note"},
    ("GET", "/desk/cases/{reference}/merge"): {"other": "{other}"},
    ("POST", "/desk/cases/{reference}/merge"): {"other": "{other}"},
    ("POST", "/desk/cases/{reference}/different"): {"other": "{other}"},
    ("POST", "/desk/cases/{reference}/talk"): {"text": "hello"},
    ("POST", "/desk/cases/{reference}/clear"): {"flag": "papers"},
    ("POST", "/desk/answers/new/review"): {"municipality": "{town}"},
    ("POST", "/desk/answers/links"): {"municipality": "{town}"},
    ("POST", "/desk/answers/translations"): {"municipality": "{town}"},
    ("POST", "/desk/answers/new"): {"municipality": "{town}"},
    ("POST", "/desk/answers/new/publish"): {"municipality": "{town}"},
    ("POST", "/desk/answers/new/view"): {"municipality": "{town}"},
    ("GET", "/desk/questions/write"): {"question": "{question}"},
    ("GET", "/desk/questions/add"): {"question": "{question}"},
    ("POST", "/desk/questions/add"): {"question": "{question}", "answer": "{answer_id}"},
    ("POST", "/desk/questions/set-aside"): {"question": "{question}"},
    ("POST", "/desk/questions/reopen"): {"question": "{closed_question}"},
    ("POST", "/desk/staff/{staff_id}/give"): {"role": "observer", "town": HERE},
    ("POST", "/desk/staff/{staff_id}/take"): {"role": "observer", "town": HERE},
}
DOORS = [(role, where) for where in (HERE, ELSEWHERE) for role in Role]
WORDS = ("Олена", "ein Brief vom Amt", "мене б'ють", "wo ist das Schwimmbad")  # of newcomers HERE


def _app() -> FastAPI:
    """The routes alone, to name the tests by them."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for router in ROUTERS:
        app.include_router(router)
    return app


def make_world(session: Session) -> dict[str, str]:
    """One of everything that has an address, HERE, with words that nobody else may read."""
    contact = {"phone": "+491701234567", "email": None}
    told = {"call_name": "Олена", "age": "27-64", "town": "this_town", "languages": ["uk"]}
    cases = [make_case(session) for _ in range(2)]
    for case in cases:
        likeness.keep(session, case, contact, told)
    under_way = make_case(session, status="open")
    request = deletion.request(session, under_way.conversation)
    call_of = make_contact(session, WORDS[1])
    call = CrisisCall(
        conversation_id=call_of.conversation_id, municipality_id=town(session).id, words=WORDS[2], show_words=True,
        state="called", reference="M-C-7K4P", called_at=now(),
    )  # fmt: skip
    questions = [
        UnansweredQuestion(municipality_id=town(session).id, question=WORDS[3], language="de", status=status)
        for status in ("open", "closed")
    ]
    session.add_all([call, *questions])
    session.flush()
    answer = session.scalars(select(Answer).where(Answer.municipality_id == town(session).id).order_by(Answer.id)).first()
    assert answer
    made, _ = appointments.propose(session, cases[0], [now() + timedelta(days=3)], 30, WORDS[1], staff(session, "colleague"))
    made.starts_at, made.state = now() + timedelta(days=3), "agreed"
    worker = staff(session, login(Role.CASE_WORKER))
    task = tasks.add(session, cases[0], WORDS[1], "", worker.id, worker)
    token = ApiToken(
        municipality_id=town(session).id, name="register", scopes=["read:cases"], digest=new_id("x"),
        expires_at=now() + timedelta(days=1),
    )  # fmt: skip
    webhook = Webhook(municipality_id=town(session).id, url="https://other.example/", events=["case.opened"], secret="s")
    session.add_all([token, webhook])
    session.flush()
    return {
        "appointment_id": made.id,
        "task": task.id,
        "number": "1",
        "token": token.id,
        "webhook": webhook.id,
        "reference": cases[0].reference,
        "other": cases[1].reference,
        "request": request.reference,
        "call": call.id,
        "question": questions[0].id,
        "closed_question": questions[1].id,
        "answer_id": answer.id,
        "town": HERE,
        "staff_id": staff(session, "colleague").id,
    }


@pytest.fixture
def world(core: Core) -> dict[str, str]:
    with core.database.session() as session:
        return make_world(session)


async def ask(browser: Browser, method: str, path: str, world: dict[str, str]) -> httpx.Response:
    """Ask for a route with all that it needs."""
    sent = {name: value.format_map(world) for name, value in SENT.get((method, path), {}).items()}
    target = path.format_map({**world, **sent})
    beside = {name: value for name, value in sent.items() if f"{{{name}}}" not in path}
    if method == "GET":
        return await browser.client.get(target, params=beside)
    return await browser.post(target, **beside)


def of_town(method: str, path: str) -> bool:
    """Whether a route is about something of one town."""
    return "{" in path + "".join(SENT.get((method, path), {}).values())


def test_the_table_names_every_route_and_no_other(app: FastAPI) -> None:
    found = {(method, path): roles for method, path, roles in rules(app)}
    assert sorted(set(found) - set(TABLE)) == [], "a new route: add it with its roles"
    assert sorted(set(TABLE) - set(found)) == [], "a route that is gone: take it out"
    assert {key: found[key] for key in found if found[key] != TABLE[key]} == {}, "other roles than agreed"
    assert found == {(method, path): roles for method, path, roles in rules(_app())}
    assert set(SENT) <= set(TABLE)


def test_how_much_is_asked(record_property: pytest.RecordProperty) -> None:
    combinations = len(TABLE) * (len(DOORS) + 1)
    record_property("access", f"{len(TABLE)} routes x {len(Role)} roles x 2 towns + nobody = {combinations} requests")
    print(f"{len(TABLE)} routes x ({len(Role)} roles x 2 towns + nobody) = {combinations} requests")
    assert (len(Role), len(DOORS)) == (6, 12)


@pytest.mark.parametrize(("method", "path"), TABLE, ids=[f"{method} {path}" for method, path in TABLE])
async def test_every_role_at_every_route(
    world: dict[str, str], core: Core, browser: SignedIn, method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Allowed is what the table says, of one's own town; else 403, 404 for what another town has, the sign-in page for nobody."""
    monkeypatch.setattr(case_pages, "changes", _one_event)
    roles = TABLE[method, path]
    answer = await ask(browser(), method, path, world)
    if roles is PUBLIC:
        assert answer.status_code in ((404,) if (method, path) in OFF else (200, 303, 422)), answer.text
        return
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/desk/sign-in")
    changed = False
    for role, where in DOORS:
        if changed and role in roles and of_town(method, path):
            with core.database.session() as session:
                world, changed = make_world(session), False
        answer = await ask(browser(role, where), method, path, world)
        case = f"{role} of {where}: {method} {path}: {answer.status_code}"
        if role not in roles:
            assert answer.status_code == 403, case
            assert "No access" in answer.text, case
        elif of_town(method, path) and where == ELSEWHERE and role is not Role.SYSTEM_ADMINISTRATOR:
            assert answer.status_code == 404, case
        else:
            changed = method == "POST"
            assert answer.status_code in (200, 303, 409, 422), case
            assert "sign-out" in path or not answer.headers.get("location", "").startswith("/desk/sign-in"), case
        if role is not Role.CASE_WORKER or where == ELSEWHERE:
            assert not any(word in unescape(answer.text) for word in WORDS[:3]), case


async def _one_event(*_: Any) -> AsyncIterator[str]:
    """The stream of an open page, which has no end of its own."""
    yield "event: changed\ndata: -\n\n"


@pytest.mark.parametrize("path", [path for method, path in TABLE if method == "GET" and of_town(method, path)])
async def test_what_is_of_another_town_looks_like_what_does_not_exist(
    world: dict[str, str], browser: SignedIn, path: str
) -> None:
    for role in sorted((TABLE["GET", path] or NOBODY) - {Role.SYSTEM_ADMINISTRATOR}):
        member = browser(role, ELSEWHERE)
        pages = [await ask(member, "GET", path, each) for each in (world, dict.fromkeys(world, "unknown"))]
        assert [page.status_code for page in pages] == [404, 404]
        assert pages[0].text == pages[1].text


@pytest.mark.parametrize("role", list(Role))
async def test_no_list_shows_anything_of_another_town(world: dict[str, str], core: Core, browser: SignedIn, role: Role) -> None:
    """Whatever a list is asked for: by page, filter, order, town or words."""
    with core.database.reading() as session:
        secret = [world["reference"], world["other"], world["request"], "M-C-7K4P", *WORDS, world["question"]]
        secret += list(session.scalars(select(Case.id)))
        if role is not Role.SYSTEM_ADMINISTRATOR:  # who knows all accounts
            secret += [staff(session, login(Role.CASE_WORKER)).name, login(Role.CASE_WORKER)]
    member = browser(role, ELSEWHERE)
    lists = [path for (method, path), roles in TABLE.items() if method == "GET" and roles and role in roles and "{" not in path]
    assert "/desk/account" in lists
    for path in lists:
        if path == "/desk/cases/events" or path.endswith("/export"):  # for files see test_exports, test_audit, test_translations
            continue
        asked = {"municipality": HERE, "town": HERE, "search": "Олена", "q": "Олена", "mine": "1", "status": "new", "page": "1"}
        for query in ({}, asked, {"municipality": HERE}, {"search": world["reference"], "q": world["reference"]}):
            page = await member.client.get(path, params=query)
            assert page.status_code in (200, 303), f"{path} {query}: {page.status_code}"
            shown = unescape(page.text)
            hidden = [each for each in secret if each not in query.values()]  # a form says again what was typed into it
            if (
                path == "/desk/audit" and role is Role.SYSTEM_ADMINISTRATOR
            ):  # the log of all towns has references, and nothing else
                hidden = [*WORDS]
            assert not [each for each in hidden if each in shown], f"{path} {query}"
    if role == Role.CASE_WORKER:
        assert references((await member.get("/desk/cases")).text) == []


@pytest.mark.parametrize("role", [None, *Role])
async def test_the_stream_asks_for_the_role(browser: SignedIn, role: Role | None) -> None:
    if role is Role.CASE_WORKER:
        pytest.skip("see test_cases.test_the_stream_ends_with_the_session")
    answer = await (browser(role) if role else browser()).get("/desk/cases/events", accept="text/event-stream")
    assert answer.status_code == (403 if role else 303)


async def test_the_stream_says_that_something_changed_and_not_what(world: dict[str, str], core: Core) -> None:
    turns = iter([True, False])

    async def alive() -> bool:
        return next(turns)

    told = [event async for event in case_pages.changes(Hub(core.database), alive, keep_alive=0.01)]
    assert told == ["event: changed\ndata: -\n\n", "event: ended\ndata: -\n\n"]


@pytest.mark.parametrize("role", list(Role))
async def test_the_navigation_shows_what_one_may_see_and_the_first_page_is_one_of_it(browser: SignedIn, role: Role) -> None:
    member = browser(role)
    first = (await member.get("/desk")).headers["location"]
    page = await member.get(first)
    assert page.status_code == 200
    shown = re.findall(r'<a href="(/desk/[a-z]+)"', page.text.partition("</nav>")[0])
    assert first == shown[0]
    allowed = {path for (method, path), roles in TABLE.items() if method == "GET" and roles and role in roles}
    assert set(shown) == allowed & {
        "/desk/cases",
        "/desk/tasks",
        "/desk/calls",
        "/desk/answers",
        "/desk/questions",
        "/desk/figures",
        "/desk/staff",
        "/desk/audit",
        "/desk/tokens",
        "/desk/webhooks",
        "/desk/account",
    }


def test_a_route_without_a_rule_stops_the_start() -> None:
    for path in ("/desk/new", "/desk"):
        app = FastAPI(openapi_url=None)
        app.add_api_route(path, lambda: None)
        with pytest.raises(RuntimeError, match=path):
            list(rules(app))
    router = APIRouter(prefix="/desk", dependencies=[Depends(requires(Role.OBSERVER))])
    router.add_api_route("/figures", lambda: None)
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    assert [roles for _, _, roles in rules(app)] == [frozenset({Role.OBSERVER})]
    app.add_api_route("/desk/both", access.public(lambda: None), dependencies=[Depends(requires(Role.OBSERVER))])
    with pytest.raises(RuntimeError, match="/desk/both"):
        list(rules(app))
    with pytest.raises(ValueError, match="name the roles"):
        requires()


def test_the_desk_speaks_the_languages_of_accounts() -> None:
    assert set(DESK_LANGUAGES) == set(LANGUAGES)
