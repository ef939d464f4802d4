"""The notice (GDPR, Art. 13; AI Act, Art. 50(1)): what it says comes from the municipality's settings, nothing is said twice."""

from __future__ import annotations

from lotse.privacy.periods import periods_of
from lotse.replies import Say, say
from lotse.storage.tables import Municipality


def notice(municipality: Municipality, channel: str) -> list[Say]:
    """All of it, a paragraph a matter, in the order in which the law names them; for the chat and the page alike."""
    details = municipality.details
    periods = periods_of(municipality)
    paragraphs = [
        say("notice.machine", municipality=municipality.name),
        say("notice.controller", controller=details.get("controller") or municipality.name),
    ]
    if details.get("data_protection_officer"):
        paragraphs.append(say("notice.officer", officer=details["data_protection_officer"]))
    paragraphs += [
        say("notice.purpose"),
        say("notice.basis"),
        say("notice.readers", municipality=municipality.name),
        say("notice.drafts", count=periods.draft_days),
        say("notice.messages", count=periods.message_days),
        say("notice.cases", count=periods.case_days),
        say("notice.proof", count=max(1, round(periods.proof_days / 365))),
        say("notice.audit", count=periods.audit_days),
        say("notice.rights"),
        say("notice.withdraw"),
    ]
    if details.get("complaint"):
        paragraphs.append(say("notice.complaint", authority=details["complaint"]))
    if channel == "telegram":
        paragraphs.append(say("notice.telegram"))
    return paragraphs
