"""The newcomer's own pages: one-time links, private questions, everything that is held, the notice, and codes from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from bot.channels.web.markup import commands
from bot.channels.web.my import COOKIE
from bot.inbox import Inbox
from bot.messages import IncomingMessage
from lotse.cases import open_case
from lotse.intake import Intakes, links, moving, private, values
from lotse.intake.links import MY_DATA, PRIVATE, Links
from lotse.intake.service import keep_consent
from lotse.privacy import erase_told
from lotse.replies import say
from lotse.storage.tables import (
    Consent,
    Conversation,
    CrisisCall,
    Inbound,
    Intake,
    Municipality,
    Response,
    WebLink,
    new_id,
    now,
)
from tests.web.conftest import Desk, EchoingDoor

FAITH = {"agree.faith": "yes", "faith": "yes", "faith_which.own": "a church near me"}


@pytest.fixture
def desk(secure_desk: Desk) -> Desk:
    """A server with an address of its own, so that there are links."""
    core, url = secure_desk.core, str(secure_desk.public_url)
    made = Links(core.database.vault, url)
    intakes = Intakes(core.intakes.questionnaires, core.languages, lambda country: [], links=made)
    core = replace(core, links=made, intakes=intakes)
    return Desk(core, EchoingDoor(core, keeps_words=True), url)


def telegram(desk: Desk, language: str = "en") -> str:
    """A conversation in Telegram; returns its id."""
    message = IncomingMessage("telegram", "42", "u1", text="/start", language_chosen=language)
    conversation, inbound = Inbox(desk.core).store(message)
    with desk.core.database.session() as session:
        session.execute(update(Inbound).where(Inbound.id == inbound).values(state="done"))
    return conversation


def tell(desk: Desk, conversation_id: str, until: str | None = "private", **told: Any) -> str:
    """An intake that was agreed to, with everything answered before a question; returns its id."""
    with desk.core.database.session() as session:
        conversation = session.get_one(Conversation, conversation_id)
        questionnaire = desk.core.intakes.questionnaires.current()
        desk.core.intakes.questionnaires.keep(session, questionnaire)
        intake = Intake(
            id=new_id("in"), conversation_id=conversation.id, municipality_id=conversation.municipality_id,
            questionnaire="intake", version=questionnaire.version, digest=questionnaire.digest,
        )  # fmt: skip
        session.add(intake)
        session.flush()
        conversation.intake_id = intake.id
        keep_consent(session, intake, "guide_reads", "May the guides read it?", "en")
        while (question := desk.core.intakes.open_question(session, conversation)) is not None and question.name != until:
            value = told.get(question.name)
            intake.responses.append(Response(question=question.key, value=value, words=value, language="en", inbound_id=""))
            session.flush()
        return intake.id


def link(desk: Desk, conversation_id: str, purpose: str, intake_id: str | None = None) -> str:
    """The path of a new link."""
    assert desk.core.links is not None
    with desk.core.database.session() as session:
        made = desk.core.links.make(session, conversation_id, purpose, intake_id)
    return made.removeprefix(str(desk.public_url))


def told(desk: Desk, intake_id: str) -> dict[str, Any]:
    with desk.core.database.reading() as session:
        return values(session.get_one(Intake, intake_id))


def without_bdi(page: str) -> str:
    """A page's text as it is read: what keeps directions apart is no text."""
    return re.sub(r"</?bdi[^>]*>", "", page)


def text_of(desk: Desk, key: str, tag: str = "en", **inserted: Any) -> str:
    return desk.core.wording.render(say(key, **inserted), tag)


@pytest.fixture
def somebody(desk: Desk) -> tuple[str, str]:
    """A newcomer in Telegram whom the bot asks the private questions: conversation and intake."""
    conversation = telegram(desk)
    return conversation, tell(desk, conversation)


# links


def test_a_preview_uses_nothing_up_and_sees_nothing(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    for path in (link(desk, conversation, PRIVATE, intake), link(desk, conversation, MY_DATA)):
        for _ in range(3):
            browser = desk.browser()
            assert browser.head(path).status_code == 200
            page = browser.get(path)
            assert page.status_code == 200
            assert "set-cookie" not in page.headers
            assert conversation not in page.text
            assert intake not in page.text
    with desk.core.database.reading() as session:
        assert [each.used_at for each in session.scalars(select(WebLink))] == [None, None]


def test_pages_are_not_kept_and_not_found(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    for path in (link(desk, conversation, PRIVATE, intake), link(desk, conversation, MY_DATA), "/privacy", "/my/data"):
        page = desk.browser().get(path)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin", "no other site learns the address with the token"
        assert 'name="robots" content="noindex"' in page.text
        assert not re.search(r"<script|style=|https?://", page.text)


@pytest.mark.parametrize("purpose", [PRIVATE, MY_DATA])
@pytest.mark.parametrize("language", ["de", "ar"])
def test_a_link_that_nobody_made(desk: Desk, purpose: str, language: str) -> None:
    browser = desk.browser(language)
    for answer in (browser.get(f"/my/{purpose}/guessed"), browser.post(f"/my/{purpose}/guessed", data=FAITH)):
        assert answer.status_code == 404
        assert f'lang="{language}"' in answer.text
        assert text_of(desk, "my.new_link", language) in without_bdi(answer.text)


@pytest.mark.parametrize("purpose", [PRIVATE, MY_DATA])
def test_a_link_that_has_expired(desk: Desk, somebody: tuple[str, str], purpose: str) -> None:
    conversation, intake = somebody
    path = link(desk, conversation, purpose, intake if purpose == PRIVATE else None)
    with desk.core.database.session() as session:
        session.execute(update(WebLink).values(expires_at=now() - timedelta(seconds=1)))
    for answer in (desk.browser().get(path), desk.browser().post(path, data=FAITH)):
        assert answer.status_code == 410
        assert text_of(desk, "my.unknown.heading") in answer.text
        assert text_of(desk, "my.to_telegram") in answer.text
    assert "faith" not in told(desk, intake)


def test_a_link_of_one_purpose_opens_no_other(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    token = link(desk, conversation, PRIVATE, intake).rpartition("/")[2]
    assert desk.browser().post(f"/my/my_data/{token}").status_code == 404
    browser = desk.browser()
    browser.cookies.set(COOKIE, token, path="/my")
    assert browser.get("/my/data").status_code == 404


def test_a_new_link_to_my_data_ends_the_one_before(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    first, second = link(desk, conversation, MY_DATA), link(desk, conversation, MY_DATA)
    assert (desk.browser().get(first).status_code, desk.browser().get(second).status_code) == (404, 200)
    form, again = link(desk, conversation, PRIVATE, intake), link(desk, conversation, PRIVATE, intake)
    assert desk.browser().get(again).status_code == 200
    assert desk.browser().post(form, data=FAITH).status_code == 200, "a form in which somebody writes must not be lost"


def test_other_sites_cannot_send_a_form(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    path = link(desk, conversation, PRIVATE, intake)
    answer = desk.browser().post(path, data=FAITH, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert "faith" not in told(desk, intake)


# private questions


@pytest.mark.parametrize("language", ["de", "en", "nl", "ru", "uk", "ar"])
def test_the_form_asks_in_the_newcomers_language(desk: Desk, language: str) -> None:
    conversation = telegram(desk, language)
    page = desk.browser("en").get(link(desk, conversation, PRIVATE, tell(desk, conversation))).text
    questionnaire = desk.core.intakes.questionnaires.current()
    assert f'lang="{language}"' in page
    for theme in private.themes(questionnaire):
        assert questionnaire.translation(language).consents[theme.purpose][:40] in page
        for question in theme.questions:
            words = questionnaire.words_of(question, language)
            assert words.label.partition("{")[0] in page
            assert all(label in page for label in words.choices.values())
    assert "checked" not in page, "nothing is chosen beforehand"


def test_the_form_keeps_what_was_agreed_to(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    path = link(desk, conversation, PRIVATE, intake)
    done = desk.browser().post(path, data={**FAITH, "agree.take_part": "no", "take_part": "breaks"})
    assert done.status_code == 200
    assert text_of(desk, "my.private.kept", short="Faith community") in done.text
    assert text_of(desk, "my.private.not_kept", short="To take part") in done.text
    assert text_of(desk, "my.goes_on") in done.text
    assert "a church near me" not in done.text
    assert {"faith": "yes", "faith_which": "a church near me", "take_part": None}.items() <= told(desk, intake).items()
    with desk.core.database.reading() as session:
        assert sorted(session.scalars(select(Consent.purpose))) == ["faith", "guide_reads"]


@pytest.mark.parametrize(("sent", "state"), [(FAITH, "given"), ({}, "declined"), ({"agree.faith": "no"}, "declined")])
def test_the_chat_goes_on_by_itself(desk: Desk, somebody: tuple[str, str], sent: dict[str, str], state: str) -> None:
    conversation, intake = somebody
    before = len(desk.inbound())
    desk.browser().post(link(desk, conversation, PRIVATE, intake), data=sent)
    (message,) = desk.inbound()[before:]
    assert message.body == {"press": {"kind": "control", "value": state, "about": "private", "message": ""}}
    assert desk.door.asked == [(conversation, message.id)]
    assert "private" not in told(desk, intake), "the bot notes it"


def test_the_same_form_again_is_the_same(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    path = link(desk, conversation, PRIVATE, intake)
    browser = desk.browser()
    assert browser.post(path, data=FAITH).status_code == 200
    again = browser.post(path, data={"agree.faith": "no"})
    assert again.status_code == 410
    assert text_of(desk, "my.used.private") in again.text
    assert browser.get(path).status_code == 410
    assert told(desk, intake)["faith"] == "yes"
    assert len(desk.door.asked) == 1


def test_answers_without_yes_or_no_come_back(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    path = link(desk, conversation, PRIVATE, intake)
    answer = desk.browser().post(path, data={"take_part": "breaks", "take_part.own": "a <b>seat</b>"})
    assert answer.status_code == 400
    assert text_of(desk, "my.private.choose") in answer.text
    assert re.search(r'value="breaks"\s+checked', answer.text)
    assert "a &lt;b&gt;seat&lt;/b&gt;" in answer.text
    assert "take_part" not in told(desk, intake)
    assert desk.browser().post(path, data={"agree.take_part": "yes", "take_part": "breaks"}).status_code == 200, "still open"
    assert told(desk, intake)["take_part"] == ["breaks"]


def test_where_the_chat_asks_something_else_only_the_outcome_is_noted(desk: Desk) -> None:
    conversation = telegram(desk)
    intake = tell(desk, conversation, until="contact")
    path = link(desk, conversation, PRIVATE, intake)
    page = desk.browser().post(path, data=FAITH).text
    assert text_of(desk, "my.goes_on") not in page
    assert desk.door.asked == []
    assert told(desk, intake)["private"] == "given"
    assert desk.outbound()[-1].body["text"] == text_of(desk, "intake.saved_private"), "nobody answers unnoticed"


def test_a_question_beside_the_intake_is_not_answered(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    with desk.core.database.session() as session:
        session.get_one(Conversation, conversation).pending = {"kind": "delete"}
    desk.browser().post(link(desk, conversation, PRIVATE, intake), data=FAITH)
    assert desk.door.asked == [], "a press would be taken for the answer whether to delete"
    assert told(desk, intake)["private"] == "given"


def test_another_person_of_the_household(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, first = somebody
    path = link(desk, conversation, PRIVATE, first)
    second = tell(desk, conversation)
    desk.browser().post(path, data=FAITH)
    assert (told(desk, first)["faith"], told(desk, second).get("faith")) == ("yes", None)
    assert desk.door.asked == [], "the second one is asked in the chat, the answers are the first one's"


def test_after_sending_the_case_is_amended(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake_id = somebody
    with desk.core.database.session() as session:
        intake = session.get_one(Intake, intake_id)
        intake.status, intake.sent = "submitted", 1
        case = open_case(session, session.get_one(Conversation, conversation), "intake", intake=intake)
    desk.browser().post(link(desk, conversation, PRIVATE, intake_id), data=FAITH)
    with desk.core.database.reading() as session:
        (event,) = session.get_one(type(case), case.id).events
        assert (event.kind, event.body["questions"]) == ("amended", ["faith", "faith_which"])


@pytest.mark.parametrize("state", ["withdrawn", "expired", "not agreed"])
def test_an_intake_that_takes_nothing_any_more(desk: Desk, somebody: tuple[str, str], state: str) -> None:
    conversation, intake_id = somebody
    path = link(desk, conversation, PRIVATE, intake_id)
    with desk.core.database.session() as session:
        intake = session.get_one(Intake, intake_id)
        if state == "not agreed":
            intake.gate = {"age": "27-64"}
        else:
            intake.status = state
    assert desk.browser().get(path).status_code == 410
    assert desk.browser().post(path, data=FAITH).status_code == 410
    assert "faith" not in told(desk, intake_id)


def test_erasing_ends_links_and_open_pages(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    form, browser = link(desk, conversation, PRIVATE, intake), opened(desk, conversation)
    with desk.core.database.session() as session:
        erase_told(session, session.get_one(Conversation, conversation))
    assert desk.browser().post(form, data=FAITH).status_code == 404
    assert browser.get("/my/data").status_code == 404


def test_in_the_web_chat_the_form_is_no_message(desk: Desk) -> None:
    browser = desk.newcomer()
    (conversation,) = desk.conversations()
    intake = tell(desk, conversation.id)
    done = browser.post(link(desk, conversation.id, PRIVATE, intake), data=FAITH)
    assert 'href="/chat#end"' in done.text
    page = browser.get("/chat").text
    assert "given" in page, "the bot's answer is there"
    assert 'class="bubble own"' not in page.split("<template")[0]


def test_a_form_that_is_far_too_long(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    path = link(desk, conversation, PRIVATE, intake)
    assert desk.browser().post(path, content=b"a=" + b"x" * 1_100_000).status_code == 413
    many = "&".join(f"f{number}=1" for number in range(1000))
    assert desk.browser().post(path, content=many).status_code in (200, 400)


# everything that is held


def opened(desk: Desk, conversation: str) -> TestClient:
    """A browser with the page of everything that is held."""
    browser = desk.browser()
    answer = browser.post(link(desk, conversation, MY_DATA))
    assert (answer.status_code, answer.headers["location"]) == (303, "/my/data")
    return browser


def test_the_cookie_of_the_open_page(desk: Desk, somebody: tuple[str, str]) -> None:
    answer = desk.browser().post(link(desk, somebody[0], MY_DATA))
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE)
    for part in ("httponly", "path=/my", "samesite=strict", "secure"):
        assert part in cookie
    assert "max-age" not in cookie, "it ends with the browser at the latest"
    token = answer.cookies[COOKIE]
    with desk.core.database.reading() as session:
        assert token not in [each.digest for each in session.scalars(select(WebLink))]


def test_everything_is_shown(desk: Desk) -> None:
    conversation = telegram(desk)
    intake_id = tell(desk, conversation, call_name="Olena", wish_year="a job & <b>home</b>")
    desk.browser().post(link(desk, conversation, PRIVATE, intake_id), data=FAITH)
    with desk.core.database.session() as session:
        here = session.get_one(Conversation, conversation)
        here.contact = {"phone": "+4925112345", "email": "olena@example.org"}
        case = open_case(session, here, "intake", intake=session.get_one(Intake, intake_id))
        open_case(session, here, "contact", topic="about a letter")
        session.add(CrisisCall(conversation_id=here.id, municipality_id=here.municipality_id, words="secret"))
        session.add(Inbound(conversation_id=here.id, external_id="9", body={"text": "where is the pool?"}, state="done"))
    page = opened(desk, conversation).get("/my/data")
    assert page.status_code == 200
    shown = without_bdi(page.text)
    for text in ("Olena", "a job &amp; &lt;b&gt;home&lt;/b&gt;", "a church near me", case.reference, "about a letter",
                 "+49 251 12345", "olena@example.org", "where is the pool?", "May the guides read it?",
                 text_of(desk, "data.crisis"), text_of(desk, "my.data.withdraw"), text_of(desk, "notice.rights"),
                 text_of(desk, "notice.drafts", count=30), text_of(desk, "my.data.channel.telegram")):  # fmt: skip
        assert text in shown, text
    assert "secret" not in shown


@pytest.mark.parametrize("language", ["de", "uk", "ar"])
def test_everything_is_shown_in_the_newcomers_language(desk: Desk, language: str) -> None:
    conversation = telegram(desk, language)
    tell(desk, conversation, needs=["home"], until="urgent")
    page = opened(desk, conversation).get("/my/data").text
    questionnaire = desk.core.intakes.questionnaires.current()
    words = questionnaire.words_of(questionnaire.question("needs"), language)
    assert f'lang="{language}"' in page
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert words.short in page
    assert words.choices["home"] in page


def test_commands_keep_their_slash_in_front() -> None:
    assert commands("write /mydata or (/delete) <now>, not a/b or https://x.example/stop") == (
        'write <bdi dir="ltr">/mydata</bdi> or (<bdi dir="ltr">/delete</bdi>) &lt;now&gt;, not a/b or https://x.example/stop'
    )


def test_the_file(desk: Desk, somebody: tuple[str, str]) -> None:
    browser = opened(desk, somebody[0])
    file = browser.get("/my/data.json")
    assert file.headers["content-type"] == "application/json"
    assert "attachment" in file.headers["content-disposition"]
    assert file.headers["cache-control"] == "no-store"
    assert file.headers["x-robots-tag"] == "noindex"
    data = json.loads(file.text)
    assert data["format"] == "lotse-my-data-1"
    assert data["people"][0]["agreements"][0]["text"] == "May the guides read it?"
    assert desk.browser().get("/my/data.json").status_code == 404


def test_the_keys_of_the_file_are_documented(desk: Desk, somebody: tuple[str, str]) -> None:
    documented = set(re.findall(r"`(\w+)`", (desk.core.settings.content.parent / "docs" / "my-data.md").read_text("utf-8")))

    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {key for each in value.values() for key in keys(each)}
        return {key for each in value for key in keys(each)} if isinstance(value, list) else set()

    data = opened(desk, somebody[0]).get("/my/data.json").json()
    for person in data["people"]:
        for answer in person["answers"]:
            answer["value"] = None
    assert keys(data) - documented == set()


def test_only_ones_own(desk: Desk, somebody: tuple[str, str]) -> None:
    desk.newcomer()
    other = desk.conversations()[-1]
    tell(desk, other.id, call_name="Salma")
    assert "Salma" not in opened(desk, somebody[0]).get("/my/data").text
    assert "Salma" in opened(desk, other.id).get("/my/data").text


def test_the_page_ends(desk: Desk, somebody: tuple[str, str]) -> None:
    browser = opened(desk, somebody[0])
    assert browser.get("/my/data").status_code == 200
    with desk.core.database.session() as session:
        link = session.scalars(select(WebLink).where(WebLink.purpose == "open")).one()
        link.expires_at = now() + timedelta(minutes=2)
    browser.get("/my/data")
    with desk.core.database.session() as session:
        link = session.scalars(select(WebLink).where(WebLink.purpose == "open")).one()
        assert link.expires_at > now() + timedelta(minutes=29), "who uses the page has more time"
        link.created_at = now() - links.LASTS + timedelta(minutes=5)
    browser.get("/my/data")
    with desk.core.database.session() as session:
        link = session.scalars(select(WebLink).where(WebLink.purpose == "open")).one()
        assert link.expires_at < now() + timedelta(minutes=6), "but not for ever"
        link.expires_at = now()
    answer = browser.get("/my/data")
    assert answer.status_code == 404
    assert "call_name" not in answer.text


def test_closing_the_page(desk: Desk, somebody: tuple[str, str]) -> None:
    browser = opened(desk, somebody[0])
    token = browser.cookies[COOKIE]
    closed = browser.post("/my/close")
    assert closed.status_code == 200
    assert text_of(desk, "my.left.heading") in closed.text
    assert f'{COOKIE}=""' in closed.headers["set-cookie"]
    browser.cookies.set(COOKIE, token, path="/my")
    assert browser.get("/my/data").status_code == 404
    assert browser.post("/my/close").status_code == 200, "pressed twice"
    assert desk.browser("de").get("/my/close").headers["location"] == "/my/data"


def test_from_the_page_to_the_private_questions(desk: Desk, somebody: tuple[str, str]) -> None:
    conversation, intake = somebody
    browser = opened(desk, conversation)
    assert intake in browser.get("/my/data").text
    sent = browser.post("/my/data/private", data={"person": intake})
    assert re.fullmatch(r"/my/private/[\w-]+", sent.headers["location"])
    done = browser.post(sent.headers["location"], data=FAITH)
    assert 'href="/my/data"' in done.text
    assert "a church near me" in browser.get("/my/data").text


def test_nobody_gets_to_the_private_questions_of_others(desk: Desk, somebody: tuple[str, str]) -> None:
    desk.newcomer()
    other = tell(desk, desk.conversations()[-1].id)
    browser = opened(desk, somebody[0])
    for chosen in (other, "", "in_nobody"):
        assert browser.post("/my/data/private", data={"person": chosen}).headers["location"] == "/my/data"
    assert desk.browser().post("/my/data/private", data={"person": somebody[1]}).headers["location"] == "/my/data"


def test_a_page_without_anything(desk: Desk) -> None:
    conversation = telegram(desk)
    page = opened(desk, conversation).get("/my/data")
    assert page.status_code == 200
    assert text_of(desk, "my.data.nothing_told") in page.text


def test_every_state_has_words(desk: Desk, somebody: tuple[str, str]) -> None:
    """Statuses and kinds are put together to keys."""
    conversation, intake_id = somebody
    with desk.core.database.session() as session:
        here = session.get_one(Conversation, conversation)
        for status in ("new", "open", "waiting", "closed"):
            open_case(session, here, "contact").status = status
        open_case(session, here, "deletion")
    for status in ("started", "submitted", "withdrawn", "expired"):
        with desk.core.database.session() as session:
            intake = session.get_one(Intake, intake_id)
            intake.status, intake.submitted_at = status, now()
        assert opened(desk, conversation).get("/my/data").status_code == 200, status
    for channel in ("web", "terminal"):
        with desk.core.database.session() as session:
            session.get_one(Conversation, conversation).channel = channel
        assert opened(desk, conversation).get("/my/data").status_code == 200, channel


# the notice


def test_the_notice_for_everybody(desk: Desk) -> None:
    page = desk.browser("de").get("/privacy")
    assert page.status_code == 200
    assert 'lang="de"' in page.text
    assert text_of(desk, "notice.machine", "de", municipality="Musterstadt") in page.text
    arabic = desk.browser("de").get("/privacy?language=ar").text
    assert 'dir="rtl"' in arabic
    assert "aria-current=page" in arabic


def test_the_notice_of_another_town(desk: Desk) -> None:
    with desk.core.database.reading() as session:
        other = session.scalars(select(Municipality).where(Municipality.slug != "musterstadt")).first()
    assert other is not None
    page = desk.browser().get(f"/privacy?town={other.slug}&language=en").text
    assert other.name in page
    assert f"town={other.slug}" in page, "the other languages are of the same town"
    assert desk.browser().get("/privacy?town=nowhere").status_code == 404
    assert desk.browser().get("/privacy?town=%00&language=xx").status_code == 404


def test_the_notice_says_what_a_messenger_keeps_only_there(desk: Desk) -> None:
    said = text_of(desk, "notice.telegram")
    assert said not in desk.browser().get("/privacy").text
    assert said in desk.browser().get("/privacy?channel=telegram").text


def test_the_notice_can_be_reached(desk: Desk) -> None:
    landing = desk.browser("uk").get("/chat").text
    chat = desk.newcomer("uk").get("/chat").text
    for page in (landing, chat):
        path = re.search(r'href="(/privacy[^"]*)"', page)[1].replace("&amp;", "&")  # type: ignore[index]
        notice = desk.browser("de").get(path)
        assert notice.status_code == 200
        assert 'lang="uk"' in notice.text


# a talk from elsewhere


def code_of(desk: Desk, conversation: str) -> str:
    with desk.core.database.session() as session:
        return moving.offer(session, desk.core.database.vault, session.get_one(Conversation, conversation))


def test_a_code_from_elsewhere_begins_a_chat_in_the_newcomers_language(desk: Desk) -> None:
    code = code_of(desk, telegram(desk, "uk"))
    browser = desk.browser("en")
    answer = browser.post("/chat/return", data={"code": code.lower()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat#end")
    old, new = desk.conversations()
    assert (new.channel, new.language, old.channel) == ("web", "uk", "telegram")
    (message,) = [each for each in desk.inbound() if each.conversation_id == new.id]
    assert message.body is None or message.body["text"] == code, "the bot takes the code"
    assert desk.door.asked == [(new.id, message.id)]
    assert 'lang="uk"' in browser.get("/chat").text


def test_a_code_from_elsewhere_in_a_chat_that_is_open(desk: Desk) -> None:
    conversation = telegram(desk, "uk")
    browser = desk.newcomer("de")
    assert browser.post("/chat/return", data={"code": code_of(desk, conversation)}).status_code == 303
    assert len(desk.conversations()) == 2
    assert desk.door.asked[0][0] == desk.conversations()[-1].id


def test_a_wrong_code_begins_no_chat(desk: Desk) -> None:
    code_of(desk, telegram(desk))
    for number in range(10):
        assert desk.browser().post("/chat/return", data={"code": f"KF7M-29TC-XW{number}H"}).status_code == 400
    assert len(desk.conversations()) == 1
    code = code_of(desk, desk.conversations()[0].id)
    assert desk.browser().post("/chat/return", data={"code": code}).status_code == 429, "counted as wrong return codes are"


def test_the_menu_offers_to_go_on_elsewhere(desk: Desk) -> None:
    browser = desk.newcomer("en")
    assert 'value="/move"' in browser.get("/chat").text
    browser.post("/chat/send", data={"text": "/move", "nonce": "n"})
    assert f'<p class="text">{text_of(desk, "move.button")}</p>' in browser.get("/chat").text
