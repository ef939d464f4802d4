"""Journeys in Telegram, through the Bot API server and all real processes, to the case in the desk."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import Demo
from tests.newcomer import run
from tests.telegram.walking import ORDINARY, Walker, plain, wording, words

pytestmark = pytest.mark.processes

OWN = {
    "uk": {"call_name": "Оксана", "wish_year": "знову працювати медсестрою", "languages": "українська", "job": "медсестра"},
    "ar": {"call_name": "سلمى", "wish_year": "بدي اتعلم الماني واشتغل خياطة", "languages": "العربية", "job": "خياطة"},
    "de": {"call_name": "Irina", "wish_year": "eine eigene Wohnung", "languages": "Deutsch", "job": "Bäckerin"},
    "ru": {"call_name": "Марина", "wish_year": "снова работать бухгалтером", "languages": "русский", "job": "бухгалтер"},
    "nl": {"call_name": "Fatima", "wish_year": "weer als kapster werken", "languages": "Nederlands", "job": "kapster"},
}
NAMES = {"uk": "Українська", "ar": "العربية", "de": "Deutsch", "ru": "Русский", "nl": "Nederlands"}
QUESTION = {
    "uk": ("де мені прописатися я вчора переїхала", "Bürgerbüro"),
    "ar": ("وين بسجل عنواني الجديد", "Bürgerbüro"),
    "de": ("wo muss ich mich anmelden", "Bürgerbüro"),
    "ru": ("где мне прописаться, я вчера переехала", "Bürgerbüro"),
    "nl": ("waar schrijf ik mij in op mijn nieuwe adres", "Bürgerbüro"),
}
IN_BETWEEN = {
    "uk": "де мені знайти лікаря для дитини?",
    "ar": "وين بلاقي دكتور لابني",
    "de": "Wo finde ich einen Arzt für mein Kind?",
    "ru": "где мне найти врача для ребёнка?",
    "nl": "waar vind ik een dokter voor mijn kind?",
}


@pytest.fixture
def walker(request: pytest.FixtureRequest, demo: Demo) -> Walker:
    tag = request.param
    return Walker(demo.messenger.person(tag), tag)


LANGUAGES = tuple(OWN)
EVERY = pytest.mark.parametrize("walker", LANGUAGES, indirect=True)


def in_every_language(demo: Demo, walk: Callable[[Walker, Demo], None]) -> None:
    """The same walk in all languages at once: in one chat the bot sends a message a second, and walks are long."""
    with ThreadPoolExecutor() as pool:
        done = [pool.submit(walk, Walker(demo.messenger.person(tag), tag), demo) for tag in LANGUAGES]
    for each in done:
        each.result()


def test_from_start_to_the_case(demo: Demo) -> None:
    in_every_language(demo, from_start_to_the_case)


def from_start_to_the_case(walker: Walker, demo: Demo) -> None:
    hello = walker.greet()
    picker = walker.person.messages[-2]
    assert picker.labels[0] == NAMES[walker.tag], "Telegram's language first"
    assert len(hello.labels) == 4
    asked, place = QUESTION[walker.tag]
    answer = walker.say(asked, place)
    assert [entity["type"] for entity in answer.entities] == ["bold"], "the title stands out"
    own = OWN[walker.tag]
    given = {**ORDINARY, **own}
    walker.begin()
    questions = [*given, "review"]
    for question, following in pairwise(questions):
        if question == "wish_year":  # a question in the middle is answered, then the intake's question comes back once
            walker.say(IN_BETWEEN[walker.tag], walker.label("wish_year"))
            assert plain(walker.person.last.text).startswith(wording(walker.tag)["intake.back_to_us"])
        walker.respond(question, given[question], following)
    review = plain(walker.person.last.text)
    assert all(words in review for words in own.values() if words != own["languages"])
    reference = walker.send()
    page = run(demo.home, "case", "show", reference, "--language", "de").stdout
    assert own["wish_year"] in page
    assert own["call_name"] in page


@EVERY
def test_ticks_change_in_the_same_message(walker: Walker) -> None:
    walker.greet()
    walker.whole(OWN[walker.tag], until="needs")
    question = walker.person.last
    for name in ("home", "work", "home"):
        label = walker.choice("needs", name)
        walker.person.press(lambda button, label=label: label in button.label)
        walker.person.wait_for(lambda message: message.edited, fresh=True)
    assert walker.person.last.id == question.id
    assert [label for label in walker.person.last.labels if label.startswith("✓")] == [f"✓ {walker.choice('needs', 'work')}"]
    assert all(press.answered for press in walker.person.presses)


def test_media_are_met_and_not_kept(demo: Demo) -> None:
    in_every_language(demo, media_are_met_and_not_kept)


def media_are_met_and_not_kept(walker: Walker, demo: Demo) -> None:
    walker.greet()
    person = walker.person
    for send, key in (
        (person.send_voice, "media.unreadable"),
        (person.send_photo, "media.unreadable"),
        (person.send_sticker, "media.unreadable"),
        (person.send_document, "media.document"),
        (person.send_location, "media.personal"),
        (person.send_contact, "media.personal"),
    ):
        send()
        walker.wait(wording(walker.tag)[key])
        time.sleep(1)  # a message a second is what people can send, too
    number = person.say("/help")
    walker.wait(wording(walker.tag)["menu.what"])
    person.edit(number, "/delete")
    walker.wait(wording(walker.tag)["media.edited"])
    person.send_photo(caption="/privacy")
    walker.wait(wording(walker.tag)["notice.rights"])
    raw = b"".join(file.read_bytes() for file in demo.home.glob("lotse.db*"))
    assert b"letter.pdf" not in raw
    assert "letter.pdf" not in demo.logs()


def test_a_changed_message_changes_the_response(demo: Demo) -> None:
    in_every_language(demo, a_changed_message_changes_the_response)


def a_changed_message_changes_the_response(walker: Walker, demo: Demo) -> None:
    walker.greet()
    walker.whole(OWN[walker.tag], until="wish_year")
    number = walker.person.say(OWN[walker.tag]["wish_year"])
    walker.wait(walker.label("interests"))
    walker.person.edit(number, f"{OWN[walker.tag]['wish_year']} 2028")
    walker.wait(words(walker.tag)["wish_year"]["short"])
    walker.person.say("/mydata")
    assert f"{OWN[walker.tag]['wish_year']} 2028" in plain(walker.wait(wording(walker.tag)["data.kept"]).text)


def test_an_album_is_met_once(demo: Demo) -> None:
    walker = Walker(demo.messenger.person("de"), "de")
    walker.greet()
    for _ in range(3):
        walker.person._media(photo=_photo(walker), media_group_id="77")
    walker.wait(wording("de")["media.unreadable"])
    walker.say("/help", wording("de")["menu.what"])
    assert walker.person.shown().count(wording("de")["media.unreadable"]) == 1


def _photo(walker: Walker) -> list[dict[str, object]]:
    return [{**walker.person._file(2000), "width": 90, "height": 60}]


@EVERY
def test_an_old_button_is_answered_kindly(walker: Walker) -> None:
    walker.greet()
    old = walker.begin()
    walker.respond("age", "@27-64", "agreement")
    walker.person.press(old.labels[0], message=old)
    walker.wait(wording(walker.tag)["intake.old_button"])
    walker.person.press(lambda button: True, message=old.id)


def test_who_blocks_the_bot_gets_nothing_and_may_come_back(demo: Demo) -> None:
    walker = Walker(demo.messenger.person("uk"), "uk")
    walker.greet()
    walker.person.block()
    time.sleep(1)
    before = len(demo.messenger.called("sendMessage", walker.person.id))
    walker.person.unblock()
    walker.say("/help", wording("uk")["menu.what"])
    assert len(demo.messenger.called("sendMessage", walker.person.id)) == before + 1


def test_a_forbidden_answer_closes_the_chat(demo: Demo) -> None:
    walker = Walker(demo.messenger.person("ar"), "ar")
    walker.greet()
    demo.messenger.inject(403, "sendMessage", chat=walker.person.id)
    walker.person.say("/help")
    time.sleep(3)
    assert (
        len(
            [call for call in demo.messenger.failures if call.code == 403 and call.params.get("chat_id") == str(walker.person.id)]
        )
        == 1
    )
    walker.say("/help", wording("ar")["menu.what"])


@pytest.mark.parametrize(("kind", "extra"), [(429, {"retry_after": 2}), (502, {}), ("drop", {})])
def test_a_message_is_sent_again_until_it_arrives(kind: int | str, extra: dict[str, int], demo: Demo) -> None:
    walker = Walker(demo.messenger.person("de"), "de")
    walker.greet()
    demo.messenger.inject(kind, "sendMessage", chat=walker.person.id, count=2, **extra)
    started = time.monotonic()
    walker.say("/help", wording("de")["menu.what"])
    if kind == 429:
        assert time.monotonic() - started >= 2, "retry_after is honoured"
    assert walker.person.shown().count(wording("de")["menu.what"]) == 1


def test_the_bot_leaves_groups_and_talks_about_nobody(demo: Demo) -> None:
    person = demo.messenger.person("ar")
    group = demo.messenger.group()
    group.add_bot(by=person)
    group.wait_for(lambda message: plain(message.text) == wording("ar")["telegram.group"])
    deadline = time.monotonic() + 10
    while group.member["status"] != "left" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert group.member["status"] == "left"


def test_another_process_with_the_same_token_is_named_for_the_operator(demo: Demo) -> None:
    demo.messenger.inject(409, "getUpdates")
    walker = Walker(demo.messenger.person("de"), "de")
    walker.greet()
    deadline = time.monotonic() + 40
    while "another process uses this bot token" not in demo.logs() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "another process uses this bot token" in demo.logs()
    walker.say("/help", wording("de")["menu.what"])


@pytest.mark.parametrize("tag", [*LANGUAGES, "en"])
def test_commands_and_descriptions_are_set(tag: str, demo: Demo) -> None:
    person = demo.messenger.person(tag)
    menu = {command["command"]: command["description"] for command in demo.messenger.menu(person)}
    assert menu["human"] == wording(tag)["telegram.command.human"]
    assert len(menu) == 7
    assert "Musterstadt" in demo.messenger.description(person)


def test_a_place_has_its_own_link(demo: Demo, tmp_path: Path) -> None:
    with_telegram = {"TELEGRAM_BOT_TOKEN": demo.messenger.token, "TELEGRAM_API_URL": demo.messenger.url}
    assert "LOTSE_PUBLIC_URL" in run(demo.home, "entry", "add", "Schalter 3").stderr, "nothing to link to is said"
    added = run(demo.home, "entry", "add", "Schalter 3", "--qr", str(tmp_path), **with_telegram)
    channel, link = added.stdout.split()
    assert (channel, link.split("?start=")[0]) == ("telegram", "https://t.me/lotse_test_bot")
    assert [file.suffix for file in tmp_path.iterdir()] == [".svg"]
    for payload in (link.split("=")[1], "nobody-knows-this"):
        walker = Walker(demo.messenger.person("ar"), "ar")
        walker.greet(payload)
    places = json.loads(run(demo.home, "entry", "list", "--json").stdout)
    assert [(place["place"], place["conversations"]) for place in places] == [("Schalter 3", 1)]


def test_long_texts_are_cut_and_markup_is_text(demo: Demo) -> None:
    walker = Walker(demo.messenger.person("de"), "de")
    walker.greet()
    walker.whole(until="wish_year")
    wish = "<b>Arbeit</b> & 👩‍🔧 " * 180
    walker.person.say(wish[:4000])
    walker.wait(walker.label("interests"))
    before = len(walker.person.messages)
    walker.person.say("/mydata")
    walker.wait(wording("de")["data.rights"])
    sent = [message for message in walker.person.messages[before:] if message.from_bot]
    assert all(len(message.text.encode("utf-16-le")) // 2 <= 4096 for message in sent)
    assert any(re.search(r"<b>Arbeit</b> & 👩‍🔧", each.text) for each in sent), "what a newcomer writes is never markup"


def test_no_words_of_people_in_the_logs(demo: Demo) -> None:
    walker = Walker(demo.messenger.person("de"), "de")
    walker.greet()
    walker.person.say("Quittengelee im Treppenhaus")
    walker.person.wait_for(fresh=True)
    logs = demo.logs()
    assert "Quittengelee" not in logs
    assert demo.messenger.token not in logs
    assert str(walker.person.id) not in logs
