"""Telegram: updates in, the outbox out (docs/decisions/0011-telegram.md)."""

from bot.channels.telegram.messenger import Messenger, build

__all__ = ["Messenger", "build"]
