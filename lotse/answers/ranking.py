"""How much each kind of evidence counts, and how sure it makes us: learned numbers that can be read (learned/weights.json).

A linear score ranks the answers of one question; two logistic functions turn the best scores into the probability
that the first answer is right, and that one of the first three is. `./run learn` learns all of it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lotse.answers.bm25 import Scores
from lotse.answers.index import EVIDENCE, Evidence
from lotse.embedder import Vector

FOLDER = Path(__file__).parent / "learned"
WEIGHTS, MEANS = "weights.json", "means.npz"
OFFERED = 3  # answers to choose from

AROUND = 10  # best answers whose mean tells how well answers fit in general

# what the probability of a right answer depends on
SURENESS = (
    "best",  # the best score
    "lead",  # how much better that is than the score of the first answer that would not be shown
    "general",  # mean of the best ten scores
    "answers",  # logarithm of their number: the more there are, the less chance is in a lead
    "concepts",  # that the question names: of a question that tells much, a good score tells more
    "missing",  # share of what it tells that no answer has
    "out_of_scope",  # log odds that it is none of ours, by the intents
    "constant",
)


@dataclass(frozen=True)
class Ranking:
    """Learned weights, each by the name of its evidence."""

    evidence: dict[str, float]
    first: dict[str, float]
    three: dict[str, float]
    concepts: dict[str, float]  # how much each is to be trusted, 0 to 1: "where" says nothing, "midwife" all

    def scores(self, evidence: Evidence) -> Scores:
        """A score for each answer from what speaks for it."""
        return evidence.rows @ np.array([self.evidence[name] for name in EVIDENCE], np.float32)

    def sureness(self, scores: Scores, evidence: Evidence, out_of_scope: float) -> tuple[float, float]:
        """Probability that the best answer is right, and that one of the best three is."""
        return (
            _logistic(self.first, features(scores, 1, evidence, out_of_scope)),
            _logistic(self.three, features(scores, OFFERED, evidence, out_of_scope)),
        )


def features(scores: Scores, shown: int, evidence: Evidence, out_of_scope: float) -> list[float]:
    """What the probability depends on, in the order of SURENESS."""
    best = np.sort(scores)[::-1]
    after = best[shown] if len(best) > shown else best[-1] - 2.0
    doubt = float(np.clip(out_of_scope, 0.001, 0.999))
    return [
        float(best[0]),
        float(min(best[0] - after, 6.0)),
        float(best[:AROUND].mean()),
        float(np.log(len(best))),
        float(evidence.concepts),
        evidence.missing,
        float(np.log(doubt / (1 - doubt))),
        1.0,
    ]


def load(folder: Path = FOLDER) -> Ranking:
    """The learned weights."""
    stored = json.loads((folder / WEIGHTS).read_text("utf-8"))
    return Ranking(stored["evidence"], stored["first"], stored["three"], stored["concepts"])


def load_means(folder: Path = FOLDER) -> dict[str, Vector]:
    """Mean vector of newcomers' questions in each language: what all questions of a language have in common."""
    with np.load(folder / MEANS, allow_pickle=False) as stored:
        return {tag: stored[tag] for tag in stored.files}


def _logistic(weights: dict[str, float], values: list[float]) -> float:
    logit = sum(weights[name] * value for name, value in zip(SURENESS, values))
    return float(1 / (1 + np.exp(-logit)))
