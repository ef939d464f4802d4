"""The audit: what the trail (lotse/storage/trail.py) holds is searched, verified, exported, and cut off by age."""

from lotse.audit.cutting import cut
from lotse.audit.searching import Filter, Found, search
from lotse.audit.verifying import AuditError, Verified, verify
from lotse.storage.trail import INSTALLATION, OPERATOR, SYSTEM, note

__all__ = [
    "INSTALLATION",
    "OPERATOR",
    "SYSTEM",
    "AuditError",
    "Filter",
    "Found",
    "Verified",
    "cut",
    "note",
    "search",
    "verify",
]
