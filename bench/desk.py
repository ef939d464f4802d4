"""./run bench desk: how long the server takes for the desk's pages with many cases and many answers.

A home of its own is filled directly in the database with made-up people; pages are asked for at the real application in
this process, one after the other, so times are those of the server alone. `matrix` is the list of answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from typing import Any

import httpx
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bench.asking import Table, fresh, progress
from bot.door import Door
from desk.access import COOKIE
from desk.app import create
from lotse import core as composition
from lotse.answers.topics import GROUPS
from lotse.cases import finding
from lotse.cases.work import STATUSES
from lotse.core import Core
from lotse.settings import Settings
from lotse.staff import Accounts, Grant, Role
from lotse.storage.tables import (
    Answer,
    AnswerText,
    Case,
    CaseEvent,
    CaseMark,
    Conversation,
    Intake,
    Municipality,
    Response,
    Staff,
    new_id,
    now,
)

CASES, ANSWERS, TIMES = 50_000, 5_000, 60
AT_ONCE = 2_000  # rows
TOWN = "musterstadt"
SITE = "http://localhost"
LANGUAGES = ("uk", "ar", "ru", "tr", "fa", "en", "fr", "es", "ro", "pl")
WEIGHTS = {"new": 1, "open": 6, "waiting": 3, "closed": 90}  # as after some years
BEGINNINGS = (
    "Al",
    "Be",
    "Da",
    "El",
    "Fa",
    "Ha",
    "Iv",
    "Ka",
    "Li",
    "Ma",
    "Na",
    "Ol",
    "Pe",
    "Ra",
    "Sa",
    "Ta",
    "Va",
    "Ya",
    "Zo",
    "Mi",
)
MIDDLES = ("ra", "le", "mi", "no", "si", "vi", "da", "ke", "lo", "ma", "ni", "ri", "sa", "te", "ba", "ga", "na", "du", "me", "li")
ENDS = ("n", "na", "r", "s", "d", "la", "m", "ta", "x", "ko")

Took = dict[str, list[tuple[float, float]]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--times", type=int, default=TIMES, help="requests of each kind")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    with fresh(settings) as own:
        parts = composition.build(own)
        composition.prepare(parts)
        accounts = Accounts(parts.database)
        grants = [Grant(Role.CASE_WORKER, TOWN), Grant(Role.CONTENT_AUTHOR, TOWN)]
        accounts.add("anna", "Anna Beispiel", grants, "correct horse battery", "de")
        with parts.database.session() as session:
            names, references = _fill(session, arguments.cases, arguments.answers)
        with parts.database.reading() as session:
            token = accounts.begin(session.scalars(select(Staff.id)).one())
        took = asyncio.run(_measure(parts, token, names, references, arguments.times))
    figures: dict[str, Any] = {"cases": arguments.cases, "answers": arguments.answers}
    rows = []
    for name, each in took.items():
        waited, worked = ([pair[half] for pair in each] for half in (0, 1))
        p95, cpu = (round(statistics.quantiles(part, n=20, method="inclusive")[18], 1) for part in (waited, worked))
        rows.append((name, round(statistics.median(waited), 1), p95, round(statistics.median(worked), 1), cpu))
        figures |= {f"{name}_p50_ms": rows[-1][1], f"{name}_p95_ms": p95, f"{name}_cpu_p95_ms": cpu}
    busy = f"{os.getloadavg()[0]:.1f} processes at work on {os.cpu_count()} cores"
    title = f"{arguments.cases} cases, {arguments.answers} answers; {busy}."
    print(Table("The desk's pages", title, ("", "p50 ms", "p95 ms", "CPU p50 ms", "CPU p95 ms"), rows).text())
    print(json.dumps(figures))


# filling


def _fill(session: Session, cases: int, answers: int) -> tuple[list[str], list[str]]:
    """Fill the town; returns names and references of some cases."""
    chance = random.Random(5)
    town = session.scalars(select(Municipality.id).where(Municipality.slug == TOWN)).one()
    staff = session.scalars(select(Staff.id)).one()
    names: list[str] = []
    references: list[str] = []
    for start in range(0, cases, AT_ONCE):
        rows = [_case(chance, town, staff, number) for number in range(start, min(start + AT_ONCE, cases))]
        for table in (Conversation, Intake, Response, Case, CaseEvent, CaseMark):
            session.execute(insert(table), [row for each in rows for row in each[table]])
        names += [each["name"] for each in rows]
        references += [each[Case][0]["reference"] for each in rows]
        progress(f"{start + len(rows)} cases")
    for start in range(0, answers, AT_ONCE):
        made = [_answer(chance, town, number) for number in range(start, min(start + AT_ONCE, answers))]
        session.execute(insert(Answer), [answer for answer, _ in made])
        session.execute(insert(AnswerText), [text for _, texts in made for text in texts])
    progress(f"{answers} answers")
    return chance.sample(names, min(200, len(names))), chance.sample(references, min(200, len(references)))


def _case(chance: random.Random, town: str, staff: str, number: int) -> dict[Any, Any]:
    """The rows of one made-up newcomer, by table."""
    conversation, intake, case = new_id("c"), new_id("in"), new_id("ca")
    language = chance.choice(LANGUAGES)
    status = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    opened = now() - timedelta(minutes=chance.randint(1, 60 * 24 * 900))
    name = f"{chance.choice(BEGINNINGS)}{chance.choice(MIDDLES)}{chance.choice(MIDDLES)}{chance.choice(ENDS)}"
    told = {
        "age": chance.choice(("18-26", "27-64")),
        "call_name": name,
        "needs": chance.sample(("home", "language", "work", "school", "children", "health", "money"), 2),
        "wish_year": f"Ich möchte in Haus {number} wohnen und arbeiten",
        "interests": chance.sample(("music", "dance", "sport", "art", "cooking", "garden"), 2),
        "languages": [language, "en"],
        "children": chance.randint(0, 4),
        "housing": chance.choice(("own_flat", "shelter", "friends")),
    }
    marks = {finding.digest_of(town, kind, value) for kind, value in finding.marks_of(told)}
    at = {"given_at": opened, "confirmed_at": opened, "sent_in": 1, "language": language, "inbound_id": "m", "words": None}
    return {
        "name": name,
        Conversation: [
            {
                "id": conversation, "municipality_id": town, "channel": "web", "address": case, "address_digest": case,
                "language": language,
            }
        ],
        Intake: [
            {
                "id": intake, "conversation_id": conversation, "municipality_id": town, "questionnaire": "intake", "version": "1",
                "status": "submitted", "sent": 1,
            }
        ],
        Response: [{"intake_id": intake, "question": question, "value": value, **at} for question, value in told.items()],
        Case: [
            {
                "id": case, "reference": f"M-{number:06}", "municipality_id": town, "conversation_id": conversation,
                "intake_id": intake, "kind": "intake", "language": language, "status": status, "opened_at": opened,
                "changed_at": opened + timedelta(minutes=chance.randint(1, 5000)), "marked_at": opened,
                "assigned_to": staff if status != "new" and chance.random() < 0.05 else None,
            }
        ],
        CaseEvent: [
            {"case_id": case, "staff_id": staff, "kind": "note", "body": "Angerufen", "at": opened}
            for _ in range(chance.randint(0, 3))
        ],
        CaseMark: [{"case_id": case, "digest": mark} for mark in marks],
    }  # fmt: skip


def _answer(chance: random.Random, town: str, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    answer = new_id("an")
    topics = [topic for group in GROUPS.values() for topic in group]
    row = {
        "id": answer, "municipality_id": town, "source_id": f"bench-{number}", "topic": chance.choice(topics), "owner": "Amt",
        "scope": "local", "place": None, "source_name": "Stadt", "source_url": "https://example.org", "related": [],
        "checked_on": date.today(), "review_on": date.today() + timedelta(days=chance.randint(-30, 300)),
    }  # fmt: skip
    texts = [
        {
            "id": new_id("at"), "answer_id": answer, "language": tag, "title": f"Wie geht das, Nummer {number}?",
            "text": "Ein Satz. " * 40, "questions": [], "status": "draft",
        }
        for tag in ("de", "en", "uk", "ar", "ru", "nl")
    ]  # fmt: skip
    return row, texts


# measuring


async def _measure(parts: Core, token: str, names: list[str], references: list[str], times: int) -> Took:
    """Milliseconds of each request, by kind: until it was there, and of the processor."""
    app = create(parts, Door("http://127.0.0.1:1", "secret"))
    member = Accounts(parts.database).member(token)
    assert member is not None
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE) as client:
        client.cookies.set(COOKIE, token, path="/desk")

        async def get(path: str) -> httpx.Response:
            answer = await client.get(path)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            return answer

        async def search(name: str) -> None:
            sent = {"csrf": member.csrf, "search": name}
            answer = await client.post("/desk/cases", data=sent, headers={"Origin": SITE})
            await get(answer.headers["location"])

        views = await _views(get)
        kinds: dict[str, Callable[[int], Awaitable[Any]]] = {
            "queue": lambda number: get(views[number % len(views)]),
            "summary": lambda number: get(f"/desk/cases/{references[number % len(references)]}"),
            "search": lambda number: search(names[number % len(names)]),
            "matrix": lambda number: get("/desk/answers"),
        }
        took: Took = {}
        for kind, ask in kinds.items():
            await ask(0)  # warm
            took[kind] = []
            for number in range(times if kind != "matrix" else max(10, times // 4)):
                begun, worked = time.perf_counter(), time.process_time()
                await ask(number)
                took[kind].append(((time.perf_counter() - begun) * 1000, (time.process_time() - worked) * 1000))
            progress(kind)
        return took


async def _views(get: Callable[[str], Awaitable[httpx.Response]]) -> list[str]:
    """Addresses of the queue: every filter, and pages far from the first."""
    views = ["/desk/cases", "/desk/cases?mine=1", "/desk/cases?unassigned=1&status=closed", "/desk/cases?language=pl"]
    views += [f"/desk/cases?status={status}" for status in STATUSES]
    views += [
        "/desk/cases?theme=needs.health",
        "/desk/cases?theme=interests.art&language=uk&status=open",
        "/desk/cases?flag=papers",
    ]
    views += ["/desk/cases?waiting=30", "/desk/cases?opened_from=2025-01-01&opened_to=2025-02-01"]
    path = "/desk/cases?status=closed"
    for _ in range(5):
        after = next(_next_pages((await get(path)).text), None)
        if after is None:
            break
        views.append(path := after)
    return views


def _next_pages(html: str) -> Iterator[str]:
    for address in re.findall(r'href="(/desk/cases\?[^"]*after=[^"]+)"', html):
        yield address.replace("&amp;", "&")
