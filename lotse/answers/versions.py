"""Versions of an answer: what was put into use, by whom and when, and what two of them differ in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lotse.answers.form import LINES, Form, TextForm, from_json, to_json
from lotse.answers.opening import DAYS
from lotse.storage.tables import AnswerVersion

PUBLISHED, IMPORTED, FILLED, EARLIER = "published", "imported", "filled", "earlier"  # origins
SAME, GONE, NEW = "same", "gone", "new"

_PIECES = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Difference:
    """A field that is not the same: its name, the language that it belongs to if any, and its text in pieces."""

    field: str
    language: str
    pieces: tuple[tuple[str, str], ...]  # (SAME, GONE or NEW, text)


def keep(session: Session, answer_id: str, form: Form, origin: str, staff_id: str | None = None) -> None:
    """Keep what an answer is now as its next version; nothing where it is as the last one."""
    last = newest(session, answer_id)
    if last is None or form_in(last) != form:
        number = last.number + 1 if last else 1
        session.add(AnswerVersion(answer_id=answer_id, number=number, body=to_json(form), origin=origin, staff_id=staff_id))
        session.flush()


def keep_earlier(session: Session, answer_id: str, form: Form) -> None:
    """Keep what an answer was before a change, if it has no version yet: it is from before versions were kept."""
    if newest(session, answer_id) is None:
        keep(session, answer_id, form, EARLIER)


def newest(session: Session, answer_id: str) -> AnswerVersion | None:
    """The last version."""
    query = select(AnswerVersion).where(AnswerVersion.answer_id == answer_id)
    return session.scalar(query.order_by(AnswerVersion.number.desc()).limit(1))


def of(session: Session, answer_id: str) -> list[AnswerVersion]:
    """All versions, the newest first."""
    query = select(AnswerVersion).where(AnswerVersion.answer_id == answer_id)
    return list(session.scalars(query.order_by(AnswerVersion.number.desc())))


def find(session: Session, answer_id: str, number: int) -> AnswerVersion | None:
    """A version by its number."""
    query = select(AnswerVersion).where(AnswerVersion.answer_id == answer_id, AnswerVersion.number == number)
    return session.scalar(query)


def count(session: Session, answer_id: str) -> int:
    """How many versions there are."""
    return session.scalar(select(func.count()).where(AnswerVersion.answer_id == answer_id)) or 0


def form_in(version: AnswerVersion) -> Form:
    """The form that a version holds; without questions that it was to answer: they are answered."""
    return from_json({**version.body, "asked": ()})


def differences(before: Form, after: Form) -> list[Difference]:
    """What was changed from one form to another, field by field; what is the same is left out."""
    nothing = TextForm()
    found = [Difference(name, "", compared(getattr(before, name), getattr(after, name))) for name in LINES]
    found += [Difference(f"hours.{day}", "", compared(before.hours.get(day, ""), after.hours.get(day, ""))) for day in DAYS]
    found.append(Difference("related", "", compared(", ".join(before.related), ", ".join(after.related))))
    for tag in sorted({*before.texts, *after.texts}):
        old, new = before.texts.get(tag, nothing), after.texts.get(tag, nothing)
        pairs = {
            "title": (old.title, new.title),
            "text": (old.text, new.text),
            "questions": ("\n".join(old.questions), "\n".join(new.questions)),
            "status": (old.status, new.status),
        }
        found += [Difference(part, tag, compared(*pair)) for part, pair in pairs.items()]
    return [each for each in found if any(kind != SAME for kind, _ in each.pieces)]


def compared(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Two texts in pieces: line by line, and where lines were changed word by word."""
    if before == after:
        return ((SAME, after),) if after else ()
    pieces: list[tuple[str, str]] = []
    for kind, old, new in _opcodes(before.splitlines(keepends=True), after.splitlines(keepends=True)):
        if kind == "replace":
            for step, gone, come in _opcodes(_PIECES.findall("".join(old)), _PIECES.findall("".join(new))):
                pieces += _pieces(step, gone, come)
        else:
            pieces += _pieces(kind, old, new)
    return tuple(_joined(pieces))


def _opcodes(old: Sequence[str], new: Sequence[str]) -> Iterable[tuple[str, Sequence[str], Sequence[str]]]:
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new).get_opcodes():
        yield kind, old[a:b], new[c:d]


def _pieces(kind: str, old: Sequence[str], new: Sequence[str]) -> list[tuple[str, str]]:
    if kind == "equal":
        return [(SAME, "".join(new))]
    return [(GONE, "".join(old)), (NEW, "".join(new))]


def _joined(pieces: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Neighbours of the same kind as one, without empty ones; a space between two changed words belongs to both."""
    found: list[tuple[str, str]] = []
    for kind, text in pieces:
        if not text:
            continue
        if found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + text)
        else:
            found.append((kind, text))
    return found
