"""Going on in another channel, without the engine: the code is offered here, and taken here when somebody writes it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.inbox import Inbox
from bot.limiting import ALL_WRONG_CODES, WRONG_CODE, Limits
from bot.outbox import Outbox
from lotse import greeting, privacy
from lotse.core import Core
from lotse.intake import Taken, moving, waiting
from lotse.replies import Button, Reply, Say, say
from lotse.storage.tables import Conversation, Inbound, Municipality
from lotse.storage.tables import Outbound as Laid
from lotse.turns import Turn, Understanding


class Moves:
    """Offers codes, and takes what they hold to the conversation where they are written."""

    def __init__(self, core: Core, inbox: Inbox, outbox: Outbox) -> None:
        self._core = core
        self._inbox = inbox
        self._outbox = outbox
        self._limits = Limits()

    def offer(self, session: Session, conversation: Conversation) -> Reply:
        """A new code, and what to do with it."""
        code = moving.offer(session, self._core.database.vault, conversation)
        settings = self._core.settings
        where: list[str | Say] = []
        if settings.public_url and conversation.channel != "web":
            where.append(say("move.to_web", address=f"{settings.public_url}/chat/return"))
        if settings.telegram_token and conversation.channel != "telegram":
            where.append(say("move.to_telegram"))
        return Reply([say("move.what"), code, *(where or [say("move.to_chat")]), say("move.careful")], strong=1)

    def arrive(self, session: Session, conversation: Conversation, inbound: Inbound, code: str) -> list[Reply]:
        """What follows on a code that was written: the talk goes on here, or why it does not."""
        vault, who = self._core.database.vault, conversation.id
        if self._limits.left(WRONG_CODE, "move", who) or self._limits.left(ALL_WRONG_CODES, "moves"):
            return [Reply([say("move.too_many")])]
        found = moving.find(session, vault, code)
        if found is not None and found.id == conversation.id:
            return [Reply([say("move.same")])]
        former = moving.take(session, vault, code, conversation)
        if former is None:
            self._limits.take(WRONG_CODE, "move", who)
            self._limits.take(ALL_WRONG_CODES, "moves")
            self._greet_stranger(session, conversation)
            return [Reply([say("move.wrong")])]
        self._outbox.put(session, former, _farewell(), None)
        for each in (former, conversation):  # what the engine remembers of both is made anew from the record
            privacy.forget_tracker(self._core.settings.tracker_url, each.id)
        return self._go_on(session, conversation, inbound)

    def _go_on(self, session: Session, conversation: Conversation, inbound: Inbound) -> list[Reply]:
        municipality = session.get_one(Municipality, conversation.municipality_id)
        turn = Turn(session, conversation, municipality, inbound, Understanding(None))
        asked = self._core.intakes.ask(turn, Taken(True, before=[say("move.here")]), interrupted=False, offers=[])
        menu = greeting.menu(waiting(session, conversation) is not None)
        return asked or [Reply([say("move.here"), *menu.paragraphs], menu.rows)]

    def _greet_stranger(self, session: Session, conversation: Conversation) -> None:
        """Nobody talks with us without having read that we are a program."""
        if session.scalar(select(Laid.id).where(Laid.conversation_id == conversation.id).limit(1)) is None:
            self._inbox.greet(session, conversation)


def _farewell() -> Reply:
    """What stays in the chat that was left; whoever did not leave it themselves is told what to do."""
    person = [[Button(say("menu.button.person"), "menu", "person")]]
    return Reply([say("move.gone"), say("move.not_you")], person)
