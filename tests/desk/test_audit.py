"""The access log at the desk: what staff see and do is told, to those who administer the town, and to nobody else."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
from types import ModuleType

import pytest
from sqlalchemy import select

from commands import case as case_command
from commands import erase as erase_command
from commands import user as user_command
from lotse import audit
from lotse.audit.actions import ACTIONS
from lotse.cases import deletion, likeness
from lotse.core import Core
from lotse.staff import Role
from lotse.storage.tables import AuditEntry, CrisisCall, Staff, now
from tests.desk.conftest import ELSEWHERE, HERE, SignedIn, make_case, make_contact, town


def told(core: Core) -> list[tuple[str, str | None]]:
    """Action and reference of all entries, in order."""
    with core.database.reading() as session:
        audit.verify(session)
        return [(each.action, each.reference) for each in session.scalars(select(AuditEntry).order_by(AuditEntry.at))]


async def test_everything_that_a_case_worker_sees_and_does(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case, twin = make_case(session), make_case(session)
        for each in (case, twin):
            likeness.keep(session, each, {"phone": "1"}, {})
        one, other = case.reference, twin.reference
        call = CrisisCall(
            conversation_id=case.conversation_id,
            municipality_id=town(session).id,
            state="called",
            called_at=now(),
            reference="M-CALL",
        )
        session.add(call)
        session.flush()
        call_id = call.id
    worker = browser("colleague")
    path = f"/desk/cases/{one}"
    for _ in range(2):
        await worker.get("/desk/cases")
        await worker.get(path)
    assert told(core) == [("queue.read", None), ("case.read", one)], "the same again within five minutes counts once"
    await worker.post(f"{path}/take")
    await worker.post(f"{path}/note", text="a secret")
    await worker.post(f"{path}/note", text="")  # refused: the page that says so shows the case once more
    await worker.post(f"{path}/status", status="waiting", reason_waiting="a reply")
    await worker.get(f"{path}/merge?other={other}")
    await worker.post(f"{path}/merge", other=other)
    await worker.post(f"/desk/cases/{other}/split")
    await worker.post(f"{path}/different", other=other)
    await worker.get("/desk/calls")
    await worker.post(f"/desk/calls/{call_id}/take")
    await worker.post("/desk/together", language="uk", town=HERE)
    assert told(core)[2:] == [
        ("case.assigned", one),
        ("case.status", one),
        ("case.note", one),
        ("case.status", one),
        ("case.read", other),
        ("case.merged", other),
        ("case.merged", one),
        ("case.split", other),
        ("case.split", one),
        ("case.different", one),
        ("case.different", other),
        ("calls.read", None),
        ("call.taken", "M-CALL"),
        ("together.begun", None),
    ]
    with core.database.reading() as session:
        kept = json.dumps([[each.reference, each.details] for each in session.scalars(select(AuditEntry))])
        assert {each.actor for each in session.scalars(select(AuditEntry))} == {worker.staff_id}
    assert "secret" not in kept
    assert "waiting" not in kept, "names of fields, not their values"


async def test_requests_to_delete(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        requests = [deletion.request(session, make_case(session, status="open").conversation) for _ in range(2)]
        first, second = (each.reference for each in requests)
    worker = browser("colleague")
    await worker.get(f"/desk/cases/{first}/erase")
    await worker.post(f"/desk/cases/{first}/erase")
    await worker.post(f"/desk/cases/{second}/refuse", reason="The law says so.")
    assert told(core) == [("case.read", first), ("case.erased", first), ("case.refused", second)]


async def test_what_is_not_shown_is_not_told(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        reference = make_case(session).reference
    for who in (browser(Role.CASE_WORKER, ELSEWHERE), browser(Role.OBSERVER), browser()):
        for path in (f"/desk/cases/{reference}", "/desk/cases", "/desk/calls", "/desk/figures"):
            await who.get(path)
    assert told(core) == []


def rows(html: str) -> list[list[str]]:
    cells = [re.findall(r"<td.*?</td>", row, re.S) for row in re.findall(r"<tr role.*?</tr>", html, re.S)[1:]]
    return [[" ".join(re.sub(r"<[^>]+>|[\u2066-\u2069]", " ", cell).split()) for cell in row] for row in cells]


async def test_an_administrator_reads_the_own_town_only(core: Core, browser: SignedIn) -> None:
    references = {}
    for where in (HERE, ELSEWHERE):
        with core.database.session() as session:
            references[where] = make_contact(session, "?", slug=where).reference
        await browser(Role.CASE_WORKER, where).get(f"/desk/cases/{references[where]}")
    with core.database.session() as session:
        audit.note(session, "operator", "staff.added", town=None, reference="st_x")
    here = await browser(Role.MUNICIPALITY_ADMINISTRATOR).get("/desk/audit")
    (row,) = rows(here.text)
    assert row[1:4] == ["Anna Beispiel case_worker.musterstadt", "Case read", references[HERE]]
    everything = await browser(Role.SYSTEM_ADMINISTRATOR).get("/desk/audit")
    assert [row[5] for row in rows(everything.text)] == ["All municipalities", "Nachbarort", "Musterstadt"]
    found = await browser(Role.MUNICIPALITY_ADMINISTRATOR).get(f"/desk/audit?reference={references[ELSEWHERE]}")
    assert rows(found.text) == []
    assert "Nothing found" in found.text


async def test_searching(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        one, other = make_case(session).reference, make_case(session).reference
    await browser(Role.CASE_WORKER).get("/desk/cases")
    await browser(Role.CASE_WORKER).get(f"/desk/cases/{one}")
    await browser("colleague").get(f"/desk/cases/{other}")
    await browser("colleague").post(f"/desk/cases/{other}/take")
    admin = browser(Role.MUNICIPALITY_ADMINISTRATOR)
    today = now().date().isoformat()

    async def found(query: str) -> list[str]:
        answer = await admin.get(f"/desk/audit?{query}")
        assert answer.status_code == 200
        return [row[2] for row in rows(answer.text)]

    everything = ["Status changed", "Case assigned", "Case read", "Case read", "List of cases read"]
    assert await found("") == everything
    assert await found("who=anna") == ["Case read", "List of cases read"]
    assert await found(f"reference={other.lower().replace('-', '%20')}") == [*everything[:3], "List of cases read"]
    assert await found("action=case.status") == ["Status changed"]
    assert await found("action=nonsense&page=x") == everything
    assert await found("since=9999-12-31&until=9999-12-31") == []
    assert await found("since=0001-01-01") == everything
    assert await found("until=2020-01-01") == []
    assert await found(f"until={today}&since=2020-01-01&page=2") == []
    bad = await admin.get("/desk/audit?since=yesterday&who=anna")
    assert bad.status_code == 422
    assert 'aria-describedby="since-error"' in bad.text
    assert 'value="yesterday"' in bad.text
    assert 'value="anna"' in bad.text


async def test_pages(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        for number in range(51):
            audit.note(session, "operator", "case.read", town=town(session).id, reference=f"M-{number}")
    admin = browser(Role.MUNICIPALITY_ADMINISTRATOR)
    first, second = [await admin.get(f"/desk/audit?who=operator&page={number}") for number in (1, 2)]
    assert [len(rows(each.text)) for each in (first, second)] == [50, 1]
    assert "/desk/audit?who=operator&amp;page=2" in first.text
    assert "/desk/audit?who=operator&amp;page=1" in second.text


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_the_file_has_what_was_found_and_is_told_itself(core: Core, browser: SignedIn, form: str) -> None:
    with core.database.session() as session:
        audit.note(session, "operator", "case.read", town=town(session).id, reference="=1+1")
        audit.note(session, "operator", "case.read", town=town(session, ELSEWHERE).id, reference="X-1")
    admin = browser(Role.MUNICIPALITY_ADMINISTRATOR)
    answer = await admin.get(f"/desk/audit/export?format={form}&action=case.read")
    assert answer.headers["content-disposition"] == f'attachment; filename="audit.{form}"'
    if form == "csv":
        table = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert [row["reference"] for row in table] == ["'=1+1"]
    else:
        (row,) = [json.loads(line) for line in answer.text.splitlines()]
        assert (row["chain"], row["reference"], len(row["hash"])) == (HERE, "=1+1", 64)
    assert told(core)[-1] == ("audit.exported", None)
    assert (await admin.get("/desk/audit/export?format=pdf")).status_code == 404


async def test_whoever_left_and_what_is_unknown_is_still_shown(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        audit.note(session, "st_gone", "plan.signed", town=town(session).id, reference="M-1", fields=["status", "other"])
    page = await browser(Role.MUNICIPALITY_ADMINISTRATOR).get("/desk/audit")
    (row,) = rows(page.text)
    assert row[1:] == ["Former account st_gone", "plan.signed", "M-1", "Status , other"]


def test_actions_are_named_once() -> None:
    assert len(set(ACTIONS)) == len(ACTIONS)


def test_the_command_line_is_told_as_well(
    core: Core, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lotse.core.build", lambda settings: core)
    monkeypatch.setattr("lotse.privacy.forget_tracker", lambda *_: None)
    monkeypatch.setattr("lotse.privacy.forget_traces", lambda *_: None)
    with core.database.session() as session:
        case = make_case(session)
        request = deletion.request(session, case.conversation)
        one, other = case.reference, request.reference

    def run(command: ModuleType, *words: str) -> None:
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        command.run(parser.parse_args(words), core.settings)

    run(case_command, "list")
    run(case_command, "show", one)
    run(erase_command, one)
    run(user_command, "add", "new.one", "--name", "Neu Muster", "--role", f"observer@{HERE}")
    run(user_command, "password", "new.one")
    capsys.readouterr()
    expected = [("queue.read", None), ("case.read", one), *(("case.erased", each) for each in sorted((one, other)))]
    with core.database.reading() as session:
        account = session.scalars(select(Staff.id).where(Staff.login == "new.one")).one()
        assert {each.actor for each in session.scalars(select(AuditEntry))} == {audit.OPERATOR}
    assert told(core) == [*expected, ("staff.added", account), ("staff.password", account)]
