"""What every response and every request of the desk's server must satisfy: headers, hosts, origins."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
BY_TOKEN = "/api/"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Refuses unknown hosts (DNS rebinding) and writes from other sites (OWASP: verify the origin); adds headers.

    Pages are not to be kept by browsers or proxies, except files whose address carries their version.
    """

    def __init__(self, app: ASGIApp, public_url: str | None) -> None:
        self._app = app
        parts = urlsplit(public_url or "")
        self._hosts = {*LOOPBACK, *([parts.hostname] if parts.hostname else [])}
        self._secure = parts.scheme == "https"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in self._hosts:
            await PlainTextResponse("unknown host", 421)(scope, receive, send)
            return
        if scope["method"] not in SAFE_METHODS and not _by_token(scope) and not _from_here(headers, host, self._hosts):
            await PlainTextResponse("this request came from another site", 403)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    added[name] = value
                if self._secure:
                    added["Strict-Transport-Security"] = "max-age=31536000"
                if "cache-control" not in added:
                    added["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)


def _name(host: str) -> str:
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host


def _by_token(scope: Scope) -> bool:
    """Whether only a bearer token opens this address, never a cookie: nothing counts that a browser adds by itself."""
    return bool(scope["path"].startswith(BY_TOKEN))


def _from_here(headers: Headers, host: str, known: set[str]) -> bool:
    """Whether a write comes from our own pages; a browser too old to say so is met by cookie rules and tokens."""
    origin = headers.get("origin")
    if origin is not None and origin != "null":
        parts = urlsplit(origin)
        return parts.netloc == host or (parts.hostname in known and parts.hostname not in LOOPBACK)
    if origin == "null":
        return False
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
