"""A person to talk to, and a newcomer's rights over their data."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import ActiveLoop, SlotSet
from sqlalchemy import select

from actions.answers import Wish
from actions.base import CoreAction, Outcome
from lotse.answers.opening import of_staff
from lotse.answers.showing import hours
from lotse.cases import open_case
from lotse.core import Core
from lotse.crisis import calls
from lotse.intake import of_conversation, values
from lotse.privacy import erase_told
from lotse.replies import Button, Reply, Say, say
from lotse.storage.tables import Case
from lotse.turns import Turn


class AskForPerson(Wish):
    """Tells the guides at once; what it is about may follow."""

    action = "action_person"
    returns_to_intake = False
    intents = ("person",)
    sure = 0.5  # nobody who perhaps wants a person is to get an answer of the bot instead

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        if calls.asked(turn.conversation, calls.CALL):
            return Outcome(answer_call(self.core, turn, yes=True), _leave_form(form_active))
        case = _waiting_contact(turn) or open_case(turn.session, turn.conversation, "contact")
        turn.conversation.pending = {"kind": "topic", "case": case.id}
        when = hours(of_staff(turn.municipality.details), turn.language)
        rows = [[Button(say("person.button.no_topic"), "control", "no_topic", "topic")]]
        return Outcome([Reply([say("person.told", reference=case.reference, hours=when), say("person.what_about")], rows)],
                       _leave_form(form_active))  # fmt: skip


class TakeTopic(CoreAction):
    """What a newcomer wants to talk about, for the guide."""

    action = "action_topic"

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        pending = turn.conversation.pending or {}
        turn.conversation.pending = None
        case = turn.session.get(Case, pending.get("case", ""))
        if case is not None and turn.text:
            case.topic = turn.text
        key = "person.noted" if turn.text else "person.without_topic"
        return Outcome([Reply([say(key)])])


class ShowMyData(Wish):
    """What is kept, for whom, and how to change or delete it."""

    action = "action_my_data"
    intents = ("my_data",)

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        intake = of_conversation(turn.session, turn.conversation)
        paragraphs: list[str | Say] = [say("data.what", municipality=turn.municipality.name)]
        rows = [[Button(say("menu.button.delete"), "menu", "delete")]]
        if intake is not None and intake.gate is None:
            asking = self.core.intakes.asking(turn)
            told = values(intake)
            paragraphs += [
                say("data.kept"),
                *(
                    say(
                        "intake.line",
                        number=number,
                        short=asking.short(question),
                        response=asking.shown(question, told[question.name]),
                    )
                    for number, question in enumerate(asking.lines(told), 1)
                ),
            ]
        keeps_words = calls.keeps_words(turn.session, turn.conversation)
        contact = _waiting_contact(turn)
        if contact is not None and contact.topic:
            paragraphs.append(say("data.topic", topic=contact.topic))
        elif (intake is None or intake.gate is not None) and not keeps_words:
            paragraphs.append(say("data.nothing_kept"))
        if keeps_words:
            paragraphs.append(say("data.crisis"))
        left = [value for value in (turn.conversation.contact or {}).values() if value]
        if left:
            paragraphs.append(say("data.contact", contact=left))
        paragraphs.append(say("data.rights"))
        if turn.conversation.channel == "telegram":
            paragraphs.append(say("data.telegram_copy"))
            if self.core.settings.public_url:
                paragraphs.append(say("data.web", link=f"{self.core.settings.public_url}/chat"))
        return Outcome([Reply(paragraphs, rows)])


class AskToDelete(Wish):
    """Deleting is asked back once."""

    action = "action_delete"
    returns_to_intake = False
    intents = ("delete",)

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        turn.conversation.pending = {"kind": "delete"}
        buttons = [
            [Button(say("delete.button.yes"), "control", "yes", "delete"), Button(say("button.no"), "control", "no", "delete")]
        ]
        return Outcome([Reply([say("delete.sure")], buttons)], _leave_form(form_active))


def erase_all(turn: Turn) -> Outcome:
    """Erase at once until a guide has taken the case; after that the guide must answer the request."""
    taken = turn.session.scalars(select(Case).where(Case.conversation_id == turn.conversation.id, Case.status != "new")).all()
    if taken:
        open_case(turn.session, turn.conversation, "deletion")
        return Outcome([Reply([say("delete.requested", reference=taken[0].reference)])])
    erase_told(turn.session, turn.conversation, keep_inbound=turn.inbound.id)
    return Outcome([Reply([say("delete.done")], [[Button(say("menu.button.menu"), "menu", "menu")]])], data={"erased": True})


def answer_call(core: Core, turn: Turn, *, yes: bool) -> list[Reply]:
    """A typed yes or no to the call of a person after a crisis message."""
    return calls.answer_typed(turn.session, turn.conversation, turn.municipality, yes, core.crisis)


def _waiting_contact(turn: Turn) -> Case | None:
    query = select(Case).where(Case.conversation_id == turn.conversation.id, Case.kind == "contact", Case.status == "new")
    return turn.session.scalars(query).first()


def _leave_form(form_active: bool) -> list[dict[str, Any]]:
    """Close the form, so that the next message answers what was asked here and not the intake."""
    return [ActiveLoop(None), SlotSet("requested_slot", None)] if form_active else []
