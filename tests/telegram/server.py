"""A Bot API server for tests: real HTTP, in a thread of its own, with people who write and faults on request.

    with TelegramServer() as server:                     # server.url goes to TELEGRAM_API_URL
        person = server.person(language_code="uk")
        person.start()
        person.wait_for("Вітаю")
        server.inject(429, "sendMessage", retry_after=3)

`python -m tests.telegram.server --port 8081 --token 123456:TEST` runs it with its web client at /client/.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Any, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, web

from tests.telegram.client import WebClient
from tests.telegram.faults import PACED, Fault, Faults, Pace, Refused, refusal
from tests.telegram.methods import METHODS, ON_REQUEST, Method
from tests.telegram.people import Chat, Group, Json, Person, Press

TERMINATED = "Conflict: terminated by {} request"
ONE_INSTANCE = "; make sure that only one bot instance is running"
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # between tries of the webhook


class Call(NamedTuple):
    """A call of the bot, also one that failed."""

    at: float  # time.monotonic
    method: str
    params: Json


class Failure(NamedTuple):
    """An answer with "ok": false, or a connection that ended without one (code 0)."""

    at: float
    method: str
    params: Json
    code: int
    description: str


@dataclass
class Pending:
    """An update that the bot has not confirmed."""

    body: Json
    given: int = 0


class TelegramServer:
    """All of Telegram that one bot sees. Methods and attributes may be used from any thread."""

    def __init__(
        self,
        token: str = "123456:TEST",
        port: int = 0,
        username: str = "lotse_test_bot",
        name: str = "Lotse",
        seed: int = 0,
        privacy_mode: bool = False,
    ) -> None:
        self.token = token
        self.port = port
        self.me: Json = {"id": int(token.split(":")[0]), "is_bot": True, "first_name": name, "username": username}
        self.privacy_mode = privacy_mode  # in groups, only commands and mentions reach the bot
        self.random = Random(seed)
        self.changed = threading.Condition()  # guards everything; told of every change
        self.chats: dict[int, Chat] = {}
        self.presses: dict[str, Press] = {}
        self.pending: list[Pending] = []
        self.allowed: list[str] = []
        self.webhook: Json | None = None
        self.secret = ""
        self.commands: dict[tuple[Any, ...], list[Json]] = {}
        self.descriptions: dict[str, dict[str, str]] = {"description": {}, "short_description": {}}
        self.calls: list[Call] = []
        self.failures: list[Failure] = []
        self.unread: set[tuple[str, str]] = set()  # parameters that were sent and are not read here
        self.deliver_twice = False
        self.enforce_limits = False
        self.pace = Pace()
        self.too_fast: list[Call] = []  # beyond the pace, also when it is not enforced
        self.refused = 0  # of these, answered with 429
        self._faults = Faults(Random(seed))
        self._revision = 0
        self._update_id = self.random.randrange(10**8, 9 * 10**8)
        self._poll = 0  # number of the newest getUpdates
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closing = False

    # for tests

    @property
    def url(self) -> str:
        """Base of all addresses; a call goes to {url}/bot{token}/{method}."""
        return f"http://127.0.0.1:{self.port}"

    def person(self, language_code: str | None = "en", first_name: str = "Olena", id: int | None = None, **user: Any) -> Person:
        """Somebody new, who has not written to the bot."""
        with self.changed:
            number = id or self._number()
            about = {"id": number, "is_bot": False, "first_name": first_name, **user}
            person = Person(self, about | ({"language_code": language_code} if language_code else {}))
            self.chats[number] = person
            return person

    def group(self, title: str = "Neighbours") -> Group:
        """A new group, without the bot."""
        with self.changed:
            group = Group(self, -self._number(), title)
            self.chats[group.id] = group
            return group

    @property
    def revision(self) -> int:
        """Grows with everything that happens."""
        return self._revision

    @property
    def people(self) -> list[Person]:
        """Everybody, in the order of their making."""
        return [chat for chat in list(self.chats.values()) if isinstance(chat, Person)]

    def inject(self, kind: int | str, method: str | None = None, chat: Any = None, count: int = 1, **extra: Any) -> Fault:
        """The next `count` calls that fit fail: 403, 409, 429 (retry_after), 500, 502, slow (seconds), reset or drop."""
        with self.changed:
            return self._faults.add(Fault((kind,), method, getattr(chat, "id", chat), count, extra))

    def storm(self, kind: int | str | Sequence[int | str], share: float, seconds: float, **extra: Any) -> Fault:
        """A share of the calls fails for some seconds; several kinds take turns by chance; `method` narrows it."""
        kinds = (kind,) if isinstance(kind, int | str) else tuple(kind)
        with self.changed:
            named, until = extra.pop("method", None), time.monotonic() + seconds
            return self._faults.add(Fault(kinds, named, None, float("inf"), extra, share, until))

    def calm(self) -> None:
        """No injected faults any more."""
        with self.changed:
            self._faults.clear()

    def called(self, method: str | None = None, chat: Any = None) -> list[Call]:
        """The bot's calls, also failed ones; of a method, for a chat."""
        number = getattr(chat, "id", chat)
        fits: Callable[[Call], bool] = lambda call: (  # noqa: E731
            method in (None, call.method) and (number is None or call.params.get("chat_id") == number)
        )
        return [call for call in list(self.calls) if fits(call)]

    def sent(self, chat: Any = None) -> list[Json]:
        """Every Message of the bot as first sent, also what was deleted or edited; to a chat."""
        number = getattr(chat, "id", chat)
        with self.changed:
            return [message for one in self.chats.values() if number in (None, one.id) for message in one.posted]

    def menu(self, person: Person) -> list[Json]:
        """The commands that a person sees in the menu."""
        code = person.user.get("language_code", "")[:2]
        scopes = ("chat", person.id), ("all_private_chats",), ("default",)
        found = [self.commands[key] for scope in scopes for key in ((scope, code), (scope, "")) if key in self.commands]
        return found[0] if found else []

    def description(self, person: Person) -> str:
        """What the person sees in the empty chat."""
        texts = self.descriptions["description"]
        return texts.get(person.user.get("language_code", "")[:2]) or texts.get("", "")

    # what happens (also called by people and methods)

    def now(self) -> float:
        """The clock of all times here."""
        return time.monotonic()

    def tick(self) -> int:
        """Something has changed; wakes all who wait. Returns its number."""
        with self.changed:
            self._revision += 1
            self.changed.notify_all()
            return self._revision

    def happen(self, kind: str, body: Json) -> None:
        """An update, if the bot wants this kind."""
        with self.changed:
            if kind in self.allowed if self.allowed else kind not in ON_REQUEST:
                self._update_id += 1
                self.pending.append(Pending({"update_id": self._update_id, kind: body}))
        self._wake()

    def keep(self, update: Pending) -> bool:
        """Whether a confirmed update comes once more."""
        return self.deliver_twice and update.given == 1

    def _number(self) -> int:
        return next(number for _ in iter(int, 1) if (number := self.random.randrange(10**9 + 1, 8 * 10**9)) not in self.chats)

    # start and end

    def start(self) -> TelegramServer:
        """Listen; after a stop again on the same port, with all that was."""
        ready: list[BaseException] = []
        started = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, args=(started, ready), name="telegram", daemon=True)
        self._thread.start()
        started.wait()
        if ready:
            self._thread.join()
            raise ready[0]
        return self

    def stop(self) -> None:
        """End all connections."""
        self._closing = True
        self._wake()
        if self._thread:
            self._thread.join()
        self._thread = None

    def __enter__(self) -> TelegramServer:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _run(self, started: threading.Event, failed: list[BaseException]) -> None:
        try:
            asyncio.run(self._serve(started))
        except OSError as error:
            failed.append(error)
        finally:
            self._loop = None
            started.set()

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._bell = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=50 * 1024**2)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        WebClient(self).offer(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self.port)
            await site.start()
            self.port = runner.addresses[0][1]
            delivery = asyncio.create_task(self._deliver())
            started.set()
            while not self._closing:
                await self._news()
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)
        finally:
            await runner.cleanup()

    def _wake(self) -> None:
        loop = self._loop
        if loop:
            try:
                loop.call_soon_threadsafe(self._ring)
            except RuntimeError:  # closed in this moment
                pass

    def _ring(self) -> None:
        self._bell.set()
        self._bell = asyncio.Event()

    async def _news(self, seconds: float | None = None) -> None:
        """Until something has happened, or the time is over."""
        try:
            async with asyncio.timeout(seconds):  # wait_for may swallow a cancellation before Python 3.12
                await self._bell.wait()
        except TimeoutError:
            pass

    async def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._closing and (left := end - time.monotonic()) > 0:
            await self._news(left)

    # the Bot API

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method, raw = METHODS.get(request.match_info["method"].lower()), {}
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            if not method:
                raise Refused(404, "Not Found: method not found")
            raw = await _parameters(request)
            result = await self._call(method, raw)
        except Refused as refused:
            return self._refuse(request, refused, raw)
        if result is _HANG_UP:
            self._note(method.name, raw, 0, "connection ended")
            return _hang_up(request)
        return web.json_response({"ok": True, "result": result})

    def _refuse(self, request: web.Request, refused: Refused, raw: Json) -> web.Response:
        self._note(request.match_info["method"], raw, refused.code, refused.description)
        if refused.code == 502:  # comes from a proxy in front
            return web.Response(status=502, content_type="text/html", text="<html><h1>502 Bad Gateway</h1></html>")
        body = {"ok": False, "error_code": refused.code, "description": refused.description}
        return web.json_response(body | ({"parameters": refused.parameters} if refused.parameters else {}), status=refused.code)

    def _note(self, method: str, raw: Json, code: int, description: str) -> None:
        self.failures.append(Failure(time.monotonic(), method, raw, code, description))

    async def _call(self, method: Method, raw: Json) -> Any:
        problem: Refused | None = None
        try:
            params = method.read(raw)
        except Refused as refused:
            params, problem = dict(raw), refused
        with self.changed:
            call = Call(time.monotonic(), method.name, params)
            self.calls.append(call)
            self.unread |= {(method.name, name) for name in raw.keys() - method.parameters.keys()}
            chat = params.get("chat_id")
            if press := self.presses.get(str(params.get("callback_query_id"))):
                chat = press.chat.id
            kind, extra = self._faults.strike(method.name, chat) or (0, {})
        if isinstance(kind, int) and kind:
            raise refusal(kind, extra)
        if kind == "slow":
            await self._pause(extra.get("seconds", 1.0))
        if kind == "drop":
            return _HANG_UP
        if method.name in PACED and isinstance(chat, int):
            self._keep_pace(call, chat)
        if problem:
            raise problem
        if method.name == "getUpdates":
            result = await self._get_updates(method, params)
        else:
            with self.changed:
                result = method.run(self, params)
                self.tick()
            if method.name.endswith("Webhook"):
                self._wake()
        return _HANG_UP if kind == "reset" else result

    def _keep_pace(self, call: Call, chat: int) -> None:
        wait = self.pace.check(chat)
        if wait:
            self.too_fast.append(call)
            if self.enforce_limits:
                self.refused += 1
                raise Refused.later(wait)

    async def _get_updates(self, method: Method, params: Json) -> list[Json]:
        self._poll += 1
        number, end = self._poll, time.monotonic() + min(params.get("timeout", 0), 50)
        self._ring()  # ends an earlier one
        first = True
        while True:
            if number != self._poll:
                raise Refused(409, TERMINATED.format("other getUpdates") + ONE_INSTANCE)
            if self.webhook and not first:
                raise Refused(409, TERMINATED.format("setWebhook"))
            with self.changed:
                found: list[Json] = method.run(self, params)
            left = end - time.monotonic()
            if found or left <= 0 or self._closing:
                return found
            first = False
            params = {**params, "offset": max(0, params.get("offset", 0))}
            params.pop("allowed_updates", None)
            await self._news(left)

    async def _deliver(self) -> None:
        """Posts updates to the webhook, one after the other."""
        pause = FIRST_PAUSE
        async with ClientSession(timeout=ClientTimeout(10), cookie_jar=DummyCookieJar()) as session:
            while not self._closing:
                update = self.pending[0] if self.webhook and self.pending else None
                if not update or not self.webhook:
                    await self._news()
                    continue
                info, why = self.webhook, ""
                headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
                try:
                    async with session.post(info["url"], json=update.body, headers=headers) as answer:
                        if not 200 <= answer.status < 300:
                            why = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                except (ClientError, OSError, TimeoutError) as error:
                    why = str(error) or type(error).__name__
                if why:
                    info |= {"last_error_date": int(time.time()), "last_error_message": why}
                    await self._pause(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                    continue
                pause = FIRST_PAUSE
                with self.changed:
                    update.given += 1
                    if not self.keep(update) and update in self.pending:
                        self.pending.remove(update)
                    self.tick()


_HANG_UP = object()


def _hang_up(request: web.Request) -> web.Response:
    """End the connection as a broken network does."""
    if request.transport:
        line = request.transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()


async def _parameters(request: web.Request) -> Json:
    """From the query and a body of any kind that Telegram takes."""
    found: Json = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        try:
            body = json.loads(await request.read())
        except ValueError:
            raise Refused.bad("can't parse JSON object") from None
        if not isinstance(body, Mapping):
            raise Refused.bad("can't parse JSON object")
        return {**found, **body}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            value.file.close()
            value = value.filename
        found[name] = value
    return found


def main() -> None:
    """Run in the foreground until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m tests.telegram.server", description="A Bot API server with a web client.")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default="123456:TEST")
    parser.add_argument("--name", default="Lotse", help="the bot's name")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with TelegramServer(token=options.token, port=options.port, name=options.name) as server:
        print(f"Bot API: {server.url}  token: {server.token}  web client: {server.url}/client/", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
