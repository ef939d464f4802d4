"""Which addresses are called: https on the public internet only, so that nobody makes us call our own network (SSRF)."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

LONGEST = 2000  # characters
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


class AddressError(ValueError):
    """An address that is not called; `reason` is one of form, https, private."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check(url: str, *, loopback: bool) -> str:
    """The address without spaces around it; raises AddressError. `loopback` allows the own machine, for trials."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressError("form") from error
    if not url.isprintable() or not url.isascii() or " " in url or len(url) > LONGEST or not parts.hostname or port == 0:
        raise AddressError("form")
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise AddressError("https")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressError("form")
    named = literal(parts.hostname)
    if named is not None:
        allowed(named, loopback=loopback)
    elif not loopback and (parts.hostname == "localhost" or "." not in parts.hostname):
        raise AddressError("private")
    return url


def allowed(address: Address, *, loopback: bool) -> Address:
    """The address, if it may be called; what is wrapped in it counts as well."""
    for each in (address, *_inner(address)):
        if loopback and each.is_loopback:
            continue
        if not each.is_global or each.is_multicast:
            raise AddressError("private")
    return address


def literal(host: str) -> Address | None:
    """The address that a host name is, if it is one."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _inner(address: Address) -> list[Address]:
    """IPv4 addresses in an IPv6 address that a network on the way may take out of it."""
    if not isinstance(address, IPv6Address):
        return []
    found: list[Address] = [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    found += address.teredo or ()
    return [*found, IPv4Address(int(address) & 0xFFFFFFFF)] if address in NAT64 else found
