"""The database: words encrypted at rest, keys that can change, migrations, and errors that tell no words."""

from __future__ import annotations

import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lotse import content
from lotse.cases import open_case
from lotse.settings import Settings
from lotse.storage import Database, StorageError
from lotse.storage.crypto import Vault, VaultError, open_vault
from lotse.storage.tables import (
    Answer,
    Applied,
    Conversation,
    Intake,
    Municipality,
    Outbound,
    Response,
    Table,
    UnansweredQuestion,
    now,
)
from tests.unit.conftest import CONTENT, converse, musterstadt

SECRETS = ["Я мрію стати кухаркою", "أريد أن أجد بيتًا", "Meine Tochter heißt Olena", "chat-47110815"]


def new_key() -> str:
    return Fernet.generate_key().decode()


def tell(session: Session) -> str:
    """Newcomers' words in every sort of column that takes them; returns the conversation's id."""
    ukrainian, arabic, german, address = SECRETS
    town = musterstadt(session)
    conversation, inbound = converse(session, address, text=ukrainian)
    conversation.pending = {"kind": "asked", "words": arabic}
    intake = Intake(
        conversation_id=conversation.id,
        municipality_id=town.id,
        questionnaire="intake",
        version="1",
        gate={"age": german},
        ticked={"question": "needs", "choices": [german]},
    )
    session.add(intake)
    for secret in SECRETS:
        intake.responses.append(Response(question="needs", value=[secret], words=secret, language="uk", inbound_id=inbound.id))
    session.add(UnansweredQuestion(municipality_id=town.id, question=arabic, language="ar"))
    session.add(Applied(inbound_id=inbound.id, action="x", result={"replies": SECRETS}))
    session.add(Outbound(conversation_id=conversation.id, body={"text": german}))
    open_case(session, conversation, "contact", topic=ukrainian)
    return conversation.id


def on_disk(database: Database) -> bytes:
    """Everything that lies on disk, the write-ahead log included."""
    main = Path(str(database.engine.url.database))
    return b"".join(file.read_bytes() for file in sorted(main.parent.glob(main.name + "*")))


def test_words_cannot_be_read_on_disk(database: Database) -> None:
    with database.session() as session:
        conversation = tell(session)
    stored = on_disk(database)
    assert conversation.encode() in stored, "this looks at the wrong file"
    assert b"Zum Arzt gehen" in stored, "content is not secret"
    escaped = [secret.encode("unicode_escape") for secret in SECRETS]  # as JSON would write it
    parts = [
        part.encode() for part in (*SECRETS, "кухаркою", "Tochter", "47110815")
    ]  # long enough not to stand in base64 by chance
    assert [secret for secret in [*escaped, *parts] if secret in stored] == []


def test_words_are_read_back(database: Database) -> None:
    with database.session() as session:
        tell(session)
    with database.session() as session:
        assert session.scalars(select(Response.words).order_by(Response.number)).all() == SECRETS
        assert session.scalars(select(Response.value).order_by(Response.number)).all() == [[secret] for secret in SECRETS]
        assert session.scalars(select(Conversation.address)).all() == ["chat-47110815"]


def test_what_is_not_given_stays_null(database: Database) -> None:
    with database.session() as session:
        converse(session)
    with database.session() as session:
        assert session.execute(text("SELECT count(*) FROM conversation WHERE pending IS NULL")).scalar_one() == 1


def test_times_keep_their_zone(database: Database) -> None:
    with database.session() as session:
        converse(session)
    with database.session() as session:
        started = session.scalars(select(Conversation.started_at)).one()
    assert started.utcoffset() is not None
    assert abs((now() - started).total_seconds()) < 60


def with_keys(settings: Settings, *keys: str) -> Database:
    return Database(replace(settings, keys=keys))


@pytest.fixture
def written(settings: Settings, filled: Path) -> tuple[Settings, str]:
    """A database on disk and the key that it was written with."""
    key = new_key()
    settings.home.mkdir(parents=True)
    shutil.copy(filled, settings.home / "lotse.db")
    database = with_keys(settings, key)
    with database.session() as session:
        tell(session)
    database.engine.dispose()
    return settings, key


def test_a_new_key_in_front_still_reads_the_old(written: tuple[Settings, str]) -> None:
    settings, old = written
    new = new_key()
    database = with_keys(settings, new, old)
    with database.session() as session:
        assert session.scalars(select(Response.words).order_by(Response.number)).all() == SECRETS
        session.scalars(select(Conversation)).one().pending = {"kind": "fresh"}
    database.engine.dispose()
    database = with_keys(settings, new)
    with database.session() as session:
        assert session.scalars(select(Conversation.pending)).one() == {"kind": "fresh"}, "written with the new key"
    database.engine.dispose()


def test_a_wrong_key_is_named(written: tuple[Settings, str]) -> None:
    database = with_keys(written[0], new_key())
    with pytest.raises(VaultError, match="LOTSE_KEYS"), database.session() as session:
        session.scalars(select(Response.words)).all()
    database.engine.dispose()


@pytest.mark.parametrize("keys", [("nonsense",), ("",), ("ключ",), (new_key(), "short")])
def test_a_malformed_key_is_named_and_not_shown(settings: Settings, keys: tuple[str, ...]) -> None:
    with pytest.raises(VaultError, match="LOTSE_KEYS") as raised:
        with_keys(settings, *keys)
    assert not [key for key in keys if key and key in str(raised.value)]


def test_an_empty_key_file_is_an_error(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    (settings.home / "keys").write_text("")
    with pytest.raises(VaultError, match="key file"):
        Database(settings)


def test_the_key_file_is_only_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "new" / "keys"
    first = open_vault((), file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in file.parent.iterdir()) == ["keys"]
    assert open_vault((), file).decrypt(first.encrypt("привіт")) == "привіт"


def test_given_keys_leave_no_file(tmp_path: Path) -> None:
    open_vault((new_key(),), tmp_path / "keys")
    assert list(tmp_path.iterdir()) == []


def test_the_same_words_look_different(vault: Vault) -> None:
    assert vault.encrypt("так") != vault.encrypt("так")
    assert b"\xd1\x82" not in vault.encrypt("так")


def test_digests_find_an_address_and_tell_nothing(vault: Vault) -> None:
    assert vault.digest("chat 1") == vault.digest("chat 1")
    assert vault.digest("chat 1") != vault.digest("chat 2")
    assert vault.digest("chat 1") != Vault((new_key(),)).digest("chat 1"), "without the key addresses could be tried out"
    old = new_key()
    assert Vault((new_key(), old)).digest("chat 1") == Vault((old,)).digest("chat 1"), "a new key keeps conversations findable"


def test_migrating_twice_changes_nothing(database: Database) -> None:
    with database.session() as session:
        tell(session)

    def everything() -> dict[str, int]:
        with database.session() as session:
            return {table.name: session.scalar(select(func.count()).select_from(table)) for table in Table.metadata.sorted_tables}

    before = everything()
    database.migrate()
    assert everything() == before
    assert before["response"] == len(SECRETS)


def test_migrations_make_exactly_the_tables(settings: Settings) -> None:
    database = Database(settings)
    assert inspect(database.engine).get_table_names() == []
    database.migrate()
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Table.metadata)
        keys = connection.exec_driver_sql("PRAGMA foreign_key_list(cases)").mappings().all()
    names = set(inspect(database.engine).get_table_names())
    database.engine.dispose()
    # SQLAlchemy does not see ON DELETE of a key that was added with its column; SQLite itself does
    assert [key["on_delete"] for key in keys if key["from"] == "assigned_to"] == ["SET NULL"]
    with_their_column = {
        ("cases", "assigned_to"),
        ("cases", "merged_into"),
        ("conversation", "assisted_by"),
        ("intake", "assisted_by"),
        ("outbound", "staff_id"),
    }
    assert [each for each in differences if (each[1].table.name, each[1].column_keys[0]) not in with_their_column] == []
    assert names == set(Table.metadata.tables) | {"alembic_version"}


def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(SQLAlchemyError, match="FOREIGN KEY"), database.session() as session:
        session.add(Outbound(conversation_id="nobody", body={}))


def test_a_failed_block_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.session() as session:
            converse(session)
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    with database.session() as session:
        assert session.scalars(select(Conversation)).all() == []


def test_sample_towns_are_filled_once(database: Database) -> None:
    with database.session() as session:
        assert content.fill(session, CONTENT) == []
        assert sorted(session.scalars(select(Municipality.slug))) == ["musterstadt", "voorbeeldstad"]
        assert len(session.scalars(select(Answer)).all()) == len(list((CONTENT / "answers" / "musterstadt").iterdir()))


def test_error_messages_hide_what_was_written(database: Database) -> None:
    with pytest.raises(SQLAlchemyError) as raised, database.session() as session:
        session.execute(text("SELECT :words FROM no_such_table"), {"words": SECRETS[2]})
    assert "no_such_table" in str(raised.value)
    assert "Olena" not in str(raised.value)
    again = Municipality(slug="musterstadt", name=SECRETS[0], country="DE", time_zone="UTC", details={})
    with pytest.raises(SQLAlchemyError) as raised, database.session() as session:
        session.add(again)
    assert "municipality.slug" in str(raised.value)
    assert "кухаркою" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "geheim://host/name",
        "mysql://u:geheim@host/name",
        "postgresql://u:geheim@host:port/name",
        "postgresql://u:geheim@127.0.0.1:1/name",
        "sqlite:////proc/nowhere/lotse.db",
        "sqlite:///{folder}",
        "sqlite:///{folder}/garbage",
        "sqlite:///{folder}/garbage/lotse.db",
    ],
)
def test_a_bad_address_is_named(settings: Settings, tmp_path: Path, url: str) -> None:
    (tmp_path / "garbage").write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageError, match="LOTSE_DATABASE_URL") as raised:
        Database(replace(settings, database_url=url.format(folder=tmp_path))).migrate()
    assert "geheim@" not in str(raised.value), "the password is told"
    assert "\n" not in str(raised.value)
