"""Reading typed responses, in German, English, Ukrainian and Arabic, with the real questionnaire's words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lotse.intake import Questionnaire
from lotse.intake.asking import country_names, language_names
from lotse.intake.reading import Reading, read

TODAY = date(2026, 11, 22)


def reading(questionnaire: Questionnaire, name: str, tag: str, text: str) -> Reading:
    """As the intake reads it: words of the message's language and of English; languages also by CLDR's names."""
    question = questionnaire.question(name)
    tags = list(dict.fromkeys((tag, "en")))
    also: dict[str, str] = {}
    if question.listed == "languages":
        also = {shown: spoken for used in tags for spoken, shown in language_names(used).items()}
    also |= {"Musterstadt": "this_town"} if "this_town" in question.choices else {}
    if question.listed == "countries":
        also = {shown: code for used in tags for code, shown in country_names(used).items()}
    return read(question, text, [(used, questionnaire.words_of(question, used)) for used in tags], also, TODAY)


@pytest.mark.parametrize(
    ("name", "tag", "text", "value"),
    [
        # a choice by its label, in other forms, by its place, by digits of other scripts
        ("housing", "de", "Eigene Wohnung", "own_flat"),
        ("housing", "de", "im heim", "shelter"),
        ("housing", "de", "bei Freunden", "friends"),
        ("housing", "de", "bei meiner Familie", "friends"),
        ("housing", "de", "2", "shelter"),
        ("housing", "en", "With friends or family", "friends"),
        ("housing", "en", "Shelter!", "shelter"),
        ("housing", "uk", "У своїй квартирі", "own_flat"),
        ("housing", "uk", "в гуртожитку", "shelter"),
        ("housing", "uk", "4", "no_place"),
        ("housing", "ar", "في شقتي", "own_flat"),
        ("housing", "ar", "بالكامب", "shelter"),
        ("housing", "ar", "ما عندي بيت", "no_place"),
        ("housing", "ar", "٣", "friends"),
        ("visit_group", "de", "vielleicht", "maybe"),
        ("visit_group", "de", "nö", "no"),
        ("visit_group", "en", "YES", "yes"),
        ("visit_group", "uk", "не хочу", "no"),
        ("visit_group", "uk", "Так", "yes"),
        ("visit_group", "ar", "أكيد", "yes"),
        ("visit_group", "ar", "لا", "no"),
        ("local_language", "de", "ein bisschen", "words"),
        ("local_language", "uk", "трохи", "words"),
        ("local_language", "ar", "شوية", "words"),
        ("contact", "de", "Abends", "evening"),
        ("contact", "uk", "увечері", "evening"),
        ("contact", "ar", "المساء", "evening"),
        ("review", "uk", "надіслати", "send"),
        ("review", "ar", "إرسال إلى المرشد", "send"),
        ("review", "de", "etwas ändern", "change"),
        # a label in English is understood in every language
        ("contact", "uk", "evening", "evening"),
        ("contact", "ar", "morning", "morning"),
        # the band of a number
        ("age", "de", "34", "27-64"),
        ("age", "en", "I am 34 years old", "27-64"),
        ("age", "uk", "мені 17 років", "16-17"),
        ("age", "ar", "٣٤", "27-64"),
        ("age", "ar", "عمري ١٩ سنة", "18-26"),
        ("age", "de", "5", "under-16"),
        ("age", "uk", "3", "under-16"),
        ("age", "ar", "١٥", "under-16"),
        ("age", "en", "16", "16-17"),
        ("age", "en", "64", "27-64"),
        ("age", "en", "65", "65+"),
        ("age", "uk", "88", "65+"),
        ("age", "de", "Unter 16", "under-16"),
        ("age", "uk", "18–26", "18-26"),
        ("age", "ar", "65 أو أكثر", "65+"),
        # somebody who says to be under 16 is under 16
        ("age", "de", "unter 16 Jahre", "under-16"),
        ("age", "de", "ich bin unter 16", "under-16"),
        ("age", "en", "I am under 16", "under-16"),
        ("age", "uk", "Мені менше 16", "under-16"),
        ("age", "ar", "عمري أقل من 16", "under-16"),
        # an agreement in one's own word
        ("agreement", "de", "Ja!", "yes"),
        ("agreement", "en", "i agree", "yes"),
        ("agreement", "uk", "згодна", "yes"),
        ("agreement", "ar", "موافقة", "yes"),
        ("agreement", "de", "nein danke", "no"),
        ("agreement", "en", "only questions", "no"),
        ("agreement", "uk", "не погоджуюся", "no"),
        ("agreement", "ar", "لا أوافق", "no"),
        # numbers
        ("children", "de", "3", 3),
        ("children", "de", "drei Kinder", 3),
        ("children", "de", "keine", 0),
        ("children", "en", "We have two.", 2),
        ("children", "en", "no kids", 0),
        ("children", "uk", "три", 3),
        ("children", "uk", "немає дітей", 0),
        ("children", "ar", "٤", 4),
        ("children", "ar", "طفلان", 2),
        ("children", "ar", "ما عندي أولاد", 0),
        ("children", "ar", "۲", 2),
        ("adults", "uk", "живу сама", 0),
        ("adults", "ar", "لحالي", 0),
        ("school_years", "de", "zwölf Jahre", 12),
        ("school_years", "en", "eleven", 11),
        ("school_years", "en", "twenty one", 21),
        ("school_years", "uk", "дванадцять років", 12),
        ("school_years", "uk", "двадцять один", 21),
        ("school_years", "ar", "اثنا عشر", 12),
        ("school_years", "ar", "تسعة", 9),
        ("school_years", "ar", "١٢ سنة", 12),
        ("school_years", "uk", "0", 0),
        # several choices
        ("needs", "de", "Wohnung und Arbeit", ["home", "work"]),
        ("needs", "de", "1, 3", ["home", "work"]),
        ("needs", "en", "1 and 3", ["home", "work"]),
        ("needs", "uk", "дім і роботу", ["home", "work"]),
        ("needs", "uk", "робота", ["work"]),
        ("needs", "ar", "بيت وشغل", ["home", "work"]),
        ("needs", "ar", "١، ٣", ["home", "work"]),
        ("literacy", "de", "lesen und schreiben", ["read", "write"]),
        ("literacy", "uk", "не вмію читати", ["none"]),
        ("literacy", "ar", "أقرأ وأكتب", ["read", "write"]),
        # own words beside the choices are kept as they were typed
        ("needs", "de", "Arbeit und einen Platz für meinen Hund", ["work", "Arbeit und einen Platz für meinen Hund"]),
        ("interests", "uk", "музика і шахи", ["music", "музика і шахи"]),
        ("interests", "ar", "موسيقى وشطرنج", ["music", "موسيقى وشطرنج"]),
        # languages by name, whichever the list holds
        ("languages", "de", "Kurdisch und Arabisch", ["ku", "ar"]),
        ("languages", "en", "Kurdish", ["ku"]),
        ("languages", "uk", "курдська", ["ku"]),
        ("languages", "ar", "الكردية والعربية", ["ku", "ar"]),
        ("languages", "ar", "كردي", ["ku"]),
        ("languages", "ar", "ألماني", ["de"]),
        ("languages", "ar", "عربي وألماني", ["ar", "de"]),
        ("languages", "uk", "українською та російською", ["uk", "ru"]),
        ("languages", "uk", "кримськотатарська", ["crh"]),
        ("languages", "de", "Tigrinya", ["ti"]),
        # a negation with a typo, one that belongs to the choice's own words, a typo in the word that decides
        ("job_more", "de", "keine adnere", "no"),
        ("urgent", "en", "nothng urgent", "no"),
        ("urgent", "en", "nothing is urgent", "no"),
        ("course", "en", "i am waiiting for a place", "waiting"),
        ("childcare", "de", "schuule und kita", "both"),
        # free text
        ("town", "de", "hier", "this_town"),
        ("town", "ar", "هون", "this_town"),
        ("town", "uk", "Musterstadt", "this_town"),
        ("town", "uk", "  Кельн ", "Кельн"),
        ("job", "uk", "ніякої", "none_yet"),
        ("job", "de", "Krankenschwester, 10 Jahre", "Krankenschwester, 10 Jahre"),
        ("job_wish", "ar", "لا أعرف", "not_yet"),
        ("call_name", "ar", "أم أحمد", "أم أحمد"),
    ],
)
def test_understood(questionnaire: Questionnaire, name: str, tag: str, text: str, value: Any) -> None:
    assert reading(questionnaire, name, tag, text) == Reading("value", value)


@pytest.mark.parametrize(
    ("name", "tag", "text", "value"),
    [
        # languages in other forms, and such as CLDR has no name for
        ("languages", "ru", "по-украински и по-польски", ["uk", "pl"]),
        ("languages", "pl", "po ukraińsku, po rosyjsku i trochę po niemiecku", ["uk", "ru", "de"]),
        ("languages", "tr", "Kürtçem iyi, Türkçe", ["tr", "ku"]),
        ("languages", "fa", "دری و پشتو", ["prs", "ps"]),
        ("languages", "de", "Dari und Farsi", ["prs", "fa"]),
        ("languages", "ar", "كرمانجي وعربي", ["kmr", "ar"]),
        # themes in words that the questionnaire does not list; own words are kept beside them
        ("needs", "de", "ich brauche einen Zahnarzt und Hilfe mit den Formularen", None),
        ("needs", "ru", "нужна съемная квартира", ["home"]),
        ("needs", "pl", "mieszkanie i praca", ["home", "work"]),
        ("interests", "tr", "futbol ve yüzme", ["sport"]),
        ("interests", "es", "jardinería y senderismo", ["garden", "nature"]),
        ("skills", "uk", "вишивати", ["sewing"]),
        # numbers in other words than num2words has, in every language
        ("school_years", "pl", "jedenaście lat", 11),
        ("school_years", "fa", "دوازده سال", 12),
        ("school_years", "ar", "درست حداشر سنة", 11),
        ("school_years", "tr", "on iki yıl", 12),
        ("school_years", "ro", "unșpe ani", 11),
        ("adults", "uk", "з трьома", 3),
        # children named one by one
        ("children", "en", "3 kids: 5, 7 and 9", 3),
        ("children", "ar", "عندي ولدين", 2),
        ("children", "pl", "dwoje dzieci", 2),
        ("children", "fr", "trois filles", 3),
    ],
)
def test_found_in_free_text(questionnaire: Questionnaire, name: str, tag: str, text: str, value: Any) -> None:
    found = reading(questionnaire, name, tag, text)
    if value is None:
        assert found == Reading("value", ["health", "papers", text]) or found.value[-1] == text
    else:
        assert found.kind == "value"
        assert [item for item in found.value if item != text] == value if isinstance(value, list) else found.value == value


@pytest.mark.parametrize(
    ("name", "tag", "text", "value"),
    [
        ("children", "de", "zwei Söhne und eine Tochter", 3),
        ("children", "en", "two boys 9 and 12 and a baby", 3),
        ("children", "uk", "двоє синів і одна донька", 3),
        ("children", "ar", "عندي بنتين وولد", 3),
        ("children", "uk", "син і донька", 2),
        ("languages", "de", "Tigrinja und Amharsich", ["ti", "am"]),
    ],
)
def test_what_was_put_together_is_asked_back(questionnaire: Questionnaire, name: str, tag: str, text: str, value: Any) -> None:
    found = reading(questionnaire, name, tag, text)
    assert found.kind in ("near", "value")
    assert found.value == value


@pytest.mark.parametrize(
    ("name", "tag", "text"),
    [
        ("children", "de", "keine Ahnung"),
        ("school_years", "en", "9 classes and three years of college"),
        ("school_years", "de", "seit dem 3. Mai 2024"),
    ],
)
def test_free_text_without_an_answer(questionnaire: Questionnaire, name: str, tag: str, text: str) -> None:
    assert reading(questionnaire, name, tag, text).kind in ("nothing", "near")


@pytest.mark.parametrize(
    ("name", "tag", "typed", "value"),
    [
        ("housing", "de", "Freudne", "friends"),
        ("housing", "en", "shleter", "shelter"),
        ("contact", "en", "evenin gs", "evening"),
        ("contact", "uk", "вечрі", "evening"),
        ("visit_group", "ar", "ربمل", "maybe"),
        ("needs", "en", "wrok", ["work"]),
        ("languages", "ar", "اتركية", ["tr"]),  # and not Asturian, which is longer and less like it
    ],
)
def test_a_typo_is_asked_back(questionnaire: Questionnaire, name: str, tag: str, typed: str, value: Any) -> None:
    assert reading(questionnaire, name, tag, typed) == Reading("near", value)


@pytest.mark.parametrize(
    ("name", "tag", "typed", "value"),
    [
        ("housing", "uk", "гуртожитк", "shelter"),
        ("contact", "en", "evenning", "evening"),
        ("visit_group", "de", "viellicht", "maybe"),
        ("needs", "de", "Wohnnung", ["home"]),
    ],
)
def test_one_wrong_letter_in_a_long_word_is_read(
    questionnaire: Questionnaire, name: str, tag: str, typed: str, value: Any
) -> None:
    assert reading(questionnaire, name, tag, typed) == Reading("value", value)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("de", "ja, ich habe eine Frage"),
        ("de", "ja aber nicht mein Alter speichern"),
        ("en", "yes but not my age"),
        ("en", "I do not agree"),
        ("en", "I don't agree"),
        ("en", "sure not"),
        ("en", "I disagree"),
        ("en", "of course not"),
        ("uk", "так, але спочатку питання"),
        ("uk", "що буде, якщо я скажу так"),
        ("ar", "نعم لكن عندي سؤال"),
        ("ar", "هل أقول نعم"),
    ],
)
def test_only_a_whole_message_agrees(questionnaire: Questionnaire, tag: str, text: str) -> None:
    found = reading(questionnaire, "agreement", tag, text)
    assert not (found.kind in ("value", "near") and found.value == "yes")


@pytest.mark.parametrize(
    ("name", "tag", "text", "kind", "value"),
    [
        ("needs", "de", "1,2,3,4", "too_many", 3),
        ("needs", "en", "work, home, school and money", "too_many", 3),
        ("needs", "uk", "житло, робота, школа, гроші", "too_many", 3),
        ("needs", "ar", "سكن، عمل، مدرسة، مال", "too_many", 3),
        ("school_years", "de", "31", "out_of_range", 31),
        ("school_years", "ar", "٩٩", "out_of_range", 99),
        ("children", "uk", "-1", "out_of_range", -1),
        ("children", "en", "fifty", "out_of_range", 50),
        ("needs", "de", "Hilfe mit meinem Hund", "own_words", ["Hilfe mit meinem Hund"]),
        ("needs", "uk", "Потрібен ветеринар", "own_words", ["Потрібен ветеринар"]),
        ("interests", "ar", "شطرنج", "own_words", ["شطرنج"]),
    ],
)
def test_what_does_not_fit_is_told_apart(
    questionnaire: Questionnaire, name: str, tag: str, text: str, kind: str, value: Any
) -> None:
    assert reading(questionnaire, name, tag, text) == Reading(kind, value)


@pytest.mark.parametrize(
    ("name", "tag", "text"),
    [
        ("housing", "de", ""),
        ("housing", "uk", "?!"),
        ("needs", "ar", "..."),
        ("housing", "uk", "яка сьогодні погода"),
        ("housing", "ar", "شو الطقس اليوم"),
        ("housing", "de", "Letzten Sommer haben Freunde von uns eine Wohnung in Köln gekauft"),
        ("contact", "de", "7"),
        ("age", "de", "1985"),
        ("age", "en", "between 20 and 30"),
        ("children", "de", "zwei oder drei"),
        ("children", "en", "3 or 4"),
        ("children", "uk", "багато"),
        ("children", "ar", "كثير"),
        ("school_years", "de", "12,5"),
        ("school_years", "en", "9 classes and 3 years of college"),
    ],
)
def test_nothing_is_assumed(questionnaire: Questionnaire, name: str, tag: str, text: str) -> None:
    assert reading(questionnaire, name, tag, text).kind == "nothing"


@pytest.mark.parametrize(
    ("name", "tag", "text", "wrong"),
    [
        # the opposite of a choice is not the choice
        ("housing", "de", "keine eigene Wohnung", "own_flat"),
        ("housing", "de", "nicht im Heim", "shelter"),
        ("housing", "en", "I have no own flat", "own_flat"),
        ("housing", "uk", "не в гуртожитку", "shelter"),
        ("contact", "de", "nicht abends", "evening"),
        ("visit_group", "en", "I would not", "yes"),
        ("local_language", "de", "noch nicht B1", "work"),
        ("literacy", "en", "I cannot read", ["read"]),
        ("literacy", "en", "i can not write", ["write"]),
        # another age than the number named
        ("age", "de", "unter 18", "18-26"),
        ("age", "de", "noch nicht 16", "16-17"),
        # "no one", "nobody" and "alone" are not one more adult
        ("adults", "en", "no one else lives with me", 1),
        ("adults", "uk", "я зовсім один", 1),
        ("adults", "ar", "لا يوجد أحد معي", 1),
        # thirteen is not three
        ("school_years", "ar", "ثلاثة عشر سنة", 3),
        # a choice that excludes the others does not stand beside them
        ("literacy", "de", "1, 4", ["read", "none"]),
        ("literacy", "de", "ich kann lesen aber nicht schreiben", ["read", "none"]),
        # the code of a language is a word of another one
        ("languages", "nl", "Nederlands en Arabisch", ["nl", "en", "ar"]),
        ("languages", "fr", "arabe, un peu de turc", ["ar", "de", "tr"]),
        # a place that there is not is not left out silently
        ("needs", "de", "1, 12", ["home"]),
    ],
)
def test_never_the_wrong_value(questionnaire: Questionnaire, name: str, tag: str, text: str, wrong: Any) -> None:
    assert reading(questionnaire, name, tag, text) != Reading("value", wrong)


def test_a_filler_beside_a_choice_may_change_what_it_means(questionnaire: Questionnaire) -> None:
    assert not reading(questionnaire, "visit_group", "nl", "later verder").whole
    assert reading(questionnaire, "visit_group", "nl", "misschien later").whole


def test_own_words_that_have_a_button_have_a_place(questionnaire: Questionnaire) -> None:
    question = questionnaire.question("interests")
    labels = [("nl", questionnaire.words_of(question, "nl"))]
    place = str(len(question.choices) + 1)
    assert read(question, f"1, {place}", labels, {}, TODAY, own=("duiven houden",)).value == ["music", "duiven houden"]


@pytest.mark.parametrize("text", ["\0", "\u202e", "x" * 20_000, "🙂" * 500, "é́́́" * 200, "¼ ² ①", "1" * 5000, "${children} > 0"])
def test_no_text_breaks_it(questionnaire: Questionnaire, text: str) -> None:
    kinds = {reading(questionnaire, question.name, "de", text).kind for question in questionnaire.questions}
    assert kinds <= {"value", "several", "own_words", "near", "too_many", "out_of_range", "nothing"}
