"""Reads what a page's form sent, and no more of it than a form can be long."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

LONGEST_FORM = 1_000_000  # bytes; 100 000 letters of any script, encoded

Pairs = list[tuple[str, str]]


async def pairs(request: Request, most: int) -> Pairs | None:
    """The fields in their order, at most so many; None for a form that is too long: it is read no further."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_FORM:
                return None
        return parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, errors="replace", max_num_fields=most)
    except (ValueError, ClientDisconnect):
        return []
