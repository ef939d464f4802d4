"""Cases that may be the same person's: proposed to staff where what was told is equal, merged and split by staff only.

Compared are keyed hashes (`case_likeness`) of the telephone number, of the e-mail address, and of name, age, town and
languages together. They are equal or not: there is no score, and nothing happens by itself
(docs/decisions/0006-nothing-about-people.md). Merging closes the newer case and points it to the older one; nothing of
either is deleted or overwritten, and it can be undone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from lotse.cases.service import record
from lotse.normalise import words
from lotse.storage.crypto import digest
from lotse.storage.tables import Case, CaseDifference, CaseLikeness, Conversation, Staff

CONTACT = ("phone", "email")
TOLD = "told"
KINDS = (*CONTACT, TOLD)


@dataclass(frozen=True)
class Proposal:
    """Another case that may be the same person's, and what is equal: some of KINDS."""

    case: Case
    kinds: tuple[str, ...]


def marks_of_contact(contact: Mapping[str, Any]) -> dict[str, str]:
    """What is compared of how a newcomer can be reached, by kind, in one spelling."""
    phone = "".join(sign for sign in contact.get("phone") or "" if sign.isdigit())
    email = (contact.get("email") or "").strip().casefold()
    return {kind: value for kind, value in (("phone", phone), ("email", email)) if value}


def marks_of_told(told: Mapping[str, Any]) -> dict[str, str]:
    """What is compared of the responses: nothing without a name, for the rest is alike for many."""
    name = words(str(told.get("call_name") or ""))
    if not name:
        return {}
    languages = told.get("languages")
    spoken = sorted(" ".join(words(str(each))) for each in languages) if isinstance(languages, list) else []
    plain = [" ".join(name), str(told.get("age") or ""), " ".join(words(str(told.get("town") or ""))), spoken]
    return {TOLD: json.dumps(plain, ensure_ascii=False)}


def keep(session: Session, case: Case, contact: Mapping[str, Any] | None, told: Mapping[str, Any]) -> None:
    """Keep by what a case may be known again, in place of what was kept before."""
    _replace(session, case, KINDS, {**marks_of_contact(contact or {}), **marks_of_told(told)})


def keep_contact(session: Session, conversation: Conversation) -> None:
    """The same for a contact that was changed or deleted after the intake was sent."""
    marks = marks_of_contact(conversation.contact or {})
    for case in session.scalars(select(Case).where(Case.conversation_id == conversation.id, Case.kind == "intake")):
        _replace(session, case, CONTACT, marks)


def forget(session: Session, case: Case) -> None:
    """A case is compared no more: what it was known by was withdrawn."""
    _replace(session, case, KINDS, {})


def _replace(session: Session, case: Case, kinds: tuple[str, ...], marks: Mapping[str, str]) -> None:
    session.execute(delete(CaseLikeness).where(CaseLikeness.case_id == case.id, CaseLikeness.kind.in_(kinds)))
    for kind, value in marks.items():
        # with the town: nobody can tell that two towns know the same person
        mark = digest("\0".join(("likeness", kind, case.municipality_id, value)))
        session.add(CaseLikeness(case_id=case.id, digest=mark, kind=kind))
    session.flush()


# proposing


def proposals(session: Session, case: Case) -> list[Proposal]:
    """Other cases of the town that may be the same person's, oldest first; none for a case that is merged itself.

    A case stands for those that are merged into it. People of one household share a telephone and are not proposed, nor
    is what staff have said to be two people.
    """
    if case.merged_into is not None:
        return []
    own = {each.id: each for each in (case, *merged(session, case))}
    mine, others = aliased(CaseLikeness), aliased(CaseLikeness)
    query = (
        select(mine.case_id, Case, others.kind)
        .join(others, (others.digest == mine.digest) & (others.kind == mine.kind))
        .join(Case, Case.id == others.case_id)
        .where(mine.case_id.in_(list(own)), others.case_id.not_in(list(own)), Case.municipality_id == case.municipality_id)
    )
    found: dict[str, set[str]] = defaultdict(set)
    for mine_id, other, kind in session.execute(query).all():
        if not _together(own[mine_id], other) and not _are_different(session, mine_id, other.id):
            found[root(session, other).id].add(kind)
    cases = sorted((session.get_one(Case, each) for each in found), key=_age)
    return [Proposal(each, tuple(kind for kind in KINDS if kind in found[each.id])) for each in cases]


def _together(one: Case, other: Case) -> bool:
    """Whether two cases belong to one chat or one household: those are several people, or known to be the same."""
    households = {each.intake.household_id if each.intake is not None else None for each in (one, other)}
    return one.conversation_id == other.conversation_id or (len(households) == 1 and None not in households)


def _are_different(session: Session, one: str, other: str) -> bool:
    return session.get(CaseDifference, tuple(sorted((one, other)))) is not None


def set_apart(session: Session, one: Case, other: Case) -> None:
    """Staff say that these are two people: neither is proposed for the other again, nor what is merged into them."""
    for mine, theirs in product((one, *merged(session, one)), (other, *merged(session, other))):
        first, second = sorted((mine.id, theirs.id))
        session.merge(CaseDifference(case_id=first, other_id=second))
    session.flush()


# merging


def merged(session: Session, case: Case) -> list[Case]:
    """The cases that are merged into a case, oldest first; also those that were merged into them before."""
    found: dict[str, Case] = {}
    last = [case.id]
    while last:
        into = session.scalars(select(Case).where(Case.merged_into.in_(last), Case.id.not_in([case.id, *found]))).all()
        found |= {each.id: each for each in into}
        last = [each.id for each in into]
    return sorted(found.values(), key=_age)


def root(session: Session, case: Case) -> Case:
    """The case that is worked on: the one that a case was merged into at last, else itself."""
    while case.merged_into is not None:
        case = session.get_one(Case, case.merged_into)
    return case


def merge(session: Session, one: Case, other: Case, by: Staff) -> Case:
    """Say that two cases are the same person's: the newer one is closed and points to the older one, which is returned.

    An older case that is closed is opened again if the newer one was not: the work goes on there.
    """
    older, newer = sorted((one, other), key=_age)
    if older.id == newer.id or older.merged_into is not None or newer.merged_into is not None:
        raise ValueError("only two cases that are not merged can be merged")
    before, newer.status = newer.status, "closed"
    newer.merged_into = older.id
    record(session, newer, "merged", {"into": older.id, "status": before}, by)
    record(session, older, "merged", {"from": newer.id}, by)
    if older.status == "closed" and before != "closed":
        older.status = "open"
        record(session, older, "status", {"from": "closed", "to": "open"}, by)
    return older


def split(session: Session, case: Case, by: Staff | None) -> None:
    """Undo a merge: the case stands for itself again, with the status that it had; by nobody when the other one is erased."""
    if case.merged_into is None:
        return
    older = session.get(Case, case.merged_into)
    case.merged_into = None
    before = [event.body["status"] for event in case.events if event.kind == "merged" and "into" in event.body]
    case.status = before[-1] if before else "open"
    record(session, case, "split", {"with": older.id if older is not None else ""}, by)
    if older is not None:
        record(session, older, "split", {"with": case.id}, by)


def let_go(session: Session, case: Case) -> None:
    """Before a case is erased: what was merged into it stands for itself again."""
    for each in session.scalars(select(Case).where(Case.merged_into == case.id)).all():
        split(session, each, None)


def _age(case: Case) -> tuple[Any, str]:
    return case.opened_at, case.id
