"""A member of staff and a newcomer write to each other in a case; the bot is silent until one of them hands back to it.

Staff read what was written to them, and nothing that was said to the bot. What they write lies in the outbox like every
message to a newcomer: in order, sent at least once, erased with the conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse import greeting
from lotse.answers.opening import of_staff, on_duty
from lotse.answers.showing import hours
from lotse.cases import work
from lotse.cases.service import record
from lotse.cases.work import WorkError
from lotse.intake.runs import all_of, pause, waiting
from lotse.privacy.periods import periods_of
from lotse.replies import Button, Reply, Say, say
from lotse.storage import trail
from lotse.storage.tables import Case, Conversation, Inbound, Outbound, Staff, now

LONGEST = 3000  # characters: with a name, a translation's mark and the original still few parts in every channel
AWAY_AGAIN = timedelta(hours=10)  # who writes all evening is told once that nobody reads now
BACK = "bot"  # value of the button by which a newcomer goes back to the bot
# ready sentences, as wordings `canned.<name>`: said in the newcomer's language, read by staff in their own
CANNED = ("hello", "read", "when_free", "call_you", "bring_papers", "not_here", "interpreter", "later", "thanks", "goodbye")


@dataclass(frozen=True)
class Laid:
    """What is to be laid in the outbox of a case's conversation: said for a person, or written by them."""

    reply: Reply
    staff_id: str | None = None
    written: dict[str, Any] | None = None  # as the person wrote it; for what the bot said: {"note"}, which of its sentences


@dataclass(frozen=True)
class Line:
    """One message of a talk, as staff see it.

    `state` of what was said to the newcomer is `pending`, `sent` or `undeliverable`; of what they wrote it is empty.
    """

    id: str
    by_newcomer: bool
    staff: str | None  # name; None: said by the bot for them, or by somebody whose account is gone
    written: bool  # by a person; else it is a note of the bot
    text: str | None  # None: not kept any more
    language: str | None
    canned: str | None
    note: str | None  # which of the bot's sentences it is
    translation: str | None  # what was sent in place of the text
    translations: dict[str, str]  # of what the newcomer wrote, by a machine, by language
    at: datetime
    state: str
    sent_at: datetime | None


def open_in(session: Session, conversation: Conversation) -> Case | None:
    """The case in which a person talks with a newcomer now; None while the bot speaks."""
    found = session.get(Case, conversation.talks_in) if conversation.talks_in else None
    return found if found is not None and is_open(found) and found.conversation_id == conversation.id else None


def is_open(case: Case) -> bool:
    """Whether people talk in this case now; in a closed one nobody does, and the bot speaks."""
    return case.conversation.talks_in == case.id and case.status != "closed"


def write(session: Session, case: Case, text: str, by: Staff, translation: str | None = None, canned: str = "") -> list[Laid]:
    """Write to the newcomer; from then on the bot is silent. Who writes first takes a case that nobody has.

    `translation` is what a machine made of the text, `canned` the name of a ready sentence in place of a text.
    """
    text = text.replace("\r\n", "\n").strip()
    _check(case, text, canned)
    before = _begin(session, case, by) if not is_open(case) else []
    moment = now()
    case.first_reply_at = case.first_reply_at or moment
    case.unanswered_since = None
    case.changed_at = moment
    session.flush()
    said: list[str | Say] = [say(f"canned.{canned}")] if canned else [text]
    if translation:
        said = [translation, say("talk.machine"), text]
    trail.note(session, by.id, "case.message", town=case.municipality_id, reference=case.reference)
    head = say("talk.from", name=by.name, municipality=case.municipality.name)
    written = {"text": None if canned else text, "translation": translation, "canned": canned or None}
    return [*before, Laid(Reply([head, *said], strong=0, by=by.name), by.id, written)]


def hand_back(session: Session, case: Case, by: Staff | None) -> list[Laid]:
    """Let the bot speak again; `by` is nobody where the newcomer wished it. Also where the case was closed meanwhile."""
    if case.conversation.talks_in != case.id:
        raise WorkError("back", "not_open", "the bot speaks already")
    conversation = case.conversation
    conversation.talks_in, conversation.told_away_at = None, None
    record(session, case, "talk_ended", {}, by)
    menu = greeting.menu(waiting(session, conversation) is not None)
    return [Laid(Reply([say("talk.back"), *menu.paragraphs], menu.rows), written={"note": "back"})]


def take(session: Session, case: Case, inbound: Inbound, moment: datetime) -> list[Reply]:
    """Keep a newcomer's message for the person who talks with them; says when they read it, if nobody does now."""
    conversation = case.conversation
    inbound.case_id = case.id
    case.unanswered_since = case.unanswered_since or moment
    case.changed_at = moment
    session.flush()
    details = case.municipality.details
    told = conversation.told_away_at
    if not of_staff(details) or on_duty(details, case.municipality.time_zone, moment) or (told and moment - told < AWAY_AGAIN):
        return []
    conversation.told_away_at = moment
    when = hours(of_staff(details), conversation.language or "en")
    return [Reply([say("talk.away", hours=when), say("talk.away.danger")], [[back_button()]])]


def silent(case: Case) -> Reply:
    """Why the bot does not do what a button would have done."""
    return Reply([say("talk.silent", municipality=case.municipality.name)], [[back_button()]])


def back_button() -> Button:
    """The newcomer's way back to the bot."""
    return Button(say("talk.button.back"), "menu", BACK)


def lines(session: Session, case: Case) -> list[Line]:
    """All messages of the talk in a case, in the order in which they came."""
    told = select(Inbound).where(Inbound.conversation_id == case.conversation_id, Inbound.case_id == case.id)
    said = select(Outbound).where(Outbound.conversation_id == case.conversation_id, Outbound.case_id == case.id)
    names = dict(session.execute(select(Staff.id, Staff.name)).all())
    found = [_told(row) for row in session.scalars(told.order_by(Inbound.number))]
    found += [_said(row, names) for row in session.scalars(said.order_by(Outbound.number))]
    return sorted(found, key=lambda line: line.at)  # stable: each side keeps its own order


def keep_translation(session: Session, case: Case, message_id: str, language: str, text: str) -> None:
    """Keep with a newcomer's message what a machine made of it; it is erased with the message."""
    row = session.scalar(select(Inbound).where(Inbound.id == message_id, Inbound.case_id == case.id))
    if row is not None and row.body:
        row.body = {**row.body, "translations": {**row.body.get("translations", {}), language: text}}


def _check(case: Case, text: str, canned: str) -> None:
    if canned and canned not in CANNED:
        raise WorkError("canned", "unknown", "choose one of the ready sentences")
    if not text and not canned:
        raise WorkError("text", "empty", "write something first")
    if len(text) > LONGEST:
        raise WorkError("text", "long", f"too long; at most {LONGEST} characters")
    if case.status == "closed":
        raise WorkError("text", "closed", "the case is closed; open it first")


def _begin(session: Session, case: Case, by: Staff) -> list[Laid]:
    """The bot steps back: no question of the intake waits, nothing that it asked beside it either."""
    conversation = case.conversation
    if work.may_take(case, by.id):
        work.take(session, case, by)
    conversation.talks_in, conversation.told_away_at, conversation.pending = case.id, None, None
    pause(all_of(session, conversation))
    record(session, case, "talk_begun", {}, by)
    days = periods_of(case.municipality).message_days
    told = [say("talk.begun", name=by.name, municipality=case.municipality.name), say("talk.kept", count=days)]
    return [Laid(Reply([*told], [[back_button()]]), written={"note": "begun"})]


def _told(row: Inbound) -> Line:
    body = row.body or {}
    return Line(
        id=row.id,
        by_newcomer=True,
        staff=None,
        written=True,
        text=body.get("text"),
        language=row.language,
        canned=None,
        note=None,
        translation=None,
        translations=body.get("translations", {}),
        at=row.received_at,
        state="",
        sent_at=None,
    )


def _said(row: Outbound, names: dict[str, str]) -> Line:
    written = row.written or {}
    is_own = row.staff_id is not None or "text" in written
    return Line(
        id=row.id,
        by_newcomer=False,
        staff=names.get(row.staff_id or ""),
        written=is_own,
        text=written.get("text") if is_own else row.body["text"],
        language=None if is_own else row.body["language"],
        canned=written.get("canned"),
        note=written.get("note"),
        translation=written.get("translation"),
        translations={},
        at=row.created_at,
        state=row.state,
        sent_at=row.sent_at,
    )
