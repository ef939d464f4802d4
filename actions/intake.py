"""The intake's form: one slot, one action that takes a message, one that asks the next question."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, ActiveLoop, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answers import AnswerQuestion, Wish
from actions.base import FORM, CoreAction, Events, Outcome
from lotse.answers import Question, service
from lotse.core import Core
from lotse.intake import Taken, waiting
from lotse.replies import Button, Reply, Say, say
from lotse.replies import from_json as reply_from_json
from lotse.replies import to_json as reply_to_json
from lotse.storage.tables import Conversation
from lotse.turns import Turn

SURE_TO_START = 0.65  # "where do I register" sounds much like "register me"
ASKED_BESIDE = ("delete", "topic")  # questions of the bot for which the form is left
SLOT, REQUESTED = "intake_response", "requested_slot"
TAKE = "validate_intake_form"


class TakeMessage(CoreAction):
    """Rasa calls this when the form is open: is the message a response or a control of the intake?"""

    action = TAKE
    returns_to_intake = False

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        taken = Taken(False)
        if form_active and not earlier:  # a message that another action answered is no response
            taken = self.core.intakes.take(turn)
        question = self.core.intakes.open_question(turn.session, turn.conversation)
        asks_next = SlotSet(REQUESTED, SLOT if question else None)
        if not taken.taken:  # no slot is set: Rasa lets the other rules answer, then asks the question again
            return Outcome(events=[] if question else [asks_next], interrupts=False)
        before = reply_to_json(Reply(taken.before))["paragraphs"]
        data = {"before": before, "tick": taken.tick, "holds": taken.holds, "offers": self._offers(turn, taken)}
        return Outcome(taken.replies, [SlotSet(SLOT, None), asks_next], interrupts=False, data=data)

    def _offers(self, turn: Turn, taken: Taken) -> list[str]:
        """Answers to offer where a free-text response asks something as well."""
        vector = turn.understanding.vector
        if not taken.also_question or vector is None:
            return []
        found = self.core.answers.find(
            turn.session, turn.municipality.id, Question(turn.text, turn.message_language, vector), 0.0
        )
        return [candidate.answer_id for candidate in found.decision.candidates[:1]]


class AskQuestion(CoreAction):
    """Asks the open question, after what is to be said about the message before it."""

    action = "action_ask_intake_response"
    returns_to_intake = False

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        data = earlier.get(TAKE, {}).get("data") or {}
        paragraphs = reply_from_json({"paragraphs": data.get("before", []), "rows": [], "edits_pressed": False, "language": None})
        before: list[str | Say] = paragraphs.paragraphs
        taken = Taken(True, before=before, tick=data.get("tick", False), holds=data.get("holds", False))
        interrupted = any(result["interrupts"] for result in earlier.values())
        offers = [
            Button(service.text_in(answer, turn.language).title, "answer", answer.id)
            for answer in service.get(turn.session, data.get("offers", []))
        ]
        return Outcome(self.core.intakes.ask(turn, taken, interrupted, offers), interrupts=False)


class StartIntake(Wish):
    """Begins the intake, goes on with one that waits, or changes a response. "Change of address" is a question."""

    action = "action_start_intake"
    intents = ("start_intake", "resume", "change", "affirm")
    sure = SURE_TO_START

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        is_question = turn.understanding.intent == "change" and not form_active
        answered = AnswerQuestion(self.core).answer_if_sure(turn) if is_question else None
        return answered or Outcome(self.core.intakes.start(turn), interrupts=False)


class NoOpenQuestion(Wish):
    """Skip, back, why, pause, send: said when no question is open."""

    action = "action_no_open_question"
    intents = ("skip", "go_back", "why", "pause", "send")

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        answered = AnswerQuestion(self.core).answer_if_sure(turn)
        if answered:
            return answered
        waits = waiting(turn.session, turn.conversation) is not None
        label, value = ("intake.button.resume", "resume") if waits else ("menu.button.start_intake", "start_intake")
        rows = [[Button(say(label), "menu", value)], [Button(say("menu.button.ask"), "menu", "ask")]]
        return Outcome([Reply([say("intake.none_open")], rows)])


class SessionStart(Action):
    """A new session of Rasa's tracker: an open intake goes on where it was, from the database."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def name(self) -> str:
        return "action_session_start"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Events:
        """Called by Rasa before the first message of a session."""
        is_open = await asyncio.to_thread(self._is_open, tracker.sender_id)
        restored = [ActiveLoop(FORM), SlotSet(REQUESTED, SLOT)] if is_open else []
        return [SessionStarted(), *restored, ActionExecuted("action_listen")]

    def _is_open(self, conversation_id: str) -> bool:
        with self.core.database.session() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None or (conversation.pending or {}).get("kind") in ASKED_BESIDE:
                return False
            return self.core.intakes.open_question(session, conversation) is not None
