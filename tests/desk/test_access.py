"""Who may see what: every route of the desk, every role, here and in another town, and nobody at all."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter, Depends, FastAPI

from desk import access
from desk.access import requires, rules
from desk.pages import DESK_LANGUAGES
from desk.routes import ROUTERS
from lotse.core import Core
from lotse.staff import LANGUAGES, Role
from lotse.storage.tables import UnansweredQuestion
from tests.desk.conftest import ELSEWHERE, HERE, SignedIn, make_case, town

WHO = [None, *Role]
PUBLIC = {("GET", "/desk/sign-in"), ("POST", "/desk/sign-in")}
EVERYBODY = frozenset(Role)
EDITORS = frozenset({Role.CONTENT_AUTHOR, Role.CONTENT_PUBLISHER})
WORKERS = frozenset({Role.CASE_WORKER})
EXPECTED = {  # by the beginning of the path; the longest that fits
    "/desk": EVERYBODY,
    "/desk/cases": WORKERS,
    "/desk/tasks": WORKERS,
    "/desk/calls": WORKERS,
    "/desk/together": WORKERS,
    "/desk/answers": EDITORS,
    "/desk/questions": EDITORS,
    "/desk/figures": frozenset({Role.OBSERVER, Role.MUNICIPALITY_ADMINISTRATOR}),
}


def _app() -> FastAPI:
    """The routes alone, to name the tests by them."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for router in ROUTERS:
        app.include_router(router)
    return app


RULES = list(rules(_app()))


def fill(path: str, reference: str) -> str:
    return re.sub(r"\{\w+\}", "unknown", path.replace("{reference}", reference))


def test_the_real_server_has_no_other_routes(app: FastAPI) -> None:
    assert sorted((method, path) for method, path, _ in rules(app)) == sorted((method, path) for method, path, _ in RULES)
    assert {(method, path) for method, path, roles in RULES if roles is None} == PUBLIC


@pytest.mark.parametrize(("method", "path", "roles"), RULES, ids=[f"{method} {path}" for method, path, _ in RULES])
def test_each_route_has_the_rule_that_was_agreed(method: str, path: str, roles: frozenset[Role] | None) -> None:
    if (method, path) in PUBLIC:
        return
    beginning = max((one for one in EXPECTED if path == one or path.startswith(f"{one}/")), key=len)
    assert roles is not None
    assert roles <= EXPECTED[beginning]
    if method == "GET" and path == beginning:
        assert roles == EXPECTED[beginning]


@pytest.mark.parametrize(("method", "path", "roles"), RULES, ids=[f"{method} {path}" for method, path, _ in RULES])
async def test_every_role_at_every_route(
    core: Core, browser: SignedIn, method: str, path: str, roles: frozenset[Role] | None
) -> None:
    """403 without the role, 404 for another town's, the sign-in page for nobody; no route fails with 500."""
    if path.endswith("/events"):
        pytest.skip("a stream has no end: see test_the_stream_asks_for_the_role")
    with core.database.session() as session:
        reference = make_case(session).reference
        session.add(UnansweredQuestion(municipality_id=town(session).id, question="?", language="uk"))
    target = fill(path, reference)
    of_town = "{reference}" in path
    for where in (HERE, ELSEWHERE):
        for role in WHO if roles is not None else WHO[:2]:  # checking passwords is slow on purpose
            somebody = browser(role, where) if role else browser()
            answer = await (somebody.get(target) if method == "GET" else somebody.post(target))
            status = answer.status_code
            case = f"{role} of {where}: {method} {target}: {status}"
            if roles is None:
                assert status in (200, 303, 422), case
            elif role is None:
                assert status == 303, case
                assert answer.headers["location"].startswith("/desk/sign-in"), case
            elif role not in roles:
                assert status == 403, case
            elif of_town and where == ELSEWHERE:
                assert status == 404, case
            else:
                assert status in (200, 303, 404, 409, 422), case


@pytest.mark.parametrize("role", WHO)
async def test_the_stream_asks_for_the_role(browser: SignedIn, role: Role | None) -> None:
    if role is Role.CASE_WORKER:
        pytest.skip("see test_cases.test_the_stream_ends_with_the_session")
    answer = await (browser(role) if role else browser()).get("/desk/cases/events", accept="text/event-stream")
    assert answer.status_code == (403 if role else 303)


@pytest.mark.parametrize("role", list(Role))
async def test_the_navigation_shows_what_one_may_see_and_the_first_page_is_one_of_it(browser: SignedIn, role: Role) -> None:
    member = browser(role)
    first = (await member.get("/desk")).headers["location"]
    page = await member.get(first)
    assert page.status_code == 200
    shown = re.findall(r'<a href="(/desk/[a-z]+)"', page.text.partition("</nav>")[0])
    assert first == shown[0]
    allowed = {path for method, path, roles in RULES if method == "GET" and roles is not None and role in roles}
    assert set(shown) == allowed & {
        "/desk/cases",
        "/desk/tasks",
        "/desk/calls",
        "/desk/answers",
        "/desk/questions",
        "/desk/figures",
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
