"""What is found in free text, in twelve languages, and what must not be found."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from bench.extraction import measure
from lotse.cases import open_case
from lotse.cases.summary import Summaries
from lotse.intake import Intakes, Questionnaire, Questionnaires
from lotse.intake.asking import language_names
from lotse.intake.extract import (
    Kind,
    child_ages,
    children,
    extract,
    isco_title,
    mask,
    more_language_names,
    named,
    numbers_in,
)
from lotse.intake.extract.dates import in_calendar
from lotse.intake.extract.tokens import TAGS, listed, split, tokens
from lotse.intake.flow import next_question
from lotse.languages import Languages
from lotse.settings import ROOT
from lotse.storage.tables import Case, Intake, Response
from lotse.turns import Turn, Understanding
from lotse.wording import Wording
from tests.unit.conftest import converse, musterstadt, told_in_full

TODAY = date(2026, 11, 20)  # a Friday
STAFF = ("de", "en", "nl")


def found(tag: str, text: str, kind: Kind, *, certain: bool = False) -> list[str]:
    return extract(text, tag, TODAY).values(kind, certain=certain)


# languages and countries


@pytest.mark.parametrize(
    ("tag", "text", "codes"),
    [
        ("de", "ich spreche Kurdisch, Farsi und etwas Englisch", ["ku", "fa", "en"]),
        ("de", "mein Deutsch ist noch schlecht", ["de"]),
        ("nl", "ik praat Turks en Nederlands", ["tr", "nl"]),
        ("en", "i speak dari and pashtu", ["prs", "ps"]),
        ("en", "Swahili, Lingala, French", ["sw", "ln", "fr"]),
        ("ru", "говорю по-украински и по-польски", ["uk", "pl"]),
        ("ru", "владею английским", ["en"]),
        ("uk", "розмовляю українською, польською та іспанською", ["uk", "pl", "es"]),
        ("tr", "Kürtçe ve Zazaca, biraz da İngilizce", ["ku", "en"]),
        ("tr", "Almancam iyi değil", ["de"]),
        ("ar", "بحكي كردي وتركي", ["ku", "tr"]),
        ("ar", "أتكلم الفرنسية والإنجليزية", ["fr", "en"]),
        ("fa", "به زبان انگلیسی و عربی حرف می‌زنم", ["en", "ar"]),
        ("fr", "je parle arabe, kabyle et l'espagnol", ["ar", "kab", "es"]),
        ("es", "hablo inglés y portugués", ["en", "pt"]),
        ("ro", "vorbesc rusă, ucraineană și engleză", ["ru", "uk", "en"]),
        ("pl", "znam ukraiński i rosyjski, mówię po angielsku", ["uk", "ru", "en"]),
        # in another language than the text's, and by its own name
        ("uk", "Deutsch вчу, english знаю", ["de", "en"]),
        ("ar", "Deutsch B1", ["de"]),
        ("de", "Sprache: Українська", ["uk"]),
        ("en", "i speak Türkçe", ["tr"]),
    ],
)
def test_languages(tag: str, text: str, codes: list[str]) -> None:
    assert found(tag, text, "language", certain=True) == codes


@pytest.mark.parametrize(
    ("tag", "text", "codes"),
    [
        ("de", "komme aus dem Irak, war lange in der Türkei", ["IQ", "TR"]),
        ("de", "Eritreerin, seit 2015 hier", ["ER"]),
        ("nl", "ik kom uit Eritrea, mijn vrouw is Syrische", ["ER"]),
        ("en", "I'm from afghanistan", ["AF"]),
        ("en", "my wife is Syrian", ["SY"]),
        ("en", "from turkey via greece", ["TR", "GR"]),
        ("en", "We lived in Georgia and then in Jordan", ["GE", "JO"]),
        ("ru", "из Казахстана через Грузию", ["KZ", "GE"]),
        ("ru", "жена украинка, сам я из Молдавии", ["UA", "MD"]),
        ("uk", "я з Сирії, дружина з Польщі", ["SY", "PL"]),
        ("uk", "мій чоловік сирієць", ["SY"]),
        ("uk", "жила в Німеччині й Чехії", ["DE", "CZ"]),
        ("tr", "Suriye'den geldik, sonra Yunanistan'a gittik", ["SY", "GR"]),
        ("tr", "afganistandan geldim", ["AF"]),
        ("ar", "من سوريا", ["SY"]),
        ("ar", "كنت بلبنان وبعدين بتركيا", ["LB", "TR"]),
        ("ar", "أنا يمني", ["YE"]),
        ("fa", "از افغانستان آمدم، در ایران بودم", ["AF", "IR"]),
        ("fr", "je viens de Guinée, je suis passé par l'Italie", ["GN", "IT"]),
        ("fr", "née au Cameroun, mari ivoirien", ["CM", "CI"]),
        ("es", "soy venezolana, viví en Colombia", ["VE", "CO"]),
        ("ro", "sunt din Ucraina, am lucrat în Italia", ["UA", "IT"]),
        ("pl", "jestem z Ukrainy, mieszkałam w Polsce", ["UA", "PL"]),
        ("pl", "mąż jest Syryjczykiem", ["SY"]),
    ],
)
def test_countries(tag: str, text: str, codes: list[str]) -> None:
    assert found(tag, text, "country", certain=True) == codes


@pytest.mark.parametrize(
    ("tag", "text", "kind", "code"),
    [
        ("en", "I am Ukrainian", "country", "UA"),
        ("en", "I speak Ukrainian", "language", "uk"),
        ("en", "Ukrainian", "language", "uk"),
        ("fr", "je suis roumain", "country", "RO"),
        ("fr", "je parle roumain", "language", "ro"),
        ("es", "soy ucraniano", "country", "UA"),
        ("ar", "أنا تركي", "country", "TR"),
        ("ar", "بحكي تركي", "language", "tr"),
        ("fa", "من افغان هستم", "country", "AF"),
    ],
)
def test_a_people_and_its_language_are_told_apart(tag: str, text: str, kind: Kind, code: str) -> None:
    assert found(tag, text, kind) == [code]
    assert found(tag, text, "country" if kind == "language" else "language") == []


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en", "may i come? i like turkey sandwiches and i polish shoes"),
        ("en", "he gave me an even chance, that is swell"),
        ("en", "we eat turkey at christmas"),
        ("en", "I have a german shepherd"),
        ("de", "deutsche Freunde habe ich noch nicht"),
        ("de", "ich war niemals krank"),
        ("ru", "того не знаю, кроме того нет времени"),
        ("uk", "крім того, у мене є питання"),
        ("es", "mis hijos irán mañana"),
        ("fr", "la réunion est à quelle heure ?"),
        ("ar", "مالي شغل بهالشي"),
        ("tr", "mali durumum kötü"),
        ("pl", "mali chłopcy"),
        ("ro", "care este programul?"),
        ("nl", "ik kom uit een dorp in het oosten"),
        ("fa", "نمی‌دانم چه بگویم"),
    ],
)
def test_no_names_where_none_are(tag: str, text: str) -> None:
    extracted = extract(text, tag, TODAY)
    assert extracted.values("language", certain=True) == []
    assert extracted.values("country") == []


@pytest.mark.parametrize(
    ("tag", "text", "kind", "code"),
    [
        ("de", "aus Afghnistan", "country", "AF"),
        ("de", "Ukrainisc", "language", "uk"),
        ("en", "arabik", "language", "ar"),
        ("uk", "українскою", "language", "uk"),
        ("fr", "je parle anglai", "language", "en"),
        ("es", "de venezuella", "country", "VE"),
        ("de", "Krankenschwestr", "occupation", "2221"),
        ("pl", "kucharrz", "occupation", "5120"),
    ],
)
def test_a_near_miss_is_found_but_not_certain(tag: str, text: str, kind: Kind, code: str) -> None:
    hits = extract(text, tag, TODAY).of(kind)
    assert [(hit.value, hit.certain) for hit in hits] == [(code, False)]


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("de", "Roman"),
        ("uk", "Ганна"),
        ("en", "Irina"),
        ("fr", "Françoise"),
        ("tr", "arabam var"),
        ("de", "Ich heiße Georg Schmidt"),
    ],
)
def test_peoples_names_are_no_languages(tag: str, text: str) -> None:
    assert found(tag, text, "language", certain=True) == []
    assert found(tag, text, "country", certain=True) == []


# numbers


@pytest.mark.parametrize(
    ("tag", "text", "number"),
    [
        ("de", "fünfunddreißig", 35),
        ("de", "hundertzwanzig", 120),
        ("de", "zwei und dreißig", 32),
        ("nl", "vijfendertig", 35),
        ("nl", "tweeëntwintig", 22),
        ("en", "thirty-five", 35),
        ("en", "thirty five", 35),
        ("en", "one hundred and five", 105),
        ("ru", "тридцать пять", 35),
        ("ru", "двадцати семи", 27),
        ("ru", "трёх", 3),
        ("uk", "тридцять п'ять", 35),
        ("uk", "тридцять п’ять", 35),
        ("uk", "тридцять пять", 35),
        ("uk", "двадцять два", 22),
        ("tr", "otuz beş", 35),
        ("tr", "otuzbeş", 35),
        ("tr", "on iki", 12),
        ("ar", "خمسة وثلاثون", 35),
        ("ar", "خمس وتلاتين", 35),
        ("ar", "خمسة و ثلاثين", 35),
        ("ar", "حداشر", 11),
        ("ar", "ثلاثة عشر", 13),
        ("ar", "٣٥", 35),
        ("fa", "سی و پنج", 35),
        ("fa", "۳۵", 35),
        ("fa", "پونزده", 15),
        ("fr", "trente-cinq", 35),
        ("fr", "vingt et un", 21),
        ("fr", "soixante et onze", 71),
        ("fr", "quatre-vingt-douze", 92),
        ("fr", "nonante", 90),
        ("es", "treinta y cinco", 35),
        ("es", "veintiuno", 21),
        ("ro", "treizeci și cinci", 35),
        ("ro", "treizeci si cinci", 35),
        ("ro", "unșpe", 11),
        ("pl", "trzydzieści pięć", 35),
        ("pl", "dwudziestu", 20),
        ("pl", "dwoje", 2),
        ("de", "0", 0),
        ("de", "120", 120),
    ],
)
def test_numbers(tag: str, text: str, number: int) -> None:
    assert found(tag, text, "number", certain=True) == [str(number)]


@pytest.mark.parametrize("tag", TAGS)
def test_every_number_word_of_every_language(tag: str) -> None:
    from num2words import num2words

    wrong = {}
    for number in range(121):
        text = num2words(number, lang=tag)
        read = [find.value for find in numbers_in(text, tag)]
        if read != [str(number)]:
            wrong[text] = read
    assert wrong == {}


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("de", "0151 23456789"),
        ("de", "+49 151 23456789"),
        ("de", "B1"),
        ("en", "A2 passed"),
        ("en", "sam35@example.org"),
        ("de", "um 8:30"),
        ("de", "um 10 Uhr"),
        ("de", "50 €"),
        ("de", "20%"),
        ("de", "12345 Musterstadt"),
        ("de", "12,5"),
        ("en", "-1"),
        ("de", "3. Mai 2024"),
        ("en", "no one lives with me"),
        ("de", "ein Freund hilft mir"),
        ("fr", "un ami m'aide"),
        ("es", "una amiga me ayuda"),
        ("uk", "я зовсім один"),
        ("ro", "o prietenă"),
        ("tr", "bir arkadaşım"),
        ("en", "covid19"),
    ],
)
def test_no_number_where_none_is_meant(tag: str, text: str) -> None:
    assert found(tag, text, "number") == []


def test_several_numbers() -> None:
    assert found("en", "9 classes and three years of college", "number") == ["9", "3"]
    assert found("ar", "٥ و ٨", "number") == ["5", "8"]
    assert found("en", "twenty, one", "number") == ["20"], "a comma parts them, and a bare one counts nothing"


# ages of children


@pytest.mark.parametrize(
    ("tag", "text", "ages"),
    [
        ("en", "two boys 9 and 12 and a baby", ["P9Y", "P12Y", "P0Y"]),
        ("en", "my son is 8 months", ["P8M"]),
        ("en", "girl 3 weeks old", ["P3W"]),
        ("en", "kids: 4, 6, 13", ["P4Y", "P6Y", "P13Y"]),
        ("en", "a daughter of five and a half", ["P5Y6M"]),
        ("de", "Sohn 6, Tochter 10 Jahre", ["P6Y", "P10Y"]),
        ("de", "unsere Tochter wird bald drei", ["P3Y"]),
        ("de", "zwei Kinder (5 und 7)", ["P5Y", "P7Y"]),
        ("de", "ein 5-jähriges Mädchen", ["P5Y"]),
        ("de", "meine Kinder sind 2,5 Jahre und 6 Jahre alt", ["P2Y6M", "P6Y"]),
        ("nl", "een dochter van 5 en een zoon van 11", ["P5Y", "P11Y"]),
        ("uk", "дві доньки 4 і 7 років", ["P4Y", "P7Y"]),
        ("uk", "синові 3 рочки", ["P3Y"]),
        ("uk", "син 5 років, донечка 7 місяців", ["P5Y", "P7M"]),
        ("ru", "сыну 10, дочке 3 года", ["P10Y", "P3Y"]),
        ("ru", "трое детей: 2, 5 и 9 лет", ["P2Y", "P5Y", "P9Y"]),
        ("tr", "oğlum 7 yaşında, kızım 10 aylık", ["P7Y", "P10M"]),
        ("ar", "عندي ولدين ٥ و ٨ سنوات", ["P5Y", "P8Y"]),
        ("ar", "ابني عمره سنتين", ["P2Y"]),
        ("ar", "بنت ٦ سنين وولد ٩ شهور", ["P6Y", "P9M"]),
        ("fa", "یک پسر ۷ ساله دارم", ["P7Y"]),
        ("fa", "دخترم ۹ ماهه است", ["P9M"]),
        ("fr", "un fils de 6 ans et une fille de 10 mois", ["P6Y", "P10M"]),
        ("es", "mi hija tiene 3 años", ["P3Y"]),
        ("ro", "un băiat de 5 ani și o fetiță de 2 luni", ["P5Y", "P2M"]),
        ("pl", "syn 6 lat, córka 10 miesięcy", ["P6Y", "P10M"]),
        ("pl", "mam córkę 3 lata", ["P3Y"]),
    ],
)
def test_ages(tag: str, text: str, ages: list[str]) -> None:
    assert found(tag, text, "age") == ages


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en", "I am 35 years old"),
        ("en", "I worked 5 years as a nurse"),
        ("en", "three children"),
        ("de", "ich war 12 Jahre in der Schule"),
        ("de", "ich bin 41 und habe drei Kinder"),
        ("de", "seit 2 Jahren in Deutschland, keine Kinder"),
        ("uk", "мені 35 років, працюю 10 років"),
        ("ru", "двадцать семь лет, детей нет"),
        ("ar", "عمري ٣٥ سنة"),
        ("fr", "j'ai 28 ans, sans enfants"),
        ("es", "tengo 28 años"),
        ("tr", "30 yaşındayım"),
        ("pl", "mam 28 lat"),
        ("fa", "۲۸ سال دارم"),
        ("nl", "ik ben 28 jaar"),
        ("ro", "am 28 de ani"),
    ],
)
def test_no_childs_age_where_none_is_told(tag: str, text: str) -> None:
    assert found(tag, text, "age", certain=True) == []


@pytest.mark.parametrize(
    ("tag", "text", "ages"),
    [
        ("uk", "4 і 7", ["P4Y", "P7Y"]),
        ("de", "drei, sechs und zehn", ["P3Y", "P6Y", "P10Y"]),
        ("ar", "٥ و ٨", ["P5Y", "P8Y"]),
        ("fa", "۵ ساله و ۸ ماهه", ["P5Y", "P8M"]),
        ("en", "9 & 12, baby 8 months", ["P9Y", "P12Y", "P8M"]),
        ("de", "anderthalb und 4", ["P1Y6M", "P4Y"]),
        ("en", "Anna and Peter", []),
    ],
)
def test_ages_in_a_response_about_children(tag: str, text: str, ages: list[str]) -> None:
    assert child_ages(text, tag) == ages


@pytest.mark.parametrize(
    ("tag", "text", "count", "certain"),
    [
        ("en", "two boys and a girl", 3, False),
        ("en", "three kids", 3, True),
        ("en", "3 kids: 5, 7 and 9", 3, True),
        ("de", "zwei Söhne und eine Tochter", 3, False),
        ("de", "ein Baby", 1, False),
        ("uk", "двоє синів", 2, True),
        ("ru", "трое детей", 3, True),
        ("ar", "عندي ولدين", 2, True),
        ("fa", "سه تا بچه", 3, True),
        ("fr", "deux filles et un garçon", 3, False),
        ("es", "dos niños y un bebé", 3, False),
        ("pl", "dwoje dzieci", 2, True),
        ("tr", "iki çocuk", 2, True),
    ],
)
def test_children_are_counted(tag: str, text: str, count: int, certain: bool) -> None:
    assert children(text, tag) == (count, certain)


@pytest.mark.parametrize(("tag", "text"), [("de", "keine Kinder"), ("en", "no kids"), ("uk", "немає дітей"), ("en", "nobody")])
def test_no_children_are_not_counted(tag: str, text: str) -> None:
    assert children(text, tag) is None


# dates


@pytest.mark.parametrize(
    ("tag", "text", "value", "certain"),
    [
        ("de", "14.08.1991", "1991-08-14", True),
        ("de", "14.8.91", "1991-08-14", True),
        ("de", "am 3. Mai 2024", "2024-05-03", True),
        ("de", "5. Jänner 2025", "2025-01-05", True),
        ("de", "seit 2022", "2022", True),
        ("de", "31. 12. 1999", "1999-12-31", True),
        ("de", "am 3. Mai", "2027-05-03", False),
        ("de", "am 24.12.", "2026-12-24", False),
        ("nl", "14-08-1991", "1991-08-14", True),
        ("nl", "12 mrt 2024", "2024-03-12", True),
        ("en", "2024-05-03", "2024-05-03", True),
        ("en", "May 3, 2024", "2024-05-03", True),
        ("en", "3rd of May 2024", "2024-05-03", True),
        ("en", "13/08/1991", "1991-08-13", True),
        ("en", "08/13/1991", "1991-08-13", True),
        ("en", "05/06/2024", "2024-06-05", False),
        ("en", "in March 2023", "2023-03", True),
        ("ru", "3 мая 2024 года", "2024-05-03", True),
        ("ru", "с апреля 2022", "2022-04", True),
        ("uk", "24 лютого 2022", "2022-02-24", True),
        ("uk", "у травні 2023", "2023-05", True),
        ("tr", "3 Mayıs 2024", "2024-05-03", True),
        ("tr", "Mart 2023'te", "2023-03", True),
        ("fr", "1er août 2024", "2024-08-01", True),
        ("fr", "01/02/2024", "2024-02-01", True),
        ("es", "el 3 de mayo de 2024", "2024-05-03", True),
        ("ro", "3 mai 2024", "2024-05-03", True),
        ("pl", "3 maja 2024 r.", "2024-05-03", True),
        ("pl", "w maju 2023", "2023-05", True),
        ("fa", "۱۲ مرداد ۱۴۰۳", "2024-08-02", True),
        ("fa", "۱۴۰۳/۵/۱۲", "2024-08-02", True),
        ("fa", "۵ میزان ۱۴۰۲", "2023-09-27", True),
        ("fa", "۲۴ فبروری ۲۰۲۲", "2022-02-24", True),
        ("de", "12 Mordad 1403", "2024-08-02", True),
        ("ar", "٣ أيار ٢٠٢٤", "2024-05-03", True),
        ("ar", "5 كانون الثاني 2024", "2024-01-05", True),
        ("ar", "10 كانون الأول 2023", "2023-12-10", True),
        ("ar", "7 جانفي 2024", "2024-01-07", True),
        ("ar", "12 غشت 2024", "2024-08-12", True),
        ("ar", "12 أغسطس 2024", "2024-08-12", True),
        ("ar", "1 رمضان 1446", "2025-03-01", False),
        ("tr", "1 Ramazan 1446", "2025-03-01", False),
        # from today
        ("de", "morgen", "2026-11-21", True),
        ("de", "nächsten Montag", "2026-11-23", True),
        ("de", "Montag", "2026-11-23", False),
        ("de", "in zwei Wochen", "2026-12-04", False),
        ("de", "in 3 Tagen", "2026-11-23", True),
        ("en", "day after tomorrow", "2026-11-22", True),
        ("en", "3 weeks ago", "2026-10-30", False),
        ("en", "last week", "2026-W46", False),
        ("nl", "over twee weken", "2026-12-04", False),
        ("nl", "overmorgen", "2026-11-22", True),
        ("ru", "послезавтра", "2026-11-22", True),
        ("ru", "через две недели", "2026-12-04", False),
        ("ru", "в прошлом году", "2025", False),
        ("uk", "наступного понеділка", "2026-11-23", True),
        ("uk", "в середу", "2026-11-25", False),
        ("uk", "через тиждень", "2026-11-27", False),
        ("tr", "yarın", "2026-11-21", True),
        ("tr", "iki hafta sonra", "2026-12-04", False),
        ("ar", "بكرا", "2026-11-21", True),
        ("ar", "بعد أسبوعين", "2026-12-04", False),
        ("ar", "يوم الخميس", "2026-11-26", False),
        ("fa", "پس فردا", "2026-11-22", True),
        ("fa", "دو هفته دیگر", "2026-12-04", False),
        ("fr", "après-demain", "2026-11-22", True),
        ("fr", "mardi prochain", "2026-11-24", True),
        ("es", "pasado mañana", "2026-11-22", True),
        ("es", "dentro de dos semanas", "2026-12-04", False),
        ("ro", "poimâine", "2026-11-22", True),
        ("ro", "lunea viitoare", "2026-11-23", True),
        ("pl", "pojutrze", "2026-11-22", True),
        ("pl", "w przyszłą środę", "2026-11-25", True),
        ("pl", "w przyszłym miesiącu", "2026-12", False),
    ],
)
def test_dates(tag: str, text: str, value: str, certain: bool) -> None:
    assert [(hit.value, hit.certain) for hit in extract(text, tag, TODAY).of("date")] == [(value, certain)]


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en", "may I come in?"),
        ("en", "I may have 2 questions"),
        ("en", "march on"),
        ("de", "guten Morgen"),
        ("de", "jeden Morgen"),
        ("nl", "goede morgen"),
        ("es", "por la mañana"),
        ("ro", "8 luni"),
        ("de", "32.13.2024"),
        ("de", "31.02.2024"),
        ("de", "ich habe mehr als 3 Fragen"),
        ("de", "0151 23456789"),
        ("fa", "حالا B2 می‌خواهم"),
        ("ar", "صفر"),
        ("de", "2024 €"),
        ("en", "room 1403"),
    ],
)
def test_no_date_where_none_is(tag: str, text: str) -> None:
    assert found(tag, text, "date") == []


def test_other_calendars() -> None:
    assert in_calendar("persian", 1403, 1, 1) == date(2024, 3, 20)
    assert in_calendar("islamic", 1446, 1, 1) == date(2024, 7, 7)
    assert in_calendar("persian", 1403, 12, 31) is None


# themes and occupations


@pytest.mark.parametrize(
    ("tag", "text", "themes"),
    [
        ("de", "Wohnung, Arbeit und ein Deutschkurs", ["home", "work", "language"]),
        ("de", "ich koche gern und gehe wandern", ["cooking", "nature"]),
        ("nl", "ik zoek een woning en een baan", ["home", "work"]),
        ("en", "a job and a place to live", ["work", "home"]),
        ("en", "singing in a choir, gardening", ["music", "garden"]),
        ("ru", "нужна квартира, садик для ребёнка и врач", ["home", "children", "health"]),
        ("uk", "шукаю роботу і житло", ["work", "home"]),
        ("uk", "люблю танцювати, грати у футбол, вишивати", ["dance", "sport", "sewing"]),
        ("tr", "doktora gitmem gerekiyor", ["health"]),
        ("ar", "بدي شغل وبيت", ["work", "home"]),
        ("ar", "بحب الرسم والسباحة", ["art", "sport"]),
        ("fa", "فوتبال و نقاشی", ["sport", "art"]),
        ("fr", "du bénévolat, de la couture", ["helping", "sewing"]),
        ("es", "busco trabajo y guardería", ["work", "children"]),
        ("ro", "caut un loc de muncă și o grădiniță", ["work", "children"]),
        ("pl", "szukam pracy i przedszkola", ["work", "children"]),
        # German words inside another language
        ("uk", "треба Wohnung і Deutschkurs", ["home", "language"]),
        ("ar", "بدي Wohnung", ["home"]),
    ],
)
def test_themes(tag: str, text: str, themes: list[str]) -> None:
    assert found(tag, text, "theme") == themes


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en", "she is very kind and I do not care"),
        ("ro", "nu știu care este"),
        ("de", "ich habe zwei Kinder, 4 und 6"),
        ("en", "we have no kids"),
        ("de", "meine Muttersprache ist schwer"),
        ("fr", "je ne sais pas"),
    ],
)
def test_no_theme_where_none_is(tag: str, text: str) -> None:
    assert found(tag, text, "theme", certain=True) == []


@pytest.mark.parametrize(
    ("tag", "text", "codes"),
    [
        ("de", "Ich war Krankenschwester und Köchin", ["2221", "5120"]),
        ("de", "LKW-Fahrer", ["8332"]),
        ("de", "als Ärztin im Krankenhaus", ["2211"]),
        ("nl", "ik was vrachtwagenchauffeur", ["8332"]),
        ("en", "I was a nurse, then a truck driver", ["2221", "8332"]),
        ("en", "English teacher", ["2353"]),
        ("ru", "работала медсестрой и парикмахером", ["2221", "5141"]),
        ("ru", "врачом в больнице", ["2211"]),
        ("uk", "працювала вчителькою початкових класів", ["2341"]),
        ("uk", "медсестра", ["2221"]),
        ("uk", "був електриком і зварником", ["7411", "7212"]),
        ("tr", "hemşireyim", ["2221"]),
        ("tr", "terziydim", ["7531"]),
        ("ar", "كنت أعمل ممرضة", ["2221"]),
        ("ar", "أنا حلاق وخياط", ["5141", "7531"]),
        ("fa", "نانوا و آشپز بودم", ["7512", "5120"]),
        ("fr", "coiffeuse et vendeuse", ["5141", "5223"]),
        ("es", "cocinera y costurera", ["5120", "7531"]),
        ("ro", "am lucrat ca bucătar și ca șofer de tir", ["5120", "8332"]),
        ("pl", "pracowałem jako kierowca tira, potem spawaczem", ["8332", "7212"]),
        ("pl", "jestem pielęgniarką", ["2221"]),
    ],
)
def test_occupations(tag: str, text: str, codes: list[str]) -> None:
    assert found(tag, text, "occupation", certain=True) == codes


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en", "I cook at home for my family"),
        ("en", "I need a doctor and a lawyer"),
        ("uk", "потрібен лікар"),
        ("de", "ich brauche einen Arzt"),
        ("pl", "szukam lekarza"),
        ("fr", "je cherche un avocat"),
        ("ar", "بدي دكتور"),
    ],
)
def test_whom_somebody_needs_is_not_their_occupation(tag: str, text: str) -> None:
    assert found(tag, text, "occupation") == []


def test_isco_titles() -> None:
    assert isco_title("2221", "de") == "Krankenpflegefachkräfte"
    assert isco_title("2221", "nl") == "Verpleegkundigen"
    assert isco_title("2221", "uk") == "Nursing professionals"
    assert isco_title("0000", "de") is None


# telephone numbers and addresses


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("meine Nummer 0151 23456789", "phone", "+4915123456789"),
        ("+380 67 123 45 67", "phone", "+380671234567"),
        ("٠١٥١٢٣٤٥٦٧٨٩", "phone", "+4915123456789"),
        ("write to Sam.Sample@Example.org!", "email", "sam.sample@example.org"),
    ],
)
def test_contacts(text: str, kind: Kind, value: str) -> None:
    assert found("de", text, kind) == [value]


@pytest.mark.parametrize("text", ["14.08.1991", "2024-05-03", "12345 Musterstadt", "1 2 3 4 5", "3, 6 und 11 Jahre"])
def test_no_contact_where_none_is(text: str) -> None:
    assert found("de", text, "phone") == []


def test_masking() -> None:
    text = "Ruf an: 0151 23456789 oder schreib an sam@example.org, bitte"
    masked = mask(text, extract(text, "de", TODAY).finds)
    assert masked == "Ruf an: ••• oder schreib an •••, bitte"
    assert mask("nichts", []) == "nichts"


# all together


def test_finds_say_where_they_stand() -> None:
    text = "Ми з Сирії 🙂, дві доньки 4 і 7 років, я медсестра"
    for find in extract(text, "uk", TODAY).finds:
        assert text[find.start : find.end] == find.words
    assert [find.kind for find in extract(text, "uk", TODAY).finds] == ["country", "number", "age", "age", "occupation"]


def test_the_same_text_always_gives_the_same_finds() -> None:
    text = "Ich komme aus Syrien, zwei Kinder, Termin am 3.5."
    assert extract(text, "de", TODAY) == extract(text, "de", TODAY)


def test_an_unknown_language_is_read_as_english() -> None:
    extracted = extract("I speak Kurdish", "xx", TODAY)
    assert extracted.values("language") == ["ku"]
    assert extracted.values("number") == []


@pytest.mark.parametrize("tag", [*TAGS, "xx"])
@pytest.mark.parametrize(
    "text",
    ["", " ", "?!", "\0", "\u202e", "x" * 20_000, "🙂" * 500, "é́́́" * 200, "¼ ² ①", "1" * 5000, "'", "’’’", "1/1/1", "٠/٠/٠٠٠٠"],
)
def test_no_text_breaks_it(tag: str, text: str) -> None:
    for find in extract(text, tag, TODAY).finds:
        assert text[find.start : find.end] == find.words


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.sampled_from(TAGS))
def test_no_random_text_breaks_it(text: str, tag: str) -> None:
    for find in extract(text, tag, TODAY).finds:
        assert 0 <= find.start < find.end <= len(text)
    child_ages(text, tag)
    children(text, tag)


def test_importing_reads_nothing() -> None:
    code = (
        "import sys, lotse.intake.extract as e; from lotse.intake.extract.tokens import listed; "
        "assert not {'spacy', 'dateparser', 'phonenumbers', 'hijridate'} & set(sys.modules), 'imported'; "
        "assert listed.cache_info().currsize == 0, 'read'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# the lists


def test_occupations_are_complete() -> None:
    lists = listed("occupations")
    assert len(lists) > 120
    for code, entry in lists.items():
        assert re.fullmatch(r"\d{4}", code)
        assert set(entry) == {"titles", *TAGS}, code
        assert set(entry["titles"]) == set(STAFF), code
        assert all(split(entry[tag]) for tag in TAGS), code


def test_every_listed_occupation_is_found() -> None:
    lost = []
    for code, entry in listed("occupations").items():
        for tag in TAGS:
            for way in split(entry[tag]):
                plain = way.lstrip("=!~")
                if not named(plain, tag, "occupation"):
                    lost.append((code, tag, way))
    assert lost == []


def test_themes_are_choices(questionnaire: Questionnaire) -> None:
    choices = {choice for name in ("needs", "interests", "skills") for choice in questionnaire.question(name).choices}
    assert set(listed("themes")) == choices - {"other"}
    assert all(set(ways) == set(TAGS) for ways in listed("themes").values())


@pytest.mark.parametrize("name", ["numbers", "family", "dates"])
def test_lists_are_in_every_language(name: str) -> None:
    assert set(TAGS) <= set(listed(name))


def test_every_language_that_is_found_can_be_shown() -> None:
    for tag in STAFF:
        names = language_names(tag)
        assert [code for code in listed("places")["languages"] if code not in names and code not in ("nb", "arc", "tzm")] == []
    assert more_language_names("de")["prs"] == "Dari"


def test_languages_own_names_are_those_of_cldr() -> None:
    kept = listed("places")["languages"]
    shown = {code: Locale.parse(code).get_display_name(code) for code in ("ar", "de", "fa", "kmr", "ru", "so", "ti", "tr", "uk")}
    assert {code: kept[code] for code in shown} == shown


def test_tokens_keep_their_places() -> None:
    text = "Suriye'den, п'ять مُحَمَّد 9jährig"
    assert [text[token.start : token.end] for token in tokens(text)] == ["Suriye", "den", "п'ять", "مُحَمَّد", "9", "jährig"]


def test_held_out_messages() -> None:
    figures = measure()
    assert set(figures) == set(TAGS)
    low: dict[str, Any] = {tag: each for tag, each in figures.items() if each["f1"] < 0.85 or each["precision"] < 0.85}
    assert low == {}


# the case worker's page


@pytest.mark.parametrize(
    ("language", "label", "title"),
    [
        ("de", "ISCO-08-Vorschlag", "2221 Krankenpflegefachkräfte; 5120 Köche"),
        ("en", "ISCO-08 suggestion", "2221 Nursing professionals; 5120 Cooks"),
        ("nl", "ISCO-08-voorstel", "2221 Verpleegkundigen; 5120 Koks"),
    ],
)
def test_the_page_shows_suggestions_beside_the_words(
    session: Session, questionnaires: Questionnaires, wording: Wording, language: str, label: str, title: str
) -> None:
    summaries = Summaries(questionnaires, wording)
    told = {"job.1": ("ممرضة وطباخة", "ممرضة وطباخة")}
    case = submitted(session, told)
    page = summaries.as_markdown(summaries.of(case, language))
    suggested = [line for section in summaries.of(case, language).sections for line in section.lines if line.suggestion]
    assert [line.value for line in suggested] == [title]
    assert label in suggested[0].label
    assert f"{title}\n" in page
    assert "ممرضة وطباخة" in page, "the words stay as they were written"


@pytest.mark.parametrize(
    "told",
    [
        {"job.1": ("none_yet", "ще ніякої")},
        {"job.1": ("багато всього", "багато всього")},
        {"job_wish": ("not_yet", None)},
        {"wish_year": ("медсестра", "медсестра")},
    ],
)
def test_no_suggestion_where_nothing_is_named(
    session: Session, questionnaires: Questionnaires, wording: Wording, told: dict[str, tuple[Any, str | None]]
) -> None:
    summary = Summaries(questionnaires, wording).of(submitted(session, told, "uk"), "de")
    assert [line for section in summary.sections for line in section.lines if line.suggestion] == []


def submitted(session: Session, told: dict[str, tuple[Any, str | None]], language: str = "ar") -> Case:
    """A case with these responses: value and words."""
    conversation, intake = told_in_full(session, [(name, *response) for name, response in told.items()], language)
    return open_case(session, conversation, "intake", intake=intake)


def test_a_number_that_was_put_together_is_asked_back_and_stored(
    session: Session, questionnaires: Questionnaires, wording: Wording, known: Languages
) -> None:
    conversation, inbound = converse(session, language="de", text="zwei Söhne und eine Tochter")
    intake = Intake(conversation_id=conversation.id, municipality_id=musterstadt(session).id, questionnaire="intake", version="x")
    session.add(intake)
    told: dict[str, Any] = {"job.1": "none_yet"}
    while (question := next_question(questionnaires.current(), told)) is not None and question.key != "children":
        told.setdefault(question.key, "no")
    for key, value in told.items():
        intake.responses.append(Response(question=key, value=value, words=None, language="de", inbound_id=inbound.id))
    session.flush()
    intakes = Intakes(questionnaires, known, lambda country: [])
    turn = Turn(session, conversation, musterstadt(session), inbound, Understanding(None))
    asked = intakes.take(turn)
    assert asked.holds
    assert "3" in "".join(wording.render(part, "de") for part in asked.replies[0].paragraphs)
    inbound.body = {"press": {"kind": "control", "value": "yes", "about": "children"}}
    intakes.take(turn)
    assert {response.question: response.value for response in intake.responses}["children"] == 3
