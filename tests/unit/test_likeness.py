"""Two cases of one person: known by what is equal, proposed and never more, merged and split without a loss."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases import case_of_intake, deletion, likeness, open_case, work
from lotse.cases.likeness import KINDS, marks_of_contact, marks_of_told
from lotse.cases.work import WorkError
from lotse.intake import sending
from lotse.privacy import erase_told, withdraw
from lotse.storage.tables import (
    Case,
    CaseDifference,
    CaseLikeness,
    Conversation,
    Intake,
    Municipality,
    Response,
    Staff,
    new_id,
    now,
)
from lotse.turns import Turn, Understanding
from tests.unit.conftest import converse, musterstadt

TOLD = {"call_name": "Олена", "age": "27-64", "town": "this_town", "languages": ["uk", "ru"]}
PHONE = {"phone": "+491701234567", "email": None}


def add(session: Session, told: dict[str, Any] | None = None, contact: dict[str, Any] | None = None, **more: Any) -> Case:
    """A case of an intake that was sent, in a chat of its own or in `chat`; the later made, the newer."""
    conversation: Conversation = more.pop("chat", None) or converse(session, new_id("chat"))[0]
    conversation.contact = contact
    intake = Intake(
        conversation_id=conversation.id,
        municipality_id=conversation.municipality_id,
        questionnaire="intake",
        version="1",
        status="submitted",
        sent=1,
        household_id=more.pop("household", None),
    )
    session.add(intake)
    session.flush()
    case = open_case(session, conversation, "intake", intake=intake)
    for name, value in more.items():
        setattr(case, name, value)
    likeness.keep(session, case, contact, told or {})
    return case


def guide(session: Session) -> Staff:
    staff = Staff(login="guide", name="Gerda Guide", password_hash="-")
    session.add(staff)
    session.flush()
    return staff


def proposed(session: Session, case: Case) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.case.reference, each.kinds) for each in likeness.proposals(session, case)]


# what is compared


def test_one_spelling_of_a_contact() -> None:
    assert marks_of_contact({"phone": "+49 170 1234567", "email": " Olena@Example.ORG "}) == {
        "phone": "491701234567",
        "email": "olena@example.org",
    }
    assert marks_of_contact({"phone": None, "email": ""}) == {}


@pytest.mark.parametrize(
    "same",
    [
        {"call_name": " олена "},
        {"languages": ["ru", "uk"]},
        {"wish_year": "something else"},
        {"languages": ["RU", "uk"]},
    ],
)
def test_what_is_told_is_the_same_however_it_is_written(same: dict[str, Any]) -> None:
    assert marks_of_told({**TOLD, **same}) == marks_of_told(TOLD) != {}


@pytest.mark.parametrize(
    "other",
    [{"call_name": "Оленка"}, {"age": "18-26"}, {"town": "Nachbarort"}, {"languages": ["uk"]}, {"languages": None}],
)
def test_one_difference_is_another_person(other: dict[str, Any]) -> None:
    assert marks_of_told({**TOLD, **other}) != marks_of_told(TOLD)


def test_without_a_name_what_is_told_says_nothing() -> None:
    assert marks_of_told({**TOLD, "call_name": None}) == {}
    assert marks_of_told({**TOLD, "call_name": " ?! "}) == {}


def test_only_keyed_hashes_are_kept_and_each_town_has_its_own(session: Session) -> None:
    here = add(session, TOLD, PHONE)
    other = Municipality(slug="elsewhere", name="Elsewhere", country="NL", time_zone="Europe/Amsterdam", details={})
    session.add(other)
    session.flush()
    chat = converse(session, "elsewhere")[0]
    chat.municipality_id = other.id
    there = add(session, TOLD, PHONE, chat=chat)
    rows = session.scalars(select(CaseLikeness)).all()
    assert sorted((row.case_id, row.kind) for row in rows) == sorted(
        (case.id, kind) for case in (here, there) for kind in ("phone", "told")
    )
    assert len({row.digest for row in rows}) == 4, "two towns cannot tell that they know the same person"
    assert all(len(row.digest) == 64 for row in rows)
    assert proposed(session, here) == []


# what sending keeps


def sent_again(session: Session, turn: Turn, intake: Intake, **told: Any) -> None:
    for question, value in told.items():
        intake.responses.append(Response(question=question, value=value, language="uk", inbound_id=turn.inbound.id))
    sending.send(turn, intake)


def test_sending_and_sending_again_keep_by_what_a_case_is_known(session: Session) -> None:
    first = add(session, {**TOLD, "call_name": "Оленка"}, PHONE)
    conversation, inbound = converse(session, "sender")
    conversation.contact = PHONE
    town = musterstadt(session)
    intake = Intake(conversation_id=conversation.id, municipality_id=town.id, questionnaire="intake", version="1")
    session.add(intake)
    session.flush()
    turn = Turn(session, conversation, town, inbound, Understanding(None))
    sent_again(session, turn, intake, **TOLD)
    case = case_of_intake(session, intake)
    assert case is not None
    assert proposed(session, case) == [(first.reference, ("phone",))]
    sent_again(session, turn, intake, call_name="Оленка")
    assert proposed(session, case) == [(first.reference, ("phone", "told"))]
    assert len(session.scalars(select(CaseLikeness).where(CaseLikeness.case_id == case.id)).all()) == 2


def test_a_contact_that_changes_later_is_followed(session: Session) -> None:
    one, other = add(session, TOLD, PHONE), add(session, TOLD)
    assert proposed(session, one) == [(other.reference, ("told",))]
    other.conversation.contact = PHONE
    likeness.keep_contact(session, other.conversation)
    assert proposed(session, one) == [(other.reference, ("phone", "told"))]
    one.conversation.contact = None
    likeness.keep_contact(session, one.conversation)
    assert proposed(session, one) == [(other.reference, ("told",))]


def test_what_was_withdrawn_is_not_compared_any_more(session: Session, questionnaire: Any) -> None:
    one, other = add(session, TOLD, PHONE, status="open"), add(session, TOLD, PHONE)
    assert one.intake is not None
    withdraw(session, questionnaire, one.intake, only_private=False)
    assert proposed(session, other) == []
    assert session.scalars(select(CaseLikeness.case_id).distinct()).all() == [other.id]


# proposing


def test_every_kind_that_is_equal_is_named_and_the_oldest_comes_first(session: Session) -> None:
    contact = {"phone": "+491701234567", "email": "olena@example.org"}
    newer = add(session, TOLD, contact)
    older = add(session, {}, {"phone": None, "email": "OLENA@example.org"}, opened_at=now() - timedelta(days=3))
    here = add(session, TOLD, contact)
    add(session, {**TOLD, "call_name": "Amal"}, {"phone": "+491709999999", "email": None})
    assert proposed(session, here) == [(older.reference, ("email",)), (newer.reference, KINDS)]
    assert proposed(session, older) == [(newer.reference, ("email",)), (here.reference, ("email",))]


def test_nobody_of_the_same_chat_or_household_is_proposed(session: Session) -> None:
    chat = converse(session, "one telephone, two people")[0]
    mother = add(session, TOLD, PHONE, chat=chat)
    son = add(session, {**TOLD, "call_name": "Ярема"}, PHONE, chat=chat)
    aunt = add(session, {}, PHONE, household="hh_1")
    uncle = add(session, {}, PHONE, household="hh_1")
    assert proposed(session, mother) == proposed(session, son) == [(aunt.reference, ("phone",)), (uncle.reference, ("phone",))]
    assert uncle.reference not in dict(proposed(session, aunt))


def test_two_people_are_never_proposed_again(session: Session) -> None:
    one, two, three = (add(session, TOLD, PHONE) for _ in range(3))
    likeness.set_apart(session, two, one)
    likeness.set_apart(session, one, two)  # pressed twice
    assert [each for each, _ in proposed(session, one)] == [three.reference]
    assert [each for each, _ in proposed(session, two)] == [three.reference]
    assert len(session.scalars(select(CaseDifference)).all()) == 1
    likeness.merge(session, two, three, guide(session))
    assert [each for each, _ in proposed(session, one)] == [two.reference], "by the third, which nobody has set apart"
    likeness.set_apart(session, one, two)
    assert proposed(session, one) == proposed(session, two) == []


# merging


def history(case: Case) -> list[tuple[str, Any]]:
    return [(event.kind, event.body) for event in case.events]


def test_the_newer_case_points_to_the_older_one_and_everything_stays(session: Session) -> None:
    staff = guide(session)
    older = add(session, TOLD, PHONE, status="open", opened_at=now() - timedelta(days=9))
    newer = add(session, TOLD, PHONE, status="waiting")
    assert likeness.merge(session, newer, older, staff) is older
    assert (newer.merged_into, newer.status, older.merged_into, older.status) == (older.id, "closed", None, "open")
    assert history(newer) == [("merged", {"into": older.id, "status": "waiting"})]
    assert history(older) == [("merged", {"from": newer.id})]
    assert {event.staff_id for event in (*newer.events, *older.events)} == {staff.id}
    assert likeness.merged(session, older) == [newer]
    assert likeness.root(session, newer) is older
    assert likeness.proposals(session, older) == likeness.proposals(session, newer) == []
    with pytest.raises(ValueError, match="not merged"):
        likeness.merge(session, newer, older, staff)
    for change in (lambda: work.set_status(session, newer, "open", staff), lambda: work.take(session, newer, staff)):
        with pytest.raises(WorkError):
            change()


@pytest.mark.parametrize("status", ["new", "open", "waiting", "closed"])
def test_a_split_gives_back_what_was(session: Session, status: str) -> None:
    staff = guide(session)
    older = add(session, TOLD, opened_at=now() - timedelta(days=9))
    newer = add(session, TOLD, status=status)
    likeness.merge(session, older, newer, staff)
    likeness.split(session, newer, staff)
    likeness.split(session, newer, staff)  # pressed twice
    assert (newer.merged_into, newer.status, older.status) == (None, status, "new")
    assert [kind for kind, _ in history(newer)] == [kind for kind, _ in history(older)] == ["merged", "split"]
    assert proposed(session, older) == [(newer.reference, ("told",))]


def test_work_that_waits_in_the_newer_case_is_not_closed_with_it(session: Session) -> None:
    staff = guide(session)
    older = add(session, TOLD, status="closed", opened_at=now() - timedelta(days=400))
    newer = add(session, TOLD)
    likeness.merge(session, older, newer, staff)
    assert (older.status, newer.status) == ("open", "closed")
    assert history(older)[-1] == ("status", {"from": "closed", "to": "open"})


def test_a_third_case_is_compared_with_all_that_were_merged(session: Session) -> None:
    staff = guide(session)
    first = add(session, TOLD, opened_at=now() - timedelta(days=9))
    second = add(session, TOLD, PHONE, opened_at=now() - timedelta(days=8))
    third = add(session, {}, PHONE, opened_at=now() - timedelta(days=7))
    likeness.merge(session, second, third, staff)
    assert proposed(session, first) == [(second.reference, ("told",))]
    likeness.merge(session, first, second, staff)
    assert likeness.merged(session, first) == [second, third]
    assert likeness.root(session, third) is first
    fourth = add(session, {}, PHONE)
    assert proposed(session, fourth) == [(first.reference, ("phone",))]
    assert proposed(session, first) == [(fourth.reference, ("phone",))]
    likeness.split(session, second, staff)
    assert likeness.merged(session, first) == []
    assert likeness.merged(session, second) == [third]


def test_when_the_older_case_is_erased_the_newer_one_stands_for_itself(session: Session) -> None:
    staff = guide(session)
    older = add(session, TOLD, opened_at=now() - timedelta(days=9))
    newer = add(session, TOLD, status="open")
    likeness.merge(session, older, newer, staff)
    erase_told(session, older.conversation)
    assert (newer.merged_into, newer.status) == (None, "open")
    assert newer.events[-1].kind == "split"
    assert newer.events[-1].staff_id is None
    assert session.scalars(select(CaseLikeness.case_id).distinct()).all() == [newer.id]


def test_a_request_to_delete_knows_the_persons_other_chats(session: Session) -> None:
    staff = guide(session)
    older = add(session, TOLD, opened_at=now() - timedelta(days=9))
    newer = add(session, TOLD)
    stranger = add(session, {**TOLD, "age": "18-26"})
    likeness.merge(session, older, newer, staff)
    assert deletion.elsewhere(session, deletion.request(session, newer.conversation)) == [older]
    assert deletion.elsewhere(session, deletion.request(session, older.conversation)) == [newer]
    assert deletion.elsewhere(session, deletion.request(session, stranger.conversation)) == []
