"""Links of answers: which there are, when they are asked, what comes of it, and that nobody gets inside through us."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import link_check
from bot.link_check import check, is_public
from bot.worker import Worker
from lotse import core as composition
from lotse.answers import editing, links
from lotse.answers.links import Asked
from lotse.core import Core
from lotse.settings import Settings, from_environment
from lotse.storage import Database
from lotse.storage.tables import Answer, AnswerLink, Staff
from tests.unit.conftest import musterstadt
from tests.unit.test_editing import FORM

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def author(session: Session) -> str:
    staff = Staff(login="author@musterstadt.example", name="Anna Muster", password_hash="-")
    session.add(staff)
    session.flush()
    return staff.id


def publish(session: Session, author: str, *urls: str, source: str = "https://quelle.beispiel.de/") -> Answer:
    text = "Papier kommt in die blaue Tonne.\n\n" + " und ".join(urls)
    texts = {
        "de": replace(FORM.texts["de"], text=text),
        "uk": replace(FORM.texts["uk"], text=f"Так: {urls[0]}." if urls else "Так."),
    }
    answer = editing.create(session, musterstadt(session), replace(FORM, source_url=source, texts=texts), author)
    editing.publish(session, answer, author)
    return answer


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("Mehr: https://a.beispiel.de/x.", ["https://a.beispiel.de/x"]),
        ("(siehe https://a.beispiel.de/x), http://b.beispiel.de!", ["https://a.beispiel.de/x", "http://b.beispiel.de"]),
        ("https://a.beispiel.de/x_(y) und https://a.beispiel.de/x_(y)", ["https://a.beispiel.de/x_(y)"]),
        ("المزيد: https://a.beispiel.de/ع؟", ["https://a.beispiel.de/ع"]),
        ("„https://a.beispiel.de/“ «https://b.beispiel.de/»", ["https://a.beispiel.de/", "https://b.beispiel.de/"]),
        ("www.beispiel.de und https:// und https://x@y.beispiel.de/", []),
    ],
)
def test_links_in_a_text(text: str, urls: list[str]) -> None:
    assert links.links_in(text) == urls


def rows(session: Session, answer: Answer) -> dict[str, AnswerLink]:
    return {row.url: row for row in links.of_answer(session, answer.id)}


def test_what_is_published_is_known_and_forgotten(session: Session, author: str) -> None:
    town = musterstadt(session).id
    answer = publish(session, author, "https://a.beispiel.de/", "https://b.beispiel.de/", source="https://stadt.example/")
    links.sync(session, town, NOON)
    found = rows(session, answer)
    assert {url: row.places for url, row in found.items()} == {
        "https://a.beispiel.de/": ["de", "uk"],
        "https://b.beispiel.de/": ["de"],
        "https://stadt.example/": ["source"],
    }
    assert {url: row.state for url, row in found.items()}["https://stadt.example/"] == "example", "nobody's address is not asked"
    first = found["https://a.beispiel.de/"]
    links.record(session, {"https://a.beispiel.de/": Asked("broken", 404)}, NOON)
    links.sync(session, town, NOON)
    assert rows(session, answer)["https://a.beispiel.de/"] is first
    assert (first.state, first.code) == ("broken", 404), "what is known stays"
    other = publish(session, author, "https://a.beispiel.de/")
    links.sync(session, town, NOON)
    assert rows(session, other)["https://a.beispiel.de/"].state == "broken", "an address is asked once for all"
    editing.retire(session, answer)
    links.sync(session, town, NOON)
    assert rows(session, answer) == {}


def test_each_is_asked_once_a_day_at_its_own_time(session: Session, author: str) -> None:
    town = musterstadt(session).id
    links.sync(session, town, NOON)  # those of the sample town
    links.record(session, dict.fromkeys(links.take(session, 99, NOON), Asked("fine", 200)), NOON)
    urls = [f"https://a.beispiel.de/{number}" for number in range(30)]
    publish(session, author, *urls, source=urls[0])
    links.sync(session, town, NOON)
    assert sorted(links.take(session, 20, NOON) + links.take(session, 20, NOON)) == sorted(urls)
    assert links.take(session, 20, NOON) == [], "another process does not ask as well"
    links.record(session, dict.fromkeys(urls, Asked("fine", 200)), NOON)
    times = {row.next_at - NOON for row in session.scalars(select(AnswerLink).where(AnswerLink.url.in_(urls)))}
    assert len(times) == 30
    assert timedelta(hours=19) < min(times) < timedelta(hours=22)
    assert timedelta(hours=26) < max(times) < timedelta(hours=29)
    assert links.take(session, 99, NOON + timedelta(hours=12)) == []
    links.ask_again(session, town, moment=NOON + timedelta(hours=1))
    assert set(urls) <= set(links.take(session, 99, NOON + timedelta(hours=1)))


def test_once_away_is_no_problem_yet(session: Session, author: str) -> None:
    answer = publish(session, author, source="https://a.beispiel.de/")
    town = musterstadt(session).id
    links.sync(session, town, NOON)
    for state, problems in (("away", 0), ("away", 1), ("fine", 0), ("away", 0), ("closed", 0), ("broken", 1), ("inside", 1)):
        links.record(session, {"https://a.beispiel.de/": Asked(state)}, NOON)
        found = [each for each in links.problems(session, town) if each.answer_id == answer.id]
        assert len(found) == problems, state
        assert links.is_problem(rows(session, answer)["https://a.beispiel.de/"]) == bool(problems)


# asking


class Site(BaseHTTPRequestHandler):
    """A site on this machine."""

    seen: list[tuple[str, str]] = []
    at_once = Counter[str]()
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        type(self).seen.append((self.command, self.path))
        codes = {"/fine": 200, "/gone": 404, "/broken": 503, "/closed": 403, "/no-head": 405 if self.command == "HEAD" else 200}
        targets = {"/moved": "/fine", "/moved-away": "/gone", "/round": "/round", "/script": "javascript:alert(1)"}
        self.send_response(302 if self.path in targets else codes.get(self.path, 404))
        if self.path in targets:
            self.send_header("Location", targets[self.path])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """Its address."""
    Site.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_comes_of_asking(site: str) -> None:
    wanted = {
        "/fine": Asked("fine", 200),
        "/gone": Asked("broken", 404),
        "/broken": Asked("away", 503),
        "/closed": Asked("closed", 403),
        "/no-head": Asked("fine", 200),
        "/moved": Asked("fine", 200),
        "/moved-away": Asked("broken", 404),
        "/round": Asked("away"),
        "/script": Asked("away"),
    }
    found = check([site + path for path in wanted], inside=True, pause=0)
    assert {url.removeprefix(site): asked for url, asked in found.items()} == wanted
    assert [method for method, path in Site.seen if path == "/fine"] == ["HEAD", "HEAD"], "once for itself, once moved to"
    assert [method for method, path in Site.seen if path == "/no-head"] == ["HEAD", "GET"]


def test_nobody_there(site: str) -> None:
    port = int(site.rpartition(":")[2])
    closed = f"http://127.0.0.1:{1 if port != 1 else 2}/"
    assert check([closed], inside=True) == {closed: Asked("away")}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_nothing_inside_is_asked(site: str, host: str) -> None:
    url = site.replace("127.0.0.1", host) + "/fine"
    assert check([url]) == {url: Asked("inside")}
    assert Site.seen == []


def test_a_redirect_does_not_lead_inside(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site passes for a public one; what it leads to does not."""
    port = site.rpartition(":")[2]
    monkeypatch.setattr(link_check, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(Site, "_answer", leading_to(f"http://[::1]:{port}/fine"))
    url = f"http://localhost:{port}/start"
    found = check([f"http://127.0.0.1:{port}/start"])
    assert list(found.values()) == [Asked("inside")]
    assert {path for _, path in Site.seen} == {"/start"}, url


def leading_to(target: str) -> object:
    def answer(self: Site) -> None:
        Site.seen.append((self.command, self.path))
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    return answer


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1:248:1893:25c8:1946", True), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("fe80::1%eth0", False),
        ("fd00::1", False), ("::ffff:10.0.0.1", False), ("2002:0a00:0001::", False), ("64:ff9b::a00:1", False),
        ("0.0.0.0", False),
    ],
)  # fmt: skip
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) == public


# as the worker does it


def core_of(settings: Settings, check_links: str) -> Core:
    return composition.build(from_environment({"LOTSE_HOME": str(settings.home), "LOTSE_CHECK_LINKS": check_links}))


@pytest.fixture
def linked(settings: Settings, database: Database, site: str) -> str:
    """An answer with links to the site, the others not to be asked."""
    with database.session() as session:
        staff = Staff(login="author@musterstadt.example", name="Anna Muster", password_hash="-")
        session.add(staff)
        session.flush()
        for answer in session.scalars(select(Answer)):
            answer.source_url = "https://stadt.example/"
        return publish(session, staff.id, f"{site}/gone", source=f"{site}/fine").id


def states(core: Core, answer_id: str) -> dict[str, str]:
    with core.database.reading() as session:
        return {row.url.rpartition("/")[2]: row.state for row in links.of_answer(session, answer_id)}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("inside", {"gone": "broken", "fine": "fine"}),
        ("1", {"gone": "inside", "fine": "inside"}),
        ("", {"gone": "waiting", "fine": "waiting"}),
    ],
)
def test_the_worker_asks(settings: Settings, linked: str, setting: str, expected: dict[str, str]) -> None:
    core = core_of(settings, setting)
    worker = Worker(core, lambda conversation_id: None)
    assert worker.check_links(pause=0) == []
    assert states(core, linked) == expected
    before = list(Site.seen)
    worker.check_links(pause=0)
    assert Site.seen == before, "not twice a day"
    assert bool(before) == (setting == "inside")
    core.database.engine.dispose()
