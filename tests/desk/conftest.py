"""The desk's real server in process, on a real database, with an account for every role in two towns."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.door import Door
from desk.access import COOKIE
from desk.app import create
from desk.rate import Limit
from lotse import core as composition
from lotse.cases import open_case
from lotse.core import Core
from lotse.settings import from_environment
from lotse.staff import Accounts, Grant, Role
from lotse.storage import Database
from lotse.storage.tables import (
    Case,
    Consent,
    Conversation,
    Intake,
    Municipality,
    Response,
    Staff,
    StaffRole,
    new_id,
)

PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "musterstadt", "nachbarort"
SITE = "http://localhost"


def login(role: Role | str, town: str = HERE) -> str:
    """Login of the account with this role in this town."""
    return f"{role}.{town}"


QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))  # real hashes are slow on purpose


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that a test sets are hashed quickly."""
    monkeypatch.setattr("lotse.staff.accounts._hasher", lambda: QUICK)


@dataclass(frozen=True)
class Filled:
    """A home that was made once, to be copied: towns, accounts, and their sessions."""

    core: Core
    home: Path
    tokens: dict[str, str]  # of a session, by login


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Made once, with a hash that is quick to check: real ones are slow on purpose."""
    home = tmp_path_factory.mktemp("desk")
    core = composition.build(from_environment({"LOTSE_HOME": str(home)}))
    composition.prepare(core)
    accounts = Accounts(core.database)
    with core.database.session() as session:
        session.add(
            Municipality(
                slug=ELSEWHERE, name="Nachbarort", country="NL", official_key=None, time_zone="Europe/Amsterdam", details={}
            )
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lotse.staff.accounts._hasher", lambda: QUICK)
        accounts.add(login(Role.CASE_WORKER), "Anna Beispiel", [Grant(Role.CASE_WORKER, HERE)], PASSWORD, "en")
    with core.database.session() as session:
        one = session.scalars(select(Staff)).one()
        towns = dict(session.execute(select(Municipality.slug, Municipality.id)).all())
        for town in (HERE, ELSEWHERE):
            for role in Role:
                if login(role, town) != one.login:
                    where = towns[town] if role.in_municipality else None
                    staff = Staff(
                        login=login(role, town), name=f"{role} of {town}", password_hash=one.password_hash, language="en"
                    )
                    staff.roles.append(StaffRole(role=role.value, municipality_id=where))
                    session.add(staff)
        second = Staff(login="colleague", name="Bert Muster", password_hash=one.password_hash, language="de")
        second.roles.append(StaffRole(role=Role.CASE_WORKER.value, municipality_id=towns[HERE]))
        session.add(second)
    with core.database.reading() as session:
        people = session.execute(select(Staff.login, Staff.id)).all()
    tokens = {name: accounts.begin(staff_id) for name, staff_id in people}
    core.database.engine.dispose()
    return Filled(core, home, tokens)


class Switch:
    """The database of the test that runs; everything else of a server is made once."""

    def __init__(self, current: Database) -> None:
        self.current = current

    def __getattr__(self, name: str) -> Any:
        return getattr(self.current, name)


@pytest.fixture(scope="session")
def server(filled_home: Filled) -> tuple[FastAPI, Core]:
    """The desk's server."""
    core = replace(filled_home.core, database=Switch(filled_home.core.database))  # type: ignore[arg-type]
    return create(core, Door("http://127.0.0.1:1", "secret")), core


@pytest.fixture
def core(filled_home: Filled, server: tuple[FastAPI, Core], tmp_path: Path) -> Iterator[Core]:
    """The core on a fresh copy of the database."""
    home = tmp_path / "home"
    shutil.copytree(filled_home.home, home)
    database = Database(from_environment({"LOTSE_HOME": str(home)}))
    server[1].database.current = database  # type: ignore[attr-defined]
    yield server[1]
    database.engine.dispose()


@pytest.fixture
def app(server: tuple[FastAPI, Core], core: Core) -> FastAPI:
    """The desk's server, on this test's database."""
    server[0].state.desk.sign_in_limit, server[0].state.desk.code_limit = Limit(), Limit()
    return server[0]


class Browser:
    """A browser at the desk, as far as tests need one: cookies, the token of its pages, where its requests come from."""

    def __init__(self, app: FastAPI, token: str | None, accounts: Accounts) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url=SITE)
        member = accounts.member(token) if token else None
        self.csrf = member.csrf if member else ""
        self.staff_id = member.staff_id if member else ""
        self.token = token
        if token:
            self.client.cookies.set(COOKIE, token, path="/desk")

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def post(self, path: str, **form: str | list[str]) -> httpx.Response:
        """Send a form of one of our own pages."""
        return await self.client.post(path, data={"csrf": self.csrf, **form}, headers={"Origin": SITE})

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.client.request(method, path, **more)


SignedIn = Callable[..., Browser]


@pytest.fixture
async def browser(app: FastAPI, core: Core, filled_home: Filled) -> AsyncIterator[SignedIn]:
    """Makes browsers: `browser(Role.CASE_WORKER)`, `browser("colleague")`, `browser()` for nobody signed in."""
    opened: list[Browser] = []

    def open_browser(who: Role | str = "", town: str = HERE) -> Browser:
        token = filled_home.tokens[login(who, town) if who in list(Role) else who] if who else None
        opened.append(Browser(app, token, Accounts(core.database)))
        return opened[-1]

    yield open_browser
    for each in opened:
        await each.client.aclose()


def town(session: Session, slug: str = HERE) -> Municipality:
    """A town."""
    return session.scalars(select(Municipality).where(Municipality.slug == slug)).one()


def staff(session: Session, name: str) -> Staff:
    """An account."""
    return session.scalars(select(Staff).where(Staff.login == name)).one()


TOLD: list[tuple[str, Any, str | None]] = [
    ("age", "27-64", None),
    ("agreement", "yes", None),
    ("town", "this_town", None),
    ("call_name", "Олена", "Олена"),
    ("needs", ["home", "work"], "житло і робота"),
    ("wish_year", "Хочу працювати медсестрою", "Хочу працювати медсестрою"),
    ("local_language", "words", None),
    ("children", 2, None),
    ("housing", "no_place", "ніде"),
]


def make_case(
    session: Session,
    *,
    slug: str = HERE,
    language: str = "uk",
    told: list[tuple[str, Any, str | None]] | None = None,
    **more: Any,
) -> Case:
    """A case with a submitted intake."""
    here = town(session, slug)
    address = new_id("chat")
    conversation = Conversation(
        municipality_id=here.id, channel="web", address=address, address_digest=address, language=language
    )
    session.add(conversation)
    session.flush()
    intake = Intake(
        conversation_id=conversation.id, municipality_id=here.id, questionnaire="intake", version="1", status="submitted", sent=1
    )
    session.add(intake)
    for question, value, words in TOLD if told is None else told:
        intake.responses.append(
            Response(question=question, value=value, words=words, language=language, inbound_id="m_1", sent_in=1)
        )
    intake.consents.append(Consent(purpose="guide_reads", text_version="2026-11", language=language))
    session.flush()
    case = open_case(session, conversation, "intake", intake=intake)
    for name, value in more.items():
        setattr(case, name, value)
    session.flush()
    return case


def make_contact(session: Session, topic: str | None, *, slug: str = HERE, language: str = "uk") -> Case:
    """A case of somebody who wants to talk to a person."""
    here = town(session, slug)
    address = new_id("chat")
    conversation = Conversation(
        municipality_id=here.id, channel="telegram", address=address, address_digest=address, language=language
    )
    session.add(conversation)
    session.flush()
    return open_case(session, conversation, "contact", topic=topic)


def references(html: str) -> list[str]:
    """The cases of a queue, in order."""
    return re.findall(r'id="case-([^"]+)"', html)
