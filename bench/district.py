"""Questions and page titles of a real district (sets of others, not in this repository) on its pages, beside plain methods.

The pages are imported by the real importer into towns of their own: in German only, and in German and English.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.asking import DATA, LOST, OUTCOMES, Answered, Asker, Table, outcome, progress, rank, share, shares, shown
from commands import content as importer
from lotse.answers import AnswerIndex, Question, Text, glossary, match, ranking
from lotse.answers.bm25 import Bm25
from lotse.answers.index import pieces
from lotse.answers.service import published
from lotse.embedder import Vector, VectorCache
from lotse.normalise import words
from lotse.settings import ROOT, Settings
from lotse.storage.tables import Answer

QUESTIONS = DATA / "omos_rems_murr.jsonl"
TITLES = DATA / "integreat_titles_rems_murr.jsonl"
ALSO_RIGHT = ROOT / "bench" / "omos_also_right.yml"
FILES = {tag: DATA / f"integreat_rems-murr-kreis_{tag}.json" for tag in ("de", "en")}
TOWNS = {"de": "rems-murr-kreis", "de+en": "rems-murr-kreis-two"}  # languages of the pages: slug of the town
PEERS = ("plain vectors", "centred vectors", "word beginnings")
BEGINNING = 5  # letters
FIRST, THREE = 1, 3

Figures = dict[str, Any]
Right = Callable[[dict[str, Any]], bool]


def is_there() -> bool:
    """Whether the sets are on this machine."""
    return all(file.exists() for file in (QUESTIONS, TITLES, *FILES.values()))


def fill(settings: Settings) -> None:
    """Import the pages, as `./run content import` does; new texts are embedded once for a machine (minutes)."""
    for languages, slug in TOWNS.items():
        progress(f"importing the district's pages, {languages}")
        given = argparse.Namespace(
            action="import", origin="integreat", files=[str(FILES[tag]) for tag in languages.split("+")], municipality=slug,
            name=None, country=None, retire_many=False, json=True,
        )  # fmt: skip
        with contextlib.redirect_stdout(io.StringIO()):
            importer.run(given, settings)


# questions


@dataclass(frozen=True)
class Labelled:
    """A question in a language with the pages that answer it; none where it cannot be answered."""

    id: int
    text: str
    language: str
    page: str
    also: frozenset[str]
    answerable: bool

    def right(self, also: bool) -> Right:
        """Whether a candidate is the labelled page, or one of the other right ones."""
        pages = {self.page, *(self.also if also else ())}
        return lambda candidate: candidate["source_id"] in pages


def labelled(most: int | None = None) -> list[Labelled]:
    """All questions in all their languages."""
    also = yaml.safe_load(ALSO_RIGHT.read_text("utf-8")) if ALSO_RIGHT.exists() else {}
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    return [
        Labelled(row["id"], text, tag, str(row["page"]), frozenset(map(str, (also or {}).get(row["id"], ()))), row["answerable"])
        for row in rows[:most]
        for tag, text in row["question"].items()
    ]


async def measure(asker: Asker, most: int | None) -> dict[str, dict[str, Figures]]:
    """By languages of the pages and language of the question."""
    asked = labelled(most)
    found = {}
    for languages, slug in TOWNS.items():
        town = asker.town(slug)
        answers = await asker.ask(town, [(each.language, each.text) for each in asked])
        with asker.parts.database.reading() as session:
            peers = _Peers(session, town, asker.parts.settings)
        others = {name: [peers.answer(name, each) for each in asked] for name in PEERS}
        found[languages] = {
            tag: _figures([(each, answer) for each, answer in zip(asked, answers) if each.language == tag])
            | {
                name.replace(" ", "_"): _ranks(
                    [(each, answer) for each, answer in zip(asked, others[name]) if each.language == tag]
                )
                for name in PEERS
            }
            for tag in sorted({each.language for each in asked})
        }
        progress(f"district, pages in {languages}: {len(asked)} questions")
    return found


def _figures(pairs: Sequence[tuple[Labelled, Answered]]) -> Figures:
    answerable = [(each, answer) for each, answer in pairs if each.answerable]
    decided = [answer["decision"] for each, answer in pairs if not each.answerable]
    return {
        **_ranks(pairs),
        **shares([outcome(answer, each.right(also=False)) for each, answer in answerable]),
        "also_right": shares([outcome(answer, each.right(also=True)) for each, answer in answerable]),
        "in_scope_lost": share(sum(answer["decision"] in LOST for _, answer in answerable), len(answerable)),
        "unanswerable_unknown": share(sum(each == "unknown" for each in decided), len(decided)),
        "unanswerable_unknown_or_choose": share(sum(each in ("unknown", "choose") for each in decided), len(decided)),
    }


def _ranks(pairs: Sequence[tuple[Labelled, Answered]]) -> Figures:
    figures: Figures = {}
    for name, also in (("", False), ("_also", True)):
        places = [rank(answer, each.right(also)) for each, answer in pairs if each.answerable]
        figures[f"first{name}"] = share(sum(place < FIRST for place in places), len(places))
        figures[f"three{name}"] = share(sum(place < THREE for place in places), len(places))
    return figures


class _Peers:
    """Plain methods on the same texts: what our index has to be better than."""

    def __init__(self, session: Session, town: str, settings: Settings) -> None:
        texts = published(session, town)
        sources = dict(session.execute(select(Answer.id, Answer.source_id).where(Answer.municipality_id == town)).all())
        self._cache = VectorCache(settings.cache / "vectors.sqlite")
        self._means = ranking.load_means()
        rows = [
            (sources[text.answer_id], text.language, f"{text.title}: {piece}")
            for text in texts
            for piece in pieces(text.text) or [""]
        ]
        self._owners = np.array([sources[text.answer_id] for text in texts] + [source for source, _, _ in rows])
        titles = self._cache.queries(text.title for text in texts)
        passages = self._cache.passages(passage for _, _, passage in rows)
        languages = np.array([language for _, language, _ in rows])
        means = {tag: passages[languages == tag].mean(axis=0) for tag in set(languages)}
        self._plain = np.vstack([titles, passages])
        self._centred = _unit(
            np.vstack(
                [
                    titles - np.stack([self._means[text.language] for text in texts]),
                    passages - np.stack([means[tag] for tag in languages]),
                ]
            )
        )
        self._documents = sorted(set(sources.values()))
        counts = {source: Counter[str]() for source in self._documents}
        for text in texts:
            counts[sources[text.answer_id]].update(_beginnings(f"{text.title} {text.text}"))
        self._words = Bm25([counts[source] for source in self._documents])

    def answer(self, name: str, asked: Labelled) -> Answered:
        """The five best pages, in the form of `ask`."""
        if name == "word beginnings":
            scores = self._words.scores(sorted(set(_beginnings(asked.text))), share=False)
            best = [self._documents[place] for place in np.argsort(-scores, kind="stable")[:5]]
        else:
            vector = self._cache.queries([asked.text])[0]
            if name == "plain vectors":
                best = self._nearest(self._plain @ vector)
            else:
                best = self._nearest(self._centred @ (vector - self._means[asked.language]))
        return {"decision": "choose", "candidates": [{"source_id": source} for source in best]}

    def _nearest(self, similarity: npt.NDArray[np.float32]) -> list[str]:
        return list(dict.fromkeys(self._owners[np.argsort(-similarity, kind="stable")].tolist()))[:5]


def _beginnings(text: str) -> list[str]:
    return [word[:BEGINNING] for word in words(text)]


def _unit(rows: Vector) -> Vector:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


# titles


def measure_titles(asker: Asker, most: int | None) -> dict[str, Figures]:
    """By language: a page's title leads to the page, right first; `pages`: of how many, `nearest`: by vectors of titles alone."""
    cache = VectorCache(asker.parts.settings.cache / "vectors.sqlite")
    titles = {row["id"].rsplit("-", 1)[1]: row["text"] for row in map(json.loads, TITLES.read_text("utf-8").splitlines()[:most])}
    means, learned = ranking.load_means(), ranking.load()
    tags = sorted({tag for each in titles.values() for tag in each if tag in means and tag != "de"})
    indexes: dict[str, AnswerIndex] = {}
    sources: dict[str, str] = {}
    with asker.parts.database.reading() as session:
        for languages, slug in TOWNS.items():
            town = asker.town(slug)
            sources |= dict(session.execute(select(Answer.id, Answer.source_id).where(Answer.municipality_id == town)).all())
            indexes[languages] = asker.parts.answers.index(session, town)
        german = published(session, asker.town(TOWNS["de"]))
    translated = [
        Text(text.answer_id, tag, titles[sources[text.answer_id]][tag], "")
        for text in german
        for tag in tags
        if tag in titles.get(sources[text.answer_id], {})
    ]
    concepts = glossary.load(asker.parts.settings.content / "glossary")
    indexes["all titles"] = AnswerIndex([*german, *translated], cache, means, concepts, learned.concepts)
    title_of = {sources[text.answer_id]: text.title for text in german}
    nearest = cache.queries(title_of.values())
    found = {}
    for tag in tags:
        asked = [(source, each[tag]) for source, each in titles.items() if tag in each and source in title_of]
        vectors = cache.queries(text for _, text in asked)
        hits = Counter[str]()
        for (source, text), vector in zip(asked, vectors):
            same = {other for other, title in title_of.items() if title == title_of[source]}
            for languages, index in indexes.items():
                best = match(index, learned, Question(text, tag, vector), 0.5).candidates[0].answer_id
                hits[languages] += sources[best] in same
            closest = list(title_of)[int(np.argmax((nearest - means["de"]) @ (vector - means[tag])))]
            hits["nearest"] += closest in same
        found[tag] = {
            "pages": len(asked),
            **{name.replace(" ", "_"): share(hits[name], len(asked)) for name in ("nearest", *indexes)},
        }
        progress(f"titles {tag}: {len(asked)}")
    return found


# tables


def tables(found: dict[str, dict[str, Figures]]) -> list[Table]:
    """The figures for people."""
    made = []
    notes = {
        "": "Share of the questions whose labelled page is first / in the first three, beside plain methods on the same texts.",
        "_also": "As before, but pages that answer a question as well count too (`bench/omos_also_right.yml`, made by reading).",
    }
    for also, note in notes.items():
        rows = [
            (languages, tag, *(_pair(ranks, also) for ranks in (each, *(each[name.replace(" ", "_")] for name in PEERS))))
            for languages, by_tag in found.items()
            for tag, each in by_tag.items()
        ]
        title = "Questions on a real district's pages" + (", other right pages counted too" if also else "")
        made.append(Table(title, note, ("pages", "questions in", "Lotse", *PEERS), rows))
    decided = [
        (languages, tag, *(each["also_right"][name.replace(" ", "_")] for name in OUTCOMES), each["in_scope_lost"],
         each["unanswerable_unknown"], each["unanswerable_unknown_or_choose"])
        for languages, by_tag in found.items() for tag, each in by_tag.items()
    ]  # fmt: skip
    made.append(
        Table(
            "What is decided about them",
            "Other right pages counted too. "
            "The last two columns: questions that the pages do not answer, though one is about their topic.",
            ("pages", "questions in", *OUTCOMES, "lost", "unanswerable: unknown", "or choose"),
            decided,
        )
    )
    return made


def _pair(ranks: Figures, also: str) -> str:
    return f"{shown(ranks[f'first{also}'])} / {shown(ranks[f'three{also}'])}"


def table_of_titles(found: dict[str, Figures]) -> Table:
    """The figures for people."""
    columns = ("pages", "nearest", "de", "de+en", "all_titles")
    return Table(
        "Titles in other languages lead to their page",
        "Right page first. `nearest title`: by centred vectors of German titles alone; then with the pages in German, "
        "in German and English, and with the titles of all languages, the asked one's too.",
        ("", "pages", "nearest title", "de", "de+en", "all titles"),
        [(tag, *(each[name] for name in columns)) for tag, each in found.items()],
    )
