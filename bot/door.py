"""The bot's door for the other processes of an installation and for Telegram's webhook: HTTP, a secret on all but /health."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

import aiohttp
import structlog
from aiohttp import web

from bot.turn import Gateway
from lotse.settings import SECRET_HEADER

SECONDS = 25  # for a turn that somebody waits for; it goes on if they leave

Handler = Callable[[web.Request], Awaitable[web.Response]]
log = structlog.get_logger()


async def serve(
    gateway: Gateway, host: str, port: int, secret: str, states: dict[str, Callable[[], str]], webhooks: dict[str, Handler]
) -> web.AppRunner:
    """Listen. `states` tells how each channel does, `webhooks` are the channels' own routes by path."""

    async def work(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get(SECRET_HEADER, ""), secret):
            return web.Response(status=403)
        body = await request.json()
        await gateway.work(str(body["conversation"]), str(body["message"]))
        return web.Response(status=204)

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"ready": True, "channels": {name: state() for name, state in states.items()}})

    app = web.Application(client_max_size=1_000_000)
    app.add_routes([web.post("/work", work), web.get("/health", health)])
    app.add_routes([web.post(path, handler) for path, handler in webhooks.items()])
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


class Door:
    """The other side: tells the bot of a stored message. The bot finds it by itself too, a little later."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None

    async def work(self, conversation_id: str, inbound_id: str) -> bool:
        """Have a message worked on; False if the bot is away or slow, and will take it up on its own."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={SECRET_HEADER: self._secret}, timeout=aiohttp.ClientTimeout(SECONDS, connect=1)
            )
        body = {"conversation": conversation_id, "message": inbound_id}
        try:
            async with self._session.post(f"{self._url}/work", json=body) as response:
                return response.status == 204
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("bot away", message=inbound_id, cause=type(error).__name__)
            return False

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
