"""./run user add | list | give | take | off | on | unlock | password | reset: accounts of staff."""

from __future__ import annotations

import argparse
import secrets
import sys

from sqlalchemy import select

from commands.errors import CommandError
from lotse import audit, core
from lotse.settings import Settings
from lotse.staff import LANGUAGES, AccountError, Accounts, Administration, Grant, Role
from lotse.staff.administration import COMMAND_LINE
from lotse.storage import Database
from lotse.storage.tables import Staff

MORE = {  # what is done to an account, without further arguments
    "off": "switch an account off: sessions end, nobody can sign in, cases stay assigned",
    "on": "switch it on again",
    "unlock": "end a lock after wrong passwords or codes",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(("add", "list", "give", "take", *MORE, "...")))
    add = actions.add_parser("add", help="make an account")
    add.add_argument("login", metavar="LOGIN")
    add.add_argument("--name", required=True, help="as colleagues read it")
    add.add_argument("--language", choices=LANGUAGES, default="de")
    actions.add_parser("list", help="all accounts")
    give = actions.add_parser("give", help="give roles")
    take = actions.add_parser("take", help="take roles")
    for name, text in MORE.items():
        actions.add_parser(name, help=text).add_argument("login", metavar="LOGIN")
    password = actions.add_parser("password", help="set another password; ends all sessions")
    reset = actions.add_parser("reset", help="a temporary password, printed once, to be changed at the next sign-in")
    reset.add_argument("--second-factor", action="store_true", help="take the second factor away instead: the device is lost")
    require = actions.add_parser("require-second-factor", help="ask for a second factor from all who have a role in a town")
    require.add_argument("municipality", metavar="SLUG")
    require.add_argument("--off", action="store_true", help="no longer")
    for command in (give, take, password, reset):
        command.add_argument("login", metavar="LOGIN")
    for command in (add, give, take):
        command.add_argument(
            "--role", action="append", required=True, metavar="ROLE[@SLUG]", help=f"several times; one of {', '.join(Role)}"
        )
    for command in (add, password):
        command.add_argument("--password-stdin", action="store_true", help="read it from standard input; else one is made")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Do it; a password that was made is printed once and kept nowhere."""
    parts = core.build(settings)
    core.prepare(parts, fill=False)
    accounts = Accounts(parts.database)
    if arguments.action == "list":
        print(_table(accounts))
        return
    administration = Administration(parts.database, accounts)
    try:
        if arguments.action == "require-second-factor":
            administration.require_second_factor(arguments.municipality, not arguments.off)
            print(f"changed: {arguments.municipality}")
            return
        made = _do(arguments, settings, accounts, administration)
    except AccountError as error:
        raise CommandError(str(error)) from error
    if arguments.action in ("add", "password"):  # all else is noted where it is done
        _note(parts.database, arguments)
    print(f"{'added' if arguments.action == 'add' else 'changed'}: {arguments.login.strip().lower()}")
    if made is not None:
        print(f"password: {made}")


def _note(database: Database, arguments: argparse.Namespace) -> None:
    """Have the access logs of the account's towns say so."""
    with database.session() as session:
        done = "staff.added" if arguments.action == "add" else "staff.password"
        whose = session.scalar(select(Staff).where(Staff.login == arguments.login.strip().lower()))
        towns = {role.municipality_id for role in whose.roles} if whose is not None else set()
        for town in sorted(towns, key=str):
            audit.note(session, audit.OPERATOR, done, town=town, reference=whose.id if whose is not None else None)


def _do(arguments: argparse.Namespace, settings: Settings, accounts: Accounts, administration: Administration) -> str | None:
    """Change something; returns the password that was made, if one was."""
    login, action = arguments.login, arguments.action
    if action in ("add", "password"):
        password = _read() if arguments.password_stdin else secrets.token_urlsafe(15)
        if action == "add":
            grants = [_grant(text, settings.municipality) for text in arguments.role]
            accounts.add(login, arguments.name, grants, password, arguments.language)
        else:
            accounts.set_password(login, password)
        return None if arguments.password_stdin else password
    staff_id = accounts.id_of(login)
    if action in ("give", "take"):
        for grant in [_grant(text, settings.municipality) for text in arguments.role]:
            change = administration.give if action == "give" else administration.take
            change(COMMAND_LINE, staff_id, grant.role, grant.municipality or "")
    elif action == "off":
        administration.switch_off(COMMAND_LINE, staff_id)
    elif action == "on":
        administration.switch_on(COMMAND_LINE, staff_id)
    elif action == "unlock":
        administration.unlock(COMMAND_LINE, staff_id)
    elif arguments.second_factor:
        administration.reset_second_factor(COMMAND_LINE, staff_id)
    else:
        return administration.reset_password(COMMAND_LINE, staff_id)
    return None


def _grant(text: str, municipality: str) -> Grant:
    """`case_worker@musterstadt`; without @ the municipality of this installation (LOTSE_MUNICIPALITY)."""
    name, at, slug = text.partition("@")
    if name not in list(Role):
        raise CommandError(f"role: {name!r} is none of {', '.join(Role)}")
    role = Role(name)
    return Grant(role, slug if at else municipality if role.in_municipality else None)


def _read() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _table(accounts: Accounts) -> str:
    lines = [
        "  ".join(
            [
                entry.login,
                entry.name,
                entry.language,
                ", ".join(entry.roles) or "no role",
                *([] if entry.active else ["inactive"]),
            ]
        )
        for entry in accounts.entries()
    ]
    return "\n".join(lines) or "no accounts yet; ./run user add LOGIN --name NAME --role case_worker makes one"
