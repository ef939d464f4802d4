"""The trail: written with what it tells of, chained, and whatever is done to it afterwards is found."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from commands import audit as command
from commands.errors import CommandError
from lotse import audit
from lotse.audit import AuditError, exporting, searching
from lotse.cases import open_case, work
from lotse.privacy import erase_conversation, retention
from lotse.settings import Settings
from lotse.storage import Database, trail
from lotse.storage.tables import AuditChain, AuditEntry, Case, Municipality, Staff, now
from tests.unit.conftest import converse, musterstadt

PERSON = "st_person"


@pytest.fixture
def town(database: Database) -> str:
    """Id of the town whose chain is tried."""
    with database.reading() as session:
        return musterstadt(session).id


def tell(database: Database, town: str | None, count: int = 5) -> None:
    for number in range(count):
        with database.session() as session:
            audit.note(session, PERSON, "case.note", town=town, reference=f"M-{number}")


def entries(session: Session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.chain, AuditEntry.number)))


def verified(database: Database, **anchors: tuple[int, str]) -> list[audit.Verified]:
    with database.reading() as session:
        return audit.verify(session, anchors)


# what is written


def test_nothing_is_written_of_what_did_not_happen(database: Database, town: str) -> None:

    def fail(block: AbstractContextManager[Session]) -> None:
        with block as session:
            audit.note(session, PERSON, "case.note", town=town, reference="M-1")
            raise ZeroDivisionError

    for block in (database.session(), database.reading()):
        with pytest.raises(ZeroDivisionError):
            fail(block)
    with database.reading() as session:
        assert entries(session) == []


def test_reading_the_same_within_five_minutes_counts_once(database: Database, town: str) -> None:
    def read(who: str, **what: object) -> None:
        with database.reading() as session:
            audit.note(session, who, "case.read", town=town, **what)  # type: ignore[arg-type]

    for _ in range(2):
        read(PERSON, reference="M-1")
    read("st_other", reference="M-1")
    read(PERSON, reference="M-2")
    for references in (["M-1"], ["M-1"], ["M-1", "M-2"]):
        with database.reading() as session:
            audit.note(session, PERSON, "queue.read", town=town, references=references)
    with database.session() as session:
        found = [(each.actor, each.reference or each.details["references"]) for each in entries(session)]
        assert found == [
            (PERSON, "M-1"), ("st_other", "M-1"), (PERSON, "M-2"), (PERSON, ["M-1"]), (PERSON, ["M-1", "M-2"])
        ]  # fmt: skip
        session.execute(update(AuditEntry).values(at=now() - timedelta(minutes=6)))
    read(PERSON, reference="M-1")
    with database.reading() as session:
        assert len(entries(session)) == 6


def test_who_changes_a_case_is_not_said_to_have_read_it_as_well(database: Database) -> None:
    with database.session() as session:
        conversation, _ = converse(session)
        case = open_case(session, conversation, "contact")
        staff = Staff(login="a", name="A", password_hash="-")
        session.add(staff)
        session.flush()
        audit.note(session, staff.id, "case.read", town=case.municipality_id, reference=case.reference)
        work.set_status(session, case, "open", staff)
        work.write_note(session, case, "secret words", staff)
        reference = case.reference
    with database.reading() as session:
        told = [(each.action, each.reference, each.details) for each in entries(session)]
    assert told == [("case.status", reference, {"fields": ["status"]}), ("case.note", reference, {})]


def test_each_town_has_a_chain_of_its_own(database: Database, town: str) -> None:
    tell(database, town, 2)
    tell(database, None, 1)
    found = {each.chain: (each.first, each.last) for each in verified(database)}
    assert found == {town: (1, 2), trail.INSTALLATION: (1, 1)}


def test_many_at_once_make_one_chain(database: Database, town: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tell(database, town, 5), range(4)))
    assert [(each.first, each.last) for each in verified(database)] == [(1, 20)]


def test_erasing_a_person_leaves_the_chain_whole(database: Database, town: str) -> None:
    with database.session() as session:
        conversation, _ = converse(session)
        case = open_case(session, conversation, "contact", topic="words")
        audit.note(session, PERSON, "case.read", town=town, reference=case.reference)
        reference = case.reference
    with database.session() as session:
        audit.note(session, audit.OPERATOR, "case.erased", town=town, reference=reference)
        erase_conversation(session, session.scalars(select(Case)).one().conversation)
    assert verified(database)[0].entries == 2


# what is found


BY_HAND: dict[str, tuple[str, str]] = {
    "who": ("UPDATE audit_entry SET actor = 'st_other' WHERE number = 3", "entry 3 was changed"),
    "what": ("UPDATE audit_entry SET action = 'case.read' WHERE number = 3", "entry 3 was changed"),
    "when": ("UPDATE audit_entry SET at = '2020-01-01 00:00:00.000000' WHERE number = 3", "entry 3 was changed"),
    "of whom": ("UPDATE audit_entry SET reference = 'M-9' WHERE number = 3", "entry 3 was changed"),
    "details": ("UPDATE audit_entry SET details = '{\"a\": 1}' WHERE number = 3", "entry 3 was changed"),
    "hash": (f"UPDATE audit_entry SET hash = '{'0' * 64}' WHERE number = 3", "entry 3 was changed"),
    "removed": ("DELETE FROM audit_entry WHERE number = 3", "entry 3 is missing"),
    "removed and closed up": (
        "DELETE FROM audit_entry WHERE number = 3; UPDATE audit_entry SET number = number - 1 WHERE number > 3",
        "entry 3 was changed",
    ),
    "inserted at the end": (
        "INSERT INTO audit_entry SELECT chain, 6, at, actor, action, reference, details, hash FROM audit_entry WHERE number = 5",
        "entry 6 was changed",
    ),
    "inserted in front": (
        "INSERT INTO audit_entry SELECT chain, 0, at, actor, action, reference, details, hash FROM audit_entry WHERE number = 5",
        "entry 0 was inserted",
    ),
    "reordered": (
        "UPDATE audit_entry SET number = 99 WHERE number = 2; UPDATE audit_entry SET number = 2 WHERE number = 3; "
        "UPDATE audit_entry SET number = 3 WHERE number = 99",
        "entry 2 was changed",
    ),
    "tail taken off": ("DELETE FROM audit_entry WHERE number > 3", "entry 4 is missing; there should be entries up to 5"),
    "all taken away": ("DELETE FROM audit_entry", "entry 1 is missing"),
    "tail and its end": ("DELETE FROM audit_entry WHERE number > 3; UPDATE audit_chain SET last_number = 3", "begins and ends"),
    "front and its beginning": (
        "DELETE FROM audit_entry WHERE number < 3; UPDATE audit_chain SET start_number = 2",
        "begins and ends was changed",
    ),
    "chain": ("DELETE FROM audit_chain", "taken away"),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_tampering_is_found(database: Database, town: str, what: str) -> None:
    tell(database, town)
    assert verified(database)[0].entries == 5
    with database.session() as session:
        for statement in BY_HAND[what][0].split("; "):
            assert session.execute(text(statement)).rowcount  # type: ignore[attr-defined]
    with pytest.raises(AuditError, match=BY_HAND[what][1]):
        verified(database)


def test_a_tail_and_its_end_set_back_are_found_by_an_anchor_only(database: Database, town: str) -> None:
    """Whoever keeps an older copy of the chain's row can put it back; what was noted down elsewhere tells."""
    tell(database, town, 3)
    with database.reading() as session:
        row = session.execute(select(AuditChain.last_number, AuditChain.last_hash, AuditChain.seal)).one()
    tell(database, town, 2)
    anchor = {town: (5, verified(database)[0].hash)}
    assert verified(database, **anchor)
    with database.session() as session:
        session.execute(text("DELETE FROM audit_entry WHERE number > 3"))
        session.execute(update(AuditChain).values(last_number=row[0], last_hash=row[1], seal=row[2]))
    assert verified(database)[0].last == 3, "inside nothing tells"
    with pytest.raises(AuditError, match="entry 5 of the anchor is missing"):
        verified(database, **anchor)
    tell(database, town, 2)
    with pytest.raises(AuditError, match="entry 5 is not the one of the anchor"):
        verified(database, **anchor)
    with database.session() as session:
        session.execute(text("DELETE FROM audit_entry"))
        session.execute(text("DELETE FROM audit_chain"))
    with pytest.raises(AuditError, match="the whole chain is gone"):
        verified(database, **anchor)


def test_other_keys_can_be_put_in_place_of_old_ones(settings: Settings, filled: Path) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.home.mkdir(parents=True)
    (settings.home / "lotse.db").write_bytes(filled.read_bytes())
    database = Database(replace(settings, keys=(old,)))
    tell(database, None)
    database.engine.dispose()
    database = Database(replace(settings, keys=(new, old)))
    with database.session() as session:
        retention.purge(session, now())
    database.engine.dispose()
    database = Database(replace(settings, keys=(new,)))
    tell(database, None, 1)
    assert verified(database)[0].last == 6
    database.engine.dispose()


# how long it is kept


def test_old_entries_are_cut_off_and_the_rest_is_still_verified(database: Database, town: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for days in (400, 366, 10, 0):
            patch.setattr("lotse.storage.trail.now", lambda days=days: now() - timedelta(days=days))
            tell(database, town, 2)
            tell(database, None, 1)
    with database.session() as session:
        session.scalars(select(Municipality).where(Municipality.id == town)).one().details = {"retention": {"audit_days": 5}}
    with database.session() as session:
        assert retention.purge(session, now()).audit == 6 + 2
    assert {each.chain: (each.first, each.last) for each in verified(database)} == {town: (7, 9), trail.INSTALLATION: (3, 5)}
    with database.session() as session:
        cut = session.get_one(AuditEntry, (town, 9))
        assert (cut.actor, cut.action, cut.details) == (audit.SYSTEM, "audit.cut", {"entries": 6, "to": 6})
        assert retention.purge(session, now()).audit == 0, "once a day, not every hour"
    tell(database, town, 1)
    with database.session() as session:
        session.execute(text(f"DELETE FROM audit_entry WHERE chain = '{town}' AND number = 7"))
    with pytest.raises(AuditError, match="entry 7 is missing"):
        verified(database)


def test_entries_that_were_made_old_are_not_cut(database: Database, town: str) -> None:
    tell(database, town)
    with database.session() as session:
        session.execute(update(AuditEntry).values(at=now() - timedelta(days=999)))
    with database.session() as session:
        assert audit.cut(session, town, now() - timedelta(days=365)) == 0
    with pytest.raises(AuditError, match="entry 1 was changed"):
        verified(database)


# searching and files


@pytest.fixture
def told(database: Database, town: str) -> Database:
    """Entries of several people about several cases."""
    with database.session() as session:
        session.add(Staff(id=PERSON, login="m.muster@stadt.example", name="Maria Müster_1", password_hash="-"))
    tell(database, town, 3)
    with database.session() as session:
        audit.note(session, "st_other", "queue.read", town=town, references=["M-1", "M-7K4P"])
        audit.note(session, audit.OPERATOR, "case.read", town=town, reference="M-1")
        audit.note(session, audit.OPERATOR, "staff.added", town=None, reference=PERSON)
    return database


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (searching.Filter(), [1, 1, 2, 3, 4, 5]),
        (searching.Filter(frozenset()), []),
        (searching.Filter(frozenset([trail.INSTALLATION])), [1]),
        (searching.Filter(who="MUSTER@"), [1, 2, 3]),
        (searching.Filter(who="üster_1"), [1, 2, 3]),
        (searching.Filter(who="r%1"), []),
        (searching.Filter(who="operator"), [1, 5]),
        (searching.Filter(reference="M-1"), [2, 4, 5]),
        (searching.Filter(reference="M-7K4"), []),
        (searching.Filter(action="queue.read"), [4]),
        (searching.Filter(since=now() + timedelta(days=1)), []),
        (searching.Filter(until=now() - timedelta(days=1)), []),
    ],
)
def test_searching(told: Database, wanted: searching.Filter, numbers: list[int]) -> None:
    with told.reading() as session:
        found, more = searching.search(session, wanted)
        assert sorted(each.entry.number for each in found) == numbers
        assert searching.count(session, wanted) == len(numbers)
        assert not more


def test_files_hold_every_entry_with_its_hash(told: Database, town: str) -> None:
    lines = "".join(exporting.lines(told, searching.Filter(frozenset([town])), "jsonl")).splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["chain"], row["number"]) for row in rows] == [("musterstadt", number) for number in range(1, 6)]
    assert rows[-1]["hash"] in {each.hash for each in verified(told)}
    table = "".join(exporting.lines(told, searching.Filter(), "csv"))
    assert table.startswith("\ufeffchain,number,at,")
    assert table.count("\r\n") == 7


def test_the_command_tells_in_one_line(
    told: Database, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> None:
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        command.run(parser.parse_args(words), settings)

    file = tmp_path / "trail.jsonl"
    run("export", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    last = json.loads(file.read_text().splitlines()[-1])
    run("verify", "--anchor", f"musterstadt:{last['number']}:{last['hash']}")
    assert "musterstadt: 5 entries, 1 to 5" in capsys.readouterr().out
    for words, problem in (
        (("export", str(tmp_path / "trail.pdf")), "must end with"),
        (("export", str(tmp_path / "no" / "trail.csv")), "cannot be written"),
        (("verify", "--anchor", "musterstadt"), "TOWN:NUMBER:HASH"),
        (("verify", "--anchor", f"nowhere:1:{'0' * 64}"), "nowhere: the whole chain is gone"),
    ):
        with pytest.raises(CommandError, match=problem):
            run(*words)
    with told.session() as session:
        session.execute(text("UPDATE audit_entry SET actor = 'x' WHERE number = 5"))
    with pytest.raises(CommandError, match="musterstadt: entry 5 was changed"):
        run("verify")


def test_writing_and_verifying_stay_fast(database: Database, town: str) -> None:
    """A year of a town: verifying reads every entry, searching one page."""
    with database.session() as session:
        chain = trail.locked(session, town)
        for number in range(3000):
            trail.append(session, chain, trail.Note(PERSON, "case.read", town, f"M-{number}"))
    started = now()
    assert verified(database)[0].entries == 3000
    assert (now() - started).total_seconds() < 3
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 3000
