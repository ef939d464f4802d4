"""What every action does: find the message, apply it once in one transaction, record what was said.

Rasa hands over a message's random id where its text would be. What an action says stays in the database
(table `applied`); Rasa only carries the record's id back to the gateway.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy import select

from lotse import replies
from lotse.core import Core
from lotse.replies import Reply
from lotse.storage.tables import Applied, Conversation, Inbound, Municipality
from lotse.turns import Turn, understanding_of

Events = list[dict[str, Any]]
FORM = "intake_form"


@dataclass
class Outcome:
    """What an action says and tells Rasa; `data` is for later actions of the same turn."""

    replies: list[Reply] = field(default_factory=list)
    events: Events = field(default_factory=list)
    interrupts: bool = True  # the intake's next question begins with "Back to us"
    data: dict[str, Any] = field(default_factory=dict)


class CoreAction(Action):
    """An action that applies a message to the core, at most once however often Rasa calls it."""

    action: str
    returns_to_intake = True  # an open question is asked again afterwards, also where the form had been left

    def __init__(self, core: Core) -> None:
        self.core = core

    def name(self) -> str:
        return self.action

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        """The action itself. `earlier` are the recorded results of this turn's other actions, by name."""
        raise NotImplementedError

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Called by Rasa."""
        record, result = await asyncio.to_thread(self._once, tracker)
        if result["replies"]:
            dispatcher.utter_message(json_message={"applied": record})
        events: Events = result["events"]
        return events

    def _once(self, tracker: Tracker) -> tuple[str, dict[str, Any]]:
        message_id = tracker.latest_message["text"]
        form_active = (tracker.active_loop or {}).get("name") == FORM
        with self.core.database.session() as session:
            inbound = session.scalars(select(Inbound).where(Inbound.id == message_id)).one()
            records = session.scalars(select(Applied).where(Applied.inbound_id == message_id)).all()
            earlier = {record.action: record.result for record in records}
            for record in records:
                if record.action == self.action:
                    return record.id, record.result
            conversation = session.get_one(Conversation, inbound.conversation_id)
            municipality = session.get_one(Municipality, conversation.municipality_id)
            turn = Turn(session, conversation, municipality, inbound, understanding_of(tracker.latest_message))
            outcome = self.apply(turn, earlier, form_active)
            if self.returns_to_intake and not form_active and self.core.intakes.open_question(session, conversation):
                outcome.events = [*outcome.events, FollowupAction(FORM)]
            result = {
                "replies": [replies.to_json(reply) for reply in outcome.replies],
                "events": outcome.events,
                "interrupts": outcome.interrupts,
                "data": outcome.data,
            }
            record = Applied(inbound_id=message_id, action=self.action, result=result)
            session.add(record)
            session.flush()
            return record.id, result


def leave_form(form_active: bool) -> Events:
    """Close the form, so that the next message answers what was asked beside it and not the intake."""
    return [ActiveLoop(None), SlotSet("requested_slot", None)] if form_active else []
