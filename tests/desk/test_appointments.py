"""Appointments: proposed at the desk, picked in the chat, moved, called off by either side, reminded of, in calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.worker import Worker
from lotse.cases import appointments
from lotse.cases.work import WorkError
from lotse.core import Core
from lotse.staff import Role
from lotse.storage.tables import Appointment, Case, Outbound, now
from tests.desk.conftest import ELSEWHERE, SignedIn, make_case, staff, town
from tests.desk.test_talk import chatting, laid

ZONE = ZoneInfo("Europe/Berlin")
SITE = "https://lotse.example"
TOMORROW = (now().astimezone(ZONE) + timedelta(days=2)).replace(hour=10, minute=0, second=0, microsecond=0)


def typed(moment: datetime) -> str:
    """As a field of a form holds it."""
    return moment.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def form(*times: datetime, **more: str) -> dict[str, str]:
    fields = {f"time_{number}": typed(each) for number, each in enumerate(times, 1)}
    return {**fields, "place": "Town hall, room 12", "minutes": "45", **more}


def get(core: Core) -> Appointment:
    with core.database.reading() as session:
        return session.scalars(select(Appointment).order_by(Appointment.created_at.desc())).first()  # type: ignore[return-value]


def made(session: Session, *times: datetime, language: str = "uk") -> tuple[Case, Appointment]:
    case = make_case(session, language=language)
    made, _ = appointments.propose(session, case, times, 45, "Rathaus", staff(session, "colleague"))
    return case, made


async def test_from_the_proposal_to_the_calendar(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    async with chatting(core) as chat:
        await chat.press("en")
        reference = chat.contact()
        page = f"/desk/cases/{reference}/appointments"
        done = await worker.post(page, **form(TOMORROW + timedelta(hours=3), TOMORROW))
        assert done.headers["location"] == f"{page}?done=proposed"
        seen = await chat.say("hello", "greet")
        assert "Anna Beispiel wants to meet you. Place: Town hall, room 12." in seen
        times = [each.label for each in chat.buttons if each.value == "appointment"]
        assert [each.split(", ")[-1] for each in times] == ["10:00\u202fAM", "1:00\u202fPM", "None of these"], (
            "the earliest first"
        )
        agreed = await chat.press_label(times[1])
        assert "Agreed:" in agreed
        assert "1:00" in agreed
        assert "Agreed:" in await chat.press_label(times[1]), "pressed twice"
        assert "Agreed:" in await chat.press_label(times[0]), "what was agreed stands"
        assert get(core).starts_at == (TOMORROW + timedelta(hours=3)).astimezone(UTC)
        shown = (await worker.get(page)).text
        assert "Agreed" in shown
        file = await worker.get(f"{page}/{get(core).id}/calendar.ics")
        assert file.headers["content-type"].startswith("text/calendar")
        (event,) = Calendar.from_ical(file.content).walk("VEVENT")
        assert event.decoded("dtstart") == get(core).starts_at
        assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=45)
        assert str(event["location"]) == "Town hall, room 12"
        assert reference in str(event["summary"])
        assert "Picked the time" in (await worker.get(f"/desk/cases/{reference}")).text
        assert "cannot come" in await chat.press_label("I cannot come")
        assert get(core).state == "cancelled"
        assert "Called off by the person" in (await worker.get(page)).text
        assert "no longer open" in await chat.press_label(times[0])
        assert "New message" in (await worker.get("/desk/cases")).text, "somebody has to propose another time"


async def test_a_label_may_be_typed_while_a_person_talks(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    async with chatting(core) as chat:
        await chat.press("en")
        reference = chat.contact()
        await worker.post(f"/desk/cases/{reference}/talk", text="Shall we meet?", nonce="1")
        await worker.post(f"/desk/cases/{reference}/appointments", **form(TOMORROW))
        assert "other times" in await chat.say("none of these")
        assert get(core).state == "declined"


async def test_moving_and_calling_off_are_told(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    with core.database.session() as session:
        case, first = made(session, TOMORROW)
        appointments.answer(session, case.conversation, f"{first.id}.0", None)
        reference, first_id = case.reference, first.id
    page = f"/desk/cases/{reference}/appointments"
    assert 'value="Rathaus"' in (await worker.get(f"{page}?move={first_id}")).text
    later = TOMORROW + timedelta(days=1)
    assert (await worker.post(page, **form(later, move=first_id))).headers["location"] == f"{page}?done=moved"
    assert "переноситься" in laid(core, reference)[-1].body["text"]
    second = get(core)
    assert (second.sequence, second.state) == (2, "proposed"), "a calendar takes the later one"
    for _ in range(2):
        await worker.post(f"{page}/{second.id}/cancel")
    assert "більше не діє" in laid(core, reference)[-1].body["text"]
    assert len(laid(core, reference)) == 2, "told once"
    moved = await worker.post(page, **form(later, move=second.id))
    assert moved.status_code == 422
    assert "over or called off" in moved.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"time_1": ""}, "Give at least one time."),
        ({"time_1": "nonsense"}, "no valid time"),
        ({"time_1": "2020-01-01T10:00"}, "in the future"),
        ({"time_1": typed(now() + timedelta(days=500))}, "within a year"),
        ({"place": " "}, "Write where to meet"),
        ({"place": "x" * 201}, "At most 200 characters"),
        ({"minutes": "soon"}, "from 10 to 480"),
        ({"minutes": "9999"}, "from 10 to 480"),
    ],
)
async def test_what_cannot_be_proposed_is_said_and_kept(core: Core, browser: SignedIn, fields: dict[str, str], said: str) -> None:
    worker = browser(Role.CASE_WORKER)
    with core.database.session() as session:
        reference = make_case(session).reference
    refused = await worker.post(f"/desk/cases/{reference}/appointments", **{**form(TOMORROW), **fields})
    assert refused.status_code == 422
    assert said in refused.text
    assert fields.get("minutes", "45") in refused.text
    assert laid(core, reference) == []


def test_an_hour_that_the_clocks_leave_out_is_no_time(core: Core) -> None:
    with core.database.reading() as session:
        here = town(session)
        with pytest.raises(WorkError):
            appointments.read_times(["2027-03-28T02:30"], here)
        assert appointments.read_times(["2027-03-28T03:30", " "], here) == [datetime(2027, 3, 28, 1, 30, tzinfo=UTC)]


async def test_other_towns_neither_see_nor_change_it(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case, one = made(session, TOMORROW)
        other = make_case(session, slug=ELSEWHERE)
        reference, one_id, elsewhere = case.reference, one.id, other.reference
    foreign, own = browser(Role.CASE_WORKER, ELSEWHERE), browser(Role.CASE_WORKER)
    for path in ("", f"/{one_id}/calendar.ics"):
        assert (await foreign.get(f"/desk/cases/{reference}/appointments{path}")).status_code == 404
        if path:
            assert (await foreign.get(f"/desk/cases/{elsewhere}/appointments{path}")).status_code == 404, "by another case"
    assert (await foreign.post(f"/desk/cases/{elsewhere}/appointments/{one_id}/cancel")).status_code == 404
    assert (await own.get(f"/desk/cases/{reference}/appointments/{one_id}/calendar.ics")).status_code == 404, "no time yet"
    assert get(core).state == "proposed"


def test_another_chat_cannot_answer(core: Core) -> None:
    with core.database.session() as session:
        _, one = made(session, TOMORROW)
        other = make_case(session)
        for about in (f"{one.id}.0", "ap_unknown.0", "", "."):
            (reply,) = appointments.answer(session, other.conversation, about, None)
            assert reply.paragraphs[0] == appointments.say("appointment.old")
        assert one.state == "proposed"


def test_the_link_opens_the_file_until_it_is_over(core: Core) -> None:
    with core.database.session() as session:
        case, one = made(session, TOMORROW)
        (reply,) = appointments.answer(session, case.conversation, f"{one.id}.0", SITE)
        link = str(reply.paragraphs[-1])
        assert link.startswith(f"{SITE}/my/appointment/")
        token = link.rpartition("/")[2].removesuffix(".ics")
        assert appointments.by_link(session, token) is one
        assert appointments.by_link(session, "another") is None
        file = appointments.calendar_file(one, "Зустріч", "lotse.example").decode()
        assert "STATUS:CONFIRMED" in file
        appointments.cancel(session, case, one, staff(session, "colleague"))
        assert "STATUS:CANCELLED" in appointments.calendar_file(one, "Зустріч", "lotse.example").decode()
        one.starts_at = now() - timedelta(days=2)
        session.flush()
        assert appointments.by_link(session, token) is None


def test_a_reminder_comes_once_the_day_before_and_not_at_night(core: Core) -> None:
    told: list[Any] = []
    worker = Worker(core, told.append)
    with core.database.session() as session:
        case, one = made(session, TOMORROW, language="ar")
        appointments.answer(session, case.conversation, f"{one.id}.0", None)
        cancelled, two = made(session, TOMORROW)
        appointments.answer(session, cancelled.conversation, f"{two.id}.0", None)
        appointments.cancel(session, cancelled, two, staff(session, "colleague"))
        conversation = case.conversation_id
    assert worker.remind_of_appointments(TOMORROW - timedelta(hours=25)) == []
    assert worker.remind_of_appointments(TOMORROW - timedelta(hours=7)) == [], "three in the morning"
    assert worker.remind_of_appointments(TOMORROW - timedelta(hours=20)) == [conversation]
    assert worker.remind_of_appointments(TOMORROW - timedelta(hours=19)) == []
    with core.database.reading() as session:
        rows = session.scalars(select(Outbound).where(Outbound.conversation_id == conversation)).all()
        assert "تذكير" in rows[-1].body["text"]


def test_who_has_just_agreed_is_not_reminded(core: Core) -> None:
    worker = Worker(core, lambda _: None)
    soon = now() + timedelta(hours=5)
    with core.database.session() as session:
        case, one = made(session, soon)
        appointments.answer(session, case.conversation, f"{one.id}.0", None)
    assert worker.remind_of_appointments(soon - timedelta(hours=1)) == []
