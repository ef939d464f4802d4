"""The desk's way to the engine: what it understands of a tried text, and that its absence is no failure."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from desk.engine import Engine

VECTOR = np.linspace(-1, 1, 8, dtype="<f2")


class Parses(BaseHTTPRequestHandler):
    """The engine's parse route."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        allowed = self.headers["X-Lotse-Secret"] == "secret" and self.path == "/webhooks/lotse/parse"
        answer = {
            "intent": {"name": body["text"], "confidence": 0.9},
            "embedding": base64.b64encode(VECTOR.tobytes()).decode(),
        }
        data = json.dumps(answer).encode() if body["text"] != "broken" else b"<html>"
        self.send_response(200 if allowed else 403)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Parses)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_the_engine_understands(url: str) -> None:
    found = Engine(f"{url},http://127.0.0.1:2", "secret").understand("greet")
    assert found is not None
    assert found.confidence("greet") == 0.9
    assert found.vector is not None
    assert np.allclose(found.vector, VECTOR)


def test_an_engine_that_cannot_be_asked(url: str) -> None:
    assert Engine(url, "wrong").understand("greet") is None
    assert Engine(url, "secret").understand("broken") is None
    assert Engine("http://127.0.0.1:1", "secret").understand("greet") is None
