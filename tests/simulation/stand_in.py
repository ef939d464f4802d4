"""A stand-in for the engine: the form and the rules as Rasa runs them, with the real actions, in this process.

What Rasa does with the form (`rasa/core/actions/forms.py`, `rule_policy.py` of 3.6) is only what is written here; the rules are
read from data/rules. Nothing is understood: what a text means, the simulated newcomer has said beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rasa_sdk.executor import ActionExecutor

from actions.base import FORM
from lotse.files import read_yaml
from lotse.settings import ROOT

SLOT, REQUESTED, TAKE, ASK = "intake_response", "requested_slot", "validate_intake_form", "action_ask_intake_response"
SESSION, FALLBACK = "action_session_start", "action_default_fallback"
TURNS_OF_A_SESSION = 5  # then the tracker begins anew (engine/sessions.py)
SURE = 0.95


@lru_cache(maxsize=1)
def rules() -> dict[str, str]:
    """The action of each intent, from data/rules."""
    found = {}
    for file in sorted((ROOT / "data" / "rules").glob("*.yml")):
        for rule in read_yaml(file)["rules"]:
            steps = rule["steps"]
            if "intent" in steps[0]:
                found[steps[0]["intent"]] = steps[1]["action"]
    return found


@dataclass
class Tracker:
    """What Rasa remembers of a conversation."""

    loop: bool = False
    requested: str | None = None
    turns: int = 0


@dataclass
class _Turn:
    """One message on its way through form and rules."""

    conversation: str
    message: dict[str, Any]
    tracker: Tracker
    followup: str | None = None
    said: list[str] = field(default_factory=list)


class StandIn:
    """Takes the engine's place in the gateway."""

    def __init__(self, executor: ActionExecutor, meaning: Callable[[str], str]) -> None:
        self.trackers: dict[str, Tracker] = {}
        self._executor = executor
        self._meaning = meaning

    async def turn(self, conversation: str, message: str, text: str | None, intent: str | None, *, repeated: bool) -> list[str]:
        """As bot.engine.Engine.turn: the ids of the records that say what was said."""
        understood = intent or self._meaning(message)
        confidence = 1.0 if intent else SURE
        parsed = {"text": message, "intent": {"name": understood, "confidence": confidence}, "entities": []}
        tracker = self.trackers.get(conversation)
        turn = _Turn(conversation, parsed, tracker or Tracker())
        if tracker is None or tracker.turns >= TURNS_OF_A_SESSION:
            turn.tracker = self.trackers[conversation] = Tracker()
            await self._run(turn, SESSION)
        turn.tracker.turns += 1
        if not turn.tracker.loop or not await self._form(turn, validates=True):
            await self._run(turn, rules().get(understood, FALLBACK))
            if turn.followup == FORM or turn.tracker.loop:
                await self._form(turn, validates=False)
        return turn.said

    async def _form(self, turn: _Turn, *, validates: bool) -> bool:
        """Run the form; whether it took the message. Without validation it only asks again, after something beside it."""
        turn.followup = None
        was_asking = turn.tracker.loop and turn.tracker.requested is not None
        turn.tracker.loop = True
        events = await self._run(turn, TAKE)
        slots = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
        if validates and was_asking and SLOT not in slots:
            return False  # rejected: the rules take over
        if REQUESTED in slots and slots[REQUESTED] is None:
            turn.tracker.loop, turn.tracker.requested = False, None
            return True
        turn.tracker.requested = SLOT
        await self._run(turn, ASK)
        return True

    async def _run(self, turn: _Turn, action: str) -> list[dict[str, Any]]:
        """Call an action as Rasa does, and take over what it returns."""
        tracker = turn.tracker
        answer = await self._executor.run(
            {
                "next_action": action,
                "sender_id": turn.conversation,
                "tracker": {
                    "sender_id": turn.conversation,
                    "slots": {SLOT: None, REQUESTED: tracker.requested},
                    "latest_message": turn.message,
                    "active_loop": {"name": FORM} if tracker.loop else {},
                    "events": [],
                    "latest_action_name": "action_listen",
                    "paused": False,
                    "followup_action": None,
                    "latest_event_time": 0.0,
                },
                "domain": {},
            }
        )
        result = answer.model_dump() if hasattr(answer, "model_dump") else answer
        events: list[dict[str, Any]] = result["events"]
        for event in events:
            match event["event"]:
                case "active_loop":
                    tracker.loop = event["name"] is not None
                case "slot" if event["name"] == REQUESTED:
                    tracker.requested = event["value"]
                case "followup":
                    turn.followup = event["name"]
        turn.said += [reply["custom"]["applied"] for reply in result["responses"] if reply.get("custom")]
        return events
