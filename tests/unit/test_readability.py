"""How hard a text is to read: the measure of each language, and which sentences and words are named."""

from __future__ import annotations

import pytest

from lotse.answers.readability import hint

EASY = "Gehen Sie zum Amt. Nehmen Sie den Pass mit. Es ist offen."
HARD = (
    "Die Verlängerung der Aufenthaltserlaubnis setzt voraus, dass sämtliche Erteilungsvoraussetzungen weiterhin vorliegen, "
    "wobei die Ausländerbehörde die Lebensunterhaltssicherung gesondert überprüft und dokumentiert."
)


def test_lix_by_hand() -> None:
    found = hint(EASY, "de")
    assert found is not None
    # 12 words in 3 sentences, none of more than six letters
    assert (found.measure, found.value, found.band) == ("lix", 4, "very_easy")
    assert (found.sentences, found.words) == ((), ())


def test_what_is_hard_is_named() -> None:
    found = hint(EASY + " " + HARD, "de")
    assert found is not None
    assert [(sentence, count) for sentence, count in found.sentences] == [(HARD, 20)]
    assert found.words == ("Erteilungsvoraussetzungen", "Lebensunterhaltssicherung", "Aufenthaltserlaubnis")
    alone = hint(HARD, "de")
    assert alone is not None
    assert alone.band == "very_hard"


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [("uk", "Візьміть паспорт. Ідіть до ратуші зранку.", 3), ("ar", "خذ جواز السفر. اذهب إلى البلدية صباحًا؟ نعم.", 3)],
)
def test_other_scripts_are_measured_by_words(tag: str, text: str, value: int) -> None:
    found = hint(text, tag)
    assert found is not None
    assert (found.measure, found.value, found.band) == ("words", value, "very_easy")


def test_names_in_another_script_are_not_hard_words() -> None:
    found = hint("Ідіть до Ausländerbehördengebäude. Там є найвідповідальніший.", "uk")
    assert found is not None
    assert found.words == ("найвідповідальніший",)


def test_abbreviations_lists_and_links() -> None:
    text = "Nehmen Sie z. B. den Pass mit:\nPass\nMietvertrag\nMehr auf https://www.musterstadt.example/ein/sehr/langer/weg-mit-worten.html"
    found = hint(text, "de")
    assert found is not None
    assert found.sentences == ()
    assert found.value < 20


@pytest.mark.parametrize("text", ["", "  \n", "116 117", "https://www.example.org/"])
def test_nothing_to_read(text: str) -> None:
    assert hint(text, "de") is None
