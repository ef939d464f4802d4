"""./run learn: learn how much each kind of evidence counts when questions are matched (lotse/answers/weights.json).

From labelled questions and keywords of our own about the pages of an invented district (data/matching), in towns of
several sizes: with German pages only and with some translations, with and without example questions. For developers; needs the
development packages. The figures it prints are for pages that it did not learn from.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from lotse import content
from lotse.answers import glossary, ranking
from lotse.answers.index import EVIDENCE, AnswerIndex, Evidence, Question, Text
from lotse.embedder import Vector, VectorCache
from lotse.files import read_yaml
from lotse.settings import ROOT, Settings

DATA = ROOT / "data" / "matching"
SIZES = (18, 60, 186)  # answers of a town
FOLDS = 3
ANSWERED = 0.7  # share of newcomers' questions that are taken to have an answer in their town
PRIOR, USUAL = 6, 0.6  # a concept seldom asked for is believed to be on the right page in 6 of 10 questions
MOST = 600  # questions of a kind in a town: answered there, answered elsewhere only, answered nowhere
KEYWORDS = 200  # titles in other languages in a town: people write sentences more often
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """A labelled question; without an answer `page` is empty."""

    page: str
    question: Question
    out_of_scope: float
    none_of_ours: bool = False
    is_title: bool = False  # a page's title in another language, as people type keywords


@dataclass(frozen=True)
class Case:
    """The evidence for one question in one town; `right` is the row of its answer, -1 where there is none."""

    town: int
    page: str
    language: str
    evidence: Evidence
    right: int
    out_of_scope: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=0)


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Learn, print the figures, write the weights."""
    cache = VectorCache(settings.cache / "vectors.sqlite")
    asked = list(_asked(settings, cache))
    means = _means(asked)
    cases, trust = _cases(settings, cache, asked, means, random.Random(arguments.seed))
    answerable = [case for case in cases if case.right >= 0]
    folds = _folds(cases)
    scores: list[tuple[Case, npt.NDArray[np.float32]]] = []
    for fold in range(FOLDS):
        weights = fit([case for case in answerable if folds[case.page] != fold])
        scores += [(case, case.evidence.rows @ weights) for case in cases if folds[case.page] == fold]
    _print_ranks(scores)
    first, three = (fit_sureness(scores, shown) for shown in (1, ranking.OFFERED))
    _print_decisions(scores, ranking.Ranking({}, first, three, {}))
    weights = fit(answerable)
    stored = {"evidence": dict(zip(EVIDENCE, map(_rounded, weights))), "first": first, "three": three, "concepts": trust}
    ranking.FOLDER.mkdir(exist_ok=True)
    (ranking.FOLDER / ranking.WEIGHTS).write_text(json.dumps(stored, indent=2) + "\n", "utf-8")
    np.savez(ranking.FOLDER / ranking.MEANS, allow_pickle=False, **means)
    print(f"{ranking.FOLDER.relative_to(ROOT)} written")


def fit(cases: list[Case], strength: float = 0.05) -> npt.NDArray[np.float32]:
    """Weights that make the right answer likely among all of its town: multinomial logistic regression over the answers."""
    from scipy.optimize import minimize

    def loss(weights: Array) -> tuple[float, Array]:
        value, slope = strength * len(cases) / 500 * float(weights @ weights) / 2, strength * len(cases) / 500 * weights
        for case in cases:
            scores = case.evidence.rows @ weights
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            value -= float(np.log(shares[case.right] + 1e-12))
            slope = slope - (case.evidence.rows[case.right] - shares @ case.evidence.rows)
        return value, slope

    # nothing that speaks for an answer may count against it
    found = minimize(loss, np.ones(len(EVIDENCE)), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(EVIDENCE))
    return np.asarray(found.x, np.float32)


def fit_sureness(scores: list[tuple[Case, npt.NDArray[np.float32]]], shown: int) -> dict[str, float]:
    """Weights of the probability that the right answer is among those shown."""
    from sklearn.linear_model import LogisticRegression

    rows = [ranking.features(each, shown, case.evidence, case.out_of_scope)[:-1] for case, each in scores]
    hits = [case.right in np.argsort(-each)[:shown] for case, each in scores]
    model = LogisticRegression(C=1.0, max_iter=5000).fit(rows, hits, sample_weight=_shares([case for case, _ in scores]))
    return {name: _rounded(value) for name, value in zip(ranking.SURENESS, [*model.coef_[0], model.intercept_[0]])}


def _shares(cases: list[Case]) -> list[float]:
    """Weights by which in every town, large or small, the same share of the questions has an answer there."""
    groups = [(case.town, case.right >= 0) for case in cases]
    counts = Counter(groups)
    return [(ANSWERED if answered else 1 - ANSWERED) / counts[town, answered] * 1000 for town, answered in groups]


def _means(asked: list[Asked]) -> dict[str, Vector]:
    vectors: dict[str, list[Vector]] = {}
    for each in asked:
        if not each.none_of_ours and not each.is_title:
            vectors.setdefault(each.question.language, []).append(each.question.vector)
    return {tag: np.mean(of_language, axis=0) for tag, of_language in sorted(vectors.items())}


def _cases(
    settings: Settings, cache: VectorCache, asked: list[Asked], means: dict[str, Vector], chance: random.Random
) -> tuple[list[Case], dict[str, float]]:
    pages = read_yaml(DATA / "pages.yml")
    translated = {page["id"]: page for page in read_yaml(DATA / "pages_en.yml")}
    words = glossary.load(settings.content / "glossary")
    by_page: dict[str, list[Asked]] = {}
    for each in asked:
        if not each.is_title:
            by_page.setdefault(each.page, []).append(each)
    trust = _trust(AnswerIndex([text for page in pages for text in _texts(page, {}, [])], cache, means, words, {}), words, asked)
    found: list[Case] = []
    for town_number, (size, with_english, with_examples) in enumerate(product(SIZES, (False, True), (False, True))):
        town = chance.sample(pages, min(size, len(pages)))
        examples = {page["id"]: _examples(by_page.get(page["id"], []), chance) if with_examples else [] for page in town}
        texts = [text for page in town for text in _texts(page, translated if with_english else {}, examples[page["id"]])]
        index = AnswerIndex(texts, cache, means, words, trust)
        used = {each.question.text for part in examples.values() for each in part}
        place = {answer: row for row, answer in enumerate(index.answers)}
        questions = [each for each in asked if not each.is_title]
        here = [each for each in questions if each.page in place and each.question.text not in used]
        elsewhere = [each for each in questions if each.page and each.page not in place]
        keywords = [each for each in asked if each.is_title and each.page in place and not with_english]
        nowhere = [each for each in asked if not each.page]
        for group, most in ((here, MOST), (keywords, KEYWORDS), (elsewhere, MOST), (nowhere, MOST)):
            for each in chance.sample(group, min(len(group), most)):
                evidence = index.evidence(each.question)
                found.append(
                    Case(town_number, each.page, each.question.language, evidence, place.get(each.page, -1), each.out_of_scope)
                )
    return found, trust


def _trust(index: AnswerIndex, words: glossary.Glossary, asked: list[Asked]) -> dict[str, float]:
    """Of each concept, how much oftener than by chance the right page names it when the question does (0 to 1)."""
    place = {answer: row for row, answer in enumerate(index.answers)}
    seen, hits = Counter[int](), Counter[int]()
    for each in asked:
        if each.page and not each.is_title:
            for concept in set(index.concepts_of(each.question)):
                seen[concept] += 1
                hits[concept] += place[each.page] in index.concepts.having(concept)
    trust = {}
    for concept, name in enumerate(words.names):
        chance = min((len(index.concepts.having(concept)) + 0.5) / (len(place) + 1), 0.9)
        share = (hits[concept] + PRIOR * USUAL) / (seen[concept] + PRIOR)
        lift = (share - chance) / (1 - chance)
        trust[name] = _rounded(min(max(lift / USUAL, 0.0), 1.0))
    return trust


def _asked(settings: Settings, cache: VectorCache) -> Iterator[Asked]:
    doubt = _Doubt(settings, cache)
    for file in sorted((DATA / "questions").glob("*.yml")):
        listed = read_yaml(file)
        pairs = [("" if page == "unanswerable" else page, str(text)) for page, texts in listed.items() for text in texts]
        vectors = cache.queries(text for _, text in pairs)
        for (page, text), vector in zip(pairs, vectors):
            yield Asked(page, Question(text, file.stem, vector), doubt.of(text, vector))
    for file in sorted((DATA / "titles").glob("*.yml")):
        titles = read_yaml(file)
        for (page, title), vector in zip(titles.items(), cache.queries(titles.values())):
            yield Asked(page, Question(title, file.stem, vector), doubt.of(title, vector), is_title=True)
    yield from doubt.none_of_ours()


class _Doubt:
    """How likely the intents hold a message for none of ours; messages they were trained on, by models that were not."""

    def __init__(self, settings: Settings, cache: VectorCache) -> None:
        from engine import intents

        self._examples = [
            (folder.name, intent, text)
            for folder in sorted((ROOT / "data" / "nlu").iterdir())
            for intent, text in content.examples(folder)
        ]
        texts = [text for _, _, text in self._examples]
        self._vectors = cache.queries(texts)
        labels = [intent for _, intent, _ in self._examples]
        self._model = intents.train(texts, self._vectors, labels)
        self._unseen = [intents.train(texts[half::2], self._vectors[half::2], labels[half::2]) for half in (0, 1)]
        self._column = self._model.classes.index("out_of_scope")

    def of(self, text: str, vector: npt.NDArray[np.float32]) -> float:
        return float(self._model.confidences(text, vector)[self._column])

    def none_of_ours(self) -> Iterator[Asked]:
        for row, (tag, intent, text) in enumerate(self._examples):
            if intent == "out_of_scope":
                model = self._unseen[1 - row % 2]
                vector = self._vectors[row]
                yield Asked("", Question(text, tag, vector), float(model.confidences(text, vector)[self._column]), True)


def _examples(asked: list[Asked], chance: random.Random) -> list[Asked]:
    """Up to six of a page's questions, as an editor would have written them into the answer."""
    return chance.sample(asked, min(len(asked) // 2, 6))


def _texts(page: dict[str, Any], translated: dict[str, dict[str, Any]], examples: list[Asked]) -> list[Text]:
    path = page["path"][-1] if page["path"] else ""
    texts = {"de": (page["title"], page["text"], path)}
    if page["id"] in translated:
        other = translated[page["id"]]
        texts["en"] = (other["title"], other["text"], "")
    asked: dict[str, list[str]] = {}
    for each in examples:
        asked.setdefault(each.question.language, []).append(each.question.text)
    found = []
    for tag in sorted({*texts, *asked}):
        title, text, topic = texts.get(tag, ("", "", ""))
        found.append(Text(page["id"], tag, title, text, tuple(asked.get(tag, ())), topic))
    return found


def _folds(cases: list[Case]) -> dict[str, int]:
    pages = sorted({case.page for case in cases} - {""})
    return {**{page: number % FOLDS for number, page in enumerate(pages)}, "": 0}


def _print_ranks(scores: list[tuple[Case, npt.NDArray[np.float32]]]) -> None:
    print("right answer first / in the first three, by language and number of answers:")
    languages = sorted({case.language for case, _ in scores if case.right >= 0})
    for language in languages:
        line = []
        for size in SIZES:
            ranks = [int((each > each[case.right]).sum()) for case, each in scores
                     if case.right >= 0 and case.language == language and len(each) == size]  # fmt: skip
            if ranks:
                line.append(f"{size}: {np.mean([rank < 1 for rank in ranks]):.2f}/{np.mean([rank < 3 for rank in ranks]):.2f}")
        print(f"  {language}  " + "  ".join(line))


def _print_decisions(scores: list[tuple[Case, npt.NDArray[np.float32]]], learned: ranking.Ranking) -> None:
    """What the sureness means: of the questions between two levels, how many have the right answer among those shown."""
    for shown, index in ((1, 0), (ranking.OFFERED, 1)):
        print(f"sure of the first {shown}: mean sureness, share right if {ANSWERED:.0%} have an answer, questions")
        weights = _shares([case for case, _ in scores])
        found = [
            (learned.sureness(each, case.evidence, case.out_of_scope)[index], case.right in np.argsort(-each)[:shown], weight)
            for (case, each), weight in zip(scores, weights)
        ]
        for low in np.arange(0, 1, 0.2):
            part = np.array([each for each in found if low <= each[0] < low + 0.2])
            if len(part):
                sure, right = np.average(part[:, :2], axis=0, weights=part[:, 2])
                print(f"  {sure:.2f} {right:.2f} {len(part)}")


def _rounded(value: Any) -> float:
    return round(float(value), 4)
