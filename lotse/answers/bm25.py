"""Okapi BM25 over sparse counts, in numpy alone.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009. Libraries for it want
SciPy (35 MB) or are not kept; what we need is this page.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


class Bm25:
    """Documents as counts of terms; the score of each for a question's terms."""

    def __init__(
        self,
        documents: Sequence[Mapping[Any, float]],
        k1: float = 1.2,
        b: float = 0.5,
        trust: Callable[[Any], float] = lambda term: 1.0,
    ) -> None:
        self.size = len(documents)
        self._trust = trust
        terms: dict[Hashable, int] = {}
        rows = np.fromiter((terms.setdefault(term, len(terms)) for each in documents for term in each), np.intp)
        counts = np.fromiter(chain.from_iterable(each.values() for each in documents), np.float32, len(rows))
        owners = np.repeat(np.arange(self.size), [len(each) for each in documents])
        lengths = np.bincount(owners, counts, minlength=self.size)
        mean = lengths.mean() if self.size and lengths.any() else 1.0
        weights = counts * (k1 + 1) / (counts + k1 * (1 - b + b * lengths[owners] / mean))
        order = np.argsort(rows, kind="stable")
        self._terms = terms
        self._owners, self._weights = owners[order].astype(np.int32), weights[order].astype(np.float32)
        self._starts = np.searchsorted(rows[order], np.arange(len(terms) + 1))

    def idf(self, term: Hashable) -> float:
        """How much a term tells: the fewer documents have it, the more, if it is a term to trust (0 to 1)."""
        row = self._terms.get(term)
        having = 0 if row is None else int(self._starts[row + 1] - self._starts[row])
        return float(np.log1p((self.size - having + 0.5) / (having + 0.5))) * self._trust(term)

    def having(self, term: Hashable) -> npt.NDArray[np.int32]:
        """The documents that have a term."""
        row = self._terms.get(term)
        return self._owners[:0] if row is None else self._owners[self._starts[row] : self._starts[row + 1]]

    def scores(self, terms: Sequence[Hashable], *, share: bool = False, rare: int | None = None) -> Scores:
        """A score for each document; with `share` divided by what the terms tell together, so that 1 and more is all of it.

        With `rare` only terms count that at most so many documents have.
        """
        scores = np.zeros(self.size, np.float32)
        total = 0.0
        for term in terms:
            idf = self.idf(term)
            total += idf
            row = self._terms.get(term)
            if row is not None and (rare is None or self._starts[row + 1] - self._starts[row] <= rare):
                part = slice(self._starts[row], self._starts[row + 1])
                scores[self._owners[part]] += idf * self._weights[part]
        return scores / np.float32(total) if share and total else scores
