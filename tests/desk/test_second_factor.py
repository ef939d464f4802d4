"""Two-step sign-in: set up, asked for, required by a town, recovered, locked; and no code counts twice."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pyotp
import pytest
from fastapi import FastAPI
from limits import RateLimitItemPerMinute
from sqlalchemy import select, text, update

from desk.access import COOKIE
from desk.rate import Limit
from lotse.core import Core
from lotse.staff import AccountError, Accounts, Role, SignInError
from lotse.staff.sessions import digest
from lotse.storage.tables import RecoveryCode, SecondFactor, StaffSession, now
from tests.desk.conftest import HERE, PASSWORD, Browser, SignedIn, login, staff, town

pytestmark = pytest.mark.usefixtures("quick_hashes")

ANNA = login(Role.CASE_WORKER)
PAGE = "/desk/account/second-factor"
WRONG = "000000"
clock: list[datetime] = [now()]


@pytest.fixture
def anna(core: Core) -> str:
    with core.database.reading() as session:
        return staff(session, ANNA).id


@pytest.fixture
def accounts(core: Core) -> Accounts:
    return Accounts(core.database, lambda: clock[0])


@pytest.fixture(autouse=True)
def the_time() -> None:
    clock[0] = now()


@pytest.fixture
def secret(accounts: Accounts, anna: str, core: Core) -> str:
    """Anna has a second factor; its secret."""
    accounts.begin_second_factor(anna, accounts.begin(anna))
    found = accounts.second_factor(anna).secret
    with core.database.session() as session:
        session.execute(update(SecondFactor).values(confirmed_at=now()))
    return found


def code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock[0] + timedelta(seconds=30 * steps))


def failures(core: Core) -> int:
    with core.database.reading() as session:
        return session.scalars(select(SecondFactor.failures)).one()


def require(core: Core, value: str = "required") -> None:
    with core.database.session() as session:
        here = town(session)
        here.details = {**here.details, "second_factor": value}


async def give_password(browser: Browser, **form: str) -> str:
    """Sign in as far as the password goes; where it leads."""
    answer = await browser.post("/desk/sign-in", login=ANNA, password=PASSWORD, **form)
    assert answer.status_code == 303
    return answer.headers["location"]


async def test_setting_it_up_and_signing_in_with_it(browser: SignedIn, core: Core, anna: str) -> None:
    worker, other = browser(Role.CASE_WORKER), browser()
    await give_password(other)
    assert "protected by the password alone" in (await worker.get("/desk/account")).text
    assert "<svg" not in (await worker.get(PAGE)).text
    assert (await worker.post(f"{PAGE}/begin")).headers["location"] == PAGE
    page = await worker.get(PAGE)
    secret = re.search(r'<code class="secret" dir="ltr">([A-Z2-7 ]+)<', page.text)
    assert secret
    key = secret[1].replace(" ", "")
    assert "<svg" in page.text
    assert 'role="img"' in page.text
    assert "style=" not in page.text, "the page's rules forbid it"
    answer = await worker.post(PAGE, code=WRONG)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert key == re.search(r'<code class="secret" dir="ltr">([A-Z2-7 ]+)<', answer.text)[1].replace(" ", ""), "the same"  # type: ignore[index]
    page = await worker.post(PAGE, code=pyotp.TOTP(key).now())
    papers = re.findall(r'<code class="secret">([0-9A-Z-]{14})<', page.text)
    assert len(set(papers)) == 10
    assert (await other.get("/desk/cases")).status_code == 303, "all other browsers are signed out"
    shown = (await worker.get(PAGE)).text
    assert "10 codes left" in shown
    assert key not in shown.replace(" ", "")
    assert not any(paper in shown for paper in papers)

    somebody = browser()
    assert await give_password(somebody, next="/desk/calls") == "/desk/sign-in/code?next=%2Fdesk%2Fcalls&language=de"
    assert (await somebody.get("/desk/cases")).status_code == 303, "nobody yet"
    page = await somebody.get("/desk/sign-in/code?next=/desk/calls&language=en")
    assert 'autocomplete="one-time-code"' in page.text
    assert "Open the app on your phone" in page.text
    waiting = somebody.client.cookies[COOKIE]
    next_code = pyotp.TOTP(key).at(now() + timedelta(seconds=30))
    answer = await somebody.post("/desk/sign-in/code", code=next_code, next="/desk/calls")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/calls")
    assert somebody.client.cookies[COOKIE] != waiting, "another token than before"
    assert (await somebody.get("/desk/calls")).status_code == 200
    with core.database.reading() as session:
        assert session.get(StaffSession, digest(waiting)) is None
        raw = session.execute(text("SELECT secret FROM second_factor")).scalar_one()
        assert key.encode() not in raw
        digests = session.scalars(select(RecoveryCode.digest)).all()
    assert not {paper.replace("-", "") for paper in papers} & set(digests)


def test_a_code_counts_once_and_around_its_time(accounts: Accounts, anna: str, secret: str) -> None:
    for steps in (-2, 2):
        with pytest.raises(SignInError):
            accounts.give_code(accounts.begin(anna), code(secret, steps))
    accounts.give_code(accounts.begin(anna), code(secret, -1))
    accounts.give_code(accounts.begin(anna), code(secret, 0))
    for steps in (0, -1):
        with pytest.raises(SignInError):
            accounts.give_code(accounts.begin(anna), code(secret, steps))
    spaced = " ".join(code(secret, 1)).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert accounts.member(accounts.give_code(accounts.begin(anna), spaced)) is not None, "as an Arabic keyboard types it"


def test_a_recovery_code_counts_once_and_for_its_account(accounts: Accounts, anna: str, secret: str, core: Core) -> None:
    papers = accounts.new_recovery_codes(anna, code(secret))
    accounts.give_code(accounts.begin(anna), f" {papers[0].lower().replace('-', ' ')} ")
    with pytest.raises(SignInError):
        accounts.give_code(accounts.begin(anna), papers[0])
    assert accounts.second_factor(anna).codes_left == 9
    with core.database.reading() as session:
        colleague = staff(session, "colleague").id
    accounts.begin_second_factor(colleague, accounts.begin(colleague))
    with core.database.session() as session:
        session.execute(update(SecondFactor).values(confirmed_at=now()))
    with pytest.raises(SignInError):
        accounts.give_code(accounts.begin(colleague), papers[1])
    new = accounts.new_recovery_codes(anna, papers[2])
    with pytest.raises(SignInError):
        accounts.give_code(accounts.begin(anna), papers[1])
    accounts.give_code(accounts.begin(anna), new[0])


def test_five_wrong_codes_lock_the_account_whatever_is_right_in_between(
    accounts: Accounts, anna: str, secret: str, core: Core
) -> None:
    """Who knows the password types it rightly before each code: that does not set the count back."""
    for _ in range(5):
        token = accounts.sign_in(ANNA, PASSWORD)
        with pytest.raises(SignInError):
            accounts.give_code(token, WRONG)
    assert not accounts.waits_for_code(token)
    with pytest.raises(SignInError):
        accounts.sign_in(ANNA, PASSWORD)
    with pytest.raises(SignInError):
        accounts.give_code(accounts.begin(anna), code(secret))
    clock[0] += timedelta(minutes=15)
    accounts.give_code(accounts.sign_in(ANNA, PASSWORD), code(secret))
    assert failures(core) == 0


def test_the_password_is_good_for_ten_minutes(accounts: Accounts, anna: str, secret: str) -> None:
    token = accounts.begin(anna)
    assert accounts.member(token) is None
    clock[0] += timedelta(minutes=9, seconds=59)
    assert accounts.waits_for_code(token)
    clock[0] += timedelta(seconds=1)
    assert not accounts.waits_for_code(token)
    with pytest.raises(SignInError):
        accounts.give_code(token, code(secret))


async def test_wrong_codes_at_the_desk(browser: SignedIn, app: FastAPI, secret: str) -> None:
    somebody = browser()
    assert (await somebody.get("/desk/sign-in/code")).headers["location"] == "/desk/sign-in"
    await give_password(somebody)
    for _ in range(4):
        answer = await somebody.post("/desk/sign-in/code?language=en", code=WRONG, next="/desk/calls")
        assert answer.status_code == 422
        assert "The code is not right" in answer.text
        assert 'value="/desk/calls"' in answer.text
    answer = await somebody.post("/desk/sign-in/code?language=en", code=WRONG)
    assert answer.status_code == 422
    assert "too many wrong codes" in answer.text
    assert 'name="password"' in answer.text, "from the beginning"
    app.state.desk.code_limit = Limit(RateLimitItemPerMinute(1, 5))
    assert [(await somebody.post("/desk/sign-in/code", code=WRONG)).status_code for _ in range(2)] == [422, 429]


async def test_a_town_that_requires_it_leads_there_first(browser: SignedIn, core: Core) -> None:
    worker, system, elsewhere = (
        browser(Role.CASE_WORKER),
        browser(Role.SYSTEM_ADMINISTRATOR),
        browser(Role.OBSERVER, "nachbarort"),
    )
    require(core)
    for member, path in ((worker, "/desk/cases"), (worker, "/desk/cases/events"), (system, "/desk/staff")):
        answer = await member.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE), path
    answer = await worker.post("/desk/together", language="uk", town=HERE)
    assert answer.headers["location"] == PAGE, "writes neither"
    assert (await elsewhere.get("/desk/figures")).status_code == 200
    page = await worker.get(PAGE)
    assert "Your municipality asks for two-step sign-in" in page.text
    assert 'href="/desk/cases"' not in page.text
    assert "sse-connect" not in page.text
    assert (await worker.post("/desk/language", language="en")).status_code == 303
    await worker.post(f"{PAGE}/begin")
    page = await worker.get(PAGE)
    key = re.search(r'<code class="secret" dir="ltr">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")  # type: ignore[index]
    page = await worker.post(PAGE, code=pyotp.TOTP(key).now())
    assert 'href="/desk/cases"' in page.text
    assert (await worker.get("/desk/cases")).status_code == 200
    page = await worker.get(PAGE)
    assert "so it stays on" in page.text
    assert f'action="{PAGE}/off"' not in page.text
    answer = await worker.post(f"{PAGE}/off", code=pyotp.TOTP(key).at(now() + timedelta(seconds=30)))
    assert answer.status_code == 422
    assert (await worker.get("/desk/cases")).status_code == 200


async def test_switching_it_off_takes_a_code(browser: SignedIn, secret: str, accounts: Accounts, anna: str) -> None:
    worker = browser(Role.CASE_WORKER)
    answer = await worker.post(f"{PAGE}/off", code=WRONG)
    assert answer.status_code == 422
    assert "The code is not right" in answer.text
    assert 'id="off-error"' in answer.text
    answer = await worker.post(f"{PAGE}/codes", code=WRONG)
    assert 'id="codes-error"' in answer.text
    answer = await worker.post(f"{PAGE}/off", code=code(secret))
    assert answer.headers["location"] == f"{PAGE}?done=off"
    assert not accounts.has_second_factor(anna)
    assert await give_password(browser()) == "/desk"


async def test_wrong_codes_inside_lock_as_well_and_sign_out(browser: SignedIn, secret: str) -> None:
    worker = browser(Role.CASE_WORKER)
    for _ in range(5):
        await worker.post(f"{PAGE}/off", code=WRONG)
    assert (await worker.get("/desk/cases")).status_code == 303


async def test_an_open_screen_is_no_way_to_set_it_up(browser: SignedIn, core: Core, accounts: Accounts, anna: str) -> None:
    worker = browser(Role.CASE_WORKER)
    with core.database.session() as session:
        session.execute(update(StaffSession).values(created_at=now() - timedelta(minutes=16)))
    answer = await worker.post(f"{PAGE}/begin")
    assert answer.status_code == 422
    assert "sign out and in again" in answer.text
    assert accounts.second_factor(anna).secret == ""
    with pytest.raises(AccountError, match="sign in once more"):
        accounts.confirm_second_factor(anna, worker.token or "", WRONG)


async def test_an_administrator_takes_it_away(browser: SignedIn, secret: str, anna: str, accounts: Accounts) -> None:
    worker, admin = browser(Role.CASE_WORKER), browser(Role.MUNICIPALITY_ADMINISTRATOR)
    accounts.new_recovery_codes(anna, code(secret))
    page = f"/desk/staff/{anna}"
    assert "End two-step sign-in" in (await admin.get(page)).text
    answer = await admin.post(f"{page}/second-factor")
    assert answer.headers["location"] == f"{page}?done=second_factor"
    assert (await worker.get("/desk/cases")).status_code == 303, "the lost device is out"
    assert (accounts.has_second_factor(anna), accounts.second_factor(anna).codes_left) == (False, 0)
    assert await give_password(browser()) == "/desk"


def test_beginning_anew_does_not_touch_one_that_is_on(accounts: Accounts, anna: str, secret: str) -> None:
    fresh = accounts.begin(anna)
    accounts.begin_second_factor(anna, fresh)
    accounts.give_code(fresh, code(secret))
