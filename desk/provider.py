"""Sign-in by the town's own provider (OpenID Connect Core 1.0, authorization code flow with PKCE).

    start   -> address of the provider's page; what has to come back is sealed into a cookie of this browser
    finish  <- its parameters: state, issuer; the code for a signed ID token; whose signature, issuer, audience, times, nonce

The provider only says who somebody is. Accounts and their roles are ours.
"""

from __future__ import annotations

import hmac
import json
import secrets
import ssl
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
import structlog
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from fastapi import Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from lotse.logs import cause_of
from lotse.settings import Settings, is_safe
from lotse.storage.crypto import Vault, VaultError

CALLBACK = "/desk/sign-in/provider/back"
COOKIE = "lotse_desk_provider"
WITHIN = timedelta(minutes=10)  # from the start until one is back
PATIENCE = 10.0  # seconds for the provider to answer
KEPT = 3600.0  # seconds that its addresses and keys are not asked for again
LEEWAY = 60  # seconds that clocks may differ
# signatures by a key that only the provider has; what it offers beside them is not taken
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")

log = structlog.get_logger()


class ProviderError(Exception):
    """Signing in by the provider did not work: away, over (too late, or another browser), refused or invalid."""

    def __init__(self, reason: str, cause: str = "") -> None:
        super().__init__(f"{reason}: {cause}" if cause else reason)
        self.reason = reason


@dataclass(frozen=True)
class Started:
    """What this browser began with, and must come back with."""

    state: str
    nonce: str
    verifier: str
    callback: str
    next: str
    at: float


@dataclass(frozen=True)
class Person:
    """Whom the provider vouches for; the e-mail address only if it has verified it."""

    subject: str
    email: str | None


class Provider:
    """One provider, as the settings name it."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, name: str) -> None:
        self.issuer = issuer
        self.name = name
        self._client_id = client_id
        self._client_secret = client_secret
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    async def start(self, callback: str, next: str) -> tuple[str, Started]:
        """Address of the page where somebody signs in, and what to keep until they are back."""
        metadata = await self._metadata()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        started = Started(state, nonce, verifier, callback, next, time.time())
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": callback,
            "scope": "openid email",
            "state": started.state,
            "nonce": started.nonce,
            "code_challenge": create_s256_code_challenge(started.verifier),
            "code_challenge_method": "S256",
        }
        page = metadata["authorization_endpoint"]
        return f"{page}{'&' if urlsplit(page).query else '?'}{urlencode(asked)}", started

    async def finish(self, started: Started, returned: dict[str, str]) -> Person:
        """Whom the provider vouches for, from the parameters with which it sent the browser back."""
        if not hmac.compare_digest(started.state.encode(), returned.get("state", "").encode()):
            raise ProviderError("over", "another state")
        if returned.get("iss", self.issuer) != self.issuer:  # RFC 9207
            raise ProviderError("invalid", "another issuer")
        if "code" not in returned:
            raise ProviderError("refused", returned.get("error", "no code")[:40])
        metadata = await self._metadata()
        tokens = await self._tokens(metadata, started, returned["code"])
        claims = await self._claims(metadata, tokens, started.nonce)
        if "email" not in claims and is_safe(metadata.get("userinfo_endpoint")):
            told = await self._ask(metadata["userinfo_endpoint"], Authorization=f"Bearer {tokens.get('access_token')}")
            claims |= {key: told.get(key) for key in ("email", "email_verified")} if told.get("sub") == claims["sub"] else {}
        email = claims.get("email")
        verified = isinstance(email, str) and claims.get("email_verified") is True
        return Person(str(claims["sub"])[:255], email if verified else None)

    async def _metadata(self) -> dict[str, Any]:
        """Its addresses, as it publishes them (OpenID Connect Discovery)."""
        found = await self._kept(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise ProviderError("invalid", "its configuration names another issuer than LOTSE_OIDC_ISSUER")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not is_safe(found.get(name)):
                raise ProviderError("invalid", f"its configuration has no https address as {name}")
        return found

    async def _tokens(self, metadata: dict[str, Any], started: Started, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": started.callback,
            "code_verifier": started.verifier,
        }
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in methods:  # both are encoded before (RFC 6749, 2.3.1)
            auth = httpx.BasicAuth(quote(self._client_id, safe=""), quote(self._client_secret, safe=""))
        else:
            auth, form = None, {**form, "client_id": self._client_id, "client_secret": self._client_secret}
        return await self._call("POST", metadata["token_endpoint"], data=form, auth=auth)

    async def _claims(self, metadata: dict[str, Any], tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        """What the ID token says, if all is right with it."""
        try:
            token = await self._decoded(metadata, str(tokens.get("id_token")))
            wanted = {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self._client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            }
            about = {"nonce": nonce, "client_id": self._client_id, "access_token": tokens.get("access_token")}
            claims = CodeIDToken(token.claims, token.header, wanted, about)
            claims.validate(leeway=LEEWAY)
            return dict(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderError("invalid", type(error).__name__) from error

    async def _decoded(self, metadata: dict[str, Any], token: str) -> jwt.Token:
        """The token with its signature checked; a key that is not known yet may be a new one."""
        offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        registry = JWSRegistry(algorithms=[each for each in ALGORITHMS if each in offered], strict_check_header=False)
        for force in (False, True):
            keys = KeySet.import_key_set(await self._kept(metadata["jwks_uri"], force=force))  # type: ignore[arg-type]
            try:
                return jwt.decode(token, keys, registry=registry)
            except (JoseError, ValueError):
                if force:
                    raise
        raise AssertionError("two tries end before")

    async def _kept(self, url: str, *, force: bool = False) -> dict[str, Any]:
        """What an address holds, asked for once an hour."""
        at, found = self._known.get(url, (0.0, {}))
        if force or not found or time.monotonic() - at > KEPT:
            found = await self._ask(url)
            self._known[url] = time.monotonic(), found
        return found

    async def _ask(self, url: str, **headers: str) -> dict[str, Any]:
        return await self._call("GET", url, headers=headers)

    async def _call(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False, verify=_certificates()) as client:
                answer = await client.request(method, url, **more)
            found = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderError("away", f"{urlsplit(url).path}: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise ProviderError("away", f"{urlsplit(url).path}: no object")
        return found


def of(settings: Settings) -> Provider | None:
    """The provider that the settings name, if they name one; they are complete, then."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None or settings.oidc_client_secret is None:
        return None
    name = settings.oidc_name or urlsplit(settings.oidc_issuer).hostname or ""
    return Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, name)


@lru_cache(1)
def _certificates() -> ssl.SSLContext:
    """The authorities that are believed: httpx's own, read once; that takes longer than a call."""
    return httpx.create_ssl_context()


def callback_of(settings: Settings, request: Request) -> str:
    """Where the provider sends the browser back to."""
    return f"{settings.public_url or str(request.base_url).rstrip('/')}{CALLBACK}"


def sealed(vault: Vault, started: Started) -> str:
    """For the cookie of the browser: nobody else can read it or come back with it."""
    return vault.encrypt(json.dumps(asdict(started))).decode()


def opened(vault: Vault, cookie: str | None) -> Started:
    """What the browser began with, if that was here and not long ago."""
    try:
        started = Started(**json.loads(vault.decrypt((cookie or "").encode())))
    except (VaultError, ValueError, TypeError) as error:
        raise ProviderError("over", "no cookie") from error
    if time.time() - started.at > WITHIN.total_seconds():
        raise ProviderError("over", "too late")
    return started


def log_refusal(error: ProviderError) -> None:
    """Write down why, without anything about the person."""
    log.warning("sign-in by the provider failed", cause=cause_of(error))
