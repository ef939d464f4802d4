"""The outbox: what is to be sent lies in the database, in order, until a channel has sent it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.messages import OutgoingButton, OutgoingMessage
from lotse.languages import Languages
from lotse.normalise import words
from lotse.replies import Button, Reply, say
from lotse.storage.tables import Conversation, Inbound, Outbound, new_id, now
from lotse.turns import Press
from lotse.wording import Wording

LABELS_OF_LAST, LONGEST_LABEL = 10, 12  # messages among which those with labels are looked for; words of a label


class Outbox:
    """Words replies and keeps them until they are sent."""

    def __init__(self, wording: Wording, languages: Languages) -> None:
        self._wording = wording
        self._languages = languages

    def put(
        self,
        session: Session,
        conversation: Conversation,
        reply: Reply,
        inbound: Inbound | None,
        language: str | None = None,
        identifier: str | None = None,
    ) -> Outbound:
        """Word a reply in the conversation's language (or another) and lay it in the outbox; its row."""
        tag = language or conversation.language or "en"
        identifier = identifier or new_id("b")
        pressed = (inbound.body or {}).get("press") if inbound else None
        number = 0
        rows = []
        for row in reply.rows:
            rows.append([self._button(identifier, number + place, button, tag) for place, button in enumerate(row)])
            number += len(row)
        paragraphs = [self._wording.render(paragraph, tag) for paragraph in reply.paragraphs]
        message = OutgoingMessage(
            id=identifier,
            text="\n".join(paragraphs),
            direction=self._languages[tag].direction,
            language=tag,
            strong=paragraphs[reply.strong] if reply.strong is not None else None,
            edits=pressed["message"] if reply.edits_pressed and pressed else None,
            by=reply.by,
            buttons=rows,
        )
        laid = Outbound(
            id=identifier,
            conversation_id=conversation.id,
            inbound_id=inbound.id if inbound else None,
            case_id=inbound.case_id if inbound else None,
            body=message.as_json(),
        )
        session.add(laid)
        session.flush()
        return laid

    def _button(self, message: str, number: int, button: Button, tag: str) -> OutgoingButton:
        label = self._wording.render(button.label, tag)
        return OutgoingButton(f"{message}.{number}", label, button.kind, button.value, button.about)


def pending(session: Session, conversation_id: str) -> list[Outbound]:
    """What waits to be sent in a conversation, in order."""
    query = select(Outbound).where(Outbound.conversation_id == conversation_id, Outbound.state == "pending")
    return list(session.scalars(query.order_by(Outbound.number)))


def mark_sent(session: Session, ids: list[str], sent_as: list[int] | None = None) -> None:
    """A channel has sent these; `sent_as` are its own numbers of the one message, for later edits."""
    session.execute(update(Outbound).where(Outbound.id.in_(ids)).values(state="sent", sent_at=now(), sent_as=sent_as))


def waiting_on(session: Session, channel: str) -> list[str]:
    """Conversations of a channel for which something lies in the outbox and who can be reached."""
    query = select(Outbound.conversation_id).join(Conversation).where(Outbound.state == "pending")
    return list(session.scalars(query.where(Conversation.channel == channel, Conversation.reachable).distinct()))


def find_button(session: Session, conversation: Conversation, button_id: str) -> tuple[str, Press] | None:
    """The message and meaning of a button that we sent in this conversation; None for any other id."""
    message_id, _, number = button_id.rpartition(".")
    row = session.scalar(select(Outbound).where(Outbound.id == message_id, Outbound.conversation_id == conversation.id))
    if row is None or not number.isdigit():
        return None
    buttons = [button for buttons in row.body["buttons"] for button in buttons]
    found = next((button for button in buttons if button["id"] == button_id), None)
    return (message_id, Press(found["kind"], found["value"], found["about"])) if found else None


def find_label(session: Session, conversation: Conversation, text: str) -> tuple[str, Press] | None:
    """The button of the newest turn with buttons, or of what came after it, whose label was typed: writing works wherever
    pressing does.

    What stood before may mean something else by now: a name among the people of a chat answers the question for a name.
    Choices of a question are left to the intake, which also reads several of them, synonyms and near misses.
    """
    typed = words(text)
    query = select(Outbound).where(Outbound.conversation_id == conversation.id).order_by(Outbound.number.desc())
    turn: str | None = None
    for row in session.scalars(query.limit(LABELS_OF_LAST)) if typed and len(typed) <= LONGEST_LABEL else ():
        if turn is not None and row.inbound_id != turn:
            return None
        for button in (button for buttons in row.body["buttons"] for button in buttons):
            turn = row.inbound_id
            if _may_be_typed(button) and words(button["label"]) == typed:
                return row.id, Press(button["kind"], button["value"], button["about"])
    return None


def _may_be_typed(button: dict[str, Any]) -> bool:
    return button["kind"] not in ("choice", "consent") or button["about"] == "change"


def language_switch(proposed: str, current: str, name_of_current: str) -> Reply:
    """The question whether to switch, worded in the proposed language."""
    stay = Button(say("language.button.stay", language=name_of_current), "language", current)
    return Reply([say("language.propose")], [[Button(say("button.yes"), "language", proposed), stay]])
