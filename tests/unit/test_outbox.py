"""The outbox: whose label somebody typed, who wrote a message."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from bot.outbox import Outbox, find_label
from lotse.languages import Languages
from lotse.replies import Button, Reply
from lotse.storage.tables import Conversation, Inbound
from lotse.turns import Press
from lotse.wording import Wording
from tests.unit.conftest import converse

WHO = Reply(["Who?"], [[Button("Yusuf", "menu", "this_person", "in_1"), Button("Somebody else", "menu", "new_person")]])
NAME = Reply(["How shall I call you?"], [[Button("Skip", "control", "skip", "call_name")]])
THANKS = Reply(["You are welcome."])
WHICH = Reply(["Which?"], [[Button("Age", "choice", "age", "change"), Button("Name", "choice", "call_name", "change")]])
NEEDS = Reply(["What first?"], [[Button("Age", "choice", "age", "needs")]])


@pytest.fixture
def outbox(wording: Wording, known: Languages) -> Outbox:
    return Outbox(wording, known)


@pytest.fixture
def chat(session: Session) -> tuple[Conversation, Inbound]:
    return converse(session)


def another(session: Session, conversation: Conversation) -> Inbound:
    inbound = Inbound(conversation_id=conversation.id, external_id="next", body={"text": "…"})
    session.add(inbound)
    session.flush()
    return inbound


def typed(session: Session, conversation: Conversation, text: str) -> Press | None:
    found = find_label(session, conversation, text)
    return found[1] if found else None


def test_a_label_of_the_newest_turn_counts(session: Session, outbox: Outbox, chat: tuple[Conversation, Inbound]) -> None:
    conversation, inbound = chat
    outbox.put(session, conversation, WHO, inbound)
    outbox.put(session, conversation, THANKS, another(session, conversation))  # it has no buttons
    assert typed(session, conversation, "yusuf") == Press("menu", "this_person", "in_1")
    assert typed(session, conversation, "Yusuf!") == Press("menu", "this_person", "in_1")
    assert typed(session, conversation, "Yusuf and me") is None


def test_a_label_of_an_earlier_turn_is_a_word(session: Session, outbox: Outbox, chat: tuple[Conversation, Inbound]) -> None:
    conversation, inbound = chat
    outbox.put(session, conversation, WHO, inbound)
    outbox.put(session, conversation, NAME, another(session, conversation))
    assert typed(session, conversation, "Yusuf") is None, "it is the name that was asked for"
    assert typed(session, conversation, "skip") == Press("control", "skip", "call_name")


def test_what_came_unasked_counts_beside_the_turn(session: Session, outbox: Outbox, chat: tuple[Conversation, Inbound]) -> None:
    conversation, inbound = chat
    outbox.put(session, conversation, NAME, inbound)
    outbox.put(session, conversation, WHO, None)
    assert typed(session, conversation, "skip") is not None
    assert typed(session, conversation, "yusuf") is not None


def test_a_line_to_change_may_be_typed_and_a_choice_is_left_to_the_intake(
    session: Session, outbox: Outbox, chat: tuple[Conversation, Inbound]
) -> None:
    conversation, inbound = chat
    outbox.put(session, conversation, WHICH, inbound)
    assert typed(session, conversation, "age") == Press("choice", "age", "change")
    outbox.put(session, conversation, NEEDS, another(session, conversation))
    assert typed(session, conversation, "age") is None


def test_a_row_says_who_wrote_it(session: Session, outbox: Outbox, chat: tuple[Conversation, Inbound]) -> None:
    conversation, inbound = chat
    row = outbox.put(session, conversation, Reply(["Hello"], by="Anna Beispiel"), None, identifier="b_mine")
    assert (row.id, row.body["by"]) == ("b_mine", "Anna Beispiel")
    assert outbox.put(session, conversation, THANKS, inbound).body["by"] is None
