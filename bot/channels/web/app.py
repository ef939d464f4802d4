"""The web chat's routes: thin; everything works without JavaScript, chat.js makes it quicker."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from bot.channels.web import contact, cookie, forms, my
from bot.channels.web.chats import Chats, Here, new_nonce
from bot.channels.web.cookie import COOKIE
from bot.channels.web.limiting import CODE, SEND, START, network
from bot.channels.web.markup import marked
from bot.channels.web.sessions import is_at_counter
from bot.channels.web.stream import News, events
from bot.door import Door
from bot.incoming import LONGEST
from bot.limiting import ALL_WRONG_CODES, WRONG_CODE, Limits
from desk.hub import Hub
from desk.pages import Pages, preferred
from lotse.core import Core
from lotse.replies import say

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"

AFTER_COUNTER = "/desk/together?done=ended"  # where staff go on when a chat that was begun together is closed
MOST_FIELDS = 20
PATIENCE = 20.0  # seconds that a browser without JavaScript waits for the answer
STREAMS = 8  # open pages of one chat that are told of news; more pages ask by themselves


def routes(core: Core, door: Door, hub: Hub, statics: dict[str, Path]) -> APIRouter:
    """The routes of the web chat."""
    chat = _WebChat(core, door, hub, statics)
    router = APIRouter(include_in_schema=False)
    for path, method, handler in (
        ("/chat", "GET", chat.show),
        ("/chat/start", "GET", chat.to_chat),
        ("/chat/start", "POST", chat.start),
        ("/chat/send", "GET", chat.to_chat),
        ("/chat/send", "POST", chat.send),
        ("/chat/messages", "GET", chat.messages),
        ("/chat/events", "GET", chat.events),
        ("/chat/code", "GET", chat.code),
        ("/chat/code", "POST", chat.make_code),
        ("/chat/return", "GET", chat.ask_code),
        ("/chat/return", "POST", chat.come_back),
        ("/chat/contact", "GET", chat.ask_contact),
        ("/chat/contact", "POST", chat.keep_contact),
        ("/chat/leave", "GET", chat.ask_leave),
        ("/chat/leave", "POST", chat.leave),
    ):
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        router.add_api_route(path, handler, methods=methods, response_model=None)
    router.include_router(my.routes(core, door, statics))
    return router


@dataclass(frozen=True)
class _Form:
    """What a page sent."""

    fields: dict[str, str]
    too_long: bool = False

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


class _WebChat:
    def __init__(self, core: Core, door: Door, hub: Hub, statics: dict[str, Path]) -> None:
        self._core = core
        self._door = door
        self._hub = hub
        self._pages = Pages(core.languages, core.wording, TEMPLATES, statics)
        self._chats = Chats(core, self._pages)
        self._limits = Limits()
        self._offered = [language.tag for language in core.languages.offered]
        self._secure = (core.settings.public_url or "").startswith("https:")
        self._working: set[asyncio.Task[None]] = set()
        self._streams: dict[str, set[asyncio.Event]] = defaultdict(set)  # of the open pages of a conversation

    # the chat

    async def show(self, request: Request) -> Response:
        """The chat, or without one the choice of a language; looking stores nothing."""
        here = await self._here(request)
        if here is None:
            return await self._landing(request)
        return await self._chat(request, here)

    async def to_chat(self, request: Request) -> Response:
        """Somebody came back to the address of a form."""
        return RedirectResponse("/chat", 303)

    async def start(self, request: Request) -> Response:
        """Begin a conversation in the chosen language."""
        if await self._here(request) is not None:  # pressed twice
            return RedirectResponse("/chat", 303)
        form = await _form(request)
        language = form["language"] if form["language"] in self._offered else self._language(request)
        seconds = self._limits.take(START, "start", _client(request))
        if seconds:
            return self._notice(language, "wait", 429, seconds=seconds)
        if await asyncio.to_thread(self._chats.town, form["town"], form["start"]) is None:
            return self._notice(language, "town", 404)
        token = await asyncio.to_thread(self._chats.begin, language, form["town"], form["start"])
        return self._with_cookie(RedirectResponse("/chat", 303), token)

    async def send(self, request: Request) -> Response:
        """Take a message: 202 at once for chat.js, else the chat when the answer is there."""
        by_script = "application/json" in request.headers.get("accept", "")
        form = await _form(request)
        here = await self._here(request)
        if here is None:
            language = form["language"] if form["language"] in self._offered else self._language(request)
            return _state("gone", 401) if by_script else self._notice(language, "gone", 401, typed=form["text"])
        if form.too_long:
            return _state("refused", 413) if by_script else await self._chat(request, here, "web.too_long", 413)
        text, press = form["text"], form.fields.get("press")
        seconds = self._limits.take(SEND, "send", here.conversation)
        if seconds:
            again = {"Retry-After": str(seconds)}
            if by_script:
                return _state("wait", 429, again)
            return await self._chat(request, here, "web.too_fast", 429, text, again)
        if press is None and not text.strip():
            return _state("refused", 400) if by_script else await self._chat(request, here, "web.empty", 400)
        nonce = form["nonce"] or new_nonce()
        conversation, message, bubble = await asyncio.to_thread(
            self._chats.store, here, nonce, text[: LONGEST + 1] if press is None else None, press
        )
        if by_script:
            work = BackgroundTask(self._work, conversation, message)
            return JSONResponse({"state": "accepted", "bubble": bubble}, 202, background=work)
        await self._worked_on(conversation, message)
        return RedirectResponse("/chat#end", 303)

    async def messages(self, request: Request) -> Response:
        """What is new, for a page without an open stream."""
        token = request.cookies.get(COOKIE, "")
        news = await asyncio.to_thread(self._chats.news, token, _number(request.query_params.get("after")))
        if news is None:
            return _state("gone", 401)
        messages = [{"number": number, "html": html} for number, html in news.messages]
        told = {"last": news.last, "reset": news.reset, "messages": messages}
        return JSONResponse(told, background=BackgroundTask(asyncio.to_thread, self._chats.mark, news.unsent))

    async def events(self, request: Request) -> Response:
        """What is new, as it comes (server-sent events)."""
        here = await self._here(request)
        if here is None:
            return _state("gone", 401)
        if len(self._streams.get(here.conversation, ())) >= STREAMS:
            return _state("wait", 429)
        after = _number(request.headers.get("last-event-id") or request.query_params.get("after"))
        headers = {"X-Accel-Buffering": "no"}  # a proxy in front must not collect events
        return StreamingResponse(self._stream(here, after), media_type="text/event-stream", headers=headers)

    async def _stream(self, here: Here, after: int) -> AsyncIterator[bytes]:
        async def look(number: int) -> News | None:
            return await asyncio.to_thread(self._chats.news, here.token, number)

        async def mark(ids: list[str]) -> None:
            await asyncio.to_thread(self._chats.mark, ids)

        with self._hub.watch(here.conversation) as changed:
            self._streams[here.conversation].add(changed)
            try:
                async for event in events(look, mark, changed, after):
                    yield event
            finally:
                self._streams[here.conversation].discard(changed)
                if not self._streams[here.conversation]:
                    del self._streams[here.conversation]

    # on another device

    async def code(self, request: Request) -> Response:
        """What a return code is."""
        here = await self._here(request)
        if here is None:
            return RedirectResponse("/chat", 303)
        exists = await asyncio.to_thread(self._chats.has_code, here)
        return self._page(here, "code.html", code=None, exists=exists)

    async def make_code(self, request: Request) -> Response:
        """Make one and show it, this once."""
        here = await self._here(request)
        if here is None:
            return self._notice(self._language(request), "gone", 401)
        seconds = self._limits.take(CODE, "code", here.conversation)
        if seconds:
            return self._notice(self._chats.language(here), "wait", 429, seconds=seconds)
        code = await asyncio.to_thread(self._chats.make_code, here)
        address = f"{self._core.settings.public_url or str(request.base_url).rstrip('/')}/chat"
        return self._page(here, "code.html", code=code, exists=True, address=address)

    async def ask_code(self, request: Request) -> Response:
        """The form for a return code."""
        return self._return_page(request, None, 200)

    async def come_back(self, request: Request) -> Response:
        """Open the chat of a return code in this browser."""
        form = await _form(request)
        client = _client(request)
        seconds = self._limits.left(WRONG_CODE, "code", client) or self._limits.left(ALL_WRONG_CODES, "codes")
        if seconds:
            return self._return_page(request, "web.return.too_many", 429, form["code"], {"Retry-After": str(seconds)})
        token = await asyncio.to_thread(self._chats.come_back, form["code"])
        if token is None:
            here = await self._here(request)
            moved = await asyncio.to_thread(self._chats.come_from_elsewhere, here, form["code"])
            if moved is not None:  # the bot takes the code, as it does where one is sent in a chat
                await self._worked_on(moved.conversation, moved.message)
                return self._with_cookie(RedirectResponse("/chat#end", 303), moved.token)
            self._limits.take(WRONG_CODE, "code", client)
            self._limits.take(ALL_WRONG_CODES, "codes")
            return self._return_page(request, "web.return.wrong", 400, form["code"])
        await asyncio.to_thread(self._chats.leave, request.cookies.get(COOKIE))
        return self._with_cookie(RedirectResponse("/chat#end", 303), token)

    async def ask_leave(self, request: Request) -> Response:
        """What closing the chat on this device means."""
        here = await self._here(request)
        if here is None:
            return RedirectResponse("/chat", 303)
        exists = await asyncio.to_thread(self._chats.has_code, here)
        return self._page(here, "leave.html", exists=exists)

    async def leave(self, request: Request) -> Response:
        """Close the chat on this device."""
        token = request.cookies.get(COOKIE)
        await asyncio.to_thread(self._chats.leave, token)
        target = AFTER_COUNTER if is_at_counter(token) else "/chat"
        return cookie.forget(RedirectResponse(target, 303), secure=self._secure)

    # contact

    async def ask_contact(self, request: Request) -> Response:
        """How a guide can reach the newcomer."""
        here = await self._here(request)
        if here is None:
            return RedirectResponse("/chat", 303)
        kept = await asyncio.to_thread(self._chats.contact_of, here)
        return self._contact_page(here, kept, contact.shown_number(kept.phone), kept.email or "", {}, None)

    async def keep_contact(self, request: Request) -> Response:
        """Keep, change or delete it."""
        form = await _form(request)
        here = await self._here(request)
        if here is None:
            return self._notice(self._language(request), "gone", 401)
        delete = "delete" in form.fields
        phone, email = ("", "") if delete else (form["phone"], form["email"])
        read = contact.read(phone, email, here.country)
        if read.problems:
            kept = await asyncio.to_thread(self._chats.contact_of, here)
            return self._contact_page(here, kept, phone, email, read.problems, None, 400)
        await asyncio.to_thread(self._chats.keep_contact, here, read.contact)
        kept = read.contact
        told = "web.contact.saved" if kept.phone or kept.email else "web.contact.deleted"
        return self._contact_page(here, kept, contact.shown_number(kept.phone), kept.email or "", {}, told)

    # pages

    async def _landing(self, request: Request) -> Response:
        first = self._language(request)
        slug, entry = request.query_params.get("town") or "", request.query_params.get("start") or ""
        town = await asyncio.to_thread(self._chats.town, slug, entry)
        if town is None:
            return self._notice(first, "town", 404)
        ordered = sorted(self._core.languages.offered, key=lambda language: language.tag != first)
        cards = [(each, self._core.wording.render(say("web.landing.sentence"), each.tag)) for each in ordered]
        return self._pages.page("landing.html", first, town=town, cards=cards, slug=slug, entry=entry)

    async def _chat(
        self,
        request: Request,
        here: Here,
        problem: str | None = None,
        status: int = 200,
        draft: str = "",
        headers: dict[str, str] | None = None,
    ) -> Response:
        shown = await asyncio.to_thread(self._chats.show, here, "earlier" in request.query_params)
        response = self._page(
            here,
            "chat.html",
            status,
            shown=shown,
            problem=problem,
            draft=draft,
            together_with=here.together_with,
            slug=here.slug,
            key=self._chats.key(here),
            longest=LONGEST,
            marked=marked,
            nonce=new_nonce,
        )
        response.headers.update(headers or {})
        response.background = BackgroundTask(asyncio.to_thread, self._chats.mark, shown.unsent)
        return self._with_cookie(response, here.token)  # 90 days from now

    def _contact_page(
        self,
        here: Here,
        kept: contact.Contact,
        phone: str,
        email: str,
        problems: dict[str, str],
        told: str | None,
        status: int = 200,
    ) -> Response:
        return self._page(here, "contact.html", status, kept=kept, phone=phone, email=email, problems=problems, told=told)

    def _return_page(
        self, request: Request, problem: str | None, status: int, typed: str = "", headers: dict[str, str] | None = None
    ) -> Response:
        page = self._pages.page("return.html", self._language(request), status, problem=problem, typed=typed[:40], town=None)
        page.headers.update(headers or {})
        return page

    def _page(self, here: Here, template: str, status: int = 200, **context: Any) -> Response:
        return self._pages.page(template, self._chats.language(here), status, town=here.town, **context)

    def _notice(self, language: str, kind: str, status: int, typed: str = "", seconds: int = 0) -> Response:
        page = self._pages.page("notice.html", language, status, kind=kind, typed=typed, town=None)
        if seconds:
            page.headers["Retry-After"] = str(seconds)
        return page

    # small parts

    async def _here(self, request: Request) -> Here | None:
        return await asyncio.to_thread(self._chats.find, request.cookies.get(COOKIE))

    async def _work(self, conversation: str, message: str) -> None:
        """Have a message worked on; open pages look at once instead of when the hub has seen it."""
        await self._door.work(conversation, message)
        for changed in self._streams.get(conversation, ()):
            changed.set()

    async def _worked_on(self, conversation: str, message: str) -> None:
        """Wait until the answer is there, but not for ever; the work goes on."""
        task = asyncio.create_task(self._work(conversation, message))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        await asyncio.wait({task}, timeout=PATIENCE)

    def _language(self, request: Request) -> str:
        default = "en" if "en" in self._offered else self._offered[0]
        return preferred(request.headers.get("accept-language"), self._offered, default)

    def _with_cookie(self, response: Response, token: str) -> Response:
        return cookie.keep(response, token, secure=self._secure)


async def _form(request: Request) -> _Form:
    """The fields of a form; one that is too long is read no further."""
    pairs = await forms.pairs(request, MOST_FIELDS)
    return _Form({}, too_long=True) if pairs is None else _Form(dict(pairs))


def _state(state: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """An answer for chat.js, which has the words in the page."""
    return JSONResponse({"state": state}, status, headers)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def _client(request: Request) -> str:
    return network(request.client.host) if request.client else ""
