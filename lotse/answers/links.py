"""Addresses on the web that published answers name, and what is known of them. Asking them is bot/link_check.py."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from lotse.answers.form import LONGEST_ADDRESS, is_web_address
from lotse.storage.tables import Answer, AnswerLink, AnswerText, now

WAITING, FINE, BROKEN, AWAY, CLOSED, INSIDE, EXAMPLE = "waiting", "fine", "broken", "away", "closed", "inside", "example"
STATES = (WAITING, FINE, BROKEN, AWAY, CLOSED, INSIDE, EXAMPLE)
SOURCE = "source"  # the place of an answer's source, beside the languages of its texts
AWAY_OFTEN = 2  # times in a row; who was not there once may be there again tomorrow

NEVER = datetime(2200, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SPREAD = timedelta(hours=4)  # about a day: each address has its own hour, so that not all are asked at once
SOON = timedelta(minutes=30)  # for so long an address that is being asked is left to who asks it

_LINK = re.compile(r"https?://[^\s<>\"'«»“”„]+")
_AFTER = ".,;:!?)]}…،؛؟*_"  # what follows an address in a sentence
_EXAMPLES = re.compile(r"(?:^|\.)(?:example|test|invalid|localhost|example\.(?:com|net|org))$")  # RFC 2606


@dataclass(frozen=True)
class Asked:
    """What came of asking an address."""

    state: str
    code: int | None = None


def links_in(text: str) -> list[str]:
    """Addresses in a text, each once."""
    found = (match.rstrip(_AFTER) if ")" not in match or "(" not in match else match for match in _LINK.findall(text))
    return list(dict.fromkeys(url for url in found if is_web_address(url) and len(url) <= LONGEST_ADDRESS))


def digest(url: str) -> str:
    """By what an address is known."""
    return hashlib.sha256(url.encode()).hexdigest()


def is_example(url: str) -> bool:
    """Whether an address is nobody's, as those of sample towns are."""
    return _EXAMPLES.search((urlsplit(url).hostname or "").rstrip(".")) is not None


def next_time(url: str, moment: datetime) -> datetime:
    """About a day later; always the same distance for the same address."""
    share = int(digest(url)[:8], 16) / 0xFFFFFFFF
    return moment + DAY + SPREAD * (2 * share - 1)


def sync(session: Session, municipality_id: str, moment: datetime | None = None) -> None:
    """Bring what is known in step with what is published. A new address is asked soon, one that is gone is forgotten."""
    wanted = _named(session, municipality_id)
    known = {(row.answer_id, row.digest): row for row in _of(session, AnswerLink.municipality_id == municipality_id)}
    by_url = {row.digest: row for row in known.values()}
    for key, row in known.items():
        if key not in wanted:
            session.delete(row)
        elif row.places != wanted[key][1]:
            row.places = wanted[key][1]
    for (answer_id, of_url), (url, places) in wanted.items():
        if (answer_id, of_url) in known:
            continue
        row = AnswerLink(answer_id=answer_id, digest=of_url, municipality_id=municipality_id, url=url, places=places)
        row.next_at = moment or now()
        same = by_url.get(of_url)
        if same is not None:
            row.state, row.code, row.failures = same.state, same.code, same.failures
            row.checked_at, row.next_at = same.checked_at, same.next_at
        elif is_example(url):
            row.state, row.next_at = EXAMPLE, NEVER
        session.add(row)
    session.flush()


def is_in_step(session: Session, municipality_id: str) -> bool:
    """Whether `sync` would change nothing: a look that nobody has to wait for."""
    here = AnswerLink.municipality_id == municipality_id
    known = session.execute(select(AnswerLink.answer_id, AnswerLink.digest, AnswerLink.places).where(here))
    return {(answer_id, of_url): places for answer_id, of_url, places in known} == {
        key: places for key, (_, places) in _named(session, municipality_id).items()
    }


def take(session: Session, most: int, moment: datetime | None = None) -> list[str]:
    """Addresses that are due, each once, and from now on left to the caller: another process does not ask them as well."""
    moment = moment or now()
    due = select(AnswerLink).where(AnswerLink.next_at <= moment).order_by(AnswerLink.next_at, AnswerLink.digest).limit(most)
    rows = session.scalars(due.with_for_update(skip_locked=True)).all()
    urls = {row.digest: row.url for row in rows}
    if urls:
        session.execute(update(AnswerLink).where(AnswerLink.digest.in_(list(urls))).values(next_at=moment + SOON))
    return list(urls.values())


def record(session: Session, results: Mapping[str, Asked], moment: datetime | None = None) -> None:
    """Keep what came of asking addresses."""
    moment = moment or now()
    for url, asked in results.items():
        for row in _of(session, AnswerLink.digest == digest(url)):
            row.failures = row.failures + 1 if asked.state in (BROKEN, AWAY) else 0
            row.state, row.code, row.checked_at, row.next_at = asked.state, asked.code, moment, next_time(url, moment)
    session.flush()


def ask_again(session: Session, municipality_id: str, answer_id: str | None = None, moment: datetime | None = None) -> int:
    """Have the addresses of a town, or of one of its answers, asked as soon as possible; returns their number."""
    wanted = [AnswerLink.municipality_id == municipality_id, AnswerLink.state != EXAMPLE]
    wanted += [AnswerLink.answer_id == answer_id] if answer_id else []
    count = session.scalar(select(func.count(AnswerLink.digest.distinct())).where(*wanted)) or 0
    session.execute(update(AnswerLink).where(*wanted).values(next_at=moment or now()))
    return count


def of_answer(session: Session, answer_id: str) -> list[AnswerLink]:
    """The addresses of an answer, those with a problem first."""
    return sorted(_of(session, AnswerLink.answer_id == answer_id), key=lambda row: (not is_problem(row), row.url))


def problems(session: Session, municipality_id: str) -> list[AnswerLink]:
    """Addresses of a town that somebody has to look at."""
    return _of(session, AnswerLink.municipality_id == municipality_id, _PROBLEM)


def is_problem(row: AnswerLink) -> bool:
    """Whether somebody has to look at it."""
    return row.state in (BROKEN, INSIDE) or (row.state == AWAY and row.failures >= AWAY_OFTEN)


_PROBLEM: ColumnElement[bool] = or_(
    AnswerLink.state.in_((BROKEN, INSIDE)), and_(AnswerLink.state == AWAY, AnswerLink.failures >= AWAY_OFTEN)
)


def _of(session: Session, *where: ColumnElement[bool]) -> list[AnswerLink]:
    return list(session.scalars(select(AnswerLink).where(*where).order_by(AnswerLink.url, AnswerLink.answer_id)))


def _named(session: Session, municipality_id: str) -> dict[tuple[str, str], tuple[str, list[str]]]:
    """(answer, digest) -> (address, places) of all that is published."""
    here = (Answer.municipality_id == municipality_id, Answer.status == "published")
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for answer_id, url in session.execute(select(Answer.id, Answer.source_url).where(*here)):
        if is_web_address(url):
            places[answer_id, url].append(SOURCE)
    linked = or_(AnswerText.text.contains("http://"), AnswerText.text.contains("https://"))
    query = select(AnswerText.answer_id, AnswerText.language, AnswerText.text).join(Answer).where(*here, linked)
    for answer_id, tag, text in session.execute(query.order_by(AnswerText.language)):
        for url in links_in(text):
            places[answer_id, url].append(tag)
    return {(answer_id, digest(url)): (url, where) for (answer_id, url), where in places.items()}
