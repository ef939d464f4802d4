"""Reads web conversations from the record and shows them as HTML; the routes in app.py know no tables."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.web import contact, history, sessions
from bot.channels.web.history import Bubble
from bot.channels.web.markup import marked
from bot.channels.web.stream import News
from bot.inbox import Inbox
from bot.messages import IncomingMessage
from bot.outbox import mark_sent
from desk.pages import Pages
from lotse.cases import likeness
from lotse.codes import grouped, letters_of
from lotse.core import Core
from lotse.intake import moving
from lotse.storage.tables import Conversation, Entry, Inbound, Municipality, Outbound, Staff

CHANNEL = "web"
SHOWN = 100  # bubbles; earlier ones on request

_BUTTON = re.compile(r"b_[\w-]{1,40}\.\d{1,4}", re.ASCII)
_NAME = re.compile(r"[\w-]{1,80}", re.ASCII)


@dataclass(frozen=True)
class Here:
    """An open chat: whose browser asks."""

    token: str
    conversation: str
    address: str
    language: str | None
    town: str
    country: str
    together_with: str | None = None  # name of the member of staff at whose counter this is
    slug: str = ""  # of the town


@dataclass(frozen=True)
class Moved:
    """A chat that a talk from elsewhere goes on in, and the message that brings it there."""

    token: str
    conversation: str
    message: str


@dataclass(frozen=True)
class Shown:
    """A conversation to be shown."""

    bubbles: list[Bubble]
    earlier: bool  # there is more than is shown
    last: int  # number of the newest message of the bot
    waits: bool  # for the answer to a message
    unsent: list[str]


class Chats:
    """Web conversations."""

    def __init__(self, core: Core, pages: Pages) -> None:
        self._core = core
        self._database = core.database
        self._vault = core.database.vault
        self._inbox = Inbox(core)
        self._pages = pages

    def find(self, token: str | None, *, visit: bool = True) -> Here | None:
        """The chat that a cookie opens; no visit is when an open page asks by itself."""
        with self._database.reading() as session:
            found = sessions.find(session, self._vault, token)
            if found is None or token is None:
                return None
            conversation = session.get_one(Conversation, found.conversation_id)
            town = session.get_one(Municipality, conversation.municipality_id)
            staff = session.get(Staff, conversation.assisted_by or "") if sessions.is_at_counter(token) else None
            here = Here(
                token,
                conversation.id,
                conversation.address,
                conversation.language,
                town.name,
                town.country,
                staff.name if staff is not None else None,
                town.slug,
            )
            is_to_be_noted = visit and sessions.is_to_be_noted(found, token)
        if is_to_be_noted:
            with self._database.session() as session:
                sessions.note(session, self._vault, token)
        return here

    def town(self, slug: str | None, entry: str | None) -> str | None:
        """Name of the town that a link means: of the place with this token, else of the slug, else our own."""
        with self._database.reading() as session:
            place = session.get(Entry, entry) if is_name(entry) else None
            if place is not None:
                return session.get_one(Municipality, place.municipality_id).name
            wanted = slug or self._core.settings.municipality
            return session.scalar(select(Municipality.name).where(Municipality.slug == wanted)) if is_name(wanted) else None

    def begin(self, language: str, slug: str | None, entry: str | None) -> str:
        """A new conversation, greeted; returns the token for the browser's cookie."""
        opened = self._inbox.open(_first(language, slug, entry))
        with self._database.session() as session:
            return sessions.begin(session, self._vault, opened)

    def store(self, here: Here, nonce: str, text: str | None, press: str | None) -> tuple[str, str, str]:
        """Keep a message; returns the ids of conversation, message and bubble.

        The same form sent again is the same message; another text or press in an old form is another one. The id says
        nothing about the words: the nonce that it was made with is kept nowhere.
        """
        external_id = self._vault.digest("\0".join(("web message", nonce, press or "", text or "")))[:32]
        known = press if press is None or _BUTTON.fullmatch(press) else "unknown"
        message = IncomingMessage(CHANNEL, here.address, external_id, text=text, press=known)
        return (*self._inbox.store(message), external_id)

    def show(self, here: Here, everything: bool = False) -> Shown:
        """What a page shows."""
        with self._database.reading() as session:
            outbound, inbound = _rows(session, here.conversation)
        shown = history.bubbles(outbound, inbound, self.language(here))
        return Shown(
            bubbles=shown if everything else shown[-SHOWN:],
            earlier=len(shown) > SHOWN and not everything,
            last=outbound[-1].number if outbound else 0,
            waits=bool(inbound) and inbound[-1].state == "received",
            unsent=[row.id for row in outbound if row.state == "pending"],
        )

    def news(self, token: str, after: int) -> News | None:
        """What a page that shows everything up to a number does not show yet; None if its session has ended."""
        here = self.find(token, visit=False)
        if here is None:
            return None
        with self._database.reading() as session:
            mine = select(Outbound).where(Outbound.conversation_id == here.conversation)
            if after and session.scalar(mine.where(Outbound.number == after)) is None:  # erased since
                outdated = True
                rows: Sequence[Outbound] = []
            else:
                outdated = False
                rows = session.scalars(mine.where(Outbound.number > after).order_by(Outbound.number)).all()
        if outdated:
            shown = self.show(here)
            html = "".join(self.html(here, bubble) for bubble in shown.bubbles)
            return News(shown.last, reset=html, unsent=shown.unsent)
        messages = [(row.number, self.html(here, history.of_bot(row))) for row in rows]
        return News(rows[-1].number if rows else after, messages, unsent=[row.id for row in rows if row.state == "pending"])

    def mark(self, ids: list[str]) -> None:
        """A browser has these."""
        if ids:
            with self._database.session() as session:
                mark_sent(session, ids)

    def html(self, here: Here, bubble: Bubble) -> str:
        """A bubble as HTML."""
        return self._pages.html("bubble.html", self.language(here), bubble=bubble, marked=marked, nonce=new_nonce)

    def language(self, here: Here) -> str:
        """The language of a chat's page."""
        return here.language or self._core.languages.offered[0].tag

    def make_code(self, here: Here) -> str:
        """A new return code."""
        with self._database.session() as session:
            return sessions.make_code(session, self._vault, here.conversation)

    def has_code(self, here: Here) -> bool:
        """Whether there is one."""
        with self._database.reading() as session:
            return sessions.has_code(session, here.conversation)

    def come_back(self, typed: str) -> str | None:
        """Open a chat by its return code; returns the token for the browser's cookie."""
        with self._database.session() as session:
            found = sessions.conversation_of_code(session, self._vault, typed)
            return sessions.begin(session, self._vault, found) if found else None

    def come_from_elsewhere(self, here: Here | None, typed: str) -> Moved | None:
        """Send the code of a talk on another channel to the chat that is open, else to a new one in the talk's language."""
        with self._database.reading() as session:
            found = moving.find(session, self._vault, typed)
            if found is None:
                return None
            language, town = found.language, session.get_one(Municipality, found.municipality_id).slug
        letters = letters_of(typed)
        message = IncomingMessage(
            CHANNEL,
            here.address if here is not None else secrets.token_urlsafe(24),
            self._vault.digest(f"web message\0{letters}")[:32],
            text=grouped(letters),
            language_hint=language,
            municipality=town,
        )
        conversation, stored = self._inbox.store(message)
        if here is not None:
            return Moved(here.token, conversation, stored)
        with self._database.session() as session:
            return Moved(sessions.begin(session, self._vault, conversation), conversation, stored)

    def leave(self, token: str | None) -> None:
        """End a browser's session. At a counter with it ends that staff help: what comes next, the newcomer tells alone."""
        with self._database.session() as session:
            found = sessions.find(session, self._vault, token) if sessions.is_at_counter(token) else None
            if found is not None:
                session.get_one(Conversation, found.conversation_id).assisted_by = None
            sessions.end(session, self._vault, token)

    def contact_of(self, here: Here) -> contact.Contact:
        """How a guide can reach the newcomer."""
        with self._database.reading() as session:
            return contact.of(session.get_one(Conversation, here.conversation))

    def keep_contact(self, here: Here, given: contact.Contact) -> None:
        """Keep it; by what cases may be known again follows."""
        with self._database.session() as session:
            conversation = session.get_one(Conversation, here.conversation)
            contact.keep(conversation, given)
            likeness.keep_contact(session, conversation)

    def key(self, here: Here) -> str:
        """Names a chat in a browser's own store, so that no other chat sends what waits there."""
        return self._vault.digest(f"web store\0{here.conversation}")[:16]


def begin_together(core: Core, language: str, slug: str, staff_id: str) -> str:
    """A new conversation in which a member of staff helps; returns the token for the cookie of their browser."""
    opened = Inbox(core).open(_first(language, slug, None))
    with core.database.session() as session:
        session.get_one(Conversation, opened).assisted_by = staff_id
        return sessions.begin(session, core.database.vault, opened, at_counter=True)


def _first(language: str, slug: str | None, entry: str | None) -> IncomingMessage:
    """What begins a conversation at an address of its own."""
    return IncomingMessage(
        channel=CHANNEL,
        address=secrets.token_urlsafe(24),
        external_id="",
        language_chosen=language,
        municipality=slug or None,
        entry=entry if is_name(entry) else None,
    )


def is_name(text: str | None) -> bool:
    """Whether a text from a link can be a slug or a token."""
    return bool(text) and _NAME.fullmatch(text or "") is not None


def new_nonce() -> str:
    """For a form: what is sent by it twice is one message."""
    return secrets.token_urlsafe(12)


def _rows(session: Session, conversation: str) -> tuple[Sequence[Outbound], Sequence[Inbound]]:
    """Everything of a conversation. Encrypted words are decrypted here: some hundred rows take milliseconds."""
    outbound = select(Outbound).where(Outbound.conversation_id == conversation).order_by(Outbound.number)
    inbound = select(Inbound).where(Inbound.conversation_id == conversation).order_by(Inbound.number)
    return session.scalars(outbound).all(), session.scalars(inbound).all()
