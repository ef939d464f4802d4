"""Reasons, flags, tasks, passing on, what is new and what is verified: through the real server."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from lotse.cases import verifying
from lotse.cases.service import record
from lotse.core import Core
from lotse.staff import Role
from lotse.storage.tables import Case, CaseCheck, CaseEvent, CaseFlag, CaseTask, Response
from tests import pdf
from tests.desk.conftest import ELSEWHERE, Browser, SignedIn, make_case, make_contact


def reference(core: Core, **more: str) -> str:
    with core.database.session() as session:
        return make_case(session, **more).reference


def raw(core: Core, query: str) -> bytes:
    """How something lies in the database."""
    with core.database.engine.connect() as connection:
        return b"|".join(bytes(row[0]) for row in connection.exec_driver_sql(query))


async def done(worker: Browser, path: str, **form: str) -> None:
    answer = await worker.post(path, **form)
    assert answer.status_code == 303, answer.text
    assert (await worker.get(answer.headers["location"])).text.count('<p class="done">') == 1


@pytest.mark.parametrize(
    ("action", "form", "field", "told"),
    [
        ("status", {"status": "waiting", "reason_waiting": " "}, "reason_waiting", "what the case waits for"),
        ("status", {"status": "waiting", "reason_waiting": "w" * 501}, "reason_waiting", "at most 500 characters"),
        ("status", {"status": "closed"}, "outcome", "choose what came of it"),
        ("status", {"status": "closed", "outcome": "transferred"}, "outcome", "choose what came of it"),
        ("status", {"status": "closed", "outcome": "other"}, "reason_closed", "what “something else” is"),
        ("flag", {"flag": "poor", "flag_reason": "kept words"}, "flag", "choose a flag"),
        ("flag", {"flag": "papers", "flag_reason": ""}, "flag_reason", "briefly why"),
        ("task", {"task": "", "task_to": "x"}, "task", "what is to be done"),
        ("task", {"task": "kept words", "due": "soon"}, "due", "This is no date"),
        ("task", {"task": "kept words", "task_to": "st_nobody"}, "task_to", "choose somebody"),
        ("transfer", {"organisation": "", "handed_over": "kept words"}, "organisation", "who takes the case over"),
        ("transfer", {"organisation": "kept words", "handed_over": ""}, "handed_over", "what is handed over"),
        ("transfer", {"organisation": "kept words", "handed_over": "x", "agreed": ""}, "agreed", "the day on which"),
        ("transfer", {"organisation": "x", "handed_over": "x", "agreed": "2999-01-01"}, "agreed", "in the future"),
        ("refer", {"offer": ""}, "offer", "which offer"),
    ],
)
async def test_what_is_missing_is_told_at_its_field(
    core: Core, browser: SignedIn, action: str, form: dict[str, str], field: str, told: str
) -> None:
    name = reference(core, status="open")
    page = await browser(Role.CASE_WORKER).post(f"/desk/cases/{name}/{action}", **form)
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text
    assert f'aria-describedby="{field}-error"' in page.text
    assert told in page.text
    before = page.text[: page.text.index(f'id="{field}-error"')]
    assert re.findall(r"<details[^>]*>", before)[-1].endswith(" open>"), "the form is open"
    assert ("kept words" in page.text) == ("kept words" in form.values())
    with core.database.reading() as session:
        assert session.scalars(select(CaseEvent)).all() == []
        assert session.scalars(select(Case.status)).one() == "open"


async def test_a_status_says_why(core: Core, browser: SignedIn) -> None:
    name = reference(core, status="open")
    worker = browser(Role.CASE_WORKER)
    await done(worker, f"/desk/cases/{name}/status", status="waiting", reason_waiting="a place in a course")
    await worker.post(f"/desk/cases/{name}/status", status="waiting", reason_waiting="a place in a course")  # pressed twice
    await done(worker, f"/desk/cases/{name}/status", status="waiting", reason_waiting="the school’s reply")
    page = (await worker.get(f"/desk/cases/{name}")).text
    head = page[: page.index("</dl>")]
    assert "the school’s reply" in head
    assert "a place in a course" not in head
    assert page.count("a place in a course") == 1, "in the history"
    await done(worker, f"/desk/cases/{name}/status", status="closed", outcome="moved", reason_closed="to Nachbarort")
    page = (await worker.get(f"/desk/cases/{name}")).text
    head = page[: page.index("</dl>")]
    assert "Has moved away" in head
    assert "to Nachbarort" in head
    with core.database.session() as session:
        case = session.scalars(select(Case)).one()
        assert (case.status, case.outcome) == ("closed", "moved")
        assert len(case.events) == 3
    await done(worker, f"/desk/cases/{name}/status", status="open")
    page = (await worker.get(f"/desk/cases/{name}")).text
    assert "moved away" not in page[: page.index("</dl>")]
    with core.database.session() as session:
        assert session.scalars(select(Case.outcome)).one() is None


async def test_flags_are_set_with_a_reason_and_cleared(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker, colleague = browser(Role.CASE_WORKER), browser("colleague")
    await colleague.post("/desk/language", language="en")
    await done(worker, f"/desk/cases/{name}/flag", flag="interpreter", flag_reason="Tigrinya, on Monday")
    await worker.post(f"/desk/cases/{name}/flag", flag="interpreter", flag_reason="Tigrinya, on Monday")  # pressed twice
    queue = (await colleague.get("/desk/cases")).text
    assert '<span class="mark mark-flag">Interpreter needed</span>' in queue
    page = (await colleague.get(f"/desk/cases/{name}")).text
    assert "Tigrinya, on Monday" in page
    assert "Flag set: Interpreter needed" in page
    assert b"Tigrinya" not in raw(core, "SELECT reason FROM case_flag UNION ALL SELECT body FROM case_event")
    await done(colleague, f"/desk/cases/{name}/flag", flag="interpreter", flag_reason="on Tuesday")
    await done(colleague, f"/desk/cases/{name}/clear", flag="interpreter")
    await done(colleague, f"/desk/cases/{name}/clear", flag="interpreter")  # pressed twice
    assert "mark-flag" not in (await worker.get("/desk/cases")).text
    with core.database.reading() as session:
        assert session.scalars(select(CaseFlag)).all() == []
        assert [event.kind for event in session.scalars(select(CaseEvent).order_by(CaseEvent.number))] == [
            "flag_set",
            "flag_set",
            "flag_cleared",
        ]


async def test_tasks_from_the_case_to_ones_own_page(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker, colleague = browser(Role.CASE_WORKER), browser("colleague")
    assert "Nothing to do" in (await worker.get("/desk/tasks")).text
    past, later = date.today() - timedelta(days=2), date.today() + timedelta(days=9)
    for text, due in (("without a day", ""), ("later", later.isoformat()), ("late", past.isoformat())):
        await done(colleague, f"/desk/cases/{name}/task", task=text, due=due, task_to=worker.staff_id)
    page = (await worker.get("/desk/tasks")).text
    assert page.index('dir="auto">late') < page.index('dir="auto">later') < page.index('dir="auto">without a day')
    assert page.count("overdue") == 2, "the mark, as class and as a word"
    assert f'href="/desk/cases/{name}"' in page
    await colleague.post("/desk/language", language="en")
    assert "Nothing to do" in (await colleague.get("/desk/tasks")).text
    assert b"later" not in raw(core, "SELECT text FROM case_task")
    with core.database.reading() as session:
        late = next(task for task in session.scalars(select(CaseTask)) if task.text == "late").id
    answer = await worker.post(f"/desk/cases/{name}/task/{late}", back="1")
    assert answer.headers["location"] == "/desk/tasks?done=1"
    page = (await worker.get("/desk/tasks?done=1")).text
    assert "The task is done." in page
    assert 'dir="auto">late<' not in page
    await done(worker, f"/desk/cases/{name}/task/{late}")  # pressed twice
    page = (await worker.get(f"/desk/cases/{name}")).text
    assert "Not done after all" in page
    assert "Task done" in page
    await done(worker, f"/desk/cases/{name}/task/{late}", undone="1")
    assert 'dir="auto">late<' in (await worker.get("/desk/tasks")).text
    with core.database.reading() as session:
        kinds = [event.kind for event in session.scalars(select(CaseEvent).order_by(CaseEvent.number))]
    assert kinds == ["task_added"] * 3 + ["task_done", "task_undone"]


async def test_a_task_belongs_to_its_case_and_town(core: Core, browser: SignedIn) -> None:
    name, other = reference(core), reference(core)
    worker, stranger = browser(Role.CASE_WORKER), browser(Role.CASE_WORKER, ELSEWHERE)
    await done(worker, f"/desk/cases/{name}/task", task="x", task_to=worker.staff_id)
    with core.database.session() as session:
        task = session.scalars(select(CaseTask)).one()
        number = task.id
    assert (await worker.post(f"/desk/cases/{other}/task/{number}")).status_code == 404
    assert (await stranger.post(f"/desk/cases/{name}/task/{number}")).status_code == 404
    with core.database.session() as session:
        session.scalars(select(CaseTask)).one().assigned_to = stranger.staff_id
    assert "Nothing to do" in (await stranger.get("/desk/tasks")).text, "no case of another town"


async def test_transfer_closes_the_case_and_tells_to_whom(core: Core, browser: SignedIn) -> None:
    name = reference(core, status="open")
    worker = browser(Role.CASE_WORKER)
    sent = {"organisation": "Wohlfahrt Beispiel", "handed_over": "summary and plan", "agreed": "2026-11-02"}
    await done(worker, f"/desk/cases/{name}/transfer", **sent)
    page = (await worker.get(f"/desk/cases/{name}")).text
    assert "Transferred: <bdi>Wohlfahrt Beispiel</bdi>" in page[: page.index("</dl>")]
    assert "Transferred to Wohlfahrt Beispiel; the person agreed on Nov 2, 2026" in page
    assert "summary and plan" in page
    assert b"Wohlfahrt" not in raw(core, "SELECT body FROM case_event")
    with core.database.reading() as session:
        case = session.scalars(select(Case)).one()
        assert (case.status, case.outcome) == ("closed", "transferred")
    again = await worker.post(f"/desk/cases/{name}/transfer", **sent)
    assert again.status_code == 422
    assert "The case is closed. Open it again first." in again.text


async def test_referring_leaves_the_case(core: Core, browser: SignedIn) -> None:
    name = reference(core, status="open")
    worker = browser(Role.CASE_WORKER)
    await done(worker, f"/desk/cases/{name}/refer", offer="Choir on Mondays")
    page = (await worker.get(f"/desk/cases/{name}")).text
    assert "Referred to the offer: Choir on Mondays" in page
    assert "status-open" in page[: page.index("</dl>")]


async def test_a_request_to_delete_is_neither_transferred_nor_closed_by_hand(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case = make_contact(session, None)
        case.kind, case.status = "deletion", "open"
        name = case.reference
    worker = browser(Role.CASE_WORKER)
    assert 'action="/desk/cases/' + name + '/transfer"' not in (await worker.get(f"/desk/cases/{name}")).text
    sent = {"organisation": "x", "handed_over": "x", "agreed": "2026-11-02", "status": "closed", "outcome": "done"}
    for action in ("transfer", "status"):
        assert (await worker.post(f"/desk/cases/{name}/{action}", **sent)).status_code == 422


async def test_what_is_new_since_one_last_looked(core: Core, browser: SignedIn) -> None:
    name = reference(core, status="open")
    worker, colleague = browser(Role.CASE_WORKER), browser("colleague")
    await colleague.post("/desk/language", language="en")
    assert "new for you" not in (await worker.get("/desk/cases")).text, "who has never opened it knows it is all new"
    assert "since you last opened" not in (await worker.get(f"/desk/cases/{name}")).text
    await worker.post(f"/desk/cases/{name}/note", text="my own note")
    await colleague.post(f"/desk/cases/{name}/note", text="seen them")
    with core.database.session() as session:
        case = session.scalars(select(Case)).one()
        assert case.intake is not None
        case.intake.sent = 2
        case.intake.responses.append(Response(question="housing", value="shelter", language="uk", inbound_id="m", sent_in=2))
        record(session, case, "amended", {"version": 2, "questions": ["housing"]})
    assert '<span class="mark mark-new">2 new for you</span>' in (await worker.get("/desk/cases")).text
    page = (await worker.get(f"/desk/cases/{name}")).text
    assert "2 new entries since you last opened this case" in page
    assert page.count(">new</span>") == 3, "two entries of the history, one line of the summary"
    assert "new for you" not in (await worker.get("/desk/cases")).text, "reading is enough"
    assert ">new</span>" not in (await worker.get(f"/desk/cases/{name}")).text
    await colleague.get(f"/desk/cases/{name}")
    with core.database.session() as session:
        record(session, session.scalars(select(Case)).one(), "note", "x")
    for reader in (worker, colleague):
        assert "1 new for you" in (await reader.get("/desk/cases")).text, "for each of their own"


async def test_verifying_counts_until_the_newcomer_changes_the_response(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker = browser(Role.CASE_WORKER)
    with core.database.reading() as session:
        numbers = {each.question: str(each.number) for each in session.scalars(select(Response))}
    both = [numbers["children"], numbers["housing"]]
    await done(worker, f"/desk/cases/{name}/verify", verified=both)
    await worker.post(f"/desk/cases/{name}/verify", verified=both)  # pressed twice
    page = (await worker.get(f"/desk/cases/{name}")).text
    assert page.count('class="verified"') == 3, "no place to sleep stands twice: first, and with the family"
    assert "Anna Beispiel" in page
    assert f'name="verified" value="{both[0]}" checked' in page
    assert "Verified: " in page
    with core.database.session() as session:
        case = session.scalars(select(Case)).one()
        assert case.intake is not None
        for question, value in (("children", 3), ("housing", "no_place")):  # the second one is told again, unchanged
            words = "ніде" if question == "housing" else None
            case.intake.responses.append(
                Response(question=question, value=value, words=words, language="uk", inbound_id="m", sent_in=2)
            )
        case.intake.sent = 2
        assert set(verifying.of(session, case)) == {"housing"}
    # a page that was open before: the old number of the changed response verifies nothing
    await worker.post(f"/desk/cases/{name}/verify", verified=both, shown=both)
    with core.database.reading() as session:
        case = session.scalars(select(Case)).one()
        assert "children" not in verifying.of(session, case)
        assert len(case.events) == 1


async def test_verification_is_undone_only_for_what_was_shown(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker, colleague = browser(Role.CASE_WORKER), browser("colleague")
    with core.database.reading() as session:
        numbers = {each.question: str(each.number) for each in session.scalars(select(Response))}
    await done(worker, f"/desk/cases/{name}/verify", verified=numbers["children"])
    await done(colleague, f"/desk/cases/{name}/verify", verified=[numbers["housing"], "x", "999", "-1", "9" * 30])
    await done(worker, f"/desk/cases/{name}/verify", shown=numbers["children"])  # has not seen the colleague’s
    with core.database.reading() as session:
        assert [str(check.response) for check in session.scalars(select(CaseCheck))] == [numbers["housing"]]
        kinds = [event.kind for event in session.scalars(select(CaseEvent).order_by(CaseEvent.number))]
    assert kinds == ["verified", "verified", "unverified"]


@pytest.mark.parametrize("action", ["flag", "clear", "task", "task/x", "transfer", "refer", "verify", "summary.pdf"])
async def test_another_towns_case_is_as_unknown_as_none(core: Core, browser: SignedIn, action: str) -> None:
    name = reference(core)
    stranger = browser(Role.CASE_WORKER, ELSEWHERE)
    for one in (name, "M-0000"):
        path = f"/desk/cases/{one}/{action}"
        answer = await (stranger.get(path) if action == "summary.pdf" else stranger.post(path))
        assert answer.status_code == 404


async def test_responses_that_do_not_fit_together_are_named(core: Core, browser: SignedIn) -> None:
    told = [("needs", ["home", "children"], None), ("urgent", "no", None), ("children", 0, None), ("housing", "shelter", None)]
    with core.database.session() as session:
        name = make_case(session, told=told).reference
        fitting = make_case(session).reference
    worker = browser(Role.CASE_WORKER)
    page = (await worker.get(f"/desk/cases/{name}")).text
    assert "Does not fit together, please ask" in page
    part = page[page.index('class="contradictions"') :]
    part = part[: part.index("</section>")]
    assert part.count("<li>") == 1
    assert "Children: 0" in part
    assert 'class="contradictions"' not in (await worker.get(f"/desk/cases/{fitting}")).text


async def test_the_summary_as_a_pdf(core: Core, browser: SignedIn) -> None:
    name = reference(core)
    worker = browser(Role.CASE_WORKER)
    page = (await worker.get(f"/desk/cases/{name}")).text
    for language, label in (("de", "Rufname"), ("uk", "Як звертатися")):
        assert f'href="/desk/cases/{name}/summary.pdf?language={language}"' in page
        answer = await worker.get(f"/desk/cases/{name}/summary.pdf?language={language}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"] == f'inline; filename="{name}-{language}.pdf"'
        assert answer.headers["cache-control"] == "no-store"
        drawn = " ".join(pdf.words(answer.content))
        assert label in drawn
        assert "Олена" in drawn
    assert (await worker.get(f"/desk/cases/{name}/summary.pdf")).headers["content-language"] == "en", "the member's own"
    for language in ("ar", "xx"):
        assert (await worker.get(f"/desk/cases/{name}/summary.pdf?language={language}")).status_code == 404
