"""Sign-in by a provider: the whole way through the desk's routes and a real provider on this machine, honest and forged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import werkzeug.serving
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import func, select, update

from desk import provider
from desk.access import COOKIE
from desk.provider import Provider
from lotse.core import Core
from lotse.errors import OperatorError
from lotse.settings import from_environment
from lotse.staff import Accounts, Role
from lotse.storage.tables import SecondFactor, Staff, StaffIdentity, now
from tests.desk.conftest import SITE, Browser, SignedIn, login, staff

with warnings.catch_warnings():  # the mock is built on what its library calls old
    warnings.simplefilter("ignore")
    import oidc_provider_mock

pytestmark = [
    pytest.mark.usefixtures("quick_hashes"),
    pytest.mark.filterwarnings("ignore::authlib.deprecate.AuthlibDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]

START = "/desk/sign-in/provider"
EMAIL = "anna@stadt.example"
CLIENT, SECRET = "lotse desk", "a secret: with/signs"
CLAIMS = {"email": EMAIL, "email_verified": True}
PERSON = httpx.Client(verify=False)  # in the test's hands: at the provider's pages
STRANGER = RSAKey.generate_key(2048, {"kid": "first"})
Tamper = Callable[[dict[str, Any]], Any]


@dataclass
class Office:
    """A provider: the mock behind a door that notes what is asked and can sign something else than the mock says."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"}))
    url: str = ""
    asked: list[tuple[str, dict[str, list[str]], str]] = field(default_factory=list)  # path, parameters, authorization
    tamper: Tamper = dict
    header: dict[str, Any] = field(default_factory=dict)
    signing: RSAKey | bytes | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    down: bool = False

    def person(self, subject: str, **claims: Any) -> None:
        """Somebody whom the provider knows."""
        assert PERSON.put(f"{self.url}/users/{subject}", json=claims).status_code == 204

    def parameters(self, path: str) -> dict[str, str]:
        """What was asked for last."""
        return {name: values[0] for each, found, _ in self.asked if each == path for name, values in found.items()}

    def door(self, inner: Any) -> Any:
        """The mock's program with this door before it."""

        def serve(environ: dict[str, Any], start: Any) -> Any:
            path, body = environ["PATH_INFO"], b""
            if environ["REQUEST_METHOD"] == "POST":
                body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                environ["wsgi.input"] = io.BytesIO(body)
            self.asked.append(
                (path, parse_qs(environ["QUERY_STRING"] + "&" + body.decode()), environ.get("HTTP_AUTHORIZATION", ""))
            )
            if self.down:
                start("503 Service Unavailable", [("Content-Type", "text/plain")])
                return [b"closed"]
            told: list[Any] = []
            answer = b"".join(inner(environ, lambda status, headers, *_: told.extend((status, headers)) or (lambda _: None)))
            if path in ("/jwks", "/oauth2/token", "/.well-known/openid-configuration"):
                answer = json.dumps(self._changed(path, json.loads(answer))).encode()
                told[1] = [(name, value) for name, value in told[1] if name.lower() != "content-length"]
            start(told[0], told[1])
            return [answer]

        return serve

    def _changed(self, path: str, found: dict[str, Any]) -> dict[str, Any]:
        if path == "/jwks":
            return {"keys": [self.key.as_dict(private=False)]}
        if path != "/oauth2/token":
            return {**found, **self.metadata}
        if "id_token" in found:
            body = found["id_token"].split(".")[1]
            claims = self.tamper(json.loads(base64.urlsafe_b64decode(body + "==")))
            header = {"alg": "RS256", "kid": self.key.kid, **self.header}
            found["id_token"] = forged(header, claims, self.signing or self.key)
        return found


def forged(header: dict[str, Any], claims: dict[str, Any], key: RSAKey | bytes) -> str:
    """A token as somebody signs it; with bytes for a secret, `none` is no signature."""
    if isinstance(key, RSAKey) and header["alg"] != "none":
        return jwt.encode(header, claims, key, algorithms=[header["alg"]])
    signed = ".".join(_encoded(json.dumps(each).encode()) for each in (header, claims))
    signature = hmac.digest(key, signed.encode(), "sha256") if isinstance(key, bytes) else b""
    return f"{signed}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def running() -> Iterator[Office]:
    """The provider's server."""
    office = Office()
    server = werkzeug.serving.make_server("127.0.0.1", 0, office.door(oidc_provider_mock.app()), threaded=True)
    office.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield office
    PERSON.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def office(running: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    running.tamper, running.header, running.signing, running.metadata, running.down = dict, {}, None, {}, False
    running.asked.clear()
    running.person("sub-1", **CLAIMS)
    return running


@pytest.fixture
def anna(core: Core) -> str:
    """Her login is her e-mail address."""
    with core.database.session() as session:
        one = staff(session, login(Role.CASE_WORKER))
        one.login = EMAIL
        return one.id


@pytest.fixture
def somebody(browser: SignedIn, app: FastAPI, office: Office, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser at a desk with this provider."""
    monkeypatch.setattr(app.state.desk, "provider", Provider(office.url, CLIENT, SECRET, "Stadtkonto"))
    return browser()


async def leave(browser: Browser, **query: str) -> str:
    """Press the button; the address of the provider's page."""
    answer = await browser.client.get(START, params=query)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def allow(address: str, subject: str = "sub-1", **form: str) -> str:
    """Sign in there; where that leads at the desk."""
    answer = PERSON.post(address, data={"sub": subject, **form})
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(f"{SITE}/desk/sign-in/provider/back?")
    return answer.headers["location"].removeprefix(SITE)


async def through(browser: Browser, subject: str = "sub-1") -> httpx.Response:
    return await browser.get(allow(await leave(browser), subject), accept_language="en")


def identities(core: Core) -> list[tuple[str, str, str]]:
    with core.database.reading() as session:
        return [(row.issuer, row.subject, row.staff_id) for row in session.scalars(select(StaffIdentity))]


async def test_there_and_back(somebody: Browser, office: Office, anna: str, core: Core) -> None:
    page = await somebody.get("/desk/sign-in?language=en&next=/desk/calls")
    assert "Sign in with Stadtkonto" in page.text
    assert 'href="/desk/sign-in/provider?next=%2Fdesk%2Fcalls"' in page.text or "next=/desk/calls" in page.text
    address = await leave(somebody, next="/desk/calls")
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{office.url}/oauth2/authorize?")
    assert {name: asked[name] for name in ("response_type", "client_id", "scope", "code_challenge_method")} == {
        "response_type": ["code"], "client_id": [CLIENT], "scope": ["openid email"], "code_challenge_method": ["S256"]
    }  # fmt: skip
    assert len({asked[name][0] for name in ("state", "nonce", "code_challenge")}) == 3
    back = allow(address)
    answer = await somebody.get(back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/calls")
    assert (await somebody.get("/desk/calls")).status_code == 200
    assert identities(core) == [(office.url, "sub-1", anna)]
    told = office.parameters("/oauth2/token")
    challenge = _encoded(hashlib.sha256(told["code_verifier"].encode()).digest())
    assert [challenge] == asked["code_challenge"]
    assert told["redirect_uri"] == asked["redirect_uri"][0] == f"{SITE}/desk/sign-in/provider/back"
    secret = next(authorization for path, _, authorization in office.asked if path == "/oauth2/token")
    assert base64.b64decode(secret.removeprefix("Basic ")).decode() == "lotse%20desk:a%20secret%3A%20with%2Fsigns"
    assert "client_secret" not in told
    again = await somebody.client.get(back)
    assert again.status_code == 422, "the way back is used up"


async def test_what_the_cookie_is(somebody: Browser, anna: str) -> None:
    answer = await somebody.client.get(START)
    name, *flags = (part.strip() for part in answer.headers["set-cookie"].split(";"))
    assert name.startswith(f"{provider.COOKIE}=")
    assert {flag.lower() for flag in flags} >= {"httponly", "path=/desk/sign-in/provider/back", "samesite=lax", "max-age=600"}
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["state"][0] not in name


async def test_later_the_subject_counts_and_no_address(somebody: Browser, office: Office, anna: str, core: Core) -> None:
    await through(somebody)
    office.person("sub-1", email="renamed@stadt.example", email_verified=False)
    with core.database.session() as session:
        staff(session, EMAIL).login = "another.login"
    answer = await through(somebody)
    assert answer.status_code == 303
    assert Accounts(core.database).member(somebody.client.cookies[COOKIE]).staff_id == anna  # type: ignore[union-attr]
    office.person("sub-2", **CLAIMS)
    with core.database.session() as session:
        staff(session, "another.login").login = EMAIL
    answer = await through(somebody, "sub-2")
    assert answer.status_code == 422, "the account is somebody else's there"
    assert "no account here for you" in answer.text
    assert len(identities(core)) == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"email": EMAIL},
        {"email": EMAIL, "email_verified": False},
        {"email": EMAIL, "email_verified": "true"},
        {"email": "nobody@stadt.example", "email_verified": True},
        {"email": "", "email_verified": True},
        {"email": [EMAIL], "email_verified": True},
        {},
    ],
)
async def test_only_a_verified_address_links_and_no_account_is_made(
    somebody: Browser, office: Office, anna: str, core: Core, claims: dict[str, Any]
) -> None:
    office.person("sub-3", **claims)
    with core.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Staff))
    answer = await through(somebody, "sub-3")
    assert answer.status_code == 422
    assert "no account here for you" in answer.text
    assert COOKIE not in somebody.client.cookies
    assert identities(core) == []
    with core.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Staff)) == before


async def test_an_address_that_only_the_userinfo_tells(somebody: Browser, office: Office, anna: str, core: Core) -> None:
    office.tamper = lambda claims: {name: value for name, value in claims.items() if not name.startswith("email")}
    assert (await through(somebody)).status_code == 303
    assert len(identities(core)) == 1


def _set(**changed: Any) -> Tamper:
    return lambda claims: {name: value for name, value in {**claims, **changed}.items() if value is not None}


@pytest.mark.parametrize(
    ("tamper", "header", "key"),
    [
        (_set(iss="http://127.0.0.1:1"), {}, None),
        (_set(aud="another desk"), {}, None),
        (_set(aud=[CLIENT, "another"], azp="another"), {}, None),
        (_set(aud=None), {}, None),
        (_set(exp=1_000_000_000), {}, None),
        (_set(exp=None), {}, None),
        (_set(iat=int(time.time()) + 86_400), {}, None),
        (_set(nonce="another"), {}, None),
        (_set(nonce=None), {}, None),
        (_set(sub=None), {}, None),
        (_set(at_hash="another"), {}, None),
        (_set(), {"alg": "none"}, None),
        (_set(), {"alg": "HS256"}, "public"),
        (_set(), {}, "stranger"),
        (_set(), {"kid": "unheard of"}, "stranger"),
    ],
)
async def test_a_forged_token_signs_nobody_in(
    somebody: Browser, office: Office, anna: str, core: Core, tamper: Tamper, header: dict[str, Any], key: str | None
) -> None:
    office.tamper, office.header = tamper, header
    office.metadata = {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
    if key == "public":  # a signature that everybody could make who takes the public key for a secret
        office.signing = office.key.as_pem(private=False)
    elif key == "stranger":
        office.signing = STRANGER
    answer = await through(somebody)
    assert answer.status_code == 422
    assert "nobody was signed in" in answer.text
    assert COOKIE not in somebody.client.cookies
    assert identities(core) == []


async def test_a_new_key_of_the_provider_is_fetched(somebody: Browser, office: Office, anna: str) -> None:
    assert (await through(somebody)).status_code == 303
    before, office.key = office.key, RSAKey.generate_key(2048, {"kid": "second", "use": "sig", "alg": "RS256"})
    try:
        assert (await through(somebody)).status_code == 303
        assert [path for path, _, _ in office.asked].count("/jwks") == 2
        assert [path for path, _, _ in office.asked].count("/.well-known/openid-configuration") == 1, "kept"
    finally:
        office.key = before


async def test_another_browser_or_another_state_gets_nowhere(
    somebody: Browser, browser: SignedIn, office: Office, anna: str, core: Core
) -> None:
    back = allow(await leave(somebody))
    answer = await browser().get(back, accept_language="en")
    assert answer.status_code == 422
    assert "begun in another browser" in answer.text
    assert "/oauth2/token" not in [path for path, _, _ in office.asked], "the code is not even asked with"
    mine = allow(await leave(somebody))
    code = parse_qs(urlsplit(mine).query)["code"][0]
    answer = await somebody.get(f"{START}/back?code={code}&state=another")
    assert answer.status_code == 422
    assert identities(core) == []


async def test_coming_back_too_late(somebody: Browser, anna: str, monkeypatch: pytest.MonkeyPatch) -> None:
    back = allow(await leave(somebody))
    monkeypatch.setattr(provider.time, "time", lambda: now().timestamp() + 601)
    assert (await somebody.get(back)).status_code == 422


async def test_who_says_no_there(somebody: Browser, anna: str) -> None:
    address = await leave(somebody)
    state = parse_qs(urlsplit(address).query)["state"][0]
    answer = await somebody.get(f"{START}/back?error=access_denied&state={state}", accept_language="en")
    assert answer.status_code == 422
    assert "did not let you in" in answer.text
    assert 'name="password"' in answer.text, "the password is another way"


async def test_a_provider_that_is_away_or_not_itself(
    somebody: Browser, office: Office, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.down = True
    answer = await somebody.get(START, accept_language="en")
    assert answer.status_code == 422
    assert "cannot be reached" in answer.text
    office.down = False
    for changed in ({"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": None}):
        office.metadata = changed
        monkeypatch.setattr(app.state.desk, "provider", Provider(office.url, CLIENT, SECRET, "Stadtkonto"))
        answer = await somebody.get(START, accept_language="en")
        assert answer.status_code == 422, changed
        assert "nobody was signed in" in answer.text
    monkeypatch.setattr(app.state.desk, "provider", Provider("http://127.0.0.1:1", CLIENT, SECRET, "Stadtkonto"))
    assert (await somebody.get(START)).status_code == 422
    assert (await somebody.get("/desk/sign-in")).status_code == 200


async def test_a_provider_that_wants_the_secret_in_the_form(somebody: Browser, office: Office, anna: str) -> None:
    office.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await through(somebody)).status_code == 303
    assert office.parameters("/oauth2/token")["client_secret"] == SECRET


async def test_a_switched_off_account_stays_out(somebody: Browser, anna: str, core: Core) -> None:
    await through(somebody)
    with core.database.session() as session:
        staff(session, EMAIL).active = False
    assert (await through(somebody)).status_code == 422


async def test_a_second_factor_of_the_account_is_asked_for_all_the_same(somebody: Browser, anna: str, core: Core) -> None:
    accounts = Accounts(core.database)
    accounts.begin_second_factor(anna, accounts.begin(anna))
    with core.database.session() as session:
        session.execute(update(SecondFactor).values(confirmed_at=now()))
    answer = await through(somebody)
    assert answer.headers["location"].startswith("/desk/sign-in/code?")
    assert (await somebody.get("/desk/cases")).status_code == 303


async def test_a_temporary_password_ends_with_the_first_sign_in_there(somebody: Browser, anna: str, core: Core) -> None:
    """Only an administrator knows it, and nobody needs it any more."""
    accounts = Accounts(core.database)
    accounts.set_password(EMAIL, "KF7M-29TC-XW4H", temporary=True)
    assert (await through(somebody)).status_code == 303
    assert (await somebody.get("/desk/cases")).status_code == 200
    answer = await somebody.post("/desk/sign-in", login=EMAIL, password="KF7M-29TC-XW4H")
    assert answer.status_code == 422


async def test_without_a_provider_there_is_no_button(browser: SignedIn) -> None:
    somebody = browser()
    assert START not in (await somebody.get("/desk/sign-in")).text
    assert (await somebody.get(START)).status_code == 404
    assert (await somebody.get(f"{START}/back?code=x&state=y")).status_code == 404


def test_the_settings() -> None:
    issuer = "https://login.stadt.example/"
    whole = {"LOTSE_OIDC_ISSUER": issuer, "LOTSE_OIDC_CLIENT_ID": "lotse", "LOTSE_OIDC_CLIENT_SECRET": "secret"}
    assert provider.of(from_environment({})) is None
    made = provider.of(from_environment(whole))
    assert made is not None
    assert (made.issuer, made.name) == (issuer, "login.stadt.example")
    named = provider.of(from_environment({**whole, "LOTSE_OIDC_NAME": " Stadtkonto "}))
    assert named is not None
    assert named.name == "Stadtkonto"
    for name in whole:
        with pytest.raises(OperatorError, match=f"{name}: missing"):
            from_environment({**whole, name: ""})
    with pytest.raises(OperatorError, match="begins with https"):
        from_environment({**whole, "LOTSE_OIDC_ISSUER": "http://login.stadt.example"})
