"""Words that name danger are found, everyday words are not; every country has its own numbers."""

from __future__ import annotations

from typing import Any

import pytest

from lotse import crisis
from lotse.crisis import CrisisLists
from lotse.greeting import crisis_reply
from lotse.wording import Wording
from tests.unit.conftest import CONTENT, OFFERED, held_out, load_yaml, training


@pytest.fixture(scope="module")
def lists() -> CrisisLists:
    return crisis.load(CONTENT / "crisis")


def listed(tag: str) -> dict[str, Any]:
    return load_yaml(CONTENT / "crisis" / f"{tag}.yml")


@pytest.mark.parametrize("tag", OFFERED)
def test_every_listed_phrase_is_found(lists: CrisisLists, tag: str) -> None:
    phrases = [phrase.replace("*", "") for group in listed(tag)["phrases"].values() for phrase in group]
    assert len(phrases) > 100
    for shape in ("{}", "😭bla {}, bla!"):
        assert [phrase for phrase in phrases if not lists.names_danger(shape.format(phrase))] == []
    assert [phrase for phrase in phrases if not lists.names_danger(phrase.upper())] == []


@pytest.mark.parametrize("tag", OFFERED)
def test_every_listed_exception_is_quiet(lists: CrisisLists, tag: str) -> None:
    exceptions = [phrase.replace("*", "") for phrase in listed(tag)["except"]]
    assert len(exceptions) > 5
    assert [phrase for phrase in exceptions if lists.names_danger(phrase)] == []


def test_an_exception_does_not_hide_danger(lists: CrisisLists) -> None:
    assert lists.names_danger("Ich sterbe vor Hunger und mein Mann schlägt mich")
    assert lists.names_danger("mein Mann schlägt mich, ich sterbe vor Hunger")


@pytest.mark.parametrize("tag", OFFERED)
def test_everyday_sentences_raise_no_alarm(lists: CrisisLists, tag: str) -> None:
    harmless = [message["text"] for message in held_out(tag) if message.get("false_alarm")]
    assert len(harmless) >= 10
    assert [text for text in harmless if lists.names_danger(text)] == []


@pytest.mark.parametrize("tag", OFFERED)
def test_ordinary_messages_raise_no_alarm(lists: CrisisLists, tag: str) -> None:
    ordinary = [text for intent, text in training(tag) if intent != "crisis"]
    assert len(ordinary) > 300
    assert [text for text in ordinary if lists.names_danger(text)] == []


@pytest.mark.parametrize(
    ("text", "alarm"),
    [
        ("ich will sterben", True),
        ("ICH WILL STERBEN!!!", True),
        ("я не хочу жити", True),
        ("𝗜 𝘄𝗮𝗻𝘁 𝗧𝗢 𝗗𝗜𝗘", True),  # letters of a decorated font
        ("Я   не   хочу   жити...", True),
        ("не хочу жить", True),
        ("my husband hit me", True),
        ("زوجي يضربني", True),
        ("я не хочу тут жити, хочу іншу квартиру", False),
        ("wo ist die Anmeldung", False),
        ("", False),
        ("🙂", False),
    ],
)
def test_messages(lists: CrisisLists, text: str, alarm: bool) -> None:
    assert lists.names_danger(text) is alarm


def test_a_star_stands_at_the_end_of_a_word() -> None:
    lists = CrisisLists([("my*", "friend")], [("my*", "friend", "code")], {})
    assert lists.names_danger("Mystery friend")
    assert not lists.names_danger("a myth friend code")
    assert not lists.names_danger("my dear friend")


def numbers(lists: CrisisLists, country: str) -> dict[str, str]:
    return {line.key: line.number for line in lists.lines(country)}


def test_numbers_of_a_country(lists: CrisisLists) -> None:
    assert numbers(lists, "DE")["crisis.line.emergency"] == "112"
    assert numbers(lists, "DE")["crisis.line.despair"] == "0800 111 0 111"
    assert numbers(lists, "NL")["crisis.line.despair"] == "113"
    assert lists.lines("DE")[0].number == lists.lines("NL")[0].number == "112"


@pytest.mark.parametrize("country", ["FR", "", "XX", "de"])
def test_an_unknown_country_has_the_european_number(lists: CrisisLists, country: str) -> None:
    assert numbers(lists, country) == {"crisis.line.emergency": "112"}


@pytest.mark.parametrize("tag", OFFERED)
def test_the_dutch_number_is_never_shown_in_germany(lists: CrisisLists, wording: Wording, tag: str) -> None:
    def shown(country: str) -> str:
        return "\n".join(wording.render(part, tag) for part in crisis_reply(lists.lines(country), True).paragraphs)

    assert "113" not in shown("DE")
    assert "113" in shown("NL")
    assert all(line.number in shown("DE") for line in lists.lines("DE"))
    assert "112" in shown("FR")
    assert "113" not in shown("FR")


def test_every_number_is_dialled_as_written(lists: CrisisLists) -> None:
    for country in ("DE", "NL"):
        assert all(line.number.replace(" ", "").isdigit() for line in lists.lines(country))
