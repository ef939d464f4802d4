"""A tracker is a cache: kept short, so that a turn costs the same on the thousandth message as on the tenth."""

from __future__ import annotations

from functools import lru_cache

from rasa.core.processor import MessageProcessor
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker

MAX_EVENTS = 50  # about five turns; Rasa copies and sends the whole tracker for each action


def install() -> None:
    """Let a session also end by its length; `action_session_start` then restores an open intake."""
    if getattr(MessageProcessor, "lotse_installed", False):
        return
    expired_by_time = MessageProcessor._has_session_expired

    def expired(self: MessageProcessor, tracker: DialogueStateTracker) -> bool:
        return len(tracker.events) > MAX_EVENTS or expired_by_time(self, tracker)

    MessageProcessor._has_session_expired = expired
    MessageProcessor.lotse_installed = True
    # looked up for every event of every tracker that is read: a sixth of a turn's time without a cache
    Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(Event.resolve_by_type))
