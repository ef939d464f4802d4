"""From evidence to a decision: answer, let choose, or say that there is no answer. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lotse.answers.index import AnswerIndex, Question
from lotse.answers.ranking import OFFERED, Ranking

# Probabilities from ranking.py; figures for these two in docs/understanding.md, by ./run bench understanding.
ANSWER = 0.7  # that the first answer is right: from here on it is shown at once
CHOOSE = 0.25  # that one of the first three is right: from here on they are offered to choose from
OUTSIDE = 0.5  # likelier none of ours than not: nothing is shown at once, however well it fits ("play music on ...")
HARDLY = 4.0  # a score so much below the best is not worth a button (e^4: 50 times less likely)
LISTED = 5


@dataclass(frozen=True)
class Candidate:
    """An answer with the probability that it is the right one for a question."""

    answer_id: str
    score: float


@dataclass(frozen=True)
class Decision:
    """What to do with a question; for `choose` the answers to offer, for `answer` the one to show."""

    kind: Literal["answer", "choose", "unknown"]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Found:
    """A decision and, best first, up to five candidates for people who want to look behind it."""

    decision: Decision
    candidates: tuple[Candidate, ...]


def match(index: AnswerIndex, ranking: Ranking, question: Question, out_of_scope: float) -> Found:
    """The decision for a question, given how likely it is none of ours."""
    if not index.answers:
        return Found(Decision("unknown", ()), ())
    evidence = index.evidence(question)
    scores = ranking.scores(evidence)
    first, three = ranking.sureness(scores, evidence, out_of_scope)
    best = [int(position) for position in np.argsort(-scores, kind="stable")[:LISTED]]
    shares = np.exp(scores[best] - scores[best[0]])
    shares *= max(first, three) / shares[:OFFERED].sum()
    candidates = tuple(Candidate(index.answers[position], float(share)) for position, share in zip(best, shares))
    worth = sum(scores[position] > scores[best[0]] - HARDLY for position in best[:OFFERED])
    return Found(decide(candidates[:worth], first if out_of_scope < OUTSIDE else 0.0, three), candidates)


def decide(candidates: Sequence[Candidate], first: float, three: float) -> Decision:
    """Decision for the best candidates, given the probabilities that the first, and that one of all, is right."""
    if candidates and first >= ANSWER:
        return Decision("answer", tuple(candidates[:1]))
    if candidates and three >= CHOOSE:
        return Decision("choose", tuple(candidates))
    return Decision("unknown", ())
