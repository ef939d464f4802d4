"""How much of what newcomers' messages name is found: precision, recall and F1 by language, on held-out messages.

The messages are tests/understanding/<tag>/extraction.yml. All finds count, also those that would be asked back;
`certain` is the precision of those that would not. `./run bench understanding` calls `measure`.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from lotse.intake.extract import Kind, extract
from lotse.settings import ROOT

HELD_OUT = ROOT / "tests" / "understanding"
FIELDS: dict[str, Kind] = {
    "languages": "language",
    "countries": "country",
    "numbers": "number",
    "ages": "age",
    "dates": "date",
    "themes": "theme",
    "occupations": "occupation",
}


def measure(folder: Path = HELD_OUT) -> dict[str, dict[str, float]]:
    """By language tag: precision, recall, f1, certain (precision of what is not asked back), messages."""
    figures = {}
    for file in sorted(folder.glob("*/extraction.yml")):
        counts: Counter[str] = Counter()
        data = yaml.safe_load(file.read_text("utf-8"))
        for message in data["messages"]:
            for field in FIELDS:
                counts.update(_counted(message, field, file.parent.name, data["today"]))
        found, expected, right = counts["found"], counts["expected"], counts["right"]
        precision, recall = right / found if found else 1.0, right / expected if expected else 1.0
        figures[file.parent.name] = {
            "precision": round(precision, 3),
            "recall": round(recall, 3),
            "f1": round(2 * precision * recall / (precision + recall), 3) if precision + recall else 0.0,
            "certain": round(counts["certain right"] / counts["certain"], 3) if counts["certain"] else 1.0,
            "messages": len(data["messages"]),
        }
    return figures


def mistakes(folder: Path = HELD_OUT) -> list[tuple[str, str, str, list[str], list[str]]]:
    """(tag, text, field, missed, found wrongly) of each message that was not read as expected."""
    wrong = []
    for file in sorted(folder.glob("*/extraction.yml")):
        data = yaml.safe_load(file.read_text("utf-8"))
        for message in data["messages"]:
            for field in FIELDS:
                expected, found, _ = _values(message, field, file.parent.name, data["today"])
                if expected != found:
                    wrong.append((file.parent.name, message["text"], field, sorted(expected - found), sorted(found - expected)))
    return wrong


def _counted(message: dict[str, Any], field: str, tag: str, today: date) -> Counter[str]:
    expected, found, certain = _values(message, field, tag, today)
    return Counter(
        {
            "expected": len(expected),
            "found": len(found),
            "right": len(expected & found),
            "certain": len(certain),
            "certain right": len(expected & certain),
        }
    )


def _values(message: dict[str, Any], field: str, tag: str, today: date) -> tuple[set[str], set[str], set[str]]:
    extracted = extract(message["text"], tag, today)
    kind = FIELDS[field]
    return (
        {str(value) for value in message.get(field, [])},
        set(extracted.values(kind)),
        set(extracted.values(kind, certain=True)),
    )


if __name__ == "__main__":
    for tag, figures in measure().items():
        print(tag, figures)
