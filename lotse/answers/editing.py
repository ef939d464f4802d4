"""Changing answers: what an editor saves waits as a draft, and the bot knows nothing of it until it is published.

    draft ──► in_review ──► published ──► retired
      ▲           │             ▲            │
      └───────────┘             └────────────┘

`in_review` is the state of a draft, also of a change of an answer that is published and stays so meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lotse.answers import opening, questions, versions
from lotse.answers.form import Form, Problem, TextForm, check, day, from_json, tidy, to_json
from lotse.answers.index import Text
from lotse.cleaning import clean
from lotse.normalise import words
from lotse.storage.tables import Answer, AnswerDraft, AnswerText, Municipality, now

__all__ = [
    "Conflict", "Form", "Problem", "TextForm", "ask_review", "check", "create", "discard", "draft_of", "form_of", "give_back",
    "publish", "retire", "save_draft", "source_language", "state_of", "texts_of", "tidy", "unsaved", "version",
]  # fmt: skip

LONGEST_SLUG = 60
LONGEST_REMARK = 2000  # characters
DRAFT, IN_REVIEW, PUBLISHED, RETIRED = "draft", "in_review", "published", "retired"
UPCOMING, EXPIRED = "upcoming", "expired"  # published, and outside its validity

log = structlog.get_logger()


class Conflict(Exception):
    """Somebody else has changed the answer since the form was opened."""


def source_language(municipality: Municipality) -> str:
    """The language in which a municipality writes first; the others are its translations."""
    return str(municipality.details.get("language", "de"))


def draft_of(session: Session, answer: Answer) -> AnswerDraft | None:
    """What is saved and not published."""
    return session.get(AnswerDraft, answer.id)


def form_of(answer: Answer, draft: AnswerDraft | None) -> Form:
    """The answer as it would be edited now: its draft, else what is stored."""
    if draft is not None:
        return from_json(draft.body)
    place = answer.place or {}
    return Form(
        topic=answer.topic,
        owner=answer.owner,
        scope=answer.scope,
        place_name=place.get("name", ""),
        place_address=place.get("address", ""),
        hours=opening.by_day(place.get("hours") or {}),
        source_name=answer.source_name,
        source_url=answer.source_url,
        checked_on=answer.checked_on.isoformat(),
        review_on=answer.review_on.isoformat(),
        valid_from=answer.valid_from.isoformat() if answer.valid_from else "",
        valid_until=answer.valid_until.isoformat() if answer.valid_until else "",
        related=tuple(answer.related),
        texts={
            text.language: TextForm(text.title, text.text, tuple(text.questions), text.status)
            for text in sorted(answer.texts, key=lambda text: text.language)
        },
    )


def state_of(answer: Any, draft: AnswerDraft | None, today: date) -> str:
    """The state of an answer (or of a row with its columns) for newcomers; of one that they never saw, that of its draft."""
    if answer.status == DRAFT:
        return draft.status if draft else DRAFT
    if answer.status == PUBLISHED and answer.valid_from and today < answer.valid_from:
        return UPCOMING
    if answer.status == PUBLISHED and answer.valid_until and answer.valid_until < today:
        return EXPIRED
    return str(answer.status)


def version(answer: Answer, draft: AnswerDraft | None) -> str:
    """A token of what is stored now: another one means that somebody has saved, published or retired since."""
    state = [to_json(form_of(answer, draft)), answer.status, draft is not None, *([IN_REVIEW] if _waits(draft) else [])]
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:32]


def texts_of(form: Form, answer_id: str = "") -> list[Text]:
    """What the form would put into the index, for embedding it beforehand."""
    return [Text(answer_id, tag, text.title, text.text, text.questions) for tag, text in form.texts.items()]


def unsaved(form: Form, answer_id: str = "preview") -> Answer:
    """An answer as the form describes it, for a look at it; not to be stored. Dates must be right."""
    answer = Answer(id=answer_id, source_id="preview", status=DRAFT, related=[], texts=[])
    _write_facts(answer, form)
    answer.texts = [_text(tag, text) for tag, text in form.texts.items() if text.is_written]
    return answer


def create(session: Session, municipality: Municipality, form: Form, staff_id: str) -> Answer:
    """A new answer that only editors see, from a tidied form without problems."""
    answer = Answer(municipality_id=municipality.id, source_id=_source_id(session, municipality, form), status=DRAFT, texts=[])
    _write_facts(answer, form)
    session.add(answer)
    session.flush()
    save_draft(session, answer, form, staff_id)
    return answer


def save_draft(session: Session, answer: Answer, form: Form, staff_id: str | None, expected: str | None = None) -> None:
    """Keep a tidied form without problems until it is published; one that changes nothing leaves no draft.

    `expected` is the version that the form was opened with; raises Conflict if it is not the stored one any more.
    """
    draft = _locked(session, answer, expected)
    if answer.status == PUBLISHED and form == form_of(answer, None):
        if draft is not None:
            session.delete(draft)
    else:
        draft = draft or AnswerDraft(answer_id=answer.id)
        draft.body, draft.staff_id, draft.saved_at = to_json(form), staff_id, now()
        draft.status = DRAFT  # what a publisher is to look at is what was there when they were asked
        session.add(draft)
    session.flush()


def ask_review(session: Session, answer: Answer, expected: str | None = None) -> None:
    """Ask a publisher to look at the draft; nothing happens where there is none."""
    draft = _locked(session, answer, expected)
    if draft is not None:
        draft.status, draft.remark = IN_REVIEW, None
        session.flush()


def give_back(session: Session, answer: Answer, remark: str, expected: str | None = None) -> None:
    """Back to the author, with what is to be changed in it."""
    draft = _locked(session, answer, expected)
    if draft is not None:
        draft.status, draft.remark = DRAFT, clean(remark)[:LONGEST_REMARK] or None
        session.flush()


def publish(session: Session, answer: Answer, staff_id: str, expected: str | None = None) -> None:
    """Put the draft into use: the bot's next message finds it. Without one, a retired answer comes back as it was.

    Embed `texts_of` the form before (Answers.warm): otherwise the newcomer who asks next waits for it.
    """
    draft = _locked(session, answer, expected)
    form = form_of(answer, draft)
    municipality = session.get_one(Municipality, answer.municipality_id)
    texts = form.texts
    if answer.status != DRAFT:
        before = form_of(answer, None)
        versions.keep_earlier(session, answer.id, before)
        texts = _with_outdated(before.texts, texts, source_language(municipality))
    _write_facts(answer, form)
    _write_texts(answer, texts)
    answer.status = PUBLISHED
    if draft is not None:
        session.delete(draft)
    session.flush()
    versions.keep(session, answer.id, form_of(answer, None), versions.PUBLISHED, staff_id)
    questions.answered(session, municipality.id, form.asked, answer.id)
    _raise_version(session, municipality.id)
    log.info("answer published", answer=answer.id, staff=staff_id)


def retire(session: Session, answer: Answer, expected: str | None = None) -> None:
    """Take an answer out of use. Others may go on naming it as related: the bot leaves out what is not published."""
    _locked(session, answer, expected)
    answer.status = RETIRED
    _raise_version(session, answer.municipality_id)


def discard(session: Session, answer: Answer, expected: str | None = None) -> bool:
    """Drop the draft; an answer that was never published goes with it. Returns whether the answer is still there."""
    draft = _locked(session, answer, expected)
    if answer.status == DRAFT:
        session.delete(answer)
    elif draft is not None:
        session.delete(draft)
    session.flush()
    return answer.status != DRAFT


def _waits(draft: AnswerDraft | None) -> bool:
    return draft is not None and draft.status == IN_REVIEW


def _locked(session: Session, answer: Answer, expected: str | None) -> AnswerDraft | None:
    """The draft, while nobody else can change the answer; on SQLite the whole transaction is exclusive already."""
    session.refresh(answer, with_for_update=True)
    draft = session.get(AnswerDraft, answer.id, populate_existing=True)
    if expected is not None and expected != version(answer, draft):
        raise Conflict
    return draft


def _write_facts(answer: Answer, form: Form) -> None:
    checked, review = day(form.checked_on), day(form.review_on)
    if checked is None or review is None:
        raise ValueError("the form has not been checked")
    place: dict[str, Any] = {"name": form.place_name, "address": form.place_address}
    if form.hours:
        place["hours"] = opening.by_range(form.hours)
    answer.topic, answer.owner, answer.scope = form.topic, form.owner, form.scope
    answer.place = place if form.place_name else None
    answer.source_name, answer.source_url = form.source_name, form.source_url
    answer.checked_on, answer.review_on = checked, review
    answer.valid_from, answer.valid_until = day(form.valid_from), day(form.valid_until)
    answer.related = list(form.related)


def _write_texts(answer: Answer, texts: dict[str, TextForm]) -> None:
    kept = {row.language: row for row in answer.texts if row.language in texts}
    for tag, text in texts.items():
        row = kept.setdefault(tag, AnswerText(language=tag))
        row.title, row.text, row.questions, row.status = text.title, text.text, list(text.questions), text.status
    answer.texts = list(kept.values())


def _text(tag: str, text: TextForm) -> AnswerText:
    return AnswerText(language=tag, title=text.title, text=text.text, questions=list(text.questions), status=text.status)


def _with_outdated(before: dict[str, TextForm], after: dict[str, TextForm], source: str) -> dict[str, TextForm]:
    """The texts, with translations marked that a change of the source text has left behind."""
    nothing = TextForm()

    def changed(tag: str) -> bool:
        old, new = before.get(tag, nothing), after.get(tag, nothing)
        return (old.title, old.text) != (new.title, new.text)

    if not changed(source):
        return after
    return {
        tag: replace(text, status="outdated")
        if tag != source and text.status in ("draft", "reviewed") and not changed(tag)
        else text
        for tag, text in after.items()
    }


def _raise_version(session: Session, municipality_id: str) -> None:
    rising = Municipality.content_version + 1
    session.execute(update(Municipality).where(Municipality.id == municipality_id).values(content_version=rising))
    session.flush()


def _source_id(session: Session, municipality: Municipality, form: Form) -> str:
    """A slug from the title that no other answer of the municipality has."""
    tags = (source_language(municipality), *form.texts)
    titles = (form.texts[tag].title for tag in tags if tag in form.texts)
    slug = next((slug for title in titles if (slug := _slug(title))), form.topic)
    taken = set(session.scalars(select(Answer.source_id).where(Answer.municipality_id == municipality.id)))
    return next(name for name in _numbered(slug) if name not in taken)


def _slug(title: str) -> str:
    latin = [word for word in words(title) if word.isascii()]
    return "_".join(latin)[:LONGEST_SLUG].rstrip("_")


def _numbered(slug: str) -> Iterable[str]:
    yield slug
    for number in count(2):
        yield f"{slug}_{number}"
