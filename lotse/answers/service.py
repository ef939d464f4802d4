"""Questions of newcomers to answers of a municipality, always from what is published now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lotse.answers.index import AnswerIndex, Candidate, Text, warm
from lotse.answers.matching import Decision, decide
from lotse.embedder import Vector, VectorCache
from lotse.storage.tables import Answer, AnswerText, Municipality


@dataclass(frozen=True)
class Found:
    """A decision and, best first, up to five candidates for people who want to look behind it."""

    decision: Decision
    candidates: list[Candidate]


class Answers:
    """Search in each municipality's published answers; the index follows the database's content version."""

    def __init__(self, cache: Callable[[], VectorCache], query_means: dict[str, Vector]) -> None:
        self._open_cache = cache
        self._query_means = query_means
        self._indexes: dict[str, tuple[int, AnswerIndex]] = {}
        self._building = threading.Lock()

    def find(self, session: Session, municipality_id: str, vector: Vector, language: str, out_of_scope: float) -> Found:
        """Decision for a question's vector in the language it was asked in."""
        candidates = self._index(session, municipality_id).search(vector, language)
        return Found(decide(candidates, out_of_scope), candidates)

    def warm(self, texts: Sequence[Text]) -> None:
        """Embed texts before they are published, so that no newcomer waits for it: the cache is shared by all processes."""
        with closing(self._open_cache()) as cache:
            warm(texts, cache)

    def _index(self, session: Session, municipality_id: str) -> AnswerIndex:
        version = session.scalar(select(Municipality.content_version).where(Municipality.id == municipality_id)) or 0
        with self._building:
            held = self._indexes.get(municipality_id)
            if held is None or held[0] != version:
                with closing(self._open_cache()) as cache:
                    held = (version, AnswerIndex(published(session, municipality_id), cache, self._query_means))
                self._indexes[municipality_id] = held
            return held[1]


def published(session: Session, municipality_id: str) -> list[Text]:
    """Every text of every published answer."""
    rows = session.scalars(
        select(AnswerText)
        .join(Answer)
        .where(Answer.municipality_id == municipality_id, Answer.status == "published")
        .order_by(AnswerText.answer_id, AnswerText.language)
    )
    return [Text(row.answer_id, row.language, row.title, row.text, tuple(row.questions)) for row in rows]


def get(session: Session, answer_ids: list[str]) -> list[Answer]:
    """Published answers with their texts, in the order of the ids; retired ones are left out."""
    query = select(Answer).where(Answer.id.in_(answer_ids), Answer.status == "published")
    by_id = {answer.id: answer for answer in session.scalars(query.options(selectinload(Answer.texts)))}
    return [by_id[answer_id] for answer_id in answer_ids if answer_id in by_id]


def text_in(answer: Answer, language: str, fallbacks: tuple[str, ...] = ("de", "en")) -> AnswerText:
    """The answer's text in a language, else in the first fallback that it has, else in any."""
    texts = {text.language: text for text in answer.texts if text.title}
    return next((texts[tag] for tag in (language, *fallbacks) if tag in texts), next(iter(texts.values())))
