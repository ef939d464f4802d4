"""Accounts of staff: what is refused, the lock, sessions and their ends, the command."""

from __future__ import annotations

import argparse
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from commands import user
from commands.errors import CommandError
from lotse.core import Core
from lotse.staff import AccountError, Accounts, Grant, Role, SignInError
from lotse.storage.tables import SecondFactor, Staff, StaffSession
from tests.desk.conftest import HERE, PASSWORD, login, staff, town

ANNA = login(Role.CASE_WORKER)
WRONG = "wrong wrong wrong"


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(core: Core, clock: Clock) -> Accounts:
    with core.database.session() as session:
        session.query(StaffSession).delete()
    return Accounts(core.database, clock)


@pytest.mark.parametrize(
    ("changed", "field", "remedy"),
    [
        ({"login": "a b"}, "login", "letters"),
        ({"login": ANNA.upper()}, "login", "exists already"),
        ({"name": " "}, "name", "colleagues read"),
        ({"language": "uk"}, "language", "de, en, nl, ar"),
        ({"grants": []}, "role", "at least one role"),
        ({"grants": [Grant(Role.OBSERVER)]}, "role", "needs a municipality"),
        ({"grants": [Grant(Role.OBSERVER, "nowhere")]}, "role", "musterstadt"),
        ({"grants": [Grant(Role.SYSTEM_ADMINISTRATOR, HERE)]}, "role", "leave out @"),
        ({"password": "eleven char"}, "password", "at least 12 characters"),
        ({"password": "Somebody.Else"}, "password", "take another one"),
        ({"password": "123456789012"}, "password", "take several words"),
        ({"password": "Password2026!"}, "password", "one of the most common"),
        ({"password": "Musterstadt 2026"}, "password", "made of login, name and town"),
        ({"password": "x" * 300}, "password", "at most 256 characters"),
        ({"name": "x" * 201}, "name", "at most 200 characters"),
    ],
)
def test_what_an_account_must_have(
    accounts: Accounts, changed: dict[str, object], field: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lotse.staff.accounts._hasher", lambda: type("Quick", (), {"hash": lambda _, password: "hash"})())
    given = {"login": "somebody.else", "name": "S", "grants": [Grant(Role.OBSERVER, HERE)], "password": PASSWORD, **changed}
    with pytest.raises(AccountError) as error:
        accounts.add(**given)  # type: ignore[arg-type]
    assert error.value.field == field
    assert str(error.value).startswith(f"{field}: ")
    assert remedy in str(error.value)


def test_an_account_in_several_places(accounts: Accounts, core: Core) -> None:
    both = [Grant(Role.CASE_WORKER, HERE), Grant(Role.CASE_WORKER, "nachbarort"), Grant(Role.SYSTEM_ADMINISTRATOR)]
    accounts.add(" Dora@Example.org ", "Dora", [*both, both[0]], PASSWORD, "nl")
    member = accounts.member(accounts.sign_in("DORA@example.org", PASSWORD))
    assert member is not None
    assert (member.login, member.name, member.language) == ("dora@example.org", "Dora", "nl")
    assert member.holds(Role.OBSERVER, Role.CASE_WORKER)
    assert not member.holds(Role.OBSERVER)
    assert len(member.municipalities(Role.CASE_WORKER)) == 2
    assert member.municipalities(Role.SYSTEM_ADMINISTRATOR) == set()
    entry = next(entry for entry in accounts.entries() if entry.login == "dora@example.org")
    assert entry.roles == ["case_worker@musterstadt", "case_worker@nachbarort", "system_administrator"]
    with core.database.reading() as session:
        strength = staff(session, "dora@example.org").password_hash.split("$")[1:4]
    assert strength == ["argon2id", "v=19", "m=65536,t=3,p=4"], "RFC 9106, second recommended option"


def test_five_wrong_passwords_in_a_row_lock_for_a_quarter_of_an_hour(accounts: Accounts, clock: Clock) -> None:
    for _ in range(4):
        with pytest.raises(SignInError):
            accounts.sign_in(ANNA, WRONG)
    accounts.sign_in(ANNA, PASSWORD)  # counts anew from here
    for _ in range(5):
        with pytest.raises(SignInError):
            accounts.sign_in(ANNA, WRONG)
    with pytest.raises(SignInError):
        accounts.sign_in(ANNA, PASSWORD)
    clock.now += timedelta(minutes=14, seconds=59)
    with pytest.raises(SignInError):
        accounts.sign_in(ANNA, PASSWORD)
    clock.now += timedelta(seconds=1)
    accounts.sign_in(ANNA, PASSWORD)


def test_a_right_fifth_try_is_let_in(accounts: Accounts, core: Core) -> None:
    with core.database.session() as session:
        staff(session, ANNA).failures = 4
    accounts.sign_in(ANNA, PASSWORD)
    with core.database.reading() as session:
        assert (staff(session, ANNA).failures, staff(session, ANNA).locked_until) == (0, None)


def test_an_unknown_or_locked_login_costs_the_same_work(
    accounts: Accounts, core: Core, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    class Hasher:
        def verify(self, _: str, expected: str) -> bool:
            checked.append(expected)
            return True  # even then nobody comes in

    monkeypatch.setattr("lotse.staff.accounts._hasher", Hasher)
    monkeypatch.setattr("lotse.staff.accounts._hash_of_nothing", lambda: "hash of nothing")
    with core.database.session() as session:
        staff(session, ANNA).locked_until = clock.now + timedelta(minutes=1)
        staff(session, "colleague").active = False
    for name in ("nobody", ANNA, "colleague"):
        with pytest.raises(SignInError):
            accounts.sign_in(name, PASSWORD)
    assert len(checked) == 3
    assert set(checked) == {"hash of nothing"}


def test_a_session_ends_when_idle_and_after_a_week(accounts: Accounts, core: Core, clock: Clock) -> None:
    with core.database.reading() as session:
        anna = staff(session, ANNA).id
    token = accounts.begin(anna)
    began = clock.now
    clock.now += timedelta(hours=7, minutes=59)
    assert accounts.member(token, touch=False) is not None
    clock.now += timedelta(minutes=1)
    assert accounts.member(token) is None, "8 hours idle"
    clock.now = began
    while clock.now - began < timedelta(days=7):
        assert accounts.member(token) is not None
        clock.now += timedelta(hours=7)
    assert accounts.member(token) is None, "7 days in any case"
    accounts.begin(anna)
    with core.database.reading() as session:
        assert len(session.scalars(select(StaffSession)).all()) == 1, "sessions that are over go"


def test_the_table_knows_no_token(accounts: Accounts, core: Core) -> None:
    with core.database.reading() as session:
        anna = staff(session, ANNA).id
    token = accounts.begin(anna)
    with core.database.reading() as session:
        row = session.scalars(select(StaffSession)).one()
    assert token not in (row.digest, row.csrf)
    assert accounts.member(row.digest) is None
    assert accounts.member("") is None


def test_signing_out_here_and_everywhere(accounts: Accounts, core: Core) -> None:
    with core.database.reading() as session:
        anna = staff(session, ANNA).id
    first, second, third = accounts.begin(anna), accounts.begin(anna), accounts.begin(anna)
    accounts.sign_out(first)
    assert [accounts.member(token) is None for token in (first, second, third)] == [True, False, False]
    accounts.sign_out_everywhere(anna)
    assert [accounts.member(token) is None for token in (second, third)] == [True, True]


def test_a_new_password_ends_all_sessions_and_the_lock(accounts: Accounts, core: Core, clock: Clock) -> None:
    with core.database.session() as session:
        staff(session, ANNA).locked_until = clock.now + timedelta(minutes=9)
        anna = staff(session, ANNA).id
    token = accounts.begin(anna)
    accounts.set_password(ANNA, "another good password")
    assert accounts.member(token) is None
    accounts.sign_in(ANNA, "another good password")
    with pytest.raises(AccountError, match="no account"):
        accounts.set_password("nobody", PASSWORD)


def test_an_account_without_roles_or_switched_off_is_nobody(accounts: Accounts, core: Core) -> None:
    with core.database.reading() as session:
        anna, colleague = staff(session, ANNA).id, staff(session, "colleague").id
    tokens = accounts.begin(anna), accounts.begin(colleague)
    with core.database.session() as session:
        one, other = session.get_one(Staff, anna), session.get_one(Staff, colleague)
        one.roles.clear()
        other.active = False
    assert [accounts.member(token) for token in tokens] == [None, None]


def run_user(core: Core, monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> None:
    """./run user with these words."""
    parser = argparse.ArgumentParser()
    user.add_arguments(parser)
    monkeypatch.setattr("commands.user.core.build", lambda _: core)
    monkeypatch.setattr("commands.user.core.prepare", lambda _, **__: [])
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    user.run(parser.parse_args(words), core.settings)


def test_the_command(core: Core, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    roles = ["--role", "case_worker", "--role", "observer@nachbarort", "--role", "system_administrator"]
    run_user(core, monkeypatch, "add", "Emil", "--name", "Emil E", *roles, "--language", "nl")
    said = capsys.readouterr().out.split()
    assert said[:3] == ["added:", "emil", "password:"]
    Accounts(core.database).sign_in("emil", said[3])
    run_user(core, monkeypatch, "list")
    expected = "emil  Emil E  nl  case_worker@musterstadt, observer@nachbarort, system_administrator"
    assert expected in capsys.readouterr().out.splitlines()
    run_user(core, monkeypatch, "password", "emil", "--password-stdin", typed="a better password\n")
    assert capsys.readouterr().out == "changed: emil\n"
    Accounts(core.database).sign_in("emil", "a better password")


@pytest.mark.usefixtures("quick_hashes")
def test_the_command_looks_after_accounts(
    core: Core, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = Accounts(core.database)

    def user_(*words: str) -> str:
        run_user(core, monkeypatch, *words)
        return capsys.readouterr().out

    assert user_("give", ANNA, "--role", "observer", "--role", "system_administrator") == f"changed: {ANNA}\n"
    assert user_("take", ANNA, "--role", "case_worker") == f"changed: {ANNA}\n"
    assert f"{ANNA}  Anna Beispiel  en  observer@musterstadt, system_administrator" in user_("list").splitlines()
    token = accounts.sign_in(ANNA, PASSWORD)
    user_("off", ANNA)
    assert accounts.member(token) is None
    assert f"{ANNA}  Anna Beispiel  en  observer@musterstadt, system_administrator  inactive" in user_("list").splitlines()
    with pytest.raises(SignInError):
        accounts.sign_in(ANNA, PASSWORD)
    user_("on", ANNA)
    with core.database.session() as session:
        staff(session, ANNA).locked_until = accounts.moment() + timedelta(minutes=9)
    user_("unlock", ANNA)
    accounts.sign_in(ANNA, PASSWORD)
    said = user_("reset", ANNA.upper()).split()
    assert said[:3] == ["changed:", ANNA, "password:"]
    member = accounts.member(accounts.sign_in(ANNA, said[3]))
    assert member is not None
    assert member.to_do == "password"
    accounts.begin_second_factor(member.staff_id, accounts.begin(member.staff_id))
    with core.database.session() as session:
        session.execute(update(SecondFactor).values(confirmed_at=accounts.moment()))
    user_("require-second-factor", HERE)
    assert accounts.second_factor(member.staff_id).required
    with core.database.reading() as session:
        assert town(session).details["reference_prefix"] == "M", "all else stays"
    user_("require-second-factor", HERE, "--off")
    assert not accounts.second_factor(member.staff_id).required
    assert user_("reset", ANNA, "--second-factor") == f"changed: {ANNA}\n"
    assert not accounts.has_second_factor(member.staff_id)


@pytest.mark.parametrize(
    ("words", "typed", "message"),
    [
        (["require-second-factor", "nowhere"], "", "no municipality 'nowhere'"),
        (["off", "nobody"], "", "no account 'nobody'"),
        (["take", ANNA, "--role", "case_worker"], "", "it is the last role"),
        (["give", ANNA, "--role", "observer@nowhere"], "", "choose the town"),
        (["give", ANNA, "--role", "boss"], "", "role: 'boss' is none of case_worker"),
        (["add", "x1", "--name", "X", "--role", "boss"], "", "role: 'boss' is none of case_worker"),
        (["add", "x1", "--name", "X", "--role", "observer@nowhere"], "", "needs a municipality that exists"),
        (["add", "x1", "--name", "X", "--role", "observer", "--password-stdin"], "short\n", "password: too short"),
        (["password", "nobody", "--password-stdin"], "long enough to be one\n", "no account 'nobody'"),
    ],
)
def test_bad_input_is_one_clear_line(
    core: Core, monkeypatch: pytest.MonkeyPatch, words: list[str], typed: str, message: str
) -> None:
    with pytest.raises(CommandError) as error:
        run_user(core, monkeypatch, *words, typed=typed)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
