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
        ("@start_intake", "age"), ("мені 34", "agreement"), ("так", "town"), ("тут", "call_name"), ("Оксана", "gender"),
        ("жінка", "needs"), ("дім та робота", "urgent"), ("ні", "wish_year"), ("щоб знову працювати медсестрою", "interests"),
        ("спорт і танці", "interests_more"), ("волейбол двічі на тиждень", "visit_group"), ("так", "go_with"),
        ("з жінкою", "free_times"), ("@evenings", "free_times"), ("@done", "people_known"), ("мало", "languages"),
        ("українською та російською", "local_language"), ("кілька слів", "literacy"), ("@read", "literacy"),
        ("@write", "literacy"), ("@done", "course"), ("@waiting", "course_start"), ("15 січня 2027", "course_start"),
        ("@yes", "school_years"), ("одинадцять", "training"), ("@training", "training_what"),
        ("медсестра", "training_country"), ("Україна", "training_papers"), ("лише копія", "job.1"),
        ("медсестра в лікарні", "job_years.1"), ("10 років", "job_more.1"), ("так", "job.2"), ("продавчиня", "job_years.2"),
        ("2", "job_more.2"), ("ні", "skills"), ("догляд, кухня", "job_wish"), ("медсестра", "tools"), ("@email", "tools"),
        ("@done", "adults"), ("0", "children"), ("двоє", "child_age.1"), ("4", "child_age.2"), ("7 років", "childcare"),
        ("садок", "housing"), ("у друзів", "home_matters"), ("біля школи", "contact_how"), ("@chat", "contact_how"),
        ("@done", "contact"), ("@evening", "review"),
    ],
    "ar": [
        ("@start_intake", "age"), ("٣٤", "agreement"), ("نعم", "town"), ("@this_town", "call_name"), ("سلمى", "gender"),
        ("@woman", "needs"), ("بيت وشغل", "urgent"), ("لا", "wish_year"), ("بدي اتعلم الماني واشتغل خياطة", "interests"),
        ("الموسيقى والطبخ", "interests_more"), ("بحب أطبخ أكل شامي", "visit_group"), ("@maybe", "go_with"),
        ("@anyone", "free_times"), ("@always", "free_times"), ("@done", "people_known"), ("@none", "languages"),
        ("عربي وكردي", "local_language"), ("@words", "literacy"), ("@none", "literacy"), ("@done", "course"),
        ("لا", "school_years"), ("٦", "training"), ("@none", "job.1"), ("اشتغلت خياطة", "job_years.1"), ("٥", "job_more.1"),
        ("لا", "skills"), ("خياطة وطبخ", "job_wish"), ("خياطة", "tools"), ("@none", "tools"), ("@done", "adults"),
        ("1", "children"), ("3", "child_age.1"), ("5 و 8 و 12", "childcare"), ("@both", "housing"),
        ("@shelter", "home_matters"), ("@bus", "home_matters"), ("@done", "contact_how"), ("@visit", "contact_how"),
        ("@done", "contact"), ("@any_time", "review"),
    ],
    "de": [
        ("@start_intake", "age"), ("45", "agreement"), ("ja", "town"), ("Musterstadt", "call_name"), ("Andrej", "gender"),
        ("Mann", "needs"), ("1, 3", "urgent"), ("nein", "wish_year"),
        ("eigene Wohnung und Arbeit als Elektriker", "interests"), ("fusball und schach", "interests_more"),
        ("@skip", "visit_group"), ("ja", "go_with"), ("@no", "free_times"), ("Wochenende", "people_known"),
        ("viele", "languages"), ("Russisch und Deutsch", "local_language"), ("@work", "literacy"),
        ("lesen und schreiben", "course"), ("ja", "school_years"), ("10 Jahre", "training"), ("2", "training_what"),
        ("Elektriker", "training_country"), ("aus Kasachstan", "training_papers"), ("ja", "job.1"),
        ("Elektriker", "job_years.1"), ("zwanzig", "job_more.1"), ("Fahrer bei der Post", "job_years.2"),
        ("@3", "job_more.2"), ("nein", "skills"), ("reparieren", "job_wish"), ("@not_yet", "tools"),
        ("Führerschein", "adults"), ("1", "children"), ("0", "housing"), ("eigene Wohnung", "home_matters"),
        ("ruhig", "contact_how"), ("per Telefon", "contact"), ("@morning", "review"),
    ],
    "ru": [
        ("@start_intake", "age"), ("мне 34", "agreement"), ("да", "town"), ("здесь", "call_name"), ("Марина", "gender"),
        ("@skip", "needs"), ("жильё и работа", "urgent"), ("нет", "wish_year"), ("снова работать бухгалтером", "interests"),
        ("спорт и танцы", "interests_more"), ("плавание", "visit_group"), ("да", "go_with"), ("@woman", "free_times"),
        ("вечером", "people_known"), ("@few", "languages"), ("русский и казахский", "local_language"),
        ("несколько слов", "literacy"), ("@read", "literacy"), ("@write", "literacy"), ("@done", "course"),
        ("нет", "school_years"), ("одиннадцать", "training"), ("@university", "training_what"),
        ("экономика", "training_country"), ("Казахстан", "training_papers"), ("@lost", "job.1"), ("бухгалтер", "job_years.1"),
        ("10 лет", "job_more.1"), ("нет", "skills"), ("готовить, шить", "job_wish"), ("бухгалтер", "tools"),
        ("компьютер", "adults"), ("0", "children"), ("2", "child_age.1"), ("4 и 7 лет", "childcare"), ("@school", "housing"),
        ("у друзей", "home_matters"), ("@skip", "contact_how"), ("@letter", "contact_how"), ("@done", "contact"),
        ("@evening", "review"),
    ],
    "nl": [
        ("@start_intake", "age"), ("ik ben 29", "agreement"), ("ja", "town"), ("hier", "call_name"), ("Fatima", "gender"),
        ("vrouw", "needs"), ("woning en werk", "urgent"), ("nee", "wish_year"), ("weer als kapster werken", "interests"),
        ("koken en muziek", "interests_more"), ("@skip", "visit_group"), ("@no", "people_known"), ("@many", "languages"),
        ("Nederlands en Engels", "local_language"), ("een paar woorden", "literacy"), ("@read", "literacy"),
        ("@done", "course"), ("@no", "school_years"), ("12 jaar", "training"), ("nee", "job.1"), ("kapster", "job_years.1"),
        ("6 maanden", "job_more.1"), ("nee", "skills"), ("naaien", "job_wish"), ("kapster", "tools"), ("@computer", "tools"),
        ("@done", "adults"), ("1", "children"), ("0", "housing"), ("bij vrienden", "home_matters"), ("@work", "home_matters"),
        ("@done", "contact_how"), ("@phone", "contact_how"), ("@done", "contact"), ("@morning", "review"),
    ],
    "en": [
        ("@start_intake", "age"), ("i am 29", "agreement"), ("yes", "town"), ("here", "call_name"), ("Amina", "gender"),
        ("@skip", "needs"), ("home and work", "urgent"), ("no", "wish_year"),
        ("to work as a tailor in my own shop", "interests"), ("cooking and music", "interests_more"),
        ("I sing in a choir", "visit_group"), ("yes", "go_with"), ("a woman", "free_times"), ("weekend", "people_known"),
        ("a few", "languages"), ("Somali and English", "local_language"), ("@words", "literacy"), ("@read", "literacy"),
        ("@done", "course"), ("i am waiting for a place", "course_start"), ("@not_known", "school_years"), ("8", "training"),
        ("neither", "job.1"), ("tailor", "job_years.1"), ("6 months", "job_more.1"),
        ("I also cleaned offices", "job_years.2"), ("2", "job_more.2"), ("no", "skills"), ("sewing", "job_wish"),
        ("tailor", "tools"), ("@none", "tools"), ("@done", "adults"), ("alone", "children"), ("one", "child_age.1"),
        ("8 months", "childcare"), ("daycare", "housing"), ("shelter", "home_matters"), ("near a school", "contact_how"),
        ("here in this chat", "contact"), ("any time", "review"),
    ],
}  # fmt: skip
QUESTION = {
    "uk": "де мені знайти лікаря для дитини?",
    "ar": "وين بلاقي دكتور لابني",
    "de": "Wo finde ich einen Arzt für mein Kind?",
    "ru": "где мне найти врача для ребёнка?",
    "nl": "waar vind ik een dokter voor mijn kind?",
    "en": "where can I find a doctor for my child?",
}
RESTARTED = {"ar": ["actions", "bot"]}  # tests/faults kills each by itself
OTHER = {"en": "ar", "uk": "en", "ar": "de", "de": "uk", "ru": "nl", "nl": "ru"}
ORIGINAL = {
    "uk": "щоб знову працювати медсестрою",
    "ar": "بدي اتعلم الماني واشتغل خياطة",
    "de": "eigene Wohnung und Arbeit als Elektriker",
    "ru": "снова работать бухгалтером",
    "nl": "weer als kapster werken",
    "en": "to work as a tailor in my own shop",
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
    assert who.state["question"] == "visit_group", "more about nothing is not asked"
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
    for value in ("start_intake", "27-64", "yes", "this_town", "skip", "skip"):
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
    assert who.state["question"] == "gender"


def test_a_person_in_the_middle_and_back_to_the_same_question(newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", "ar")
    for value in ("start_intake", "27-64", "yes", "this_town", "person"):
        who.press(value)
    assert who.state["case"]
    who.say("بدي احكي عن بيتي")
    assert who.state["question"] == "call_name"
    who.say("سلمى")
    assert who.state["question"] == "gender"


@pytest.mark.parametrize("tag", ["de", "en", "nl", "ru", "uk", "ar"])
def test_somebody_who_only_presses_gets_to_a_case(tag: str, newcomer: Callable[..., Newcomer]) -> None:
    who = newcomer("--language", tag)
    who.press("start_intake")
    presses = 0
    while who.state["question"] != "review":
        shown = [button for message in who.line["messages"] for row in message["buttons"] for button in row]
        values = [button["value"] for button in shown if button["kind"] in ("choice", "consent")]
        likely = {"age": "27-64", "agreement": "yes", "children": "2", "job_more.1": "no"}
        who.press(likely.get(who.state["question"], (values or ["skip"])[0]))
        if who.state["question"] and "done" in [button["value"] for button in shown]:
            who.press("done")
        presses += 1
        assert presses < 80, who.text
    who.press("send")
    assert who.state["case"] in who.text


TYPED = {
    "uk": ["Розповісти про себе", "34", "так", "тут", "Оксана", "жінка", "робота", "ні", "вивчити мову", "Пропустити"],
    "ar": ["أحكي عن نفسي", "٣٤", "نعم", "هون", "سلمى", "امرأة", "شغل", "لا", "بدي اشتغل خياطة", "تخطي"],
    "de": ["Von mir erzählen", "34", "ja", "hier", "Andrej", "Mann", "Arbeit", "nein", "eigene Wohnung", "Überspringen"],
    "ru": ["Рассказать о себе", "34", "да", "здесь", "Марина", "женщина", "работа", "нет", "выучить язык", "Пропустить"],
    "en": ["Tell about me", "34", "yes", "here", "Amina", "woman", "work", "no", "my own home", "Skip"],
    "nl": ["Over mij vertellen", "34", "ja", "hier", "Fatima", "vrouw", "werk", "nee", "een eigen woning", "Overslaan"],
}
TYPED_END = {"en": "send", "uk": "надіслати", "ar": "إرسال", "de": "senden", "ru": "отправить", "nl": "versturen"}


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
