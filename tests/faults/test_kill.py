"""Every process is killed (-9) in the middle of an intake: nothing lost, nothing doubled, at most one message repeated."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import Installation
from tests.newcomer import Newcomer, run

pytestmark = pytest.mark.processes

STEPS = [("робота", "urgent"), ("ні", "wish_year"), ("вчити німецьку", "interests")]


@pytest.mark.parametrize("victim", ["engine", "actions", "bot"])
def test_killed_in_the_middle_of_an_intake(victim: str, installation: Installation) -> None:
    who = installation.newcomer("--language", "uk")
    for value in ("start_intake", "27-64", "yes", "this_town"):
        who.press(value)
    who.say("Лейла")
    who.press("woman")
    for (text, question), moment in zip(STEPS, ("between", "during", "not")):
        _wait_for(installation, victim)
        if moment == "between":
            os.kill(installation.pids()[victim], signal.SIGKILL)
            who.say(text)
        elif moment == "not":
            who.say(text)
        else:
            who.begin({"text": text})
            time.sleep(0.02)
            os.kill(installation.pids()[victim], signal.SIGKILL)
            who.end()
        assert who.state["question"] == question, who.text
    assert len(who.seen) - len(set(who.seen)) <= len(STEPS)
    while who.state["question"] != "review":
        who.press("skip")
    review = who.text
    for text in ("Лейла", "вчити німецьку"):
        assert review.count(text) == 1
    who.press("send")
    summary = json.loads(run(installation.home, "case", "show", who.state["case"], "--format", "json").stdout)
    given = [line["question"] for section in summary["sections"] for line in section["lines"]]
    assert sorted(given) == sorted(["age", "town", "call_name", "gender", "needs", "urgent", "wish_year"])
    who.close()


def _wait_for(installation: Installation, name: str) -> None:
    for _ in range(200):
        if name in installation.pids():
            return
        time.sleep(0.1)
    raise AssertionError(f"{name} was not started again")


def test_crisis_words_are_answered_while_the_engine_is_away(installation: Installation) -> None:
    who = installation.newcomer("--language", "ar")
    os.kill(installation.pids()["engine"], signal.SIGKILL)
    started = time.monotonic()
    who.say("بدي موت ما عاد فيني عيش")
    assert "112" in who.text
    assert time.monotonic() - started < 5
    who.close()


def test_nothing_is_left_behind_when_the_parent_is_killed(tmp_path: Path) -> None:
    own = Installation(tmp_path / "home")
    pids = list(own.pids().values())
    assert len(pids) == 3
    os.kill(own.supervisor, signal.SIGKILL)
    deadline = time.monotonic() + 15
    while any(_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not [pid for pid in pids if _alive(pid)]
    again = Newcomer(tmp_path / "home", "--language", "de")
    assert again.line["messages"], "the next start works on the same home"
    again.close()
    own.close()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False
