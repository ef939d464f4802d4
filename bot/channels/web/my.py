"""Pages for one newcomer: private questions and everything that is held, both by a one-time link; and the notice for all.

A GET never uses a link up: messengers fetch links for a preview (docs/decisions/0021-one-time-links.md).
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.channels.web import forms
from bot.channels.web.contact import shown_number
from bot.channels.web.markup import commands, marked
from bot.channels.web.mine import Form, Gone, Mine, Sent, Whose
from bot.door import Door
from desk.pages import Pages, preferred
from lotse.core import Core
from lotse.intake.links import MY_DATA, PRIVATE
from lotse.privacy import access

TEMPLATES = Path(__file__).parent / "templates"
COOKIE, PATH = "lotse_my", "/my"
MOST_FIELDS = 200
HIDDEN_TYPES = ("private",)  # of questions that say nothing by themselves: they lead to others


def routes(core: Core, door: Door, statics: dict[str, Path]) -> APIRouter:
    """The routes of a newcomer's own pages."""
    my = _MyPages(core, door, statics)
    router = APIRouter(include_in_schema=False)
    for path, method, handler in (
        ("/my", "GET", my.to_data),
        ("/my/private/{token}", "GET", my.ask_private),
        ("/my/private/{token}", "POST", my.take_private),
        ("/my/my_data/{token}", "GET", my.gate),
        ("/my/my_data/{token}", "POST", my.open),
        ("/my/data", "GET", my.data),
        ("/my/data.json", "GET", my.file),
        ("/my/data/private", "POST", my.private_again),
        ("/my/close", "GET", my.to_data),
        ("/my/close", "POST", my.close),
        ("/my/appointment/{token}.ics", "GET", my.appointment),
        ("/privacy", "GET", my.notice),
    ):
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        router.add_api_route(path, handler, methods=methods, response_model=None)
    return router


class _MyPages:
    def __init__(self, core: Core, door: Door, statics: dict[str, Path]) -> None:
        self._core = core
        self._door = door
        self._pages = Pages(core.languages, core.wording, TEMPLATES, statics)
        self._mine = Mine(core)
        self._offered = [language.tag for language in core.languages.offered]
        self._secure = (core.settings.public_url or "").startswith("https:")

    # private questions

    async def ask_private(self, request: Request, token: str) -> Response:
        """The form; it says nothing about anybody."""
        found = await asyncio.to_thread(self._mine.form, token)
        if isinstance(found, Gone):
            return self._gone(request, found, PRIVATE)
        return self._page(found.whose, "my_private.html", parts=found.parts)

    async def take_private(self, request: Request, token: str) -> Response:
        """Take the form; the chat goes on by itself if it waits for that."""
        pairs = await forms.pairs(request, MOST_FIELDS)
        if pairs is None:  # far longer than the form: nothing of it is read
            found: Sent | Form | Gone = await asyncio.to_thread(self._mine.form, token)
        else:
            found = await asyncio.to_thread(self._mine.send, token, pairs)
        if isinstance(found, Gone):
            return self._gone(request, found, PRIVATE)
        if isinstance(found, Form):
            return self._page(found.whose, "my_private.html", 413 if pairs is None else 400, parts=found.parts)
        is_open = await asyncio.to_thread(self._mine.is_open, request.cookies.get(COOKIE))
        page = self._page(found.whose, "my_private_done.html", sent=found, data_open=is_open)
        page.background = self._work(found)
        return page

    def _work(self, sent: Sent) -> BackgroundTask | None:
        return BackgroundTask(self._door.work, sent.conversation, sent.message) if sent.message else None

    # everything that is held

    async def to_data(self, request: Request) -> Response:
        """Somebody came to the address of a form, or to none."""
        return RedirectResponse("/my/data", 303)

    async def gate(self, request: Request, token: str) -> Response:
        """Before the data a button: whoever only fetches the link, such as a messenger, sees nothing and uses nothing up."""
        found = await asyncio.to_thread(self._mine.look, token, MY_DATA)
        if isinstance(found, Gone):
            return self._gone(request, found, MY_DATA)
        return self._page(found, "my_gate.html")

    async def open(self, request: Request, token: str) -> Response:
        """Open the page in this browser."""
        opened = await asyncio.to_thread(self._mine.open, token)
        if isinstance(opened, Gone):
            return self._gone(request, opened, MY_DATA)
        response = RedirectResponse("/my/data", 303)
        response.set_cookie(COOKIE, opened, path=PATH, secure=self._secure, httponly=True, samesite="strict")
        return response

    async def data(self, request: Request) -> Response:
        """Everything, to be read."""
        found = await asyncio.to_thread(self._mine.shown, request.cookies.get(COOKIE))
        if isinstance(found, Gone):
            return self._gone(request, found, MY_DATA)
        return self._page(
            found.whose,
            "my_data.html",
            held=found.held,
            until=found.until,
            notice=found.notice,
            hidden=HIDDEN_TYPES,
            marked=marked,
            shown_number=shown_number,
        )

    async def file(self, request: Request) -> Response:
        """The same for other programs."""
        found = await asyncio.to_thread(self._mine.shown, request.cookies.get(COOKIE))
        if isinstance(found, Gone):
            return self._gone(request, found, MY_DATA)
        text = json.dumps(access.as_json(found.held), ensure_ascii=False, indent=2)
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "X-Robots-Tag": "noindex"}
        return Response(text + "\n", media_type="application/json", headers=headers)

    async def appointment(self, token: str) -> Response:
        """An appointment for the calendar; the link works until it is over."""
        found = await asyncio.to_thread(self._mine.calendar, token)
        if found is None:
            return Response(status_code=404)
        headers = {"Content-Disposition": 'attachment; filename="lotse.ics"', "X-Robots-Tag": "noindex"}
        return Response(found, media_type="text/calendar", headers=headers)

    async def private_again(self, request: Request) -> Response:
        """From the page to the private questions of one person."""
        pairs = await forms.pairs(request, MOST_FIELDS)
        chosen = dict(pairs or []).get("person", "")
        token = await asyncio.to_thread(self._mine.private_again, request.cookies.get(COOKIE), chosen)
        return RedirectResponse(f"/my/private/{token}" if token else "/my/data", 303)

    async def close(self, request: Request) -> Response:
        """Close the page on this device."""
        whose = await asyncio.to_thread(self._mine.close, request.cookies.get(COOKIE))
        if whose is None:
            page = self._page_of(request, "my_left.html", channel="")
        else:
            page = self._page(whose, "my_left.html")
        page.delete_cookie(COOKIE, path=PATH, secure=self._secure, httponly=True, samesite="strict")
        return page

    # the notice

    async def notice(self, request: Request) -> Response:
        """All of the notice, for everybody."""
        asked = request.query_params
        language = asked.get("language", "")
        language = language if language in self._offered else self._language(request)
        slug, entry, channel = asked.get("town", ""), asked.get("start", ""), asked.get("channel", "")
        found = await asyncio.to_thread(self._mine.notice, language, slug, entry, channel)
        if found is None:
            return self._pages.page("notice.html", language, 404, kind="town", typed="", town=None)
        kept = {name: value for name, value in (("town", slug), ("start", entry), ("channel", channel)) if value}
        return self._pages.page(
            "my_notice.html",
            language,
            town=found.town,
            paragraphs=found.paragraphs,
            languages=self._offered,
            kept=kept,
            commands=commands,
        )

    # small parts

    def _page(self, whose: Whose, template: str, status: int = 200, **context: Any) -> Response:
        whole = {"town": whose.town, "channel": whose.channel, "commands": commands, **context}
        return self._pages.page(template, whose.language, status, whose.zone, **whole)

    def _page_of(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        return self._pages.page(template, self._language(request), status, town=None, commands=commands, **context)

    def _gone(self, request: Request, gone: Gone, purpose: str) -> Response:
        """A link that opens nothing, and how to get a new one: 410 where there was one, 404 where none is known."""
        if gone.whose is not None:
            return self._page(gone.whose, "my_gone.html", 410, used=gone.used, purpose=purpose)
        return self._page_of(request, "my_gone.html", 404, used=False, purpose=purpose, channel="")

    def _language(self, request: Request) -> str:
        default = "en" if "en" in self._offered else self._offered[0]
        return preferred(request.headers.get("accept-language"), self._offered, default)
