"""What was imported, and what is stored: only what changed where it came from is written, and nothing that staff changed.

For each answer the database keeps fingerprints of what was imported last. A text that still is what was imported
follows its page; any other one is staff's, stays as it is and is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from babel.core import get_global
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lotse.answers import editing, versions
from lotse.answers.form import LONGEST_TEXT, LONGEST_TITLE, Form, TextForm, from_json, to_json
from lotse.answers.importing.integreat import Bundle, Imported, ImportProblem, LeftOut, Page, PageText, digest, gather
from lotse.answers.index import Text
from lotse.storage.tables import Answer, AnswerDraft, AnswerImport, AnswerText, Municipality, now

FEW_PAGES = 20  # so many pages may be gone without being asked for, whatever their share
BY_LANGUAGE = ("pages", "keys", "texts", "statuses")  # of what is known as imported
FACTS = ("topic", "source_name", "source_url")  # with the two dates, what follows the page


@dataclass(frozen=True)
class Note:
    """Something about an answer that staff should know."""

    source_id: str
    title: str
    language: str  # empty: about the whole answer
    reason: str


@dataclass
class Report:
    """What an import did."""

    municipality: str
    created: bool
    region: str
    languages: dict[str, int]  # pages by language
    texts: dict[str, int]  # with a text
    topics: int
    answers: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("added", "updated", "unchanged", "retired", "published_again"), 0)
    )
    staff: int = 0  # texts that staff changed and that stayed
    content_version: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def new_town(slug: str, name: str, country: str, language: str) -> Municipality:
    """A town that is ready to be talked to; its opening hours and promises are those that a town can usually keep."""
    details = {
        "reference_prefix": next((letter.upper() for letter in slug if letter.isalpha()), "L"),
        "staff_hours": {"days": "mon-fri", "from": "08:00", "to": "16:00"},
        "promise_days": 2,
        "guides": name,
        "language": language,
    }
    return Municipality(slug=slug, name=name, country=country, time_zone=_zone(country), details=details, content_version=0)


def plan(session: Session, files: Sequence[Sequence[Page]], municipality: Municipality) -> Bundle:
    """What the files would bring into this municipality; chapters keep the slugs that they have."""
    topics: dict[str, Any] = municipality.details.get("topics", {})
    slugs = {name: slug for slug, topic in topics.items() for name in _names(topic)}
    used = set(session.scalars(select(Answer.topic).where(Answer.municipality_id == municipality.id)))
    taken = (used | set(topics)) - set(slugs.values())
    return gather(files, editing.source_language(municipality), municipality.name, slugs, taken)


def _names(topic: Mapping[str, Any]) -> list[str]:
    """Id and keys of the pages of a chapter; none of a topic that was not imported."""
    return [topic["source_id"], *topic["pages"].values()] if "pages" in topic else []


def texts_of(bundle: Bundle) -> list[Text]:
    """What the index will need, to be embedded before anything is stored."""
    return [
        Text(answer.source_id, tag, text.title, text.text, (), bundle.chapters[answer.topic].titles.get(tag, ""))
        for answer in bundle.answers
        for tag, text in answer.texts.items()
    ]


def store(session: Session, municipality: Municipality, bundle: Bundle, *, created: bool = False, many: bool = False) -> Report:
    """Bring the database in step with the bundle, in the caller's transaction. Raises ImportProblem, `many` or not."""
    session.refresh(municipality, with_for_update=True)
    return _Store(session, municipality, bundle, created).run(many)


class _Store:
    """One import into one municipality."""

    def __init__(self, session: Session, municipality: Municipality, bundle: Bundle, created: bool) -> None:
        self._session, self._municipality, self._bundle = session, municipality, bundle
        self._source = editing.source_language(municipality)
        self._given = set(bundle.languages)
        in_town = select(Answer).where(Answer.municipality_id == municipality.id).options(selectinload(Answer.texts))
        answers = list(session.scalars(in_town))
        records = session.scalars(select(AnswerImport).join(Answer).where(Answer.municipality_id == municipality.id))
        drafts = session.scalars(select(AnswerDraft).join(Answer).where(Answer.municipality_id == municipality.id))
        self._answers = {answer.id: answer for answer in answers}
        self._records = {record.answer_id: record for record in records}
        self._drafts = {draft.answer_id: draft for draft in drafts}
        self._changed = False
        self._written: list[Answer] = []
        self._report = Report(
            municipality=municipality.slug,
            created=created,
            region=bundle.region,
            languages=dict(bundle.pages),
            texts={tag: sum(tag in answer.texts for answer in bundle.answers) for tag in bundle.languages},
            topics=len(bundle.chapters),
            left_out=list(bundle.left_out),
        )

    def run(self, many: bool) -> Report:
        """Do it."""
        matched = self._matched()
        gone = [
            answer_id
            for answer_id, record in self._records.items()
            if record.body["region"] == self._bundle.region and answer_id not in matched.values()
        ]
        if not many:
            self._check_loss(matched)
        for number, imported in enumerate(self._bundle.answers):
            answer_id = matched.get(number)
            if answer_id is None:
                self._add(imported)
            else:
                self._update(self._answers[answer_id], imported)
        for answer_id in gone:
            self._lose(self._answers[answer_id], self._records[answer_id])
        self._session.flush()
        for answer in self._written:
            versions.keep(self._session, answer.id, editing.form_of(answer, None), versions.IMPORTED)
        self._set_topics()
        self._warn_of_limits()
        if self._changed:
            self._municipality.content_version += 1
        self._session.flush()
        self._report.content_version = self._municipality.content_version
        return self._report

    # which is which

    def _matched(self) -> dict[int, str]:
        """The stored answer of each imported one: by its id, else by the id of any of its pages, else by a key."""
        by_id = {answer.source_id: answer.id for answer in self._answers.values()}
        by_page = {str(page): each for each, record in self._records.items() for page in record.body["pages"].values()}
        by_key = {key: each for each, record in self._records.items() for key in record.body["keys"].values()}
        found: dict[int, str] = {}
        for known, names in (
            (by_id, lambda imported: [imported.source_id]),
            (by_page, lambda imported: map(str, sorted(imported.ids))),
            (by_key, lambda imported: sorted(imported.keys)),
        ):
            for number, imported in enumerate(self._bundle.answers):
                if number not in found:
                    fitting = (known[name] for name in names(imported) if name in known)
                    answer_id = next((each for each in fitting if each not in found.values()), None)
                    if answer_id is not None:
                        found[number] = answer_id
        return found

    def _check_loss(self, matched: Mapping[int, str]) -> None:
        """A file that was cut off must not empty a town."""
        here = {answer_id: self._bundle.answers[number].texts for number, answer_id in matched.items()}
        for tag in self._bundle.languages:
            stored = [
                answer_id
                for answer_id, record in self._records.items()
                if tag in record.body["pages"] and record.body["region"] == self._bundle.region and not record.body["gone"]
            ]
            lost = sum(tag not in here.get(answer_id, ()) for answer_id in stored)
            if lost >= FEW_PAGES and 2 * lost > len(stored):
                raise ImportProblem(
                    f"{lost} of {len(stored)} pages in {tag} are not there any more and would retire; "
                    "is the file complete? If it is meant: --retire-many"
                )

    def _others_stay(self, record: AnswerImport) -> bool:
        return not set(record.body["pages"]) <= self._given

    # one answer

    def _add(self, imported: Imported) -> None:
        answer = Answer(
            municipality_id=self._municipality.id,
            source_id=imported.source_id,
            owner=self._municipality.name,
            scope="local",
            place=None,
            related=[],
            status="published",
            checked_on=imported.checked_on,
            review_on=imported.review_on,
            texts=[
                AnswerText(language=tag, title=text.title, text=text.text, questions=[], status=text.status)
                for tag, text in imported.texts.items()
            ],
            **{name: getattr(imported, name) for name in FACTS},
        )
        self._session.add(answer)
        self._session.flush()
        self._session.add(AnswerImport(answer_id=answer.id, body=self._body(imported, _facts(imported)), at=now()))
        self._written.append(answer)
        self._report.answers["added"] += 1
        self._changed = True

    def _update(self, answer: Answer, imported: Imported) -> None:
        before = editing.form_of(answer, None)
        record = self._records.get(answer.id)
        if record is None:  # an answer of the same id that was not imported: all its texts are staff's
            nothing = {"region": self._bundle.region, **_only(None, lambda tag: False), "facts": {}, "gone": False}
            record = self._records[answer.id] = AnswerImport(answer_id=answer.id, body=nothing, at=now())
            self._session.add(record)
        seen = record.body
        # a translation that comes without its source does not tell the facts
        tells = self._source in imported.texts or self._source not in seen["pages"] or self._source in self._given
        facts = _facts(imported) if tells else seen["facts"]
        if tells:
            self._follow_facts(answer, imported, seen["facts"])
        written = {tag for tag, text in imported.texts.items() if self._follow_text(answer, text, tag, seen)}
        lost = [tag for tag in seen["pages"] if tag in self._given and tag not in imported.texts]
        for tag in lost:
            self._lose_text(answer, tag, seen)
        if self._source in written:
            self._leave_behind(answer, set(imported.texts))
        came_back = answer.status == "retired" and seen["gone"]
        if came_back:
            answer.status = "published"
        elif answer.status == "retired":
            self._note(answer, "", "retired at the desk; it stays so, though its page is there")
        body = self._body(imported, facts, seen)
        if body != seen:
            record.body, record.at = body, now()
        after = editing.form_of(answer, None)
        changed = after != before
        if changed:
            self._wrote(answer, before)
            self._rebase(answer, before, after)
        self._changed = self._changed or changed or came_back
        self._report.answers["published_again" if came_back else "updated" if changed else "unchanged"] += 1

    def _body(self, imported: Imported, facts: Mapping[str, str], seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What is known from now on as imported; languages that were not given stay as they were."""
        kept = _only(seen, lambda tag: tag not in self._given)
        new: dict[str, dict[str, Any]] = {
            "pages": {tag: text.page for tag, text in imported.texts.items()},
            "keys": {tag: text.key for tag, text in imported.texts.items()},
            "texts": {tag: text.digest for tag, text in imported.texts.items()},
            "statuses": {tag: text.status for tag, text in imported.texts.items()},
        }
        merged = {name: kept[name] | new[name] for name in BY_LANGUAGE}
        return {"region": self._bundle.region, **merged, "facts": facts, "gone": False}

    def _follow_facts(self, answer: Answer, imported: Imported, seen: Mapping[str, str]) -> None:
        """Topic, source and dates follow the page unless staff set them; a newer date of the page counts in any case."""
        for name in FACTS:
            if getattr(answer, name) == seen.get(name) and getattr(answer, name) != getattr(imported, name):
                setattr(answer, name, getattr(imported, name))
        here, there = (answer.checked_on, answer.review_on), (imported.checked_on, imported.review_on)
        untouched = [day.isoformat() for day in here] == [seen.get("checked_on"), seen.get("review_on")]
        if here != there and (untouched or here[0] < there[0]):
            answer.checked_on, answer.review_on = there

    def _follow_text(self, answer: Answer, text: PageText, tag: str, seen: Mapping[str, Any]) -> bool:
        """Write a page's text if the stored one is what was imported last; returns whether it was written."""
        row = next((each for each in answer.texts if each.language == tag), None)
        stored = digest(row.title, row.text) if row is not None and (row.title or row.text) else None
        last = seen["texts"].get(tag)
        if stored == text.digest:
            if row is not None and row.status == seen["statuses"].get(tag) != text.status:
                row.status = text.status
            return False
        if stored != last:
            self._report.staff += 1
            if last != text.digest:
                reason = "the page has changed; staff's text stays" if stored else "the page has changed; staff took the text out"
                self._note(answer, tag, reason if last else "there is a page now; the text that staff wrote stays")
            return False
        if row is None:
            row = AnswerText(language=tag, questions=[])
            answer.texts.append(row)
        row.title, row.text, row.status = text.title, text.text, text.status
        return True

    def _lose_text(self, answer: Answer, tag: str, seen: Mapping[str, Any]) -> None:
        """The page is gone in one language: so is its text, unless staff changed it. Example questions stay."""
        row = next((each for each in answer.texts if each.language == tag), None)
        if row is None or not row.title:
            return
        others = any(each.title and each.text for each in answer.texts if each is not row)
        if digest(row.title, row.text) != seen["texts"].get(tag) or not others:
            self._note(answer, tag, "the page is gone in this language; staff's text stays")
        elif row.questions:
            row.title, row.text, row.status = "", "", "missing"
        else:
            answer.texts.remove(row)

    def _leave_behind(self, answer: Answer, given: set[str]) -> None:
        """Translations that did not come along are outdated when the source text has changed, as at the desk."""
        for row in answer.texts:
            if row.language != self._source and row.language not in given and row.status in ("draft", "reviewed") and row.title:
                row.status = "outdated"

    def _lose(self, answer: Answer, record: AnswerImport) -> None:
        """The page is gone: the answer retires. It stays if a language that was not given still has it."""
        seen = record.body
        if self._others_stay(record):
            before = editing.form_of(answer, None)
            lost = [tag for tag in seen["pages"] if tag in self._given]
            for tag in lost:
                self._lose_text(answer, tag, seen)
            if lost:
                record.body, record.at = {**seen, **_only(seen, lambda tag: tag not in lost)}, now()
            after = editing.form_of(answer, None)
            if after != before:
                self._wrote(answer, before)
                self._rebase(answer, before, after)
                self._changed = True
            self._report.answers["updated" if after != before else "unchanged"] += 1
        elif not seen["gone"]:
            record.body, record.at = {**seen, "gone": answer.status == "published"}, now()
            if answer.status == "published":
                answer.status = "retired"
                self._changed = True
                self._report.answers["retired"] += 1
                if any(digest(row.title, row.text) != seen["texts"].get(row.language) for row in answer.texts if row.title):
                    self._note(answer, "", "retired because its page is gone; it has texts that staff changed")
        elif answer.status == "published":
            self._note(answer, "", "its page is gone; it was published again at the desk and stays so")

    def _wrote(self, answer: Answer, before: Form) -> None:
        """It will be kept as a version; where none was kept yet, what it was before too."""
        versions.keep_earlier(self._session, answer.id, before)
        self._written.append(answer)

    def _rebase(self, answer: Answer, before: Form, after: Form) -> None:
        """What staff saved and have not published yet: where they changed nothing, it follows the page as well."""
        draft = self._drafts.get(answer.id)
        if draft is None:
            return
        form = from_json(draft.body)
        names = (*FACTS, "checked_on", "review_on")
        facts = {name: getattr(after, name) for name in names if getattr(form, name) == getattr(before, name)}
        texts = dict(form.texts)
        nothing = TextForm()
        for tag in {**before.texts, **after.texts}:
            mine, old, new = (each.get(tag, nothing) for each in (form.texts, before.texts, after.texts))
            if (mine.title, mine.text) == (old.title, old.text):
                status = new.status if mine.status == old.status else mine.status
                texts[tag] = replace(mine, title=new.title, text=new.text, status=status)
            elif (old.title, old.text) != (new.title, new.text):
                self._note(answer, tag, "a draft at the desk was made from the older text; compare before publishing it")
        texts = {tag: text for tag, text in sorted(texts.items()) if not text.is_empty}
        draft.body = to_json(replace(form, **facts, texts=texts))

    # the whole town

    def _set_topics(self) -> None:
        """Chapters as the town's own topics. Those that nothing uses any more go; titles in other languages stay."""
        details = dict(self._municipality.details)
        stored: dict[str, Any] = details.get("topics", {})
        used = set(self._session.scalars(select(Answer.topic).where(Answer.municipality_id == self._municipality.id)))
        topics: dict[str, Any] = {}
        for slug, chapter in self._bundle.chapters.items():
            old = stored.get(slug, {})
            topics[slug] = {
                "parent": chapter.parent,
                "titles": self._with_others(chapter.titles, old.get("titles", {})),
                "source_id": old.get("source_id", chapter.source_id),
                "pages": self._with_others(chapter.keys, old.get("pages", {})),
            }
        partial = any(self._others_stay(record) for record in self._records.values())
        for slug, topic in stored.items():
            if slug not in topics and (slug in used or "pages" not in topic or partial):
                topics[slug] = dict(topic)
        for topic in topics.values():
            if topic.get("parent") not in topics:
                topic["parent"] = None
        if topics != stored:
            self._municipality.details = {**details, "topics": topics}
            self._changed = True

    def _with_others(self, given: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
        """What was given by language, and what is stored in languages that were not."""
        kept = {tag: value for tag, value in stored.items() if tag not in self._given}
        return dict(sorted((kept | dict(given)).items()))

    def _warn_of_limits(self) -> None:
        for imported in self._bundle.answers:
            for tag, text in imported.texts.items():
                if len(text.text) > LONGEST_TEXT or len(text.title) > LONGEST_TITLE:
                    reason = f"kept whole, but longer than the desk's form takes ({len(text.text)} characters)"
                    self._report.notes.append(Note(imported.source_id, text.title, tag, reason))

    def _note(self, answer: Answer, tag: str, reason: str) -> None:
        titles = {row.language: row.title for row in answer.texts if row.title}
        title = titles.get(tag) or titles.get(self._source) or next(iter(titles.values()), "")
        self._report.notes.append(Note(answer.source_id, title, tag, reason))


def _only(seen: Mapping[str, Any] | None, wanted: Callable[[str], bool]) -> dict[str, dict[str, Any]]:
    """What is known by language, of some languages."""
    return {name: {tag: value for tag, value in (seen or {}).get(name, {}).items() if wanted(tag)} for name in BY_LANGUAGE}


def _facts(imported: Imported) -> dict[str, str]:
    dates: dict[str, date] = {"checked_on": imported.checked_on, "review_on": imported.review_on}
    return {name: getattr(imported, name) for name in FACTS} | {name: day.isoformat() for name, day in dates.items()}


def _zone(country: str) -> str:
    """A country's time zone; where it has several, one on the continent."""
    zones = [zone for zone, territory in get_global("zone_territories").items() if territory == country]
    return min(zones, key=lambda zone: (not zone.startswith("Europe/"), zone), default="Etc/UTC")
