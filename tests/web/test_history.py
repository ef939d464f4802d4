"""Rows become bubbles: order, edits, dropped words, buttons; and text becomes HTML. Pure functions, no database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.channels.web.history import bubbles
from bot.channels.web.markup import marked
from lotse.storage.tables import Inbound, Outbound, now

START = now()


def said(number: int, text: str, turn: str | None = None, edits: str | None = None, labels: tuple[str, ...] = ()) -> Outbound:
    buttons = [
        {"id": f"b_{number}.{place}", "label": label, "kind": "control" if label == "Done" else "choice", "value": label.lower(),
         "about": ""}
        for place, label in enumerate(labels)
    ]  # fmt: skip
    body: dict[str, Any] = {
        "id": f"b_{number}",
        "text": text,
        "direction": "ltr",
        "language": "en",
        "strong": None,
        "edits": edits,
    }
    body |= {"edits": edits, "buttons": [buttons] if buttons else []}
    created = START + timedelta(seconds=number)
    return Outbound(
        number=number,
        id=f"b_{number}",
        inbound_id=turn,
        body={**body, "buttons": [buttons] if buttons else []},
        created_at=created,
    )


def told(number: float, body: dict[str, Any] | None, state: str = "done") -> Inbound:
    return Inbound(
        number=int(number * 10), id=f"m_{number}", external_id=f"x_{number}", body=body, state=state, language=None,
        received_at=START + timedelta(seconds=number),
    )  # fmt: skip


def pressed(number: float, message: str, value: str, state: str = "done") -> Inbound:
    return told(number, {"press": {"kind": "choice", "value": value, "about": "", "message": message}}, state)


def texts(shown: list[Any]) -> list[str | None]:
    return [bubble.text for bubble in shown]


def test_own_messages_stand_before_their_answers() -> None:
    out = [said(1, "hello"), said(4, "to a", "m_2"), said(5, "to b", "m_3"), said(6, "pushed")]
    shown = bubbles(out, [told(2, {"text": "a"}), told(3, {"text": "b"}), told(7, {"text": "c"}, "received")], "en")
    assert texts(shown) == ["hello", "a", "b", "to a", "to b", "pushed", "c"]
    assert [bubble.waits for bubble in shown][-1]


def test_an_answer_never_stands_before_its_message_though_clocks_differ() -> None:
    assert texts(bubbles([said(1, "to a", "m_2")], [told(2, {"text": "a"})], "en")) == ["a", "to a"]


def test_dropped_words() -> None:
    shown = bubbles([said(2, "yes", "m_1")], [told(1, None), told(3, {"text": ""})], "en")
    assert texts(shown) == [None, "yes", None]


def test_edits_and_ticks() -> None:
    out = [
        said(1, "which?", labels=("Home", "Work", "Done")),
        said(3, "which?", "m_2", "b_1", ("✓ Home", "Work", "Done")),
        said(5, "which?", "m_4", "b_3", ("✓ Home", "✓ Work", "Done")),
    ]
    ticks = [pressed(2, "b_1", "home"), pressed(4, "b_3", "work")]
    (shown,) = bubbles(out, ticks, "en")
    assert shown.id == "b_5"
    assert [(press.label, press.tick, press.ticked) for press in shown.rows[0]] == [
        ("✓ Home", True, True), ("✓ Work", True, True), ("Done", False, False)
    ]  # fmt: skip
    assert len(bubbles(out, [*ticks, pressed(6, "b_5", "home", "received")], "en")) == 1, "a tick on its way shows nothing"


def test_an_edit_of_what_is_gone_stands_at_the_end() -> None:
    assert texts(bubbles([said(1, "a"), said(2, "b", "m_1", "b_gone")], [], "en")) == ["a", "b"]


def test_a_press_shows_its_label() -> None:
    out = [said(1, "age?", labels=("18–26", "27–64"))]
    shown = bubbles(out, [pressed(2, "b_1", "27–64"), pressed(3, "b_gone", "x")], "en")
    assert texts(shown) == ["age?", "27–64", None]


def test_buttons_of_the_newest_turn_only() -> None:
    out = [said(1, "hello", labels=("A",)), said(3, "q", "m_2", labels=("B",)), said(5, "q2", "m_4", labels=("C",))]
    own = [told(2, None), told(4, None)]
    assert [bool(bubble.rows) for bubble in bubbles(out[:1], [], "en")] == [True]
    assert [bubble.id for bubble in bubbles(out, own, "en") if bubble.rows] == ["b_5"]
    without = [*out, said(7, "too many", "m_6"), said(8, "a guide", labels=("D",))]
    assert [bubble.id for bubble in bubbles(without, own, "en") if bubble.rows] == ["b_5", "b_8"], "never a dead end"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a <b> & \"c\" 'd'", "a &lt;b&gt; &amp; &#34;c&#34; &#39;d&#39;"),
        ("two\nlines", "two\nlines"),
        ("javascript:alert(1) data:x ftp://x", "javascript:alert(1) data:x ftp://x"),
        ("call 112", "call 112"),
    ],
)
def test_text_without_links(text: str, html: str) -> None:
    assert marked(text) == html


@pytest.mark.parametrize(
    ("text", "address", "after"),
    [
        ("see https://a.example/b?c=1&d=2.", "https://a.example/b?c=1&amp;d=2", "."),
        ("(http://a.example)", "http://a.example", ")"),
        ("\u2068https://a.example/\u2069، نعم", "https://a.example/", "\u2069، نعم"),
        ('https://a.example/"onload="x', "https://a.example/", "&#34;onload=&#34;x"),
        ("HTTPS://A.example/<script>", "HTTPS://A.example/", "&lt;script&gt;"),
    ],
)
def test_links(text: str, address: str, after: str) -> None:
    shown = marked(text)
    assert f'<a href="{address}" rel="noreferrer noopener" target="_blank" dir="ltr">{address}</a>{after}' in shown


def test_the_title_is_strong() -> None:
    assert marked("Thanks.\nTitle <1>\nText", "Title <1>") == "Thanks.\n<strong>Title &lt;1&gt;</strong>\nText"
    assert marked("Text", "Title") == "Text"
