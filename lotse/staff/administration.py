"""Looking after accounts: by the administrators of a town, of the installation, and on the command line.

Whoever looks after a town sees the accounts that have a role there and gives and takes roles there. What concerns an account
as a whole (switching off, a new password) is theirs only if all its roles are: else they could come into another town with
it. Nobody changes their own account here, so nobody locks themselves out or gives themselves a role.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lotse import codes
from lotse.staff import second_factor
from lotse.staff.accounts import Accounts
from lotse.staff.errors import AccountError, UnknownAccountError
from lotse.staff.member import Member
from lotse.staff.roles import Grant, Role
from lotse.staff.sessions import end_all
from lotse.storage import Database, trail
from lotse.storage.tables import Case, Municipality, Staff, StaffRole

ADMINISTRATORS = (Role.MUNICIPALITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)


@dataclass(frozen=True)
class Reach:
    """Over which accounts somebody may decide."""

    municipalities: frozenset[str] = frozenset()  # ids
    everywhere: bool = False
    staff_id: str = ""  # their own account

    def covers(self, role: str, municipality_id: str | None) -> bool:
        """Whether they may give and take a role there."""
        return self.everywhere or (municipality_id is not None and municipality_id in self.municipalities)


COMMAND_LINE = Reach(everywhere=True)


def reach_of(member: Member) -> Reach:
    """What a signed-in administrator may decide."""
    towns = frozenset(member.municipalities(Role.MUNICIPALITY_ADMINISTRATOR))
    return Reach(towns, member.holds(Role.SYSTEM_ADMINISTRATOR), member.staff_id)


class State(StrEnum):
    """How it is with an account."""

    ACTIVE = "active"
    OFF = "off"
    LOCKED = "locked"
    TEMPORARY = "temporary"  # has a password that is to be changed


@dataclass(frozen=True)
class Held:
    """A role of an account, and whether it can be taken by who looks."""

    role: str
    slug: str  # of the town; empty where the role is held without one
    town: str
    can_take: bool


@dataclass(frozen=True)
class Account:
    """An account as administrators see it: of roles elsewhere only that there are some."""

    id: str
    login: str
    name: str
    language: str
    state: State
    locked_until: datetime | None
    temporary_until: datetime | None
    second_factor: bool
    roles: list[Held]
    elsewhere: bool  # has roles that one does not look after
    own: bool
    open_cases: int

    @property
    def whole(self) -> bool:
        """Whether who looks may decide about the account as a whole."""
        return not self.own and not self.elsewhere


class Administration:
    """What administrators do with accounts; each change is checked in its own transaction."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts

    def accounts(self, reach: Reach) -> list[Account]:
        """The accounts that one looks after, by name."""
        with self._database.reading() as session:
            query = select(Staff).order_by(func.lower(Staff.name), Staff.login)
            if not reach.everywhere:
                here = select(StaffRole.staff_id).where(StaffRole.municipality_id.in_(reach.municipalities))
                query = query.where(Staff.id.in_(here))
            return _shown(session, reach, list(session.scalars(query)), self._accounts.moment())

    def account(self, reach: Reach, staff_id: str) -> Account:
        """One of them."""
        with self._database.reading() as session:
            return _shown(session, reach, [_find(session, reach, staff_id)], self._accounts.moment())[0]

    def towns(self, reach: Reach) -> list[Municipality]:
        """The towns in which one may give roles."""
        with self._database.reading() as session:
            query = select(Municipality).order_by(Municipality.name)
            if not reach.everywhere:
                query = query.where(Municipality.id.in_(reach.municipalities))
            return list(session.scalars(query))

    def roles(self, reach: Reach) -> list[Role]:
        """The roles that one may give."""
        return [role for role in Role if reach.everywhere or role.in_municipality]

    def add(self, reach: Reach, login: str, name: str, language: str, role: str, town: str) -> tuple[str, str]:
        """Make an account with one role; returns its id and the temporary password."""
        grant = self._grant(reach, role, town)
        password = _draw_password()
        made = self._accounts.add(login, name, [grant], password, language, temporary=True)
        with self._database.session() as session:
            _note(session, reach, "added", session.get_one(Staff, made))
        return made, password

    def give(self, reach: Reach, staff_id: str, role: str, town: str) -> None:
        """Give a role, in the town with this slug."""
        grant = self._grant(reach, role, town)
        with self._database.session() as session:
            staff = _changeable(session, reach, staff_id)
            place = session.scalar(select(Municipality.id).where(Municipality.slug == grant.municipality))
            if not any((held.role, held.municipality_id) == (grant.role, place) for held in staff.roles):
                staff.roles.append(StaffRole(role=grant.role.value, municipality_id=place))
                _note(session, reach, "given", staff)

    def take(self, reach: Reach, staff_id: str, role: str, town: str) -> None:
        """Take a role. The last one stays: an account without any would be nobody's to look after; it is switched off."""
        grant = self._grant(reach, role, town)
        with self._database.session() as session:
            _one_after_the_other(session)
            staff = _changeable(session, reach, staff_id)
            place = session.scalar(select(Municipality.id).where(Municipality.slug == grant.municipality))
            held = next((each for each in staff.roles if (each.role, each.municipality_id) == (grant.role, place)), None)
            if held is None:
                return  # pressed twice
            if len(staff.roles) == 1:
                raise AccountError("take", "last_role", "it is the last role; give another one first, or switch the account off")
            if held.role == Role.SYSTEM_ADMINISTRATOR:
                _another_system_administrator(session, staff, "take")
            _note(session, reach, "taken", staff)
            staff.roles.remove(held)

    def switch_off(self, reach: Reach, staff_id: str) -> None:
        """Switch an account off: its sessions end, nobody can sign in with it, its cases stay assigned."""
        with self._database.session() as session:
            _one_after_the_other(session)
            staff = _whole(session, reach, staff_id)
            if staff.active:
                _another_system_administrator(session, staff, "off")
            staff.active = False
            end_all(session, staff.id)
            _note(session, reach, "off", staff)

    def switch_on(self, reach: Reach, staff_id: str) -> None:
        """Switch it on again."""
        with self._database.session() as session:
            staff = _whole(session, reach, staff_id)
            staff.active = True
            _note(session, reach, "on", staff)

    def unlock(self, reach: Reach, staff_id: str) -> None:
        """End a lock after wrong passwords or codes."""
        with self._database.session() as session:
            staff = _whole(session, reach, staff_id)
            staff.failures, staff.locked_until = 0, None
            factor = second_factor.of(session, staff.id)
            if factor is not None:
                factor.failures = 0
            _note(session, reach, "unlocked", staff)

    def reset_password(self, reach: Reach, staff_id: str) -> str:
        """Give an account a temporary password and return it; its sessions end, so does a lock."""
        with self._database.reading() as session:
            login = _whole(session, reach, staff_id).login
        password = _draw_password()
        self._accounts.set_password(login, password, temporary=True)
        with self._database.session() as session:
            _note(session, reach, "password", session.get_one(Staff, staff_id))
        return password

    def reset_second_factor(self, reach: Reach, staff_id: str) -> None:
        """Take the second factor away: the device is lost. Sessions end, one may be open on it."""
        with self._database.session() as session:
            staff = _whole(session, reach, staff_id)
            second_factor.remove(session, staff.id)
            end_all(session, staff.id)
            _note(session, reach, "second_factor", staff)

    def require_second_factor(self, slug: str, required: bool) -> None:
        """Ask for a second factor from all who have a role in a town, or no longer."""
        with self._database.session() as session:
            town = session.scalar(select(Municipality).where(Municipality.slug == slug).with_for_update())
            if town is None:
                raise AccountError("town", "unknown", f"there is no municipality {slug!r}")
            others = {key: value for key, value in town.details.items() if key != "second_factor"}
            town.details = {**others, "second_factor": "required"} if required else others

    def _grant(self, reach: Reach, role: str, town: str) -> Grant:
        """A role in a town as a form names them, if one may give it."""
        if role not in self.roles(reach):
            raise AccountError("role", "unknown", f"{role!r} is none of {', '.join(self.roles(reach))}")
        grant = Grant(Role(role), town or None)
        if not grant.role.in_municipality:
            return replace(grant, municipality=None)
        if town not in [each.slug for each in self.towns(reach)]:
            raise AccountError("town", "unknown", "choose the town in which the role is held")
        return grant


def _note(session: Session, reach: Reach, what: str, staff: Staff) -> None:
    """Have the access logs of the account's towns say that an administrator changed it."""
    towns = {role.municipality_id for role in staff.roles}
    for town in sorted(towns, key=str):
        trail.note(session, reach.staff_id or trail.OPERATOR, f"staff.{what}", town=town, reference=staff.id)


def _find(session: Session, reach: Reach, staff_id: str, *, lock: bool = False) -> Staff:
    staff = session.get(Staff, staff_id, with_for_update=lock)
    if staff is None or not (reach.everywhere or any(role.municipality_id in reach.municipalities for role in staff.roles)):
        raise UnknownAccountError
    return staff


def _changeable(session: Session, reach: Reach, staff_id: str) -> Staff:
    """An account in whose roles one may change something."""
    staff = _find(session, reach, staff_id, lock=True)  # two who take a role each at the same moment leave one
    if staff.id == reach.staff_id:
        raise AccountError("account", "own", "nobody changes their own account here; ask another administrator")
    return staff


def _whole(session: Session, reach: Reach, staff_id: str) -> Staff:
    """An account about which one may decide as a whole."""
    staff = _changeable(session, reach, staff_id)
    if not all(reach.covers(role.role, role.municipality_id) for role in staff.roles):
        raise AccountError("account", "elsewhere", "the account also works elsewhere; ask a system administrator")
    return staff


def _one_after_the_other(session: Session) -> None:
    """Wait for others who change system administrators, before anything else is locked: else two wait for each other."""
    held = select(StaffRole.number).where(StaffRole.role == Role.SYSTEM_ADMINISTRATOR)
    session.execute(held.order_by(StaffRole.number).with_for_update())


def _another_system_administrator(session: Session, staff: Staff, field: str) -> None:
    """Raise if an account is the last one that looks after the installation."""
    held = select(StaffRole.staff_id).where(StaffRole.role == Role.SYSTEM_ADMINISTRATOR)
    active = set(session.scalars(select(Staff.id).where(Staff.id.in_(held), Staff.active)))
    if active == {staff.id}:
        raise AccountError(field, "last", "it is the last system administrator; give somebody else the role first")


def _shown(session: Session, reach: Reach, found: list[Staff], moment: datetime) -> list[Account]:
    towns = {town.id: town for town in session.scalars(select(Municipality))}
    ids = [staff.id for staff in found]
    waiting = select(Case.assigned_to, func.count()).where(Case.assigned_to.in_(ids), Case.status != "closed")
    if not reach.everywhere:
        waiting = waiting.where(Case.municipality_id.in_(reach.municipalities))
    open_cases = dict(session.execute(waiting.group_by(Case.assigned_to)).all())
    with_factor = second_factor.holders(session, ids)
    return [_account(reach, staff, towns, staff.id in with_factor, open_cases.get(staff.id, 0), moment) for staff in found]


def _account(
    reach: Reach, staff: Staff, towns: dict[str, Municipality], with_factor: bool, open_cases: int, moment: datetime
) -> Account:
    own = staff.id == reach.staff_id
    mine = [role for role in staff.roles if reach.covers(role.role, role.municipality_id)]
    held = [
        Held(
            role=role.role,
            slug=towns[role.municipality_id].slug if role.municipality_id else "",
            town=towns[role.municipality_id].name if role.municipality_id else "",
            can_take=not own and len(staff.roles) > 1,
        )
        for role in mine
    ]
    locked = second_factor.is_locked(staff, moment)
    if not staff.active:
        state = State.OFF
    elif locked:
        state = State.LOCKED
    else:
        state = State.TEMPORARY if staff.temporary_until else State.ACTIVE
    return Account(
        id=staff.id,
        login=staff.login,
        name=staff.name,
        language=staff.language,
        state=state,
        locked_until=staff.locked_until if locked else None,
        temporary_until=staff.temporary_until,
        second_factor=with_factor,
        roles=sorted(held, key=lambda each: (each.town, each.role)),
        elsewhere=len(mine) < len(staff.roles),
        own=own,
        open_cases=open_cases,
    )


def _draw_password() -> str:
    """A temporary password that can be read out on the telephone."""
    return codes.grouped(codes.draw())
