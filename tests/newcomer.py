"""A newcomer at `./run chat --json`: real pipes to the real processes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 150.0  # seconds for one line; an engine that was killed needs about 20


def environment(home: Path, **extra: str) -> dict[str, str]:
    """The environment of a command on a home of its own."""
    return {**os.environ, "LOTSE_HOME": str(home), "PYTHONPATH": str(ROOT), **extra}


def run(home: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Any other command of ./run, to its end."""
    return subprocess.run(
        [str(ROOT / "run"), *arguments],
        env=environment(home, **extra),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )


def pids_of(supervisor: int) -> dict[str, int]:
    """Process ids of engine, actions, bot and desk, as far as they run, by the process that started them."""
    found = {}
    for file in Path(f"/proc/{supervisor}/task").glob("*/children"):
        for pid in file.read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if len(words) > 2:
                found[words[2].decode().replace("rasa", "engine")] = int(pid)
    return found


class Newcomer:
    """Types and presses; keeps the last line and every button that was shown."""

    def __init__(self, home: Path, *arguments: str, **extra: str) -> None:
        self.process = subprocess.Popen(
            [str(ROOT / "run"), "chat", "--json", *arguments],
            env=environment(home, **extra),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.buttons: dict[str, str] = {}
        self.seen: list[str] = []  # ids of all messages, to find repeated ones
        self.line = self._next()

    def say(self, text: str) -> dict[str, Any]:
        """Type a message; returns its line."""
        return self.send({"text": text})

    def press(self, value: str) -> dict[str, Any]:
        """Press the newest button with this value; returns its line."""
        return self.send({"press": self.buttons[value]})

    def send(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one line and wait for its answer."""
        self.begin(request)
        return self.end()

    def begin(self, request: dict[str, Any]) -> None:
        """Send without waiting."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def end(self) -> dict[str, Any]:
        """Wait for the line of what was sent."""
        self.line = self._next()
        return self.line

    @property
    def state(self) -> dict[str, Any]:
        """The state of the last line."""
        state: dict[str, Any] = self.line["state"]
        return state

    @property
    def text(self) -> str:
        """All texts of the last line."""
        return "\n".join(message["text"] for message in self.line["messages"])

    def close(self) -> None:
        """End the input and wait for the process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(30)
        self._reader.join(5)
        self.process.stdout.close()

    def _next(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self._lines.get(timeout=PATIENCE))
        for message in line["messages"]:
            self.seen.append(message["id"])
            for row in message["buttons"]:
                self.buttons |= {button["value"]: button["id"] for button in row}
        return line

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
