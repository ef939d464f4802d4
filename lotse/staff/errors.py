"""Why something with an account is refused."""

from __future__ import annotations


class AccountError(Exception):
    """An account cannot be made or changed so; the message names the field and the remedy."""

    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.reason = reason


class UnknownAccountError(Exception):
    """There is no such account, or it is of a town that is not one's own: nobody learns which."""


class SignInError(Exception):
    """Signing in is refused. It does not tell why: whether a login exists, or is locked, is nobody's business."""
