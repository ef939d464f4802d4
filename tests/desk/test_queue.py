"""The queue's filters and search, through the real server: what the address holds, what is found, and what must not be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from lotse.cases import finding, flags, queue
from lotse.cases.queue import Filter
from lotse.core import Core
from lotse.privacy import withdraw
from lotse.staff import Role
from lotse.storage.tables import Case, CaseMark, Response, now
from tests.desk.conftest import ELSEWHERE, HERE, Browser, SignedIn, make_case, references, staff, town


def named(core: Core, *names: str, **more: str) -> list[str]:
    """References of cases of people with these names to call."""
    found = []
    with core.database.session() as session:
        for name in names:
            case = make_case(session, told=[("call_name", name, name), ("needs", ["home"], None)], **more)
            finding.keep(session, case)
            found.append(case.reference)
    return found


async def search(worker: Browser, text: str, **more: str) -> list[str]:
    """References of what is found by a search in the form."""
    answer = await worker.post("/desk/cases", search=text, **more)
    assert answer.status_code == 303
    assert text not in answer.headers["location"]
    return references((await worker.get(answer.headers["location"])).text)


async def test_a_name_is_found_by_each_of_its_words_and_in_latin_letters(core: Core, browser: SignedIn) -> None:
    olena, salma, jan = named(core, "Олена Марія", "سلمى", "Jan Peter")
    worker = browser(Role.CASE_WORKER)
    for text in ("Олена", "олена марія", "Olena", "OLENA"):
        assert await search(worker, text) == [olena], text
    assert await search(worker, "سلمى") == await search(worker, "Salma") == [salma]
    assert await search(worker, "peter jan") == [jan]
    for text in ("Jana", "Jan Olena", "Pet"):
        assert await search(worker, text) == [], text


async def test_what_was_searched_for_is_shown_again_and_stands_encrypted_in_the_address(core: Core, browser: SignedIn) -> None:
    (olena,) = named(core, "Олена")
    named(core, "Jan")
    worker = browser(Role.CASE_WORKER)
    answer = await worker.post("/desk/cases", search="Олена", status="new", language="uk")
    address = answer.headers["location"]
    asked = parse_qs(urlsplit(address).query)
    assert set(asked) == {"status", "language", "name"}, "the filters stay"
    page = await worker.get(address)
    assert references(page.text) == [olena]
    assert 'value="Олена"' in page.text
    assert "End the search" in page.text
    assert references((await worker.get("/desk/cases?name=changed")).text) != [], "an address that was changed filters nothing"
    nothing = await worker.get((await worker.post("/desk/cases", search="Nobody")).headers["location"])
    assert "Nothing found" in nothing.text
    assert 'value="Nobody"' in nothing.text
    assert (await worker.post("/desk/cases", search=" ")).headers["location"] == "/desk/cases"


async def test_a_reference_leads_to_its_case_however_it_is_typed(core: Core, browser: SignedIn) -> None:
    (name,) = named(core, "Олена")
    worker, stranger = browser(Role.CASE_WORKER), browser(Role.CASE_WORKER, ELSEWHERE)
    for text in (name, name.lower(), f" {name.replace('-', ' ')} "):
        assert (await worker.post("/desk/cases", search=text)).headers["location"] == f"/desk/cases/{name}"
    assert await search(stranger, name) == [], "another town's is as unknown as none"


async def test_names_lie_as_keyed_hashes_of_the_town(core: Core, browser: SignedIn) -> None:
    (here,) = named(core, "Олена")
    (there,) = named(core, "Олена", slug=ELSEWHERE)
    with core.database.reading() as session:
        marks = {
            each: set(session.scalars(select(CaseMark.digest).join(Case).where(Case.reference == each))) for each in (here, there)
        }
        assert all(len(mark) == 64 for mark in marks[here])
    assert marks[here]
    assert not marks[here] & marks[there]
    assert await search(browser(Role.CASE_WORKER, ELSEWHERE), "Олена") == [there]


async def test_marks_follow_what_was_sent_and_go_with_it(core: Core, browser: SignedIn) -> None:
    (name,) = named(core, "Олена")
    worker = browser(Role.CASE_WORKER)
    with core.database.session() as session:
        case = session.scalars(select(Case)).one()
        assert case.intake is not None
        for number, called in ((2, "Lena"), (None, "Lenotschka")):
            case.intake.responses.append(
                Response(question="call_name", value=called, words=called, language="uk", inbound_id="m", sent_in=number)
            )
        case.intake.sent = 2
        case.status = "open"
        finding.keep(session, case)
    assert await search(worker, "Lena") == [name]
    assert await search(worker, "Олена") == await search(worker, "Lenotschka") == []
    with core.database.session() as session:
        case = session.scalars(select(Case)).one()
        assert case.intake is not None
        withdraw(session, core.intakes.questionnaire(session, case.intake), case.intake, only_private=False)
        assert session.scalars(select(CaseMark)).all() == []


def test_cases_of_before_are_marked_once(core: Core) -> None:
    with core.database.session() as session:
        cases = [make_case(session) for _ in range(3)]
        assert finding.fill(session, limit=2) == 2
        assert finding.fill(session) == 1
        assert finding.fill(session) == 0
        assert all(case.marked_at for case in cases)
        wanted = queue.page(session, [town(session).id], Filter(name="Олена"), "st_nobody")
        assert len(wanted.rows) == 3


async def test_each_filter(core: Core, browser: SignedIn) -> None:
    moment = now()
    with core.database.session() as session:
        anna = staff(session, "case_worker.musterstadt")
        old = make_case(session, language="ar", opened_at=moment - timedelta(days=20), assigned_to=anna.id)
        made = {
            "old": old.reference,
            "flagged": make_case(session, status="open", language="uk").reference,
            "music": make_case(session, told=[("interests", ["music"], None)], status="waiting", language="ru").reference,
        }
        with_flag = session.scalars(select(Case).where(Case.reference == made["flagged"])).one()
        flags.set_flag(session, with_flag, "papers", "passport", anna)
        for case in session.scalars(select(Case)):
            finding.keep(session, case)
    worker = browser(Role.CASE_WORKER)
    day = (moment - timedelta(days=20)).date()
    for query, expected in {
        "language=ar": ["old"],
        "flag=papers": ["flagged"],
        "flag=deadline": [],
        "theme=interests.music": ["music"],
        "theme=needs.home": ["old", "flagged"],
        "theme=needs.home&status=open": ["flagged"],
        "unassigned=1": ["flagged", "music"],
        "mine=1": ["old"],
        "waiting=14": ["old"],
        "waiting=30": [],
        f"opened_from={day + timedelta(days=2)}": ["flagged", "music"],
        f"opened_to={day + timedelta(days=2)}": ["old"],
        f"municipality={HERE}": ["old", "flagged", "music"],
        f"municipality={ELSEWHERE}": ["old", "flagged", "music"],  # not the member's: as if it were not asked for
        "language=xx&flag=rich&theme=needs.gold&waiting=5&status=odd": ["old", "flagged", "music"],
    }.items():
        page = await worker.get(f"/desk/cases?{query}")
        assert set(references(page.text)) == {made[each] for each in expected}, query
        if query in ("language=ar", "flag=papers", "theme=needs.home"):
            address = f"/desk/cases?{query}"
            assert '<details class="panel filter-form" open>' in page.text
            assert f'hx-get="{address}"' in page.text, "an open page asks for the same"


async def test_links_and_forms_keep_the_filters(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    page = (await worker.get("/desk/cases?language=uk&theme=needs.home&mine=1&status=open")).text
    assert 'href="/desk/cases?status=new&amp;mine=1&amp;language=uk&amp;theme=needs.home"' in page
    assert 'href="/desk/cases?status=open&amp;unassigned=1&amp;language=uk&amp;theme=needs.home"' in page
    assert page.count('<input type="hidden" name="status" value="open">') == 2
    assert '<option value="uk" selected>Ukrainian</option>' in page


async def test_a_date_that_is_none_is_told_at_its_field(core: Core, browser: SignedIn) -> None:
    named(core, "Олена")
    worker = browser(Role.CASE_WORKER)
    page = (await worker.get("/desk/cases?opened_from=yesterday")).text
    assert "This is no date" in page
    assert 'value="yesterday" aria-invalid="true" aria-describedby="opened_from-error"' in page
    assert len(references(page)) == 1
    page = (await worker.get("/desk/cases?opened_from=2026-05-02&opened_to=2026-05-01")).text
    assert "This day is before the first one" in page
    assert 'aria-describedby="opened_to-error"' in page
    page = (await worker.get("/desk/cases?opened_to=9999-12-31&opened_from=0001-01-01")).text
    assert page.count("This is no date") == 2, "days that no clock can tell in another zone"


async def test_days_are_those_of_the_town(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        late = make_case(session, opened_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC)).reference  # after midnight in the town
    worker = browser(Role.CASE_WORKER)
    assert references((await worker.get("/desk/cases?opened_from=2026-07-02&opened_to=2026-07-02")).text) == [late]
    assert references((await worker.get("/desk/cases?opened_to=2026-07-01")).text) == []


async def test_counts_end_where_nobody_reads_on(core: Core, browser: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "COUNTED", 2)
    named(core, "A", "B", "C")
    page = (await browser(Role.CASE_WORKER).get("/desk/cases")).text
    assert 'New <span class="count">2+</span>' in page
    assert 'Open <span class="count">0</span>' in page
    assert "More than 2 cases" in page


async def test_pages_go_through_all_statuses_forth_and_back(
    core: Core, browser: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE", 3)
    moment = now()
    with core.database.session() as session:
        here = town(session).id
        for number in range(14):
            make_case(
                session,
                told=[],
                status=("new", "open", "waiting", "closed")[number % 4],
                opened_at=moment - timedelta(hours=number % 3),
                changed_at=moment - timedelta(hours=number % 3),
            )
    with core.database.reading() as session:

        def walk(direction: str) -> list[list[str]]:
            found, place = [], None
            for _ in range(9):
                page = queue.page(session, [here], Filter(), "st", **({direction: place} if place else {}))
                found.append([row.case.reference for row in page.rows])
                place = getattr(page, direction)
                if place is None:
                    return found
            raise AssertionError("pages without end")

        forth = walk("after")
        assert [len(each) for each in forth] == [3, 3, 3, 3, 2]
        assert len({each for part in forth for each in part}) == 14
        last = queue.page(session, [here], Filter(), "st", after=None)
        while last.after:
            last = queue.page(session, [here], Filter(), "st", after=last.after)
        assert last.before is not None
        back = [[row.case.reference for row in last.rows]]
        while last.before:
            last = queue.page(session, [here], Filter(), "st", before=last.before)
            back.append([row.case.reference for row in last.rows])
        assert back[::-1] == forth


async def test_searching_needs_the_token(core: Core, browser: SignedIn) -> None:
    assert (await browser(Role.CASE_WORKER).post("/desk/cases", search="x", csrf="wrong")).status_code == 403
