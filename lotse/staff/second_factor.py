"""A second factor: codes of an app (TOTP, RFC 6238), and codes on paper for when the app is lost.

    nothing ──begin──► being set up ──confirm──► on ──off, reset──► nothing

A code is taken once. Wrong ones are counted apart from wrong passwords: who knows the password could set that count back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lotse import codes
from lotse.storage import crypto
from lotse.storage.tables import Municipality, RecoveryCode, SecondFactor, Staff

ISSUER = "Lotse"  # as the app shows it
STEP = 30  # seconds that a code is for
AROUND = (-1, 0, 1)  # steps: clocks differ, and typing takes time
RECOVERY_CODES = 10
WRONG_CODES = 5  # in a row, then the account is locked for
LOCKED_FOR = timedelta(minutes=15)


def of(session: Session, staff_id: str) -> SecondFactor | None:
    """The second factor of an account, if it is on."""
    found = session.get(SecondFactor, staff_id)
    return found if found and found.confirmed_at else None


def holders(session: Session, staff_ids: list[str]) -> set[str]:
    """Those of the accounts whose second factor is on."""
    query = select(SecondFactor.staff_id).where(SecondFactor.staff_id.in_(staff_ids), SecondFactor.confirmed_at.is_not(None))
    return set(session.scalars(query))


def required(session: Session, staff: Staff) -> bool:
    """Whether a town where the account has a role asks for it; whoever looks after all towns follows the strictest."""
    query = select(Municipality.details)
    if all(role.municipality_id for role in staff.roles):
        query = query.where(Municipality.id.in_({role.municipality_id for role in staff.roles}))
    return any(details.get("second_factor") == "required" for details in session.scalars(query))


def begin(session: Session, staff_id: str) -> None:
    """Make a new secret, to be confirmed by a code of it; does nothing when the second factor is on."""
    found = session.get(SecondFactor, staff_id)
    if found is None:
        found = SecondFactor(staff_id=staff_id, last_step=0, failures=0)
        session.add(found)
    if found.confirmed_at is None:
        found.secret = pyotp.random_base32()
    session.flush()


def waiting_secret(session: Session, staff_id: str) -> str | None:
    """The secret that is being set up: the app needs it, nobody reads it again later."""
    found = session.get(SecondFactor, staff_id)
    return str(found.secret) if found and found.confirmed_at is None else None


def address(secret: str, login: str) -> str:
    """The secret as an app reads it from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def confirm(session: Session, staff_id: str, typed: str, moment: datetime) -> list[str] | None:
    """Switch on what is being set up, if the code is right; returns the recovery codes, which nobody can read again."""
    found = session.get(SecondFactor, staff_id, with_for_update=True)
    if found is None or found.confirmed_at is not None or not _take_step(found, typed, moment):
        return None
    found.confirmed_at = moment
    return new_recovery_codes(session, staff_id)


def new_recovery_codes(session: Session, staff_id: str) -> list[str]:
    """Make them anew; those of before end."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    drawn = [codes.draw() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(digest=_digest(staff_id, each), staff_id=staff_id) for each in drawn)
    return [codes.grouped(each) for each in drawn]


def recovery_codes_left(session: Session, staff_id: str) -> int:
    """How many have not been used."""
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(RecoveryCode.staff_id == staff_id)) or 0


def take(session: Session, staff: Staff, typed: str, moment: datetime) -> bool:
    """Use a code of the app or of the paper. Too many wrong ones lock the account; then the right one helps no more."""
    found = session.get(SecondFactor, staff.id, with_for_update=True)
    if found is None or found.confirmed_at is None or is_locked(staff, moment):
        return False
    if _take_step(found, typed, moment) or _take_recovery_code(session, staff.id, typed):
        found.failures = 0
        return True
    found.failures += 1
    if found.failures >= WRONG_CODES:
        found.failures, staff.locked_until = 0, moment + LOCKED_FOR
    return False


def remove(session: Session, staff_id: str) -> None:
    """Switch it off, with the recovery codes."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    session.execute(delete(SecondFactor).where(SecondFactor.staff_id == staff_id))


def is_locked(staff: Staff, moment: datetime) -> bool:
    """Whether an account is locked now."""
    return staff.locked_until is not None and staff.locked_until > moment


def _take_step(found: SecondFactor, typed: str, moment: datetime) -> bool:
    app = pyotp.TOTP(found.secret)
    code = codes.letters_of(typed)
    now = int(moment.timestamp()) // STEP
    # all are compared, so that the time taken tells nothing
    right = [now + each for each in AROUND if pyotp.utils.strings_equal(app.generate_otp(now + each), code)]
    step = next((each for each in right if each > found.last_step), None)
    if step is None:
        return False
    found.last_step = step
    return True


def _take_recovery_code(session: Session, staff_id: str, typed: str) -> bool:
    letters = codes.letters_of(typed)
    if not codes.is_code(letters):
        return False
    row = session.get(RecoveryCode, _digest(staff_id, letters), with_for_update=True)
    if row is None:
        return False
    session.delete(row)
    return True


def _digest(staff_id: str, letters: str) -> str:
    return crypto.digest(f"recovery:{staff_id}:{letters}")
