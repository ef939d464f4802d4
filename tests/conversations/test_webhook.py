"""./run up, with Telegram calling us: order, the secret, and what happens while the bot is away."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.supervisor import free_ports
from tests.conftest import Home
from tests.newcomer import ROOT, environment
from tests.telegram.server import TelegramServer
from tests.telegram.walking import Walker, plain, wording

pytestmark = pytest.mark.processes


class Up(Home):
    """A production start on this machine; Telegram reaches the bot's door directly."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.messenger = TelegramServer().start()
        engine, actions, bot, desk = free_ports(4)
        self.bot_port = bot
        extra = {
            "TELEGRAM_BOT_TOKEN": self.messenger.token,
            "TELEGRAM_API_URL": self.messenger.url,
            "LOTSE_TELEGRAM_WEBHOOK": "1",
            "LOTSE_PUBLIC_URL": f"http://127.0.0.1:{bot}",
            "LOTSE_SECRET": secrets.token_urlsafe(32),
            "LOTSE_ENGINE_URL": f"http://127.0.0.1:{engine}",
            "LOTSE_ACTIONS_URL": f"http://127.0.0.1:{actions}",
            "LOTSE_BOT_URL": f"http://127.0.0.1:{bot}",
            "LOTSE_PORT": str(desk),
            "LOTSE_CONTENT": str(ROOT / "content"),
        }
        self.process = subprocess.Popen(
            [str(ROOT / "run"), "up"], env=environment(home, **extra), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready")

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.messenger.stop()


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("up"))
    yield running
    running.close()


def test_updates_come_by_webhook_in_order(up: Up) -> None:
    walker = Walker(up.messenger.person("ar"), "ar")
    walker.greet()
    expected = ["notice.rights", "menu.what", "notice.rights", "language.pick", "menu.what"]
    known = len(walker.person.shown())
    for command in ("/privacy", "/help", "/privacy", "/language", "/help"):
        walker.person.say(command)
    deadline = time.monotonic() + 30
    while len(walker.person.shown()) < known + len(expected) and time.monotonic() < deadline:
        time.sleep(0.1)
    got = [plain(text) for text in walker.person.shown()[known:]]
    assert len(got) == len(expected)
    assert all(wording("ar")[key][:20] in text for key, text in zip(expected, got))


def test_without_the_secret_nothing_is_taken(up: Up) -> None:
    person = up.messenger.person("de")
    person.start()
    person.wait_for("Musterstadt")
    before = len(person.shown())
    update = {
        "update_id": 1,
        "message": {
            "message_id": 1,
            "date": 1,
            "text": "/help",
            "chat": {"id": person.id, "type": "private", "first_name": "x"},
            "from": {"id": person.id, "is_bot": False, "first_name": "x"},
        },
    }
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
        connection = http.client.HTTPConnection("127.0.0.1", up.bot_port, timeout=10)
        connection.request("POST", "/telegram/webhook", json.dumps(update), {"Content-Type": "application/json", **headers})
        assert connection.getresponse().status == 403
        connection.close()
    time.sleep(1)
    assert len(person.shown()) == before


def test_what_is_written_while_the_bot_is_away_is_answered_once(up: Up) -> None:
    walker = Walker(up.messenger.person("uk"), "uk")
    walker.greet()
    os.kill(up.pids()["bot"], signal.SIGKILL)
    walker.say("/help", wording("uk")["menu.what"])
    time.sleep(2)
    assert sum(wording("uk")["menu.what"] in text for text in walker.person.shown()) == 1
