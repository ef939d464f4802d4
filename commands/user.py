"""./run user add | list | password: accounts of staff."""

from __future__ import annotations

import argparse
import secrets
import sys

from sqlalchemy import select

from commands.errors import CommandError
from lotse import audit, core
from lotse.settings import Settings
from lotse.staff import LANGUAGES, AccountError, Accounts, Grant, Role
from lotse.storage.tables import Staff


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="add|list|password")
    add = actions.add_parser("add", help="make an account")
    add.add_argument("login", metavar="LOGIN")
    add.add_argument("--name", required=True, help="as colleagues read it")
    add.add_argument(
        "--role", action="append", required=True, metavar="ROLE[@SLUG]", help=f"may stand several times; one of {', '.join(Role)}"
    )
    add.add_argument("--language", choices=LANGUAGES, default="de")
    actions.add_parser("list", help="all accounts")
    password = actions.add_parser("password", help="set another password; ends all sessions")
    password.add_argument("login", metavar="LOGIN")
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
    password = _read() if arguments.password_stdin else secrets.token_urlsafe(15)
    try:
        if arguments.action == "add":
            grants = [_grant(text, settings.municipality) for text in arguments.role]
            accounts.add(arguments.login, arguments.name, grants, password, arguments.language)
        else:
            accounts.set_password(arguments.login, password)
    except AccountError as error:
        raise CommandError(str(error)) from error
    with parts.database.session() as session:
        done = "staff.added" if arguments.action == "add" else "staff.password"
        whose = session.scalar(select(Staff).where(Staff.login == arguments.login.strip().lower()))
        towns = {role.municipality_id for role in whose.roles} if whose is not None else set()
        for town in sorted(towns, key=str):
            audit.note(session, audit.OPERATOR, done, town=town, reference=whose.id if whose is not None else None)
    print(f"{'added' if arguments.action == 'add' else 'changed'}: {arguments.login.strip().lower()}")
    if not arguments.password_stdin:
        print(f"password: {password}")


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
