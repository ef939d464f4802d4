"""An unfinished intake is offered again once after a day and once after a week, then never; not at night, not to who said no.

`due` decides, a pure function; `offer` counts and words in the transaction in which the message is laid, so that no restart
and no second process says it twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from lotse.intake.asking import person_names
from lotse.intake.runs import all_of, is_open, of_conversation
from lotse.intake.service import Intakes
from lotse.privacy.periods import periods_of
from lotse.replies import Button, Reply, Say, say
from lotse.storage.tables import Case, Conversation, CrisisCall, Intake, Municipality

AFTER = (timedelta(days=1), timedelta(days=7))  # since the newcomer's last message to the intake
AT_ONCE = timedelta(hours=12)  # what will be due within this time is offered in the same message
STILL_HERE = timedelta(hours=1)  # who wrote something since is not reminded in the middle of it
AFTER_CRISIS = timedelta(days=7)


@dataclass(frozen=True)
class Hours:
    """The time of day in which people may be written to; it may pass midnight."""

    begins: time = time(9)
    ends: time = time(19)

    def include(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether a moment is between them, by the clocks of a zone."""
        local = moment.astimezone(zone).time()
        if self.begins < self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends


@dataclass(frozen=True)
class Waiting:
    """What is to be known of an unfinished intake."""

    id: str
    touched_at: datetime
    reminded: int
    expires_at: datetime  # when what was not sent is deleted


@dataclass(frozen=True)
class Due:
    """An intake to be offered, and how often it then was; the last time nothing more follows."""

    id: str
    stage: int
    expires_at: datetime


def read_hours(details: Mapping[str, Any]) -> Hours:
    """The hours in a municipality's details; raises ValueError for what are none."""
    told = details.get("reminder_hours")
    if told is None:
        return Hours()
    try:
        hours = Hours(_clock(told["from"]), _clock(told["to"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'reminder_hours must be like {{from: "09:00", to: "19:00"}}, not {told!r}') from error
    if hours.begins == hours.ends:
        raise ValueError("reminder_hours: from and to must not be the same")
    return hours


def due(waiting: Sequence[Waiting], last_at: datetime, moment: datetime, zone: ZoneInfo, hours: Hours) -> list[Due]:
    """The intakes of one conversation that are offered now, in one message; `last_at` is its last message.

    With one that is due, those come along that soon would be: a household is not written to every few hours.
    Who could not be reached in time (at night, while nothing ran) is reminded once, not of both times at once.
    """
    if not hours.include(moment, zone) or moment - last_at < STILL_HERE:
        return []
    kept = [each for each in waiting if moment < each.expires_at]
    if not any(_stage(each, moment) > each.reminded for each in kept):
        return []
    found = [Due(each.id, _stage(each, moment + AT_ONCE), each.expires_at) for each in kept]
    reminded = {each.id: each.reminded for each in kept}
    return [each for each in found if each.stage > reminded[each.id]]


def candidates(session: Session, moment: datetime) -> list[str]:
    """Conversations in which something is due, as far as the database can tell."""
    towns = [
        town.id for town in session.scalars(select(Municipality)) if _hours_of(town).include(moment, ZoneInfo(town.time_zone))
    ]
    times = [and_(Intake.reminded <= count, Intake.touched_at <= moment - after) for count, after in enumerate(AFTER)]
    query = select(Intake.conversation_id).join(Conversation, Conversation.id == Intake.conversation_id)
    query = query.where(
        Conversation.municipality_id.in_(towns),
        Conversation.last_at <= moment - STILL_HERE,
        _is_open(),
        _may_be_written_to(moment),
        or_(*times),
    )
    return list(session.scalars(query.distinct().order_by(Intake.conversation_id)))


def offer(session: Session, intakes: Intakes, conversation_id: str, moment: datetime) -> tuple[Conversation, Reply] | None:
    """What is to be laid in the outbox in this transaction, counted already; None where nothing is due."""
    mine = select(Conversation).where(Conversation.id == conversation_id, _may_be_written_to(moment))
    conversation = session.scalar(mine.with_for_update().execution_options(populate_existing=True))
    if conversation is None:
        return None
    municipality = session.get_one(Municipality, conversation.municipality_id)
    drafts = timedelta(days=periods_of(municipality).draft_days)
    open_ = [each for each in all_of(session, conversation) if each.gate is None and is_open(each)]
    waiting = [Waiting(each.id, each.touched_at, each.reminded, each.touched_at + drafts) for each in open_]
    zone = ZoneInfo(municipality.time_zone)
    found = {each.id: each for each in due(waiting, conversation.last_at, moment, zone, _hours_of(municipality))}
    offered = [each for each in open_ if each.id in found]
    if not offered:
        return None
    for each in offered:
        each.reminded = found[each.id].stage
    session.flush()
    return conversation, _reply(session, intakes, conversation, municipality, offered, list(found.values()), moment)


def _hours_of(municipality: Municipality) -> Hours:
    return read_hours(municipality.details)


def _stage(waiting: Waiting, moment: datetime) -> int:
    """How many of the times to remind have come."""
    return sum(moment - waiting.touched_at >= after for after in AFTER)


def _is_open() -> ColumnElement[bool]:
    begun = and_(Intake.status == "started", Intake.gate.is_(None))
    return or_(begun, and_(Intake.status == "submitted", Intake.amending))


def _may_be_written_to(moment: datetime) -> ColumnElement[bool]:
    """Not who wants no reminders, cannot be reached, waits for a person or talks with one, has asked for deletion, or
    named danger lately."""
    with_person = exists().where(
        Case.conversation_id == Conversation.id, Case.kind.in_(("contact", "deletion")), Case.status != "closed"
    )
    in_crisis = exists().where(
        CrisisCall.conversation_id == Conversation.id,
        or_(CrisisCall.state == "called", CrisisCall.changed_at > moment - AFTER_CRISIS),
    )
    return and_(Conversation.reminders, Conversation.reachable, Conversation.talks_in.is_(None), ~with_person, ~in_crisis)


def _reply(
    session: Session,
    intakes: Intakes,
    conversation: Conversation,
    municipality: Municipality,
    offered: Sequence[Intake],
    found: Sequence[Due],
    moment: datetime,
) -> Reply:
    current = of_conversation(session, conversation)
    names = person_names(all_of(session, conversation))
    changing = all(each.sent for each in offered)
    minutes = sum(_minutes(session, intakes, conversation, municipality, each) for each in offered)
    paragraphs: list[str | Say] = [say("reminder.change" if changing else "reminder.begun"), say("intake.left", count=minutes)]
    days = min(each.expires_at - moment for each in found).days
    paragraphs.append(say("reminder.kept", count=max(1, days)))
    if all(each.stage == len(AFTER) for each in found):
        paragraphs.append(say("reminder.last"))
    rows = []
    for each in offered:
        value, about = ("resume", "") if current is not None and each.id == current.id else ("this_person", each.id)
        label = say("intake.button.resume")
        if len(offered) > 1:
            label = say("reminder.button.person", name=names[each.id])
        rows.append([Button(label, "menu", value, about)])
    rows.append([Button(say("reminder.button.stop"), "menu", "stop")])
    return Reply(paragraphs, rows)


def _minutes(session: Session, intakes: Intakes, conversation: Conversation, municipality: Municipality, intake: Intake) -> int:
    return intakes.asking_in(session, conversation, intake).minutes(intakes.told(intake, municipality))


def _clock(told: Any) -> time:
    if not isinstance(told, str):
        raise TypeError
    return time.fromisoformat(told)
