"""One installation of all processes for the tests that need them, on a home of its own."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.newcomer import ROOT, Newcomer, environment, pids_of
from tests.telegram.server import TelegramServer


class Home:
    """An installation's folder, and the processes that run on it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def services(self) -> dict[str, Any]:
        """How to reach the processes."""
        return json.loads((self.home / "run" / "services.json").read_text())

    @property
    def supervisor(self) -> int:
        """Process id of the parent of all."""
        return int(self.services["supervisor"])

    def pids(self) -> dict[str, int]:
        """Process ids of engine, actions, bot and desk, as far as they run."""
        return pids_of(self.supervisor)

    def logs(self) -> str:
        """All that the processes have logged."""
        return "".join(file.read_text(errors="replace") for file in (self.home / "log").glob("*.log"))


class Installation(Home):
    """Running processes on one home; the first newcomer's process holds them."""

    def __init__(self, home: Path, **extra: str) -> None:
        super().__init__(home)
        self.extra = extra
        self._first = Newcomer(home, "--language", "en", **extra)

    def newcomer(self, *arguments: str) -> Newcomer:
        """Another newcomer on the same processes."""
        return Newcomer(self.home, *arguments, **self.extra)

    def close(self) -> None:
        """Stop all."""
        self._first.close()


class Demo(Home):
    """`./run demo` with a messenger: everything that people meet, in real processes."""

    def __init__(self, home: Path, **extra: str) -> None:
        super().__init__(home)
        self.messenger = TelegramServer().start()
        extra = {"TELEGRAM_BOT_TOKEN": self.messenger.token, "TELEGRAM_API_URL": self.messenger.url, **extra}
        self.process = subprocess.Popen(
            [str(ROOT / "run"), "demo", "--port", "0"], env=environment(home, **extra), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.said = []
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("ready"):
                break
        assert self.said, "the demo ended before it was ready"
        assert self.said[-1].startswith("ready"), self.said
        self.url = next(line.split()[1] for line in self.said if line.startswith("desk")).removesuffix("/desk")
        self.passwords = {words[0]: words[1] for line in self.said if "@" in (words := line.split() or [""])[0]}

    def close(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.messenger.stop()


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the same processes run one after the other in one half of the suite; the long ones begin."""
    for item in items:
        if item.get_closest_marker("processes"):
            shared = [name for name in ("demo", "installation") if name in getattr(item, "fixturenames", ())]
            item.add_marker(pytest.mark.xdist_group(shared[0] if shared else item.nodeid.split("::")[0]))
    items.sort(key=lambda item: item.get_closest_marker("processes") is None)


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command that ran in this process does not decide where the next test's processes log."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """All processes, started once for the whole run."""
    running = Installation(tmp_path_factory.mktemp("home"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`./run demo`, started once for the whole run."""
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.close()


@pytest.fixture
def newcomer(installation: Installation) -> Iterator[Callable[..., Newcomer]]:
    """Makes newcomers who leave at the end of the test."""
    opened: list[Newcomer] = []

    def open_newcomer(*arguments: str) -> Newcomer:
        opened.append(installation.newcomer(*arguments))
        return opened[-1]

    yield open_newcomer
    for each in opened:
        each.close()
