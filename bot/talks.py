"""While a person talks with a newcomer: what is typed goes to them, and the bot is silent but for what nobody else can do."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.incoming import intent_of_command, intent_of_press
from lotse.cases import appointments, talk
from lotse.replies import Reply
from lotse.storage.tables import Case, Conversation, Inbound, now
from lotse.turns import Press

# a newcomer's rights, and the language of all that is said; the crisis reply comes before this
STILL_DONE = ("privacy", "my_data", "delete", "withdraw", "stop_all", "change_language")
ASKED_BACK = ("delete", "withdraw")  # kinds of `pending` that these leave


def is_for_bot(conversation: Conversation, text: str) -> bool:
    """Whether a typed text is for the bot although a person talks."""
    return intent_of_command(text) in STILL_DONE or (conversation.pending or {}).get("kind") in ASKED_BACK


def is_button_for_bot(press: Press) -> bool:
    """Whether a button does something although a person talks."""
    of_person = press.kind == "menu" and press.value in (talk.BACK, appointments.PRESS)
    return of_person or press.about in ASKED_BACK or intent_of_press(press) in STILL_DONE


def answer_text(session: Session, case: Case, inbound: Inbound, text: str) -> list[Reply]:
    """Hand a message to the person; a command that the bot does not do now is not for them."""
    if intent_of_command(text) is not None:
        return [talk.silent(case)]
    return talk.take(session, case, inbound, now())


def answer_press(session: Session, conversation: Conversation, press: Press) -> list[Reply] | None:
    """What follows on a button that is about the talk, or that the bot does nothing for now; None: it does."""
    case = talk.open_in(session, conversation)
    if press.kind == "menu" and press.value == talk.BACK:
        return [laid.reply for laid in talk.hand_back(session, case, None)] if case is not None else None
    return None if case is None or is_button_for_bot(press) else [talk.silent(case)]
