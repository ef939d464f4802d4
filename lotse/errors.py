"""What an operator has to put right."""

from __future__ import annotations


class OperatorError(Exception):
    """What is wrong and what to do, in one line; a command ends with it, shown as it is."""
