"""Run with the engine's Python: Rasa 3.6 calls the action server as it does in a turn, and reads what comes back.

Arguments: URL SECRET CONVERSATION MESSAGE; prints the types of the events that Rasa made of the answers.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.core.channels.channel import CollectingOutputChannel  # noqa: E402
from rasa.core.nlg import TemplatedNaturalLanguageGenerator  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import ActionExecuted, UserUttered  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402
from rasa.utils.endpoints import EndpointConfig  # noqa: E402

from engine import remote_action  # noqa: E402


async def main(url: str, secret: str, conversation: str, message: str) -> None:
    remote_action.install()
    domain = Domain.load("domain")
    endpoint = EndpointConfig(url, headers={"X-Lotse-Secret": secret})
    said = UserUttered(message, {"name": "start_intake", "confidence": 1.0}, parse_data={"text": message})
    tracker = DialogueStateTracker.from_events(conversation, [ActionExecuted("action_listen"), said], domain.slots)
    made = {}
    for name in ("action_session_start", "action_start_intake", "validate_intake_form", "action_ask_intake_response"):
        action = RemoteAction(name, endpoint)
        events = await action.run(CollectingOutputChannel(), TemplatedNaturalLanguageGenerator({}), tracker, domain)
        made[name] = [event.type_name for event in events]
    try:
        await RemoteAction("action_start_intake", EndpointConfig(url)).run(
            CollectingOutputChannel(), TemplatedNaturalLanguageGenerator({}), tracker, domain
        )
    except remote_action.ActionFailed as error:
        made["without secret"] = ["answered" if error.answered else "away"]
    print(json.dumps(made))


asyncio.run(main(*sys.argv[1:]))
