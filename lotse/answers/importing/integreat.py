"""Pages of the Integreat API as answers: cleaned, linked across languages, put under their chapters. Pure functions.

The id of a page is that of a version in one language: it is another one after every change. What stays is the last
step of its path, which a region has once in each language. So both count, here called id and key.
"""

from __future__ import annotations

import ast
import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote, unquote

from lotse.answers import editing
from lotse.answers.form import LONGEST_NAME, Form, TextForm, is_web_address
from lotse.answers.importing.plain import line, plain
from lotse.answers.topics import GROUPS, is_slug
from lotse.normalise import words

SITE = "https://integreat.app"
ALIASES = {"ku": "kmr", "prs": "fa-AF"}  # Integreat's names of languages that are not ours
LONGEST_SLUG = 80
BEHIND = timedelta(days=1)  # a translation that was saved earlier than its source by more may be outdated
AGAIN = "download the file again"

_ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


class ImportProblem(Exception):
    """What is wrong in which file and page, and what to do."""


@dataclass(frozen=True)
class Page:
    """A page in one language, its text cleaned."""

    id: int
    language: str
    region: str
    path: str
    title: str
    text: str
    url: str
    updated: datetime
    parent: str  # path; empty at the top
    others: Mapping[str, tuple[int, str]] = field(default_factory=dict)  # id and path of its translations, by language
    file: str = ""

    @property
    def key(self) -> str:
        """What stays when the page changes."""
        return key_of(self.region, self.language, self.path)


@dataclass(frozen=True)
class PageText:
    """What an answer gets from a page."""

    page: int
    key: str
    title: str
    text: str
    status: str

    @property
    def digest(self) -> str:
        """By which is known whether it has been changed since."""
        return digest(self.title, self.text)


@dataclass(frozen=True)
class Imported:
    """An answer as Integreat has it."""

    source_id: str
    ids: frozenset[int]  # of all its pages, also of those in languages that were not given
    keys: frozenset[str]
    topic: str
    source_name: str
    source_url: str
    checked_on: date
    review_on: date
    texts: Mapping[str, PageText]


@dataclass(frozen=True)
class LeftOut:
    """A page that did not become an answer."""

    page: int
    language: str
    title: str
    file: str
    reason: str


@dataclass(frozen=True)
class Chapter:
    """A topic of the town's own."""

    source_id: str
    keys: Mapping[str, str]
    parent: str | None
    titles: Mapping[str, str]


@dataclass(frozen=True)
class Bundle:
    """Everything that files hold."""

    region: str
    languages: tuple[str, ...]  # in the order of the files
    pages: Mapping[str, int]  # number of pages, by language
    answers: Sequence[Imported]
    chapters: Mapping[str, Chapter]  # by slug, in the order of the pages
    left_out: Sequence[LeftOut]


@dataclass(eq=False)
class _Group:
    """The versions of a page."""

    ids: dict[str, int] = field(default_factory=dict)  # by language; also of pages that were not given
    pages: dict[str, Page] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)  # like ids
    members: set[int] = field(default_factory=set)  # every id that was said to be one of them
    parent: _Group | None = None
    has_children: bool = False


def read(file: str, data: Any, known: Collection[str]) -> list[Page]:
    """The pages of one file, all in one language. Raises ImportProblem."""
    if not isinstance(data, list):
        raise ImportProblem(f"{file}: this is no list of pages; download .../api/v3/REGION/LANGUAGE/pages/ again")
    if not data:
        raise ImportProblem(f"{file}: there is no page in it, so every answer would retire; {AGAIN}")
    pages: list[Page] = []
    for number, raw in enumerate(data, 1):
        try:
            pages.append(_page(file, raw, known))
        except _Wrong as wrong:
            has_id = isinstance(raw, dict) and isinstance(raw.get("id"), int | str)
            raise ImportProblem(f"{file}: page {str(raw['id'])[:40] if has_id else f'number {number}'}: {wrong}") from None
    first = pages[0]
    seen: set[int] = set()
    for page in pages:
        if page.id in seen:
            raise ImportProblem(f"{file}: page {page.id}: it stands in the file twice; {AGAIN}")
        if (page.region, page.language) != (first.region, first.language):
            raise ImportProblem(
                f"{file}: page {page.id}: it is of {page.region}/{page.language}, others are of {first.region}/{first.language}; "
                "give each region and language a file of its own"
            )
        seen.add(page.id)
    return pages


def gather(
    files: Sequence[Sequence[Page]], source: str, town: str, slugs: Mapping[str, str] | None = None, taken: Collection[str] = ()
) -> Bundle:
    """All files together as answers and chapters.

    `source` is the language in which the town writes first; `slugs` are those that chapters have from earlier imports,
    by id and key of their pages; `taken` are topics that are something else already.
    """
    _check_files(files)
    pages = [page for file in files for page in file]
    languages = tuple(file[0].language for file in files)
    order = (source, *languages)
    groups = _linked(pages)
    _place(groups, order)
    chapters, slug_of = _chapters(groups, order, slugs or {}, taken)
    answers, left_out = [], []
    for group in groups:
        texts = {tag: page for tag, page in group.pages.items() if page.text}
        if texts:
            answers.append(_imported(group, texts, order, town, slug_of[id(group.parent or group)]))
        elif not group.has_children:
            left_out += [
                LeftOut(page.id, tag, page.title, page.file, "there is no text on it, at most pictures")
                for tag, page in group.pages.items()
            ]
        if texts:
            left_out += [
                LeftOut(page.id, tag, page.title, page.file, "this translation has no text")
                for tag, page in group.pages.items()
                if not page.text
            ]
    counts = {file[0].language: len(file) for file in files}
    return Bundle(pages[0].region, languages, counts, answers, chapters, left_out)


def name_of_town(slug: str, pages: Iterable[Page]) -> str:
    """The town's name as its own pages write it; else its slug with capital letters."""
    letters = {"ae": "(?:ae|ä)", "oe": "(?:oe|ö)", "ue": "(?:ue|ü)", "ss": "(?:ss|ß)"}
    parts = [part for part in re.split("[-_]", slug) if part]
    spelt = [re.sub("ae|oe|ue|ss", lambda found: letters[found.group()], part) for part in parts]
    pattern = re.compile(r"(?<!\w)" + r"[-\s]+".join(spelt) + r"(?!\w)", re.IGNORECASE)
    seen: dict[str, int] = {}
    for page in pages:
        for found in pattern.findall(f"{page.title}\n{page.text}"):
            name = " ".join(found.split())
            if name[:1].isupper() and name != name.upper():
                seen[name] = seen.get(name, 0) + 1
    return max(seen, key=lambda name: seen[name]) if seen else " ".join(part.capitalize() for part in parts)


def key_of(region: str, language: str, path: str) -> str:
    """The key of a page."""
    return f"{region}/{language}/{path.strip('/').rpartition('/')[2]}"


def digest(title: str, text: str) -> str:
    """A fingerprint of a text."""
    return hashlib.sha256(f"{title}\0{text}".encode("utf-8", "replace")).hexdigest()[:32]


# reading a page


class _Wrong(Exception):
    """What is wrong in a page."""


def _page(file: str, raw: Any, known: Collection[str]) -> Page:
    if not isinstance(raw, dict):
        raise _Wrong(f"it is no object; {AGAIN}")
    number = raw.get("id")
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise _Wrong(f"`id` has to be a whole number; {AGAIN}")
    path = _path(_text_of(raw, "path"))
    steps = path.strip("/").split("/")
    if len(steps) < 3:
        raise _Wrong(f"`path` has to be /REGION/LANGUAGE/PAGE/, and is {raw['path']!r}; {AGAIN}")
    language = _tag(steps[1], known)
    if language not in known:
        raise _Wrong(
            f"its language {language!r} is not in content/languages.yml; leave this file out, "
            "or add the language (docs/tasks/add-a-language.md)"
        )
    url = raw.get("url")
    if not isinstance(url, str) or not is_web_address(url):
        url = SITE + quote(path)
    title = line(_text_of(raw, "title"))
    if not title:
        raise _Wrong("it has no title; give it one in Integreat and download the file again")
    content = raw.get("content")
    if content is not None and not isinstance(content, str):
        raise _Wrong(f"`content` has to be a text; {AGAIN}")
    return Page(
        id=number,
        language=language,
        region=steps[0],
        path=path,
        title=title,
        text=_tidied(title, plain(content or "", url)),
        url=url,
        updated=_moment(raw),
        parent=_parent(raw.get("parent")),
        others=_others(raw.get("available_languages"), known),
        file=file,
    )


def _text_of(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"`{name}` is missing; {AGAIN}")
    return value


def _path(text: str) -> str:
    """One spelling of a path: percent signs resolved, a slash at both ends."""
    return "/" + unicodedata.normalize("NFC", unquote(text.strip())).strip("/") + "/"


def _tag(code: str, known: Collection[str]) -> str:
    code = ALIASES.get(code.lower(), code)
    return next((tag for tag in known if tag.lower() == code.lower()), code)


def _tidied(title: str, text: str) -> str:
    """The text as the desk's form would keep it, without a first line that only says the title again."""
    first, _, rest = text.partition("\n")
    if rest.strip() and words(first) == words(title):
        text = rest
    return editing.tidy(Form(texts={"x": TextForm(title, text)})).texts["x"].text


def _moment(raw: Mapping[str, Any]) -> datetime:
    value = raw.get("last_updated") or raw.get("modified_gmt")
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise _Wrong(f"`last_updated` has to be a time such as 2026-11-22T08:00:00+01:00, and is {value!r}; {AGAIN}") from None
    if not 1970 <= moment.year < 9000:
        raise _Wrong(f"`last_updated` cannot be in the year {moment.year}; {AGAIN}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parent(raw: Any) -> str:
    """Only the path is used: the ids are those of another kind, or of another language."""
    data = _object(raw, "parent")
    path = data.get("path")
    return _path(path) if isinstance(path, str) and path.strip() else ""


def _others(raw: Any, known: Collection[str]) -> dict[str, tuple[int, str]]:
    found = {}
    for code, other in _object(raw, "available_languages").items():
        data = other if isinstance(other, dict) else {"id": other}
        number, path = data.get("id"), data.get("path")
        if isinstance(number, str) and number.isascii() and number.isdigit():
            number = int(number)
        if isinstance(code, str) and isinstance(number, int) and number > 0:
            found[_tag(code, known)] = (number, _path(path) if isinstance(path, str) and path.strip() else "")
    return found


def _object(raw: Any, name: str) -> dict[Any, Any]:
    """An object; collections of pages that were made with Python carry it as a text."""
    if isinstance(raw, str) and raw.strip():
        try:
            raw = ast.literal_eval(raw.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise _Wrong(f"`{name}` cannot be read; {AGAIN}") from None
    if raw is None or raw in ("", [], {}):  # empty objects of PHP are lists
        return {}
    if not isinstance(raw, dict):
        raise _Wrong(f"`{name}` has to be an object; {AGAIN}")
    return raw


def _check_files(files: Sequence[Sequence[Page]]) -> None:
    by_language: dict[str, str] = {}
    first = files[0][0]
    owner: dict[int, Page] = {}
    for file in files:
        here = file[0]
        if here.region != first.region:
            raise ImportProblem(
                f"{here.file}: page {here.id}: it is of the region {here.region}, {first.file} of {first.region}; "
                "import each region with a command of its own"
            )
        if here.language in by_language:
            raise ImportProblem(
                f"{here.file}: it is in {here.language}, as is {by_language[here.language]}; give one file for each language"
            )
        by_language[here.language] = here.file
        for page in file:
            if page.id in owner:
                raise ImportProblem(f"{page.file}: page {page.id}: {owner[page.id].file} has the same id; {AGAIN}")
            owner[page.id] = page


# versions of one page


def _linked(pages: Sequence[Page]) -> list[_Group]:
    """Pages with their translations. What both sides say counts first; no group gets two pages of one language."""
    group_of: dict[int, _Group] = {}
    for page in pages:
        group_of[page.id] = _Group({page.language: page.id}, {page.language: page}, {page.language: page.key}, {page.id})
    by_path = {page.path: page.id for page in pages}  # files that were not downloaded at the same time differ in their ids
    links = [
        (page, language, number if number in group_of else by_path.get(path, number), path)
        for page in pages
        for language, (number, path) in page.others.items()
    ]
    said = {(page.id, other) for page, _, other, _ in links}
    links.sort(key=lambda link: (link[2], link[0].id) not in said)  # stable: else the order of the files
    for page, language, other, path in links:
        keys = {language: key_of(page.region, language, path)} if path else {}
        one, two = group_of[page.id], group_of.setdefault(other, _Group({language: other}, {}, keys, {other}))
        if one is two or one.pages.keys() & two.pages.keys():
            continue
        one.pages |= two.pages
        one.ids = two.ids | one.ids | {tag: page.id for tag, page in one.pages.items()}
        one.keys = two.keys | one.keys | {tag: page.key for tag, page in one.pages.items()}
        one.members |= two.members
        group_of.update(dict.fromkeys(two.members, one))
    return list({id(group): group for page in pages for group in [group_of[page.id]]}.values())


def _place(groups: Sequence[_Group], order: Sequence[str]) -> None:
    """Find each group's parent by the paths, the source language's first."""
    by_path = {page.path: group for group in groups for page in group.pages.values()}
    for group in groups:
        above = (by_path.get(path) for page in _in_order(group, order) for path in _above(page))
        found = next((each for each in above if each is not None and each is not group), None)
        step = found
        while step is not None and step is not group:  # versions of two pages may lie in each other
            step = step.parent
        group.parent = found if step is None else None
    for group in groups:
        if group.parent is not None:
            group.parent.has_children = True


def _in_order(group: _Group, order: Sequence[str]) -> list[Page]:
    return sorted(group.pages.values(), key=lambda page: order.index(page.language))


def _above(page: Page) -> Iterable[str]:
    """Paths of what may stand above a page, the nearest first; region and language are no pages."""
    steps = page.path.strip("/").split("/")
    nearest, *farther = [f"/{'/'.join(steps[:length])}/" for length in range(len(steps) - 1, 1, -1)] or [""]
    return [path for path in (nearest, page.parent, *farther) if path]


# chapters


def _chapters(
    groups: Sequence[_Group], order: Sequence[str], slugs: Mapping[str, str], taken: Collection[str]
) -> tuple[dict[str, Chapter], dict[int, str]]:
    """The town's own topics, and the slug of each group that is one."""
    members = [
        group
        for group in groups
        if group.has_children or (group.parent is None and any(page.text for page in group.pages.values()))
    ]
    used = {topic for topics in GROUPS.values() for topic in topics} | set(taken) | set(slugs.values())
    slug_of: dict[int, str] = {}
    for group in members:
        names = (*map(str, _ids(group, order)), *group.keys.values())
        kept = next((slugs[name] for name in names if name in slugs), None)
        if kept is None or kept in slug_of.values():
            kept = next(slug for slug in _numbered(_slug(group, order)) if slug not in used)
        used.add(kept)
        slug_of[id(group)] = kept
    chapters = {
        slug_of[id(group)]: Chapter(
            str(_ids(group, order)[0]),
            {page.language: page.key for page in _in_order(group, order)},
            slug_of[id(group.parent)] if group.parent is not None else None,
            {page.language: page.title for page in _in_order(group, order)},
        )
        for group in members
    }
    return chapters, slug_of


def _slug(group: _Group, order: Sequence[str]) -> str:
    """ASCII from the title in the source language, else in another one."""
    for page in _in_order(group, order):
        slug = "_".join(word for word in words(page.title.translate(_ASCII)) if word.isascii())[:LONGEST_SLUG].rstrip("_")
        slug = slug if not slug[:1].isdigit() else f"chapter_{slug}"[:LONGEST_SLUG].rstrip("_")
        if is_slug(slug):
            return slug
    return f"chapter_{_ids(group, order)[0]}"


def _numbered(slug: str) -> Iterable[str]:
    yield slug
    for number in count(2):
        yield f"{slug[: LONGEST_SLUG - len(str(number)) - 1]}_{number}"


# answers


def _imported(group: _Group, texts: Mapping[str, Page], order: Sequence[str], town: str, topic: str) -> Imported:
    first = next(page for page in _in_order(group, order) if page.text)
    source = group.pages.get(order[0])
    checked = first.updated.date()
    return Imported(
        source_id=str(_ids(group, order)[0]),
        ids=frozenset(group.members),
        keys=frozenset(group.keys.values()),
        topic=topic,
        source_name=f"Integreat {town}"[:LONGEST_NAME],
        source_url=first.url,
        checked_on=checked,
        review_on=_a_year_later(checked),
        texts={
            page.language: PageText(page.id, page.key, page.title, page.text, _status(page, source, order[0]))
            for page in _in_order(group, order)
            if page.language in texts
        },
    )


def _status(page: Page, source: Page | None, source_language: str) -> str:
    """What the town writes itself counts as reviewed; of a translation Integreat does not tell who made it."""
    if page.language == source_language:
        return "reviewed"
    if source is not None and source.text and source.updated - page.updated > BEHIND:
        return "outdated"
    return "draft"


def _ids(group: _Group, order: Sequence[str]) -> list[int]:
    """All ids of a group: of the source language first, then in the order of the files, then of the other languages."""
    rank = {tag: place for place, tag in reversed(list(enumerate(order)))}
    return [group.ids[tag] for tag in sorted(group.ids, key=lambda tag: (rank.get(tag, len(rank)), tag))]


def _a_year_later(day: date) -> date:
    return day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else date(day.year + 1, 2, 28)
