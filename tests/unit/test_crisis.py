"""Words that name danger are found, everyday words are not; every country has its own numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lotse import crisis
from lotse.crisis import CrisisLists
from lotse.crisis.calls import fixed_reply
from lotse.patterns import pattern_of
from lotse.settings import ROOT
from lotse.wording import Wording
from tests.unit.conftest import CONTENT, OFFERED, held_out, load_yaml, training

LISTED = sorted(file.stem for file in (CONTENT / "crisis").glob("*.yml") if file.stem != "numbers")
TRAINED = sorted(folder.name for folder in (ROOT / "data" / "nlu").iterdir() if folder.is_dir())


@pytest.fixture(scope="module")
def lists() -> CrisisLists:
    return crisis.load(CONTENT / "crisis")


def listed(tag: str) -> dict[str, Any]:
    return load_yaml(CONTENT / "crisis" / f"{tag}.yml")


@pytest.mark.parametrize("tag", LISTED)
def test_every_listed_phrase_is_found(lists: CrisisLists, tag: str) -> None:
    phrases = [phrase.replace("*", "") for group in listed(tag)["phrases"].values() for phrase in group]
    assert len(phrases) > 100
    for shape in ("{}", "😭bla {}, bla!"):
        assert [phrase for phrase in phrases if not lists.names_danger(shape.format(phrase))] == []
    assert [phrase for phrase in phrases if not lists.names_danger(phrase.upper())] == []


@pytest.mark.parametrize("tag", LISTED)
def test_every_listed_exception_is_quiet(lists: CrisisLists, tag: str) -> None:
    exceptions = [phrase.replace("*", "") for phrase in listed(tag)["except"]]
    assert len(exceptions) > 5
    assert [phrase for phrase in exceptions if lists.names_danger(phrase)] == []


def test_an_exception_does_not_hide_danger(lists: CrisisLists) -> None:
    assert lists.names_danger("Ich sterbe vor Hunger und mein Mann schlägt mich")
    assert lists.names_danger("mein Mann schlägt mich, ich sterbe vor Hunger")


@pytest.mark.parametrize("tag", OFFERED)
def test_everyday_sentences_seldom_raise_an_alarm(lists: CrisisLists, tag: str) -> None:
    harmless = [message["text"] for message in held_out(tag) if message.get("false_alarm")]
    assert len(harmless) >= 10
    # held out: no phrase is excepted because it stands here, so a few may alarm; ./run bench understanding counts them
    assert len([text for text in harmless if lists.names_danger(text)]) <= len(harmless) / 4


@pytest.mark.parametrize("tag", TRAINED)
def test_ordinary_messages_raise_no_alarm(lists: CrisisLists, tag: str) -> None:
    ordinary = [text for intent, text in training(tag) if intent != "crisis"]
    assert len(ordinary) > 300
    assert [text for text in ordinary if lists.names_danger(text)] == []


@pytest.mark.parametrize("tag", TRAINED)
def test_the_examples_of_danger_are_found(lists: CrisisLists, tag: str) -> None:
    danger = [text for intent, text in training(tag) if intent == "crisis"]
    assert len(danger) > 50
    missed = [text for text in danger if not lists.names_danger(text)]
    assert len(missed) <= len(danger) * 0.02, missed


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("ik kan vandaag niet, want die dag werk ik", "nl"),  # en "want die"
        ("حقوق بشر در آلمان", "fa"),  # ar "human trafficking" without its first word
        ("مجوز اسلحه شکاری", "fa"),
        ("me molesta el ruido del vecino", "es"),  # en "molest"
        ("mijn familie was anders", "nl"),  # de "familie was an..."
        ("ambulans ücretli mi", "tr"),  # so "ambulans"
    ],
)
def test_a_phrase_of_one_language_is_quiet_in_another(lists: CrisisLists, text: str, of: str) -> None:
    """All lists are searched for every message."""
    assert not lists.names_danger(text), of


@pytest.mark.parametrize(
    "text",
    [
        "живу на вулиці Шіллера 5, куди звертатись",
        "коли я можу забрати мій паспорт з відомства",
        "мама після інсульту, чи дадуть групу",
        "die Miete bringt mich um",
        "ich brauche einen freien Termin beim Kinderarzt",
        "darf ich mein Kind allein zu Hause lassen",
        "i dont want to live in the camp any more",
        "i took my kids to the doctor",
        "we have no bed for the baby in the new flat",
        "ما بدي عيش بالكامب بدي بيت",
        "بدي قدم طعن على القرار",
        "تأخرت غصب عني",
    ],
)
def test_everyday_talk_that_sounds_alike_is_quiet(lists: CrisisLists, text: str) -> None:
    assert not lists.names_danger(text)


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
        ("муж меня бьёт", True),
        ("муж меня бьет", True),
        ("чоловік ломиться в двері з ножем", True),
        ("mein Bruder sagt er findet mich und bringt mich um", True),
        ("boss take my passport and say i must work for free", True),
        ("قاعدين برا قدام المحطة مع بيبي", True),
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


def test_the_longest_exception_is_cut_out() -> None:
    """The shorter one would leave the phrase behind it."""
    phrases = [pattern_of(phrase) for phrase in ("stab*", "in the back")]
    lists = CrisisLists(phrases, [("stab*",), ("stab*", "in", "the", "back")], {})
    assert not lists.names_danger("stabbed in the back")
    assert lists.names_danger("in the back")


def test_patterns_with_the_same_beginning_are_told_apart() -> None:
    lists = CrisisLists([("a", "b", "c"), ("a*", "b", "d"), ("ab", "x*")], [], {})
    assert [text for text in ("a b c", "a b d", "abc b d", "ab xyz") if not lists.names_danger(text)] == []
    assert [text for text in ("a b", "abc b c", "ab", "b c", "abx yz") if lists.names_danger(text)] == []


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
        return "\n".join(wording.render(part, tag) for part in fixed_reply(lists.lines(country), "cc_1", True).paragraphs)

    assert "113" not in shown("DE")
    assert "113" in shown("NL")
    assert all(line.number in shown("DE") for line in lists.lines("DE"))
    assert "112" in shown("FR")
    assert "113" not in shown("FR")


def test_every_number_is_dialled_as_written(lists: CrisisLists) -> None:
    for country in ("DE", "NL"):
        assert all(line.number.replace(" ", "").isdigit() for line in lists.lines(country))


def test_a_faulty_list_is_found_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "numbers.yml").write_text("DE: []\n", "utf-8")
    (tmp_path / "de.yml").write_text("phrases: [", "utf-8")
    lists = crisis.load(tmp_path)
    assert lists.lines("NL"), "the numbers are there without the lists"
    with pytest.raises(yaml.YAMLError):
        lists.warm()
