"""Questionnaires as they stand in the content folder now, and as they were when an intake began.

Words may change at any time and are used at once. When the questions themselves change, who has begun goes on with those
that they began with: the whole questionnaire is kept with its fingerprint (`questionnaire_version`).
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from lotse.errors import OperatorError
from lotse.intake.questionnaire import Questionnaire, load, parse
from lotse.languages import Languages
from lotse.storage.tables import Intake, QuestionnaireVersion

LOOK_EVERY = 0.5  # seconds between looks for changed files

log = structlog.get_logger()

Stamp = tuple[tuple[str, int, int], ...]


class Questionnaires:
    """One questionnaire of the content folder, in all its versions; one that is wrong at the start raises QuestionnaireError."""

    def __init__(self, folder: Path, languages: Languages) -> None:
        self._folder = folder
        self._languages = languages
        self._stamp = _stamp(folder)
        self._current = load(folder, languages)
        self._looked_at = time.monotonic()
        self._former: dict[str, Questionnaire] = {}
        self._lock = threading.Lock()

    def current(self) -> Questionnaire:
        """The questionnaire of new intakes; one that was changed and is wrong is named in the log and not used."""
        with self._lock:
            if time.monotonic() - self._looked_at >= LOOK_EVERY:
                self._looked_at = time.monotonic()
                stamp = _stamp(self._folder)
                if stamp != self._stamp:
                    self._stamp = stamp
                    self._load()
            return self._current

    def of(self, session: Session, intake: Intake | None) -> Questionnaire:
        """The questionnaire that an intake began with, in the newest words where only words have changed."""
        current = self.current()
        digest = intake.digest if intake is not None else None
        if digest is None or digest == current.digest:
            return current
        if digest not in self._former:
            kept = session.get(QuestionnaireVersion, digest)
            if kept is None:
                return current
            self._former[digest] = parse(kept.body, self._languages)
        return self._former[digest]

    def keep(self, session: Session, questionnaire: Questionnaire) -> None:
        """Keep a questionnaire as it is when an intake begins with it."""
        if session.get(QuestionnaireVersion, questionnaire.digest) is None:
            session.merge(
                QuestionnaireVersion(
                    digest=questionnaire.digest,
                    name=questionnaire.name,
                    version=questionnaire.version,
                    body=questionnaire.source,
                )
            )
            session.flush()

    def _load(self) -> None:
        try:
            self._current = load(self._folder, self._languages)
        except OperatorError as error:
            log.error("questionnaire not used, the one before stays", cause=str(error).splitlines()[0])


def _stamp(folder: Path) -> Stamp:
    """By which a changed, added or removed file is noticed."""
    found = ((file.name, file.stat()) for file in sorted(folder.glob("*.yml")))
    return tuple((name, state.st_mtime_ns, state.st_size) for name, state in found)
