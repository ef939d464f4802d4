"""A Bot API server for the tests of the Telegram channel; see server.py."""
