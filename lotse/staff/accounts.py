"""Accounts of staff: making them, passwords, signing in with a lock after wrong tries, sessions that end."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from lotse.staff.member import Member
from lotse.staff.roles import Grant
from lotse.storage import Database
from lotse.storage.tables import Municipality, Staff, StaffRole, StaffSession, now

LANGUAGES = ("de", "en", "nl", "ar")  # that the desk speaks
SHORTEST_PASSWORD = 12  # characters; length is what counts, no rules about digits and signs (NIST SP 800-63B)
WRONG_TRIES = 5  # in a row, then
LOCKED_FOR = timedelta(minutes=15)
IDLE = timedelta(hours=8)  # a session ends when nobody used it for so long,
LONGEST = timedelta(days=7)  # and after this in any case
TOUCH_EVERY = timedelta(minutes=1)  # `last_at` is written no more often: reading a page takes no lock
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,198}")


class AccountError(Exception):
    """An account cannot be made or changed so; the message names the field and the remedy."""

    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.reason = reason


class SignInError(Exception):
    """Signing in is refused. It does not tell why: whether a login exists, or is locked, is nobody's business."""


@dataclass(frozen=True)
class Entry:
    """An account in the list of all."""

    login: str
    name: str
    language: str
    roles: list[str]  # such as case_worker@musterstadt
    active: bool


class Accounts:
    """All accounts of an installation."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = now) -> None:
        self._database = database
        self._clock = clock

    def add(self, login: str, name: str, grants: list[Grant], password: str, language: str = "de") -> str:
        """Make an account and return its id."""
        login = _normal(login)
        if not _LOGIN.fullmatch(login):
            raise AccountError("login", "form", "use 2 to 199 letters a-z, digits and . _ @ + -")
        if not name.strip():
            raise AccountError("name", "missing", "give the name that colleagues read")
        if language not in LANGUAGES:
            raise AccountError("language", "unknown", f"{language!r} is none of {', '.join(LANGUAGES)}")
        if not grants:
            raise AccountError("role", "missing", "give at least one role, such as case_worker")
        _check_password(password, login)
        hashed = _hasher().hash(password)
        with self._database.session() as session:
            if session.scalar(select(Staff.id).where(Staff.login == login)):
                raise AccountError("login", "taken", f"{login!r} exists already; choose another one")
            staff = Staff(login=login, name=name.strip(), password_hash=hashed, language=language)
            for role, municipality in dict.fromkeys((grant.role, _place(session, grant)) for grant in grants):
                staff.roles.append(StaffRole(role=role.value, municipality_id=municipality))
            session.add(staff)
            session.flush()
            return staff.id

    def entries(self) -> list[Entry]:
        """All accounts, by login."""
        with self._database.reading() as session:
            slugs = dict(session.execute(select(Municipality.id, Municipality.slug)).all())
            return [
                Entry(staff.login, staff.name, staff.language, sorted(_shown(role, slugs) for role in staff.roles), staff.active)
                for staff in session.scalars(select(Staff).order_by(Staff.login))
            ]

    def set_password(self, login: str, password: str) -> None:
        """Give an account another password; all its sessions end, a lock ends too."""
        login = _normal(login)
        _check_password(password, login)
        hashed = _hasher().hash(password)
        with self._database.session() as session:
            staff = session.scalar(select(Staff).where(Staff.login == login))
            if staff is None:
                raise AccountError("login", "unknown", f"there is no account {login!r}; ./run user list shows all")
            staff.password_hash, staff.failures, staff.locked_until = hashed, 0, None
            session.execute(delete(StaffSession).where(StaffSession.staff_id == staff.id))

    def change_password(self, login: str, old: str, new: str) -> str:
        """Change one's own password. All sessions end; returns the token of a new one."""
        _check_password(new, _normal(login))
        staff_id = self._verify(login, old)
        self.set_password(login, new)
        return self.begin(staff_id)

    def set_language(self, staff_id: str, language: str) -> None:
        """Set the language in which an account sees the desk."""
        if language not in LANGUAGES:
            raise AccountError("language", "unknown", f"{language!r} is none of {', '.join(LANGUAGES)}")
        with self._database.session() as session:
            session.get_one(Staff, staff_id).language = language

    def sign_in(self, login: str, password: str) -> str:
        """Begin a session and return its token; raises SignInError."""
        return self.begin(self._verify(login, password))

    def begin(self, staff_id: str) -> str:
        """Begin a session for somebody who has proven who they are; returns its token."""
        token = secrets.token_urlsafe(32)
        moment = self._clock()
        with self._database.session() as session:
            session.execute(delete(StaffSession).where(_over(moment)))
            session.add(
                StaffSession(
                    digest=_digest(token), staff_id=staff_id, csrf=secrets.token_urlsafe(24), created_at=moment, last_at=moment
                )
            )
        return token

    def member(self, token: str, *, touch: bool = True) -> Member | None:
        """Whose session this is, if it has not ended. `touch` says that a person is there: it goes on."""
        moment = self._clock()
        with self._database.reading() as session:
            found = session.get(StaffSession, _digest(token))
            staff = session.get(Staff, found.staff_id) if found else None
            if found is None or staff is None or not staff.active or not staff.roles:
                return None
            if moment - found.last_at >= IDLE or moment - found.created_at >= LONGEST:
                return None
            held = frozenset((role.role, role.municipality_id) for role in staff.roles)
            member = Member(staff.id, staff.login, staff.name, staff.language, found.csrf, held)
            stale = moment - found.last_at >= TOUCH_EVERY
        if touch and stale:
            with self._database.session() as session:
                here = session.get(StaffSession, _digest(token))
                if here is not None:
                    here.last_at = moment
        return member

    def sign_out(self, token: str) -> None:
        """End this session."""
        with self._database.session() as session:
            session.execute(delete(StaffSession).where(StaffSession.digest == _digest(token)))

    def sign_out_everywhere(self, staff_id: str) -> None:
        """End all sessions of an account."""
        with self._database.session() as session:
            session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))

    def _verify(self, login: str, password: str) -> str:
        """Id of the account with this password.

        A try is counted before it is checked, so that many at the same moment are no way around the lock.
        An unknown or locked login takes as long as a wrong password: it is checked against a hash of nothing.
        """
        with self._database.session() as session:
            staff = session.scalar(select(Staff).where(Staff.login == _normal(login)).with_for_update())
            free = staff is not None and staff.active and (staff.locked_until is None or staff.locked_until <= self._clock())
            if staff is not None and free:
                staff.failures += 1
                if staff.failures >= WRONG_TRIES:
                    staff.failures, staff.locked_until = 0, self._clock() + LOCKED_FOR
            expected = staff.password_hash if staff is not None and free else _hash_of_nothing()
        right = _hasher().verify(password, expected)
        if staff is None or not free or not right:
            raise SignInError
        with self._database.session() as session:
            here = session.get_one(Staff, staff.id)
            here.failures, here.locked_until = 0, None
        return staff.id


@lru_cache(1)
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@lru_cache(1)
def _hash_of_nothing() -> str:
    return _hasher().hash(secrets.token_urlsafe())


def _normal(login: str) -> str:
    return login.strip().lower()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _over(moment: datetime) -> ColumnElement[bool]:
    return (StaffSession.last_at <= moment - IDLE) | (StaffSession.created_at <= moment - LONGEST)


def _check_password(password: str, login: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError("password", "short", f"too short; take at least {SHORTEST_PASSWORD} characters")
    if password.strip().lower() == login:
        raise AccountError("password", "login", "it is the login; take another one")


def _place(session: Session, grant: Grant) -> str | None:
    """Id of the municipality of a grant."""
    if not grant.role.in_municipality:
        if grant.municipality is not None:
            raise AccountError("role", "municipality", f"{grant.role} is not held in a municipality; leave out @")
        return None
    found = session.scalar(select(Municipality.id).where(Municipality.slug == grant.municipality))
    if found is None:
        slugs = ", ".join(session.scalars(select(Municipality.slug).order_by(Municipality.slug))) or "none"
        raise AccountError("role", "municipality", f"{grant.role} needs a municipality that exists ({slugs})")
    return found


def _shown(role: StaffRole, slugs: dict[str, str]) -> str:
    return role.role if role.municipality_id is None else f"{role.role}@{slugs[role.municipality_id]}"
