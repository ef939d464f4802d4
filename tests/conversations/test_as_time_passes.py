"""What happens by itself, in real processes: a reminder comes and is answered, what is over is gone and the chat goes on.

The worker of the test does in a moment of the future what the bot's own does every minute and every hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.worker import Worker
from lotse import core
from lotse.settings import from_environment
from lotse.storage.tables import now
from tests.conftest import Installation
from tests.newcomer import Newcomer

pytestmark = pytest.mark.processes

NOON = now().replace(hour=11, minute=0, second=0, microsecond=0)  # by day in Musterstadt, in summer and in winter


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation of its own, whose clock is turned forward."""
    running = Installation(tmp_path_factory.mktemp("time") / "home")
    yield running
    running.close()


@pytest.fixture
def worker(own: Installation) -> Iterator[Worker]:
    parts = core.build(from_environment({"LOTSE_HOME": str(own.home)}))
    yield Worker(parts, lambda conversation_id: None)
    parts.database.engine.dispose()


def begin(own: Installation, name: str) -> Newcomer:
    """An intake that is left at the question how somebody wants to be called."""
    who = own.newcomer("--language", "en", "--conversation", name)
    for value in ("start_intake", "27-64", "yes", "this_town"):
        who.press(value)
    assert who.state["question"] == "call_name"
    return who


def test_a_reminder_leads_back_to_the_question(own: Installation, worker: Worker) -> None:
    who = begin(own, "is-reminded")
    who.press("pause")
    assert len(worker.remind(NOON + timedelta(days=2))) == 1
    assert worker.remind(NOON + timedelta(days=3)) == []
    who.say("/privacy")
    pushed = [message for message in who.line["messages"] if message.get("pushed")]
    assert [[button["value"] for button in row] for row in pushed[0]["buttons"]] == [["resume"], ["stop"]]
    who.send({"press": pushed[0]["buttons"][0][0]["id"]})
    assert who.state["question"] == "call_name"
    who.say("Leila")
    assert who.state["question"] == "gender"
    who.close()


def test_no_more_reminders_in_one_press(own: Installation, worker: Worker) -> None:
    who = begin(own, "wants-none")
    (here,) = worker.remind(NOON + timedelta(days=2))
    who.say("/help")
    who.press("stop")
    assert who.state["question"] is None
    assert who.state["intake"] == "started", "nothing is lost by it"
    assert here not in worker.remind(NOON + timedelta(days=9))
    who.close()


def test_after_a_month_the_chat_goes_on_without_what_is_gone(own: Installation, worker: Worker) -> None:
    who = begin(own, "is-late")
    old = dict(who.buttons)
    purged = worker.purge(NOON + timedelta(days=32))
    assert purged.drafts >= 1
    assert purged.messages > 5
    who.say("Leila")
    assert who.line["messages"], "somebody answers"
    assert who.state["intake"] is None
    for value in ("skip", "27-64"):
        who.send({"press": old[value]})
        assert "from earlier" in who.text, who.text
    who.press("menu")
    who.press("start_intake")
    assert who.state["question"] == "age"
    who.close()
