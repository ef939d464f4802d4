"""All settings, read from the environment once by each process (docs/architecture.md lists them)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SECRET_HEADER = "X-Lotse-Secret"  # by which the processes of an installation know each other
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Where things are kept and how the processes reach each other."""

    home: Path  # data of this installation
    cache: Path  # what can be made again: model, vectors
    content: Path  # sample content and questionnaires
    database_url: str
    tracker_url: str  # Rasa's own store: a cache, without any words of people
    keys: tuple[str, ...]  # Fernet keys, newest first; empty: a key file in `home`
    municipality: str  # slug of the municipality for new conversations
    public_url: str | None  # where people reach the web chat and the desk; without it nothing offers a link
    telegram_token: str | None  # of the bot; without it there is no Telegram
    telegram_url: str  # another Bot API server than Telegram's own
    telegram_webhook: bool  # Telegram calls us at `public_url`, instead of being asked
    webhooks_loopback: bool = False  # for trials: webhooks may call the own machine, without TLS

    @property
    def runtime(self) -> Path:
        """Sockets and the note of the running processes."""
        return self.home / "run"


def from_environment(environment: dict[str, str] | None = None) -> Settings:
    """Settings from `LOTSE_*` variables; everything has a default for one machine."""
    given = os.environ if environment is None else environment
    home = Path(given.get("LOTSE_HOME") or ROOT / "var").resolve()
    return Settings(
        home=home,
        cache=Path(given.get("LOTSE_CACHE") or ROOT / ".cache").resolve(),
        content=Path(given.get("LOTSE_CONTENT") or ROOT / "content").resolve(),
        database_url=given.get("LOTSE_DATABASE_URL") or f"sqlite:///{home / 'lotse.db'}",
        tracker_url=given.get("LOTSE_TRACKER_URL") or f"sqlite:///{home / 'tracker.db'}",
        keys=tuple(key.strip() for key in given.get("LOTSE_KEYS", "").split(",") if key.strip()),
        municipality=given.get("LOTSE_MUNICIPALITY") or "musterstadt",
        public_url=(given.get("LOTSE_PUBLIC_URL") or "").strip().rstrip("/") or None,
        telegram_token=(given.get("TELEGRAM_BOT_TOKEN") or "").strip() or None,
        telegram_url=(given.get("TELEGRAM_API_URL") or "https://api.telegram.org").rstrip("/"),
        telegram_webhook=_is_on(given.get("LOTSE_TELEGRAM_WEBHOOK")),
        webhooks_loopback=_is_on(given.get("LOTSE_WEBHOOKS_LOOPBACK")),
    )


def _is_on(given: str | None) -> bool:
    return (given or "").lower() in ("1", "yes", "true")
