"""The gateway's client of the engine's two routes."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import aiohttp

from lotse.settings import SECRET_HEADER

SECONDS = 30  # for one turn; a turn takes less than 0.1 s, a first one after the start up to 5 s


class EngineDown(Exception):
    """The engine or the actions behind it cannot be reached now: worth another try."""


class EngineFailed(Exception):
    """The engine answered that it cannot work with this message."""


class Engine:
    """HTTP to the engines; a conversation always meets the same one, which then needs no shared lock.

    `urls` are their addresses, separated by commas.
    """

    def __init__(self, urls: str, secret: str) -> None:
        self._urls = [f"{url}/webhooks/lotse" for url in urls.split(",")]
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None

    async def turn(self, conversation: str, message: str, text: str | None, intent: str | None, *, repeated: bool) -> list[str]:
        """Run one turn; returns ids of the records that say what was said (table `applied`), in order."""
        body = {"conversation": conversation, "message": message, "text": text, "intent": intent, "repeated": repeated}
        answer = await self._post(self._urls[crc32(conversation.encode()) % len(self._urls)] + "/turn", body)
        return [reply["applied"] for reply in answer["replies"]]

    async def parse(self, text: str) -> dict[str, Any]:
        """What the engine understands of a text, without a dialogue."""
        return await self._post(self._urls[0] + "/parse", {"text": text})

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            async with self._open().post(url, json=body) as response:
                if response.status == 503:
                    raise EngineDown("an action did not answer")
                if response.status != 200:
                    raise EngineFailed(f"the engine answered {response.status}")
                answer: dict[str, Any] = await response.json()
                return answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise EngineDown(type(error).__name__) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={SECRET_HEADER: self._secret}, timeout=aiohttp.ClientTimeout(SECONDS))
        return self._session
