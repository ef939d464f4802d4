"""Signing in and out at the desk: cookies, locks, tokens, origins, the account page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from limits import RateLimitItemPerMinute
from sqlalchemy import select, update

from desk import browsers
from desk.access import COOKIE
from desk.app import create
from desk.rate import Limit
from lotse.core import Core
from lotse.staff import Accounts, Role
from lotse.storage.tables import Staff, StaffSession, now
from tests.desk.conftest import PASSWORD, SITE, Browser, SignedIn, login, staff

ANNA = login(Role.CASE_WORKER)


async def sign_in(browser: Browser, name: str = ANNA, password: str = PASSWORD, **form: str) -> int:
    """Send the form; the answer's status."""
    answer = await browser.post("/desk/sign-in", login=name, password=password, **form)
    browser.token = browser.client.cookies.get(COOKIE)
    return answer.status_code


async def test_signing_in_and_out(browser: SignedIn, core: Core) -> None:
    somebody = browser()
    answer = await somebody.get("/desk/cases?status=new")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in?next=%2Fdesk%2Fcases%3Fstatus%3Dnew")
    form = await somebody.get(answer.headers["location"])
    assert 'value="/desk/cases?status=new"' in form.text
    answer = await somebody.post("/desk/sign-in", login=f"  {ANNA.upper()} ", password=PASSWORD, next="/desk/cases?status=new")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/cases?status=new")
    page = await somebody.get("/desk/cases")
    assert page.status_code == 200
    assert (await somebody.get("/desk/sign-in")).headers["location"] == "/desk"
    assert (await somebody.get("/desk")).headers["location"] == "/desk/cases"
    token = somebody.client.cookies[COOKIE]
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found
    answer = await somebody.post("/desk/sign-out", csrf=found[1])
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in")
    assert COOKIE not in somebody.client.cookies
    assert Accounts(core.database).member(token) is None, "the row is gone, not the cookie only"


async def test_the_cookie_is_for_the_desk_only_and_out_of_reach_for_scripts(browser: SignedIn) -> None:
    answer = await browser().post("/desk/sign-in", login=ANNA, password=PASSWORD)
    name, *flags = (part.strip() for part in answer.headers["set-cookie"].split(";"))
    assert name.startswith(f"{COOKIE}=")
    assert {flag.lower() for flag in flags} >= {"httponly", "path=/desk", "samesite=lax"}
    assert "secure" not in {flag.lower() for flag in flags}


async def test_the_cookie_is_secure_where_the_desk_is_reached_by_https(app: FastAPI, browser: SignedIn) -> None:
    app.state.desk.secure = True
    try:
        answer = await browser().post("/desk/sign-in", login=ANNA, password=PASSWORD)
    finally:
        app.state.desk.secure = False
    assert "Secure" in answer.headers["set-cookie"]


def test_https_comes_from_the_settings(core: Core) -> None:
    app = create(replace(core, settings=replace(core.settings, public_url="https://lotse.example")), None)  # type: ignore[arg-type]
    assert app.state.desk.secure


async def test_wrong_and_unknown_look_alike(browser: SignedIn) -> None:
    somebody = browser()
    pages = []
    for name in (ANNA, "nobody"):
        answer = await somebody.post("/desk/sign-in", login=name, password="wrong wrong wrong")
        assert answer.status_code == 422
        assert COOKIE not in somebody.client.cookies
        pages.append(answer.text.replace(name, ""))
    assert pages[0] == pages[1]
    assert 'aria-invalid="true"' in pages[0]
    assert "wrong wrong" not in pages[0]


async def test_five_wrong_passwords_lock(browser: SignedIn) -> None:
    somebody = browser()
    for _ in range(5):
        assert await sign_in(somebody, password="wrong wrong wrong") == 422
    assert await sign_in(somebody) == 422, "locked: the right one neither"


async def test_many_tries_from_one_address_are_slowed_down(app: FastAPI, browser: SignedIn) -> None:
    app.state.desk.sign_in_limit = Limit(RateLimitItemPerMinute(2, 5))
    somebody = browser()
    assert [await sign_in(somebody, name) for name in ("a", "b", "c")] == [422, 422, 429]
    page = await somebody.post("/desk/sign-in", login="a", password="b")
    assert "wait 5 minutes" in page.text or "warten Sie 5 Minuten" in page.text


@pytest.mark.parametrize(
    "target", ["https://evil.example/desk/", "//evil.example/desk/", "/\\evil.example", "/desk/\\evil", "javascript:x", "/chat"]
)
async def test_signing_in_leads_nowhere_else(browser: SignedIn, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Accounts, "sign_in", lambda *_: "token")
    answer = await browser().post("/desk/sign-in", login="x", password="y", next=target)
    assert answer.headers["location"] == "/desk"


async def test_the_sign_in_page_speaks_the_browsers_language(browser: SignedIn) -> None:
    somebody = browser()
    assert '<html lang="nl" dir="ltr">' in (await somebody.get("/desk/sign-in", accept_language="fr, nl;q=0.8")).text
    assert '<html lang="ar" dir="rtl">' in (await somebody.get("/desk/sign-in?language=ar")).text
    assert '<html lang="de" dir="ltr">' in (await somebody.get("/desk/sign-in?language=xx")).text


async def test_htmx_is_sent_to_the_sign_in_page(browser: SignedIn) -> None:
    answer = await browser().get("/desk/cases", hx_request="true")
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/desk/sign-in")


async def test_a_write_needs_the_token_of_our_pages(browser: SignedIn, core: Core) -> None:
    worker = browser(Role.CASE_WORKER)
    for token in ("", "wrong", browser("colleague").csrf, "ä"):
        answer = await worker.post("/desk/language", csrf=token, language="nl")
        assert answer.status_code == 403
        assert "The page is too old" in answer.text
    answer = await worker.request("POST", "/desk/language", json={"csrf": worker.csrf}, headers={"Origin": SITE})
    assert answer.status_code == 403
    answer = await worker.request("POST", "/desk/language", data={"language": "nl"}, headers={"X-CSRF-Token": worker.csrf})
    assert answer.status_code == 303, "htmx sends it as a header"
    with core.database.reading() as session:
        assert staff(session, ANNA).language == "nl"


async def test_a_write_from_another_site_is_refused(browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        for path in ("/desk/sign-in", "/desk/sign-out", "/desk/language"):
            answer = await worker.request("POST", path, data={"csrf": worker.csrf, "language": "nl"}, headers=headers)
            assert answer.status_code == 403
    assert (await worker.get("/desk/account")).status_code == 200


async def test_the_language_leads_back_to_the_open_page(browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    for came_from, expected in (
        (f"{SITE}/desk/cases?status=new", "/desk/cases?status=new"),
        ("https://evil.example/desk/cases", "/desk/account"),
        (f"{SITE}/chat", "/desk/account"),
        ("", "/desk/account"),
    ):
        answer = await worker.request(
            "POST", "/desk/language", data={"csrf": worker.csrf, "language": "en"}, headers={"Referer": came_from}
        )
        assert answer.headers["location"] == expected


async def test_changing_the_password_ends_all_other_sessions(browser: SignedIn, core: Core) -> None:
    worker, other = browser(Role.CASE_WORKER), browser(Role.CASE_WORKER)
    new = "four other words here"
    for form, message in (
        ({"old": PASSWORD, "new": new, "again": "something else"}, "not the same"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 12 characters"),
        ({"old": PASSWORD, "new": ANNA, "again": ANNA}, "The password is your login"),
        ({"old": "wrong wrong wrong", "new": new, "again": new}, "present password is not right"),
    ):
        answer = await worker.post("/desk/account/password", **form)
        assert answer.status_code == 422
        assert message in answer.text
        assert new not in answer.text
    answer = await worker.post("/desk/account/password", old=PASSWORD, new=new, again=new)
    assert answer.headers["location"] == "/desk/account?done=password"
    assert "The password is changed" in (await worker.get("/desk/account?done=password")).text
    assert (await other.get("/desk/account", cookie=f"{COOKIE}={other.token}")).status_code == 303
    assert await sign_in(browser()) == 422
    assert await sign_in(browser(), password=new) == 303


async def test_signing_out_everywhere(browser: SignedIn) -> None:
    worker, other = browser(Role.CASE_WORKER), browser("colleague")
    assert (await worker.post("/desk/account/sign-out-everywhere")).status_code == 303
    assert (await worker.get("/desk/account")).status_code == 303
    assert (await other.get("/desk/account")).status_code == 200


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def test_the_list_of_sessions(browser: SignedIn, core: Core) -> None:
    one, other, colleague = browser(), browser(Role.CASE_WORKER), browser("colleague")
    one.client.headers["user-agent"] = FIREFOX
    await sign_in(one)
    page = (await one.get("/desk/account")).text
    one.csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]  # type: ignore[index]
    assert page.count("this browser") == 1
    assert re.search(r"Firefox, Windows</bdi> <span[^>]*>this browser", page)
    assert "140" not in page, "coarsely"
    assert "Another browser" in page
    keys = re.findall(r'name="session" value="([0-9a-f]+)"', page)
    assert len(keys) == 1, "that of this browser is ended by signing out"
    assert Accounts(core.database).member(keys[0]) is None, "what ends a session begins none"
    await colleague.post("/desk/account/end", session=keys[0])
    assert (await other.get("/desk/account")).status_code == 200, "nobody ends another account's"
    answer = await one.post("/desk/account/end", session=keys[0])
    assert answer.headers["location"] == "/desk/account?done=ended"
    assert "That browser is signed out" in (await one.get("/desk/account?done=ended")).text
    assert (await other.get("/desk/account")).status_code == 303


async def test_ending_all_other_sessions(browser: SignedIn) -> None:
    one, other, colleague = browser(Role.CASE_WORKER), browser(), browser("colleague")
    await sign_in(other)
    answer = await one.post("/desk/account/end-others")
    assert answer.headers["location"] == "/desk/account?done=others"
    assert [(await each.get("/desk/account")).status_code for each in (one, other, colleague)] == [200, 303, 200]
    assert "End all others" not in (await one.get("/desk/account")).text


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (FIREFOX, "Firefox, Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
            "Chrome, Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        (
            "Mozilla/5.0 (Linux; Android 15) SamsungBrowser/28.0 Chrome/130.0 Safari/537.36",
            "Samsung Internet, Android",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari, macOS"),
        ("curl/8.5.0", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_browser_is_known_coarsely(user_agent: str | None, expected: str) -> None:
    assert browsers.family(user_agent) == expected


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("Password2026!", "Many people use this password"),
        ("abcdefghijklm", "a simple row"),
        ("Beispiel Musterstadt 1", "consists of your name"),
        ("x y" * 100, "at most 256 characters"),
        (PASSWORD, "This is the present password"),
    ],
)
async def test_a_password_that_strangers_try_is_refused(browser: SignedIn, new: str, message: str) -> None:
    answer = await browser(Role.CASE_WORKER).post("/desk/account/password", old=PASSWORD, new=new, again=new)
    assert answer.status_code == 422
    assert message in answer.text
    assert 'id="new-error"' in answer.text
    assert new not in answer.text


def test_tries_are_counted_by_network() -> None:
    limit = Limit(RateLimitItemPerMinute(1, 5))
    assert limit.hit("2001:db8::1")
    assert not limit.hit("2001:db8::2"), "one household has all of a /64"
    assert limit.hit("2001:db8:0:1::1")
    assert limit.hit("192.0.2.1")
    assert limit.hit("192.0.2.2")


async def test_an_open_page_does_not_keep_the_session_alive(browser: SignedIn, core: Core) -> None:
    """Pages load themselves again; only what a person does counts."""
    worker = browser(Role.CASE_WORKER)
    before = now() - timedelta(hours=7)

    def last() -> float:
        with core.database.reading() as session:
            row = session.scalars(select(StaffSession).where(StaffSession.staff_id == worker.staff_id)).one()
            return (row.last_at - before).total_seconds()

    with core.database.session() as session:
        session.execute(update(StaffSession).values(last_at=before))
    await worker.get("/desk/cases", hx_request="true")
    assert last() == 0
    await worker.get("/desk/cases")
    assert last() > 3600


async def test_an_account_that_is_switched_off_is_out_at_once(browser: SignedIn, core: Core) -> None:
    worker = browser(Role.CASE_WORKER)
    with core.database.session() as session:
        staff(session, ANNA).active = False
    assert (await worker.get("/desk/cases")).status_code == 303
    assert await sign_in(browser()) == 422


async def test_errors_are_pages_without_a_traceback(app: FastAPI, browser: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = browser(Role.CASE_WORKER)
    for path, status in (("/desk/nonsense", 404), ("/desk/cases/M-0000", 404), ("/desk/figures", 403)):
        page = await worker.get(path)
        assert page.status_code == status
        assert "<h1>" in page.text
    assert (await worker.get("/nonsense")).json() == {"detail": "Not Found"}, "other pages are not ours"

    def fail(*_: object, **__: object) -> Staff:
        raise RuntimeError("the secret words of a newcomer")

    monkeypatch.setattr("lotse.cases.queue.page", fail)
    page = await worker.get("/desk/cases")
    assert page.status_code == 500
    assert "There was an error in the program" in page.text
    assert "secret" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
