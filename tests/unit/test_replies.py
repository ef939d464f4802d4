"""Replies as plain data and back: that is how they reach the gateway."""

from __future__ import annotations

import json
from datetime import date

import pytest

from lotse.replies import Button, Reply, from_json, say, to_json

NESTED = say("intake.line", number=1, short="Вік", response=say("intake.several", values=["дім", say("intake.skipped")]))


@pytest.mark.parametrize(
    "reply",
    [
        Reply([]),
        Reply(["Hallo", say("menu.what")]),
        Reply([say("answer.source", source="BAMF", checked=date(2026, 11, 3))]),
        Reply([NESTED, "\u2068مرحبا\u2069 <b> {name}"]),
        Reply([say("intake.several", values=[date(2026, 1, 2), [say("intake.skipped"), None], 3, 2.5, True])]),
        Reply(["x"], [[Button("Ja", "control", "yes", "delete"), Button(say("button.no"), "control", "no")], []]),
        Reply(
            [], [[Button(say("language.button.stay", language="العربية"), "language", "ar")]], edits_pressed=True, language="ar"
        ),
        Reply(['{"say": "no"}', "date"]),
    ],
)
def test_round_trip(reply: Reply) -> None:
    assert from_json(json.loads(json.dumps(to_json(reply)))) == reply


def test_values_keep_their_types() -> None:
    back = from_json(json.loads(json.dumps(to_json(Reply([say("x", day=date(2026, 11, 3), count=2, items=("a", "b"))])))))
    values = back.paragraphs[0].values
    assert values == {"day": date(2026, 11, 3), "count": 2, "items": ["a", "b"]}
    assert type(values["day"]) is date
