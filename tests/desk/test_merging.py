"""Perhaps the same person: proposed on the page, looked at side by side, merged, set apart and split by staff."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases import likeness
from lotse.cases.service import record
from lotse.core import Core
from lotse.privacy import erase_conversation
from lotse.staff import Role
from lotse.storage.tables import Case, CaseDifference, Conversation, now
from tests.desk.conftest import ELSEWHERE, HERE, SignedIn, make_case, references

CONTACT = {"phone": "+491701234567", "email": None}
PERHAPS = "Perhaps the same person as"


def known(session: Session, *, days: int, slug: str = HERE, **more: object) -> Case:
    """A case with a telephone number, so many days old."""
    case = make_case(session, slug=slug, **more)  # type: ignore[arg-type]
    case.opened_at = now() - timedelta(days=days)
    likeness.keep(session, case, CONTACT, {"call_name": "Олена", "age": "27-64", "town": "this_town", "languages": ["uk"]})
    return case


def pair(core: Core, **newer: object) -> tuple[str, str]:
    """References of the older and of the newer case of one person."""
    with core.database.session() as session:
        older = known(session, days=9, status="open")
        return older.reference, known(session, days=1, **newer).reference


def state(core: Core, reference: str) -> tuple[str, bool]:
    with core.database.reading() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        return case.status, case.merged_into is not None


async def test_what_is_equal_is_named_on_both_pages(core: Core, browser: SignedIn) -> None:
    older, newer = pair(core)
    worker = browser(Role.CASE_WORKER)
    for here, other in ((older, newer), (newer, older)):
        page = (await worker.get(f"/desk/cases/{here}")).text
        assert PERHAPS in page
        assert f'href="/desk/cases/{here}/merge?other={other}"' in page
        assert "Same telephone number" in page
        assert "Same name, age, town and languages" in page
        assert "Same e-mail address" not in page


async def test_no_case_of_another_town_is_proposed_or_reached(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        here, there = known(session, days=2).reference, known(session, days=1, slug=ELSEWHERE).reference
    worker = browser(Role.CASE_WORKER)
    assert PERHAPS not in (await worker.get(f"/desk/cases/{here}")).text
    assert (await worker.get(f"/desk/cases/{here}/merge?other={there}")).status_code == 404
    for path in ("merge", "different"):
        assert (await worker.post(f"/desk/cases/{here}/{path}", other=there)).status_code == 404
    assert state(core, there) == ("new", False)


async def test_both_stand_side_by_side_before_they_are_merged(core: Core, browser: SignedIn) -> None:
    older, newer = pair(core, told=[("call_name", "Олена", "Олена"), ("children", 3, None), ("wish_year", "робота", "робота")])
    page = await browser(Role.CASE_WORKER).get(f"/desk/cases/{newer}/merge?other={older}")
    assert page.status_code == 200
    assert page.text.index(f'scope="col"><a href="/desk/cases/{older}"') < page.text.index(f'/desk/cases/{newer}"><bdi>')
    row = re.search(r"<tr[^>]*><th[^>]*>In one year</th>(.*?)</tr>", page.text, re.DOTALL)
    assert row is not None
    assert row[1].index("Хочу працювати медсестрою") < row[1].index("робота")
    assert state(core, newer) == ("new", False), "looking changes nothing"


async def test_merging(core: Core, browser: SignedIn) -> None:
    older, newer = pair(core)
    worker = browser(Role.CASE_WORKER)
    answer = await worker.post(f"/desk/cases/{newer}/merge", other=older)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/cases/{older}?done=merge")
    assert (await worker.post(f"/desk/cases/{newer}/merge", other=older)).status_code == 303, "pressed twice"
    page = (await worker.get(answer.headers["location"])).text
    assert "The cases are merged." in page
    assert f'href="/desk/cases/{newer}"' in page
    assert "The newcomer also writes from another chat." in page
    assert f"{newer} was merged into this case" in page
    assert PERHAPS not in page
    page = (await worker.get(f"/desk/cases/{newer}")).text
    assert "Merged into" in page
    assert f"Merged into {older} and closed" in page
    assert "Хочу працювати медсестрою" in page, "nothing is deleted"
    assert f'action="/desk/cases/{newer}/status"' not in page
    assert (await worker.post(f"/desk/cases/{newer}/status", status="open")).status_code == 422


async def test_a_merged_case_shows_among_the_closed_ones_only(core: Core, browser: SignedIn) -> None:
    older, newer = pair(core)
    worker = browser(Role.CASE_WORKER)
    await worker.post(f"/desk/cases/{newer}/merge", other=older)
    page = (await worker.get("/desk/cases")).text
    assert references(page) == [older]
    assert re.search(r'id="tab-all"[^>]*>All <span class="count">1<', page)
    page = (await worker.get("/desk/cases?status=closed")).text
    assert references(page) == [newer]
    assert f"merged into {older}" in page


async def test_a_merge_can_be_undone(core: Core, browser: SignedIn) -> None:
    older, newer = pair(core, status="waiting")
    worker = browser(Role.CASE_WORKER)
    await worker.post(f"/desk/cases/{newer}/merge", other=older)
    answer = await worker.post(f"/desk/cases/{newer}/split")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/cases/{newer}?done=split")
    assert state(core, newer) == ("waiting", False)
    for here, other in ((older, newer), (newer, older)):
        page = (await worker.get(f"/desk/cases/{here}")).text
        assert f"Separated again from {other}" in page
        assert PERHAPS in page


async def test_two_people_are_not_proposed_again(core: Core, browser: SignedIn) -> None:
    older, newer = pair(core)
    worker = browser(Role.CASE_WORKER)
    answer = await worker.post(f"/desk/cases/{older}/different", other=newer)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/cases/{older}?done=different")
    for here, other in ((older, newer), (newer, older)):
        assert PERHAPS not in (await worker.get(f"/desk/cases/{here}")).text
        assert (await worker.get(f"/desk/cases/{here}/merge?other={other}")).status_code == 404
        assert (await worker.post(f"/desk/cases/{here}/merge", other=other)).status_code == 404
    with core.database.reading() as session:
        assert len(session.scalars(select(CaseDifference)).all()) == 1


async def test_only_what_is_proposed_can_be_merged(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        one, other = make_case(session).reference, make_case(session).reference
    worker = browser(Role.CASE_WORKER)
    assert (await worker.post(f"/desk/cases/{one}/merge", other=other)).status_code == 404
    assert (await worker.post(f"/desk/cases/{one}/merge", other=one)).status_code == 303
    assert state(core, one) == state(core, other) == ("new", False)


async def test_what_happens_in_the_merged_case_is_marked_at_the_one_that_is_worked_on(core: Core, browser: SignedIn) -> None:
    older, newer = pair(core)
    worker = browser(Role.CASE_WORKER)
    await worker.post(f"/desk/cases/{newer}/merge", other=older)
    assert "changed by the newcomer" not in (await worker.get("/desk/cases")).text
    with core.database.session() as session:
        case = session.scalars(select(Case).where(Case.reference == newer)).one()
        record(session, case, "amended", {"version": 2, "questions": ["housing"]})
    assert "changed by the newcomer" in (await worker.get("/desk/cases")).text
    await worker.post(f"/desk/cases/{older}/note", text="read")
    assert "changed by the newcomer" not in (await worker.get("/desk/cases")).text


async def test_an_erased_case_is_not_named_any_more(core: Core, browser: SignedIn) -> None:
    older, newer = pair(core)
    worker = browser(Role.CASE_WORKER)
    await worker.post(f"/desk/cases/{newer}/merge", other=older)
    with core.database.session() as session:
        case = session.scalars(select(Case).where(Case.reference == newer)).one()
        erase_conversation(session, session.get_one(Conversation, case.conversation_id))
    page = (await worker.get(f"/desk/cases/{older}")).text
    assert newer not in page
    assert "a case that was deleted was merged into this case" in page


@pytest.mark.parametrize("path", ["merge", "different", "split"])
async def test_no_write_without_the_token(core: Core, browser: SignedIn, path: str) -> None:
    older, newer = pair(core)
    answer = await browser(Role.CASE_WORKER).request(
        "POST", f"/desk/cases/{newer}/{path}", data={"other": older}, headers={"Origin": "http://localhost"}
    )
    assert answer.status_code == 403
    assert state(core, newer) == ("new", False)
