"""A person to talk to, and a newcomer's rights over their data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from actions.answers import Wish
from actions.base import CoreAction, Outcome, leave_form
from lotse.answers import telling
from lotse.answers.opening import of_staff
from lotse.answers.showing import hours
from lotse.cases import deletion, open_case
from lotse.core import Core
from lotse.crisis import calls
from lotse.intake import of_conversation, waiting
from lotse.intake.asking import person_names
from lotse.intake.runs import all_of
from lotse.privacy import erase_told, withdraw
from lotse.privacy.notice import notice
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
            return Outcome(answer_call(self.core, turn, yes=True), leave_form(form_active))
        case = _waiting_contact(turn) or open_case(turn.session, turn.conversation, "contact")
        turn.conversation.pending = {"kind": "topic", "case": case.id}
        when = hours(of_staff(turn.municipality.details), turn.language)
        rows = [[Button(say("person.button.no_topic"), "control", "no_topic", "topic")]]
        return Outcome([Reply([say("person.told", reference=case.reference, hours=when), say("person.what_about")], rows)],
                       leave_form(form_active))  # fmt: skip


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
            told = self.core.intakes.told(intake, turn.municipality)
            hides = self.core.intakes.hides(turn.conversation)
            paragraphs += [say("data.kept"), *self.core.intakes.asking(turn, intake).told(told, hides)]
            rows.insert(0, [Button(say("intake.button.change"), "menu", "change")])
            rows.append([Button(say("withdraw.button.ask"), "menu", "withdraw")])
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
        rows.append([Button(say("move.button"), "menu", "move")])
        rows.append([Button(say("menu.button.privacy"), "menu", "privacy")])
        if turn.conversation.channel == "telegram":
            paragraphs.append(say("data.telegram_copy"))
        if self.core.links is not None:
            paragraphs += [say("data.link"), self.core.links.make(turn.session, turn.conversation.id, "my_data")]
        return Outcome([Reply(paragraphs, rows)])


class TellPrivacy(CoreAction):
    """The notice: who is responsible, what for, how long, which rights."""

    action = "action_privacy"

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        rows = [[Button(say("menu.button.my_data"), "menu", "my_data")], [Button(say("menu.button.delete"), "menu", "delete")]]
        return Outcome([Reply([*notice(turn.municipality, turn.conversation.channel)], rows)])


class Withdraw(CoreAction):
    """Takes an agreement back; asked once what is meant."""

    action = "action_withdraw"
    returns_to_intake = False

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        intake = of_conversation(turn.session, turn.conversation)
        if intake is None or not intake.consents:
            return Outcome([Reply([say("withdraw.nothing")])])
        turn.conversation.pending = {"kind": "withdraw"}
        rows = [[Button(say("withdraw.button.yes"), "control", "yes", "withdraw")]]
        if len(intake.consents) > 1:
            rows.append([Button(say("withdraw.button.private"), "control", "private", "withdraw")])
        rows.append([Button(say("button.no"), "control", "no", "withdraw")])
        return Outcome([Reply([say("withdraw.sure")], rows)], leave_form(form_active))


class StopWriting(CoreAction):
    """Nothing more is written to the newcomer of our own accord."""

    action = "action_stop"
    returns_to_intake = False

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        turn.conversation.reminders = False
        telling.end(turn.session, turn.conversation.id)
        intake = waiting(turn.session, turn.conversation)
        if intake is not None:
            intake.paused = True
        rows = [[Button(say("intake.button.resume"), "menu", "resume")]] if intake else []
        rows.append([Button(say("menu.button.delete"), "menu", "delete")])
        return Outcome([Reply([say("stop.done")], rows)], leave_form(form_active))


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
        paragraphs = [say("delete.sure")]
        people = all_of(turn.session, turn.conversation)
        if len(people) > 1:
            paragraphs.append(say("delete.everybody", names=list(person_names(people).values())))
        return Outcome([Reply([*paragraphs], buttons)], leave_form(form_active))


def erase_all(turn: Turn) -> Outcome:
    """Erase at once until a guide has taken the case; after that the guide must answer the request."""
    told = select(Case).where(Case.conversation_id == turn.conversation.id, Case.kind != deletion.KIND, Case.status != "new")
    taken = turn.session.scalars(told.order_by(Case.opened_at)).all()
    if taken:
        deletion.request(turn.session, turn.conversation)
        return Outcome([Reply([say("delete.requested", reference=taken[0].reference)])])
    erase_told(turn.session, turn.conversation, keep_inbound=turn.inbound.id)
    paragraphs: list[str | Say] = [say("delete.done")]
    if turn.conversation.channel == "telegram":
        paragraphs.append(say("data.telegram_copy"))
    return Outcome([Reply(paragraphs, [[Button(say("menu.button.menu"), "menu", "menu")]])], data={"erased": True})


def take_back(core: Core, turn: Turn, *, only_private: bool) -> Outcome:
    """Take back the agreement of the person whose turn it is: to all, or only to what is sensitive."""
    intake = of_conversation(turn.session, turn.conversation)
    if intake is None:
        return Outcome([Reply([say("withdraw.nothing")])])
    questionnaire = core.intakes.questionnaire(turn.session, intake)
    case = withdraw(turn.session, questionnaire, intake, only_private=only_private, keep_inbound=turn.inbound.id)
    if only_private:
        return Outcome([Reply([say("withdraw.done_private")])])
    told = say("withdraw.done_taken", reference=case.reference) if case is not None else say("withdraw.done")
    return Outcome([Reply([told], [[Button(say("menu.button.menu"), "menu", "menu")]])])


def answer_call(core: Core, turn: Turn, *, yes: bool) -> list[Reply]:
    """A typed yes or no to the call of a person after a crisis message."""
    return calls.answer_typed(turn.session, turn.conversation, turn.municipality, yes, core.crisis)


def _waiting_contact(turn: Turn) -> Case | None:
    query = select(Case).where(Case.conversation_id == turn.conversation.id, Case.kind == "contact", Case.status == "new")
    return turn.session.scalars(query).first()
