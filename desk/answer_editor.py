"""The editor of an answer: what it has open, whom it lets in, and the page with everything that was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from babel import Locale
from babel.dates import get_day_names
from fastapi import HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse

from desk import answer_pages
from desk.answer_form import differences, language_of, one, typed
from desk.answer_trial import LONGEST, NEW, Trial, tried
from desk.render import Desk
from lotse.answers import editing, links, questions, readability, versions
from lotse.answers.editing import Form, Problem, TextForm
from lotse.answers.form import LONGEST_TEXT, LONGEST_TITLE, MOST_QUESTIONS, SCOPES, STATUSES, day
from lotse.answers.opening import DAYS
from lotse.answers.topics import GROUPS
from lotse.staff import Member, Role
from lotse.storage.tables import Answer, AnswerDraft, Municipality, Staff, UnansweredQuestion

LIST = "/desk/answers"
PATH_OF_NEW = f"{LIST}/new"
TOPICS = frozenset(topic for topics in GROUPS.values() for topic in topics)  # those that have a wording
# what wordings name as it is typed; as values they keep their direction in Arabic
EXAMPLES = {"hours": "08:00-16:00", "periods": "8-12, 14-18", "https": "https://", "http": "http://", "date": "2026-11-22"}
EDITORS = (Role.CONTENT_AUTHOR, Role.CONTENT_PUBLISHER)


@dataclass(frozen=True)
class Open:
    """What the editor has open: an answer with its draft, or a new one of a municipality."""

    municipality: Municipality
    answer: Answer | None = None
    draft: AnswerDraft | None = None

    @property
    def path(self) -> str:
        """Address of the page."""
        return f"{LIST}/{self.answer.id}" if self.answer else PATH_OF_NEW

    @property
    def version(self) -> str:
        """The token of what is stored."""
        return editing.version(self.answer, self.draft) if self.answer else ""

    @property
    def stored(self) -> Form:
        """What is stored."""
        return editing.form_of(self.answer, self.draft) if self.answer else Form()


@dataclass(frozen=True)
class Trouble:
    """Why a form comes back: what is wrong in it, or that somebody else was faster."""

    status: int = 200
    problems: Sequence[Problem] = field(default_factory=tuple)
    conflict: bool = False


@dataclass(frozen=True)
class Trying:
    """What was typed into the box that asks like a newcomer, and what came of it."""

    text: str = ""
    language: str = ""
    trial: Trial | None = None


def find_questions(
    session: Session, member: Member, question_ids: Sequence[str], status: str = questions.OPEN
) -> list[UnansweredQuestion]:
    """Those questions of one of the member's municipalities that are still open; others are left out, but not all."""
    allowed = member.municipalities(*EDITORS)
    found = [each for each in (session.get(UnansweredQuestion, one_id) for one_id in dict.fromkeys(question_ids)) if each]
    found = [each for each in found if each.municipality_id in allowed and each.status == status]
    if not found or len({each.municipality_id for each in found}) > 1:
        raise HTTPException(404)
    return found


def find_answer(session: Session, member: Member, answer_id: str) -> Answer:
    """An answer of the member's municipalities."""
    found = session.scalar(select(Answer).where(Answer.id == answer_id).options(selectinload(Answer.texts)))
    if found is None or found.municipality_id not in member.municipalities(*EDITORS):
        raise HTTPException(404)
    return found


def open_answer(session: Session, member: Member, answer_id: str) -> Open:
    """What is stored of an answer of the member's municipalities."""
    answer = find_answer(session, member, answer_id)
    return Open(session.get_one(Municipality, answer.municipality_id), answer, editing.draft_of(session, answer))


def may_publish(member: Member, here: Open) -> Answer:
    """The answer, if the member is a publisher in its municipality, and not only in another one."""
    if here.municipality.id not in member.municipalities(Role.CONTENT_PUBLISHER):
        raise HTTPException(403, "role")
    assert here.answer is not None
    return here.answer


def town_of(session: Session, member: Member, sent: FormData) -> Municipality:
    """The municipality of a new answer."""
    towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
    found = next((each for each in towns if each.slug == one(sent, "municipality")), None)
    if found is None:
        raise HTTPException(404)
    return found


def typed_form(desk: Desk, sent: FormData) -> Form:
    """What was typed, tidied."""
    return editing.tidy(typed(sent, [each.tag for each in desk.core.languages.all]))


def again(
    desk: Desk,
    member: Member,
    session: Session,
    here: Open,
    sent: FormData,
    trouble: Trouble | None = None,
    *,
    by_itself: bool = False,
) -> HTMLResponse:
    """The editor with what was typed."""
    language, beside = one(sent, "show") or one(sent, "language"), one(sent, "beside")
    if trouble and trouble.problems:  # a mistake may be in a language that is not open
        wrong = [tag for problem in trouble.problems if (tag := language_of(problem.field))]
        language = language if not wrong or {language, beside} & set(wrong) else wrong[0]
    version = here.version if trouble and trouble.conflict else one(sent, "version")
    form = typed_form(desk, sent)
    trial = None
    if not by_itself:  # the preview that follows somebody who types does not ask again
        changed = (here.answer.id if here.answer else NEW, form) if any(each.is_written for each in form.texts.values()) else None
        trial = tried(desk, session, here.municipality, one(sent, "try"), one(sent, "try_language"), changed)
    return editor_page(
        desk,
        member,
        session,
        here,
        form,
        language,
        beside,
        trouble=trouble,
        version=version,
        unsaved=True,
        trying=Trying(one(sent, "try")[:LONGEST], one(sent, "try_language"), trial),
        remark=one(sent, "remark"),
    )


def editor_page(
    desk: Desk,
    member: Member,
    session: Session,
    here: Open,
    form: Form,
    language: str,
    beside: str,
    *,
    trouble: Trouble | None = None,
    version: str | None = None,
    unsaved: bool = False,
    done: str = "",
    trying: Trying | None = None,
    remark: str = "",
) -> HTMLResponse:
    """The page: a form in a language beside another one, and what there is to say about it."""
    trouble = trouble or Trouble()
    known = [each.tag for each in desk.core.languages.all]
    source = editing.source_language(here.municipality)
    beside = beside if beside in known else source
    offered = [each.tag for each in desk.core.languages.offered if each.tag != source]
    language = language if language in known else (offered[0] if here.answer else source)
    found = answer_pages.rows(session, here.municipality, member.language, date.today())
    own_names = answer_pages.own_names(here.municipality, member.language)
    own_topics = answer_pages.own_topics(found, own_names)
    by_field: dict[str, list[Problem]] = {}
    for problem in trouble.problems:
        by_field.setdefault(problem.field, []).append(problem)
    context: dict[str, Any] = {
        "here": here,
        "form": form,
        "version": here.version if version is None else version,
        "problems": by_field,
        "conflict": differences(form, here.stored) if trouble.conflict else None,
        "language_tag": language,
        "beside": beside,
        "columns": list(dict.fromkeys((beside, language))),
        "tags": known,
        "title": title_of(form, (member.language, source)),
        "draft_by": _author(session, here.draft),
        "groups": GROUPS,
        "own_topics": own_topics,
        "own_names": own_names,
        "others": [row for row in found if here.answer is None or row.id != here.answer.id],
        "source": source,
        "nothing": TextForm(),
        "typed_topic": "" if form.topic in (*TOPICS, *own_topics) else form.topic,
        "unsaved": unsaved,
        # facts are typed once, translations often: they stand folded above the texts
        "facts_open": here.answer is None or any(language_of(name) is None and name != "language" for name in by_field),
        "review_on": day(form.review_on) or form.review_on,
        "topic_text": own_names.get(form.topic)
        or (desk.text(member, f"answers.topic.{form.topic}") if form.topic in TOPICS else form.topic),
        "days": DAYS,
        "day_names": day_names(member.language),
        "examples": EXAMPLES,
        "scopes": SCOPES,
        "statuses": STATUSES,
        "limits": {"title": LONGEST_TITLE, "text": LONGEST_TEXT, "questions": MOST_QUESTIONS},
        "may_publish": here.municipality.id in member.municipalities(Role.CONTENT_PUBLISHER),
        "preview": answer_pages.preview(desk.core, session, here.municipality.id, form, language),
        "done": done,
        "trying": trying or Trying(),
        "remark": remark,
        "content_state": editing.state_of(here.answer, here.draft, date.today()) if here.answer else "new",
        "in_review": here.draft is not None and here.draft.status == editing.IN_REVIEW,
        "versions": versions.count(session, here.answer.id) if here.answer else 0,
        "links": links.of_answer(session, here.answer.id) if here.answer else [],
        "is_problem": links.is_problem,
        "links_checked": desk.core.settings.check_links,
        "hints": {tag: readability.hint(text.text, tag) for tag, text in form.texts.items() if text.text},
        "zone": here.municipality.time_zone,
    }
    return desk.page(member, "answers/editor.html", trouble.status, **context)


def title_of(form: Form, preferred: tuple[str, ...]) -> tuple[str, str]:
    """(title, its language), in the first language that has one."""
    found = ((tag, form.texts[tag].title) for tag in (*preferred, *form.texts) if tag in form.texts)
    return next(((title, tag) for tag, title in found if title), ("", preferred[0]))


def day_names(language: str) -> dict[str, str]:
    """Names of the days of the week."""
    names = get_day_names("wide", context="stand-alone", locale=Locale.parse(language, sep="-"))
    return {name: names[number] for number, name in enumerate(DAYS)}


def _author(session: Session, draft: AnswerDraft | None) -> str:
    staff = session.get(Staff, draft.staff_id) if draft and draft.staff_id else None
    return staff.name if staff else ""
