"""Sessions of staff: a cookie is known by its hash only; ending a session is deleting its row."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from lotse.staff import second_factor
from lotse.staff.errors import AccountError, SignInError
from lotse.staff.member import TO_DO_PASSWORD, TO_DO_SECOND_FACTOR, Member
from lotse.storage import Database
from lotse.storage.tables import Staff, StaffSession, now

IDLE = timedelta(hours=8)  # a session ends when nobody used it for so long,
LONGEST = timedelta(days=7)  # and after this in any case
TOUCH_EVERY = timedelta(minutes=1)  # `last_at` is written no more often: reading a page takes no lock
CODE_WITHIN = timedelta(minutes=10)  # after the password, of the second factor
FRESH = timedelta(minutes=15)  # after signing in one may change how one signs in
IN, CODE = "in", "code"  # stages of a session


@dataclass(frozen=True)
class Open:
    """A session in the list of one's own."""

    key: str  # to end it by; nothing that a browser could come in with
    browser: str  # such as "Firefox, Windows"; empty if it is unknown
    created_at: datetime
    last_at: datetime
    here: bool


@dataclass(frozen=True)
class Factor:
    """How it is with the second factor of an account."""

    on: bool
    required: bool
    codes_left: int
    secret: str = ""  # while it is being set up
    address: str = ""  # the same as an app reads it


class Sessions:
    """All sessions of an installation."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = now) -> None:
        self._database = database
        self._clock = clock

    def moment(self) -> datetime:
        """The time."""
        return self._clock()

    def begin(self, staff_id: str, browser: str = "") -> str:
        """Begin a session for somebody who has proven who they are; returns its token.

        With a second factor it waits for its code (`give_code`), and is nobody until then.
        """
        with self._database.session() as session:
            return self._begin(session, staff_id, browser, CODE if second_factor.of(session, staff_id) else IN)

    def waits_for_code(self, token: str) -> bool:
        """Whether this session waits for the code of a second factor."""
        with self._database.reading() as session:
            return self._waiting(session, token) is not None

    def give_code(self, token: str, typed: str, browser: str = "") -> str:
        """Go on with a code of the second factor; returns the token of the session. Raises SignInError."""
        moment = self._clock()
        with self._database.session() as session:
            waiting = self._waiting(session, token)
            staff = session.get(Staff, waiting.staff_id, with_for_update=True) if waiting else None
            right = staff is not None and staff.active and second_factor.take(session, staff, typed, moment)
            if staff is not None and second_factor.is_locked(staff, moment):  # all that wait begin anew
                session.execute(delete(StaffSession).where(StaffSession.staff_id == staff.id, StaffSession.stage == CODE))
            if staff is not None and right:
                session.delete(waiting)
                return self._begin(session, staff.id, browser, IN)
        raise SignInError

    def member(self, token: str, *, touch: bool = True) -> Member | None:
        """Whose session this is, if it has not ended. `touch` says that a person is there: it goes on."""
        moment = self._clock()
        with self._database.reading() as session:
            found = session.get(StaffSession, digest(token))
            staff = session.get(Staff, found.staff_id) if found else None
            if found is None or staff is None or found.stage != IN or not staff.active or not staff.roles:
                return None
            if moment - found.last_at >= IDLE or moment - found.created_at >= LONGEST:
                return None
            held = frozenset((role.role, role.municipality_id) for role in staff.roles)
            to_do = _to_do(session, staff)
            member = Member(staff.id, staff.login, staff.name, staff.language, found.csrf, held, to_do)
            stale = moment - found.last_at >= TOUCH_EVERY
        if touch and stale:
            with self._database.session() as session:
                here = session.get(StaffSession, digest(token))
                if here is not None:
                    here.last_at = moment
        return member

    def is_fresh(self, token: str) -> bool:
        """Whether somebody has just signed in: else a browser that was left open could change how one signs in."""
        with self._database.reading() as session:
            found = session.get(StaffSession, digest(token))
            return found is not None and self._clock() - found.created_at < FRESH

    def of(self, staff_id: str, token: str) -> list[Open]:
        """The sessions of an account that go on, this one first, then by their last use."""
        query = select(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.stage == IN, ~_over(self._clock()))
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(StaffSession.last_at.desc(), StaffSession.digest))
            found = [Open(row.digest, row.browser, row.created_at, row.last_at, row.digest == digest(token)) for row in rows]
        return sorted(found, key=lambda each: not each.here)

    def end(self, staff_id: str, key: str) -> None:
        """End one session of an account."""
        with self._database.session() as session:
            session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.digest == key))

    def end_others(self, staff_id: str, token: str) -> None:
        """End all sessions of an account but this one."""
        with self._database.session() as session:
            _end_others(session, staff_id, token)

    def sign_out(self, token: str) -> None:
        """End this session."""
        with self._database.session() as session:
            session.execute(delete(StaffSession).where(StaffSession.digest == digest(token)))

    def sign_out_everywhere(self, staff_id: str) -> None:
        """End all sessions of an account."""
        with self._database.session() as session:
            end_all(session, staff_id)

    def has_second_factor(self, staff_id: str) -> bool:
        """Whether the second factor of an account is on."""
        with self._database.reading() as session:
            return second_factor.of(session, staff_id) is not None

    def second_factor(self, staff_id: str) -> Factor:
        """How it is with the second factor of an account."""
        with self._database.reading() as session:
            staff = session.get_one(Staff, staff_id)
            secret = second_factor.waiting_secret(session, staff_id) or ""
            return Factor(
                on=second_factor.of(session, staff_id) is not None,
                required=second_factor.required(session, staff),
                codes_left=second_factor.recovery_codes_left(session, staff_id),
                secret=secret,
                address=second_factor.address(secret, staff.login) if secret else "",
            )

    def begin_second_factor(self, staff_id: str, token: str) -> None:
        """Make a secret for an app; it counts once a code of it was given."""
        self._only_fresh(token)
        with self._database.session() as session:
            second_factor.begin(session, staff_id)

    def confirm_second_factor(self, staff_id: str, token: str, typed: str) -> list[str]:
        """Switch the second factor on by a first code; other sessions end. Returns the recovery codes."""
        self._only_fresh(token)
        with self._database.session() as session:
            codes = second_factor.confirm(session, staff_id, typed, self._clock())
            if codes is not None:
                _end_others(session, staff_id, token)
        if codes is None:
            raise AccountError("code", "wrong", "the code is not right; take the one that the app shows now")
        return codes

    def new_recovery_codes(self, staff_id: str, typed: str) -> list[str]:
        """Make the recovery codes anew, by a code."""
        with self._database.session() as session:
            right = self._take(session, staff_id, typed)
            codes = second_factor.new_recovery_codes(session, staff_id) if right else []
        if not codes:
            raise AccountError("code", "wrong", "the code is not right, or it was used before")
        return codes

    def switch_second_factor_off(self, staff_id: str, typed: str) -> None:
        """Switch the second factor off, by a code, where no town asks for it."""
        with self._database.session() as session:
            required = second_factor.required(session, session.get_one(Staff, staff_id))
            right = not required and self._take(session, staff_id, typed)
            if right:
                second_factor.remove(session, staff_id)
        if required:
            raise AccountError("code", "required", "the town asks for it")
        if not right:
            raise AccountError("code", "wrong", "the code is not right, or it was used before")

    def _only_fresh(self, token: str) -> None:
        if not self.is_fresh(token):
            raise AccountError("begin", "old", "sign in once more first")

    def _take(self, session: Session, staff_id: str, typed: str) -> bool:
        """Use a code; who is locked out by wrong ones is signed out as well."""
        staff = session.get_one(Staff, staff_id, with_for_update=True)
        right = second_factor.take(session, staff, typed, self._clock())
        if second_factor.is_locked(staff, self._clock()):
            end_all(session, staff_id)
        return right

    def _begin(self, session: Session, staff_id: str, browser: str, stage: str) -> str:
        token, moment = secrets.token_urlsafe(32), self._clock()
        session.execute(delete(StaffSession).where(_over(moment)))
        session.add(
            StaffSession(
                digest=digest(token), staff_id=staff_id, csrf=secrets.token_urlsafe(24), stage=stage, browser=browser,
                created_at=moment, last_at=moment,
            )
        )  # fmt: skip
        return token

    def _waiting(self, session: Session, token: str) -> StaffSession | None:
        found = session.get(StaffSession, digest(token))
        waits = found is not None and found.stage == CODE and self._clock() - found.created_at < CODE_WITHIN
        return found if waits else None


def end_all(session: Session, staff_id: str) -> None:
    """End all sessions of an account, in a transaction that does more."""
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))


def _end_others(session: Session, staff_id: str, token: str) -> None:
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.digest != digest(token)))


def digest(token: str) -> str:
    """What the table knows of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _to_do(session: Session, staff: Staff) -> str:
    """What comes before everything else."""
    if staff.temporary_until is not None:
        return TO_DO_PASSWORD
    if second_factor.of(session, staff.id) is None and second_factor.required(session, staff):
        return TO_DO_SECOND_FACTOR
    return ""


def _over(moment: datetime) -> ColumnElement[bool]:
    return (
        (StaffSession.last_at <= moment - IDLE)
        | (StaffSession.created_at <= moment - LONGEST)
        | ((StaffSession.stage == CODE) & (StaffSession.created_at <= moment - CODE_WITHIN))
    )
