"""How well our own held-out messages (tests/understanding) are understood, by language, on the sample town."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bench.asking import HELD_OUT, LANGUAGES, LOST, OUTCOMES, Answered, Asker, Table, outcome, progress, rank, share, shares
from bot.incoming import clean
from lotse.files import read_yaml
from lotse.intake.interpretation import Verdict, interpret
from lotse.intake.reading import read
from lotse.storage.tables import Answer

SAMPLE_TOWN = "musterstadt"
FIRST, THREE = 1, 3
FREE_TEXT = "wish_year"  # a question of the intake

Figures = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """A held-out message and what came of it."""

    labels: dict[str, Any]
    answer: Answered
    intent: str | None
    listed: bool  # words of the crisis lists are in it
    in_intake: Verdict  # what it is taken for while FREE_TEXT is open

    @property
    def has(self) -> Callable[[dict[str, Any]], bool]:
        """Whether a candidate is its answer."""
        return lambda candidate: candidate["topic"] == self.labels.get("topic")


def held_out(tag: str) -> list[dict[str, Any]]:
    """The labelled messages of a language."""
    messages: list[dict[str, Any]] = read_yaml(HELD_OUT / tag / "messages.yml")
    return messages


def questions() -> list[tuple[str, str]]:
    """(language, text) of all held-out questions, mixed; always in the same order."""
    found = [(tag, each["text"]) for tag in LANGUAGES for each in held_out(tag) if each["intent"] == "ask_question"]
    random.Random(1).shuffle(found)
    return found


async def measure(asker: Asker, most: int | None) -> dict[str, Figures]:
    """Figures by language."""
    town = asker.town(SAMPLE_TOWN)
    with asker.parts.database.reading() as session:
        known = set(session.scalars(select(Answer.topic).where(Answer.municipality_id == town, Answer.status == "published")))
    found = {}
    for tag in LANGUAGES:
        messages = held_out(tag)
        if most is not None:
            messages = random.Random(2).sample(messages, most)
        answers = await asker.ask(town, [(tag, each["text"]) for each in messages])
        heard = [await _heard(asker, tag, each, answer) for each, answer in zip(messages, answers)]
        found[tag] = figures(heard, known)
        progress(f"held-out messages {tag}: {len(messages)}")
    return found


async def _heard(asker: Asker, tag: str, message: dict[str, Any], answer: Answered) -> Heard:
    text = clean(message["text"])
    understood = await asker.understood(text, tag)
    open_question = asker.parts.intakes.questionnaire.question(FREE_TEXT)
    verdict = interpret(open_question, text, understood, read(open_question, text, [], {}))
    return Heard(message, answer, understood.intent, asker.parts.crisis.names_danger(text), verdict)


def figures(heard: Sequence[Heard], known: set[str]) -> Figures:
    """All figures of one language; `known` are the topics that have an answer."""
    asked = [each for each in heard if each.labels.get("topic") in known]
    nowhere = [each for each in heard if each.labels["intent"] == "ask_question" and each.labels["topic"] not in known]
    outside = [each for each in heard if each.labels["intent"] == "out_of_scope"]
    ranks = [rank(each.answer, each.has) for each in asked]
    return {
        "messages": len(heard),
        "questions": len(asked),
        "first": share(sum(place < FIRST for place in ranks), len(asked)),
        "three": share(sum(place < THREE for place in ranks), len(asked)),
        **shares([outcome(each.answer, each.has) for each in asked]),
        "in_scope_lost": share(sum(_decision(each) in LOST for each in asked), len(asked)),
        **_unknown(asked, nowhere, outside),
        **_intents(heard),
        **_crisis(heard),
        **_in_intake(heard),
    }


def _unknown(asked: Sequence[Heard], nowhere: Sequence[Heard], outside: Sequence[Heard]) -> Figures:
    none = [*nowhere, *outside]
    said = sum(_decision(each) == "unknown" for each in none)
    wrongly = sum(_decision(each) == "unknown" for each in asked)
    return {
        "unknown_precision": share(said, said + wrongly),
        "unknown_recall": share(said, len(none)),
        "no_answer_not_answered": share(sum(_decision(each) != "answer" for each in nowhere), len(nowhere)),
        "out_of_scope_not_answered": share(sum(_decision(each) != "answer" for each in outside), len(outside)),
        "out_of_scope_nothing_shown": share(sum(_decision(each) not in ("answer", "choose") for each in outside), len(outside)),
    }


def _intents(heard: Sequence[Heard]) -> Figures:
    """Macro F1 over all intents that were meant or found, as scikit-learn has it."""
    meant = Counter(each.labels["intent"] for each in heard)
    found = Counter(each.intent for each in heard)
    right = Counter(each.intent for each in heard if each.intent == each.labels["intent"])
    names = set(meant) | set(found)
    f1 = [2 * right[name] / (meant[name] + found[name]) for name in names]
    return {"intent_f1": share(sum(f1), len(f1)), "intent_accuracy": share(sum(right.values()), len(heard))}


def _crisis(heard: Sequence[Heard]) -> Figures:
    danger = [each for each in heard if each.labels["intent"] == "crisis"]
    others = [each for each in heard if each.labels["intent"] != "crisis"]
    alarms = [each for each in others if _decision(each) == "crisis"]
    marked = [each for each in others if each.labels.get("false_alarm")]
    return {
        "crisis_recall": share(sum(_decision(each) == "crisis" for each in danger), len(danger)),
        "crisis_recall_lists": share(sum(each.listed for each in danger), len(danger)),
        "false_alarms": len(alarms),
        "false_alarm_share": share(len(alarms), len(others)),
        "false_alarms_marked": share(sum(bool(each.labels.get("false_alarm")) for each in alarms), len(marked)),
        "false_alarms_lists": sum(each.listed for each in others),
    }


def _in_intake(heard: Sequence[Heard]) -> Figures:
    """Responses and questions while a free text is asked for."""
    responses = [each.in_intake for each in heard if each.labels["intent"] == "respond"]
    asked = [each.in_intake for each in heard if each.labels["intent"] == "ask_question"]
    kept = [each for each in asked if each.kind == "response"]
    return {
        "responses_kept": share(sum(each.kind == "response" for each in responses), len(responses)),
        "responses_with_offer": share(sum(each.also_question for each in responses), len(responses)),
        "questions_answered": share(sum(each.name == "ask_question" for each in asked), len(asked)),
        "questions_kept_with_offer": share(sum(each.also_question for each in kept), len(asked)),
        "questions_kept_alone": share(sum(not each.also_question for each in kept), len(asked)),
    }


def _decision(heard: Heard) -> str:
    return str(heard.answer["decision"])


def tables(found: dict[str, Figures]) -> list[Table]:
    """The figures for people."""

    def table(title: str, note: str, **columns: str) -> Table:
        rows = [(tag, *(each.get(key) for key in columns.values())) for tag, each in found.items()]
        if len(rows) > 1:
            whole = [[row[1 + at] for row in rows if row[1 + at] is not None] for at in range(len(columns))]
            means = [None if not part else sum(part) if isinstance(part[0], int) else sum(part) / len(part) for part in whole]
            rows.append(("all", *means))
        return Table(title, note, ("", *(name.replace("_", " ") for name in columns)), rows)

    decisions = {name.replace(" ", "_"): name.replace(" ", "_") for name in OUTCOMES}
    return [
        table(
            "Questions that the sample town answers",
            "Where the right answer stands among the candidates, and what a newcomer would have seen: the answer, up to three "
            "to choose from, or that there is none.",
            questions="questions", first="first", in_three="three", **decisions,
        ),
        table(
            "Messages without an answer",
            "Questions on topics without an answer, and messages that are none of ours. Precision: of all that was decided "
            "`unknown`, the share that has no answer. Recall: of those without an answer, the share decided `unknown`. "
            "`no topic`, `outside`: the share that got no answer at once; `nothing shown`: nor answers to choose from. "
            "`lost`: questions with an answer that were neither answered nor offered a choice.",
            precision="unknown_precision", recall="unknown_recall", no_topic="no_answer_not_answered",
            outside="out_of_scope_not_answered", nothing_shown="out_of_scope_nothing_shown", lost="in_scope_lost",
        ),
        table(
            "Intents and danger",
            "Recall of messages that name danger: by the word lists alone, and by lists or intent as the bot decides. False "
            "alarms: the number among all other messages, their share, the share of the messages written to provoke one.",
            messages="messages", intent_F1="intent_f1", accuracy="intent_accuracy", lists="crisis_recall_lists",
            recall="crisis_recall", false_alarms="false_alarms", share="false_alarm_share", provoked="false_alarms_marked",
        ),
        table(
            "While the intake asks for a free text",
            "Of the responses: kept as such, and with a button to an answer because they look like a question. Of the questions: "
            "answered, kept as a response with that button, kept without one. The rest is taken for a wish to the bot or danger.",
            responses_kept="responses_kept", with_button="responses_with_offer", questions_answered="questions_answered",
            kept_with_button="questions_kept_with_offer", kept_alone="questions_kept_alone",
        ),
    ]  # fmt: skip
