"""The editors' work at the desk: review, versions, what there is to do, trying, links, translations, and telling newcomers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from lotse.answers import editing, exchange, links, versions
from lotse.answers.editing import Form
from lotse.answers.links import Asked
from lotse.core import Core
from lotse.staff import Role
from lotse.storage import tables
from lotse.storage.tables import (
    Answer,
    AnswerDraft,
    AnswerLink,
    Conversation,
    Feedback,
    Outbound,
    Staff,
    UnansweredQuestion,
    now,
)
from lotse.turns import Understanding
from tests.desk.conftest import ELSEWHERE, HERE, SITE, Browser, SignedIn, town
from tests.desk.test_answers import FORM, NEW, ask, create, form_of, id_of, sent, status_of, value_of, version_in

LIST = "/desk/answers"


@pytest.fixture
def author(browser: SignedIn) -> Browser:
    return browser(Role.CONTENT_AUTHOR)


@pytest.fixture
def publisher(browser: SignedIn) -> Browser:
    return browser(Role.CONTENT_PUBLISHER)


def warm_less(monkeypatch: pytest.MonkeyPatch, core: Core) -> None:
    """Embedding takes seconds, and nothing is searched for."""
    monkeypatch.setattr(core.answers, "warm", lambda texts: None)


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "core" in request.fixturenames:
        warm_less(monkeypatch, request.getfixturevalue("core"))


async def act(browser: Browser, answer_id: str, action: str, form: Form, **more: Any) -> httpx.Response:
    """Press a button of the editor."""
    version = version_in(await browser.get(f"{LIST}/{answer_id}"))
    return await browser.post(f"{LIST}/{answer_id}{action}", **{**sent(form), "version": version, **more})


def listed(page: httpx.Response) -> list[str]:
    return re.findall(r'class="title-link" href="/desk/answers/([^"]+)"', page.text)


# review


async def test_a_draft_goes_to_a_publisher_and_back(core: Core, author: Browser, publisher: Browser) -> None:
    answer = await author.post(f"{NEW}/review", **sent(FORM))
    answer_id = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    assert answer.headers["location"].endswith("done=in_review")
    assert "A publisher now finds it in the to-do list." in (await author.get(answer.headers["location"])).text
    for show in ("in_review", "draft"):
        assert listed(await publisher.get(f"{LIST}?show={show}")) == [answer_id]
    assert ">waiting for a publisher</span>" in (await author.get(LIST)).text
    page = await author.get(f"{LIST}/{answer_id}")
    assert "A publisher has been asked." in page.text
    assert "/give-back" not in page.text
    page = await publisher.get(f"{LIST}/{answer_id}")
    refused = await author.post(f"{LIST}/{answer_id}/give-back", remark="x", version=version_in(page))
    assert refused.status_code == 403
    given = await publisher.post(f"{LIST}/{answer_id}/give-back", remark="Bitte <b>kürzer</b>", version=version_in(page))
    assert given.headers["location"] == f"{LIST}/{answer_id}?done=given_back"
    page = await author.get(f"{LIST}/{answer_id}")
    assert '<blockquote class="remark" dir="auto">Bitte &lt;b&gt;kürzer&lt;/b&gt;</blockquote>' in page.text
    assert listed(await publisher.get(f"{LIST}?show=in_review")) == []
    assert (await act(author, answer_id, "/review", FORM)).status_code == 303
    assert (await act(publisher, answer_id, "/publish", FORM)).status_code == 303
    assert status_of(core, answer_id) == "published"
    assert listed(await publisher.get(f"{LIST}?show=in_review")) == []


async def test_a_change_of_what_is_published_waits_as_well(core: Core, author: Browser, publisher: Browser) -> None:
    doctor = id_of(core, "doctor")
    changed = replace(form_of(core, doctor), owner="Gesundheitsamt")
    assert (await act(author, doctor, "/review", changed)).headers["location"].endswith("done=in_review")
    page = await publisher.get(LIST)
    assert ">change waits for a publisher</span>" in page.text
    assert status_of(core, doctor) == "published"
    page = await publisher.get(f"{LIST}/{doctor}")
    assert (await act(author, doctor, "", replace(changed, owner="Wieder anders"))).status_code == 303
    stale = await publisher.post(f"{LIST}/{doctor}/give-back", remark="Bemerkung", version=version_in(page))
    assert stale.status_code == 409
    with core.database.reading() as session:
        assert session.get_one(AnswerDraft, doctor).remark is None


async def test_a_mistake_is_no_matter_for_a_publisher(core: Core, author: Browser) -> None:
    page = await author.post(f"{NEW}/review", **sent(replace(FORM, topic="")))
    assert page.status_code == 422
    with core.database.reading() as session:
        assert session.scalars(select(AnswerDraft)).all() == []


async def test_validity(core: Core, publisher: Browser) -> None:
    doctor = id_of(core, "doctor")
    stored = form_of(core, doctor)
    wrong = await act(publisher, doctor, "", replace(stored, valid_from="bald", valid_until="2026-01-01"))
    assert wrong.status_code == 422
    assert re.search(r'id="valid_from-error">This is no date\.', wrong.text)
    assert value_of(wrong, "valid_from") == "bald"
    wrong = await act(publisher, doctor, "", replace(stored, valid_from="2026-01-02", valid_until="2026-01-01"))
    assert re.search(r'id="valid_until-error">The end lies before the beginning\.', wrong.text)
    yesterday, tomorrow = ((date.today() + timedelta(days=days)).isoformat() for days in (-1, 1))
    for days, state in (
        ({"valid_until": yesterday}, "published, no longer valid"),
        ({"valid_from": tomorrow}, "published, not valid yet"),
        ({"valid_from": yesterday, "valid_until": tomorrow}, "published"),
    ):
        assert (await act(publisher, doctor, "/publish", replace(stored, **days))).status_code == 303
        assert f">{state}</span>" in (await publisher.get(f"{LIST}/{doctor}")).text
        assert f">{state}</span>" in (await publisher.get(LIST)).text


# versions


async def test_versions_are_compared_and_brought_back(core: Core, author: Browser, publisher: Browser) -> None:
    doctor = id_of(core, "doctor")
    stored = form_of(core, doctor)
    uk = replace(stored.texts["uk"], text="Ідіть до <лікаря> зараз.", status="reviewed")
    changed = replace(stored, texts={**stored.texts, "uk": uk})
    await act(publisher, doctor, "/publish", changed)
    assert "2 versions" in (await author.get(f"{LIST}/{doctor}")).text
    page = await author.get(f"{LIST}/{doctor}/versions")
    assert re.findall(r"<strong>(Version \d)</strong>", page.text) == ["Version 2", "Version 1"]
    assert "content_publisher of musterstadt" in page.text
    assert re.findall(r"<dt>([^<]+)</dt>", page.text) == ["Ukrainian: Text", "Ukrainian: Translation status"]
    assert "<лікаря>" not in page.text
    assert re.search(r'<dd lang="uk" dir="ltr">', page.text)
    assert re.search(r'<ins><span class="mark-word" lang="en" dir="ltr">new:</span> [^<]*Ідіть', page.text)
    assert re.search(r"new:</span> Reviewed by somebody", page.text), "a status is told in words"
    await act(author, doctor, "", replace(changed, owner="Entwurf"))
    page = await author.get(f"{LIST}/{doctor}/versions?older=2")
    assert '<option value="now" selected>The draft</option>' in page.text
    assert "Entwurf</ins>" in page.text
    back = await author.post(f"{LIST}/{doctor}/versions/1/restore", version="old")
    assert back.status_code == 409
    assert "has been changed meanwhile" in back.text
    back = await author.post(f"{LIST}/{doctor}/versions/1/restore", version=version_in(page))
    assert back.headers["location"] == f"{LIST}/{doctor}?done=restored"
    assert "Nothing is published yet." in (await author.get(back.headers["location"])).text
    assert form_of(core, doctor) == stored
    with core.database.reading() as session:
        published = editing.form_of(session.get_one(Answer, doctor), None)
    assert published.texts["uk"] == uk


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "1" * 30, "²"])
async def test_versions_that_do_not_exist(core: Core, author: Browser, number: str) -> None:
    doctor = id_of(core, "doctor")
    answer = await author.post(f"{LIST}/{doctor}/versions/{number}/restore", version="")
    assert answer.status_code == 404
    assert (await author.get(f"{LIST}/{doctor}/versions?older={number}&newer={number}")).status_code == 200


async def test_a_new_answer_has_no_versions(core: Core, author: Browser) -> None:
    answer_id = await create(author)
    page = await author.get(f"{LIST}/{answer_id}/versions")
    assert "No versions yet" in page.text


# telling newcomers


async def test_publishing_tells_who_waits(core: Core, author: Browser, publisher: Browser) -> None:
    waits = ask(core, "куди викидати папір", "uk", waits=True)
    answer = await author.post(NEW, **sent(FORM, asked=waits))
    answer_id = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    form = form_of(core, answer_id)
    with core.database.session() as session:
        session.scalars(select(Conversation)).one().language = "ar"
    for _ in range(2):
        assert (await act(publisher, answer_id, "/publish", form, asked=waits)).status_code == 303
    with core.database.reading() as session:
        [row] = session.scalars(select(Outbound)).all()
        assert "الألمانية" in row.body["text"], "there is none in Arabic"
        assert "Müll trennen" in row.body["text"]
        assert [button["value"] for buttons in row.body["buttons"] for button in buttons] == [answer_id]
        question = session.get_one(UnansweredQuestion, waits)
        assert (question.status, question.conversation_id, question.answer_id) == ("closed", None, answer_id)


async def test_setting_aside_tells_nobody_and_can_be_undone(core: Core, author: Browser) -> None:
    waits = ask(core, "???", "uk", waits=True)
    await author.post("/desk/questions/set-aside", question=waits)
    await author.post("/desk/questions/reopen", question=waits)
    with core.database.reading() as session:
        assert session.scalars(select(Outbound)).all() == []
        assert session.get_one(UnansweredQuestion, waits).conversation_id is not None


# what there is to do


async def test_nothing_to_do(core: Core, author: Browser) -> None:
    with core.database.session() as session:
        for answer in session.scalars(select(Answer)):
            answer.review_on = date.today() + timedelta(days=90)
    page = await author.get(f"{LIST}/todo")
    for said in (
        "No question waits.",
        "No draft waits.",
        "No review is due within 14 days.",
        "All published answers are translated",
        "No thumb down.",
        "Links are not checked on this installation.",
    ):
        assert said in page.text, said
    assert f"{LIST}/todo?municipality=musterstadt" in (await author.get(LIST)).text


async def test_what_there_is_to_do(core: Core, author: Browser) -> None:
    doctor, clubs, insurance = (id_of(core, name) for name in ("doctor", "clubs", "insurance"))
    ask(core, "куди викидати папір", "uk", waits=True)
    ask(core, "وين المكتبة", "ar")
    ask(core, "nicht von hier", "de", ELSEWHERE)
    await act(author, insurance, "/review", replace(form_of(core, insurance), owner="Neu"))
    with core.database.session() as session:
        for answer in session.scalars(select(Answer)):
            answer.review_on = date.today() + timedelta(days=90)
        session.get_one(Answer, doctor).review_on = date.today() - timedelta(days=1)
        session.get_one(Answer, clubs).review_on = date.today() + timedelta(days=14)
        for text in session.get_one(Answer, clubs).texts:
            text.status = {"uk": "outdated", "ar": "machine"}.get(text.language, text.status)
        session.delete(next(text for text in session.get_one(Answer, doctor).texts if text.language == "uk"))
        for verdict, count in (("helpful", 5), ("not_true", 2), ("hard", 1)):
            session.add_all(Feedback(answer_id=doctor, language="uk", verdict=verdict) for _ in range(count))
        session.add(Feedback(answer_id=clubs, language="uk", verdict="helpful"))
        session.add(Feedback(answer_id=clubs, language="uk", verdict="hard", given_at=now() - timedelta(days=100)))
        links.sync(session, town(session).id)
        session.scalars(select(AnswerLink).where(AnswerLink.answer_id == clubs)).first().state = "broken"  # type: ignore[union-attr]
    page = await author.get(f"{LIST}/todo")
    part = {name: re.split(rf'id="todo-{name}"', page.text)[1].split("</section>")[0] for name in (
        "questions", "in-review", "reviews", "links", "translations", "thumbs")}  # fmt: skip
    assert re.findall(r'state-draft">([^<]+)<', part["questions"]) == ["Arabic 1", "Ukrainian 1"]
    assert "1 person waits" in part["questions"]
    assert "nicht von hier" not in page.text
    answers = {name: re.findall(r'href="/desk/answers/(an_[^"?]+)', text) for name, text in part.items()}
    assert answers["in-review"] == [insurance]
    assert answers["reviews"] == [doctor, clubs]
    assert re.findall(r"(overdue|due soon)</span>", part["reviews"]) == ["overdue", "due soon"]
    assert answers["links"] == [clubs]
    rows = re.findall(r'<th scope="row">(\w+)</th><td>(\d+)</td><td>(\d+)</td><td>(\d+)</td>', part["translations"])
    assert sorted(rows) == [("Arabic", "0", "0", "1"), ("Ukrainian", "1", "1", "0")]
    assert answers["thumbs"] == [doctor]
    assert re.findall(r"<td>(\d+)</td>", part["thumbs"]) == ["0", "2", "1", "5"]


async def test_long_lists_are_cut(core: Core, author: Browser) -> None:
    with core.database.session() as session:
        for answer in session.scalars(select(Answer)):
            answer.review_on = date.today()
    page = await author.get(f"{LIST}/todo")
    assert f'<a href="{LIST}?municipality=musterstadt&amp;show=review">10 more</a>' in page.text


# trying


def plain(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


async def test_asking_like_a_newcomer(core: Core, author: Browser) -> None:
    page = await author.post(f"{LIST}/try", **{"try": "Я хворий, де знайти лікаря?", "municipality": HERE})
    assert page.status_code == 200
    told = plain(page.text)
    assert "Recognised as: Ukrainian" in told
    assert "The bot is sure and answers:" in told
    assert "Телефонуйте 116117" in told or "116117" in told
    first = page.text.split('<ol class="candidates">')[1].split("</li>\n    <li>")[0]
    assert id_of(core, "doctor") in first
    assert re.search(r"fits with \d+ %", first)
    assert "Nearest title or example question (" in plain(first)
    assert "Nearest passage of the text (" in plain(first)
    assert re.search(r'why-word">лікаря</bdi> → <bdi lang="en">doctor</bdi>', first)
    assert "understanding cannot be reached" in told, "there is no engine in this test"
    with core.database.reading() as session:
        for table in (tables.Inbound, UnansweredQuestion, AnswerDraft, Outbound):
            assert session.scalar(select(func.count()).select_from(table)) == 0


async def test_a_draft_is_tried_as_if_it_were_published(core: Core, author: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    page = await author.post(f"{NEW}/view", **sent(FORM, **{"try": "куди викидати папір", "try_language": "uk"}))
    now_, drafted = re.findall(r'<section class="attempt".*?</section>', page.text, re.DOTALL)
    assert "Сортувати сміття" not in now_
    assert "The bot is sure and answers:" in drafted
    assert "Кидайте папір у синій контейнер." in drafted
    assert re.search(r'Сортувати сміття</bdi></strong> <span class="status state-changed">this draft', drafted)
    assert value_of_try(page) == "куди викидати папір"
    answer_id = await create(author)
    version = version_in(await author.get(f"{LIST}/{answer_id}"))
    page = await author.post(f"{LIST}/{answer_id}/view", **sent(FORM, version=version, **{"try": "куди викидати папір"}))
    assert page.text.count('state-changed">this draft') == 1
    by_itself = await author.client.post(
        f"{LIST}/{answer_id}/view",
        data={"csrf": author.csrf, **sent(FORM), "try": "куди викидати папір"},
        headers={"Origin": SITE, "HX-Request": "true"},
    )
    assert 'id="trial"' not in by_itself.text, "the preview does not ask while somebody types"
    assert status_of(core, answer_id) == "draft"


def value_of_try(page: httpx.Response) -> str:
    return unescape(re.findall(r'id="try" name="try" maxlength="1000" value="([^"]*)"', page.text)[0])


@pytest.mark.parametrize("typed", ["", "   ", "???", "😀"])
async def test_trying_nothing(author: Browser, typed: str) -> None:
    page = await author.post(f"{LIST}/try", **{"try": typed})
    assert page.status_code == 200
    assert 'id="trial"' not in page.text


class Understands:
    """An engine that takes everything for one intent."""

    def __init__(self, **confidences: float) -> None:
        self.confidences = confidences

    def understand(self, text: str) -> Understanding:
        return Understanding(max(self.confidences, key=self.confidences.__getitem__), self.confidences, None)


@pytest.mark.parametrize(
    ("confidences", "text", "said"),
    [
        ({"greet": 0.99}, "Zum Arzt gehen", "takes this for small talk"),
        ({"crisis": 0.99}, "Zum Arzt gehen", "takes this for a message about danger"),
        ({"delete_data": 0.99}, "xyzzy", "finds no answer"),
        ({"question": 0.9}, "ich will mich umbringen", "takes this for a message about danger"),
        ({"out_of_scope": 0.99}, "Zum Arzt gehen", "is not sure and lets people choose"),
    ],
)
async def test_what_the_engine_understands_counts(
    app: FastAPI, author: Browser, monkeypatch: pytest.MonkeyPatch, confidences: dict[str, float], text: str, said: str
) -> None:
    monkeypatch.setattr(app.state.desk, "engine", Understands(**confidences))
    page = await author.post(f"{LIST}/try", **{"try": text, "try_language": "de"})
    assert said in plain(page.text)
    assert "cannot be reached" not in page.text


# readability and links in the editor


async def test_a_hint_says_what_is_hard_to_read(core: Core, author: Browser) -> None:
    hard = "Die " + "Lebensunterhaltssicherungsprüfung ist " * 9 + "fertig."
    text = replace(FORM.texts["de"], text=hard)
    page = await author.post(f"{NEW}/view", **sent(replace(FORM, texts={**FORM.texts, "de": text})))
    hints = re.findall(r'<details class="readability">.*?</details>', page.text, re.DOTALL)
    assert len(hints) == 2
    assert "very hard" in hints[0]
    assert f'<q lang="de" dir="ltr">{hard}</q>' in hints[0]
    assert "20 words:" in plain(hints[0])
    assert "words in a sentence on average" in hints[1]
    assert (await author.post(NEW, **sent(replace(FORM, texts={"de": text})))).status_code == 303, "it is no gate"


async def test_links_stand_in_the_editor_and_the_list(
    core: Core, author: Browser, monkeypatch: pytest.MonkeyPatch, app: FastAPI
) -> None:
    doctor = id_of(core, "doctor")
    moment = datetime(2026, 12, 1, 10, tzinfo=UTC)
    with core.database.session() as session:
        links.sync(session, town(session).id, moment)
        [row] = links.of_answer(session, doctor)
        links.record(session, {row.url: Asked("broken", 404)}, moment)
    page = await author.get(f"{LIST}/{doctor}")
    part = page.text.split('id="links"')[1].split("</section>")[0]
    assert "page not there" in part
    assert '<bdi class="code">404</bdi>' in part
    assert "LOTSE_CHECK_LINKS=1" in plain(part)
    assert listed(await author.get(f"{LIST}?show=links")) == [doctor]
    assert ">broken link</span>" in (await author.get(LIST)).text
    monkeypatch.setattr(app.state.desk, "core", replace(core, settings=replace(core.settings, check_links=True)))
    assert "Check now" in (await author.get(f"{LIST}/{doctor}")).text
    answer = await author.post(f"{LIST}/{doctor}/links")
    assert "will be checked within the next minutes" in (await author.get(answer.headers["location"])).text
    with core.database.reading() as session:
        [row] = links.of_answer(session, doctor)
        assert row.next_at > moment + timedelta(days=-30)
        assert row.next_at <= now()
    answer = await author.post(f"{LIST}/links", municipality=HERE)
    assert answer.headers["location"] == f"{LIST}/todo?municipality=musterstadt&done=links"
    assert (await author.post(f"{LIST}/links", municipality=ELSEWHERE)).status_code == 404


# translations


async def upload(browser: Browser, data: bytes, status: str = "draft", name: str = "file.xlf", **more: str) -> httpx.Response:
    return await browser.client.post(
        f"{LIST}/translations",
        data={"csrf": browser.csrf, "municipality": HERE, "status": status, **more},
        files={"file": (name, data)} if name else None,
        headers={"Origin": SITE},
    )


@pytest.mark.parametrize(("kind", "media"), [("xliff", "application/xliff+xml"), ("csv", "text/csv; charset=utf-8")])
async def test_translations_out_and_in(core: Core, author: Browser, kind: str, media: str) -> None:
    doctor = id_of(core, "doctor")
    file = await author.get(f"{LIST}/translations/export?municipality=musterstadt&language=uk&kind={kind}&wanted=all")
    assert file.headers["content-type"] == media
    ending = "xlf" if kind == "xliff" else "csv"
    assert file.headers["content-disposition"] == f'attachment; filename="musterstadt-de-uk.{ending}"'
    bundle = exchange.read(file.content)
    units = [
        replace(unit, target="Лікар <поруч>") if (unit.answer, unit.part) == ("doctor", "title") else unit
        for unit in bundle.units
    ]
    page = await upload(author, exchange.write(replace(bundle, units=tuple(units)), kind))
    assert page.status_code == 200
    assert "1 text was taken. 1 draft was changed." in plain(page.text)
    assert plain(page.text).count("left out : it stands here already") == 53
    assert form_of(core, doctor).texts["uk"].title == "Лікар <поруч>"
    with core.database.reading() as session:
        assert session.get_one(AnswerDraft, doctor).staff_id == author.staff_id
        assert versions.count(session, doctor) == 1, "nothing is published"


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        (b"<xliff", "file", "This file cannot be read."),
        (b"<html/>", "file", "This is XML, but no XLIFF."),
        (b"hello", "file", "The first line does not name the columns."),
        (b"\xff\xfe\xfa", "file", "The letters cannot be read."),
        (b"", "file", "Choose a file first."),
    ],
)
async def test_a_bad_file_is_told_at_its_field(core: Core, author: Browser, data: bytes, field: str, said: str) -> None:
    page = await upload(author, data, "machine")
    assert page.status_code == 422
    assert re.search(rf'id="{field}-error">{re.escape(said)}', page.text)
    assert f'aria-invalid="true" aria-describedby="{field}-error"' in page.text
    assert re.search(r'<option value="machine" selected>', page.text), "what was chosen is kept"


async def test_bad_choices_of_translations(core: Core, author: Browser, browser: SignedIn) -> None:
    assert (await upload(author, b"x", "published")).status_code == 422
    assert (await upload(author, b"", name="")).status_code == 422
    assert (await upload(author, b"x", municipality=ELSEWHERE)).status_code == 404
    assert (await upload(author, b"x", csrf="wrong")).status_code == 403
    for query in ("language=de", "language=xx", "", "language=uk&kind=pdf", "language=uk&wanted=some"):
        page = await author.get(f"{LIST}/translations/export?{query}")
        assert page.status_code == 422
        assert 'id="language-error"' in page.text
    foreign = browser(Role.CONTENT_AUTHOR, ELSEWHERE)
    file = await foreign.get(f"{LIST}/translations/export?municipality=musterstadt&language=uk&wanted=all")
    assert "nachbarort" in file.headers["content-disposition"], "another town's texts do not go out"
    assert exchange.read(file.content).units[0].answer != "appointments"


async def test_another_towns_answers_do_not_exist(core: Core, browser: SignedIn) -> None:
    foreign = browser(Role.CONTENT_PUBLISHER, ELSEWHERE)
    doctor = id_of(core, "doctor")
    assert (await foreign.get(f"{LIST}/{doctor}/versions")).status_code == 404
    for path in ("/review", "/give-back", "/links", "/versions/1/restore"):
        assert (await foreign.post(f"{LIST}/{doctor}{path}", **sent(FORM, version=""))).status_code == 404, path
    assert "Arzt" not in (await foreign.get(f"{LIST}/todo?municipality=musterstadt")).text
    page = await foreign.post(f"{LIST}/try", **{"try": "Zum Arzt gehen", "municipality": HERE})
    assert "There is no published answer to search in." in page.text


# in every language of the desk


@pytest.mark.parametrize("tag", ["de", "en", "nl", "ar"])
async def test_every_page_in_every_language_of_the_desk(core: Core, publisher: Browser, author: Browser, tag: str) -> None:
    """A wording that is missing would fail the page."""
    doctor, clubs, insurance = (id_of(core, name) for name in ("doctor", "clubs", "insurance"))
    stored = form_of(core, doctor)
    await act(publisher, doctor, "/publish", replace(stored, owner="A", hours={"mon": "8-12"}, place_name="H", place_address="W"))
    await act(author, doctor, "/review", replace(stored, owner="B"))
    with core.database.session() as session:
        for staff in session.scalars(select(Staff)):
            staff.language = tag
        session.get_one(Answer, clubs).valid_until = date.today() - timedelta(days=1)
        session.get_one(Answer, insurance).valid_from = date.today() + timedelta(days=1)
        session.add_all(Feedback(answer_id=doctor, language="uk", verdict=verdict) for verdict in ("not_my_question", "hard"))
        links.sync(session, town(session).id)
        for row, state in zip(session.scalars(select(AnswerLink)), links.STATES * 3):
            row.state, row.failures = state, 2
        for answer in session.scalars(select(Answer)):
            answer.review_on = date.today()
    paths = ["", "/todo", "/todo?done=links", "/translations", "/try", "?show=in_review", "?show=links", "/new"]
    paths += [
        f"/{doctor}{path}" for path in ("", "/versions", "?done=in_review", "?done=given_back", "?done=restored", "?done=links")
    ]
    paths += [f"/{clubs}", f"/{insurance}"]
    for who, path in [*((author, path) for path in paths), (publisher, f"/{doctor}")]:
        page = await who.get(LIST + path)
        assert page.status_code == 200, path
        assert f'<html lang="{tag}" dir="{"rtl" if tag == "ar" else "ltr"}">' in page.text
    units = (
        exchange.Unit("doctor", "title", "x", "y", "wrong"), exchange.Unit("doctor", "title", "x", "y"),
        exchange.Unit("doctor", "x", "x", "y"), exchange.Unit("doctor", "text", "x", None), exchange.Unit("no", "text", "x", "y"),
        exchange.Unit("clubs", "text", "x", "нове"), exchange.Unit("find_flat", "title", "x", "y" * 300),
    )  # fmt: skip
    page = await upload(author, exchange.write(exchange.Bundle("de", "uk", units), "csv"))
    assert page.status_code == 200
    assert (await author.post(f"{LIST}/try", **{"try": "Zum Arzt gehen"})).status_code == 200


async def test_every_value_that_is_shown_by_a_wording_has_one(core: Core, app: FastAPI, author: Browser) -> None:
    """Those that the test above does not bring about."""
    member = app.state.desk.accounts.member(author.token)
    reasons = (
        "outdated",
        "status",
        "same",
        "not_translated",
        "partly",
        "unknown_answer",
        "unknown_part",
        "retired",
        "changed_here",
        "twice",
    )
    problems = ("none", "choose", "unreadable", "too_large", "not_xliff", "version", "columns", "languages", "encoding")
    keys = [f"translations.reason.{each}" for each in reasons] + [f"translations.problem.{each}" for each in problems]
    keys += [f"links.state.{each}" for each in links.STATES] + [f"versions.origin.{each}" for each in ORIGINS]
    keys += [f"try.kind.{each}" for each in ("answer", "choose", "unknown", "crisis", "smalltalk", "command")]
    keys += [f"readability.band.{each}" for each in ("very_easy", "easy", "medium", "hard", "very_hard")]
    assert all(app.state.desk.text(member, key) for key in keys)


ORIGINS = (versions.PUBLISHED, versions.IMPORTED, versions.FILLED, versions.EARLIER)
