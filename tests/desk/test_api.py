"""The API for other systems: tokens open one town and what their scopes name; its document says what is done."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response as Answered
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from desk.api.access import Limits, rules
from desk.api.cases import LARGEST_PAGE
from desk.rate import Limit
from lotse import audit
from lotse.cases import deletion, work
from lotse.cases.service import record
from lotse.core import Core
from lotse.staff import Role, tokens
from lotse.staff.tokens import SCOPES
from lotse.storage.tables import ApiToken, AuditEntry, Case, Staff, now
from tests.desk.conftest import ELSEWHERE, HERE, SITE, make_case, make_contact, staff, town

V1 = "/api/v1"
Caller = Callable[..., "Api"]


class Api:
    """Another system."""

    def __init__(self, app: FastAPI, secret: str) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self.client = httpx.AsyncClient(transport=transport, base_url=SITE, headers=headers)

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.client.get(V1 + path, params=query)

    async def put(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.client.put(
            V1 + path, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


def api_of(app: FastAPI) -> FastAPI:
    (mounted,) = [route.app for route in app.routes if getattr(route, "path", "") == V1]  # type: ignore[attr-defined]
    assert isinstance(mounted, FastAPI)
    return mounted


def make_token(core: Core, *scopes: str, where: str = HERE, name: str = "Register") -> str:
    with core.database.session() as session:
        by = staff(session, "colleague").id
        return tokens.make(session, town(session, where).id, name, scopes or SCOPES, 30, by)[1]


@pytest.fixture
async def caller(app: FastAPI, core: Core) -> AsyncIterator[Caller]:
    """Makes other systems: `caller("read:cases", where=ELSEWHERE)`, `caller(secret="...")`."""
    api_of(app).state.limits = Limits()
    opened: list[Api] = []

    def call(*scopes: str, where: str = HERE, secret: str | None = None) -> Api:
        opened.append(Api(app, make_token(core, *scopes, where=where) if secret is None else secret))
        return opened[-1]

    yield call
    for each in opened:
        await each.client.aclose()


def is_problem(answer: httpx.Response, status: int) -> bool:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["type"]) == (status, status, "about:blank"), body
    return bool(body["title"] and body["detail"])


# who may call


async def test_every_address_needs_a_token_with_its_scope(app: FastAPI, core: Core, caller: Caller) -> None:
    with core.database.session() as session:
        reference = make_case(session).reference
    found = list(rules(api_of(app)))
    assert len(found) == 4
    for method, path, needed in found:
        path = V1 + path.replace("{reference}", reference)
        more: dict[str, Any] = {"json": {"status": "open"}} if method == "PUT" else {}
        for who, status in ((caller(secret=""), 401), (caller(secret="lotse_wrong"), 401)):
            answer = await who.client.request(method, path, **more)
            assert is_problem(answer, status)
            assert answer.headers["www-authenticate"].startswith("Bearer")
        others = [scope for scope in SCOPES if scope != needed]
        answer = await caller(*others).client.request(method, path, **more)
        assert is_problem(answer, 403)
        assert f'scope="{needed}"' in answer.headers["www-authenticate"]
        assert (await caller(needed).client.request(method, path, **more)).status_code in (200, 428)


def test_a_route_without_a_scope_stops_the_start() -> None:
    bad = FastAPI()
    bad.add_api_route("/all", lambda: None)
    with pytest.raises(RuntimeError, match="/all"):
        list(rules(bad))


async def test_a_session_of_the_desk_opens_nothing(app: FastAPI, caller: Caller, filled_home: Any) -> None:
    """Only the token counts; so a write may come from anywhere, and no browser can be made to send one."""
    nobody = caller(secret="")
    nobody.client.cookies.set("lotse_desk", next(iter(filled_home.tokens.values())))
    assert is_problem(await nobody.get("/cases"), 401)
    answer = await nobody.client.put(
        f"{V1}/cases/M-1/status", json={"status": "open"}, headers={"Origin": "https://evil.example"}
    )
    assert is_problem(answer, 401)
    assert "access-control-allow-origin" not in answer.headers
    somebody = caller()
    answer = await somebody.client.put(
        f"{V1}/cases/M-1/status", json={"status": "open"}, headers={"Origin": "https://other.example"}
    )
    assert is_problem(answer, 404)
    assert (await somebody.client.get(f"{V1}/cases", headers={"Host": "evil.example"})).status_code == 421
    desk = await somebody.client.post("/desk/sign-in", data={}, headers={"Origin": "https://evil.example"})
    assert desk.status_code == 403, "pages are guarded as before"


async def test_a_token_ends(core: Core, caller: Caller) -> None:
    secret = make_token(core)
    assert (await caller(secret=secret).get("/cases")).status_code == 200
    with core.database.session() as session:
        token = session.scalars(select(ApiToken)).one()
        assert token.last_used_at is not None
        assert secret not in str(vars(token))
        assert token.digest == hashlib.sha256(secret.encode()).hexdigest()
        token.expires_at = now()
    assert is_problem(await caller(secret=secret).get("/cases"), 401)
    with core.database.session() as session:
        token = session.scalars(select(ApiToken)).one()
        token.expires_at = now() + timedelta(days=1)
        tokens.revoke(session, token, "st_x")
    assert is_problem(await caller(secret=secret).get("/cases"), 401)


async def test_another_towns_case_is_unknown(core: Core, caller: Caller) -> None:
    with core.database.session() as session:
        here, there = make_case(session), make_contact(session, "?", slug=ELSEWHERE)
        mine, theirs = here.reference, there.reference
    assert [each["reference"] for each in (await caller(where=ELSEWHERE).get("/cases")).json()["items"]] == [theirs]
    unknown = await caller().get("/cases/M-0000")
    foreign = await caller().get(f"/cases/{theirs}")
    assert is_problem(foreign, 404)
    assert foreign.json() == unknown.json()
    assert is_problem(await caller().put(f"/cases/{theirs}/status", {"status": "open"}, If_Match="*"), 404)
    assert (await caller().get(f"/cases/{mine.lower()}")).status_code == 200
    with core.database.reading() as session:
        assert session.scalars(select(Case.status).where(Case.reference == theirs)).one() == "new"


async def test_how_often(app: FastAPI, core: Core, caller: Caller) -> None:
    limits: Limits = api_of(app).state.limits
    limits.calls, limits.wrong = Limit(RateLimitItemPerMinute(2)), Limit(RateLimitItemPerMinute(2))
    one, other, wrong = caller(), caller(), caller(secret="lotse_x")
    for _ in range(2):
        assert (await one.get("/cases")).status_code == 200
        assert (await wrong.get("/cases")).status_code == 401
    for who in (one, wrong):
        answer = await who.get("/cases")
        assert is_problem(answer, 429)
        assert answer.headers["retry-after"] == "60"
    assert (await other.get("/cases")).status_code == 200


# cases


async def test_the_list_in_parts(core: Core, caller: Caller) -> None:
    with core.database.session() as session:
        moment = now()
        cases = [make_contact(session, str(number)) for number in range(7)]
        for number, case in enumerate(cases):
            case.changed_at = moment - timedelta(hours=number // 2)  # some at the same moment
            case.status = "open" if number % 2 else "new"
        expected = [each.reference for each in sorted(cases, key=lambda each: (each.changed_at, each.id))]
        late = {each.reference for each in cases[:4]}
        opened = {each.reference for each in cases if each.status == "open"}
        cases[6].merged_into = cases[5].id
        merged = (cases[6].reference, cases[5].reference)
    api = caller("read:cases")
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.get("/cases", limit="3", **cursor)).json()
        found += [each["reference"] for each in page["items"]]
        assert len(page["items"]) <= 3
        assert {each["reference"]: each["merged_into"] for each in page["items"]}.get(merged[0], merged[1]) == merged[1]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == expected
    since = (moment - timedelta(hours=1)).isoformat()
    assert {each["reference"] for each in (await api.get("/cases", changed_since=since)).json()["items"]} == late
    assert {each["reference"] for each in (await api.get("/cases", status="open")).json()["items"]} == opened
    assert set(page["items"][0]) == {
        "reference", "kind", "status", "municipality", "language", "opened_at", "changed_at", "assigned", "merged_into"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "query.limit"),
        ({"limit": str(LARGEST_PAGE + 1)}, "query.limit"),
        ({"status": "lost"}, "query.status"),
        ({"changed_since": "2026-11-22"}, "query.changed_since"),
        ({"changed_since": "2026-11-22T10:00:00"}, "query.changed_since"),
        ({"changed_since": "0001-01-01T00:00:00+14:00"}, "query.changed_since"),
        ({"cursor": "x"}, "query.cursor"),
        ({"cursor": "ä"}, "query.cursor"),
        ({"cursor": "MjAyNi0xMS0yMiAA"}, "query.cursor"),
        ({"cursor": "x" * 1000}, "query.cursor"),
    ],
)
async def test_bad_queries_name_the_field(caller: Caller, query: dict[str, str], field: str) -> None:
    answer = await caller().get("/cases", **query)
    assert is_problem(answer, 422)
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_one_case(core: Core, caller: Caller) -> None:
    with core.database.session() as session:
        case, anna = make_case(session), staff(session, "colleague")
        work.take(session, case, anna)
        work.write_note(session, case, "words of a note", anna)
        record(session, case, "amended", {"version": 2, "questions": ["needs"]})
        reference, expected = case.reference, core.summaries.of(case, "nl").as_json()
    plain = await caller("read:cases").get(f"/cases/{reference}", language="nl")
    body = plain.json()
    assert {name: body[name] for name in expected} == expected
    shown = [(each["kind"], each["by"], each["before"], each["after"], each["text"]) for each in body["events"]]
    assert shown == [
        ("assigned", "staff", None, None, None),
        ("status", "staff", "new", "open", None),
        ("note", "staff", None, None, None),
        ("amended", "newcomer", None, None, None),
    ]
    assert "words of a note" not in plain.text
    assert "Bert" not in plain.text
    told = await caller("read:cases", "read:notes").get(f"/cases/{reference}")
    assert told.json()["events"][2]["text"] == "words of a note"
    assert is_problem(await caller().get(f"/cases/{reference}", language="uk"), 422)
    for nonsense in ("%00", "%0A", "M-1/x", "status"):
        assert is_problem(await caller().client.get(f"{V1}/cases/{nonsense}"), 404)


async def test_a_status_is_set_only_if_nothing_has_happened_since(core: Core, caller: Caller) -> None:
    with core.database.session() as session:
        reference = make_case(session).reference
    api = caller("read:cases", "write:status")
    path = f"/cases/{reference}/status"
    read = (await api.get(f"/cases/{reference}")).headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', read)
    assert is_problem(await api.put(path, {"status": "open"}), 428)
    done = await api.put(path, {"status": "open"}, If_Match=f'"other", {read}')
    assert (done.status_code, done.json()["status"]) == (200, "open")
    assert done.headers["etag"] == (await api.get(f"/cases/{reference}")).headers["etag"] != read
    assert is_problem(await api.put(path, {"status": "closed"}, If_Match=read), 412)
    assert is_problem(await api.put(path, {"status": "closed"}, If_Match=f"W/{done.headers['etag']}"), 412)
    refused = await api.put(path, {"status": "new"}, If_Match="*")
    assert is_problem(refused, 409)
    assert "waiting, closed" in refused.json()["detail"]
    for body in ({"status": "lost"}, {}, {"status": "open", "note": "x"}, [], None):
        assert is_problem(await api.put(path, body, If_Match="*"), 422)
    with core.database.session() as session:
        case = session.scalars(select(Case)).one()
        assert case.events[-1].body == {"from": "new", "to": "open", "by": "Register"}
        request = deletion.request(session, case.conversation).reference
    assert is_problem(await api.put(f"/cases/{request}/status", {"status": "closed"}, If_Match="*"), 409)


async def test_the_history_and_the_trail_name_the_other_system(core: Core, caller: Caller, browser: Any) -> None:
    with core.database.session() as session:
        reference = make_case(session).reference
    api = caller()
    await api.get("/cases")
    await api.get(f"/cases/{reference}")
    await api.put(f"/cases/{reference}/status", {"status": "open"}, If_Match="*")
    await api.get("/figures")
    with core.database.reading() as session:
        token = session.scalars(select(ApiToken)).one()
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        told = [(each.action, each.reference) for each in found if each.actor == token.id]
        assert audit.verify(session)
    assert told == [("queue.read", None), ("case.read", reference), ("case.status", reference)]
    assert "Other system: Register" in (await browser(Role.CASE_WORKER).get(f"/desk/cases/{reference}")).text
    assert "Other system: Register" in (await browser(Role.MUNICIPALITY_ADMINISTRATOR).get("/desk/audit")).text


async def test_figures_hide_small_numbers(core: Core, caller: Caller) -> None:
    with core.database.session() as session:
        for _ in range(10):
            make_contact(session, None)
        make_contact(session, None).status = "open"
    figures = (await caller("read:figures").get("/figures")).json()
    assert figures["cases"] == {"new": 10, "open": None, "waiting": 0, "closed": 0}
    assert figures["conversations"] == 11
    assert figures["hidden_below"] == 10


def test_tokens_that_cannot_be_made(core: Core) -> None:
    with core.database.session() as session:
        here = town(session).id
        for name, scopes, days, field in (
            (" \n", SCOPES, 30, "name"), ("x" * 81, SCOPES, 30, "name"), ("x", [], 30, "scopes"),
            ("x", ["admin"], 30, "scopes"), ("x", SCOPES, 9999, "days"),
        ):  # fmt: skip
            with pytest.raises(tokens.TokenError) as error:
                tokens.make(session, here, name, scopes, days, "st_x")
            assert error.value.field == field
        assert session.scalars(select(ApiToken)).all() == []


# the document


async def test_the_document(caller: Caller) -> None:
    document = (await caller(secret="").get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": V1}]
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert {each["operationId"] for each in operations} == {"listCases", "readCase", "setStatus", "readFigures"}
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["security"]
        assert "application/problem+json" in operation["responses"]["401"]["content"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize("operation", ["listCases", "readCase", "setStatus", "readFigures"])
async def test_what_is_done_is_what_the_document_says(app: FastAPI, core: Core, caller: Caller, operation: str) -> None:
    """Requests made from the document, valid and not: no server errors, and answers as described."""
    api_of(app).state.limits.calls = Limit(RateLimitItemPerMinute(10_000))
    with core.database.session() as session:
        case, anna = make_case(session), staff(session, "colleague")
        work.take(session, case, anna)
        work.write_note(session, case, "words", anna)
        reference = case.reference
    secret = make_token(core)
    schema = openapi.from_asgi(f"{V1}/openapi.json", app, headers={"Host": "localhost"})
    ((known,),) = [[each.ok() for each in schema.get_all_operations() if each.ok().definition.raw["operationId"] == operation]]

    valid, malformed = (known.as_strategy(generation_mode=each) for each in GenerationMode)

    @settings(
        max_examples=8, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        case = data.draw(valid if operation == "readFigures" or data.draw(st.booleans()) else malformed)
        if "reference" in (case.path_parameters or {}) and data.draw(st.booleans()):
            case.path_parameters = {"reference": reference}
            if operation == "setStatus" and data.draw(st.booleans()):
                case.headers = {**(case.headers or {}), "If-Match": "*"}
        answer: Answered = case.call(headers={"Authorization": f"Bearer {secret}", "Host": "localhost"})
        case.validate_response(answer, checks=CHECKS)

    await asyncio.to_thread(check)


def test_staff_may_go_without_their_tokens(core: Core) -> None:
    make_token(core)
    with core.database.session() as session:
        session.delete(session.scalars(select(Staff).where(Staff.login == "colleague")).one())
    with core.database.reading() as session:
        assert session.scalars(select(ApiToken.created_by)).one() is None
