"""Deletion reaches everything: after it every table, file, tracker row, queue and log is searched for ids and words.

What may be left is named here and in docs/privacy.md. Words are made up, so that whatever is found is the newcomer's.
"""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lotse.settings import from_environment
from lotse.storage import Database
from lotse.storage.crypto import Vault, VaultError
from lotse.storage.tables import (
    Case,
    Consent,
    ConsentProof,
    Conversation,
    CrisisCall,
    Inbound,
    Intake,
    Outbound,
    UnansweredQuestion,
    WebLink,
)
from tests.conftest import Demo, Installation
from tests.newcomer import Newcomer, run
from tests.telegram.walking import Walker, wording

pytestmark = pytest.mark.processes

PUBLIC_URL = "https://lotse.musterstadt.example"
# by question: what is said (words of their own), or pressed one after the other
TOLD = {
    "age": ["@27-64"],
    "agreement": ["@yes"],
    "town": ["@this_town"],
    "call_name": ["Zorbinka"],
    "needs": ["@work", "@done"],
    "urgent": ["@no"],
    "wish_year": ["I want to open a Florpelhaus with my sister"],
    "interests": ["@music", "@done"],
    "interests_more": ["I sing Wimbrattel songs in the evening"],
    "training": ["@training"],
    "training_what": ["I was trained as a Quorvitzler for three years"],
    "job.1": ["I repaired Snurfbalken for eight years"],
    "job_more.1": ["@no"],
    "job_wish": ["I would like to work as a Plonkgreiler"],
    "adults": ["@2"],
    "children": ["@1"],
    "child_age.1": ["@7"],
}
QUESTION = "How do I get a Hupfdrossel licence?"
ANONYMOUS = "How do I get a Knisterdax licence?"
DANGER = "my husband beats me, I am in Krattelmoor street"
PHONE = "+49 176 55501234"
TOPIC = "I want to talk about my Vlimmerzeug"
WORDS = ("Zorbinka", "Florpelhaus", "Wimbrattel", "Quorvitzler", "Snurfbalken", "Plonkgreiler", "Hupfdrossel", "Krattelmoor",
         "4917655501234", "Vlimmerzeug")  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation of its own, which can offer links."""
    running = Installation(tmp_path_factory.mktemp("nothing") / "home", LOTSE_PUBLIC_URL=PUBLIC_URL)
    yield running
    running.close()


class Search:
    """Looks for texts in everything below a home, as it lies there and decrypted."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._vault = Vault(tuple((home / "keys").read_text().split()))

    def rows(self, wanted: Iterable[str]) -> dict[str, set[str]]:
        """By text the columns that have it, of every table of both databases; encrypted values are read."""
        found: dict[str, set[str]] = defaultdict(set)
        for file in ("lotse.db", "tracker.db"):
            for place, value in self._values(self._home / file):
                for each in wanted:
                    if each.casefold() in value:
                        found[each].add(f"{file}: {place}")
        return dict(found)

    def bytes(self, wanted: Iterable[str]) -> dict[str, set[str]]:
        """By text the files that have its bytes: databases with freed pages and write-ahead logs, logs, and all else."""
        found: dict[str, set[str]] = defaultdict(set)
        for file in sorted(self._home.rglob("*")):
            content = file.read_bytes() if file.is_file() else b""
            for each in wanted:
                if any(each.encode(coding) in content for coding in ("utf-8", "utf-16-le")):
                    found[each].add(str(file.relative_to(self._home)))
        return dict(found)

    def _values(self, file: Path) -> Iterator[tuple[str, str]]:
        connection = sqlite3.connect(file)
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor:
                for name, value in zip(names, row):
                    yield f"{table}.{name}", self._read(value).casefold()
        connection.close()

    def _read(self, value: Any) -> str:
        if not isinstance(value, bytes):
            return str(value)
        try:
            return self._vault.decrypt(value)
        except VaultError:
            return value.decode("utf-8", "replace")


def tell_everything(own: Installation, name: str) -> Newcomer:
    """Questions passed on, a whole intake with a crisis message in its middle, a person called, a link made, all sent."""
    who = own.newcomer("--language", "en", "--conversation", name)
    for question, wanted in ((QUESTION, "pass_and_tell"), (ANONYMOUS, "pass")):
        for value in ("pass", "pass_and_tell", "none"):
            who.buttons.pop(value, None)  # of the question before
        who.say(question)
        if wanted not in who.buttons:
            who.press("none")
        who.press(wanted)
    who.press("start_intake")
    met = False
    while who.state["question"] != "review":
        question = who.state["question"]
        assert question, who.text
        if question == "interests_more" and not met:
            met = True
            who.say(DANGER)
            assert "112" in who.text
            for value in ("crisis_call", "crisis_show"):
                who.press(value)
            who.say(PHONE)
            who.press("resume")
            continue
        for step in TOLD.get(question, ["@skip"]):
            if step.startswith("@"):
                who.press(step[1:])
            else:
                who.say(step)
        assert who.state["question"] != question, (question, who.text)
    who.press("send")
    assert who.state["case"]
    who.press("person")
    who.say(TOPIC)
    who.say("/mydata")
    assert f"{PUBLIC_URL}/my/my_data/" in who.text
    return who


def opened(own: Installation) -> Database:
    return Database(from_environment({"LOTSE_HOME": str(own.home)}))


def ids(own: Installation, conversation: str) -> set[str]:
    """All ids and references that belong to a conversation, but for its own."""
    database = opened(own)
    with database.reading() as session:
        intakes = select(Intake.id).where(Intake.conversation_id == conversation)
        found = {
            each
            for table in (Inbound, Outbound, Intake, Case, CrisisCall, UnansweredQuestion)
            for each in session.scalars(select(table.id).where(table.conversation_id == conversation))
        }
        found |= set(session.scalars(select(Consent.id).where(Consent.intake_id.in_(intakes))))
        found |= set(session.scalars(select(WebLink.digest).where(WebLink.conversation_id == conversation)))
        found |= set(session.scalars(select(Case.reference).where(Case.conversation_id == conversation)))
    database.engine.dispose()
    return found


def references_of(own: Installation, conversation: str) -> set[str]:
    """Of all cases of a conversation."""
    database = opened(own)
    with database.reading() as session:
        found = set(session.scalars(select(Case.reference).where(Case.conversation_id == conversation)))
    database.engine.dispose()
    return found


def conversation_of(own: Installation, name: str) -> str:
    database = opened(own)
    with database.reading() as session:
        found = [each.id for each in session.scalars(select(Conversation)) if each.address == name]
    database.engine.dispose()
    return found[0]


def everything_told(own: Installation, name: str) -> tuple[Newcomer, str, set[str]]:
    """A newcomer who has told everything; ids of the conversation and of all that belongs to it."""
    who = tell_everything(own, name)
    conversation = conversation_of(own, name)
    belongs = ids(own, conversation)
    assert len(belongs) > 60
    search = Search(own.home)
    assert set(search.rows((*WORDS, *belongs, name))) == {*WORDS, *belongs, name}, "the search finds what is there"
    assert search.bytes((*WORDS, name)) == {}, "words are encrypted wherever they lie"
    assert set(search.bytes(belongs)) == belongs
    return who, conversation, belongs


def press_delete(who: Newcomer) -> None:
    who.say("/delete")
    who.press("yes")
    assert who.state["case"] is None, who.text
    assert who.state["intake"] is None


def test_delete_in_the_chat(own: Installation) -> None:
    who, conversation, belongs = everything_told(own, "leaves-in-the-chat")
    press_delete(who)
    search = Search(own.home)
    assert search.bytes((*WORDS, *belongs)) == {}
    assert search.rows((*WORDS, *belongs)) == {}
    # the lawful remainder: the chat goes on at its address, with the request and its answer
    remainder = {
        "lotse.db: conversation.id",
        "lotse.db: inbound.conversation_id",
        "lotse.db: outbound.conversation_id",
    }
    assert search.rows([conversation]) == {conversation: remainder}
    assert search.rows(["leaves-in-the-chat"]) == {"leaves-in-the-chat": {"lotse.db: conversation.address"}}
    assert set(search.bytes([conversation])[conversation]) <= {"lotse.db", "lotse.db-wal"}
    database = opened(own)
    with database.reading() as session:
        here = session.get_one(Conversation, conversation)
        assert (here.pending, here.contact, here.intake_id) == (None, None, None)
        (request,) = session.scalars(select(Inbound).where(Inbound.conversation_id == conversation))
        assert (request.state, request.body) == ("done", None)
        (answer,) = session.scalars(select(Outbound).where(Outbound.conversation_id == conversation))
        assert answer.inbound_id == request.id
        proofs = session.scalars(select(ConsentProof).where(ConsentProof.address_digest == here.address_digest)).all()
        assert [(proof.purpose, proof.ended_by) for proof in proofs] == [("guide_reads", "deleted")]
        questions = session.scalars(select(UnansweredQuestion)).all()
        assert [(each.question, each.conversation_id) for each in questions] == [(ANONYMOUS, None)]
    database.engine.dispose()
    who.say("/help")
    assert who.state == {"language": "en", "intake": None, "question": None, "case": None}, "the chat goes on"
    who.close()


def test_erase_by_the_operator(own: Installation) -> None:
    name = "is-erased"
    who, conversation, belongs = everything_told(own, name)
    digest = Vault(tuple((own.home / "keys").read_text().split())).digest(f"terminal\0{name}")
    references = references_of(own, conversation)
    erased = run(own.home, "erase", who.state["case"])
    assert erased.returncode == 0, erased.stderr
    search = Search(own.home)
    belongs -= references
    assert search.bytes((*WORDS, *belongs, conversation, name)) == {}
    assert search.rows((*WORDS, *belongs, conversation, name)) == {}
    assert search.rows([digest]) == {digest: {"lotse.db: consent_proof.address_digest"}}, "who shows the address can be found"
    trail = {each: {"lotse.db: audit_entry.reference"} for each in references}
    assert search.rows(references) == trail, "the trail tells that it was done, by nothing but the references"
    who.close()


def test_ids_in_logs_go_as_well(own: Installation) -> None:
    """Where something had failed, logs name a message by its id."""
    who = own.newcomer("--language", "en", "--conversation", "has-failed")
    who.press("person")
    conversation = conversation_of(own, "has-failed")
    message = next(each for each in ids(own, conversation) if each.startswith("m_"))
    with open(own.home / "log" / "bot.log", "a") as log:
        log.write(f'{{"message": "{message}", "conversation": "{conversation}", "event": "turn failed"}}\n')
    press_delete(who)
    logs = own.logs()
    assert message not in logs
    assert conversation in logs, "the chat is still there"
    assert "turn failed" in logs
    who.close()


@pytest.mark.parametrize("by", ["newcomer", "operator"])
def test_in_telegram(demo: Demo, by: str) -> None:
    """The number of the chat is the address; Telegram's own copy is not ours, and the newcomer is told so."""
    walker = Walker(demo.messenger.person("en"), "en")
    walker.greet()
    walker.whole({"call_name": f"Zorbinka{by}", "wish_year": f"a Florpelhaus{by}"})
    reference = walker.send()
    told = (f"Zorbinka{by}", f"Florpelhaus{by}", reference)
    number = str(walker.person.id)
    search = Search(demo.home)
    assert set(search.rows((*told, number))) == {*told, number}
    assert set(search.bytes((*told, number))) == {reference}
    if by == "operator":
        assert run(demo.home, "erase", reference).returncode == 0
        told = told[:-1]
        remainder = {}
        assert search.rows([reference]) == {reference: {"lotse.db: audit_entry.reference"}}
    else:
        walker.say("/delete", wording("en")["delete.sure"])
        done = walker.press(wording("en")["delete.button.yes"], wording("en")["delete.done"])
        assert wording("en")["data.telegram_copy"] in done.text
        remainder = {number: {"lotse.db: conversation.address"}}
    deadline = time.monotonic() + 20
    while search.bytes(told) and time.monotonic() < deadline:  # the answer is on its way before the files are rewritten
        time.sleep(0.2)
    assert search.bytes((*told, number)) == {}
    assert search.rows((*told, number)) == remainder
