"""From a municipality's answers to a file, and from a file to what stands in it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lotse.answers import editing
from lotse.answers.exchange import table, xliff
from lotse.answers.exchange.units import PARTS, Bundle, ExchangeError, Unit, fingerprint, text_of
from lotse.answers.form import TextForm
from lotse.storage.tables import Answer, AnswerDraft, Municipality

__all__ = ["FORMATS", "WANTED", "Bundle", "ExchangeError", "Unit", "export", "file_name", "read", "write"]

WANTED = ("open", "all")  # open: nobody who speaks the language has written or reviewed it as it is now
LARGEST = 20_000_000  # bytes of a file
_OPEN = ("missing", "machine", "outdated")

_WRITERS: dict[str, Callable[[Bundle], bytes]] = {"xliff": xliff.write, "csv": table.write}
FORMATS = {"xliff": ("xlf", "application/xliff+xml"), "csv": ("csv", "text/csv; charset=utf-8")}  # ending, media type


def export(session: Session, municipality: Municipality, target: str, wanted: str = "all") -> Bundle:
    """All answers of a town that are not retired, as an editor would open them now."""
    source = editing.source_language(municipality)
    query = select(Answer).where(Answer.municipality_id == municipality.id, Answer.status != editing.RETIRED)
    answers = session.scalars(query.order_by(Answer.source_id).options(selectinload(Answer.texts))).all()
    drafts = session.scalars(select(AnswerDraft).join(Answer).where(Answer.municipality_id == municipality.id))
    by_answer = {draft.answer_id: draft for draft in drafts}
    nothing = TextForm()
    units: list[Unit] = []
    for answer in answers:
        texts = editing.form_of(answer, by_answer.get(answer.id)).texts
        original, translation = texts.get(source, nothing), texts.get(target, nothing)
        if not original.is_written or (wanted == "open" and translation.status not in _OPEN):
            continue
        for part in PARTS:
            if text_of(original, part):
                there = text_of(translation, part)
                seen = fingerprint(there)
                units.append(
                    Unit(answer.source_id, part, text_of(original, part), there or None, seen, status=translation.status)
                )
    return Bundle(source, target, tuple(units))


def file_name(municipality: Municipality, bundle: Bundle, kind: str) -> str:
    """A name that says what is in the file."""
    return f"{municipality.slug}-{bundle.source}-{bundle.target}.{FORMATS[kind][0]}"


def write(bundle: Bundle, kind: str) -> bytes:
    """The file's bytes."""
    return _WRITERS[kind](bundle)


def read(data: bytes) -> Bundle:
    """What stands in a file of either kind. Raises ExchangeError."""
    if len(data) > LARGEST:
        raise ExchangeError("too_large", f"the file is larger than {LARGEST // 1_000_000} MB; import it in parts")
    return xliff.read(data) if xliff.is_xml(data) else table.read(data)
