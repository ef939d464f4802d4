"""A newcomer's rights over their data: one place that knows every store, so that erasing reaches them all."""

from lotse.privacy.erase import Erased, erase_conversation, erase_told, prove_consents, withdraw
from lotse.privacy.traces import forget_traces, forget_traces_or_later, forget_tracker

__all__ = [
    "Erased",
    "erase_conversation",
    "erase_told",
    "forget_traces",
    "forget_traces_or_later",
    "forget_tracker",
    "prove_consents",
    "withdraw",
]
