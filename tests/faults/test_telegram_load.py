"""Fifty chats at once through the Bot API server and the real processes: order, nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from lotse import settings
from lotse.storage import Database
from lotse.storage.tables import Case, Conversation, Intake
from tests.conftest import Demo, Home
from tests.telegram.faults import Fault
from tests.telegram.people import Person
from tests.telegram.walking import ORDINARY, Walker, plain, wording

pytestmark = pytest.mark.processes

CHATS = 50
PART = "interests_more"  # most chats end before this question: ten turns are enough to be killed in
LANGUAGES = ("uk", "ar", "de", "en", "ru", "nl")
COMMANDS = {"/privacy": "notice.rights", "/language": "language.pick", "/help": "menu.what"}


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> object:
    """An installation of its own: these tests kill its processes."""
    running = Demo(tmp_path_factory.mktemp("crowd"))
    yield running
    running.close()


def test_fifty_chats_keep_their_order(crowded: Demo) -> None:
    def chat(number: int) -> list[str]:
        """Many messages at once, without waiting; returns what was wrong."""
        tag = LANGUAGES[number % len(LANGUAGES)]
        walker = Walker(crowded.messenger.person(tag), tag)
        walker.greet()
        known = len(walker.person.shown())
        asked = random.Random(number).choices(list(COMMANDS), k=6)
        for command in asked:
            walker.person.say(command)
        expected = [wording(tag)[COMMANDS[command]] for command in asked]
        deadline = time.monotonic() + 120
        while len(walker.person.shown()) < known + len(expected) and time.monotonic() < deadline:
            time.sleep(0.2)
        got = [plain(text) for text in walker.person.shown()[known:]]
        return [] if len(got) == len(expected) and all(map(_within, expected, got)) else [f"{tag}: {asked} got {got}"]

    with ThreadPoolExecutor(CHATS) as pool:
        wrong = [found for each in pool.map(chat, range(CHATS)) for found in each]
    assert not wrong, "\n".join(wrong)


def _within(expected: str, got: str) -> bool:
    return expected[:20] in got


def test_kills_and_storms_lose_and_double_nothing(crowded: Demo) -> None:
    rng = random.Random(4)
    kills: list[str] = []
    storms: list[Fault] = []
    done = threading.Event()
    crowded.messenger.deliver_twice = True

    def kill() -> None:
        for victim in ("bot", "desk", "engine", "actions", "bot"):
            if done.wait(rng.uniform(3, 6)):
                return
            pid = _wait_for(crowded, victim)
            os.kill(pid, signal.SIGKILL)
            kills.append(victim)
            if victim == "desk":  # Telegram has a bad day, too
                storms.append(crowded.messenger.storm((429, 502), 0.2, 8, retry_after=1))

    def intake(number: int) -> tuple[Person, str | None, dict[str, str]]:
        """A part of the intake; one in ten goes to the end and sends it."""
        tag = LANGUAGES[number % len(LANGUAGES)]
        walker = Walker(crowded.messenger.person(tag), tag, patience=240)
        walker.greet()
        own = {"call_name": f"Kim {number}", "wish_year": f"wish number {number}"}
        walker.whole(own, until="review" if number % 10 == 0 else PART)
        return walker.person, walker.send() if number % 10 == 0 else None, own

    killer = threading.Thread(target=kill)
    killer.start()
    with ThreadPoolExecutor(CHATS) as pool:
        results = list(pool.map(intake, range(CHATS)))
    done.set()
    killer.join()
    crowded.messenger.deliver_twice = False
    assert set(kills) == {"bot", "desk", "actions", "engine"}, "the processes were killed while people wrote"
    assert storms[0].hits > 2, "Telegram refused while people wrote"

    part = list(ORDINARY)[: list(ORDINARY).index(PART)]
    database = Database(settings.from_environment({"LOTSE_HOME": str(crowded.home)}))
    with database.reading() as session:
        for person, reference, own in results:
            digest = database.vault.digest(f"telegram\0{person.id}")
            intakes = session.scalars(select(Intake).join(Conversation).where(Conversation.address_digest == digest)).all()
            assert len(intakes) == 1
            given = Counter(response.question.removesuffix(".1") for response in intakes[0].responses)
            assert given == Counter(list(ORDINARY) if reference else part), "each response once"
            held = {response.question: response.value for response in intakes[0].responses}
            assert {name: held[name] for name in own} == own
            assert held["needs"] == ["home", "work"]
            cases = session.scalars(select(Case.reference).where(Case.intake_id == intakes[0].id)).all()
            assert list(cases) == ([reference] if reference else [])
            repeated = Counter(message.text for message in person.messages if message.from_bot)
            twice = sum(count - 1 for text, count in repeated.items() if not _may_come_again(text))
            assert twice <= len(kills), "at most one message repeated a kill"
    database.engine.dispose()


@pytest.mark.parametrize(
    ("tag", "danger"),
    [
        ("uk", "я хочу померти"),
        ("ar", "بدي موت ما عاد فيني عيش"),
        ("de", "ich will sterben"),
        ("ru", "я хочу умереть"),
        ("nl", "ik wil dood"),
    ],
)
def test_crisis_words_wait_for_nothing(tag: str, danger: str, crowded: Demo) -> None:
    walker = Walker(crowded.messenger.person(tag), tag)
    walker.greet()
    os.kill(_wait_for(crowded, "engine"), signal.SIGKILL)
    walker.person.say("?? Bürgerbüro ??")  # waits for the engine
    started = time.monotonic()
    walker.say(danger, "112")
    assert time.monotonic() - started < 5


def _may_come_again(text: str) -> bool:
    """The apology for an engine that is away is no repeated message."""
    return any(plain(text).startswith(wording(tag)["problem.waiting"][:20]) for tag in LANGUAGES)


def _wait_for(home: Home, name: str) -> int:
    for _ in range(600):
        pid = home.pids().get(name)
        if pid and Path(f"/proc/{pid}").exists():
            return pid
        time.sleep(0.1)
    raise AssertionError(f"{name} was not started again")
