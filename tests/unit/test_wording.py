"""The bot's wording: complete, alike in all languages, right plurals, values kept apart in right-to-left text."""

from __future__ import annotations

import ast
import re
from datetime import date
from functools import lru_cache
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from lotse import crisis
from lotse.cases.summary import SECTIONS, STAFF_LANGUAGES
from lotse.intake import Questionnaire
from lotse.languages import Languages
from lotse.replies import Say, say
from lotse.settings import ROOT
from lotse.wording import LOCALES, Wording, isolate
from tests.unit.conftest import CONTENT, OFFERED

PLACEHOLDER = re.compile(r"\{(\w+)\}")
MARKS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
BEGIN, END = "\u2068", "\u2069"


@lru_cache
def catalogue(tag: str) -> Catalog:
    with open(LOCALES / tag / "LC_MESSAGES" / "lotse.po", "rb") as file:
        return read_po(file, locale=tag, domain="lotse")


@lru_cache
def entries(tag: str) -> dict[str, tuple[str, ...]]:
    """All texts of a language by key, one for each plural form."""
    found = {}
    for message in catalogue(tag):
        if message.id:
            key = message.id[0] if isinstance(message.id, tuple) else message.id
            found[key] = message.string if isinstance(message.string, tuple) else (message.string,)
    return found


@lru_cache
def keys_in_code() -> dict[str, str]:
    """Every string in the code that looks like a wording's key, with the file it stands in."""
    groups = {key.split(".")[0] for key in entries("en")}
    found = {}
    for part in ("lotse", "bot", "actions"):
        for file in sorted(set((ROOT / part).rglob("*.py")) - set((ROOT / "lotse" / "storage").rglob("*.py"))):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    key = node.value
                    is_file = key.endswith((".yml", ".html"))
                    if re.fullmatch(r"[a-z]+(\.[a-z_]+)+", key) and not is_file and key.split(".")[0] in groups:
                        found[key] = str(file.relative_to(ROOT))
    return found


def keys_of_content(questionnaire: Questionnaire) -> set[str]:
    """Keys that are put together from content."""
    keys = {f"intake.ended.{why}" for question in questionnaire.questions for why in question.ends.values()}
    keys |= {f"intake.alarm.{kind}" for question in questionnaire.questions for kind in question.alarm.values()}
    keys |= {f"summary.purpose.{question.consent}" for question in questionnaire.questions if question.consent}
    keys |= {f"summary.{name}" for name in SECTIONS}
    keys |= {f"summary.status.{status}" for status in ("new", "open", "waiting", "closed")}
    keys |= {f"summary.kind.{kind}" for kind in ("contact", "deletion")}
    keys |= {f"feedback.button.{reason}" for reason in ("not_my_question", "not_true", "hard")}
    lists = crisis.load(CONTENT / "crisis")
    return keys | {line.key for country in ("DE", "NL", "FR") for line in lists.lines(country)}


def values_for(text: str) -> dict[str, Any]:
    return {name: 7 if name == "count" else f"«{name}»" for name in PLACEHOLDER.findall(text)}


def test_all_offered_languages_are_tested(known: Languages) -> None:
    assert {language.tag for language in known.offered} == set(OFFERED)


@pytest.mark.parametrize("tag", OFFERED)
def test_every_key_that_the_code_says_exists(tag: str) -> None:
    used = keys_in_code()
    assert len(used) > 80, "the search found too little to mean anything"
    assert {key: file for key, file in used.items() if key not in entries(tag)} == {}


@pytest.mark.parametrize("tag", OFFERED)
def test_every_key_that_content_names_exists(questionnaire: Questionnaire, tag: str) -> None:
    assert keys_of_content(questionnaire) - set(entries(tag)) == set()


@pytest.mark.parametrize("tag", OFFERED)
def test_the_same_keys_in_every_language(tag: str) -> None:
    assert set(entries(tag)) == set(entries("en"))


def test_the_case_workers_page_in_every_staff_language(questionnaire: Questionnaire) -> None:
    wanted = {key for key in entries("en") if key.startswith("summary.")} | {"intake.several", "intake.skipped"}
    assert len(wanted) > 20
    assert {tag: missing for tag in STAFF_LANGUAGES if (missing := wanted - set(entries(tag)))} == {}


@pytest.mark.parametrize("tag", OFFERED)
def test_no_text_is_empty_or_in_doubt(tag: str) -> None:
    assert [key for key, texts in entries(tag).items() if not all(text.strip() for text in texts)] == []
    assert [message.id for message in catalogue(tag) if message.id and message.fuzzy] == []


@pytest.mark.parametrize("tag", OFFERED)
def test_the_same_placeholders_as_in_english(tag: str) -> None:
    different = {}
    for key, texts in entries(tag).items():
        wanted = {name for text in entries("en")[key] for name in PLACEHOLDER.findall(text)}
        for text in texts:
            may_leave_out = {"count"} if len(texts) > 1 else set()
            names = set(PLACEHOLDER.findall(text))
            if names - wanted or wanted - names - may_leave_out:
                different[key] = (names, wanted)
    assert different == {}


@pytest.mark.parametrize("tag", OFFERED)
def test_no_braces_but_placeholders(tag: str) -> None:
    left = {
        key: texts for key, texts in entries(tag).items() if any(set("{}") & set(PLACEHOLDER.sub("", text)) for text in texts)
    }
    assert left == {}


@pytest.mark.parametrize("tag", OFFERED)
def test_plural_forms_are_all_there(tag: str) -> None:
    wanted = catalogue(tag).num_plurals
    assert {key for key, texts in entries(tag).items() if len(texts) not in (1, wanted)} == set()
    assert {key for key, texts in entries(tag).items() if len(texts) > 1} == (
        {key for key, texts in entries("en").items() if len(texts) > 1} & set(entries(tag))
    )


PLURALS = {
    "ar": {0: 0, 1: 1, 2: 2, 3: 3, 10: 3, 103: 3, 11: 4, 99: 4, 111: 4, 100: 5, 102: 5},
    "uk": {1: 0, 21: 0, 101: 0, 2: 1, 4: 1, 22: 1, 5: 2, 11: 2, 12: 2, 14: 2, 0: 2, 111: 2},
    "ru": {1: 0, 21: 0, 101: 0, 2: 1, 4: 1, 22: 1, 5: 2, 11: 2, 12: 2, 14: 2, 0: 2, 111: 2},
    "nl": {1: 0, 0: 1, 2: 1, 21: 1},
    "de": {1: 0, 0: 1, 2: 1, 21: 1},
    "en": {1: 0, 0: 1, 2: 1, 11: 1},
}


@pytest.mark.parametrize(("tag", "count", "form"), [(tag, *pair) for tag, forms in PLURALS.items() for pair in forms.items()])
@pytest.mark.parametrize("key", ["intake.next_section", "intake.too_many", "intake.sent_promise"])
def test_plurals(wording: Wording, key: str, tag: str, count: int, form: int) -> None:
    template = entries(tag)[key][form]
    values = {"count": str(count), "section": "×"}
    shown = {name: isolate(value) if tag == "ar" else value for name, value in values.items()}
    assert wording.render(say(key, count=count, section="×"), tag) == PLACEHOLDER.sub(lambda match: shown[match[1]], template)


def test_arabic_has_six_forms_and_ukrainian_three(wording: Wording) -> None:
    arabic = {wording.render(say("intake.too_many", count=count), "ar") for count in (0, 1, 2, 3, 11, 100)}
    assert len(arabic) == 6
    # without the number itself three forms are left of 1, 21 · 2, 22 · 5, 11
    ukrainian = {
        count: re.sub(r"\d+", "#", wording.render(say("intake.too_many", count=count), "uk")) for count in (1, 21, 2, 22, 5, 11)
    }
    assert ukrainian[1] == ukrainian[21]
    assert ukrainian[2] == ukrainian[22]
    assert ukrainian[5] == ukrainian[11]
    assert len(set(ukrainian.values())) == 3


@pytest.mark.parametrize("tag", OFFERED)
def test_catalogues_hold_no_direction_marks(tag: str) -> None:
    assert [key for key, texts in entries(tag).items() if any(MARKS.search(text) for text in texts)] == []


@pytest.mark.parametrize("tag", ["de", "en", "uk", "ru", "nl"])
def test_no_marks_in_left_to_right_text(wording: Wording, tag: str) -> None:
    for key, texts in entries(tag).items():
        rendered = wording.render(Say(key, values_for("".join(texts))), tag)
        assert not MARKS.search(rendered), key
        assert "{" not in rendered, key


def test_values_are_isolated_in_right_to_left_text(wording: Wording) -> None:
    seen = 0
    for key, texts in entries("ar").items():
        values = values_for("".join(texts))
        rendered = wording.render(Say(key, values), "ar")
        isolated = re.findall(f"{BEGIN}([^{BEGIN}{END}]*){END}", rendered)
        outside = re.sub(f"{BEGIN}[^{BEGIN}{END}]*{END}", "", rendered)
        assert not MARKS.search(outside), key
        assert set(isolated) <= {str(value) for value in values.values()}, key
        assert not any(str(value) in outside for name, value in values.items() if name != "count"), key
        seen += len(isolated)
    assert seen > 20


def test_lists_dates_and_wordings_in_wordings(wording: Wording) -> None:
    parts = ["дім", "робота"]
    assert wording.render(say("intake.several", values=parts), "uk") == "дім і робота"
    assert wording.render(say("intake.several", values=["Haus", "Arbeit", "Kind"]), "de") == "Haus, Arbeit und Kind"
    arabic = wording.render(say("intake.several", values=["بيت", "work"]), "ar")
    assert arabic.count(BEGIN) == arabic.count(END) == 3  # each part, and the list as a whole
    assert BEGIN + "work" + END in arabic
    checked = say("answer.source", source="BAMF", checked=date(2026, 11, 3))
    assert "3. November 2026" in wording.render(checked, "de")
    assert "3 листопада 2026" in wording.render(checked, "uk")
    assert "نوفمبر" in wording.render(checked, "ar")
    nested = say("intake.former", response=say("intake.skipped"))
    assert wording.render(nested, "uk").endswith(entries("uk")["intake.skipped"][0])
    assert not MARKS.search(wording.render(nested, "ar")), "a wording in a wording has the same direction"


def test_text_stays_as_it_is(wording: Wording) -> None:
    assert wording.render("{municipality} <b>", "ar") == "{municipality} <b>"
    assert "{total}" in wording.render(say("intake.former", response="{total}"), "uk"), "a value is no template"


def test_a_gap_is_an_error(wording: Wording) -> None:
    with pytest.raises(KeyError, match=r"intake\.no_such_key.*uk"):
        wording.render(say("intake.no_such_key"), "uk")
    with pytest.raises(KeyError, match="section"):
        wording.render(say("intake.next_section", count=1), "de")


@pytest.mark.parametrize("tag", OFFERED)
def test_the_picker_names_every_language(wording: Wording, known: Languages, tag: str) -> None:
    assert wording.render(say("language.pick"), tag).count("·") == len(known.offered) - 1
