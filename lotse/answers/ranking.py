"""How much each kind of evidence counts, and how sure it makes us: learned numbers that can be read (learned/weights.json).

A linear score ranks the answers of one question; two logistic functions turn the best scores into the probability
that the first answer is right, and that one of the first three is. `./run learn` learns all of it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lotse.answers.bm25 import Scores
from lotse.answers.index import EVIDENCE
from lotse.embedder import Vector

FOLDER = Path(__file__).parent / "learned"
WEIGHTS, MEANS = "weights.json", "means.npz"
OFFERED = 3  # answers to choose from

# of a question; "lead": how much better the first answer is than the one after those that would be shown
SURENESS = ("best", "lead", "out_of_scope", "constant")


@dataclass(frozen=True)
class Ranking:
    """Learned weights, each by the name of its evidence."""

    evidence: dict[str, float]
    first: dict[str, float]
    three: dict[str, float]
    concepts: dict[str, float]  # how much each is to be trusted, 0 to 1: "where" says nothing, "midwife" all

    def scores(self, evidence: npt.NDArray[np.float32]) -> Scores:
        """A score for each answer from what speaks for it, shape (answers, kinds of evidence)."""
        return evidence @ np.array([self.evidence[name] for name in EVIDENCE], np.float32)

    def sureness(self, scores: Scores, out_of_scope: float) -> tuple[float, float]:
        """Probability that the best answer is right, and that one of the best three is."""
        return (
            _logistic(self.first, features(scores, 1, out_of_scope)),
            _logistic(self.three, features(scores, OFFERED, out_of_scope)),
        )


def features(scores: Scores, shown: int, out_of_scope: float) -> list[float]:
    """What the probability depends on, in the order of SURENESS."""
    best = np.sort(scores)[::-1][: shown + 1]
    after = best[shown] if len(best) > shown else best[-1] - 2.0
    doubt = float(np.clip(out_of_scope, 0.001, 0.999))
    return [float(best[0]), float(min(best[0] - after, 6.0)), float(np.log(doubt / (1 - doubt))), 1.0]


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
