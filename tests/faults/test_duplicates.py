"""The same message again has no effect, and messages sent at once are worked on in their order."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.conftest import Installation

pytestmark = pytest.mark.processes


class Line:
    """The terminal channel as it is on the wire, without the client that hides repetitions."""

    def __init__(self, installation: Installation, name: str) -> None:
        running = json.loads((installation.home / "run" / "services.json").read_text())
        self._socket = socket.create_connection(("127.0.0.1", running["terminal_port"]), timeout=60)
        self._file = self._socket.makefile("r", encoding="utf-8")
        self.send({"secret": running["secret"], "conversation": name, "language": "uk", "municipality": None, "greet": True})
        self.greeting = self.read()

    def send(self, *lines: dict[str, Any]) -> None:
        self._socket.sendall(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def read(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def test_a_repeated_message_has_no_effect(installation: Installation) -> None:
    line = Line(installation, "repeats")
    for number, text in enumerate(["хочу розповісти про себе", "34", "так", "Musterstadt"]):
        line.send({"id": str(number), "text": text})
        state = line.read()["state"]
    assert state["question"] == "call_name"
    line.send({"id": "name", "text": "Оксана"})
    assert line.read()["state"]["question"] == "gender"
    line.send({"id": "name", "text": "Оксана"})
    again = line.read()
    assert again["state"]["question"] == "gender", "the name is not taken for the next response"
    assert again["messages"] == []
    line.close()


def test_messages_sent_at_once_keep_their_order(installation: Installation) -> None:
    line = Line(installation, "order")
    texts = ["хочу розповісти про себе", "34", "так", "Musterstadt", "Лейла", "жінка", "робота", "ні", "вивчити мову"]
    line.send(*({"id": f"o{number}", "text": text} for number, text in enumerate(texts)))
    questions = [line.read()["state"]["question"] for _ in texts]
    assert questions == ["age", "agreement", "town", "call_name", "gender", "needs", "urgent", "wish_year", "interests"]
    line.close()


def test_a_wrong_secret_gets_nothing(installation: Installation) -> None:
    running = json.loads((installation.home / "run" / "services.json").read_text())
    with socket.create_connection(("127.0.0.1", running["terminal_port"]), timeout=20) as opened:
        opened.sendall(b'{"secret": "guess", "conversation": "x", "greet": true}\n')
        assert opened.recv(1000) == b""
