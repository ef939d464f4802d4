"""The web chat: newcomers in a browser, without an account. Served by the desk."""

from bot.channels.web.app import STATIC, routes

__all__ = ["STATIC", "routes"]
