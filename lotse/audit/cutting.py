"""What is too old is cut off at the front of a chain. Where it was cut is sealed, so that the rest can still be verified."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from lotse.audit.verifying import AuditError, check
from lotse.storage import trail
from lotse.storage.tables import AuditChain, AuditEntry
from lotse.storage.trail import SYSTEM, Note

log = structlog.get_logger()


def cut(session: Session, name: str, limit: datetime) -> int:
    """Delete the entries of a chain that were written before a moment; returns how many.

    The key is encrypted anew on the way, with the newest key of the installation: older ones may go.
    """
    if session.get(AuditChain, name) is None:
        return 0
    chain = trail.locked(session, name)
    flag_modified(chain, "key")
    kept = select(func.min(AuditEntry.number)).where(AuditEntry.chain == name, AuditEntry.at >= limit)
    last = (session.scalar(kept) or chain.last_number + 1) - 1
    if last <= chain.start_number:
        return 0
    try:
        end = check(session, chain, last)  # else whoever makes entries look old would have us delete them
    except AuditError as error:
        log.error("the trail is not cut", cause=str(error))
        return 0
    count = last - chain.start_number
    chain.start_number, chain.start_hash = end.last, end.hash
    session.execute(delete(AuditEntry).where(AuditEntry.chain == name, AuditEntry.number <= last))
    trail.append(session, chain, Note(SYSTEM, "audit.cut", name, None, {"entries": count, "to": last}))
    session.flush()
    return count
