"""The terminal channel: a conversation over a loopback connection, one JSON line each way and turn."""

from bot.channels.terminal.server import serve

__all__ = ["serve"]
