"""Appointments: a case worker proposes up to three times, the newcomer picks one in the chat.

    proposed ──picked──► agreed ──► (takes place)
       │ none fits          │ either side
       ▼                    ▼
    declined            cancelled        proposed, agreed ──moved──► replaced, by a new one that is proposed

A press is answered by the gateway, without the engine. What has begun can be changed no more.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases.service import record
from lotse.cases.talk import Laid
from lotse.cases.work import WorkError
from lotse.intake.reminders import read_hours
from lotse.replies import Button, Reply, Say, say
from lotse.storage.crypto import digest
from lotse.storage.tables import Appointment, Case, Conversation, Municipality, Staff, now

MOST_TIMES = 3
SHORTEST, LONGEST, USUAL = 10, 480, 45  # minutes
LONGEST_PLACE = 200  # characters
FARTHEST = timedelta(days=366)
REMIND_BEFORE = timedelta(hours=24)
PRESS = "appointment"  # value of the buttons; what they mean stands in `about`
NONE, CANCEL = "none", "cancel"


# at the desk


def propose(
    session: Session,
    case: Case,
    times: Sequence[datetime],
    minutes: int,
    place: str,
    by: Staff,
    *,
    moved: Appointment | None = None,
    moment: datetime | None = None,
) -> tuple[Appointment, list[Laid]]:
    """Propose times to the newcomer; `moved` is the appointment that this one takes the place of."""
    starts = sorted(set(times))
    place = " ".join(place.split())
    _check(case, starts, minutes, place, moment or now())
    if moved is not None and not is_open(moved, moment):
        raise WorkError("times", "over", "the appointment is over; propose a new one")
    told: list[str | Say] = []
    if moved is not None:
        told.append(
            say("appointment.moved", when=_local(case, moved.starts_at)) if moved.starts_at else say("appointment.instead")
        )
        _end(moved, "replaced")
    made = Appointment(
        case_id=case.id,
        case=case,
        staff=by,
        place=place,
        minutes=minutes,
        times=[each.astimezone(UTC).isoformat() for each in starts],
        sequence=moved.sequence + 1 if moved is not None else 0,
    )
    session.add(made)
    session.flush()
    record(session, case, "appointment", {"what": "moved" if moved is not None else "proposed", "times": made.times}, by)
    told += [say("appointment.proposed", name=by.name, place=place), say("appointment.takes", count=minutes)]
    rows = [[_button(made, str(place_), say("appointment.at", when=_local(case, start)))] for place_, start in enumerate(starts)]
    rows.append([_button(made, NONE, say("appointment.button.none"))])
    return made, [Laid(Reply(told, rows), written={"note": "appointment"})]


def cancel(session: Session, case: Case, made: Appointment, by: Staff, moment: datetime | None = None) -> list[Laid]:
    """Call an appointment off; the newcomer is told."""
    if not is_open(made, moment):
        raise WorkError("cancel", "over", "the appointment is over or called off already")
    when, was_agreed = made.starts_at, made.state == "agreed"
    _end(made, "cancelled")
    record(session, case, "appointment", {"what": "cancelled", "times": [when.isoformat()] if when else made.times}, by)
    told = say("appointment.cancelled", when=_local(case, when)) if was_agreed and when else say("appointment.withdrawn")
    return [Laid(Reply([told, say("appointment.write")]), written={"note": "appointment"})]


def of_case(session: Session, case: Case) -> list[Appointment]:
    """All appointments of a case, the newest first."""
    query = select(Appointment).where(Appointment.case_id == case.id)
    return list(session.scalars(query.order_by(Appointment.created_at.desc(), Appointment.id)))


def is_open(made: Appointment, moment: datetime | None = None) -> bool:
    """Whether an appointment is proposed or agreed and has not begun."""
    return made.state in ("proposed", "agreed") and latest(made) > (moment or now())


def latest(made: Appointment) -> datetime:
    """When it begins, at the latest."""
    return made.starts_at or max(starts(made))


def starts(made: Appointment) -> list[datetime]:
    """The proposed beginnings."""
    return [datetime.fromisoformat(each) for each in made.times]


# in the chat


def answer(
    session: Session, conversation: Conversation, about: str, public_url: str | None, moment: datetime | None = None
) -> list[Reply]:
    """What follows on a button of an appointment; `about` is its id and what was pressed."""
    moment = moment or now()
    identifier, _, pressed = about.partition(".")
    made = session.get(Appointment, identifier, with_for_update=True)
    if made is None or made.case.conversation_id != conversation.id or not is_open(made, moment):
        return [Reply([say("appointment.old"), say("appointment.write")])]
    case = made.case
    if made.state == "agreed":
        if pressed == CANCEL:
            when = _local(case, made.starts_at)
            _by_newcomer(session, made, "cancelled", moment)
            return [Reply([say("appointment.cancelled_by_you", when=when), say("appointment.write")])]
        return [_agreed(made, None)]  # pressed twice, or another time: what was agreed stands until it is called off
    if pressed == NONE:
        _by_newcomer(session, made, "declined", moment)
        return [Reply([say("appointment.none_fits"), say("appointment.write")])]
    proposed = starts(made)
    if not pressed.isdecimal() or int(pressed) >= len(proposed) or proposed[int(pressed)] <= moment:
        return [Reply([say("appointment.too_late")])]
    made.state, made.starts_at = "agreed", proposed[int(pressed)]
    if made.starts_at - moment <= REMIND_BEFORE:  # who has just agreed knows it
        made.reminded_at = moment
    record(session, case, "appointment", {"what": "agreed", "times": [made.starts_at.isoformat()]})
    link = None
    if public_url:
        token = secrets.token_urlsafe(18)
        made.link_digest = _digest(token)
        link = f"{public_url}/my/appointment/{token}.ics"
    session.flush()
    return [_agreed(made, link)]


def due(session: Session, moment: datetime) -> list[str]:
    """Ids of the appointments of which the newcomer is to be reminded now."""
    soon = (Appointment.starts_at > moment, Appointment.starts_at <= moment + REMIND_BEFORE)
    query = select(Appointment.id).where(Appointment.state == "agreed", Appointment.reminded_at.is_(None), *soon)
    return list(session.scalars(query.order_by(Appointment.starts_at, Appointment.id)))


def remind(session: Session, identifier: str, moment: datetime) -> tuple[Conversation, Reply] | None:
    """The reminder, counted already; None where it was given or called off, and at hours in which nobody is written to."""
    made = session.get(Appointment, identifier, with_for_update=True, populate_existing=True)
    if made is None or made.state != "agreed" or made.reminded_at is not None or made.starts_at is None:
        return None
    town = made.case.municipality
    if not read_hours(town.details).include(moment, ZoneInfo(town.time_zone)):
        return None
    made.reminded_at = moment
    session.flush()
    told = say("appointment.reminder", when=_local(made.case, made.starts_at), place=made.place)
    return made.case.conversation, Reply([told], [[_button(made, CANCEL, say("appointment.button.cancel"))]])


# the calendar file


def by_link(session: Session, token: str) -> Appointment | None:
    """The appointment of a link to its calendar file, while it has not passed by more than a day."""
    made = session.scalar(select(Appointment).where(Appointment.link_digest == _digest(token)))
    return made if made is not None and latest(made) + timedelta(days=1) > now() else None


def calendar_file(made: Appointment, title: str, host: str) -> bytes:
    """The appointment for a calendar program (RFC 5545); it names the place and nobody. Raises ValueError without a time."""
    if made.starts_at is None:
        raise ValueError("no time was agreed")
    event = Event()
    event.add("uid", f"{made.id}@{host}")
    event.add("dtstamp", now())
    event.add("dtstart", made.starts_at)
    event.add("dtend", made.starts_at + timedelta(minutes=made.minutes))
    event.add("summary", title)
    event.add("location", made.place)
    event.add("sequence", made.sequence)
    event.add("status", "CONFIRMED" if made.state == "agreed" else "CANCELLED")
    calendar = Calendar()
    calendar.add("prodid", "-//Lotse//Lotse//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH" if made.state == "agreed" else "CANCEL")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def read_times(typed: Sequence[str], town: Municipality) -> list[datetime]:
    """Times as a form's fields hold them ("2026-11-26T10:00"), in the town's zone; empty ones are left out.

    Raises WorkError for what is no time, and for one that the clocks leave out that day.
    """
    zone = ZoneInfo(town.time_zone)
    found = []
    for text in (each.strip() for each in typed if each.strip()):
        try:
            local = datetime.fromisoformat(text)
        except ValueError as error:
            raise WorkError("times", "form", "give day and time such as 2026-11-26 10:00") from error
        told = local.replace(tzinfo=zone, second=0, microsecond=0)
        if told.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != told.replace(tzinfo=None):
            raise WorkError("times", "form", "the clocks are put forward then; there is no such time")
        found.append(told.astimezone(UTC))
    return found


def _check(case: Case, times: Sequence[datetime], minutes: int, place: str, moment: datetime) -> None:
    if case.status == "closed":
        raise WorkError("times", "closed", "the case is closed; open it first")
    if not times:
        raise WorkError("times", "empty", "give at least one time")
    if len(times) > MOST_TIMES:
        raise WorkError("times", "many", f"at most {MOST_TIMES} times")
    if times[0] <= moment or times[-1] > moment + FARTHEST:
        raise WorkError("times", "past", "choose times in the coming year")
    if not SHORTEST <= minutes <= LONGEST:
        raise WorkError("minutes", "range", f"from {SHORTEST} to {LONGEST} minutes")
    if not place:
        raise WorkError("place", "empty", "say where to meet, or that you will call")
    if len(place) > LONGEST_PLACE:
        raise WorkError("place", "long", f"too long; at most {LONGEST_PLACE} characters")


def _by_newcomer(session: Session, made: Appointment, state: str, moment: datetime) -> None:
    """The newcomer calls off or declines: their case waits for a reply."""
    when = [made.starts_at.isoformat()] if made.starts_at else made.times
    _end(made, state)
    made.changed_by_newcomer = True
    made.case.unanswered_since = made.case.unanswered_since or moment
    record(session, made.case, "appointment", {"what": f"{state}_by_newcomer", "times": when})


def _end(made: Appointment, state: str) -> None:
    made.state = state
    made.sequence += 1


def _agreed(made: Appointment, link: str | None) -> Reply:
    told: list[str | Say] = [say("appointment.agreed", when=_local(made.case, made.starts_at), place=made.place)]
    if link:
        told += [say("appointment.calendar"), link]
    return Reply(told, [[_button(made, CANCEL, say("appointment.button.cancel"))]])


def _button(made: Appointment, pressed: str, label: Say) -> Button:
    return Button(label, "menu", PRESS, f"{made.id}.{pressed}")


def _local(case: Case, moment: datetime | None) -> datetime:
    assert moment is not None
    return moment.astimezone(ZoneInfo(case.municipality.time_zone))


def _digest(token: str) -> str:
    return digest(f"appointment\0{token}")
