"""./run ask --json: the contract that scripts of others rely on."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.conftest import Installation
from tests.newcomer import ROOT, environment

pytestmark = pytest.mark.processes

QUESTIONS = [
    ("Wo melde ich meine neue Adresse an?", "de", {"answer", "choose"}, "register_address"),
    ("як знайти сімейного лікаря", "uk", {"answer", "choose"}, "doctor"),
    ("كيف أسجل ابني في المدرسة", "ar", {"answer", "choose"}, "school"),
    ("how can I open a bank account", "en", {"answer", "choose"}, "bank_account"),
    ("как открыть счёт в банке", "ru", {"answer", "choose"}, "bank_account"),
    ("hoe schrijf ik mijn dochter in op school", "nl", {"answer", "choose"}, "school"),
    ("turn on the light in the kitchen", "en", {"unknown"}, None),
    ("ich will mich umbringen", "de", {"crisis"}, None),
    ("привіт", "uk", {"smalltalk"}, None),
    ("شكرا كتير", "ar", {"smalltalk"}, None),
    ("Ich möchte mit einem Menschen sprechen", "de", {"command"}, None),
]


def test_one_line_for_each_question(installation: Installation) -> None:
    lines = "".join(json.dumps({"text": text, "language": tag}) + "\n" for text, tag, _, _ in QUESTIONS)
    done = subprocess.run(
        [str(ROOT / "run"), "ask", "--json"],
        input=lines + "doctor for my child\n",
        env=environment(installation.home),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(QUESTIONS) + 1
    for answer, (text, tag, decisions, topic) in zip(answers, QUESTIONS):
        assert answer["text"] == text
        assert answer["language"] == tag
        assert answer["decision"] in decisions, answer
        if topic:
            assert topic in [candidate["topic"] for candidate in answer["candidates"][:3]]
            assert set(answer["candidates"][0]) == {"id", "topic", "title", "language", "score", "source_id"}
            scores = [candidate["score"] for candidate in answer["candidates"]]
            assert scores == sorted(scores, reverse=True)


def test_a_town_without_answers_knows_nothing_and_breaks_nothing(installation: Installation) -> None:
    done = subprocess.run(
        [str(ROOT / "run"), "ask", "--json", "--municipality", "voorbeeldstad"],
        input="hoe schrijf ik mijn dochter in op school\nich will mich umbringen\n",
        env=environment(installation.home),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["decision"], each["candidates"]) for each in answers] == [("unknown", []), ("crisis", [])]
