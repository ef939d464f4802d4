"""Questions of newcomers to answers of a municipality, always from what is published now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from lotse.answers import grouping
from lotse.answers.glossary import Glossary
from lotse.answers.index import AnswerIndex, Question, Reasons, Text, warm
from lotse.answers.matching import Found, match
from lotse.answers.ranking import Ranking
from lotse.embedder import Vector, VectorCache
from lotse.storage.tables import Answer, AnswerText, Municipality, UnansweredQuestion, now

WAIT = 0.3  # seconds that a question waits for the newest content; after that it is answered from what was there before


@dataclass(frozen=True)
class Changed:
    """An answer as it would be after a change; a new one has an id that no other has."""

    answer_id: str
    topic: str
    texts: Sequence[Text]


@dataclass(frozen=True)
class Tried:
    """What is found for a question, and for each candidate why."""

    found: Found
    reasons: tuple[Reasons, ...]
    index: AnswerIndex


@dataclass(frozen=True)
class _Held:
    """An index, the version that it was made of, and the days on which it holds: from `on` to before `until`."""

    version: int
    on: date
    until: date
    index: AnswerIndex


@dataclass(frozen=True)
class _Build:
    """The same while it is being made."""

    version: int
    on: date
    until: date
    future: Future[AnswerIndex]


class Answers:
    """Search in each municipality's published answers; the index follows the database's content version."""

    def __init__(
        self,
        cache: Callable[[], VectorCache],
        glossary: Glossary,
        learned: Ranking,
        query_means: Mapping[str, Vector],
        wait: float = WAIT,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._wait = wait
        self._clock = clock
        self._open_cache = cache
        self._query_means = query_means
        self._glossary = glossary
        self._ranking = learned
        self._held: dict[str, _Held] = {}
        self._builds: dict[str, _Build] = {}
        self._asked_concepts: dict[str, dict[str, frozenset[str]]] = {}  # by municipality and question: no words
        self._lock = threading.Lock()
        self._tried: tuple[AnswerIndex, Changed, AnswerIndex] | None = None
        self._trying = threading.Lock()
        self._builder = ThreadPoolExecutor(1, "answer-index")

    def find(self, session: Session, municipality_id: str, question: Question, out_of_scope: float) -> Found:
        """Decision for a question, given how likely it is none of ours."""
        return match(self.index(session, municipality_id), self._ranking, question, out_of_scope)

    def part(self, session: Session, municipality_id: str, answer_id: str, language: str, question: Question) -> int:
        """Number of the part of an answer's text (index.pieces) that is to be shown first."""
        return self.index(session, municipality_id).part(answer_id, language, question)

    def groups(self, municipality_id: str, questions: Sequence[UnansweredQuestion]) -> list[grouping.Group]:
        """A municipality's questions that mean the same (grouping.py); concepts are kept while the question is waiting."""
        before = self._asked_concepts.get(municipality_id, {})
        known = {each.id: before[each.id] for each in questions if each.id in before}
        self._asked_concepts[municipality_id] = known
        return grouping.groups(questions, self._query_means, self._glossary, self._ranking.concepts, known)

    def tried(
        self, session: Session, municipality_id: str, question: Question, doubt: float, changed: Changed | None = None
    ) -> Tried:
        """What is found for a question, and why; with an answer as it would be after a change. Nothing of it is kept."""
        index = self.index(session, municipality_id)
        if changed is not None:
            index = self._index_with(session, municipality_id, changed, index)
        found = match(index, self._ranking, question, doubt)
        return Tried(found, tuple(index.reasons(question, each.answer_id) for each in found.candidates), index)

    def _index_with(self, session: Session, municipality_id: str, changed: Changed, index: AnswerIndex) -> AnswerIndex:
        """The index with a change. The last one is kept: an editor tries several questions on the same draft."""
        with self._trying:  # one at a time: in a large town it takes seconds, and memory like the index itself
            if self._tried is None or self._tried[:2] != (index, changed):
                self._tried = None
                self._tried = (index, changed, self._build(self._with(session, municipality_id, changed), index))
            return self._tried[2]

    def _with(self, session: Session, municipality_id: str, changed: Changed) -> list[Text]:
        details, zone = session.execute(
            select(Municipality.details, Municipality.time_zone).where(Municipality.id == municipality_id)
        ).one()
        texts = published(session, municipality_id, day_in(zone, self._clock()))
        named = [
            replace(text, answer_id=changed.answer_id, topic=_topic(details.get("topics", {}), changed.topic, text.language))
            for text in changed.texts
        ]
        return [*(text for text in texts if text.answer_id != changed.answer_id), *named]

    def warm(self, texts: Sequence[Text]) -> None:
        """Embed texts before they are published, so that they are found at once: the cache is shared by all processes."""
        with closing(self._open_cache()) as cache:
            warm(texts, cache)

    def index(self, session: Session, municipality_id: str) -> AnswerIndex:
        """The index of what is published and valid; while a large change is still being embedded, of what was before."""
        version, zone = session.execute(
            select(Municipality.content_version, Municipality.time_zone).where(Municipality.id == municipality_id)
        ).one_or_none() or (0, "UTC")
        today = day_in(zone, self._clock())
        with self._lock:
            held = self._held.get(municipality_id)
            if held and held.version == version and held.on <= today < held.until:
                return held.index
            building = self._builds.get(municipality_id)
            if building is None or (building.version, building.on) != (version, today):
                texts, until = published(session, municipality_id, today), next_change(session, municipality_id, today)
                building = _Build(version, today, until, self._builder.submit(self._build, texts, held.index if held else None))
                self._builds[municipality_id] = building
        try:
            index = building.future.result(self._wait if held else None)
        except TimeoutError:
            assert held is not None
            return held.index
        except Exception:
            self._builds.pop(municipality_id, None)  # the next question tries again
            raise
        with self._lock:
            self._held[municipality_id] = _Held(building.version, building.on, building.until, index)
            if self._builds.get(municipality_id) == building:
                del self._builds[municipality_id]
        return index

    def _build(self, texts: Sequence[Text], before: AnswerIndex | None) -> AnswerIndex:
        with closing(self._open_cache()) as cache:
            return AnswerIndex(texts, cache, self._query_means, self._glossary, self._ranking.concepts, before)


def day_in(zone: str, moment: datetime) -> date:
    """The day by the clocks of a time zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def is_valid(answer: Answer, today: date) -> bool:
    """Whether a day lies within an answer's validity."""
    return (answer.valid_from is None or answer.valid_from <= today) and (
        answer.valid_until is None or today <= answer.valid_until
    )


def published(session: Session, municipality_id: str, today: date | None = None) -> list[Text]:
    """Every text of every published answer; given a day, of those that are valid then."""
    details = session.scalar(select(Municipality.details).where(Municipality.id == municipality_id)) or {}
    topics = details.get("topics", {})
    query = select(AnswerText, Answer.topic).join(Answer).where(*_published(municipality_id))
    if today is not None:
        query = query.where(
            or_(Answer.valid_from.is_(None), Answer.valid_from <= today),
            or_(Answer.valid_until.is_(None), Answer.valid_until >= today),
        )
    rows = session.execute(query.order_by(AnswerText.answer_id, AnswerText.language))
    return [
        Text(row.answer_id, row.language, row.title, row.text, tuple(row.questions), _topic(topics, topic, row.language))
        for row, topic in rows
    ]


def next_change(session: Session, municipality_id: str, today: date) -> date:
    """The day on which an answer begins or has ceased to be valid; the end of time where none does."""
    here = _published(municipality_id)
    begins = session.scalar(select(func.min(Answer.valid_from)).where(*here, Answer.valid_from > today))
    ends = session.scalar(select(func.min(Answer.valid_until)).where(*here, Answer.valid_until >= today))
    return min(begins or date.max, ends + timedelta(days=1) if ends and ends < date.max else date.max)


def _published(municipality_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Answer.municipality_id == municipality_id, Answer.status == "published"


def _topic(topics: dict[str, dict[str, dict[str, str]]], topic: str, language: str) -> str:
    return topics.get(topic, {}).get("titles", {}).get(language, "")


def get(session: Session, answer_ids: list[str], moment: datetime | None = None) -> list[Answer]:
    """Published answers with their texts, in the order of the ids; retired and invalid ones are left out."""
    query = select(Answer, Municipality.time_zone).join(Municipality, Municipality.id == Answer.municipality_id)
    query = query.where(Answer.id.in_(answer_ids), Answer.status == "published").options(selectinload(Answer.texts))
    moment = moment or now()
    by_id = {answer.id: answer for answer, zone in session.execute(query) if is_valid(answer, day_in(zone, moment))}
    return [by_id[answer_id] for answer_id in answer_ids if answer_id in by_id]


def text_in(answer: Answer, language: str, fallbacks: tuple[str, ...] = ("de", "en")) -> AnswerText:
    """The answer's text in a language, else in the first fallback that it has, else in any."""
    texts = {text.language: text for text in answer.texts if text.title}
    return next((texts[tag] for tag in (language, *fallbacks) if tag in texts), next(iter(texts.values())))
