"""Requests that are none of ours, from sets of others (weather, alarms, lamps, small knowledge), put to the sample town."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import Any

from bench.asking import DATA, LANGUAGES, Asker, Table, progress, share
from bench.messages import SAMPLE_TOWN

MOST = 300  # of a language
FEW = 20  # of a language; the share of fewer says nothing


async def measure(asker: Asker, most: int = MOST) -> dict[str, dict[str, Any]]:
    """By language: how many were asked, and the share of which nothing came."""
    town = asker.town(SAMPLE_TOWN)
    found = {}
    for tag, texts in _requests().items():
        chosen = random.Random(3).sample(texts, min(len(texts), most))
        decisions = [each["decision"] for each in await asker.ask(town, [(tag, text) for text in chosen])]
        found[tag] = {
            "requests": len(chosen),
            "not_answered": share(sum(each != "answer" for each in decisions), len(decisions)),
            "nothing_shown": share(sum(each not in ("answer", "choose") for each in decisions), len(decisions)),
            "crisis": sum(each == "crisis" for each in decisions),
        }
        progress(f"out of scope {tag}: {len(chosen)}")
    return found


def table(found: dict[str, dict[str, Any]]) -> Table:
    """The figures for people."""
    columns = ("requests", "not_answered", "nothing_shown", "crisis")
    return Table(
        "Requests that are none of ours (sets of others)",
        "Share that got no answer; share that got no answers to choose from either; number taken for danger.",
        ("", *(name.replace("_", " ") for name in columns)),
        [(tag, *(each[name] for name in columns)) for tag, each in found.items()],
    )


def _requests() -> dict[str, list[str]]:
    texts: dict[str, set[str]] = defaultdict(set)
    for row in _rows("out_of_scope_assistant.jsonl"):
        for tag, text in row["text"].items():
            texts[tag].add(text)
    for row in _rows("out_of_scope_home.jsonl"):
        texts[row["lang"]].add(row["text"])
    texts["en"].update(row["text"] for row in _rows("out_of_scope_en.jsonl") if row["oos"])
    return {tag: sorted(texts[tag]) for tag in LANGUAGES if len(texts[tag]) >= FEW}


def _rows(name: str) -> list[dict[str, Any]]:
    file = DATA / name
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
