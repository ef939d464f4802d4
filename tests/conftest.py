"""One installation of all processes for the tests that need them, on a home of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.newcomer import Newcomer


class Installation:
    """Running processes on one home; the first newcomer's process holds them."""

    def __init__(self, home: Path, **extra: str) -> None:
        self.home = home
        self.extra = extra
        self._first = Newcomer(home, "--language", "en", **extra)

    def newcomer(self, *arguments: str) -> Newcomer:
        """Another newcomer on the same processes."""
        return Newcomer(self.home, *arguments, **self.extra)

    @property
    def supervisor(self) -> int:
        """Process id of the parent of all."""
        return int(json.loads((self.home / "run" / "services.json").read_text())["supervisor"])

    def pids(self) -> dict[str, int]:
        """Process ids of engine, actions and bot."""
        found = {}
        for file in Path(f"/proc/{self.supervisor}/task").glob("*/children"):
            for pid in file.read_text().split():
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if len(words) > 2:
                    found[words[2].decode().replace("rasa", "engine")] = int(pid)
        return found

    def logs(self) -> str:
        """All that the processes have logged."""
        return "".join(file.read_text(errors="replace") for file in (self.home / "log").glob("*.log"))

    def close(self) -> None:
        """Stop all."""
        self._first.close()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """All processes, started once for the whole run."""
    running = Installation(tmp_path_factory.mktemp("home"))
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
