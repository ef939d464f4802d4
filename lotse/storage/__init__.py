"""The database: one engine and its sessions, migrated at the start, words encrypted at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from lotse.errors import OperatorError
from lotse.settings import Settings
from lotse.storage import crypto, trail
from lotse.storage.crypto import Vault

READING = "lotse_reading"
MIGRATIONS = Path(__file__).parent / "migrations"  # a file's name begins with its revision
MIGRATION_LOCK = 3_776_581  # any number of our own
PATIENCE = 2000  # milliseconds that settling waits for those who read and write
REWRITTEN_AT_ONCE = 50_000_000  # bytes of a SQLite file that may be written anew while people write
Sessions = Callable[[], AbstractContextManager[Session]]


class StorageError(OperatorError):
    """The database cannot be used; the message names the setting and the remedy."""


class Database:
    """Sessions that commit when their block ends well, and roll back otherwise.

    What was noted for the trail (trail.py) is written by them: with the changes themselves, or after a block that only read.
    """

    def __init__(self, settings: Settings) -> None:
        self.vault: Vault = crypto.open_vault(settings.keys, settings.home / "keys")
        crypto.use(self.vault)
        self.engine: Engine = connect(settings.database_url)
        self._begin: Sessions = sessionmaker(self.engine, expire_on_commit=False).begin
        # on SQLite a session that only reads takes no lock; in it a write fails if another one wrote in between
        reader = self.engine.execution_options(**{READING: True})
        self._begin_reading: Sessions = sessionmaker(reader, expire_on_commit=False).begin

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that writes."""
        with self._begin() as session:
            yield session
            trail.write(session, trail.taken(session))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads. Its block must have ended before anybody is shown what was read: who saw it is
        written then, in a transaction of its own."""
        with self._begin_reading() as session:
            yield session
            noted = trail.unrepeated(session, trail.taken(session))
        if noted:
            with self._begin() as session:
                trail.write(session, noted)

    def migrate(self) -> None:
        """Bring the tables to the newest version; does nothing when they are."""
        try:
            if self._is_newest():
                return
            from alembic import command  # imported where it is needed: it takes a quarter of a second
            from alembic.config import Config

            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            with self.engine.begin() as connection:
                if connection.dialect.name == "postgresql":  # several machines may start at once; SQLite locks anyway
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise StorageError(f"LOTSE_DATABASE_URL: the database cannot be used: {reason}") from error

    def _is_newest(self) -> bool:
        newest = max(file.name.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
        with self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return False
            return bool(connection.scalar(text("SELECT version_num FROM alembic_version")) == newest)


def settle(engine: Engine, largest: int | None = REWRITTEN_AT_ONCE) -> bool:
    """Have SQLite forget what was deleted; whether nobody was in the way.

    Deleted rows are overwritten, but can still be read in the write-ahead log, and moved ones where they had been. So the log
    is emptied and the file written anew, unless it is larger than `largest`: nobody else can write for so long, about a
    second for 100 MB. PostgreSQL clears up by itself (autovacuum).
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    connection.detach()  # not to be used again: it has less patience than others
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
        pages, size = (cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        if largest is None or pages * size <= largest:
            cursor.execute("VACUUM")
        return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except OperationalError:  # somebody writes or reads for longer
        return False
    finally:
        connection.close()


def connect(url: str) -> Engine:
    """An SQLAlchemy engine for a database address, set up for many processes on one SQLite file."""
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise StorageError("LOTSE_DATABASE_URL is not a database address such as postgresql://user@host/name") from error
    try:
        return _connect(parsed)
    except (SQLAlchemyError, ImportError, ValueError, OSError) as error:
        raise StorageError(f"LOTSE_DATABASE_URL cannot be used: {error}") from error


def _connect(parsed: URL) -> Engine:
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    # hide_parameters: an error message must not carry what a newcomer wrote into a log
    if not parsed.drivername.startswith("sqlite"):
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READING) else "BEGIN IMMEDIATE")


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the "begin" event starts transactions: IMMEDIATE, so that none fails half-way
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten, not only forgotten
