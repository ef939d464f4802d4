"""A newcomer's rights over their data: one place that knows every store, so that erasing reaches them all."""

from lotse.privacy.erase import Erased, erase_conversation, erase_told, forget_tracker

__all__ = ["Erased", "erase_conversation", "erase_told", "forget_tracker"]
