"""What the engine understands of a text that an editor tries; without the engine the desk matches without its doubt."""

from __future__ import annotations

import httpx
import structlog

from lotse.settings import SECRET_HEADER
from lotse.turns import Understanding, understanding_of

SECONDS = 5.0  # an editor waits; a text takes less than 0.1 s, the first one after the start longer

log = structlog.get_logger()


class Engine:
    """HTTP to the first of the engines. `urls` are their addresses, separated by commas."""

    def __init__(self, urls: str, secret: str) -> None:
        self._url = f"{urls.split(',')[0]}/webhooks/lotse/parse"
        self._headers = {SECRET_HEADER: secret}

    def understand(self, text: str) -> Understanding | None:
        """Its intents and vector; None while the engine is away."""
        try:
            answer = httpx.post(self._url, json={"text": text}, headers=self._headers, timeout=SECONDS, trust_env=False)
            answer.raise_for_status()
            return understanding_of(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            log.warning("engine away", cause=type(error).__name__)
            return None
