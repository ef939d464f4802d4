"""The floor of a turn: embedding and rules in the engine's own process, without HTTP, actions or database.

Run with the engine's Python: python bench/floor.py MODEL COUNT; prints one JSON line of milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from rasa.core.agent import Agent  # noqa: E402
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage  # noqa: E402
from rasa.shared.core.events import ActionExecuted, SessionStarted  # noqa: E402

from engine import remote_action, sessions  # noqa: E402


class NoActions:
    """An action endpoint in this process that does nothing."""

    url = "in process"
    kwargs: dict = {}

    async def request(self, json: dict, **_: object) -> dict:
        if json["next_action"] == "action_session_start":
            events = [SessionStarted().as_dict(), ActionExecuted("action_listen").as_dict()]
            return {"events": events, "responses": []}
        return {"events": [], "responses": []}


async def measure(model: str, texts: list[str]) -> list[float]:
    remote_action.install()
    sessions.install()
    agent = Agent.load(model, action_endpoint=NoActions())
    took = []
    for number, text in enumerate(texts):
        message = UserMessage(text, CollectingOutputChannel(), f"floor-{number % 20}")
        started = time.perf_counter()
        await agent.handle_message(message)
        took.append((time.perf_counter() - started) * 1000)
    return took[20:]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1], json.loads(sys.stdin.read())))))
