"""Which response somebody wants to change, and whether a text says nothing but that one is wrong."""

from __future__ import annotations

import pytest

from lotse.intake.correcting import is_correction, line_named, line_numbered

LINES = {
    "de": {"age": "Alter", "languages": "Sprachen", "local_language": "Deutsch", "tools": "Führerschein, Computer",
           "job.1": "Arbeit", "job.2": "Arbeit 2"},
    "en": {"age": "Age", "languages": "Languages", "local_language": "German", "tools": "Licence, computer", "job.1": "Work",
           "job.2": "Work 2"},
    "uk": {"age": "Вік", "languages": "Мови", "local_language": "Німецька", "tools": "Права, комп’ютер", "job.1": "Робота",
           "job.2": "Робота 2"},
    "ar": {"age": "العمر", "languages": "اللغات", "local_language": "الألمانية", "tools": "رخصة القيادة والكمبيوتر",
           "job.1": "العمل", "job.2": "العمل 2"},
    "nl": {"age": "Leeftijd", "languages": "Talen", "local_language": "Nederlands", "job.1": "Werk"},
    "ru": {"age": "Возраст", "languages": "Языки", "local_language": "Немецкий", "job.1": "Работа"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "text", "key"),
    [
        ("de", "mein Alter ist falsch", "age"),
        ("de", "Führerschein, Computer stimmt nicht", "tools"),
        ("de", "Deutsch stimmt nicht, bitte ändern", "local_language"),
        ("de", "Arbeit 2 ist falsch", "job.2"),
        ("en", "my age is wrong", "age"),
        ("en", "Licence, computer is not right, please change", "tools"),
        ("uk", "Вік неправильний", "age"),
        ("uk", "Мови невірно, хочу змінити", "languages"),
        ("ar", "عمري غلط", "age"),
        ("ar", "اللغات غير صحيحة أريد تغييرها", "languages"),
        ("nl", "mijn leeftijd klopt niet", "age"),
        ("ru", "мой возраст указан неправильно", "age"),
    ],
)
def test_a_line_is_wrong(tag: str, text: str, key: str) -> None:
    assert is_correction(text, LINES[tag])
    assert line_named(text, LINES[tag]) == key


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("de", "meine Arbeit war falsch bezahlt"),
        ("de", "ich möchte meine Arbeit wechseln"),
        ("de", "es stimmt nicht, dass ich keine Sprachen kann"),
        ("de", "falsch"),
        ("de", "12 Jahre"),
        ("ru", "20"),
        ("en", "Edit"),
        ("de", "Beruf ändern"),
        ("uk", "змінити професію"),
        ("en", "my work is wrong for me because of my back"),
        ("en", "I want to change my work"),
        ("uk", "робота за фахом"),
        ("ar", "بدي غير شغلي"),
        ("nl", "werk"),
        ("ru", "хочу сменить работу"),
        ("en", ""),
    ],
)
def test_what_says_more_is_a_response(tag: str, text: str) -> None:
    assert not is_correction(text, LINES[tag])


@pytest.mark.parametrize(
    ("text", "key"),
    [("3", "local_language"), ("change 2", "languages"), ("٢", "languages"), ("9", None), ("2 3", None), ("", None)],
)
def test_a_line_by_its_place(text: str, key: str | None) -> None:
    assert line_numbered(text, LINES["en"]) == key


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("de", "20 ändern"),
        ("de", "bitte die 3 ändern"),
        ("en", "change 20"),
        ("nl", "20 wijzigen"),
        ("uk", "змінити ٢"),
        ("ru", "изменить 20"),
        ("ar", "تغيير ٢٠"),
        ("nl", "veranderen"),
        ("ru", "хочу исправить ответ"),
        ("ar", "بدي أغير الجواب"),
        ("en", "I want to change an answer"),
    ],
)
def test_a_word_for_change_perhaps_with_a_number(tag: str, text: str) -> None:
    assert is_correction(text, LINES[tag])


def test_no_line_is_guessed() -> None:
    assert line_named("work is wrong", LINES["en"]) is None, "the first or the second?"
    assert line_named("this is wrong", LINES["en"]) is None
    assert line_named("ändern", {"adults": "Andere Erwachsene"}) is None
