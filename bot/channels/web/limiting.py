"""How often something may be asked of the web chat, and by whom."""

from __future__ import annotations

import ipaddress

from limits import parse

START = parse("60/hour")  # an address: a shelter shares one
SEND = parse("90/minute")  # a conversation
CODE = parse("20/hour")  # new return codes of a conversation


def network(address: str) -> str:
    """The address that is counted: of IPv6 the network, because one household has all of it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
