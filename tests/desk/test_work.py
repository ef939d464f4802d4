"""Working on a case, without web: which changes there are, and that each leaves a note."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from lotse.cases import work
from lotse.cases.work import STATUSES, WorkError, next_statuses
from lotse.core import Core
from lotse.storage.tables import Case, Staff
from tests.desk.conftest import make_case, staff


def test_every_status_leads_on_and_none_back_to_new() -> None:
    for status in STATUSES:
        following = next_statuses(status)
        assert following
        assert set(following) <= set(STATUSES) - {"new", status}


def people(session: Session) -> tuple[Case, Staff, Staff]:
    return make_case(session), staff(session, "case_worker.musterstadt"), staff(session, "colleague")


def history(case: Case) -> list[tuple[str, Any]]:
    return [(event.kind, event.body) for event in case.events]


def test_the_life_of_a_case(core: Core) -> None:
    with core.database.session() as session:
        case, anna, bert = people(session)
        work.assign(session, case, bert.id, anna)
        assert (case.status, case.assigned_to) == ("new", bert.id), "the newcomer may still delete it at once"
        assert work.may_take(case, bert.id)
        assert not work.may_take(case, anna.id)
        work.take(session, case, bert)
        work.take(session, case, bert)  # pressed twice
        work.write_note(session, case, " called \r\n again ", anna)
        work.set_status(session, case, "waiting", anna)
        work.set_status(session, case, "waiting", anna)  # no change
        work.set_status(session, case, "closed", anna)
        assert case.changed_at == case.events[-1].at
        assert [event.staff_id for event in case.events] == [anna.id, bert.id, anna.id, anna.id, anna.id]
        assert history(case) == [
            ("assigned", {"from": None, "to": "Bert Muster"}),
            ("status", {"from": "new", "to": "open"}),
            ("note", "called \n again"),
            ("status", {"from": "open", "to": "waiting"}),
            ("status", {"from": "waiting", "to": "closed"}),
        ]


def test_what_is_refused_changes_nothing(core: Core) -> None:
    with core.database.session() as session:
        case, anna, bert = people(session)
        work.take(session, case, anna)
        before, changed_at = history(case), case.changed_at
        refused = [
            (lambda: work.take(session, case, bert), "take", "taken"),
            (lambda: work.assign(session, case, staff(session, "case_worker.nachbarort").id, anna), "assign", "unknown"),
            (lambda: work.assign(session, case, staff(session, "observer.musterstadt").id, anna), "assign", "unknown"),
            (lambda: work.set_status(session, case, "new", anna), "status", "not_allowed"),
            (lambda: work.set_status(session, case, "", anna), "status", "not_allowed"),
            (lambda: work.write_note(session, case, " \n", anna), "note", "empty"),
            (lambda: work.write_note(session, case, "x" * 10_001, anna), "note", "long"),
        ]
        for change, field, reason in refused:
            with pytest.raises(WorkError) as error:
                change()
            assert (error.value.field, error.value.reason) == (field, reason)
        assert (history(case), case.changed_at) == (before, changed_at)


def test_a_closed_case_is_opened_first(core: Core) -> None:
    with core.database.session() as session:
        case, anna, bert = people(session)
        work.set_status(session, case, "closed", anna)
        assert not work.may_take(case, anna.id)
        for change in (lambda: work.take(session, case, anna), lambda: work.assign(session, case, bert.id, anna)):
            with pytest.raises(WorkError) as error:
                change()
            assert error.value.reason == "closed"
        work.set_status(session, case, "open", anna)
        work.take(session, case, anna)
        assert (case.status, case.assigned_to) == ("open", anna.id)


def test_a_colleague_who_left_can_be_given_nothing(core: Core) -> None:
    with core.database.session() as session:
        case, anna, bert = people(session)
        bert.active = False
        session.flush()
        assert bert not in work.colleagues(session, case.municipality_id)
        with pytest.raises(WorkError):
            work.assign(session, case, bert.id, anna)
