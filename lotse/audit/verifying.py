"""Whether the trail is as it was written: every entry's hash is computed again, from where the chain was cut to its end.

Found is a changed, removed, inserted or moved entry, and a tail that was taken off. Not found is a whole database that was
set back to how it once was: for that somebody outside keeps an anchor, the last number and hash of a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.errors import OperatorError
from lotse.storage.tables import AuditChain, AuditEntry
from lotse.storage.trail import hash_of, seal_of

AT_ONCE = 1000  # rows in memory


class AuditError(OperatorError):
    """The trail is not as it was written; the message names the first entry that is wrong."""


@dataclass(frozen=True)
class Verified:
    """A chain that is as it was written."""

    chain: str
    first: int
    last: int
    hash: str  # of the last entry

    @property
    def entries(self) -> int:
        """How many there are."""
        return self.last - self.first + 1


def verify(session: Session, anchors: Mapping[str, tuple[int, str]] | None = None) -> list[Verified]:
    """Verify all chains; raises AuditError. Anchors are by chain: an entry's number and hash, as noted down elsewhere."""
    expected = dict(anchors or {})
    chains = list(session.scalars(select(AuditChain).order_by(AuditChain.chain)))
    known = {chain.chain for chain in chains}
    stray = session.scalars(select(AuditEntry.chain).where(AuditEntry.chain.not_in(known)).limit(1)).first()
    if stray is not None:
        raise AuditError(f"{stray}: there are entries, but where their chain begins and ends was taken away")
    lost = sorted(set(expected) - known)
    if lost:
        raise AuditError(f"{lost[0]}: the whole chain is gone, and an anchor names entry {expected[lost[0]][0]} of it")
    return [check(session, chain, anchor=expected.get(chain.chain)) for chain in chains]


def check(session: Session, chain: AuditChain, to: int | None = None, anchor: tuple[int, str] | None = None) -> Verified:
    """Verify a chain from where it was cut to an entry, or to its end."""
    if chain.seal != seal_of(chain):
        raise AuditError(f"{chain.chain}: where the chain begins and ends was changed (it says {_range(chain)})")
    number, before = chain.start_number, chain.start_hash
    entries = select(AuditEntry).where(AuditEntry.chain == chain.chain).order_by(AuditEntry.number)
    if to is not None:
        entries = entries.where(AuditEntry.number <= to)
    for entry in session.scalars(entries.execution_options(yield_per=AT_ONCE)):
        if entry.number <= chain.start_number:
            raise AuditError(f"{chain.chain}: entry {entry.number} was inserted before the beginning")
        if entry.number != number + 1:
            raise AuditError(f"{chain.chain}: entry {number + 1} is missing")
        if entry.hash != hash_of(chain.key, before, entry):
            raise AuditError(f"{chain.chain}: entry {entry.number} was changed, inserted or moved")
        if anchor is not None and anchor[0] == entry.number and anchor[1] != entry.hash:
            raise AuditError(f"{chain.chain}: entry {entry.number} is not the one of the anchor; the chain was written anew")
        number, before = entry.number, entry.hash
    last = chain.last_number if to is None else to
    if number < last:
        raise AuditError(f"{chain.chain}: entry {number + 1} is missing; there should be entries up to {last}")
    if anchor is not None and anchor[0] > number:
        raise AuditError(f"{chain.chain}: entry {anchor[0]} of the anchor is missing; the chain ends with {number}")
    return Verified(chain.chain, chain.start_number + 1, number, before)


def _range(chain: AuditChain) -> str:
    return f"{chain.start_number + 1} to {chain.last_number}"
