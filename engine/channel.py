"""The engine's only door: two routes behind a shared secret, for the gateway on the same machine.

POST /webhooks/lotse/turn   understand a message and run the dialogue
POST /webhooks/lotse/parse  understand only, for `ask`
"""

from __future__ import annotations

import hmac
import logging
from typing import Any, Awaitable, Callable, Dict, List, Optional, Text

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from engine import remote_action, sessions

SECRET_HEADER = "X-Lotse-Secret"

logger = logging.getLogger(__name__)


class LotseInput(InputChannel):
    """Messages come with a random id; only that id reaches the tracker, never the text."""

    @classmethod
    def name(cls) -> Text:
        return "lotse"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[Text, Any]]) -> LotseInput:
        secret = (credentials or {}).get("secret") or ""
        if len(secret) < 16 or secret.startswith("${"):
            raise ValueError("credentials.yml: LOTSE_ENGINE_SECRET is missing or shorter than 16 characters")
        return cls(secret)

    def __init__(self, secret: Text) -> None:
        self._secret = secret.encode()
        remote_action.install()
        sessions.install()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Routes of this channel, registered by Rasa under /webhooks/lotse."""
        blueprint = Blueprint("lotse", __name__)

        @blueprint.middleware("request")
        async def check_secret(request: Request) -> Optional[HTTPResponse]:
            given = request.headers.get(SECRET_HEADER, "").encode()
            return None if hmac.compare_digest(given, self._secret) else response.json({"error": "secret"}, status=403)

        @blueprint.get("/ready")
        async def ready(request: Request) -> HTTPResponse:
            agent = _agent(request)
            return response.json({"ready": bool(agent and agent.is_ready())})

        @blueprint.post("/parse")
        async def parse(request: Request) -> HTTPResponse:
            return response.json(await _understand(request, request.json["text"]))

        @blueprint.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            body = request.json
            conversation, message = body["conversation"], body["message"]
            if body.get("repeated"):
                replies = await _replies_of_finished_turn(_agent(request).tracker_store, conversation, message)
                if replies is not None:
                    return response.json({"replies": replies})
            if body.get("intent"):  # a pressed button: nothing to understand
                understanding = {"intent": {"name": body["intent"], "confidence": 1.0}, "entities": []}
            else:
                understanding = await _understand(request, body["text"])
            understanding["text"] = message
            output = CollectingOutputChannel()
            try:
                await _agent(request).handle_message(
                    UserMessage(
                        message,
                        output,
                        conversation,
                        parse_data=understanding,
                        input_channel=self.name(),
                        message_id=message,
                    )
                )
            except remote_action.ActionFailed as error:
                logger.error("turn not finished: action %s", error)
                return response.json({"error": "action"}, status=500 if error.answered else 503)
            return response.json({"replies": [reply["custom"] for reply in output.messages if reply.get("custom")]})

        return blueprint


def _agent(request: Request) -> Any:
    return request.app.ctx.agent


async def _understand(request: Request, text: Text) -> Dict[Text, Any]:
    # Rasa takes a text that starts with a slash as a command payload; typed text never is one
    parsed = await _agent(request).processor.parse_message(UserMessage(text.lstrip("/ \t\r\n") or "?"))
    parsed.pop("text", None)
    return parsed


async def _replies_of_finished_turn(store: Any, conversation: Text, message: Text) -> Optional[List[Dict[Text, Any]]]:
    """What was said to this message, if its turn was finished and saved; else None."""
    tracker: Optional[DialogueStateTracker] = await store.retrieve(conversation)
    events = list(tracker.events) if tracker else []
    for index in range(len(events) - 1, -1, -1):
        if isinstance(events[index], UserUttered):
            if events[index].text != message:
                return None
            said = [event for event in events[index:] if isinstance(event, BotUttered)]
            return [event.data["custom"] for event in said if (event.data or {}).get("custom")]
    return None
