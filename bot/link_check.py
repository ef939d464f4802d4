"""Asks the addresses that published answers name: HEAD, else GET, one at a time at each host, never inside our own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import defaultdict
from collections.abc import Collection
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from lotse.answers.form import is_web_address
from lotse.answers.links import AWAY, BROKEN, CLOSED, FINE, INSIDE, Asked

SECONDS = 10.0  # for one request
PAUSE = 1.0  # seconds between two requests to the same host
HOSTS = 8  # that are asked at the same time
HOPS = 5  # redirects that are followed
AGENT = "Lotse link check (one request a day)"
REFUSING = (401, 402, 403, 405, 406, 407, 418, 429, 451, 999)  # the page may be there: it is not shown to programs
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # addresses of version 4 behind a translator (RFC 6052)
MOVED = (301, 302, 303, 307, 308)


class InsideError(OSError):
    """An address of our own network or machine, which nobody is to reach through us (SSRF)."""


class PublicResolver(AbstractResolver):
    """Resolves names; those of addresses that are not public are refused. The connection goes to what was checked."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """The addresses of a name."""
        found = await self._resolver.resolve(host, port, family)
        if any(not is_public(each["host"]) for each in found):
            raise InsideError(host)
        return found

    async def close(self) -> None:
        """Nothing is open."""
        await self._resolver.close()


def is_public(address: str) -> bool:
    """Whether an IP address is one that everybody reaches, also where it is written inside one of version 6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        within = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if within is None and ip in TRANSLATED:
            within = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if within is not None:
            return is_public(str(within))
    return ip.is_global and not ip.is_multicast


def check(urls: Collection[str], *, inside: bool = False, pause: float = PAUSE, seconds: float = SECONDS) -> dict[str, Asked]:
    """What comes of asking each address; `inside` allows those of our own network, as in tests."""
    return asyncio.run(_check(urls, inside, pause, seconds))


async def _check(urls: Collection[str], inside: bool, pause: float, seconds: float) -> dict[str, Asked]:
    by_host: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        by_host[URL(url).host or ""].append(url)
    together = asyncio.Semaphore(HOSTS)
    results: dict[str, Asked] = {}
    connector = aiohttp.TCPConnector(resolver=None if inside else PublicResolver(), use_dns_cache=False)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(seconds),
        headers={"User-Agent": AGENT},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    ) as session:

        async def one_host(its_urls: list[str]) -> None:
            async with together:
                for number, url in enumerate(its_urls):
                    if number:
                        await asyncio.sleep(pause)
                    results[url] = await _ask(session, url, inside)

        await asyncio.gather(*(one_host(its_urls) for its_urls in by_host.values()))
    return results


async def _ask(session: aiohttp.ClientSession, url: str, inside: bool) -> Asked:
    try:
        code = await _follow(session, "HEAD", url, inside)
        if code >= 400:  # some servers do not know HEAD, or answer it wrongly
            code = await _follow(session, "GET", url, inside)
    except InsideError:
        return Asked(INSIDE)
    except aiohttp.ClientConnectorError as error:
        return Asked(INSIDE if isinstance(error.os_error, InsideError) else AWAY)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return Asked(AWAY)
    if code < 400:
        return Asked(FINE, code)
    return Asked(CLOSED if code in REFUSING else AWAY if code >= 500 else BROKEN, code)


async def _follow(session: aiohttp.ClientSession, method: str, url: str, inside: bool) -> int:
    """The status after redirects, each of which is checked like the first address; too many are an error of the page."""
    for _ in range(HOPS):
        if not inside:
            _check_literal(url)
        # the body is never read: closing the answer ends the connection
        async with session.request(method, url, allow_redirects=False) as answer:
            target = answer.headers.get("Location")
            if answer.status not in MOVED or not target:
                return answer.status
            url = urljoin(url, target)
        if not is_web_address(url):
            raise ValueError("a redirect to what is no page")
    raise ValueError("too many redirects")


def _check_literal(url: str) -> None:
    """A host that is an IP address already is not resolved, so it is looked at here."""
    host = URL(url).host or ""
    try:
        public = is_public(host)
    except ValueError:
        try:
            public = is_public(socket.inet_ntoa(socket.inet_aton(host)))  # also 127.1, and one large number
        except OSError:
            return
    if not public:
        raise InsideError(host)
