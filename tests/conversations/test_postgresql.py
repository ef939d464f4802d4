"""The main job on a real PostgreSQL: the same journey, the same page."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from bot.worker import Worker
from desk import api
from lotse import audit, content, core
from lotse.audit import searching
from lotse.settings import from_environment
from lotse.staff import tokens
from lotse.storage import Database
from lotse.storage.tables import Consent, ConsentProof, Intake, Municipality, now
from lotse.webhooks import delivery
from tests.conftest import Installation
from tests.newcomer import run
from tests.unit.conftest import CONTENT
from tests.unit.test_reminders import DAY, TOUCHED, begin
from tests.unit.test_webhooks import QUICK, Receiver, opened, subscribe

BINARIES = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
FOUND = shutil.which("initdb") or next((str(folder / "initdb") for folder in BINARIES if (folder / "initdb").exists()), None)

pytestmark = [
    pytest.mark.processes,
    pytest.mark.postgresql,
    pytest.mark.skipif(FOUND is None, reason="no PostgreSQL server on this machine (package postgresql)"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[], str]]:
    """A server of our own, reached by a socket in a folder of our own: makes databases and gives their addresses.

    As root it runs as the user postgres.
    """
    assert FOUND is not None
    binaries = Path(FOUND).resolve().parent
    folder = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")

    def call(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    call(str(binaries / "initdb"), "-D", f"{folder}/data", "-U", "lotse", "-A", "trust", "-E", "UTF8", "--locale=C")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    call(str(binaries / "pg_ctl"), "-D", f"{folder}/data", "-w", "-o", options, "-l", f"{folder}/log", "start")
    numbers = count(1)

    def make() -> str:
        name = f"lotse{next(numbers)}"
        call(str(binaries / "createdb"), "-h", str(folder), "-U", "lotse", name)
        return f"postgresql://lotse@/{name}?host={folder}"

    try:
        yield make
    finally:
        call(str(binaries / "pg_ctl"), "-D", f"{folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(server: Callable[[], str]) -> str:
    """A database of each test's own: each has keys of its own."""
    return server()


def test_many_writers_make_one_audit_chain_on_postgresql(database_url: str, tmp_path: Path) -> None:
    """Also its first entries, at the same moment; each town's and both in one transaction, in any order."""
    settings = from_environment({"LOTSE_HOME": str(tmp_path / "home"), "LOTSE_DATABASE_URL": database_url})
    database = Database(settings)
    database.migrate()

    def tell(number: int) -> None:
        with database.session() as session:
            for town in ("one", "two") if number % 2 else ("two", "one"):
                audit.note(session, "st_person", "case.note", town=town, reference=f"M-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tell, range(100)))
    with database.reading() as session:
        found = {each.chain: (each.first, each.last) for each in audit.verify(session)}
        assert {name: found[name] for name in ("one", "two")} == {"one": (1, 100), "two": (1, 100)}
    with database.session() as session:
        assert audit.cut(session, "one", now()) == 100
    with database.reading() as session:
        assert {each.chain: each.entries for each in audit.verify(session)}["one"] == 1
        assert len(searching.search(session, searching.Filter(reference="M-7"))[0]) == 1
        assert searching.batch(session, searching.Filter(frozenset(["two"])), None, 10)[-1].entry.number == 10
    database.engine.dispose()


def test_webhooks_and_the_api_on_postgresql(database_url: str, tmp_path: Path) -> None:
    """Four workers at once send each message once; a status that others wait for is locked."""
    settings = from_environment({"LOTSE_HOME": str(tmp_path / "home"), "LOTSE_DATABASE_URL": database_url})
    database = Database(settings)
    database.migrate()
    receiver = Receiver()
    receiver.delay = 0.05
    with database.session() as session:
        content.fill(session, CONTENT)
    subscribe(database, receiver.url, "case.opened")
    references = {opened(database, f"webhook {number}") for number in range(12)}
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            list(pool.map(lambda _: delivery.deliver(database, QUICK), range(4)))
    assert {reference for _, reference in receiver.told} == references
    assert len(receiver.ids) == len(set(receiver.ids)) == 12
    receiver.close()
    with database.session() as session:
        town = session.scalars(select(Municipality).where(Municipality.slug == "musterstadt")).one().id
        secret = tokens.make(session, town, "Register", tokens.SCOPES, 30, "st_admin")[1]
    app = FastAPI()
    app.mount(api.PATH, api.create(replace(core.build(settings), database=database)))

    async def call() -> None:
        headers = {"Authorization": f"Bearer {secret}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v1", headers=headers) as client:
            found = (await client.get("/cases", params={"limit": 5})).json()
            rest = (await client.get("/cases", params={"cursor": found["next_cursor"]})).json()
            assert {each["reference"] for each in (*found["items"], *rest["items"])} == references
            path = f"/cases/{found['items'][0]['reference']}"
            etag = (await client.get(path)).headers["etag"]
            answers = [client.put(f"{path}/status", json={"status": "open"}, headers={"If-Match": etag}) for _ in range(4)]
            statuses = [each.status_code for each in await asyncio.gather(*answers)]
            assert sorted(statuses) == [200, 412, 412, 412]
            assert (await client.get("/cases/%00")).status_code == 404
            assert (await client.get("/figures")).status_code == 200

    asyncio.run(call())
    database.engine.dispose()


def test_an_intake_becomes_a_case_on_postgresql(database_url: str, tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home", LOTSE_DATABASE_URL=database_url)
    try:
        assert not (tmp_path / "home" / "lotse.db").exists()
        who = installation.newcomer("--language", "ar")
        who.say("كيف أسجل ابني في المدرسة")
        assert any(button for message in who.line["messages"] for button in message["buttons"])
        for value in ("start_intake", "27-64", "yes", "this_town"):
            who.press(value)
        who.say("سلمى")
        who.press("woman")
        who.say("بيت وشغل")
        while who.state["question"] != "review":
            who.press("skip")
        who.press("send")
        page = run(installation.home, "case", "show", who.state["case"], LOTSE_DATABASE_URL=database_url).stdout
        assert "سلمى" in page
        assert "Wohnung" in page
        erased = run(installation.home, "erase", who.state["case"], LOTSE_DATABASE_URL=database_url)
        assert erased.returncode == 0, erased.stderr
        who.close()
    finally:
        installation.close()


def test_reminders_and_deletion_on_postgresql(database_url: str, tmp_path: Path) -> None:
    """Four processes at once: each newcomer is reminded once, everything that is over goes once."""
    parts = core.build(from_environment({"LOTSE_HOME": str(tmp_path / "home"), "LOTSE_DATABASE_URL": database_url}))
    core.prepare(parts)
    with parts.database.session() as session:
        begun = [begin(session, f"chat {number}") for number in range(12)]
        for _, intake in begun:
            session.add(Consent(intake_id=intake, purpose="guide_reads", text_version="1", language="en"))
    with ThreadPoolExecutor(4) as pool:
        workers = [Worker(parts, lambda conversation_id: None) for _ in range(4)]
        said = [each for found in pool.map(lambda worker: worker.remind(TOUCHED + DAY), workers) for each in found]
        assert sorted(said) == sorted(conversation for conversation, _ in begun)
        over = TOUCHED + timedelta(days=200)
        purged = list(pool.map(lambda worker: worker.purge(over), workers))
    assert sum(each.drafts for each in purged) == 12
    with parts.database.reading() as session:
        assert session.scalars(select(Intake).where(Intake.id.in_([intake for _, intake in begun]))).all() == []
        assert len(session.scalars(select(ConsentProof).where(ConsentProof.ended_by == "expired")).all()) == 12
        assert len(session.scalars(select(Municipality)).all()) > 1, "towns stay"
    parts.database.engine.dispose()
