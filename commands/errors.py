"""How a command fails: one clear line, and an exit code that is not zero."""

from __future__ import annotations

from lotse.errors import OperatorError


class CommandError(OperatorError):
    """What is wrong and what to do; shown to the operator as it is."""
