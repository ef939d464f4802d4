"""What the pages about answers show: the list with its languages, the editor's choices, the preview. No web in here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.answers import editing, links, service, showing, topics
from lotse.answers.editing import Form
from lotse.answers.form import day
from lotse.answers.topics import GROUPS, OTHER, group_of
from lotse.core import Core
from lotse.normalise import normalise
from lotse.replies import Reply
from lotse.storage.tables import Answer, AnswerDraft, AnswerText, Municipality

# filters of the list; the first one is for all that is not retired
SHOWS = ("", "in_review", "review", "links", "draft", "retired")


@dataclass(frozen=True)
class Row:
    """An answer in the list."""

    id: str
    source_id: str
    title: str
    language: str  # of the title
    titles: tuple[str, ...]  # in all languages, for the search
    topic: str
    review_on: date
    is_due: bool
    status: str
    state: str  # editing.state_of
    has_draft: bool
    in_review: bool  # its draft waits for a publisher
    is_broken: bool  # it names an address that somebody has to look at
    statuses: dict[str, str]  # translation status by language


def rows(session: Session, municipality: Municipality, language: str, today: date) -> list[Row]:
    """All answers of a municipality. Only titles and statuses are read, not whole texts: there may be thousands."""
    answers = session.execute(
        select(
            Answer.id, Answer.source_id, Answer.topic, Answer.review_on, Answer.status, Answer.valid_from, Answer.valid_until
        ).where(Answer.municipality_id == municipality.id)
    ).all()
    broken = {link.answer_id for link in links.problems(session, municipality.id)}
    texts: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    query = select(AnswerText.answer_id, AnswerText.language, AnswerText.title, AnswerText.status)
    for answer_id, tag, title, status in session.execute(query.join(Answer).where(Answer.municipality_id == municipality.id)):
        texts[answer_id][tag] = (title, status)
    drafts = {draft.answer_id: draft for draft in _drafts(session, municipality.id)}
    source = editing.source_language(municipality)
    found = []
    for answer in answers:
        # an answer that was never published has its texts in the draft
        shown = texts[answer.id] or _in_draft(drafts.get(answer.id))
        titles = {tag: title for tag, (title, _) in shown.items() if title}
        tag = next((tag for tag in (language, source, *titles) if tag in titles), language)
        found.append(
            Row(
                id=answer.id,
                source_id=answer.source_id,
                title=titles.get(tag, ""),
                language=tag,
                titles=tuple(titles.values()),
                topic=answer.topic,
                review_on=answer.review_on,
                is_due=answer.review_on <= today and answer.status == "published",
                status=answer.status,
                state=editing.state_of(answer, drafts.get(answer.id), today),
                has_draft=answer.id in drafts,
                in_review=answer.id in drafts and drafts[answer.id].status == editing.IN_REVIEW,
                is_broken=answer.id in broken,
                statuses={tag: status for tag, (_, status) in shown.items()},
            )
        )
    return sorted(found, key=lambda row: normalise(row.title))


def chosen(found: list[Row], show: str, search: str, topic_names: dict[str, str]) -> list[Row]:
    """The rows that a filter and a search leave; retired answers stand under their own filter."""
    wanted = normalise(search.strip())
    filters = {
        "": lambda row: row.status != "retired",
        "in_review": lambda row: row.in_review,
        "links": lambda row: row.is_broken,
        "review": lambda row: row.is_due,
        "draft": lambda row: row.has_draft,
        "retired": lambda row: row.status == "retired",
    }
    return [
        row
        for row in found
        if filters[show](row)
        and any(wanted in normalise(text) for text in (*row.titles, row.topic, topic_names.get(row.topic, "")))
    ]


def by_group(found: list[Row], own: Iterable[str] = ()) -> list[tuple[str, list[Row]]]:
    """(group, its rows in the order of its topics), groups without rows left out; `own` are the municipality's in order."""
    grouped: dict[str, list[Row]] = {group: [] for group in (*GROUPS, OTHER)}
    for row in found:
        grouped[group_of(row.topic)].append(row)
    all_topics = [*(topic for each in GROUPS.values() for topic in each), *own]
    order = {topic: number for number, topic in enumerate(all_topics)}
    return [
        (group, sorted(members, key=lambda row: (order.get(row.topic, len(order)), row.topic)))
        for group, members in grouped.items()
        if members
    ]


def own_topics(found: list[Row], names: Mapping[str, str]) -> list[str]:
    """Topics that a municipality has beside those that every town has; those without a name come last."""
    return list(dict.fromkeys((*names, *sorted({row.topic for row in found if group_of(row.topic) == OTHER}))))


def own_names(municipality: Municipality, language: str) -> dict[str, str]:
    """Names of a municipality's own topics, as far as they have one."""
    return topics.own_names(municipality.details, (language, editing.source_language(municipality)))


def new_form(municipality: Municipality, today: date) -> Form:
    """What a new answer begins with."""
    half_a_year = date(today.year + (today.month > 6), (today.month + 5) % 12 + 1, min(today.day, 28))
    return Form(
        owner=municipality.name,
        source_name=municipality.name,
        checked_on=today.isoformat(),
        review_on=half_a_year.isoformat(),
    )


@dataclass(frozen=True)
class Bubble:
    """A message of the bot as the preview shows it: (text, language, whether it is the title), and buttons."""

    paragraphs: list[tuple[str, str, bool]]
    buttons: list[tuple[str, str]]


def preview(core: Core, session: Session, municipality_id: str, form: Form, language: str) -> list[Bubble]:
    """How the bot will show the answer in a language, with what waits behind "More"; nothing where it cannot."""
    offered = {each.tag for each in core.languages.offered}
    if language not in offered or not any(text.is_written for text in form.texts.values()):
        return []
    answer = editing.unsaved(with_dates(form))
    ids = session.scalars(select(Answer.id).where(Answer.municipality_id == municipality_id, Answer.source_id.in_(form.related)))
    replies = [showing.shown(answer, language, service.get(session, list(ids)))]
    if any(showing.part_of_press(button.about)[1] for row in replies[0].rows for button in row):
        replies.append(showing.rest(answer, language))
    return bubbles(core, replies, language)


def bubbles(core: Core, replies: Iterable[Reply], language: str) -> list[Bubble]:
    """Messages of the bot as the preview shows them."""
    return [_bubble(core, reply, language) for reply in replies]


def municipalities(session: Session, ids: Collection[str]) -> list[Municipality]:
    """Municipalities by name."""
    return list(session.scalars(select(Municipality).where(Municipality.id.in_(ids)).order_by(Municipality.name)))


def _bubble(core: Core, reply: Reply, language: str) -> Bubble:
    content = reply.language or language
    return Bubble(
        [
            (core.wording.render(part, language), content if isinstance(part, str) else language, number == reply.strong)
            for number, part in enumerate(reply.paragraphs)
        ],
        [(core.wording.render(button.label, language), language) for row in reply.rows for button in row],
    )


def with_dates(form: Form) -> Form:
    """The form with dates that can be shown, while they are still being typed."""
    today = date.today().isoformat()
    return replace(
        form,
        checked_on=form.checked_on if day(form.checked_on) else today,
        review_on=today,
        valid_from=form.valid_from if day(form.valid_from) else "",
        valid_until=form.valid_until if day(form.valid_until) else "",
    )


def _drafts(session: Session, municipality_id: str) -> list[AnswerDraft]:
    query = select(AnswerDraft).join(Answer, Answer.id == AnswerDraft.answer_id)
    return list(session.scalars(query.where(Answer.municipality_id == municipality_id)))


def _in_draft(draft: AnswerDraft | None) -> dict[str, tuple[str, str]]:
    return {} if draft is None else {tag: (text["title"], text["status"]) for tag, text in draft.body["texts"].items()}
