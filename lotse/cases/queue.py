"""The queue of cases as case workers read it: new first, then who has waited longest, closed ones last.

A case that is merged into another one shows among the closed ones only. Pages are found by the place of a row, not by
counting those before it, and counts end at COUNTED: both take the same time with 50,000 cases as with 500.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from lotse.cases import deletion, finding, flags, news
from lotse.cases.work import STATUSES
from lotse.storage.tables import Case, CaseEvent, Response, now

PAGE = 50
COUNTED = 1000
BY_NEWCOMER = ("amended", "withdrawn")  # events that are the newcomer's, not staff's
LANES: tuple[tuple[str, ...], ...] = (("new",), ("open", "waiting"), ("closed",))


@dataclass(frozen=True)
class Filter:
    """What of the queue is shown. The status is one of STATUSES, or None for all."""

    status: str | None = None
    assigned_to: str | None = None
    unassigned: bool = False
    language: str | None = None
    municipality: str | None = None
    flag: str | None = None
    theme: str | None = None  # one of finding.themes
    name: str | None = None
    waiting_days: int | None = None  # nothing has happened for so long
    opened_from: datetime | None = None
    opened_before: datetime | None = None


@dataclass(frozen=True)
class Place:
    """Where a row stands in the order of the queue, and so where a page begins."""

    lane: int
    since: datetime
    case: str

    def __str__(self) -> str:
        return f"{self.lane}~{self.since.isoformat()}~{self.case}"

    @staticmethod
    def parse(text: str) -> Place | None:
        """The place that was written so; None for anything else."""
        lane, _, rest = text.partition("~")
        since, _, case = rest.partition("~")
        try:
            place = Place(int(lane), datetime.fromisoformat(since), case)
        except ValueError:
            return None
        return place if place.lane in range(len(LANES)) and place.since.tzinfo is not None and case else None


@dataclass(frozen=True)
class Row:
    """One case in the queue."""

    case: Case
    call_name: str | None
    waiting_since: datetime
    changed_by_newcomer: bool = False  # since somebody last worked on it
    overdue: bool = False  # a request to delete that should have an answer
    merged_into: str | None = None  # reference
    flags: list[str] = field(default_factory=list)
    news: int = 0  # what others did since the reader last opened it


@dataclass(frozen=True)
class Page:
    """Some rows of the queue; `before` and `after` say where the pages beside it begin, if there are any."""

    rows: list[Row]
    before: Place | None
    after: Place | None


def waiting_since(case: Case) -> datetime:
    """Since when nothing has happened for the newcomer: a new case since it came, another since its last change."""
    return case.opened_at if case.status == "new" else case.changed_at


def page(
    session: Session,
    municipalities: Iterable[str],
    wanted: Filter,
    staff_id: str,
    *,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """A page of the queue: the first one, or the one after or before a place; `staff_id` is the reader."""
    towns = _towns(municipalities, wanted)
    few = _few(session, towns, wanted)
    backwards = before is not None and after is None
    places = _places(session, towns, wanted, few, before if backwards else after, backwards)
    more = len(places) > PAGE
    places = places[:PAGE]
    if backwards:
        places.reverse()
    rows = _rows(session, [place.case for place in places], staff_id)
    begins, ends = (places[0], places[-1]) if places else (None, None)
    if backwards:
        return Page(rows, begins if more else None, ends)
    return Page(rows, begins if after is not None else None, ends if more else None)


def _places(
    session: Session, towns: list[str], wanted: Filter, few: set[str] | None, start: Place | None, backwards: bool
) -> list[Place]:
    """The places of a page and of one row more, from a place on, or back from it."""
    found: list[Place] = []
    lanes = list(enumerate(LANES))
    for lane, statuses in reversed(lanes) if backwards else lanes:
        if start is not None and (lane > start.lane if backwards else lane < start.lane):
            continue
        begin = start if start is not None and start.lane == lane else None
        part = [
            Place(lane, moment, case)
            for status in statuses
            if wanted.status in (None, status)
            for town in towns
            for case, moment in _branch(session, town, status, wanted, few, begin, backwards)
        ]
        found += sorted(part, key=lambda place: (place.since, place.case), reverse=backwards)
        if len(found) > PAGE:
            break
    return found[: PAGE + 1]


def _branch(
    session: Session,
    town: str,
    status: str,
    wanted: Filter,
    few: set[str] | None,
    start: Place | None,
    backwards: bool,
) -> Iterable[tuple[str, datetime]]:
    """The next cases of one town and status: an index has them in this order."""
    since = _since(status)
    if few is not None and not few:
        return []
    conditions = _conditions([town], status, wanted, few)
    if wanted.status is None:
        conditions.append(Case.merged_into.is_(None))
    if start is not None and backwards:
        conditions += [since <= start.since, or_(since < start.since, Case.id < start.case)]
    elif start is not None:
        conditions += [since >= start.since, or_(since > start.since, Case.id > start.case)]
    order = (since.desc(), Case.id.desc()) if backwards else (since, Case.id)
    query = select(Case.id, since).where(*conditions).order_by(*order).limit(PAGE + 1)
    return [(case, moment) for case, moment in session.execute(query)]


def _since(status: str) -> InstrumentedAttribute[datetime]:
    return Case.opened_at if status == "new" else Case.changed_at


def _towns(municipalities: Iterable[str], wanted: Filter) -> list[str]:
    return sorted(each for each in municipalities if wanted.municipality in (None, each))


def _few(session: Session, towns: list[str], wanted: Filter) -> set[str] | None:
    """Ids of the only cases that a filter by name or flag can leave; None without one.

    They are looked up first: the database would go through a whole status to find them.
    """
    found = finding.named(session, towns, wanted.name) if wanted.name else None
    if wanted.flag:
        flagged = flags.flagged(session, wanted.flag)
        found = flagged if found is None else found & flagged
    return found


def _conditions(towns: list[str], status: str, wanted: Filter, few: set[str] | None) -> list[ColumnElement[bool]]:
    """What a filter asks of cases in a status and in some towns."""
    found: list[ColumnElement[bool]]
    if few is None:
        found = [Case.municipality_id.in_(towns), Case.status == status]
    else:  # as expressions, which no index has: SQLite shall begin with the ids
        found = [Case.id.in_(few), Case.municipality_id.concat("").in_(towns), Case.status.concat("") == status]
    if wanted.assigned_to:
        found.append(Case.assigned_to == wanted.assigned_to)
    if wanted.unassigned:
        found.append(Case.assigned_to.is_(None))
    if wanted.language:
        found.append(Case.language == wanted.language)
    if wanted.theme:
        found.append(finding.with_theme(towns, wanted.theme))
    if wanted.waiting_days:
        found.append(_since(status) <= now() - timedelta(days=wanted.waiting_days))
    if wanted.opened_from:
        found.append(Case.opened_at >= wanted.opened_from)
    if wanted.opened_before:
        found.append(Case.opened_at < wanted.opened_before)
    return found


def _rows(session: Session, cases: list[str], staff_id: str) -> list[Row]:
    """The rows of cases, in the order given."""
    query = select(Case).where(Case.id.in_(cases)).options(joinedload(Case.assignee), joinedload(Case.municipality))
    by_id = {case.id: case for case in session.scalars(query)}
    found = [by_id[each] for each in cases if each in by_id]
    names = _call_names(session, [each.intake_id for each in found if each.intake_id])
    changed = _changed_by_newcomer(session, cases)
    flagged = flags.of_all(session, cases)
    unread = news.counts(session, cases, staff_id)
    into = select(Case.id, Case.reference).where(Case.id.in_([each.merged_into for each in found if each.merged_into]))
    references = dict(session.execute(into).all())
    moment = now()
    return [
        Row(
            case=each,
            call_name=names.get(each.intake_id or ""),
            waiting_since=waiting_since(each),
            changed_by_newcomer=each.id in changed,
            overdue=deletion.is_overdue(each, moment),
            merged_into=references.get(each.merged_into or ""),
            flags=flagged.get(each.id, []),
            news=unread.get(each.id, 0),
        )
        for each in found
    ]


def all_of(session: Session, municipalities: Iterable[str], wanted: Filter) -> list[tuple[str, str]]:
    """Id and municipality of all cases that the pages of the queue show, in its order."""
    towns = _towns(municipalities, wanted)
    few = _few(session, towns, wanted)
    found: list[tuple[str, str]] = []
    for statuses in LANES:
        part: list[tuple[datetime, str, str]] = []
        for status in (each for each in statuses if wanted.status in (None, each)):
            since = _since(status)
            query = select(since, Case.id, Case.municipality_id).where(*_conditions(towns, status, wanted, few))
            if wanted.status is None:
                query = query.where(Case.merged_into.is_(None))
            part += [(moment, case, town) for moment, case, town in session.execute(query)]
        found += [(case, town) for _, case, town in sorted(part)]
    return found


def numbers(session: Session, municipalities: Iterable[str], wanted: Filter) -> dict[str, int]:
    """How many cases each status has under a filter, and under "" all that the queue shows without one; at most COUNTED + 1."""
    towns = _towns(municipalities, wanted)
    few = _few(session, towns, wanted)
    shown, merged = {}, {}
    for status in STATUSES:
        shown[status], merged[status] = _number(session, _conditions(towns, status, wanted, few))
    if merged["closed"] and shown["closed"] > COUNTED:  # of which only some were looked at
        worked_on, _ = _number(session, [*_conditions(towns, "closed", wanted, few), Case.merged_into.is_(None)])
        merged["closed"] = shown["closed"] - worked_on
    return {"": min(sum(shown.values()) - sum(merged.values()), COUNTED + 1), **shown}


def _number(session: Session, conditions: list[ColumnElement[bool]]) -> tuple[int, int]:
    """How many cases there are, and how many of them are merged into others; COUNTED + 1 are looked at, at most."""
    rows = select(Case.merged_into).where(*conditions).limit(COUNTED + 1).subquery()
    found, merged = session.execute(select(func.count(), func.count(rows.c.merged_into))).one()
    return found, merged


def counts(session: Session, municipalities: Iterable[str]) -> dict[str, int]:
    """How many cases there are in each status, exactly."""
    query = select(Case.status, func.count()).where(Case.municipality_id.in_(sorted(municipalities))).group_by(Case.status)
    found = dict(session.execute(query).all())
    return {status: found.get(status, 0) for status in STATUSES}


def _changed_by_newcomer(session: Session, cases: list[str]) -> set[str]:
    """The cases whose last event is the newcomer's; what happens in cases that are merged into one counts as its own."""
    stands_for = {each: each for each in cases}
    last = cases
    while last:
        query = select(Case.id, Case.merged_into).where(Case.merged_into.in_(last), Case.id.not_in(list(stands_for)))
        into = session.execute(query).all()
        stands_for |= {each: stands_for[target] for each, target in into if target is not None}
        last = [each for each, _ in into]
    newest = select(func.max(CaseEvent.number)).where(CaseEvent.case_id.in_(list(stands_for))).group_by(CaseEvent.case_id)
    query = select(CaseEvent.case_id, CaseEvent.kind).where(CaseEvent.number.in_(newest)).order_by(CaseEvent.number)
    kinds = {stands_for[each]: kind for each, kind in session.execute(query).all()}
    return {each for each, kind in kinds.items() if kind in BY_NEWCOMER}


def call_name(session: Session, found: Case) -> str | None:
    """What the newcomer wants to be called, if they said so."""
    return _call_names(session, [found.intake_id]).get(found.intake_id) if found.intake_id else None


def _call_names(session: Session, intakes: list[str]) -> dict[str, str]:
    """By intake; the last response counts."""
    query = select(Response).where(
        Response.intake_id.in_(intakes), Response.question == "call_name", Response.sent_in.is_not(None)
    )
    query = query.order_by(Response.number)
    names = {response.intake_id: response.value for response in session.scalars(query)}
    return {intake: name for intake, name in names.items() if name}
