"""One spelling for what people type in many."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotse.normalise import normalise, words


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("STRASSE", "Straße"),
        ("Ärztin", "ärztin"),
        ("cafe\u0301", "café"),
        ("Türkçe", "turkce"),
        ("DIŞARI", "dişari"),
        ("żłobek", "zlobek"),
        ("أحمد", "احمد"),
        ("إقامة", "اقامه"),
        ("مُحَمَّد", "محمد"),
        ("مستشفى", "مستشفي"),
        ("ک", "ك"),
        ("ی", "ي"),
        ("مـــرحبا", "مرحبا"),
        ("ґанок", "ганок"),
        ("Ї", "ї"),
        ("ёлка", "елка"),
        ("ВСЁ", "все"),
        ("٣٤", "34"),
        ("۳۴", "34"),
        ("３４", "34"),
        ("𝗛𝗲𝗹𝗽", "help"),
        ("ﷲ", "الله"),
    ],
)
def test_alike(first: str, second: str) -> None:
    assert normalise(first) == normalise(second)


@pytest.mark.parametrize(
    ("first", "second"), [("їх", "іх"), ("й", "и"), ("мій", "мии"), ("12", "21"), ("كلب", "قلب"), ("schon", "schön?")]
)
def test_not_alike(first: str, second: str) -> None:
    assert normalise(first) != normalise(second)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("?! … 🙂", []),
        ("Ja, gern!", ["ja", "gern"]),
        ("під’їзд м'яч сім\u02bcя", [normalise(word) for word in ("підїзд", "мяч", "сімя")]),
        ("16–17", ["16", "17"]),
        ("١، ٢", ["1", "2"]),
        ("lesen/schreiben_a", ["lesen", "schreiben", "a"]),
        ("العمل والسكن", ["عمل", "سكن"]),
        ("الكردية كردية وكردي", ["كردي", "كردي", "كردي"]),
        ("الألمانية بالألمانية", words("ألماني ألماني")),  # the first letters belong to the word
        ("ولد", ["ولد"]),  # no "and" in front of so short a rest
        ("I don't", ["i", "dont"]),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text(max_size=60))
@settings(derandomize=True)
def test_normal_spelling_is_stable(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(max_size=60))
@settings(derandomize=True)
def test_words_have_no_spaces_and_are_not_empty(text: str) -> None:
    assert all(word and not word.isspace() and " " not in word for word in words(text))
