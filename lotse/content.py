"""Content on disk: sample towns and their answers, read into the database of a fresh installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.embedder import Vector, VectorCache
from lotse.storage.tables import Answer, AnswerText, Municipality

__all__ = ["fill", "query_means", "warm_vectors"]


class ContentError(Exception):
    """A content file is wrong; the message names file and field."""


def fill(session: Session, content: Path) -> list[str]:
    """Add the sample towns that the database does not have yet; returns their slugs."""
    known = set(session.scalars(select(Municipality.slug)))
    added = []
    for folder in sorted((content / "municipalities").iterdir()):
        if folder.name in known:
            continue
        data = _read(folder / "municipality.yml")
        if data.get("slug") != folder.name:
            raise ContentError(f"{folder / 'municipality.yml'}: slug must be the folder's name, {folder.name}")
        municipality = Municipality(**data)
        session.add(municipality)
        session.flush()
        for answer in sorted((content / "answers" / folder.name).glob("*/answer.yml")):
            session.add(_answer(answer.parent, municipality.id))
        municipality.content_version = 1
        added.append(folder.name)
    return added


def _answer(folder: Path, municipality_id: str) -> Answer:
    data = _read(folder / "answer.yml")
    try:
        return Answer(
            municipality_id=municipality_id,
            source_id=folder.name,
            topic=data["topic"],
            owner=data["owner"],
            scope=data["scope"],
            place=data.get("place"),
            source_name=data["source"]["name"],
            source_url=data["source"]["url"],
            checked_on=data["checked"],
            review_on=data["review"],
            related=data.get("related", []),
            texts=[
                AnswerText(language=file.stem, **_text(_read(file)))
                for file in sorted(folder.glob("*.yml"))
                if file.name != "answer.yml"
            ],
        )
    except KeyError as error:
        raise ContentError(f"{folder}: field {error} is missing") from error


def _text(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": data["title"],
        "text": data["text"].strip(),
        "questions": [str(question) for question in data["questions"]],
        "status": data["status"],
    }


def query_means(nlu: Path, cache: VectorCache) -> dict[str, Vector]:
    """Mean vector of newcomers' questions in each language, from the training examples (data/nlu)."""
    means = {}
    for folder in sorted(path for path in nlu.iterdir() if path.is_dir()):
        questions = [text for intent, text in examples(folder) if intent == "ask_question"]
        if questions:
            means[folder.name] = np.asarray(cache.queries(questions).mean(axis=0), dtype=np.float32)
    return means


def examples(folder: Path) -> list[tuple[str, str]]:
    """(intent, text) of all Rasa training examples in a language's folder."""
    found = []
    for file in sorted(folder.glob("*.yml")):
        for group in _read(file)["nlu"]:
            found += [(group["intent"], line[2:].strip()) for line in group["examples"].splitlines() if line.startswith("- ")]
    return found


def warm_vectors(content: Path, nlu: Path, cache: VectorCache) -> int:
    """Embed all sample content once for this machine; returns the number of texts looked at."""
    from lotse.answers.index import passages

    query_means(nlu, cache)
    questions: list[str] = []
    told: list[str] = []
    for file in sorted((content / "answers").glob("*/*/*.yml")):
        if file.name != "answer.yml":
            data = _text(_read(file))
            questions += [data["title"], *data["questions"]]
            told += passages(data["title"], data["text"])
    cache.queries(questions)
    cache.passages(told)
    return len(questions) + len(told)


def _read(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ContentError(f"{file}: {error}") from error
