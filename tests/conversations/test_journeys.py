"""Whole journeys through the real processes, from the first message to the case worker's page."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Installation
from tests.newcomer import Newcomer, run

pytestmark = pytest.mark.processes

# (what is typed or, with @, pressed; the question that is open afterwards)
JOURNEYS: dict[str, list[tuple[str, str | None]]] = {
    "uk": [
        ("@start_intake", "age"), ("мені 34", "agreement"), ("так", "town"), ("тут", "call_name"), ("Оксана", "needs"),
        ("дім та робота", "wish_year"), ("щоб знову працювати медсестрою", "interests"),
        ("спорт і танці", "visit_group"), ("так", "languages"), ("українською та російською", "local_language"),
        ("кілька слів", "literacy"), ("@read", "literacy"), ("@write", "literacy"), ("@done", "school_years"),
        ("одинадцять", "jobs_done"), ("працювала медсестрою 10 років", "skills"), ("догляд, кухня", "job_wish"),
        ("медсестра", "adults"), ("0", "children"), ("двоє", "children_ages"), ("4 і 7 років", "housing"),
        ("у друзів", "contact"), ("@evening", "review"),
    ],
    "ar": [
        ("@start_intake", "age"), ("٣٤", "agreement"), ("نعم", "town"), ("@this_town", "call_name"), ("سلمى", "needs"),
        ("بيت وشغل", "wish_year"), ("بدي اتعلم الماني واشتغل خياطة", "interests"), ("الموسيقى والطبخ", "visit_group"),
        ("@maybe", "languages"), ("عربي وكردي", "local_language"), ("@words", "literacy"), ("@none", "literacy"),
        ("@done", "school_years"), ("٦", "jobs_done"), ("اشتغلت خياطة", "skills"), ("خياطة وطبخ", "job_wish"),
        ("خياطة", "adults"), ("1", "children"), ("3", "children_ages"), ("5 و 8 و 12", "housing"), ("@shelter", "contact"),
        ("@any_time", "review"),
    ],
    "de": [
        ("@start_intake", "age"), ("45", "agreement"), ("ja", "town"), ("Musterstadt", "call_name"), ("Andrej", "needs"),
        ("1, 3", "wish_year"), ("eigene Wohnung und Arbeit als Elektriker", "interests"),
        ("fusball und schach", "visit_group"), ("ja", "languages"), ("Russisch und Deutsch", "local_language"),
        ("@work", "literacy"), ("lesen und schreiben", "school_years"), ("10 Jahre", "jobs_done"),
        ("Elektriker, Fahrer", "skills"), ("reparieren", "job_wish"), ("@not_yet", "adults"), ("1", "children"), ("0", "housing"),
        ("eigene Wohnung", "contact"), ("@morning", "review"),
    ],
    "ru": [
        ("@start_intake", "age"), ("мне 34", "agreement"), ("да", "town"), ("здесь", "call_name"), ("Марина", "needs"),
        ("жильё и работа", "wish_year"), ("снова работать бухгалтером", "interests"),
        ("спорт и танцы", "visit_group"), ("да", "languages"), ("русский и казахский", "local_language"),
        ("несколько слов", "literacy"), ("@read", "literacy"), ("@write", "literacy"), ("@done", "school_years"),
        ("одиннадцать", "jobs_done"), ("работала бухгалтером 10 лет", "skills"), ("готовить, шить", "job_wish"),
        ("бухгалтер", "adults"), ("0", "children"), ("2", "children_ages"), ("4 и 7 лет", "housing"),
        ("у друзей", "contact"), ("@evening", "review"),
    ],
    "nl": [
        ("@start_intake", "age"), ("ik ben 29", "agreement"), ("ja", "town"), ("hier", "call_name"), ("Fatima", "needs"),
        ("woning en werk", "wish_year"), ("weer als kapster werken", "interests"), ("koken en muziek", "visit_group"),
        ("@maybe", "languages"), ("Nederlands en Engels", "local_language"), ("een paar woorden", "literacy"),
        ("@read", "literacy"), ("@done", "school_years"), ("12 jaar", "jobs_done"), ("kapster", "skills"),
        ("naaien", "job_wish"), ("kapster", "adults"), ("1", "children"), ("0", "housing"), ("bij vrienden", "contact"),
        ("@morning", "review"),
    ],
}  # fmt: skip
QUESTION = {
    "uk": "де мені знайти лікаря для дитини?",
    "ar": "وين بلاقي دكتور لابني",
    "de": "Wo finde ich einen Arzt für mein Kind?",
    "ru": "где мне найти врача для ребёнка?",
    "nl": "waar vind ik een dokter voor mijn kind?",
}
RESTARTED = {"ar": ["actions", "bot"]}  # tests/faults kills each by itself
OTHER = {"uk": "en", "ar": "de", "de": "uk", "ru": "nl", "nl": "ru"}
ORIGINAL = {
    "uk": "щоб знову працювати медсестрою",
    "ar": "بدي اتعلم الماني واشتغل خياطة",
    "de": "eigene Wohnung und Arbeit als Elektriker",
    "ru": "снова работать бухгалтером",
    "nl": "weer als kapster werken",
}


def act(who: Newcomer, step: str) -> dict[str, Any]:
    return who.press(step[1:]) if step.startswith("@") else who.say(step)


@pytest.mark.parametrize("tag", list(JOURNEYS))
def test_from_greeting_to_the_case(tag: str, installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", tag)
    assert who.state == {"language": tag, "intake": None, "question": None, "case": None}
    first = who.line["messages"][0]["buttons"][0][0]
    assert (first["kind"], first["value"]) == ("language", tag), "the likely language comes first in the picker"

    for step, question in JOURNEYS[tag]:
        act(who, step)
        assert who.state["question"] == question, (step, who.text)
        if question == "wish_year":
            _interrupt(who, tag)
            _switch_language(who, tag)
        if question == "interests" and step != "@back":
            _skip_and_come_back(who, step)
        if question == "school_years":
            _restart(installation, RESTARTED.get(tag, []))

    review = who.text
    assert ORIGINAL[tag] in review
    who.press("send")
    reference = who.state["case"]
    assert who.state["intake"] == "submitted"
    assert reference in who.text

    shown = run(installation.home, "case", "show", reference, "--format", "json", "--language", "de")
    assert shown.returncode == 0, shown.stderr
    summary = json.loads(shown.stdout)
    lines = {line["question"]: line for section in summary["sections"] for line in section["lines"]}
    assert lines["wish_year"]["original"] == ORIGINAL[tag]
    assert lines["age"]["value"] == "27–64"
    assert "Wohnung" in lines["needs"]["value"]
    assert "Arbeit" in lines["needs"]["value"]
    if tag == "ar":  # what the commands print does not depend on the newcomer's language
        page = run(installation.home, "case", "show", reference, "--language", "de").stdout
        assert page.startswith(f"# Fall {reference}")
        assert ORIGINAL[tag] in page
        listed = json.loads(run(installation.home, "case", "list", "--json").stdout)
        assert reference in [entry["reference"] for entry in listed]


def _interrupt(who: Newcomer, tag: str) -> None:
    """A question in the middle is answered, and the same intake question comes again exactly once."""
    who.say(QUESTION[tag])
    assert who.state["question"] == "wish_year"
    assert len(who.line["messages"]) == 2, who.text
    answer, again = who.line["messages"]
    kinds = {button["kind"] for row in answer["buttons"] for button in row}
    assert "answer" in kinds
    assert "skip" in [button["value"] for row in again["buttons"] for button in row]


def _switch_language(who: Newcomer, tag: str) -> None:
    """Another language keeps the place, and back again."""
    for wanted in (OTHER[tag], tag):
        button = who.buttons[wanted]
        who.send({"press": button})
        assert who.state["language"] == wanted
        assert who.state["question"] == "wish_year"


def _skip_and_come_back(who: Newcomer, wish: str) -> None:
    """Skip a question, go back to it, and again to the one before, whose response is shown."""
    who.press("skip")
    assert who.state["question"] == "visit_group"
    who.press("back")
    assert who.state["question"] == "interests"
    who.press("skip")
    who.press("back")
    who.press("back")
    assert who.state["question"] == "wish_year"
    assert wish in who.text
    who.press("keep_response")
    assert who.state["question"] == "visit_group"
    who.press("back")
    assert who.state["question"] == "interests"


def _restart(installation: Installation, names: list[str]) -> None:
    for name in names:
        os.kill(installation.pids()[name], signal.SIGKILL)


def test_no_to_the_agreement_keeps_nothing(installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "de")
    who.press("start_intake")
    who.press("18-26")
    who.press("no")
    assert who.state["intake"] is None
    assert who.state["question"] is None
    assert "nichts gespeichert" in who.text
    who.say("Wo ist der Arzt?")
    assert who.state["intake"] is None


def test_under_16_saves_nothing_and_offers_a_person(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "uk")
    who.press("start_intake")
    who.press("under-16")
    assert who.state["intake"] is None
    assert "person" in [button["value"] for message in who.line["messages"] for row in message["buttons"] for button in row]


def test_pause_and_resume_in_another_process(installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "ar", "--conversation", "resumes")
    for value in ("start_intake", "27-64", "yes", "this_town"):
        who.press(value)
    who.press("pause")
    assert who.state["question"] is None
    who.close()
    again = newcomer("--conversation", "resumes")
    assert again.state["language"] == "ar"
    again.say("متابعة")
    assert again.state["question"] == "call_name"


def test_change_a_response_in_the_review_by_its_number(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "de")
    for value in ("start_intake", "27-64", "yes", "this_town"):
        who.press(value)
    who.say("Karim")
    while who.state["question"] != "review":
        who.press("skip")
    who.say("3")
    assert who.state["question"] == "call_name"
    who.say("Karim B.")
    assert who.state["question"] == "review"
    assert "Karim B." in who.text


def test_multiple_choice_ticks_in_place_and_counts(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "en")
    for value in ("start_intake", "27-64", "yes", "this_town", "skip"):
        who.press(value)
    question = who.line["messages"][-1]["id"]
    who.press("home")
    assert who.line["messages"][0]["edits"] == question
    ticked = [button["value"] for row in who.line["messages"][0]["buttons"] for button in row if button["label"].startswith("✓")]
    assert ticked == ["home"]
    for value in ("work", "money", "papers"):
        who.press(value)
    assert "3" in who.text
    assert who.line["messages"][-1]["edits"] is None
    assert who.state["question"] == "needs"


def test_a_person_my_data_and_delete_work_from_the_start(installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "uk")
    who.press("person")
    reference = who.state["case"]
    assert reference
    who.say("Мій син хворіє, з ким поговорити?")
    page = run(installation.home, "case", "show", reference, "--language", "en").stdout
    assert "Мій син хворіє" in page
    who.say("які дані про мене ви зберігаєте")
    assert "delete" in who.buttons
    who.press("delete")
    who.press("yes")
    assert who.state["case"] is None
    assert run(installation.home, "case", "show", reference).returncode == 1


def test_crisis_words_get_the_fixed_reply_and_the_intake_waits(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "de")
    for value in ("start_intake", "27-64", "yes", "this_town"):
        who.press(value)
    who.say("ich will nicht mehr leben")
    assert "112" in who.text
    assert "0800 111 0 111" in who.text
    assert who.state["question"] is None
    who.press("resume")
    assert who.state["question"] == "call_name"


def test_unanswered_question_is_kept_when_the_newcomer_agrees(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "en")
    who.say("How do I get a fishing licence?")
    if "pass" not in who.buttons:
        who.press("none")
    who.press("pass_and_tell")
    assert "passed" in who.text


def test_a_longer_text_in_another_language_proposes_a_switch_once(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "de")
    who.press("de")
    who.say("Where can I find a doctor for my little daughter?")
    proposal = who.line["messages"][-1]
    assert [button["value"] for button in proposal["buttons"][0]] == ["en", "de"]
    assert who.state["language"] == "de"
    who.say("And how do I register my new address please?")
    assert all(button["kind"] != "language" for message in who.line["messages"] for row in message["buttons"] for button in row)


@pytest.mark.parametrize(
    ("tag", "word", "title"),
    [
        ("en", "doctor", "See a doctor"),
        ("en", "change of address", "Register your address"),
        ("de", "krank", "Zum Arzt gehen"),
        ("uk", "садок", "Ясла і дитячий садок"),
        ("ar", "طبيب", "الذهاب إلى الطبيب"),
        ("ru", "квартира", "Найти квартиру"),
    ],
)
def test_a_single_word_is_a_question(tag: str, word: str, title: str, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", tag)
    who.say(word)
    assert who.text.startswith(title)


def test_a_doubtful_answer_is_offered_not_given(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "en")
    who.say("How do I get a fishing licence?")
    kinds = [button["kind"] for message in who.line["messages"] for row in message["buttons"] for button in row]
    assert "feedback" not in kinds, "no answer is shown as the answer"


def test_delete_refused_goes_back_to_the_open_question(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "uk")
    for value in ("start_intake", "27-64", "yes", "this_town"):
        who.press(value)
    who.say("видалити")
    assert "Видалити" in who.text or "видал" in who.text.lower()
    who.press("no")
    assert who.state["question"] == "call_name"
    who.say("Лейла")
    assert who.state["question"] == "needs"


def test_a_person_in_the_middle_and_back_to_the_same_question(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "ar")
    for value in ("start_intake", "27-64", "yes", "this_town", "person"):
        who.press(value)
    assert who.state["case"]
    who.say("بدي احكي عن بيتي")
    assert who.state["question"] == "call_name"
    who.say("سلمى")
    assert who.state["question"] == "needs"


TYPED = {
    "uk": ["Розповісти про себе", "34", "так", "тут", "Оксана", "робота", "вивчити мову", "Пропустити"],
    "ar": ["أحكي عن نفسي", "٣٤", "نعم", "هون", "سلمى", "شغل", "بدي اشتغل خياطة", "تخطي"],
    "de": ["Von mir erzählen", "34", "ja", "hier", "Andrej", "Arbeit", "eigene Wohnung", "Überspringen"],
    "ru": ["Рассказать о себе", "34", "да", "здесь", "Марина", "работа", "выучить язык", "Пропустить"],
    "nl": ["Over mij vertellen", "34", "ja", "hier", "Fatima", "werk", "een eigen woning", "Overslaan"],
}
TYPED_END = {"uk": "надіслати", "ar": "إرسال", "de": "senden", "ru": "отправить", "nl": "versturen"}


@pytest.mark.parametrize("tag", list(TYPED))
def test_somebody_who_only_types_gets_to_a_case(tag: str, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", tag)
    for text in TYPED[tag]:
        who.say(text)
    assert who.state["question"] == "visit_group", who.text
    while who.state["question"] != "review":
        who.say(TYPED[tag][-1])
    who.say(TYPED_END[tag])
    assert who.state["case"] in who.text
