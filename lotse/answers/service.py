"""Questions of newcomers to answers of a municipality, always from what is published now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lotse.answers import grouping
from lotse.answers.glossary import Glossary
from lotse.answers.index import AnswerIndex, Question, Text, warm
from lotse.answers.matching import Found, match
from lotse.answers.ranking import Ranking
from lotse.embedder import Vector, VectorCache
from lotse.storage.tables import Answer, AnswerText, Municipality, UnansweredQuestion

WAIT = 0.3  # seconds that a question waits for the newest content; after that it is answered from what was there before


class Answers:
    """Search in each municipality's published answers; the index follows the database's content version."""

    def __init__(
        self,
        cache: Callable[[], VectorCache],
        glossary: Glossary,
        learned: Ranking,
        query_means: Mapping[str, Vector],
        wait: float = WAIT,
    ) -> None:
        self._wait = wait
        self._open_cache = cache
        self._query_means = query_means
        self._glossary = glossary
        self._ranking = learned
        self._held: dict[str, tuple[int, AnswerIndex]] = {}
        self._builds: dict[str, tuple[int, Future[AnswerIndex]]] = {}
        self._asked_concepts: dict[str, dict[str, frozenset[str]]] = {}  # by municipality and question: no words
        self._lock = threading.Lock()
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

    def warm(self, texts: Sequence[Text]) -> None:
        """Embed texts before they are published, so that they are found at once: the cache is shared by all processes."""
        with closing(self._open_cache()) as cache:
            warm(texts, cache)

    def index(self, session: Session, municipality_id: str) -> AnswerIndex:
        """The index of what is published; while a large change is still being embedded, of what was published before."""
        version = session.scalar(select(Municipality.content_version).where(Municipality.id == municipality_id)) or 0
        with self._lock:
            held = self._held.get(municipality_id)
            if held and held[0] == version:
                return held[1]
            building = self._builds.get(municipality_id)
            if building is None or building[0] != version:
                texts = published(session, municipality_id)
                building = (version, self._builder.submit(self._build, texts, held[1] if held else None))
                self._builds[municipality_id] = building
        try:
            index = building[1].result(self._wait if held else None)
        except TimeoutError:
            assert held is not None
            return held[1]
        except Exception:
            self._builds.pop(municipality_id, None)  # the next question tries again
            raise
        with self._lock:
            self._held[municipality_id] = (building[0], index)
            if self._builds.get(municipality_id) == building:
                del self._builds[municipality_id]
        return index

    def _build(self, texts: Sequence[Text], before: AnswerIndex | None) -> AnswerIndex:
        with closing(self._open_cache()) as cache:
            return AnswerIndex(texts, cache, self._query_means, self._glossary, self._ranking.concepts, before)


def published(session: Session, municipality_id: str) -> list[Text]:
    """Every text of every published answer."""
    details = session.scalar(select(Municipality.details).where(Municipality.id == municipality_id)) or {}
    topics = details.get("topics", {})
    rows = session.execute(
        select(AnswerText, Answer.topic)
        .join(Answer)
        .where(Answer.municipality_id == municipality_id, Answer.status == "published")
        .order_by(AnswerText.answer_id, AnswerText.language)
    )
    return [
        Text(row.answer_id, row.language, row.title, row.text, tuple(row.questions), _topic(topics, topic, row.language))
        for row, topic in rows
    ]


def _topic(topics: dict[str, dict[str, dict[str, str]]], topic: str, language: str) -> str:
    return topics.get(topic, {}).get("titles", {}).get(language, "")


def get(session: Session, answer_ids: list[str]) -> list[Answer]:
    """Published answers with their texts, in the order of the ids; retired ones are left out."""
    query = select(Answer).where(Answer.id.in_(answer_ids), Answer.status == "published")
    by_id = {answer.id: answer for answer in session.scalars(query.options(selectinload(Answer.texts)))}
    return [by_id[answer_id] for answer_id in answer_ids if answer_id in by_id]


def text_in(answer: Answer, language: str, fallbacks: tuple[str, ...] = ("de", "en")) -> AnswerText:
    """The answer's text in a language, else in the first fallback that it has, else in any."""
    texts = {text.language: text for text in answer.texts if text.title}
    return next((texts[tag] for tag in (language, *fallbacks) if tag in texts), next(iter(texts.values())))
