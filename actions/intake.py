"""The intake's form: one slot, one action that takes a message, one that asks the next question."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, ActiveLoop, FollowupAction, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answers import AnswerQuestion, Wish, old_button
from actions.base import FORM, CoreAction, Events, Outcome, leave_form
from lotse.answers import Question, service
from lotse.core import Core
from lotse.intake import Taken, of_conversation, waiting
from lotse.intake.asking import person_names
from lotse.intake.runs import all_of
from lotse.replies import Button, Reply, Say, say
from lotse.replies import from_json as reply_from_json
from lotse.replies import to_json as reply_to_json
from lotse.storage.tables import Conversation
from lotse.turns import ASKED_BESIDE, Turn

SURE_TO_START = 0.65  # "where do I register" sounds much like "register me"
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
        if not taken.taken:  # no slot is set: Rasa lets the other rules answer, then asks the question that is open by then
            return Outcome(interrupts=False)
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
        holds = any((result["data"] or {}).get("holds") for result in earlier.values())
        taken = Taken(True, before=before, tick=data.get("tick", False), holds=holds)
        interrupted = any(result["interrupts"] for result in earlier.values())
        offers = [
            Button(service.text_in(answer, turn.language).title, "answer", answer.id)
            for answer in service.get(turn.session, data.get("offers", []))
        ]
        is_open = self.core.intakes.open_question(turn.session, turn.conversation) is not None
        closes = [] if is_open else leave_form(form_active)  # the gateway may have paused the intake meanwhile
        return Outcome(self.core.intakes.ask(turn, taken, interrupted, offers), closes, interrupts=False)


class StartIntake(Wish):
    """Begins the intake, or goes on with one that waits."""

    action = "action_start_intake"
    intents = ("start_intake", "resume", "affirm")
    sure = SURE_TO_START

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        return Outcome(self.core.intakes.start(turn), interrupts=False)


class ChangeResponse(Wish):
    """Changes a response, also after sending. "Change of address" is a question."""

    action = "action_change"
    intents = ("change",)
    sure = SURE_TO_START

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        answered = AnswerQuestion(self.core).answer_if_sure(turn) if turn.text and not form_active else None
        if answered:
            return answered
        taken = self.core.intakes.change(turn)
        if not taken.taken:
            rows = [[Button(say("menu.button.start_intake"), "menu", "start_intake")]]
            return Outcome([Reply([say("intake.nothing_to_change")], rows)], interrupts=False)
        return Outcome(taken.replies, interrupts=False, data={"holds": taken.holds})


class StartOver(CoreAction):
    """Deletes what was told so far and begins again; asked back once."""

    action = "action_start_over"
    returns_to_intake = False

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        intake = of_conversation(turn.session, turn.conversation)
        if intake is None:
            return Outcome(self.core.intakes.start(turn), [FollowupAction(FORM)], interrupts=False)
        if intake.sent:
            rows = [[Button(say("intake.button.change"), "menu", "change")],
                    [Button(say("withdraw.button.ask"), "menu", "withdraw")]]  # fmt: skip
            return Outcome([Reply([say("intake.start_over_sent")], rows)])
        turn.conversation.pending = {"kind": "start_over"}
        buttons = [[Button(say("intake.button.start_over_yes"), "control", "yes", "start_over"),
                    Button(say("button.no"), "control", "no", "start_over")]]  # fmt: skip
        return Outcome([Reply([say("intake.start_over_sure")], buttons)], leave_form(form_active))


class AnotherPerson(CoreAction):
    """An intake for somebody else of the household, or back to one of them."""

    action = "action_another_person"

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        people = all_of(turn.session, turn.conversation)
        if turn.press and turn.press.value == "this_person":
            if turn.press.about not in [each.id for each in people]:
                return Outcome([old_button()])
            return Outcome(self.core.intakes.turn_to(turn, turn.press.about), interrupts=False)
        if len(people) < 2 or (turn.press and turn.press.value == "new_person"):
            return Outcome(self.core.intakes.another_person(turn), interrupts=False)
        rows = [[Button(name, "menu", "this_person", intake_id)] for intake_id, name in person_names(people).items()]
        rows.append([Button(say("intake.button.new_person"), "menu", "new_person")])
        return Outcome([Reply([say("intake.who")], rows)], interrupts=False, data={"holds": True})


class TellProgress(CoreAction):
    """How long the intake still takes."""

    action = "action_progress"

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        intake = waiting(turn.session, turn.conversation)
        if intake is None:
            return Outcome([Reply([say("intake.begin")], [[Button(say("menu.button.start_intake"), "menu", "start_intake")]])])
        minutes = self.core.intakes.asking(turn, intake).minutes(self.core.intakes.told(intake, turn.municipality))
        return Outcome([Reply([say("intake.left", count=minutes)])])


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
