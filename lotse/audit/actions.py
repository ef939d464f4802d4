"""The actions that the trail knows, in the order in which they are offered for searching. The first word is what it was
done to; `case.<kind>` is also the kind of a case's event (lotse/cases/service.py)."""

ACTIONS = (
    "case.read",
    "queue.read",
    "calls.read",
    "case.note",
    "case.status",
    "case.assigned",
    "case.merged",
    "case.split",
    "case.different",
    "case.refused",
    "case.erased",
    "case.exported",
    "call.taken",
    "together.begun",
    "staff.added",
    "staff.password",
    "token.made",
    "token.revoked",
    "webhook.made",
    "webhook.started",
    "webhook.removed",
    "audit.exported",
    "audit.cut",
)
