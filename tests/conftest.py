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
from xdist.scheduler import LoadScopeScheduling

from tests.newcomer import ROOT, Newcomer, environment, pids_of
from tests.telegram.server import TelegramServer

WITH_PROCESSES = ("tests/actions/", "tests/browser/", "tests/conversations/", "tests/faults/")
ON_THE_SAME = {  # what is not here starts its own
    "demo": ("tests/browser/", "tests/conversations/test_telegram.py"),
    "installation": (
        "tests/actions/",
        "tests/conversations/test_bad_input.py",
        "tests/conversations/test_crisis_call.py",
        "tests/conversations/test_intake_controls.py",
        "tests/conversations/test_journeys.py",
        "tests/conversations/test_simulated.py",
        "tests/faults/test_duplicates.py",
        "tests/faults/test_kill.py",
    ),
}


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """With --dist loadgroup, tests on the same processes run one after the other, the largest groups first."""
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Groups of tests by the processes that they use; all others one by one. (xdist's own groups do not know pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        if not file.startswith(WITH_PROCESSES):
            return nodeid
        return next((group for group, files in ON_THE_SAME.items() if file.startswith(files)), file)


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
