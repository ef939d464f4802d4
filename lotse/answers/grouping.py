"""Questions that mean the same, in whatever language they were asked: so that editors answer them once. Pure functions."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from lotse.answers.glossary import Glossary
from lotse.embedder import Vector
from lotse.normalise import words
from lotse.storage.tables import UnansweredQuestion

ALIKE = 0.45  # mean closeness of two groups from which on they are one; figures in `groups`
CONCEPTS_COUNT = 0.8  # shared concepts beside the cosine
WITHOUT_VECTOR = 1.2  # how much concepts count where there is no cosine
SAME_WORDS = 2.0  # the same question typed twice, whatever else is said of it
MOST = 2000  # questions that are compared with each other, the newest; older ones stand alone
# a concept says more the fewer questions have it; seen as if this many other questions stood beside, each concept in
# one of twenty, because the first few questions of a town may all be about the same
OTHERS, ONE_IN = 100, 20
UNNAMED = 2.0  # of each pair something is not named by concepts: one that both share, such as "buy", is not all

Closeness = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Group:
    """Questions that one answer may answer, the most typical one first."""

    questions: tuple[UnansweredQuestion, ...]

    @property
    def languages(self) -> list[tuple[str, int]]:
        """(language, number of questions in it), the most frequent first."""
        return sorted(Counter(each.language for each in self.questions).items(), key=lambda pair: (-pair[1], pair[0]))

    @property
    def waiting(self) -> int:
        """How many newcomers want to be told the answer."""
        return len({each.conversation_id for each in self.questions if each.conversation_id})

    @property
    def newest(self) -> datetime:
        """When the last of them was asked."""
        return max(each.asked_at for each in self.questions)

    @property
    def size(self) -> int:
        """How many questions."""
        return len(self.questions)


def packed(vector: Vector | None) -> str | None:
    """A vector as it is kept: numbers of 16 bits, in base64."""
    return None if vector is None else base64.b64encode(np.asarray(vector, "<f2").tobytes()).decode()


def groups(
    questions: Sequence[UnansweredQuestion],
    means: Mapping[str, Vector],
    glossary: Glossary | None = None,
    trust: Mapping[str, float] | None = None,
    known: dict[str, frozenset[str]] | None = None,
) -> list[Group]:
    """The questions in groups, the largest first, then the newest; the same questions always give the same groups.

    Two questions are as close as the cosine of their vectors, from each of which the mean of its language is taken
    (`ranking.load_means`), and the concepts that they share, each weighted by `trust`. Groups are joined while the mean
    closeness of their questions is at least ALIKE (average linkage). A question without a vector is compared by concepts
    and words. `known` keeps the concepts of questions by id from one call to the next: finding them takes longest.

    Measured on data/matching (12 languages, 3,070 questions about 186 pages; those of one page count as the same although
    many ask for different things on it). Of all pairs of questions in a group, .84 are of one page, .91 of one chapter;
    of all pairs of one page, .33 are in a group; 97 of 100 joined pairs are of two languages. That is for the half of the
    pages that was not looked at when the numbers above were chosen (.91 and .34 for the other half); with 300 questions
    drawn by chance .78 and .37. With the cosine alone .80 and .27. Of 109 questions about 12 subjects that no page has,
    such as a tattoo or a drone, .69 of the pairs about one subject are found, and .79 of the joined ones are right.
    Without any vectors .89 and .14. 2,000 questions take 1 s with known concepts, else 5 s; 200 less than 0.2 s.
    """
    ordered = sorted(questions, key=lambda each: (each.asked_at, each.id), reverse=True)
    compared, rest = ordered[:MOST], ordered[MOST:]
    close = closeness(compared, means, glossary, trust, known)
    found = [_group([compared[place] for place in members], close[np.ix_(members, members)]) for members in joined(close)]
    found += [Group((each,)) for each in rest]
    return sorted(found, key=lambda group: (-group.size, -group.newest.timestamp(), group.questions[0].id))


def closeness(
    questions: Sequence[UnansweredQuestion],
    means: Mapping[str, Vector],
    glossary: Glossary | None = None,
    trust: Mapping[str, float] | None = None,
    known: dict[str, frozenset[str]] | None = None,
) -> Closeness:
    """How close each question is to each other one, shape (questions, questions)."""
    typed = [words(str(each.question)) for each in questions]
    shared = _shared(_concepts(questions, typed, glossary, {} if known is None else known), trust or {})
    rows, has = _vectors(questions, means)
    close = rows @ rows.T + np.float32(CONCEPTS_COUNT) * shared
    if not has.all():
        tags = np.array([each.language for each in questions])
        same_words = _shared([frozenset(each) for each in typed], {}) * (tags[:, None] == tags[None])
        by_words = np.float32(WITHOUT_VECTOR) * np.maximum(shared, same_words)
        close = np.where(has[:, None] & has[None], close, by_words)
    numbers: dict[tuple[str, ...], int] = {}
    spelled = np.array([numbers.setdefault(tuple(each) or ("", str(place)), len(numbers)) for place, each in enumerate(typed)])
    close[spelled[:, None] == spelled[None]] = SAME_WORDS
    return np.asarray(close, np.float32)


def joined(close: Closeness, enough: float = ALIKE) -> list[list[int]]:
    """Average linkage: the two closest groups are joined again and again, while they are close enough."""
    count = len(close)
    members: list[list[int]] = [[place] for place in range(count)]
    if count < 2:
        return members
    close = close.copy()
    np.fill_diagonal(close, -np.inf)
    sizes = np.ones(count, np.float32)
    best = close.argmax(axis=1)
    value = close[np.arange(count), best]
    while True:
        one = int(value.argmax())
        if value[one] < enough:
            return [each for each in members if each]
        one, other = sorted((one, int(best[one])))
        row = (sizes[one] * close[one] + sizes[other] * close[other]) / (sizes[one] + sizes[other])
        row[one] = -np.inf
        sizes[one] += sizes[other]
        members[one] += members[other]
        members[other] = []
        close[one], close[:, one] = row, row
        close[other], close[:, other], value[other] = -np.inf, -np.inf, -np.inf
        best[one], value[one] = row.argmax(), row.max()
        for place in np.flatnonzero(((best == one) | (best == other)) & (value > -np.inf)):
            best[place] = close[place].argmax()
            value[place] = close[place, best[place]]
        closer = np.flatnonzero(row > value)
        best[closer], value[closer] = one, row[closer]


def _group(members: list[UnansweredQuestion], close: Closeness) -> Group:
    """The group with its most typical question first, then by language and time."""
    typical = int(close.sum(axis=1).argmax())
    rest = sorted((each for place, each in enumerate(members) if place != typical), key=lambda each: each.language)
    return Group((members[typical], *rest))


def _vectors(questions: Sequence[UnansweredQuestion], means: Mapping[str, Vector]) -> tuple[Vector, npt.NDArray[np.bool_]]:
    """Centred vectors of unit length, and which questions have one."""
    usual = np.mean(list(means.values()), axis=0) if means else np.zeros(0, np.float32)
    rows = np.zeros((len(questions), len(usual)), np.float32)
    has = np.zeros(len(questions), bool)
    for place, each in enumerate(questions):
        vector = np.frombuffer(base64.b64decode(each.vector or ""), "<f2").astype(np.float32)
        if len(vector) and len(vector) == len(usual):  # another length: of another model
            centred = vector - means.get(each.language, usual)
            length = float(np.linalg.norm(centred))
            if length > 0 and np.isfinite(length):
                rows[place], has[place] = centred / length, True
    return rows, has


def _concepts(
    questions: Sequence[UnansweredQuestion],
    typed: Sequence[list[str]],
    glossary: Glossary | None,
    known: dict[str, frozenset[str]],
) -> list[frozenset[str]]:
    if glossary is None:
        return [frozenset()] * len(questions)
    for each, its_words in zip(questions, typed):
        if each.id not in known:
            tags = sorted({each.language, "de", "en", "nl"})  # words of the offices and of the world stand in every language
            known[each.id] = frozenset(glossary.names[number] for number in glossary.concepts(its_words, tags))
    return [known[each.id] for each in questions]


def _shared(sets: Sequence[frozenset[str]], trust: Mapping[str, float]) -> Closeness:
    """For each two sets the share of what either has that both have, 0 to 1; what is rare and trusted counts more."""
    having = Counter(term for each in sets for term in each)
    column = {term: number for number, term in enumerate(sorted(having))}
    weight = np.zeros(len(column), np.float32)
    for term, number in column.items():
        weight[number] = trust.get(term, 1.0) * np.log((len(sets) + OTHERS) / (having[term] + OTHERS / ONE_IN))
    has = np.zeros((len(sets), len(column)), np.float32)
    for place, each in enumerate(sets):
        has[place, [column[term] for term in each]] = 1
    both = (has * np.maximum(weight, 0)) @ has.T
    told = both.diagonal()
    return np.asarray(both / (told[:, None] + told[None] - both + np.float32(UNNAMED)), np.float32)
