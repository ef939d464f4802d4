"""./run entry: links, and pictures of them (QR codes), that lead newcomers from a place such as a counter to the chat."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

import segno
from sqlalchemy import select
from sqlalchemy.orm import Session
from telegram import Bot
from telegram.error import TelegramError

from commands.errors import CommandError
from lotse import core
from lotse.settings import Settings
from lotse.storage.tables import Entry, Municipality


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="add|list")
    add = actions.add_parser("add", help="a new place")
    add.add_argument("place", help='such as "Bürgerbüro, Schalter 3"')
    add.add_argument("--municipality", metavar="SLUG")
    add.add_argument("--qr", metavar="FOLDER", type=Path, help="write the QR codes there, as SVG")
    listing = actions.add_parser("list", help="all places, with how many conversations began there")
    listing.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Add a place and print its links, or list all."""
    parts = core.build(settings)
    core.prepare(parts, fill=False)
    with parts.database.session() as session:
        if arguments.action == "list":
            print(_listed(session, arguments.json))
            return
        place = arguments.place.strip()
        if not 1 <= len(place) <= 200:
            raise CommandError("the place needs a name of 1 to 200 characters")
        slug = arguments.municipality or settings.municipality
        town = session.scalar(select(Municipality).where(Municipality.slug == slug))
        if town is None:
            raise CommandError(f"--municipality: there is no town {slug!r}")
        links = _links(settings)
        if not links:
            raise CommandError("there is nothing to link to: set LOTSE_PUBLIC_URL, TELEGRAM_BOT_TOKEN or both")
        entry = Entry(municipality_id=town.id, place=place)
        session.add(entry)
        session.flush()
        token = entry.token
    for name, link in links.items():
        print(f"{name:<10} {link}{token}")
        if arguments.qr:
            arguments.qr.mkdir(parents=True, exist_ok=True)
            segno.make(f"{link}{token}", error="m").save(str(arguments.qr / f"{name}-{token}.svg"), scale=8, border=4)


def _links(settings: Settings) -> dict[str, str]:
    """Beginnings of links by channel; the token follows."""
    links = {}
    if settings.public_url:
        links["web"] = f"{settings.public_url}/chat?start="
    if settings.telegram_token:
        links["telegram"] = f"https://t.me/{asyncio.run(_name(settings.telegram_token, settings.telegram_url))}?start="
    return links


async def _name(token: str, url: str) -> str:
    try:
        async with Bot(token, base_url=f"{url}/bot") as bot:
            return str(bot.username)
    except TelegramError as error:
        raise CommandError(f"TELEGRAM_BOT_TOKEN: Telegram does not tell the bot's name: {error.message}") from error


def _listed(session: Session, as_json: bool) -> str:
    rows = session.execute(select(Entry, Municipality.slug).join(Municipality).order_by(Municipality.slug, Entry.place))
    entries = [
        {"place": entry.place, "municipality": slug, "token": entry.token, "conversations": entry.used} for entry, slug in rows
    ]
    if as_json:
        return json.dumps(entries, ensure_ascii=False)
    if not entries:
        return "no places yet; ./run entry add PLACE"
    return "\n".join(f"{each['municipality']}  {each['token']}  {each['conversations']}  {each['place']}" for each in entries)
