"""Which intent a message has, from its sentence vector and the letters of its words; numpy, SciPy and scikit-learn only.

Two models that err differently, added up: a small neural network on the vector (meaning) and a linear model on parts of
words (spelling: one-word messages such as "weiter" or "далі" say little to the vector). How much the second counts, and
one temperature, are fitted on predictions for unseen folds (Guo et al., "On Calibration of Modern Neural Networks",
ICML 2017), so that a confidence of 0.8 means right in about 80 of 100 messages.
Measured on the held-out messages (docs/understanding.md): .88 together, .84 and .75 alone, logistic regression .80.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier

from lotse.normalise import normalise

FOLDS = 3
ARRAYS, WORDS = "intents.npz", "intents.json"


@dataclass
class IntentModel:
    """The trained model; arrays by name, and the parts of words with their columns."""

    classes: List[str]
    arrays: Dict[str, np.ndarray]
    parts: Dict[str, int]

    def __post_init__(self) -> None:
        self._parts_of = _vectoriser().build_analyzer()

    def confidences(self, text: str, vector: np.ndarray) -> np.ndarray:
        """Probability of each class for a message and its vector."""
        weights = self.arrays["weights"]
        return softmax(weights[0] * self.by_meaning(vector) + weights[1] * self.by_spelling(text))

    def by_meaning(self, vectors: np.ndarray) -> np.ndarray:
        """Logarithms of the network's probabilities, for one vector or rows of them."""
        arrays = self.arrays
        hidden = np.maximum((vectors - arrays["mean"]) / arrays["scale"] @ arrays["hidden"] + arrays["hidden_bias"], 0)
        return log_softmax(hidden @ arrays["out"] + arrays["out_bias"], axis=-1)

    def by_spelling(self, text: str) -> np.ndarray:
        """Scores of the linear model: as TfidfVectorizer would weigh the parts, without its checks, which take 4 ms a text."""
        counts = Counter(self.parts[part] for part in self._parts_of(text) if part in self.parts)
        columns = np.fromiter(counts, np.intp, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * self.arrays["idf"][columns]
        norm = np.linalg.norm(weights) or 1.0
        return weights / norm @ self.arrays["linear"][columns] + self.arrays["linear_bias"]

    def save(self, folder: Path) -> None:
        """Write without pickle."""
        np.savez(folder / ARRAYS, **self.arrays)
        (folder / WORDS).write_text(json.dumps({"classes": self.classes, "parts": self.parts}, ensure_ascii=False), "utf-8")


def load(folder: Path) -> IntentModel:
    """The model that `save` wrote."""
    words = json.loads((folder / WORDS).read_text("utf-8"))
    with np.load(folder / ARRAYS, allow_pickle=False) as stored:
        return IntentModel(words["classes"], {name: stored[name] for name in stored.files}, words["parts"])


def train(texts: Sequence[str], vectors: np.ndarray, labels: Sequence[str]) -> IntentModel:
    """Fit both models, then how they are added up; the same examples give the same model."""
    named = np.array(labels)
    classes = np.unique(named)
    right = np.searchsorted(classes, named)
    by_meaning = np.zeros((len(named), len(classes)))
    by_spelling = np.zeros_like(by_meaning)
    for seen, unseen in StratifiedKFold(n_splits=FOLDS, shuffle=True, random_state=0).split(vectors, named):
        fold = _fit([texts[index] for index in seen], vectors[seen], named[seen])
        by_meaning[unseen] = fold.by_meaning(vectors[unseen])
        by_spelling[unseen] = [fold.by_spelling(texts[index]) for index in unseen]

    def loss(logs: np.ndarray) -> float:
        weights = np.exp(logs)
        summed = log_softmax(weights[0] * by_meaning + weights[1] * by_spelling, axis=1)
        return -float(summed[np.arange(len(right)), right].mean())

    model = _fit(texts, vectors, named)
    model.arrays["weights"] = np.exp(minimize(loss, np.log([1.0, 0.5]), method="Nelder-Mead").x)
    return model


def _fit(texts: Sequence[str], vectors: np.ndarray, labels: np.ndarray) -> IntentModel:
    vectoriser = _vectoriser()
    parts = vectoriser.fit_transform(texts)
    mean, scale = vectors.mean(axis=0), vectors.std()
    network = MLPClassifier((256,), alpha=0.01, max_iter=25, learning_rate_init=0.002, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 25 rounds are meant: more fits the examples, not the language
        network.fit((vectors - mean) / scale, labels)
    linear = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=15, tol=None, class_weight="balanced", random_state=0)
    linear.fit(parts, labels)
    arrays = {
        "mean": mean, "scale": np.array(scale), "idf": vectoriser.idf_,
        "hidden": network.coefs_[0], "hidden_bias": network.intercepts_[0],
        "out": network.coefs_[1], "out_bias": network.intercepts_[1],
        "linear": linear.coef_.T.astype(np.float32), "linear_bias": linear.intercept_,
        "weights": np.ones(2),
    }  # fmt: skip
    return IntentModel(
        [str(each) for each in network.classes_], arrays, {part: int(at) for part, at in vectoriser.vocabulary_.items()}
    )


def _vectoriser() -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True, preprocessor=normalise, dtype=np.float32
    )
