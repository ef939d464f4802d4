"""Greetings, help, language, crisis, and yes or no to what the bot itself asked."""

from __future__ import annotations

from typing import Any

from actions.answers import AnswerQuestion, Wish, keep_unanswered, old_button
from actions.base import CoreAction, Outcome
from actions.people import answer_call, erase_all, take_back
from lotse.crisis import calls
from lotse.greeting import hello, menu, picker
from lotse.intake import waiting
from lotse.intake.interpretation import CRISIS
from lotse.replies import Button, Reply, say
from lotse.turns import Turn

SURE_ABOUT_CALL = 0.8  # a yes to a call that is taken for a no would leave somebody alone
SMALLTALK = {
    "thank": "smalltalk.thank",
    "goodbye": "smalltalk.goodbye",
    "bot_challenge": "smalltalk.bot",
    "insult": "smalltalk.insult",
}


class ShowMenu(Wish):
    """What the bot can do, as buttons."""

    action = "action_menu"
    intents = ("greet", "help")

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        waits = _intake_waits(turn)
        if turn.understanding.intent == "greet":
            return Outcome([Reply([say("smalltalk.greet")], [] if form_active else menu(waits).rows)], interrupts=form_active)
        return Outcome([menu(waits)])


class SmallTalk(Wish):
    """Thanks, goodbye, "are you real", rude words: one calm sentence."""

    action = "action_smalltalk"
    intents = tuple(SMALLTALK)

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        said = say(SMALLTALK.get(turn.understanding.intent or "", "smalltalk.greet"))
        return Outcome([Reply([said], _way_on(turn, form_active))])


class ChangeLanguage(Wish):
    """The gateway has set a pressed language; a wish in words is read here, or gets the list."""

    action = "action_language"
    intents = ("change_language",)

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        if turn.press is None:
            wanted = self.core.languages.named(turn.text, turn.language)
            if wanted is None:
                return Outcome([picker(self.core.languages.offered, turn.language)], interrupts=False)
            turn.conversation.language, turn.conversation.language_chosen = wanted, True
        if _intake_waits(turn):
            return Outcome([Reply([say("language.set")], _way_on(turn, form_active))], interrupts=False)
        return Outcome([hello(turn.municipality.name)], interrupts=False)


class MeetCrisis(CoreAction):
    """A message that names danger without a listed phrase: the same fixed reply, if the engine is sure."""

    action = "action_crisis"

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        if turn.understanding.confidence("crisis") < CRISIS:
            return AnswerQuestion(self.core).answer(turn)
        return Outcome([calls.meet(turn.session, turn.conversation, turn.municipality, turn.inbound, self.core.crisis)])


class Confirm(Wish):
    """Yes or no, pressed or typed, to the question that the bot asked last beside the intake."""

    action = "action_confirm"
    intents = ("affirm", "deny")

    def is_awaited(self, turn: Turn) -> bool:
        return turn.conversation.pending is not None

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        pending = turn.conversation.pending or {}
        said = turn.press.value if turn.press else {"affirm": "yes", "deny": "no"}.get(turn.understanding.intent or "", "")
        if turn.press and turn.press.about != pending.get("kind"):
            return Outcome([old_button()])
        if said in ("yes", "no") and calls.asked(turn.conversation):
            if turn.understanding.confidence("affirm" if said == "yes" else "deny") < SURE_ABOUT_CALL:
                return Outcome([calls.ask_again(turn.conversation)])
            return Outcome(answer_call(self.core, turn, yes=said == "yes"))
        match pending.get("kind"):
            case "pass_question":
                turn.conversation.pending = None
                if said == "no":
                    return Outcome([Reply([say("answer.not_passed")])])
                tell = said == "pass_and_tell"
                keep_unanswered(turn, pending, tell=tell)
                return Outcome([Reply([say("answer.passed_and_tell" if tell else "answer.passed")])])
            case "delete":
                turn.conversation.pending = None
                if said == "yes":
                    return erase_all(turn)
                return Outcome([Reply([say("delete.kept")], menu(_intake_waits(turn)).rows)])
            case "start_over":
                turn.conversation.pending = None
                if said == "yes":
                    return Outcome(self.core.intakes.start_over(turn), interrupts=False)
                return Outcome([Reply([say("intake.not_started_over")])], interrupts=False)
            case "withdraw":
                turn.conversation.pending = None
                if said == "no":
                    return Outcome([Reply([say("withdraw.no")])])
                return take_back(self.core, turn, only_private=said == "private")
        if said == "no":
            return Outcome([Reply([say("smalltalk.no")], menu(_intake_waits(turn)).rows)])
        return Outcome([menu(_intake_waits(turn))])


def _way_on(turn: Turn, form_active: bool) -> list[list[Button]]:
    """The button that goes on with an intake that was paused: its question does not follow by itself."""
    if form_active or not _intake_waits(turn):
        return []
    return [[Button(say("intake.button.resume"), "menu", "resume")]]


def _intake_waits(turn: Turn) -> bool:
    return waiting(turn.session, turn.conversation) is not None
