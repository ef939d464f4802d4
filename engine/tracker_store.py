"""Rasa's tracker without anything that a newcomer said.

The channel puts the message's random id where Rasa expects its text; here the sentence vector is
left out as well, for a vector can be turned back into words.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any, Dict, List, Optional, Text, Tuple

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

KEPT_OF_UNDERSTANDING = ("intent", "entities", "text")
KEPT_TRACKERS = 500  # in memory, of the conversations that were active last; about 50 KB each


class RedactedTrackerStore(SQLTrackerStore):
    """SQLTrackerStore that saves the current session only, and of a message its id and intent only."""

    def __init__(self, domain: Any = None, host: Optional[Text] = None, **kwargs: Any) -> None:
        super().__init__(domain=domain, host=host, **kwargs)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _configure_sqlite)
            self.engine.dispose()
        self._saved: "OrderedDict[Text, Tuple[int, DialogueStateTracker]]" = OrderedDict()

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The tracker as this process saved it, if nobody wrote since; else from the database.

        It is handed out once: a turn that fails leaves no half-changed tracker behind.
        """
        last, tracker = self._saved.pop(sender_id, (None, None))
        if tracker is None or last != self._newest(sender_id):
            tracker = await super().retrieve(sender_id)
        if tracker is not None:
            tracker.stored_events = len(tracker.events)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the events that are not stored yet; a new session replaces the former ones."""
        events = list(tracker.events)[getattr(tracker, "stored_events", 0) :]
        if not events:
            return
        with self.session_scope() as session:
            if any(isinstance(event, SessionStarted) for event in events):
                session.query(self.SQLEvent).filter_by(sender_id=tracker.sender_id).delete()
                events = _of_last_session(tracker)
                tracker = DialogueStateTracker.from_events(tracker.sender_id, events, self.domain.slots)
            rows = [self._row(tracker.sender_id, event.as_dict(), event.type_name) for event in events]
            session.add_all(rows)
            session.flush()
            newest = rows[-1].id
            session.commit()
            if tracker.latest_message is not None:
                tracker.latest_message.parse_data = _kept(tracker.latest_message.parse_data)
            self._saved[tracker.sender_id] = (newest, tracker)
        if len(self._saved) > KEPT_TRACKERS:
            self._saved.popitem(last=False)

    def _newest(self, sender_id: Text) -> Optional[int]:
        with self.session_scope() as session:
            return session.query(sa.func.max(self.SQLEvent.id)).filter_by(sender_id=sender_id).scalar()

    def _row(self, sender_id: Text, data: Dict[Text, Any], type_name: Text) -> SQLTrackerStore.SQLEvent:
        if type_name == UserUttered.type_name:
            data["parse_data"] = _kept(data.get("parse_data"))
        return self.SQLEvent(
            sender_id=sender_id,
            type_name=type_name,
            timestamp=data.get("timestamp"),
            intent_name=((data.get("parse_data") or {}).get("intent") or {}).get("name"),
            action_name=data.get("name"),
            data=json.dumps(data),
        )


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")  # a cache: after a power cut it is made again from the database
    connection.execute("PRAGMA secure_delete=ON")  # whose conversation is erased is not to be found in freed pages


def _kept(understanding: Optional[Dict[Text, Any]]) -> Dict[Text, Any]:
    return {key: value for key, value in (understanding or {}).items() if key in KEPT_OF_UNDERSTANDING}


def _of_last_session(tracker: DialogueStateTracker) -> List[Event]:
    events = list(tracker.events)
    starts = [index for index, event in enumerate(events) if isinstance(event, SessionStarted)]
    return events[max(starts[-1] - 1, 0) :]  # the action_session_start that began it goes with it
