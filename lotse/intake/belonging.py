"""Does a message belong to the free text that was just taken? People write in several messages."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lotse.files import read_yaml
from lotse.intake.interpretation import holds_own_words
from lotse.intake.questionnaire import Question, Questionnaire
from lotse.intake.reading import Reading
from lotse.normalise import words
from lotse.storage.tables import Inbound, Intake, Outbound, Response

ABOUT = "belongs"  # of the buttons under the question whether it does


def free_text_before(session: Session, questionnaire: Questionnaire, intake: Intake, inbound: Inbound) -> Response | None:
    """The response in own words that the message just before this one gave; None if it gave another one or none."""
    last = intake.responses[-1] if intake.responses else None
    if last is None or last.words is None or not questionnaire.has(last.question):
        return None
    question = questionnaire.question(last.question)
    if not question.multiline or last.value in question.choices:
        return None
    earlier = select(Inbound.id).where(Inbound.conversation_id == inbound.conversation_id, Inbound.number < inbound.number)
    return last if session.scalar(earlier.order_by(Inbound.number.desc()).limit(1)) == last.inbound_id else None


def came_before_question(session: Session, former: Response, inbound: Inbound) -> bool:
    """Whether a message had arrived before the reply to the one before it was written: it cannot answer what that asks."""
    laid = session.scalar(select(func.min(Outbound.number)).where(Outbound.inbound_id == former.inbound_id))
    if laid is None:
        return False
    created = session.scalar(select(Outbound.created_at).where(Outbound.number == laid))
    return created is not None and inbound.received_at < created


def what_goes_on(text: str) -> str | None:
    """The rest of a text that begins as one that goes on: "and …", "also …"; None for another."""
    typed = words(text)
    longest = max((len(way) for way in _continuations() if typed[: len(way)] == list(way)), default=0)
    return " ".join(typed[longest:]) if 0 < longest < len(typed) else None


def goes_on(question: Question, rest: str, after: Reading) -> bool:
    """Whether such a text goes on with the free text before it, though `question` is open: not where its rest, read as
    `after`, responds to that. "And also ..." does not begin a response in own words either, unless it is one of the choices.
    """
    if question.is_free:
        return after.value not in question.choices
    return after.kind in ("nothing", "own_words") or holds_own_words(after, rest)


@lru_cache(maxsize=1)
def _continuations() -> frozenset[tuple[str, ...]]:
    lists = read_yaml(Path(__file__).parent / "continuations.yml")
    return frozenset(tuple(words(str(way))) for listed in lists.values() for way in listed)
