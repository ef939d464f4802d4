"""The inbox: messages of newcomers, stored once, in order, before anything else happens. Needs no engine."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.incoming import LONGEST, clean, code_in, is_start
from bot.messages import IncomingMessage
from bot.outbox import Outbox, find_button, find_label
from bot.talks import is_button_for_bot
from lotse import greeting
from lotse.core import Core
from lotse.intake import waiting
from lotse.storage.tables import Conversation, Entry, Inbound, Municipality, now
from lotse.turns import Press

_OF_PAGE = "page."


class UnknownMunicipality(Exception):
    """No municipality has this slug; the message names it."""


class Inbox:
    """Finds or begins conversations and keeps what arrives; every process that hears a channel has one."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._outbox = Outbox(core.wording, core.languages)

    def open(self, message: IncomingMessage) -> str:
        """The conversation at an address, greeted when it is new or comes back; returns its id."""
        with self._core.database.session() as session:
            conversation, is_new = self._conversation(session, message)
            if is_new or not conversation.language:
                self.greet(session, conversation, pick=not conversation.language_chosen)
            else:
                waits = waiting(session, conversation) is not None
                self._outbox.put(session, conversation, greeting.menu(waits), None)
            return conversation.id

    def greet(self, session: Session, conversation: Conversation, *, pick: bool = True) -> None:
        """The picker; with a likely language also who we are, so that nobody has to press before asking."""
        if pick:
            picker = greeting.picker(self._core.languages.offered, conversation.language)
            self._outbox.put(session, conversation, picker, None)
        if conversation.language:
            name = session.get_one(Municipality, conversation.municipality_id).name
            self._outbox.put(session, conversation, greeting.hello(name), None)

    def store(self, message: IncomingMessage) -> tuple[str, str]:
        """Keep a message; returns the ids of its conversation and of itself, the same for the same message again."""
        try:
            with self._core.database.session() as session:
                conversation, is_new = self._conversation(session, message)
                if is_new and not is_start(message.text or "") and not code_in(message.text or ""):
                    self.greet(session, conversation)  # nobody talks with us without having read that we are a program
                known = session.scalar(
                    select(Inbound).where(Inbound.conversation_id == conversation.id, Inbound.external_id == message.external_id)
                )
                if known is not None:
                    return conversation.id, known.id
                inbound = Inbound(
                    conversation_id=conversation.id,
                    external_id=message.external_id,
                    body=self._body(session, conversation, message),
                )
                session.add(inbound)
                conversation.last_at = now()
                conversation.reachable = True  # who writes has not blocked us
                session.flush()
                return conversation.id, inbound.id
        except IntegrityError:  # the same message, stored by another process in the same moment
            return self.store(message)

    def _conversation(self, session: Session, message: IncomingMessage) -> tuple[Conversation, bool]:
        digest = self._core.database.vault.digest(f"{message.channel}\0{message.address}")
        known = session.scalar(
            select(Conversation).where(Conversation.channel == message.channel, Conversation.address_digest == digest)
        )
        if known is not None:
            return known, False
        conversation = Conversation(
            municipality_id=self._municipality(session, message).id,
            channel=message.channel,
            address=message.address,
            address_digest=digest,
            language=self._core.languages.offered_tag(message.language_chosen or message.language_hint),
            language_chosen=message.language_chosen is not None,
        )
        session.add(conversation)
        session.flush()
        return conversation, True

    def _municipality(self, session: Session, message: IncomingMessage) -> Municipality:
        entry = session.get(Entry, message.entry) if message.entry else None
        if entry is not None:
            entry.used += 1
            return session.get_one(Municipality, entry.municipality_id)
        slug = message.municipality or self._core.settings.municipality
        municipality = session.scalar(select(Municipality).where(Municipality.slug == slug))
        if municipality is None:
            raise UnknownMunicipality(f"no municipality has the slug {slug!r}")
        return municipality

    def _body(self, session: Session, conversation: Conversation, message: IncomingMessage) -> dict[str, object]:
        if message.press is not None:
            found = find_button(session, conversation, message.press)
            return _press_body(*found) if found else _press_body("", Press("unknown", "", ""))
        text = message.text or ""
        if message.media is None:
            named = find_label(session, conversation, text)
            # to a person a "yes" is a word, whatever stood on a button before
            if named is not None and (conversation.talks_in is None or is_button_for_bot(named[1])):
                return _press_body(*named)
        return {"text": clean(text)[:LONGEST], "cut": len(text) > LONGEST, "media": message.media, "number": message.number}


def keep_press_of_page(session: Session, conversation: Conversation, digest: str, press: Press) -> str:
    """Keep, in the caller's transaction, what sending a page of ours stands for; returns the message's id.

    `digest` is that of the page's link: it can be sent once.
    """
    body = _press_body("", press)
    inbound = Inbound(conversation_id=conversation.id, external_id=f"{_OF_PAGE}{digest[:32]}", body=body)
    session.add(inbound)
    conversation.last_at = now()
    session.flush()
    return inbound.id


def is_of_page(external_id: str) -> bool:
    """Whether a message is what a page stands for, and not something that the newcomer wrote or pressed in the chat."""
    return external_id.startswith(_OF_PAGE)


def _press_body(message: str, press: Press) -> dict[str, object]:
    return {"press": {"kind": press.kind, "value": press.value, "about": press.about, "message": message}}
