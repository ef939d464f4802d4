"""Everything that is published in a municipality, and what in it speaks for an answer to a question.

Two kinds of evidence: vectors (meaning) and words (concepts in any language, names). How much each
counts is learned (ranking.py); here it is only gathered.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lotse.answers import terms
from lotse.answers.bm25 import Bm25, Scores
from lotse.answers.glossary import Glossary
from lotse.embedder import Vector, VectorCache
from lotse.normalise import words

PASSAGE_CHARACTERS = 400
LONG_PARAGRAPH = 600
TITLE_COUNTS = 2  # times that a title's words count, beside those of the text
BRIEF = 3  # words of a question that is all keyword
FEWEST_FOR_PART = 3  # words of a question that can be about a part of an answer
FIRST_COUNTS = 0.06  # an answer begins with what answers most questions
RARE, RARE_SHARE = 3, 0.02  # a rare word stands in at most so many answers, or in this share of all
MANY, AXES, EXACT = 4000, 96, 1000  # entries from which an index is searched by main axes first
LEAST_TOLD = 0.1  # what a question tells is not taken for less
FEW = 30  # texts of a language; the mean of fewer is drawn to that of questions

# in the order of the columns of AnswerIndex.evidence
EVIDENCE = (
    "meaning_asked",  # cosine with the best of title and example questions
    "meaning_brief",  # the same, the less the more words a question has: a keyword is like a title
    "meaning_passage",  # cosine with the best passage
    "meaning_passages",  # mean of the best two
    "concepts_asked",  # concepts shared with the best of title and example questions, of all that either has
    "concepts_text",  # share of the question's concepts in title and text
    "names",  # rare words in common, as written or by their sound: names, numbers, foreign words
)


@dataclass(frozen=True)
class Text:
    """An answer in one language, as it is indexed."""

    answer_id: str
    language: str
    title: str
    text: str
    questions: tuple[str, ...] = ()
    topic: str = ""  # title of what it stands under


@dataclass(frozen=True)
class Question:
    """What a newcomer asks: the words, the language that they are in, their vector."""

    text: str
    language: str
    vector: Vector

    @cached_property
    def words(self) -> list[str]:
        """Its words in normal spelling."""
        return words(self.text)


@dataclass(frozen=True)
class Evidence:
    """What speaks for each answer to a question, and what the question itself tells."""

    rows: npt.NDArray[np.float32]  # shape (answers, len(EVIDENCE))
    concepts: int  # that the question names
    missing: float  # share of what they tell that no answer has, 0 to 1


@dataclass(frozen=True)
class Nearest:
    """A text of an answer that is near to a question: its language, its words, the cosine."""

    language: str
    words: str
    closeness: float


@dataclass(frozen=True)
class Reasons:
    """Why an answer fits a question, for people who want to look behind it."""

    asked: Nearest | None  # the nearest of title and example questions
    passage: Nearest | None
    concepts: tuple[tuple[str, str], ...]  # (words of the question, the concept that they name), shared with the answer
    names: tuple[str, ...]  # rare words in common


@dataclass(frozen=True)
class _Entry:
    """A text that has a vector of its own."""

    kind: str  # asked or passage
    language: str
    words: str


@dataclass(frozen=True)
class _Analysed:
    """A text with all that is counted in it; kept from one index to the next."""

    entries: tuple[_Entry, ...]
    asked: tuple[Counter[int], ...]  # concepts of the title and of each example question
    concepts: Counter[int]
    names: Counter[str]


class AnswerIndex:
    """The published texts of a municipality, searched as a whole for each question.

    Vectors prefer texts of their own language. So from each the mean of its language and kind is taken: right page
    in the first three .67 instead of .55 for Arabic questions on German pages.
    """

    def __init__(
        self,
        texts: Sequence[Text],
        cache: VectorCache,
        query_means: Mapping[str, Vector],
        glossary: Glossary,
        trust: Mapping[str, float],
        before: AnswerIndex | None = None,
    ) -> None:
        known: dict[Text, _Analysed] = before._analysed if before else {}
        self._analysed: dict[Text, _Analysed] = {text: known.get(text) or _analyse(text, glossary) for text in texts}
        self._glossary = glossary
        self._query_means = query_means
        self._general_mean = _mean_of(list(query_means.values()))
        self.answers = list(dict.fromkeys(text.answer_id for text in sorted(texts, key=lambda text: text.answer_id)))
        place = {answer_id: position for position, answer_id in enumerate(self.answers)}
        ordered = sorted(texts, key=lambda text: place[text.answer_id])
        self._vectors = {
            kind: _Vectors([(place[text.answer_id], entry) for text in ordered for entry in self._analysed[text].entries
                            if entry.kind == kind], cache, query_means)
            for kind in ("asked", "passage")
        }  # fmt: skip
        by_answer: dict[str, list[Text]] = defaultdict(list)
        for text in ordered:
            by_answer[text.answer_id].append(text)
        self._by_answer = by_answer
        trusted = [trust.get(name, 1.0) for name in glossary.names]
        self.concepts = Bm25(
            [_average([self._analysed[text].concepts for text in each]) for each in by_answer.values()],
            trust=lambda concept: trusted[concept],
        )
        self._names = Bm25([_together([self._analysed[text].names for text in each]) for each in by_answer.values()])
        self._asked = _Sets(
            [(place[text.answer_id], each) for text in ordered for each in self._analysed[text].asked], self.concepts.idf
        )

    def evidence(self, question: Question) -> Evidence:
        """What speaks for each answer, in the order of `answers`."""
        count = len(self.answers)
        columns: list[Scores] = []
        vector = self._centred(question)
        asked = self._vectors["asked"].best(vector, count)
        columns += [asked, asked * np.float32(min(1.0, BRIEF / max(len(question.words), 1)))]
        columns += self._vectors["passage"].best_two(vector, count)
        concepts = self.concepts_of(question)
        columns += [self._asked.shared(concepts, count), self.concepts.scores(concepts, share=True)]
        rare = max(RARE, round(RARE_SHARE * count))
        columns.append(self._names.scores(list(terms.names(question.words)), rare=rare) / np.float32(10))
        return Evidence(np.stack(columns, axis=1), len(concepts), self._missing(concepts))

    def _centred(self, question: Question) -> Vector:
        centred = question.vector - self._query_means.get(question.language, self._general_mean)
        return np.asarray(centred / np.float32(np.linalg.norm(centred) or 1.0), np.float32)

    def _missing(self, concepts: list[int]) -> float:
        tells = [self.concepts.idf(concept) for concept in concepts]
        nowhere = [idf for idf, concept in zip(tells, concepts) if not len(self.concepts.having(concept))]
        return sum(nowhere) / max(sum(tells), LEAST_TOLD)

    def concepts_of(self, question: Question) -> list[int]:
        """Concepts that a question names, each once."""
        return list(dict.fromkeys(self._glossary.concepts(question.words, _languages_of(question.language))))

    def reasons(self, question: Question, answer_id: str) -> Reasons:
        """What in an answer speaks for it."""
        owner = self.answers.index(answer_id)
        vector = self._centred(question)
        asked, passage = (self._vectors[kind].nearest(owner, vector) for kind in ("asked", "passage"))
        shared = [concept for concept in self.concepts_of(question) if owner in self.concepts.having(concept)]
        named = self._named_by(question)
        typed = terms.names(question.words)
        sounds = {f"~{terms.sound_of(word)}": word for word in question.words}
        rare = max(RARE, round(RARE_SHARE * len(self.answers)))
        return Reasons(
            _nearest(asked),
            _nearest(passage),
            tuple((named.get(concept, ""), self._glossary.names[concept].replace("_", " ")) for concept in shared),
            tuple(
                sounds.get(name, name) for name in typed if owner in (having := self._names.having(name)) and len(having) <= rare
            ),
        )

    def _named_by(self, question: Question) -> dict[int, str]:
        """By which words a question names each concept: one, or up to three that stand together."""
        languages, found = _languages_of(question.language), dict[int, str]()
        for count in (1, 2, 3):
            for start in range(len(question.words) - count + 1):
                together = question.words[start : start + count]
                for concept in self._glossary.concepts(together, languages):
                    found.setdefault(concept, " ".join(together))
        return found

    def part(self, answer_id: str, language: str, question: Question) -> int:
        """Number of the piece of an answer's text that fits a question clearly better than the first; else 0.

        A keyword such as "doctor" is about all of the answer.
        """
        if answer_id not in self._by_answer or len(question.words) < FEWEST_FOR_PART:
            return 0
        rows = self._vectors["passage"].rows(self.answers.index(answer_id), language)
        fitting = rows @ self._centred(question)
        return int(np.argmax(fitting)) if len(rows) and fitting.max() > fitting[0] + FIRST_COUNTS else 0


class _Vectors:
    """Centred vectors of one kind in the order of the answers that they belong to."""

    def __init__(self, entries: list[tuple[int, _Entry]], cache: VectorCache, query_means: Mapping[str, Vector]) -> None:
        self._entries = [entry for _, entry in entries]
        self._owners = np.array([owner for owner, _ in entries], dtype=np.intp)
        self._languages = np.array([entry.language for _, entry in entries])
        self._with_any, self._starts = np.unique(self._owners, return_index=True)
        words_of = [entry.words for _, entry in entries]
        passages_ = bool(entries) and entries[0][1].kind == "passage"
        rows = cache.passages(words_of) if passages_ else cache.queries(words_of)
        self._rows = _unit(rows - self._means(rows, {} if passages_ else query_means))
        self._lengths = np.diff([*self._starts, len(self._rows)])
        self._axes: Vector | None = None
        if len(self._rows) > MANY:  # 20,000 vectors are read from memory in 4 ms; their main axes in 1
            self._axes = np.linalg.eigh(self._rows.T @ self._rows)[1][:, -AXES:].T.copy()
            self._short = self._rows @ self._axes.T

    def best(self, vector: Vector, count: int) -> Scores:
        """Cosine of the best entry of each answer; -1 where it has none."""
        return self._spread(self._largest(self._similarity(vector)), count)

    def best_two(self, vector: Vector, count: int) -> list[Scores]:
        """Cosine of the best entry of each answer, and the mean of the best two."""
        similarity = self._similarity(vector)
        first = self._largest(similarity)
        if not len(first):
            return [self._spread(first, count)] * 2
        others = np.where(similarity == np.repeat(first, self._lengths), np.float32(-2), similarity)
        second = self._largest(others)
        second = np.where(second < -1, first, second)
        return [self._spread(first, count), self._spread((first + second) / np.float32(2), count)]

    def _similarity(self, vector: Vector) -> Scores:
        """Cosine with every entry; of very many only the best are exact, the others nearly."""
        if self._axes is None:
            return np.asarray(self._rows @ vector, np.float32)
        similarity = np.asarray(self._short @ (self._axes @ vector), np.float32)
        best = np.argpartition(similarity, len(similarity) - EXACT)[-EXACT:]
        similarity[best] = self._rows[best] @ vector
        return similarity

    def rows(self, owner: int, language: str) -> Vector:
        """Vectors of one answer in one language, in the order of the text."""
        found: Vector = self._rows[(self._owners == owner) & (self._languages == language)]
        return found

    def nearest(self, owner: int, vector: Vector) -> tuple[_Entry, float] | None:
        """The entry of an answer that is nearest to a vector, and its cosine."""
        rows = np.flatnonzero(self._owners == owner)
        if not len(rows):
            return None
        near = self._rows[rows] @ vector
        best = int(np.argmax(near))
        return self._entries[rows[best]], float(near[best])

    def _largest(self, similarity: Scores) -> Scores:
        if not len(similarity):
            return similarity
        return np.asarray(np.maximum.reduceat(similarity, self._starts), np.float32)

    def _spread(self, values: Scores, count: int) -> Scores:
        spread = np.full(count, -1, np.float32)
        spread[self._with_any] = values
        return spread

    def _means(self, rows: Vector, query_means: Mapping[str, Vector]) -> Vector:
        means = np.zeros_like(rows)
        for language in np.unique(self._languages):
            members = self._languages == language
            own, number = rows[members].mean(axis=0), int(members.sum())
            usual = query_means.get(str(language), own)
            means[members] = (number * own + FEW * usual) / (number + FEW)
        return means


class _Sets:
    """Sets of concepts, several of an answer, compared as a whole: what is shared of what either has."""

    def __init__(self, entries: list[tuple[int, Counter[int]]], idf: Callable[[Hashable], float]) -> None:
        self._idf = idf
        self._owners = np.array([owner for owner, _ in entries], dtype=np.intp)
        self._sizes = np.array([sum(idf(term) for term in each) for _, each in entries], np.float32)
        having: dict[int, list[int]] = defaultdict(list)
        for row, (_, each) in enumerate(entries):
            for term in each:
                having[term].append(row)
        self._having = {term: np.array(rows, np.intp) for term, rows in having.items()}

    def shared(self, asked: list[int], count: int) -> Scores:
        """For each answer the share of its best set (Jaccard, weighted by idf)."""
        shared = np.zeros(len(self._owners), np.float32)
        told = 0.0
        for term in asked:
            idf = self._idf(term)
            told += idf
            if term in self._having:
                shared[self._having[term]] += np.float32(idf)
        best = np.zeros(count, np.float32)
        rows = np.flatnonzero(shared)
        np.maximum.at(best, self._owners[rows], shared[rows] / (told + self._sizes[rows] - shared[rows]))
        return best


def warm(texts: Sequence[Text], cache: VectorCache) -> None:
    """Embed what an index of these texts will need."""
    entries = [entry for text in texts for entry in _entries(text)]
    cache.queries(entry.words for entry in entries if entry.kind != "passage")
    cache.passages(entry.words for entry in entries if entry.kind == "passage")


def pieces(text: str) -> list[str]:
    """A text in pieces of about 400 characters, cut between paragraphs; a much longer paragraph between lines or sentences."""
    found: list[str] = []
    for paragraph in (part.strip() for part in text.split("\n\n") if part.strip()):
        if found and len(found[-1]) + len(paragraph) < PASSAGE_CHARACTERS:
            found[-1] += "\n\n" + paragraph
        elif len(paragraph) < LONG_PARAGRAPH:
            found.append(paragraph)
        else:
            found += _cut(paragraph)
    return found


def _cut(paragraph: str) -> list[str]:
    parts: list[str] = []
    for sentence in re.findall(r"\S.*?(?:[.!?؟።](?=\s)|\n|$)\s*", paragraph, re.DOTALL):
        if parts and len(parts[-1]) + len(sentence) < PASSAGE_CHARACTERS:
            parts[-1] += sentence
        else:
            parts.append(sentence)
    return [part.strip() for part in parts]


def _entries(text: Text) -> list[_Entry]:
    # a text that is missing may have example questions: a question finds the answer, which is shown in another language
    asked = [_Entry("asked", text.language, each) for each in ((text.title, *text.questions) if text.title else text.questions)]
    if not text.title:
        return asked
    told = [_Entry("passage", text.language, f"{text.title}: {piece}") for piece in pieces(text.text)]
    return [*asked, *(told or [_Entry("passage", text.language, text.title)])]


def _analyse(text: Text, glossary: Glossary) -> _Analysed:
    languages = _languages_of(text.language)
    asked = [words(each) for each in (text.title, *text.questions) if each]
    told = words(text.title) * TITLE_COUNTS + words(text.text)
    everything = told + [word for each in asked[bool(text.title) :] for word in each]
    return _Analysed(
        tuple(_entries(text)),
        tuple(Counter(glossary.concepts(each, languages)) for each in asked),
        Counter(glossary.concepts(everything + words(text.topic), languages)),
        terms.names_told(told),
    )


def _nearest(found: tuple[_Entry, float] | None) -> Nearest | None:
    return Nearest(found[0].language, found[0].words, found[1]) if found else None


def _languages_of(language: str) -> list[str]:
    """Languages whose words stand in a text: its own, and those of the offices and of the world."""
    return sorted({language, "de", "en", "nl"} if language not in ("de", "en", "nl") else {language, "en"})


def _together(counts: Collection[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total |= each
    return total


def _average(counts: Collection[Counter[int]]) -> dict[int, float]:
    total: Counter[int] = Counter()
    for each in counts:
        total.update(each)
    return {concept: number / len(counts) for concept, number in total.items()}


def _mean_of(vectors: list[Vector]) -> Vector:
    return np.mean(vectors, axis=0) if vectors else np.zeros(384, np.float32)


def _unit(rows: Vector) -> Vector:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)
