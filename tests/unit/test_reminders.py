"""An unfinished intake is offered again after a day and after a week, by day, once by whichever process comes first."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.incoming import intent_of_press
from bot.worker import Worker
from lotse import core as composition
from lotse.cases import open_case
from lotse.core import Core
from lotse.intake.asking import Asking
from lotse.intake.reminders import AFTER, AT_ONCE, STILL_HERE, Hours, Waiting, due, read_hours
from lotse.settings import from_environment
from lotse.storage import Database
from lotse.storage.tables import Conversation, CrisisCall, Intake, Municipality, Outbound, Response
from lotse.turns import Press
from tests.unit.conftest import OFFERED, converse, musterstadt

BERLIN = ZoneInfo("Europe/Berlin")
DAY, WEEK = AFTER
TOUCHED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday, in Berlin 11:00
ALWAYS = Hours(time(0), time(23, 59, 59))


def waiting(touched: datetime = TOUCHED, reminded: int = 0, days: int = 30, name: str = "in_1") -> Waiting:
    return Waiting(name, touched, reminded, touched + timedelta(days=days))


def stage(one: Waiting, moment: datetime, hours: Hours = ALWAYS, zone: ZoneInfo = BERLIN, last_at: datetime = TOUCHED) -> int:
    """The reminder that is due; 0 for none."""
    found = due([one], last_at, moment, zone, hours)
    return found[0].stage if found else 0


# when


@pytest.mark.parametrize(
    ("after", "reminded", "expected"),
    [
        (timedelta(0), 0, 0),
        (DAY - timedelta(seconds=1), 0, 0),
        (DAY, 0, 1),
        (DAY, 1, 0),
        (timedelta(days=3), 0, 1),
        (WEEK - timedelta(seconds=1), 1, 0),
        (WEEK, 1, 2),
        (WEEK, 2, 0),
        (timedelta(days=20), 2, 0),
        (WEEK, 0, 2),  # the first was missed: one message, and no second one a minute later
        (WEEK - AT_ONCE, 0, 2),
        (timedelta(days=29, hours=23), 1, 2),
        (timedelta(days=30), 1, 0),  # is deleted
        (timedelta(days=300), 0, 0),
    ],
)
def test_after_a_day_and_after_a_week(after: timedelta, reminded: int, expected: int) -> None:
    assert stage(waiting(reminded=reminded), TOUCHED + after) == expected


def test_a_new_response_moves_the_second_reminder_and_adds_none() -> None:
    again = TOUCHED + timedelta(days=2)
    answered = waiting(again, reminded=1)
    assert stage(answered, again + DAY) == 0
    assert stage(answered, TOUCHED + WEEK) == 0
    assert stage(answered, again + WEEK) == 2
    assert stage(waiting(again + timedelta(days=8), reminded=2), again + timedelta(days=20)) == 0


def test_a_town_that_keeps_drafts_for_days_only_reminds_once() -> None:
    assert stage(waiting(days=5), TOUCHED + DAY) == 1
    assert stage(waiting(days=5, reminded=1), TOUCHED + WEEK) == 0


def test_nobody_is_reminded_in_the_middle_of_writing() -> None:
    moment = TOUCHED + timedelta(days=2)
    assert stage(waiting(), moment, last_at=moment - STILL_HERE + timedelta(seconds=1)) == 0
    assert stage(waiting(), moment, last_at=moment - STILL_HERE) == 1


@settings(deadline=None)
@given(
    gaps=st.lists(st.integers(min_value=1, max_value=60 * 24 * 12), max_size=6),
    down=st.integers(min_value=0, max_value=60 * 24 * 10),
    begins=st.integers(min_value=0, max_value=23),
)
def test_never_more_than_two_whenever_somebody_answers(gaps: list[int], down: int, begins: int) -> None:
    """Responses at any times, a bot that is away for a while, any hours: two at most, a half day apart, none at night."""
    hours = Hours(time(begins), time((begins + 10) % 24))
    answered, moment = [TOUCHED], TOUCHED
    for gap in gaps:
        answered.append(answered[-1] + timedelta(minutes=gap))
    reminded, sent = 0, []
    while moment < answered[-1] + timedelta(days=40):
        moment += timedelta(hours=1)
        if TOUCHED + timedelta(days=1) < moment < TOUCHED + timedelta(days=1, minutes=down):
            continue
        last = max(each for each in answered if each <= moment)
        found = stage(waiting(last, reminded), moment, hours, last_at=last)
        if found:
            assert hours.include(moment, BERLIN)
            assert moment - last >= DAY
            assert found > reminded
            reminded = found
            sent.append(moment)
    assert len(sent) <= 2
    assert sent or down != 0, "nobody is forgotten while the bot runs"
    assert all(later - earlier >= timedelta(hours=12) for earlier, later in pairwise(sent))


# by day


@pytest.mark.parametrize(
    ("zone", "moment", "open_"),
    [
        ("Europe/Berlin", "2026-11-25T07:59:59", False),
        ("Europe/Berlin", "2026-11-25T08:00:00", True),  # 9:00
        ("Europe/Berlin", "2026-11-25T17:59:59", True),
        ("Europe/Berlin", "2026-11-25T18:00:00", False),
        ("Europe/Berlin", "2026-11-25T23:30:00", False),
        ("Europe/Berlin", "2026-07-01T06:59:59", False),
        ("Europe/Berlin", "2026-07-01T07:00:00", True),  # summer time
        ("Europe/Berlin", "2026-10-24T07:00:00", True),  # the last day of summer time
        ("Europe/Berlin", "2026-10-25T07:00:00", False),
        ("Europe/Berlin", "2026-10-25T08:00:00", True),
        ("Europe/Berlin", "2027-03-27T08:00:00", True),
        ("Europe/Berlin", "2027-03-28T07:00:00", True),  # the first
        ("Europe/Berlin", "2027-03-28T17:00:00", False),
        ("Europe/Lisbon", "2026-11-25T08:30:00", False),
        ("America/New_York", "2026-11-25T08:30:00", False),
        ("America/New_York", "2026-11-25T14:00:00", True),
        ("Asia/Kolkata", "2026-11-25T03:29:00", False),
        ("Asia/Kolkata", "2026-11-25T03:30:00", True),  # a zone with a half hour
    ],
)
def test_hours_are_those_of_the_town(zone: str, moment: str, open_: bool) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert Hours().include(at, ZoneInfo(zone)) is open_
    found = stage(waiting(at - timedelta(days=2)), at, Hours(), ZoneInfo(zone), last_at=at - timedelta(days=2))
    assert bool(found) is open_


@pytest.mark.parametrize(
    ("clock", "open_"), [("21:59", False), ("22:00", True), ("23:59", True), ("00:00", True), ("01:59", True), ("02:00", False)]
)
def test_hours_may_pass_midnight(clock: str, open_: bool) -> None:
    at = datetime.combine(date(2026, 11, 25), time.fromisoformat(clock), BERLIN)
    assert Hours(time(22), time(2)).include(at, BERLIN) is open_


def test_a_day_is_24_hours_also_when_the_clocks_change() -> None:
    touched, before, after = (  # that night has an hour more
        datetime(*at, tzinfo=BERLIN).astimezone(UTC)
        for at in ((2026, 10, 24, 10, 0), (2026, 10, 25, 8, 59), (2026, 10, 25, 9, 0))
    )
    assert stage(waiting(touched), before, last_at=touched) == 0
    assert stage(waiting(touched), after, last_at=touched) == 1


@pytest.mark.parametrize("told", ["09:00-19:00", {"from": "09:00"}, {"from": 9, "to": 19}, {"from": "9", "to": "99:00"}, []])
def test_hours_that_are_none_are_named(told: object) -> None:
    with pytest.raises(ValueError, match="reminder_hours"):
        read_hours({"reminder_hours": told})


def test_hours_of_no_time_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be the same"):
        read_hours({"reminder_hours": {"from": "09:00", "to": "09:00"}})
    assert read_hours({}) == Hours(time(9), time(19))
    assert read_hours({"reminder_hours": {"from": "10:30", "to": "12:00"}}) == Hours(time(10, 30), time(12))


# a household


def test_people_who_share_a_phone_are_reminded_in_one_message() -> None:
    mother = waiting(TOUCHED)
    son = waiting(TOUCHED + timedelta(minutes=20), name="in_2")
    moment = TOUCHED + DAY
    assert [(each.id, each.stage) for each in due([mother, son], son.touched_at, moment, BERLIN, ALWAYS)] == [
        ("in_1", 1),
        ("in_2", 1),
    ]
    later = waiting(TOUCHED + timedelta(hours=20), name="in_2")
    assert [each.id for each in due([mother, later], later.touched_at, moment, BERLIN, ALWAYS)] == ["in_1"]


def test_at_the_last_time_for_one_the_other_is_not_reminded_early() -> None:
    mother = waiting(TOUCHED, reminded=1)
    son = waiting(TOUCHED + timedelta(days=3), reminded=1, name="in_2")
    found = due([mother, son], son.touched_at, TOUCHED + WEEK, BERLIN, ALWAYS)
    assert [(each.id, each.stage) for each in found] == [("in_1", 2)]


# the database


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Core:
    return composition.build(from_environment({"LOTSE_HOME": str(tmp_path_factory.mktemp("home"))}))


@pytest.fixture
def core(parts: Core, database: Database) -> Core:
    return replace(parts, database=database)


@pytest.fixture
def worker(core: Core) -> Worker:
    return Worker(core, lambda conversation_id: None)


def begin(session: Session, address: str = "chat 1", **more: object) -> tuple[str, str]:
    """An intake that was left after the agreement; ids of conversation and intake."""
    language = str(more.pop("language", "en"))
    conversation, inbound = converse(session, address, language=language)
    conversation.last_at = TOUCHED
    intake = Intake(
        **{
            "conversation_id": conversation.id, "municipality_id": conversation.municipality_id, "questionnaire": "intake",
            "version": "1", "touched_at": TOUCHED, **more,
        }
    )  # fmt: skip
    session.add(intake)
    if intake.gate is None:
        intake.responses.append(Response(question="age", value="27-64", language=language, inbound_id=inbound.id))
    session.flush()
    conversation.intake_id = intake.id
    return conversation.id, intake.id


def laid(core: Core) -> list[Outbound]:
    with core.database.reading() as session:
        return list(session.scalars(select(Outbound).order_by(Outbound.number)))


def buttons(row: Outbound) -> list[tuple[str, str, str]]:
    return [(each["kind"], each["value"], each["about"]) for line in row.body["buttons"] for each in line]


def test_the_message_and_its_buttons(core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        conversation, intake = begin(session)
    assert worker.remind(TOUCHED + DAY) == [conversation]
    (row,) = laid(core)
    assert (row.conversation_id, row.inbound_id, row.state) == (conversation, None, "pending")
    assert buttons(row) == [("menu", "resume", ""), ("menu", "stop", "")]
    assert [intent_of_press(Press(*each)) for each in buttons(row)] == ["resume", "stop_all"]
    assert "deleted in 29 days" in row.body["text"]
    assert "not remind you again" not in row.body["text"]
    with core.database.reading() as session:
        assert session.get_one(Intake, intake).reminded == 1
    assert worker.remind(TOUCHED + DAY + timedelta(minutes=1)) == []
    assert worker.remind(TOUCHED + WEEK) == [conversation]
    assert "not remind you again" in laid(core)[-1].body["text"]
    assert worker.remind(TOUCHED + timedelta(days=25)) == []
    assert len(laid(core)) == 2


@pytest.mark.parametrize("tag", OFFERED)
def test_it_is_worded_in_the_newcomers_language(tag: str, core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        begin(session, language=tag)
    worker.remind(TOUCHED + DAY)
    (row,) = laid(core)
    assert row.body["language"] == tag
    assert "reminder." not in row.body["text"]
    assert "{" not in row.body["text"]


def test_how_long_it_still_takes_is_counted(core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        _, intake = begin(session)
        questionnaire = core.intakes.questionnaire(session, session.get_one(Intake, intake))
        told = core.intakes.told(session.get_one(Intake, intake), musterstadt(session))
        minutes = Asking(questionnaire, "en", musterstadt(session)).minutes(told)
    assert minutes > 5
    worker.remind(TOUCHED + DAY)
    assert f"About {minutes} minutes" in laid(core)[0].body["text"]


def test_a_change_that_was_not_sent_waits_too(core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        conversation, _ = begin(session, status="submitted", sent=1, amending=True)
    assert worker.remind(TOUCHED + DAY) == [conversation]
    assert "change your answers" in laid(core)[0].body["text"]


@pytest.mark.parametrize(
    "more",
    [
        {"gate": {}},  # nothing was agreed yet
        {"gate": {"age": "27-64"}},
        {"status": "submitted", "sent": 1},
        {"status": "withdrawn"},
        {"reminded": 2},
    ],
)
def test_what_does_not_wait_is_not_offered(more: dict[str, object], core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        begin(session, **more)
    assert worker.remind(TOUCHED + DAY) == []
    assert worker.remind(TOUCHED + WEEK) == []
    assert laid(core) == []


@pytest.mark.parametrize("change", [{"reminders": False}, {"reachable": False}])
def test_who_said_no_or_blocked_the_bot_is_left_alone(change: dict[str, bool], core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        conversation, _ = begin(session)
        for name, value in change.items():
            setattr(session.get_one(Conversation, conversation), name, value)
    assert worker.remind(TOUCHED + DAY) == []


@pytest.mark.parametrize(("kind", "expected"), [("contact", 0), ("deletion", 0), ("intake", 1)])
def test_who_waits_for_a_person_is_not_sent_back_to_the_bot(kind: str, expected: int, core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        conversation, _ = begin(session)
        case = open_case(session, session.get_one(Conversation, conversation), kind)
    assert len(worker.remind(TOUCHED + DAY)) == expected
    if not expected:
        with core.database.session() as session:
            session.merge(case).status = "closed"
        assert worker.remind(TOUCHED + DAY) == [conversation]


@pytest.mark.parametrize(
    ("state", "days", "expected"), [("offered", 1, 0), ("declined", 6, 0), ("called", 9, 0), ("declined", 8, 1)]
)
def test_after_a_crisis_message_nothing_is_urged(state: str, days: int, expected: int, core: Core, worker: Worker) -> None:
    moment = TOUCHED + timedelta(days=10)
    with core.database.session() as session:
        conversation, _ = begin(session)
        town = musterstadt(session).id
        changed = moment - timedelta(days=days)
        session.add(CrisisCall(conversation_id=conversation, municipality_id=town, state=state, changed_at=changed))
    assert len(worker.remind(moment)) == expected


def test_a_household_gets_one_message_with_a_button_for_each(core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        conversation, mother = begin(session, household_id="hh_1", paused=True)
        here = session.get_one(Conversation, conversation)
        son = Intake(conversation_id=conversation, municipality_id=here.municipality_id, questionnaire="intake", version="1",
                     household_id="hh_1", touched_at=TOUCHED + timedelta(minutes=5), started_at=TOUCHED)  # fmt: skip
        session.add(son)
        son.responses.append(Response(question="call_name", value="Jamal", language="en", inbound_id="m_1"))
        session.flush()
        here.intake_id = son.id
        current = son.id
        session.get_one(Intake, mother).started_at = TOUCHED - timedelta(hours=1)
    assert worker.remind(TOUCHED + DAY) == [conversation]
    (row,) = laid(core)
    assert buttons(row) == [("menu", "this_person", mother), ("menu", "resume", ""), ("menu", "stop", "")]
    labels = [button["label"] for line in row.body["buttons"] for button in line]
    assert "Person 1" in labels[0]
    assert "Jamal" in labels[1]
    assert "Jamal" not in row.body["text"], "a phone's screen shows it to everybody"
    assert worker.remind(TOUCHED + DAY + timedelta(hours=1)) == []
    with core.database.session() as session:
        session.delete(session.get_one(Intake, current))
        session.get_one(Conversation, conversation).intake_id = None
    assert worker.remind(TOUCHED + WEEK) == [conversation]
    assert buttons(laid(core)[-1])[0] == ("menu", "resume", "")


def test_the_other_persons_paused_intake_is_turned_to(core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        conversation, mother = begin(session, paused=True)
        here = session.get_one(Conversation, conversation)
        son = Intake(conversation_id=conversation, municipality_id=here.municipality_id, questionnaire="intake", version="1",
                     status="submitted", sent=1)  # fmt: skip
        session.add(son)
        session.flush()
        here.intake_id = son.id
    worker.remind(TOUCHED + DAY)
    assert buttons(laid(core)[0])[0] == ("menu", "this_person", mother)
    assert intent_of_press(Press(*buttons(laid(core)[0])[0])) == "another_person"


def test_the_towns_own_hours_count(core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        conversation, _ = begin(session)
        town = musterstadt(session)
        town.details = {**town.details, "reminder_hours": {"from": "20:00", "to": "22:00"}}
    assert worker.remind(TOUCHED + DAY) == []
    assert worker.remind(datetime(2026, 11, 24, 19, 30, tzinfo=UTC)) == [conversation]  # in Berlin 20:30


def test_each_town_has_its_own_clock(core: Core, worker: Worker) -> None:
    with core.database.session() as session:
        begin(session)
        far = Municipality(slug="far", name="Far", country="DE", time_zone="America/New_York", details={})
        session.add(far)
        session.flush()
        conversation, intake = begin(session, "chat 2")
        session.get_one(Conversation, conversation).municipality_id = far.id
        session.get_one(Intake, intake).municipality_id = far.id
    assert conversation not in worker.remind(TOUCHED + DAY)  # 5:00 there
    assert worker.remind(datetime(2026, 11, 24, 21, 0, tzinfo=UTC)) == [conversation]


def test_several_processes_say_it_once(core: Core) -> None:
    with core.database.session() as session:
        for number in range(12):
            begin(session, f"chat {number}")
    found: list[str] = []
    start = threading.Barrier(3)

    def process() -> None:
        own = Worker(core, lambda conversation_id: None)
        start.wait()
        found.extend(own.remind(TOUCHED + DAY))

    threads = [threading.Thread(target=process) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == len(set(found)) == 12
    assert len(laid(core)) == 12


def test_what_breaks_off_is_counted_neither_nor_said(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    with core.database.session() as session:
        conversation, intake = begin(session)
    broken = Worker(core, lambda conversation_id: None)

    def fail(*_: object) -> None:
        raise OSError("away")

    monkeypatch.setattr(broken._outbox, "put", fail)
    with pytest.raises(OSError, match="away"):
        broken.remind(TOUCHED + DAY)
    with core.database.reading() as session:
        assert session.get_one(Intake, intake).reminded == 0
    assert Worker(core, lambda conversation_id: None).remind(TOUCHED + DAY) == [conversation]


async def test_the_channels_are_told_and_a_failing_job_is_tried_again(
    core: Core, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loop itself, with short pauses."""
    told: list[str] = []
    worker = Worker(core, told.append)
    tries = iter([OSError("secret words\nin a second line"), ["c_1", "c_2"], []])

    def job() -> list[str]:
        outcome = next(tries, [])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(worker, "_jobs", [replace(worker._jobs[0], every=0.01, do=job)])
    running = asyncio.create_task(worker.run())
    for _ in range(200):
        await asyncio.sleep(0.01)
        if told:
            break
    running.cancel()
    assert told == ["c_1", "c_2"]
    said = capsys.readouterr().out
    assert "job failed" in said
    assert "second line" not in said
    assert "c_1" not in said, "logs count, they do not name"
