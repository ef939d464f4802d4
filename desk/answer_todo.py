"""Where editors begin: what there is to do about a town's answers, each with the way to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from desk import answer_pages
from desk.answer_editor import EDITORS
from desk.answer_pages import Row
from desk.answers import Editor
from desk.render import Desk, TheDesk
from lotse.answers import links, questions
from lotse.answers.questions import Group
from lotse.storage.tables import Answer, AnswerLink, Feedback, Municipality, now

SOON = timedelta(days=14)  # a review is announced so long before
SINCE = timedelta(days=90)  # thumbs are counted for so long
SHOWN = 8  # of each kind; the rest behind a link
VERDICTS = ("not_my_question", "not_true", "hard")  # thumbs down
TO_TRANSLATE = ("missing", "outdated", "machine")

router = APIRouter()


@dataclass(frozen=True)
class Thumbs:
    """How often an answer did not help, by verdict, and how often it did."""

    row: Row
    verdicts: dict[str, int]
    helpful: int

    @property
    def down(self) -> int:
        """All thumbs down."""
        return sum(self.verdicts.values())


@dataclass(frozen=True)
class Todo:
    """What there is to do."""

    groups: list[Group]
    by_language: list[tuple[str, int]]  # open questions
    waiting: int  # newcomers who wait for an answer
    reviews: list[Row]  # due, soon due: the oldest first
    in_review: list[Row]
    broken: list[tuple[AnswerLink, Row]]
    translations: list[tuple[str, dict[str, int]]]  # (language, number by status) where something is to be translated
    thumbs: list[Thumbs]


@router.get("/desk/answers/todo")
def page(desk: TheDesk, member: Editor, municipality: str = "", done: str = "") -> HTMLResponse:
    """The page."""
    today = date.today()
    with desk.core.database.reading() as session:
        towns = answer_pages.municipalities(session, member.municipalities(*EDITORS))
        town = next((each for each in towns if each.slug == municipality), towns[0])
        todo = gather(desk, session, town, member.language, today)
    return desk.page(
        member,
        "answers/todo.html",
        town=town,
        towns=towns,
        todo=todo,
        today=today,
        most=SHOWN,
        verdicts=VERDICTS,
        to_translate=TO_TRANSLATE,
        links_checked=desk.core.settings.check_links,
        done="links" if done == "links" else "",
    )


def gather(desk: Desk, session: Session, town: Municipality, language: str, today: date) -> Todo:
    """What there is to do in a town."""
    rows = answer_pages.rows(session, town, language, today)
    by_id = {row.id: row for row in rows}
    asked = questions.waiting(session, [town.id])
    published = [row for row in rows if row.status == "published"]
    offered = [each.tag for each in desk.core.languages.offered]
    by_status = {tag: Counter(row.statuses.get(tag, "missing") for row in published) for tag in offered}
    return Todo(
        groups=desk.core.answers.groups(town.id, asked),
        by_language=sorted(Counter(each.language for each in asked).items(), key=lambda pair: (-pair[1], pair[0])),
        waiting=len({each.conversation_id for each in asked if each.conversation_id}),
        reviews=sorted((row for row in published if row.review_on <= today + SOON), key=lambda row: row.review_on),
        in_review=[row for row in rows if row.in_review],
        broken=[(link, by_id[link.answer_id]) for link in links.problems(session, town.id) if link.answer_id in by_id],
        translations=[
            (tag, {status: counts[status] for status in TO_TRANSLATE if counts[status]})
            for tag, counts in by_status.items()
            if any(counts[status] for status in TO_TRANSLATE)
        ],
        thumbs=_thumbs(session, town.id, by_id),
    )


def _thumbs(session: Session, municipality_id: str, rows: dict[str, Row]) -> list[Thumbs]:
    """Published answers with thumbs down, those with the most first."""
    query = (
        select(Feedback.answer_id, Feedback.verdict, func.count())
        .join(Answer, Answer.id == Feedback.answer_id)
        .where(Answer.municipality_id == municipality_id, Answer.status == "published", Feedback.given_at >= now() - SINCE)
        .group_by(Feedback.answer_id, Feedback.verdict)
    )
    counts: dict[str, dict[str, int]] = {}
    for answer_id, verdict, count in session.execute(query):
        counts.setdefault(answer_id, {})[verdict] = count
    found = [
        Thumbs(rows[answer_id], {name: each[name] for name in VERDICTS if name in each}, each.get("helpful", 0))
        for answer_id, each in counts.items()
    ]
    return sorted((each for each in found if each.down), key=lambda each: (-each.down, each.row.title))
