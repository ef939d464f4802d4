"""Accounts of staff: making them, passwords, signing in with a lock after wrong tries. Sessions: sessions.py."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.staff import passwords
from lotse.staff.errors import AccountError, SignInError
from lotse.staff.roles import Grant
from lotse.staff.second_factor import LOCKED_FOR, is_locked
from lotse.staff.sessions import Sessions, end_all
from lotse.storage.tables import Municipality, Staff, StaffIdentity, StaffRole

LANGUAGES = ("de", "en", "nl", "ar")  # that the desk speaks
WRONG_TRIES = 5  # in a row, then the account is locked for LOCKED_FOR
TEMPORARY_FOR = timedelta(days=7)  # that a password lives which somebody else made
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,198}")
LONGEST_NAME = 200  # characters
_REMEDIES = {  # of passwords, by reason
    "short": f"too short; take at least {passwords.SHORTEST} characters",
    "long": f"too long; take at most {passwords.LONGEST} characters",
    "login": "it is the login; take another one",
    "simple": "a row of signs that follow each other or repeat; take several words",
    "common": "one of the most common ones; take another one",
    "known": "made of login, name and town; take other words",
    "same": "it is the present one; take another one",
}


@dataclass(frozen=True)
class Entry:
    """An account in the list of all."""

    login: str
    name: str
    language: str
    roles: list[str]  # such as case_worker@musterstadt
    active: bool


class Accounts(Sessions):
    """All accounts of an installation."""

    def add(
        self, login: str, name: str, grants: list[Grant], password: str, language: str = "de", *, temporary: bool = False
    ) -> str:
        """Make an account and return its id. A temporary password is to be changed at the first sign-in."""
        login, name = normal(login), " ".join(name.split())
        if not _LOGIN.fullmatch(login):
            raise AccountError("login", "form", "use 2 to 199 letters a-z, digits and . _ @ + -")
        if not name:
            raise AccountError("name", "missing", "give the name that colleagues read")
        if len(name) > LONGEST_NAME:
            raise AccountError("name", "long", f"at most {LONGEST_NAME} characters")
        if language not in LANGUAGES:
            raise AccountError("language", "unknown", f"{language!r} is none of {', '.join(LANGUAGES)}")
        if not grants:
            raise AccountError("role", "missing", "give at least one role, such as case_worker")
        check_password(password, login, (name,))
        hashed = _hasher().hash(password)
        with self._database.session() as session:
            if session.scalar(select(Staff.id).where(Staff.login == login)):
                raise AccountError("login", "taken", f"{login!r} exists already; choose another one")
            staff = Staff(login=login, name=name, password_hash=hashed, language=language)
            staff.temporary_until = self._clock() + TEMPORARY_FOR if temporary else None
            for role, municipality in dict.fromkeys((grant.role, place_of(session, grant)) for grant in grants):
                staff.roles.append(StaffRole(role=role.value, municipality_id=municipality))
            check_password(password, login, _known_of(session, staff))
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

    def id_of(self, login: str) -> str:
        """Id of the account with this login."""
        with self._database.reading() as session:
            return staff_of(session, login).id

    def set_password(self, login: str, password: str, *, temporary: bool = False) -> None:
        """Give an account another password; all its sessions end, a lock ends too."""
        login = normal(login)
        with self._database.reading() as session:
            check_password(password, login, _known_of(session, staff_of(session, login)))
        hashed = _hasher().hash(password)
        with self._database.session() as session:
            staff = staff_of(session, login)
            staff.password_hash, staff.failures, staff.locked_until = hashed, 0, None
            staff.temporary_until = self._clock() + TEMPORARY_FOR if temporary else None
            end_all(session, staff.id)

    def change_password(self, login: str, old: str, new: str, browser: str = "") -> str:
        """Change one's own password. All sessions end; returns the token of a new one."""
        if new == old:
            raise AccountError("password", "same", _REMEDIES["same"])
        with self._database.reading() as session:
            check_password(new, normal(login), _known_of(session, staff_of(session, login)))
        staff_id = self._verify(login, old)
        self.set_password(login, new)
        with self._database.session() as session:
            return self._begin(session, staff_id, browser, "in")  # it goes on: whoever is here was in before

    def set_language(self, staff_id: str, language: str) -> None:
        """Set the language in which an account sees the desk."""
        if language not in LANGUAGES:
            raise AccountError("language", "unknown", f"{language!r} is none of {', '.join(LANGUAGES)}")
        with self._database.session() as session:
            session.get_one(Staff, staff_id).language = language

    def sign_in(self, login: str, password: str, browser: str = "") -> str:
        """Begin a session and return its token; raises SignInError."""
        return self.begin(self._verify(login, password), browser)

    def sign_in_by_provider(self, issuer: str, subject: str, email: str | None, browser: str = "") -> str:
        """Begin a session for somebody whom a provider vouches for; raises SignInError.

        Known is who was linked before; else the account whose login is the e-mail address that the provider has verified
        (`email`). No account is made, and one that is linked to somebody else there is not linked once more. A lock after
        wrong passwords is no matter of the provider's; a second factor of the account is asked for all the same.
        """
        nothing = _hash_of_nothing()
        with self._database.session() as session:
            known = session.get(StaffIdentity, (issuer, subject))
            if known is not None:
                staff = session.get(Staff, known.staff_id)
            else:
                staff = session.scalar(select(Staff).where(Staff.login == normal(email or "")).with_for_update())
            if staff is None or not staff.active or (known is None and _is_linked(session, issuer, staff.id)):
                raise SignInError
            if known is None:
                session.add(StaffIdentity(issuer=issuer, subject=subject, staff_id=staff.id, linked_at=self._clock()))
            if staff.temporary_until is not None:  # a password that only somebody else knows: nobody needs it any more
                staff.password_hash, staff.temporary_until = nothing, None
            staff_id = staff.id
        return self.begin(staff_id, browser)

    def _verify(self, login: str, password: str) -> str:
        """Id of the account with this password.

        A try is counted before it is checked, so that many at the same moment are no way around the lock.
        An unknown or locked login takes as long as a wrong password: it is checked against a hash of nothing.
        """
        with self._database.session() as session:
            staff = session.scalar(select(Staff).where(Staff.login == normal(login)).with_for_update())
            free = staff is not None and staff.active and not is_locked(staff, self._clock())
            if staff is not None and free:
                staff.failures += 1
                if staff.failures >= WRONG_TRIES:
                    staff.failures, staff.locked_until = 0, self._clock() + LOCKED_FOR
            expected = staff.password_hash if staff is not None and free else _hash_of_nothing()
        right = _hasher().verify(password, expected)
        if staff is None or not free or not right or (staff.temporary_until and staff.temporary_until <= self._clock()):
            raise SignInError
        with self._database.session() as session:
            here = session.get_one(Staff, staff.id, with_for_update=True)
            here.failures = 0
            if here.locked_until == staff.locked_until:  # else wrong codes of the second factor have locked it meanwhile
                here.locked_until = None
        return staff.id


@lru_cache(1)
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@lru_cache(1)
def _hash_of_nothing() -> str:
    return _hasher().hash(secrets.token_urlsafe())


def normal(login: str) -> str:
    """A login as it is kept."""
    return login.strip().lower()


def staff_of(session: Session, login: str) -> Staff:
    """The account with this login."""
    staff = session.scalar(select(Staff).where(Staff.login == normal(login)))
    if staff is None:
        raise AccountError("login", "unknown", f"there is no account {normal(login)!r}; ./run user list shows all")
    return staff


def check_password(password: str, login: str, known: Iterable[str] = ()) -> None:
    """Raise for a password that a stranger would try; `known` is what others know of the person."""
    reason = passwords.problem(password, login, known)
    if reason is not None:
        raise AccountError("password", reason, _REMEDIES[reason])


def place_of(session: Session, grant: Grant) -> str | None:
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


def _known_of(session: Session, staff: Staff) -> list[str]:
    """What others know of the person: name and towns."""
    towns = [role.municipality_id for role in staff.roles if role.municipality_id]
    return [staff.name, *session.scalars(select(Municipality.name).where(Municipality.id.in_(towns)))]


def _is_linked(session: Session, issuer: str, staff_id: str) -> bool:
    query = select(StaffIdentity.subject).where(StaffIdentity.staff_id == staff_id, StaffIdentity.issuer == issuer)
    return session.scalar(query) is not None


def _shown(role: StaffRole, slugs: dict[str, str]) -> str:
    return role.role if role.municipality_id is None else f"{role.role}@{slugs[role.municipality_id]}"
