"""The record: every table, with what is encrypted and what erasing a conversation reaches.

Words of newcomers stand only in `Encrypted` columns. Ids are random and say nothing.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from lotse.storage.crypto import Encrypted, EncryptedByDay, Sealed

Serial = BigInteger().with_variant(Integer, "sqlite")


def new_id(kind: str) -> str:
    """Random id, e.g. `c_8JfW2k...`: 96 bits, short enough for Telegram's 64 bytes of callback data."""
    return f"{kind}_{secrets.token_urlsafe(12)}"


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def today() -> datetime:
    """The day, in UTC, as a time without hours: for what must not be found again by its second."""
    return now().replace(hour=0, minute=0, second=0, microsecond=0)


class Moment(TypeDecorator[datetime]):
    """A time with its zone; SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {datetime: Moment, date: Date, dict[str, Any]: JSON, list[str]: JSON, list[int]: JSON}


class Municipality(Table):
    """A town with its own answers, staff and numbers to call."""

    __tablename__ = "municipality"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("mu"))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    official_key: Mapped[str | None] = mapped_column(String(20))
    time_zone: Mapped[str] = mapped_column(String(60))
    details: Mapped[dict[str, Any]]  # opening hours, promises, prefix of references, own topics
    content_version: Mapped[int] = mapped_column(default=0)  # rises with every change of an answer


class Answer(Table):
    """Published information, the same for all its languages."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("municipality_id", "source_id"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("an"))
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"))
    source_id: Mapped[str] = mapped_column(String(200))
    topic: Mapped[str] = mapped_column(String(80))
    owner: Mapped[str] = mapped_column(String(200))
    scope: Mapped[str] = mapped_column(String(20))
    place: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    source_name: Mapped[str] = mapped_column(String(200))
    source_url: Mapped[str] = mapped_column(Text)
    checked_on: Mapped[date]
    review_on: Mapped[date]
    related: Mapped[list[str]]
    status: Mapped[str] = mapped_column(String(20), default="published")  # draft, published, retired; in_review is its draft's
    valid_from: Mapped[date | None]  # before this day and after the other one the bot does not show it
    valid_until: Mapped[date | None]
    texts: Mapped[list[AnswerText]] = relationship(back_populates="answer", cascade="all, delete-orphan")


class AnswerText(Table):
    """An answer in one language."""

    __tablename__ = "answer_text"
    __table_args__ = (UniqueConstraint("answer_id", "language"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("at"))
    answer_id: Mapped[str] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    questions: Mapped[list[str]]
    status: Mapped[str] = mapped_column(String(20))  # translation status
    answer: Mapped[Answer] = relationship(back_populates="texts")


class AnswerDraft(Table):
    """A change of an answer that is not published yet: all its languages, as the editor's form holds them."""

    __tablename__ = "answer_draft"
    answer_id: Mapped[str] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True)
    body: Mapped[dict[str, Any]]
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    saved_at: Mapped[datetime] = mapped_column(default=now)
    status: Mapped[str] = mapped_column(String(20), default="draft")  # draft; in_review: waits for a publisher
    remark: Mapped[str | None] = mapped_column(Text)  # what the publisher wrote who gave it back


class AnswerVersion(Table):
    """An answer as it was put into use: the editor's form, who did it and when."""

    __tablename__ = "answer_version"
    __table_args__ = (UniqueConstraint("answer_id", "number"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("av"))
    answer_id: Mapped[str] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"))
    number: Mapped[int]  # from 1 on
    body: Mapped[dict[str, Any]]
    origin: Mapped[str] = mapped_column(String(20))  # published, imported, filled, earlier (from before there were versions)
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(default=now)


class AnswerLink(Table):
    """An address on the web that a published answer names, and what came of asking it last."""

    __tablename__ = "answer_link"
    answer_id: Mapped[str] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)  # of the address
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    places: Mapped[list[str]]  # where it stands: `source`, or the language of a text
    state: Mapped[str] = mapped_column(String(20), default="waiting")  # the states of lotse/answers/links.py
    code: Mapped[int | None]  # of HTTP
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    checked_at: Mapped[datetime | None]
    next_at: Mapped[datetime] = mapped_column(default=now, index=True)


class AnswerImport(Table):
    """Where an answer was imported from, and fingerprints of what came last: by them staff's changes are known."""

    __tablename__ = "answer_import"
    answer_id: Mapped[str] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True)
    body: Mapped[dict[str, Any]]  # region, pages, texts and statuses by language, facts; whether it is gone there
    at: Mapped[datetime] = mapped_column(default=now)  # of the last change


class Entry(Table):
    """A place where newcomers find us, such as a counter with a QR code; its token stands in the link."""

    __tablename__ = "entry"
    token: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: secrets.token_urlsafe(9))
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"))
    place: Mapped[str] = mapped_column(String(200))
    used: Mapped[int] = mapped_column(default=0)  # conversations begun from here; no more is known about them


class Conversation(Table):
    """One newcomer on one channel."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel", "address_digest"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("c"))
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id"))
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[Any] = mapped_column(Encrypted)
    address_digest: Mapped[str] = mapped_column(String(64))
    language: Mapped[str | None] = mapped_column(String(20))
    language_chosen: Mapped[bool] = mapped_column(Boolean, default=False)
    language_declined: Mapped[str | None] = mapped_column(String(20))  # proposed and not wanted
    pending: Mapped[Any | None] = mapped_column(Encrypted)  # what the bot asked last beside the intake
    misunderstood: Mapped[int] = mapped_column(default=0)  # times in a row
    contact: Mapped[Any | None] = mapped_column(Encrypted)  # {"phone", "email"} that the newcomer left for the guide
    reachable: Mapped[bool] = mapped_column(Boolean, default=True)  # False: the newcomer has blocked the bot
    intake_id: Mapped[str | None] = mapped_column(String(40))  # whose turn it is where several people share a conversation
    reminders: Mapped[bool] = mapped_column(Boolean, default=True)  # False: the newcomer wants none
    assisted_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))  # begun at a counter
    talks_in: Mapped[str | None] = mapped_column(String(40))  # case in which a person writes; the bot is silent meanwhile
    told_away_at: Mapped[datetime | None]  # when the newcomer was last told that nobody reads at this hour
    started_at: Mapped[datetime] = mapped_column(default=now)
    last_at: Mapped[datetime] = mapped_column(default=now)


class Inbound(Table):
    """A message of a newcomer. Its words are dropped after the turn unless the newcomer agreed to keep them, or a person
    is to read them."""

    __tablename__ = "inbound"
    __table_args__ = (UniqueConstraint("conversation_id", "external_id"), Index("ix_inbound_state", "state"))
    number: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(40), unique=True, default=lambda: new_id("m"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    external_id: Mapped[str] = mapped_column(String(120))
    body: Mapped[Any | None] = mapped_column(Encrypted)
    language: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="received")  # received, done, failed
    attempts: Mapped[int] = mapped_column(default=0)
    case_id: Mapped[str | None] = mapped_column(String(40))  # to the person who writes in this case, not to the bot
    received_at: Mapped[datetime] = mapped_column(default=now)
    conversation: Mapped[Conversation] = relationship()


class Applied(Table):
    """What an action did and said for one message: recorded in the transaction of its effect, so that a
    repeated turn says the same and does nothing again. Deleted when the turn's messages are in the outbox."""

    __tablename__ = "applied"
    __table_args__ = (UniqueConstraint("inbound_id", "action"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("r"))
    inbound_id: Mapped[str] = mapped_column(ForeignKey("inbound.id", ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(String(60))
    result: Mapped[Any] = mapped_column(Encrypted)


class Outbound(Table):
    """The outbox: a message to a newcomer, sent in the order of its number, at least once. No number comes twice, also not
    after erasing: an open page knows by the last number that it shows what is new."""

    __tablename__ = "outbound"
    __table_args__ = (
        Index("ix_outbound_pending", "conversation_id", "state"),
        Index("ix_outbound_case", "case_id", "state"),
        {"sqlite_autoincrement": True},
    )
    number: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(40), unique=True, default=lambda: new_id("b"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    inbound_id: Mapped[str | None] = mapped_column(String(40))
    body: Mapped[Any] = mapped_column(Encrypted)
    state: Mapped[str] = mapped_column(String(20), default="pending")  # pending, sent, undeliverable
    sent_as: Mapped[list[int] | None] = mapped_column(JSON)  # the channel's own numbers of it, one a part
    case_id: Mapped[str | None] = mapped_column(String(40))  # of the case in which a person wrote it, or it was said for them
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))  # who wrote it
    written: Mapped[Any | None] = mapped_column(Encrypted)  # {"text", "translation"}: as the person wrote it
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]


class Intake(Table):
    """One run through a questionnaire."""

    __tablename__ = "intake"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("in"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id"))
    questionnaire: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str | None] = mapped_column(String(64))  # of the questions that it began with
    household_id: Mapped[str | None] = mapped_column(String(40), index=True)  # the same for people who live together
    assisted_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))  # filled in together
    status: Mapped[str] = mapped_column(String(20), default="started")  # started, submitted, withdrawn
    sent: Mapped[int] = mapped_column(default=0)  # how often it was sent: the version that the case worker reads
    amending: Mapped[bool] = mapped_column(Boolean, default=False)  # sent, and being changed
    paused: Mapped[bool] = mapped_column(Boolean, default=False)
    gate: Mapped[Any | None] = mapped_column(Encrypted)  # responses before the agreement; gone without it
    ticked: Mapped[Any | None] = mapped_column(Encrypted)  # {"question", "choices"} of a multiple choice in progress
    revisited: Mapped[str | None] = mapped_column(String(80))  # a question that is asked once more
    reminded: Mapped[int] = mapped_column(default=0)  # times that it was offered again
    started_at: Mapped[datetime] = mapped_column(default=now)
    touched_at: Mapped[datetime] = mapped_column(default=now)  # the newcomer's last message to it
    submitted_at: Mapped[datetime | None]
    municipality: Mapped[Municipality] = relationship()
    responses: Mapped[list[Response]] = relationship(order_by="Response.number", cascade="all, delete-orphan")
    consents: Mapped[list[Consent]] = relationship(cascade="all, delete-orphan")


class Response(Table):
    """What a newcomer replied to a question; the last one of a question counts, for the case worker the last one sent."""

    __tablename__ = "response"
    number: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    intake_id: Mapped[str] = mapped_column(ForeignKey("intake.id", ondelete="CASCADE"), index=True)
    question: Mapped[str] = mapped_column(String(80))
    value: Mapped[Any | None] = mapped_column(Encrypted)  # None: skipped
    words: Mapped[Any | None] = mapped_column(Encrypted)  # as typed; None where a button was pressed
    language: Mapped[str] = mapped_column(String(20))
    inbound_id: Mapped[str] = mapped_column(String(40))
    given_at: Mapped[datetime] = mapped_column(default=now)
    sent_in: Mapped[int | None]  # the version of the intake in which it was sent first
    confirmed_at: Mapped[datetime | None]  # when the newcomer saw it in the review and sent it


class QuestionnaireVersion(Table):
    """A questionnaire with all its words, as it was when an intake began with it."""

    __tablename__ = "questionnaire_version"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime] = mapped_column(default=now)


class ConsentText(Table):
    """The text that people agreed to, as it was shown to them."""

    __tablename__ = "consent_text"
    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime] = mapped_column(default=now)


class ConsentProof(Table):
    """That somebody had agreed, kept after their data is gone (GDPR, Art. 7(1)) for as long as the town says.

    Nothing leads from here to the person, but who shows the chat's address can be found by its keyed hash.
    """

    __tablename__ = "consent_proof"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("cp"))
    address_digest: Mapped[str] = mapped_column(String(64), index=True)
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id"))
    purpose: Mapped[str] = mapped_column(String(80))
    text_version: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(default=now)
    ended_by: Mapped[str] = mapped_column(String(20))  # deleted, withdrawn, expired


class WebLink(Table):
    """A link to a page about one conversation, used up by the page's form; known by a keyed hash only."""

    __tablename__ = "web_link"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    intake_id: Mapped[str | None] = mapped_column(ForeignKey("intake.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(20))  # private, my_data, open (its page after the form), move
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Consent(Table):
    """That a newcomer agreed: to what purpose, in which text and language, when."""

    __tablename__ = "consent"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("co"))
    intake_id: Mapped[str] = mapped_column(ForeignKey("intake.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(80))
    text_version: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime] = mapped_column(default=now)


class Case(Table):
    """What a handover opens for the case workers."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_opened", "municipality_id", "status", "opened_at"),
        Index("ix_cases_changed", "municipality_id", "status", "changed_at"),
        Index("ix_cases_latest", "changed_at"),  # for open pages of the desk, which ask again and again
        Index("ix_cases_assigned", "assigned_to", "status"),
        Index("ix_cases_intake", "intake_id"),
        Index("ix_cases_conversation", "conversation_id"),
        Index("ix_cases_merged", "merged_into"),
        Index("ix_cases_cursor", "municipality_id", "changed_at", "id"),  # by which the API goes on
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ca"))
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    intake_id: Mapped[str | None] = mapped_column(ForeignKey("intake.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))  # intake; contact: wants to talk to a person
    topic: Mapped[Any | None] = mapped_column(Encrypted)  # of a contact, in the newcomer's words
    language: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="new")  # new, open, waiting, closed
    opened_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    assigned_to: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"), index=True)
    merged_into: Mapped[str | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"))  # the same person's other case
    first_reply_at: Mapped[datetime | None]  # when a person first wrote to the newcomer
    unanswered_since: Mapped[datetime | None]  # when the newcomer wrote what no person has replied to yet
    outcome: Mapped[str | None] = mapped_column(String(20))  # why it was closed: one of work.OUTCOMES
    marked_at: Mapped[datetime | None]  # when its marks to be found by were last made; None: not yet (finding.py)
    intake: Mapped[Intake | None] = relationship()
    municipality: Mapped[Municipality] = relationship()
    conversation: Mapped[Conversation] = relationship()
    assignee: Mapped[Staff | None] = relationship()
    events: Mapped[list[CaseEvent]] = relationship(order_by="CaseEvent.number", cascade="all, delete-orphan")


class CaseEvent(Table):
    """What happened in a case: a case note that staff wrote, or a system note that records a change."""

    __tablename__ = "case_event"
    number: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(20))  # note, status, assigned
    body: Mapped[Any] = mapped_column(Encrypted)  # the note's text; {"from", "to"} of a change
    at: Mapped[datetime] = mapped_column(default=now)
    staff: Mapped[Staff | None] = relationship()


class Appointment(Table):
    """A meeting that a case worker proposed, at up to three times, of which the newcomer picks one."""

    __tablename__ = "appointment"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("ap"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    place: Mapped[Any] = mapped_column(Encrypted)
    minutes: Mapped[int]
    times: Mapped[list[str]]  # proposed beginnings, ISO 8601 in UTC
    starts_at: Mapped[datetime | None] = mapped_column(index=True)  # the one that was picked
    state: Mapped[str] = mapped_column(String(20), default="proposed")  # proposed, agreed, declined, cancelled, replaced
    changed_by_newcomer: Mapped[bool] = mapped_column(Boolean, default=False)  # it was they who declined or cancelled
    sequence: Mapped[int] = mapped_column(default=0)  # of the calendar file: rises with every change (RFC 5545, 3.8.7.4)
    link_digest: Mapped[str | None] = mapped_column(String(64), unique=True)  # of the link to the calendar file
    reminded_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    case: Mapped[Case] = relationship()
    staff: Mapped[Staff | None] = relationship()


class CaseMark(Table):
    """By what a case is found in the queue: keyed hashes of the words of the name to call, and of chosen themes."""

    __tablename__ = "case_mark"
    __table_args__ = (Index("ix_case_mark_digest", "digest", "case_id"),)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)


class CaseFlag(Table):
    """A sign that staff have set on a case, with the reason; clearing it deletes the row, the history tells of both."""

    __tablename__ = "case_flag"
    __table_args__ = (Index("ix_case_flag_kind", "kind"),)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)  # one of flags.KINDS: about the work, not the person
    reason: Mapped[Any] = mapped_column(Encrypted)
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(default=now)
    staff: Mapped[Staff | None] = relationship()


class CaseTask(Table):
    """Something to do in a case, by somebody, by a day."""

    __tablename__ = "case_task"
    __table_args__ = (Index("ix_case_task_assigned", "assigned_to", "done_at"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("tk"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    text: Mapped[Any] = mapped_column(Encrypted)
    due_on: Mapped[date | None]
    assigned_to: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]
    case: Mapped[Case] = relationship()
    assignee: Mapped[Staff | None] = relationship()


class CaseReading(Table):
    """How far somebody of the staff has read a case: what came after is new to them."""

    __tablename__ = "case_reading"
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, index=True)
    event: Mapped[int] = mapped_column(BigInteger, default=0)  # number of the last event that stood on the page
    at: Mapped[datetime] = mapped_column(default=now)


class CaseCheck(Table):
    """That a case worker has verified a response. It counts for this response only, not for one that replaces it."""

    __tablename__ = "case_check"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    response: Mapped[int] = mapped_column(Serial, ForeignKey("response.number", ondelete="CASCADE"), primary_key=True, index=True)
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(default=now)
    staff: Mapped[Staff | None] = relationship()


class CaseLikeness(Table):
    """By which two cases may be the same person's: keyed hashes of what they told. Staff decide, and may say no."""

    __tablename__ = "case_likeness"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(String(20))  # phone, email, told (name, age and languages)


class CaseDifference(Table):
    """That staff have looked at two cases and they are two people's."""

    __tablename__ = "case_difference"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)


class CrisisCall(Table):
    """A call of a person, offered after a message that named danger. Its words stand here and nowhere else:
    not in the conversation, not with a case. They are shown only on the newcomer's yes, and soon deleted without it."""

    __tablename__ = "crisis_call"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("cc"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id"))
    topic: Mapped[str] = mapped_column(String(20), default="crisis")  # no other: how serious it is, nobody assesses
    state: Mapped[str] = mapped_column(String(20), default="offered")  # offered, called, acknowledged, declined, lapsed
    reference: Mapped[str | None] = mapped_column(String(20))  # what the newcomer can name; with the yes
    words: Mapped[Any | None] = mapped_column(Encrypted)
    show_words: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)  # for open pages of the desk
    called_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    conversation: Mapped[Conversation] = relationship()
    municipality: Mapped[Municipality] = relationship()
    staff: Mapped[Staff | None] = relationship()


class UnansweredQuestion(Table):
    """A question without an answer, for the editors; with the conversation only if the newcomer wants to be told.

    Names, telephone numbers and addresses are taken out before it is kept, and nothing in the row says the time of day:
    without a conversation it cannot be laid beside what was written in that second.
    """

    __tablename__ = "unanswered_question"
    __table_args__ = (Index("ix_unanswered_question_open", "municipality_id", "status"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("uq"))
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    question: Mapped[Any] = mapped_column(EncryptedByDay)
    vector: Mapped[Any | None] = mapped_column(EncryptedByDay)  # of the words (grouping.packed): it tells much of them
    language: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="open")
    asked_at: Mapped[datetime] = mapped_column(default=today)  # the day only
    answer_id: Mapped[str | None] = mapped_column(String(40))  # the answer that was published for it
    closed_on: Mapped[date | None]


class Feedback(Table):
    """Whether an answer helped; no conversation, no words."""

    __tablename__ = "feedback"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("fb"))
    answer_id: Mapped[str] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"), index=True)
    language: Mapped[str] = mapped_column(String(20))
    verdict: Mapped[str] = mapped_column(String(20))  # helpful, not_my_question, not_true, hard
    given_at: Mapped[datetime] = mapped_column(default=now)


class WebSession(Table):
    """A browser that holds a web conversation; its cookie is known by a keyed hash only."""

    __tablename__ = "web_session"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_at: Mapped[datetime] = mapped_column(default=now)


class ReturnCode(Table):
    """The code that reopens a web conversation on another device; known by a keyed hash only, one a conversation."""

    __tablename__ = "return_code"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Staff(Table):
    """An account of a case worker, editor, administrator or observer."""

    __tablename__ = "staff"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("st"))
    login: Mapped[str] = mapped_column(String(200), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))  # argon2id
    temporary_until: Mapped[datetime | None]  # the password was made by somebody else: to be changed before this
    language: Mapped[str] = mapped_column(String(20), default="de")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    failures: Mapped[int] = mapped_column(default=0)  # wrong passwords in a row
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    roles: Mapped[list[StaffRole]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class StaffRole(Table):
    """What an account may do, in one municipality; a system administrator has none."""

    __tablename__ = "staff_role"
    __table_args__ = (UniqueConstraint("staff_id", "municipality_id", "role"),)
    number: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    municipality_id: Mapped[str | None] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(40))


class StaffSession(Table):
    """A signed-in browser of staff; its cookie is known by its hash only, ending it is deleting the row."""

    __tablename__ = "staff_session"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(20), default="in")  # code: waits for the second factor, is nobody yet
    browser: Mapped[str] = mapped_column(String(40), default="")  # its family and system, no more
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_at: Mapped[datetime] = mapped_column(default=now)


class SecondFactor(Table):
    """The app that makes codes for an account (TOTP, RFC 6238); without a time of confirmation it is being set up."""

    __tablename__ = "second_factor"
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[Any] = mapped_column(Encrypted)
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)  # of the last code that was taken: none is taken twice
    failures: Mapped[int] = mapped_column(default=0)  # wrong codes in a row


class RecoveryCode(Table):
    """A code on paper, for when the app is lost; known by a keyed hash only, and gone when it was used."""

    __tablename__ = "recovery_code"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)


class StaffIdentity(Table):
    """By what a provider of sign-in (OpenID Connect) knows an account."""

    __tablename__ = "staff_identity"
    issuer: Mapped[str] = mapped_column(String(200), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    linked_at: Mapped[datetime] = mapped_column(default=now)


class AuditChain(Table):
    """The trail of one town, or of the installation: from where to where it goes, sealed with a key of its own."""

    __tablename__ = "audit_chain"
    chain: Mapped[str] = mapped_column(String(40), primary_key=True)  # id of the municipality, or "installation"
    key: Mapped[Any] = mapped_column(Sealed)  # random; encrypted anew from time to time, so that old keys can go
    start_number: Mapped[int] = mapped_column(BigInteger, default=0)  # of the last entry that was cut off
    start_hash: Mapped[str] = mapped_column(String(64), default="")
    last_number: Mapped[int] = mapped_column(BigInteger, default=0)
    last_hash: Mapped[str] = mapped_column(String(64), default="")
    seal: Mapped[str] = mapped_column(String(64))  # of the four above


class AuditEntry(Table):
    """Who did or saw what of a person's data, or administered something. Only added to, and cut off at the front by age.

    No foreign keys: whatever is erased, the trail stays as it was written. No names, values or words stand in it.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "chain", "at"),
        Index("ix_audit_entry_actor", "actor", "at"),
        Index("ix_audit_entry_reference", "reference"),
    )
    chain: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # from 1, without gaps
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(40))  # id of staff or of an API token, "operator" or "system"
    action: Mapped[str] = mapped_column(String(40))  # kind of what it was done to, and what: case.read
    reference: Mapped[str | None] = mapped_column(String(40))  # of the case; id of anything else
    details: Mapped[dict[str, Any]]  # names of fields, counts, references of a list
    hash: Mapped[str] = mapped_column(String(64))  # keyed, of the hash before and of everything above


class ApiToken(Table):
    """What another system of a town proves itself with; known by its hash only."""

    __tablename__ = "api_token"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("to"))
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))  # of the other system
    scopes: Mapped[list[str]]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    municipality: Mapped[Municipality] = relationship()
    maker: Mapped[Staff | None] = relationship()


class Webhook(Table):
    """Where a town's other system wants to be told that something happened in a case."""

    __tablename__ = "webhook"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("wh"))
    municipality_id: Mapped[str] = mapped_column(ForeignKey("municipality.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]]
    secret: Mapped[Any] = mapped_column(Sealed)  # by which the other system knows that it is us
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    stopped_because: Mapped[str | None] = mapped_column(String(20))  # gone (answered 410), failing
    stopped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]  # the last one that arrived
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    municipality: Mapped[Municipality] = relationship()


class WebhookDelivery(Table):
    """The outbox of webhooks: an event that has not arrived yet. Deleted when it has."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("ix_webhook_delivery_next_at", "next_at"),)
    number: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(40), unique=True, default=lambda: new_id("msg"))  # the same at every try
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"), index=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(40))  # case.opened, case.changed, case.closed
    at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=now)
    webhook: Mapped[Webhook] = relationship()
    case: Mapped[Case] = relationship()
