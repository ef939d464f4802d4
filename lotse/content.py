"""Content on disk: sample towns and their answers, read into the database of a fresh installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.answers import editing, versions
from lotse.embedder import VectorCache
from lotse.errors import OperatorError
from lotse.files import read_yaml
from lotse.intake.reminders import read_hours
from lotse.privacy.periods import read_periods
from lotse.storage.tables import Answer, AnswerText, Municipality

__all__ = ["examples", "fill", "warm_vectors"]

TOLD = ("controller", "data_protection_officer", "complaint", "guides")  # to newcomers, as they stand in the details


class ContentError(OperatorError):
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
        municipality = _municipality(folder / "municipality.yml", data)
        session.add(municipality)
        session.flush()
        for file in sorted((content / "answers" / folder.name).glob("*/answer.yml")):
            answer = _answer(file.parent, municipality.id)
            session.add(answer)
            session.flush()
            versions.keep(session, answer.id, editing.form_of(answer, None), versions.FILLED)
        municipality.content_version = 1
        added.append(folder.name)
    return added


def _municipality(file: Path, data: dict[str, Any]) -> Municipality:
    """A town as its file tells it; what is wrong is named now, and not when the first newcomer meets it."""
    for name in ("slug", "name", "country", "time_zone", "details"):
        if not data.get(name):
            raise ContentError(f"{file}: field {name} is missing")
    if unknown := sorted(set(data) - {"slug", "name", "country", "official_key", "time_zone", "details"}):
        raise ContentError(f"{file}: field {unknown[0]} is unknown")
    details = data["details"]
    if not isinstance(details, dict):
        raise ContentError(f"{file}: details must be named fields")
    for name in TOLD:
        told = details.get(name)
        if told is not None and not (isinstance(told, str) and told.strip()):
            raise ContentError(f"{file}: details: {name} must be a text")
    try:
        ZoneInfo(data["time_zone"])
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise ContentError(f"{file}: time_zone {data['time_zone']!r} is unknown; name one such as Europe/Berlin") from error
    try:
        read_periods(details)
        read_hours(details)
    except ValueError as error:
        raise ContentError(f"{file}: details: {error}") from error
    return Municipality(**data)


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


def examples(folder: Path) -> list[tuple[str, str]]:
    """(intent, text) of all Rasa training examples in a language's folder."""
    found = []
    for file in sorted(folder.glob("*.yml")):
        for group in _read(file)["nlu"]:
            found += [(group["intent"], line[2:].strip()) for line in group["examples"].splitlines() if line.startswith("- ")]
    return found


def warm_vectors(content: Path, cache: VectorCache) -> int:
    """Embed all sample content once for this machine; returns the number of texts looked at."""
    from lotse.answers.index import Text, warm

    found = []
    for file in sorted((content / "answers").glob("*/*/*.yml")):
        if file.name != "answer.yml":
            data = _text(_read(file))
            found.append(Text(file.parent.name, file.stem, data["title"], data["text"], tuple(data["questions"])))
    warm(found, cache)
    return len(found)


def _read(file: Path) -> Any:
    try:
        return read_yaml(file)
    except (OSError, yaml.YAMLError) as error:
        raise ContentError(f"{file}: {error}") from error
