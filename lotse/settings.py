"""All settings, read from the environment once by each process (docs/architecture.md lists them)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lotse.errors import OperatorError

SECRET_HEADER = "X-Lotse-Secret"  # by which the processes of an installation know each other
YES = ("1", "yes", "true")
PROVIDER = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ROOT = Path(__file__).resolve().parent.parent


class SettingError(OperatorError):
    """A setting cannot be used; the message names it and the remedy."""


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
    check_links: bool  # the addresses that answers name are asked once a day
    check_links_inside: bool  # also those inside our own network
    translate_url: str | None = None  # a server that translates between newcomers and staff; without it nobody is offered that
    translate_key: str | None = None
    oidc_issuer: str | None = None  # provider of sign-in for staff (OpenID Connect); without it there are passwords only
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_name: str | None = None  # on the button
    webhooks_loopback: bool = False  # for trials: webhooks may call the own machine, without TLS

    @property
    def host(self) -> str:
        """The name under which people reach the pages; for ids that must be the same nowhere else."""
        return urlsplit(self.public_url or "").hostname or "lotse.invalid"

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
        telegram_webhook=given.get("LOTSE_TELEGRAM_WEBHOOK", "").lower() in YES,
        check_links=given.get("LOTSE_CHECK_LINKS", "").lower() in (*YES, "inside"),
        check_links_inside=given.get("LOTSE_CHECK_LINKS", "").lower() == "inside",
        translate_url=(given.get("LOTSE_TRANSLATE_URL") or "").strip() or None,
        translate_key=(given.get("LOTSE_TRANSLATE_KEY") or "").strip() or None,
        webhooks_loopback=given.get("LOTSE_WEBHOOKS_LOOPBACK", "").lower() in YES,
        **_provider(given),
    )


def is_safe(url: object) -> bool:
    """Whether what goes to an address is encrypted on its way; on this machine it need not be."""
    parts = urlsplit(url) if isinstance(url, str) else None
    return parts is not None and bool(parts.hostname) and (parts.scheme == "https" or parts.hostname in LOOPBACK)


def _provider(given: Mapping[str, str]) -> dict[str, str | None]:
    """The provider of sign-in for staff: all of it, or nothing."""
    names = {name: f"LOTSE_OIDC_{name.removeprefix('oidc_').upper()}" for name in (*PROVIDER, "oidc_name")}
    found = {name: (given.get(variable) or "").strip() or None for name, variable in names.items()}
    missing = [names[name] for name in PROVIDER if not found[name]]
    if missing and any(found[name] for name in PROVIDER):
        raise SettingError(f"{', '.join(missing)}: missing; for sign-in by a provider set all of LOTSE_OIDC_..., else none")
    if not missing and not is_safe(found["oidc_issuer"]):
        raise SettingError("LOTSE_OIDC_ISSUER: must be an address that begins with https://")
    return found
