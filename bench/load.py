"""./run bench load: many newcomers in Telegram at once, each waiting for the reply before writing again.

Every chat mixes commands, questions, an intake with presses and typed responses. Pauses between turns are those of
Telegram's pace (a message a second in a chat), which the bot keeps. `lost` counts turns without their reply.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from commands.supervisor import local_plan, services, wait_until_ready
from lotse.settings import Settings
from tests.telegram.server import TelegramServer
from tests.telegram.walking import Walker, wording

LANGUAGES = ("uk", "ar", "de", "en")
QUESTIONS = {
    "uk": "де зареєструвати нову адресу",
    "ar": "وين بسجل عنواني الجديد",
    "de": "Wo muss ich mich anmelden?",
    "en": "where do I register my new address",
}
ANSWERED = "Bürgerbüro"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chats", type=int, default=50, help="newcomers at once")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    with tempfile.TemporaryDirectory(prefix="lotse-bench-") as home, TelegramServer() as messenger:
        os.environ |= {"TELEGRAM_BOT_TOKEN": messenger.token, "TELEGRAM_API_URL": messenger.url, "LOTSE_HOME": home}
        own = {"database_url": f"sqlite:///{home}/lotse.db", "tracker_url": f"sqlite:///{home}/tracker.db"}
        messenger.pace.burst = 30  # in 20 seconds: the bot's ten at once, then one a second
        fresh = replace(settings, home=type(settings.home)(home), keys=(), **own)
        took, lost, seconds = asyncio.run(_measure(fresh, messenger, arguments.chats))
        refused = len(messenger.too_fast)
    cut = statistics.quantiles(took, n=100, method="inclusive")
    figures = {
        "conversations": arguments.chats,
        "turns": len(took) + lost,
        "turns_per_s": round((len(took) + lost) / seconds, 1),
        "p50_ms": round(cut[49], 1),
        "p95_ms": round(cut[94], 1),
        "p99_ms": round(cut[98], 1),
        "lost": lost,
        "beyond_pace": refused,
    }
    for name, figure in figures.items():
        print(f"{name:<16}{figure:>10}")
    print(json.dumps(figures))


async def _measure(settings: Settings, messenger: TelegramServer, chats: int) -> tuple[list[float], int, float]:
    plan = local_plan(desk=True)
    async with services(settings, plan) as running:
        await wait_until_ready(settings, running)
        await asyncio.to_thread(_chat, messenger, 0)  # warm
        started = time.monotonic()
        results = await asyncio.to_thread(_all, messenger, chats)
        seconds = time.monotonic() - started
    return [each for took, _ in results for each in took], sum(lost for _, lost in results), seconds


def _all(messenger: TelegramServer, chats: int) -> list[tuple[list[float], int]]:
    with ThreadPoolExecutor(chats) as pool:
        return list(pool.map(lambda number: _chat(messenger, number), range(chats)))


def _chat(messenger: TelegramServer, number: int) -> tuple[list[float], int]:
    """One newcomer; milliseconds of each turn until what had to follow, and how many stayed without it."""
    tag = LANGUAGES[number % len(LANGUAGES)]
    walker = Walker(messenger.person(tag), tag)
    try:
        walker.greet()
        for _ in range(2):
            walker.say("/mydata", wording(tag)["data.rights"])
            walker.say(QUESTIONS[tag], ANSWERED)
            walker.say("/help", wording(tag)["menu.what"])
        walker.whole({"wish_year": "B1"})  # the same in every language
    except TimeoutError:
        return [seconds * 1000 for seconds in walker.took], 1
    return [seconds * 1000 for seconds in walker.took], 0
