"""Latin letters back to a language's own script, for understanding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.languages import native

TYPED = ("ru", "uk", "bg", "ar", "fa")
PIECES = ["kak", "gde", "ya", "ana", "chetor", "yak", "kade", "3andi", "mikham", "Xyz", "7", "a'", "b-c", "ß", "ʼ"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kak poluchit spravku", "как получить справку"),
        ("Gde zdes apteka?", "где здесь аптека?"),
        ("hochu zapisatsya k vrachu", "хочу записаться к врачу"),
        ("xochu zapisatsa k vra4u", "хочу записаться к врачу"),
        ("mne nujna wkola", "мне нужна школа"),
        ("mne nuzhna shkola", "мне нужна школа"),
        ("chto mne delat", "что мне делать"),
        ("4to mne delat'", "что мне делать"),
        ("ya zhivu s detmi", "я живу с детьми"),
        ("eto moy ded", "это мой дед"),
        ("kak oplatit shtraf", "как оплатить штраф"),
        ("gde kupit shchetku", "где купить щетку"),
        # German words and names stay
        ("gde sdelat anmeldung", "где сделать anmeldung"),
        ("mne nado v Gesundheitsamt", "мне надо в Gesundheitsamt"),
        ("kak zapolnit antrag v jobcentere", "как заполнить antrag в jobcentere"),
        ("menya zovut Viktor", "меня зовут Viktor"),
        ("kurs b1 gde mozhno sdat", "kurs b1 где можно сдать"),
        # everything in capitals is no name
        ("GDE KUPIT BILET", "где купить билет"),
    ],
)
def test_russian(text: str, expected: str) -> None:
    assert native(text, "ru") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yak zapysatysya do likarya", "як записатися до лікаря"),
        ("de mozhna otrymaty dovidku", "де можна отримати довідку"),
        ("shcho meni robyty", "що мені робити"),
        ("sho robyty yakshcho khvoryi", "що робити якщо хворий"),
        ("ya shukayu robotu", "я шукаю роботу"),
        ("dyakuyu za dopomohu", "дякую за допомогу"),
    ],
)
def test_ukrainian(text: str, expected: str) -> None:
    assert native(text, "uk") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kade moga da zapisha deteto na uchilishte", "къде мога да запиша детето на училище"),
        ("iskam da rabotq", "искам да работя"),
        ("za6to nqma 4as", "защо няма час"),
        ("tarsya kvartira s dve stai", "търся квартира с две стай"),
    ],
)
def test_bulgarian(text: str, expected: str) -> None:
    assert native(text, "bg") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("badi e7ki ma3 7ada", "بدي احكي مع حدا"),
        ("3andi maw3id bokra", "عندي موعد بكرا"),
        ("kif fini sajjel", "كيف فيني سجل"),
        ("wein elmadrase", "وين المدرسة"),
        ("shu ya3ni duldung", "شو يعني duldung"),
    ],
)
def test_arabic(text: str, expected: str) -> None:
    assert native(text, "ar") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chetor sabt nam konam", "چطور ثبت نام کنم"),
        ("mikham ba doktor harf bezanam", "میخوام با دکتر حرف بزنم"),
        ("koja bayad beram", "کجا باید برم"),
        ("kindergeld chetor migiran", "kindergeld چطور میگیرن"),
        ("mikham kharid konam", "میخوام خارید کنم"),  # short vowels are a guess
    ],
)
def test_persian(text: str, expected: str) -> None:
    assert native(text, "fa") == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("где сделать Anmeldung", "ru"),
        ("де Jobcenter", "uk"),
        ("kak сделать", "ru"),
        ("وين Jobcenter", "ar"),
        ("چگونه termin بگیرم", "fa"),
        ("English please", "ru"),
        ("Deutsch", "uk"),
        ("Deutsch bitte", "ar"),
        ("where is the school for my son", "ru"),
        ("wo ist das Rathaus", "ar"),
        ("ich möchte einen Termin", "fa"),
        ("ok", "ru"),
        ("123", "ar"),
        ("...", "fa"),
        ("", "ru"),
        ("kak poluchit spravku", "de"),
        ("kak poluchit spravku", "xx"),
        ("ninde ez dixwazim", "kmr"),
    ],
)
def test_other_text_stays_as_it_is(text: str, language: str) -> None:
    assert native(text, language) == text


def test_signs_and_spaces_stay() -> None:
    assert native("  gde shkola?!\n- i kak  tuda ", "ru") == "  где школа?!\n- и как  туда "


@given(st.text(max_size=60), st.sampled_from(TYPED))
def test_any_text_can_be_written_back(text: str, language: str) -> None:
    assert isinstance(native(text, language), str)


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.sampled_from(TYPED))
def test_written_back_twice_is_written_back_once(words: list[str], language: str) -> None:
    once = native(" ".join(words), language)
    assert native(once, language) == once
