"""The web client of the test server: a page for every person, and the same deeds for other processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.telegram.people import Person

if TYPE_CHECKING:
    from tests.telegram.server import TelegramServer

PAGE = Path(__file__).with_name("client.html")
TYPING = 5.0  # seconds for which "typing" is shown


class WebClient:
    """GET /client/ for the list, /client/{id} for a chat; JSON below."""

    def __init__(self, server: TelegramServer) -> None:
        self._server = server

    def offer(self, app: web.Application) -> None:
        """Add the addresses."""
        app.router.add_get("/client/", self._page)
        app.router.add_get("/client/people", self._people)
        app.router.add_post("/client/people", self._newcomer)
        app.router.add_get("/client/{person}", self._page)
        app.router.add_get("/client/{person}/messages", self._messages)
        app.router.add_post("/client/{person}/{deed}", self._deed)

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text=PAGE.read_text(encoding="utf-8"), content_type="text/html")

    async def _people(self, request: web.Request) -> web.Response:
        return web.json_response([person.user for person in self._server.people])

    async def _newcomer(self, request: web.Request) -> web.Response:
        return web.json_response(self._server.person(**await request.json()).user)

    def _person(self, request: web.Request) -> Person:
        number = request.match_info["person"]
        person = self._server.chats.get(int(number)) if number.isdigit() else None
        if not isinstance(person, Person):
            raise web.HTTPNotFound(text="nobody has this id")
        return person

    async def _messages(self, request: web.Request) -> web.Response:
        person = self._person(request)
        with self._server.changed:
            since = person.acted_at[-1] if person.acted_at else 0.0
            typing = since and time.monotonic() - since < TYPING and not any(at > since for at in person.received_at)
            told = next((press for press in reversed(person.presses) if press.answered), None)
            state = {
                "revision": self._server.revision,
                "bot": self._server.me,
                "person": person.user,
                "blocked": person.blocked,
                "started": person.reachable,
                "messages": [{**message.raw, "from_bot": message.from_bot} for message in person.messages],
                "typing": bool(typing),
                "waiting": [[press.message_id, press.data] for press in person.presses if not press.answered],
                "told": told and {"id": told.id, "text": told.text, "alert": told.alert},
                "commands": self._server.menu(person),
                "description": self._server.description(person),
            }
        return web.json_response(state)

    async def _deed(self, request: web.Request) -> web.Response:
        person, deed = self._person(request), request.match_info["deed"]
        body = await request.json() if request.can_read_body else {}
        deeds: dict[str, Callable[[], Any]] = {
            "say": lambda: person.say(body["text"]),
            "press": lambda: person.press(body["data"], body.get("message_id")),
            "start": lambda: person.start(body.get("payload")),
            "edit": lambda: person.edit(body["message_id"], body["text"]),
            "send": lambda: getattr(person, f"send_{body['kind']}")(),
            "block": person.block,
            "unblock": person.unblock,
        }
        if deed not in deeds:
            raise web.HTTPNotFound(text=f"there are {', '.join(deeds)}")
        try:
            return web.json_response({"ok": True, "result": deeds[deed]()})
        except (LookupError, ValueError, RuntimeError, AttributeError) as error:
            return web.json_response({"ok": False, "description": f"{type(error).__name__}: {error}"}, status=400)
