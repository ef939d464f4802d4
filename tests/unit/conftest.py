"""What the unit tests share: the real languages, questionnaire, wording and a real database on a fresh file."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse import content, intake, languages
from lotse.embedder import Vector
from lotse.files import read_yaml
from lotse.intake import Questionnaire, Questionnaires
from lotse.languages import Identifier, Languages
from lotse.normalise import words
from lotse.settings import ROOT, Settings, from_environment
from lotse.storage import Database
from lotse.storage.crypto import Vault
from lotse.storage.tables import Conversation, Inbound, Intake, Municipality, Response
from lotse.wording import Wording

CONTENT = ROOT / "content"
OFFERED = ("de", "en", "uk", "ar", "ru", "nl")  # languages that every newcomer's text must exist in


@pytest.fixture(scope="session")
def known() -> Languages:
    """The list of languages."""
    return languages.load(CONTENT / "languages.yml")


@pytest.fixture(scope="session")
def questionnaire(known: Languages) -> Questionnaire:
    """The intake's questionnaire."""
    return intake.load(CONTENT / "questionnaires" / "intake", known)


@pytest.fixture(scope="session")
def questionnaires(known: Languages) -> Questionnaires:
    """The intake's questionnaire in all its versions."""
    return Questionnaires(CONTENT / "questionnaires" / "intake", known)


@pytest.fixture(scope="session")
def wording(known: Languages) -> Wording:
    """The bot's wording."""
    return Wording(known)


@pytest.fixture(scope="session")
def identifier(known: Languages) -> Identifier:
    """Tells the language of a text."""
    return Identifier([language.tag for language in known.all])


@pytest.fixture
def vault() -> Vault:
    """A vault with a key of its own."""
    return Vault((Fernet.generate_key().decode(),))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a home of its own."""
    return from_environment({"LOTSE_HOME": str(tmp_path / "home"), "LOTSE_CACHE": str(tmp_path / "cache")})


@lru_cache
def load_yaml(file: Path) -> Any:
    """A YAML file, read once; not to be changed."""
    return read_yaml(file)


@lru_cache
def training(tag: str) -> list[tuple[str, str]]:
    """(intent, text) of all training examples in a language."""
    return content.examples(ROOT / "data" / "nlu" / tag)


def held_out(tag: str) -> list[dict[str, Any]]:
    """The held-out messages of a language, with what they mean."""
    messages: list[dict[str, Any]] = load_yaml(ROOT / "tests" / "understanding" / tag / "messages.yml")
    return messages


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the tables and the sample towns, made once: to be copied."""
    settings = from_environment({"LOTSE_HOME": str(tmp_path_factory.mktemp("filled"))})
    database = Database(settings)
    database.migrate()
    with database.session() as session:
        content.fill(session, CONTENT)
    database.engine.dispose()
    return settings.home / "lotse.db"


@pytest.fixture
def database(settings: Settings, filled: Path) -> Iterator[Database]:
    """A fresh database with the sample towns."""
    settings.home.mkdir(parents=True)
    shutil.copy(filled, settings.home / "lotse.db")
    database = Database(settings)
    yield database
    database.engine.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction in the fresh database."""
    with database.session() as session:
        yield session


def musterstadt(session: Session) -> Municipality:
    """The sample town."""
    return session.scalars(select(Municipality).where(Municipality.slug == "musterstadt")).one()


def converse(
    session: Session, address: str = "chat 1", *, language: str = "uk", text: str = "привіт"
) -> tuple[Conversation, Inbound]:
    """A conversation with one message in it."""
    conversation = Conversation(
        municipality_id=musterstadt(session).id,
        channel="terminal",
        address=address,
        address_digest=hashlib.sha256(address.encode()).hexdigest(),
        language=language,
    )
    session.add(conversation)
    session.flush()
    inbound = Inbound(conversation_id=conversation.id, external_id="1", body={"text": text}, language=language)
    session.add(inbound)
    session.flush()
    return conversation, inbound


def told_in_full(
    session: Session, told: list[tuple[str, Any, str | None]], language: str, given_at: datetime | None = None
) -> tuple[Conversation, Intake]:
    """A submitted intake with these responses: question, value, words."""
    conversation, inbound = converse(session, language=language)
    intake = Intake(
        conversation_id=conversation.id,
        municipality_id=musterstadt(session).id,
        questionnaire="intake",
        version="2026-12",
        status="submitted",
        sent=1,
    )
    session.add(intake)
    for name, value, typed in told:
        response = Response(question=name, value=value, words=typed, language=language, inbound_id=inbound.id, sent_in=1)
        if given_at is not None:
            response.given_at = given_at
        intake.responses.append(response)
    session.flush()
    return conversation, intake


class BagOfWords:
    """A tiny embedder: texts that share words are similar, in any language; no model."""

    name = "bag-of-words"
    size = 64

    def query(self, text: str) -> Vector:
        return self._vector(text)

    def passage(self, text: str) -> Vector:
        return self._vector(text)

    def _vector(self, text: str) -> Vector:
        total = sum((_direction(word) for word in words(text)), np.zeros(self.size))
        return np.asarray(total / (np.linalg.norm(total) or 1.0), dtype=np.float32)


@lru_cache(maxsize=100_000)
def _direction(word: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(BagOfWords.size)
