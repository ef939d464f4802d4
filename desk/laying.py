"""Lays what staff say to a newcomer in the outbox of a case's conversation, from where the bot sends it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from desk.render import Desk
from lotse.cases import talk
from lotse.cases.talk import Laid
from lotse.storage.tables import Case, Staff


def lay(desk: Desk, session: Session, found: Case, laid: list[Laid], identifier: str | None = None) -> None:
    """Lay messages there; `identifier` is that of the one that a person wrote."""
    for each in laid:
        own = identifier if each.staff_id else None
        row = desk.outbox.put(session, found.conversation, each.reply, None, identifier=own)
        row.case_id, row.staff_id, row.written = found.id, each.staff_id, each.written
    session.flush()


def end_talk(desk: Desk, session: Session, found: Case, by: Staff) -> None:
    """Hand a talk back to the bot, if there is one in this case; also where the case has just been closed."""
    if found.conversation.talks_in == found.id:
        lay(desk, session, found, talk.hand_back(session, found, by))
