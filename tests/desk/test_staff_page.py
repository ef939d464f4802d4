"""Accounts at the desk: who sees whom, roles, switching off and on, temporary passwords, locks."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest
from sqlalchemy import func, select

from desk.access import COOKIE
from lotse.core import Core
from lotse.staff import AccountError, Accounts, Administration, Role, SignInError
from lotse.staff.administration import COMMAND_LINE, Reach
from lotse.storage.tables import AuditEntry, Case, Staff, StaffRole, StaffSession, now
from tests.desk.conftest import ELSEWHERE, HERE, PASSWORD, Browser, SignedIn, login, make_case, references, staff, town

pytestmark = pytest.mark.usefixtures("quick_hashes")

ANNA = login(Role.CASE_WORKER)
OWN_PASSWORD = "four other words here"


@pytest.fixture
def admin(browser: SignedIn) -> Browser:
    """Looks after HERE."""
    return browser(Role.MUNICIPALITY_ADMINISTRATOR)


@pytest.fixture
def system(browser: SignedIn) -> Browser:
    """Looks after all."""
    return browser(Role.SYSTEM_ADMINISTRATOR)


def id_of(core: Core, name: str) -> str:
    with core.database.reading() as session:
        return staff(session, name).id


def roles_of(core: Core, name: str) -> set[tuple[str, str | None]]:
    with core.database.reading() as session:
        slugs = {town(session, slug).id: slug for slug in (HERE, ELSEWHERE)}
        return {(role.role, slugs.get(role.municipality_id)) for role in staff(session, name).roles}


def grant(core: Core, name: str, role: Role, slug: str | None) -> None:
    """Give a role past all rules."""
    with core.database.session() as session:
        place = town(session, slug).id if slug else None
        session.add(StaffRole(staff_id=staff(session, name).id, role=role.value, municipality_id=place))


def shown_password(page: httpx.Response) -> str:
    found = re.search(r'<code class="secret"[^>]*>([^<]+)<', page.text)
    assert found, page.text
    return found[1]


async def sign_in(browser: Browser, name: str, password: str) -> httpx.Response:
    answer = await browser.post("/desk/sign-in", login=name, password=password)
    page = await browser.get("/desk/account")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    browser.csrf = token[1] if token else ""
    return answer


async def test_who_sees_whom(admin: Browser, system: Browser, core: Core) -> None:
    grant(core, login(Role.OBSERVER, ELSEWHERE), Role.OBSERVER, HERE)
    page = unescape((await admin.get("/desk/staff")).text)
    assert "Anna Beispiel" in page
    assert "content_author of nachbarort" not in page
    assert "observer of nachbarort" in page, "has a role here"
    assert "and roles in other places" in page
    assert "Nachbarort" not in page, "which ones is not told"
    page = unescape((await system.get("/desk/staff")).text)
    assert "content_author of nachbarort" in page
    assert "Nachbarort" in page
    for member in (admin, system):
        assert (await member.get("/desk/cases")).status_code == 403


async def test_a_new_account_begins_with_a_password_of_its_own(admin: Browser, core: Core, browser: SignedIn) -> None:
    form = {"login": " Dora@Example.org ", "name": "Dora <b>Neu</b>", "language": "en", "role": "case_worker"}
    page = await admin.post("/desk/staff/new", **form)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "Dora &lt;b&gt;Neu" in page.text
    assert "7 days" in page.text
    password = shown_password(page)
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", password), "can be read out on the telephone"
    assert roles_of(core, "dora@example.org") == {("case_worker", HERE)}
    listed = await admin.get(f"/desk/staff/{id_of(core, 'dora@example.org')}")
    assert "temporary password" in listed.text
    assert password not in listed.text

    dora = browser()
    await sign_in(dora, "dora@example.org", password)
    for path in ("/desk", "/desk/cases", "/desk/together"):
        answer = await dora.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/account"), path
    assert (await dora.get("/desk/cases", hx_request="true")).headers["hx-redirect"] == "/desk/account"
    page = await dora.get("/desk/account")
    assert "An administrator gave you this password" in page.text
    assert 'href="/desk/cases"' not in page.text
    answer = await dora.post("/desk/account/password", old=password, new=password, again=password)
    assert "This is the present password" in answer.text
    answer = await dora.post("/desk/account/password", old=password, new=OWN_PASSWORD, again=OWN_PASSWORD)
    assert answer.status_code == 303
    assert (await dora.get("/desk/cases")).status_code == 200


async def test_a_temporary_password_ends_by_itself(core: Core) -> None:
    with core.database.session() as session:
        staff(session, ANNA).temporary_until = now()
    with pytest.raises(SignInError):
        Accounts(core.database).sign_in(ANNA, PASSWORD)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"login": "a b"}, "Use 2 to 199 small letters"),
        ({"login": ANNA}, "There is an account with this login already"),
        ({"name": "  "}, "Please type the name"),
        ({"name": "x" * 201}, "The name is too long"),
        ({"language": "xx"}, "Please choose one of the languages"),
        ({"role": ""}, "Please choose one of the roles"),
        ({"role": "boss"}, "Please choose one of the roles"),
        ({"role": "system_administrator"}, "Please choose one of the roles"),
        ({"town": ELSEWHERE}, "Please choose the municipality"),
    ],
)
async def test_what_was_typed_is_kept_beside_the_remedy(
    admin: Browser, core: Core, changed: dict[str, str], message: str
) -> None:
    form = {"login": "emil", "name": "Emil E", "language": "nl", "role": "observer", "town": "", **changed}
    page = await admin.post("/desk/staff/new", **form)
    assert page.status_code == 422
    assert message in unescape(page.text)
    assert f'value="{form["login"]}"' in page.text
    assert 'aria-invalid="true"' in page.text or "town" in changed
    with core.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Staff).where(Staff.login == "emil")) == 0


async def test_a_system_administrator_names_the_town(system: Browser, core: Core) -> None:
    form = {"login": "emil", "name": "Emil E", "language": "nl", "role": "observer"}
    page = await system.post("/desk/staff/new", **form, town="")
    assert "Please choose the municipality" in page.text
    assert 'id="town"' in page.text
    assert (await system.post("/desk/staff/new", **form, town=ELSEWHERE)).status_code == 200
    assert roles_of(core, "emil") == {("observer", ELSEWHERE)}
    form = {**form, "login": "second", "role": "system_administrator"}
    assert (await system.post("/desk/staff/new", **form, town=HERE)).status_code == 200
    assert roles_of(core, "second") == {("system_administrator", None)}


async def test_roles_are_given_and_taken_in_ones_own_town(admin: Browser, core: Core, browser: SignedIn) -> None:
    page = f"/desk/staff/{id_of(core, ANNA)}"
    worker = browser(Role.CASE_WORKER)
    for _ in range(2):  # pressed twice
        answer = await admin.post(f"{page}/give", role="observer")
        assert answer.headers["location"] == f"{page}?done=give"
    assert "The role is given" in (await admin.get(answer.headers["location"])).text
    assert roles_of(core, ANNA) == {("case_worker", HERE), ("observer", HERE)}
    assert (await worker.get("/desk/figures")).status_code == 200, "at once"
    for _ in range(2):
        answer = await admin.post(f"{page}/take", role="case_worker", town=HERE)
        assert answer.headers["location"] == f"{page}?done=take"
    assert (await worker.get("/desk/cases")).status_code == 403
    for role, where in (("system_administrator", ""), ("case_worker", ELSEWHERE), ("boss", HERE)):
        for what in ("give", "take"):
            assert (await admin.post(f"{page}/{what}", role=role, town=where)).status_code == 422
    assert roles_of(core, ANNA) == {("observer", HERE)}
    answer = await admin.post(f"{page}/take", role="observer", town=HERE)
    assert answer.status_code == 422
    assert "It is the last role" in answer.text
    assert roles_of(core, ANNA) == {("observer", HERE)}


async def test_the_last_role_here_of_somebody_who_works_elsewhere_can_be_taken(admin: Browser, core: Core) -> None:
    grant(core, ANNA, Role.CASE_WORKER, ELSEWHERE)
    page = f"/desk/staff/{id_of(core, ANNA)}"
    await admin.post(f"{page}/take", role="case_worker", town=HERE)
    assert roles_of(core, ANNA) == {("case_worker", ELSEWHERE)}
    assert (await admin.get(page)).status_code == 404, "of another town now"


@pytest.mark.parametrize("role", [Role.CASE_WORKER, Role.SYSTEM_ADMINISTRATOR])
@pytest.mark.parametrize("what", ["off", "on", "unlock", "password", "second-factor"])
async def test_nobody_comes_into_another_town_by_a_colleagues_account(admin: Browser, core: Core, what: str, role: Role) -> None:
    """A new password for an account that also works elsewhere would open what is there."""
    grant(core, ANNA, role, ELSEWHERE if role.in_municipality else None)
    before = snapshot(core, ANNA)
    page = f"/desk/staff/{id_of(core, ANNA)}"
    assert f'action="{page}/{what}"' not in (await admin.get(page)).text
    answer = await admin.post(f"{page}/{what}")
    assert answer.status_code == 422
    assert "also has roles in other places" in answer.text
    assert snapshot(core, ANNA) == before


def snapshot(core: Core, name: str) -> tuple[object, ...]:
    with core.database.reading() as session:
        one = staff(session, name)
        sessions = session.scalar(select(func.count()).select_from(StaffSession).where(StaffSession.staff_id == one.id))
        return one.active, one.password_hash, one.temporary_until, one.locked_until, sessions


@pytest.mark.parametrize("who", [Role.MUNICIPALITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR])
async def test_nobody_changes_their_own_account(browser: SignedIn, core: Core, who: Role) -> None:
    member = browser(who)
    page = f"/desk/staff/{member.staff_id}"
    shown = await member.get(page)
    assert "This is your own account" in shown.text
    assert f'action="{page}' not in shown.text
    before = roles_of(core, login(who)), snapshot(core, login(who))
    role = {"role": "case_worker", "town": HERE}
    for what in ("give", "take", "off", "on", "unlock", "password", "second-factor"):
        answer = await member.post(f"{page}/{what}", **role)
        assert answer.status_code == 422, what
    assert (roles_of(core, login(who)), snapshot(core, login(who))) == before


async def test_switched_off_is_out_at_once_and_cases_stay(admin: Browser, core: Core, browser: SignedIn) -> None:
    anna = id_of(core, ANNA)
    with core.database.session() as session:
        mine = make_case(session, status="open", assigned_to=anna).reference
        make_case(session, status="closed", assigned_to=anna)
        make_case(session, status="open", assigned_to=anna, slug=ELSEWHERE)
    worker, colleague = browser(Role.CASE_WORKER), browser("colleague")
    page = f"/desk/staff/{anna}"
    answer = await admin.post(f"{page}/off")
    assert answer.headers["location"] == f"{page}?done=off"
    assert (await worker.get("/desk/cases")).status_code == 303
    assert snapshot(core, ANNA)[-1] == 0, "sessions are ended"
    assert (await sign_in(browser(), ANNA, PASSWORD)).status_code == 422
    shown = await admin.get(page)
    assert "1 case is still assigned" in shown.text
    assert "1 case is still assigned" in (await admin.get("/desk/staff")).text
    assert references((await colleague.get("/desk/cases?status=open")).text) == [mine]
    assert "Anna Beispiel" in (await colleague.get(f"/desk/cases/{mine}")).text
    answer = await colleague.post(f"/desk/cases/{mine}/assign", to=anna)
    assert answer.status_code == 422, "nobody gives them more"
    await admin.post(f"{page}/on")
    assert (await sign_in(browser(), ANNA, PASSWORD)).status_code == 303
    with core.database.reading() as session:
        assert session.scalars(select(Case.assigned_to).where(Case.reference == mine)).one() == anna


async def test_a_new_temporary_password(admin: Browser, core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    with core.database.session() as session:
        staff(session, ANNA).failures = 4
    page = await admin.post(f"/desk/staff/{id_of(core, ANNA)}/password")
    password = shown_password(page)
    assert (await worker.get("/desk/cases")).status_code == 303
    with pytest.raises(SignInError):
        Accounts(core.database).sign_in(ANNA, PASSWORD)
    member = Accounts(core.database).member(Accounts(core.database).sign_in(ANNA, password))
    assert member is not None
    assert member.to_do == "password"
    with core.database.reading() as session:
        assert password not in staff(session, ANNA).password_hash


async def test_unlocking(admin: Browser, core: Core) -> None:
    accounts = Accounts(core.database)
    page = f"/desk/staff/{id_of(core, ANNA)}"
    assert "Unlock" not in (await admin.get(page)).text
    for _ in range(5):
        with pytest.raises(SignInError):
            accounts.sign_in(ANNA, "wrong wrong wrong")
    shown = await admin.get(page)
    assert "Locked until" in shown.text
    await admin.post(f"{page}/unlock")
    accounts.sign_in(ANNA, PASSWORD)


def test_the_last_system_administrator_stays(core: Core) -> None:
    administration = Administration(core.database, Accounts(core.database))
    first, second = (id_of(core, login(Role.SYSTEM_ADMINISTRATOR, each)) for each in (HERE, ELSEWHERE))
    grant(core, login(Role.SYSTEM_ADMINISTRATOR), Role.OBSERVER, HERE)
    administration.switch_off(COMMAND_LINE, second)
    for change in (
        lambda: administration.switch_off(COMMAND_LINE, first),
        lambda: administration.take(COMMAND_LINE, first, Role.SYSTEM_ADMINISTRATOR, ""),
        lambda: administration.switch_off(Reach(everywhere=True, staff_id=second), first),
    ):
        with pytest.raises(AccountError, match="the last system administrator"):
            change()
    administration.switch_on(COMMAND_LINE, second)
    administration.take(COMMAND_LINE, first, Role.SYSTEM_ADMINISTRATOR, "")
    assert roles_of(core, login(Role.SYSTEM_ADMINISTRATOR)) == {("observer", HERE)}
    with pytest.raises(AccountError, match="the last system administrator"):
        administration.switch_off(COMMAND_LINE, second)


async def test_the_log_says_who_changed_whom_by_ids_only(admin: Browser, core: Core, capsys: pytest.CaptureFixture[str]) -> None:
    anna = id_of(core, ANNA)
    await admin.post(f"/desk/staff/{anna}/off")
    page = await admin.post(f"/desk/staff/{anna}/password")
    said = capsys.readouterr().out
    assert said.count(anna) == said.count(admin.staff_id) == 2
    assert not any(word in said for word in (ANNA, "Anna", shown_password(page)))


async def test_the_cookie_of_an_administrator_is_no_key_to_others(admin: Browser, core: Core) -> None:
    """The token of another account's pages does not do for a write."""
    answer = await admin.client.post(
        f"/desk/staff/{id_of(core, ANNA)}/off", data={"csrf": "x"}, headers={"Origin": "http://localhost"}
    )
    assert answer.status_code == 403
    assert COOKIE in admin.client.cookies
    assert snapshot(core, ANNA)[0] is True


async def test_what_administrators_do_stands_in_the_access_log(core: Core, browser: SignedIn) -> None:
    administrator = browser(Role.MUNICIPALITY_ADMINISTRATOR)
    with core.database.reading() as session:
        whose = staff(session, "colleague").id
    for what, form in (
        ("give", {"role": "observer", "town": HERE}),
        ("take", {"role": "observer", "town": HERE}),
        ("off", {}),
        ("on", {}),
        ("unlock", {}),
        ("password", {}),
    ):
        await administrator.post(f"/desk/staff/{whose}/{what}", **form)
    with core.database.reading() as session:
        query = select(AuditEntry.action, AuditEntry.actor).where(AuditEntry.reference == whose).order_by(AuditEntry.number)
        noted = session.execute(query).all()
    assert [action for action, _ in noted] == [
        "staff.given", "staff.taken", "staff.off", "staff.on", "staff.unlocked", "staff.password",
    ]  # fmt: skip
    assert {actor for _, actor in noted} == {administrator.staff_id}
