"""Vectors of everything that is published in a municipality, and the search among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lotse.embedder import Vector, VectorCache

PASSAGE_CHARACTERS = 400


@dataclass(frozen=True)
class Text:
    """An answer in one language, as it is indexed."""

    answer_id: str
    language: str
    title: str
    text: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """An answer with its similarity to a question (cosine of centred vectors, -1 to 1)."""

    answer_id: str
    score: float


@dataclass(frozen=True)
class _Entry:
    answer_id: str
    language: str
    kind: Literal["question", "passage"]
    words: str


class AnswerIndex:
    """All titles, example questions and passages of a municipality.

    Vectors prefer texts of their own language. So from each the mean of its language is taken, questions
    and passages apart: right page in the first three .67 instead of .55 for Arabic questions on German pages.
    """

    def __init__(self, texts: Sequence[Text], cache: VectorCache, query_means: dict[str, Vector]) -> None:
        entries = [entry for text in texts for entry in _entries(text)]
        self._answers = sorted({entry.answer_id for entry in entries})
        position = {answer_id: index for index, answer_id in enumerate(self._answers)}
        self._owner = np.array([position[entry.answer_id] for entry in entries], dtype=np.intp)
        self._query_means = query_means
        self._general_mean = _mean_of(list(query_means.values()))
        vectors = _embed(entries, cache)
        rows = np.array([vectors[(entry.kind, entry.words)] for entry in entries], dtype=np.float32)
        self._vectors = _unit(rows - self._means(entries, rows)) if entries else np.zeros((0, 0), np.float32)

    def search(self, vector: Vector, language: str, most: int = 5) -> list[Candidate]:
        """The best answers for a question's vector, best first; an answer counts with its best entry."""
        if not len(self._vectors):
            return []
        centred = vector - self._query_means.get(language, self._general_mean)
        similarity = self._vectors @ (centred / (np.linalg.norm(centred) or 1.0))
        best = np.full(len(self._answers), -1.0, dtype=np.float32)
        np.maximum.at(best, self._owner, similarity)
        order = np.argsort(-best)[:most]
        return [Candidate(self._answers[index], float(best[index])) for index in order]

    def _means(self, entries: list[_Entry], rows: Vector) -> Vector:
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, entry in enumerate(entries):
            groups[(entry.language, entry.kind)].append(index)
        means = np.zeros_like(rows)
        for (language, kind), members in groups.items():
            if kind == "question" and language in self._query_means:
                means[members] = self._query_means[language]
            else:
                means[members] = rows[members].mean(axis=0)
        return means


def warm(texts: Sequence[Text], cache: VectorCache) -> None:
    """Embed what an index of these texts will need."""
    _embed([entry for text in texts for entry in _entries(text)], cache)


def passages(title: str, text: str) -> list[str]:
    """An answer's text in pieces of about 400 characters, cut between paragraphs, each under the title."""
    pieces: list[str] = []
    for paragraph in (part.strip() for part in text.split("\n\n") if part.strip()):
        if pieces and len(pieces[-1]) + len(paragraph) < PASSAGE_CHARACTERS:
            pieces[-1] += "\n" + paragraph
        else:
            pieces.append(paragraph)
    return [f"{title}: {piece}" for piece in pieces] or [title]


def _entries(text: Text) -> list[_Entry]:
    # a text that is missing may have example questions: a question finds the answer, which is shown in another language
    titles = [text.title] if text.title else []
    pieces = passages(text.title, text.text) if text.title else []
    asked = [_Entry(text.answer_id, text.language, "question", words) for words in (*titles, *text.questions)]
    told = [_Entry(text.answer_id, text.language, "passage", words) for words in pieces]
    return asked + told


def _embed(entries: list[_Entry], cache: VectorCache) -> dict[tuple[str, str], Vector]:
    asked = [entry.words for entry in entries if entry.kind == "question"]
    told = [entry.words for entry in entries if entry.kind == "passage"]
    questions = zip((("question", words) for words in asked), cache.queries(asked))
    return dict(questions) | dict(zip((("passage", words) for words in told), cache.passages(told)))


def _mean_of(vectors: list[Vector]) -> Vector:
    return np.mean(vectors, axis=0) if vectors else np.zeros(384, np.float32)


def _unit(rows: Vector) -> Vector:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)
