"""What a message is beside a question: danger, small talk, a wish to the bot itself. As `ask` and the desk show it."""

from __future__ import annotations

from lotse.answers.matching import Decision
from lotse.intake.interpretation import ASIDES, CONTROLS, CRISIS
from lotse.turns import SURE, Understanding

SMALLTALK = ("greet", "thank", "goodbye", "bot_challenge", "insult")
COMMANDS = (*(set(ASIDES) - set(SMALLTALK)), *CONTROLS, "send")
KINDS = ("crisis", "smalltalk", "command")


def aside(understood: Understanding, decision: Decision) -> str | None:
    """The decision about a message that is no question; its candidates only show what matching would find."""
    if understood.confidence("crisis") >= CRISIS:
        return "crisis"
    if understood.confidence(*SMALLTALK) >= SURE:
        return "smalltalk"
    if understood.confidence(*CONTROLS) >= SURE and decision.kind == "answer":  # no question of an intake is open here
        return None
    return "command" if understood.confidence(*COMMANDS) >= SURE else None
