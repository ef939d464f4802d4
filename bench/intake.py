"""./run bench intake: simulated newcomers play whole intakes with the real processes, several at once.

They press, type, correct, interrupt, switch language, come back after lost trackers and killed processes, and each
remembers by itself what it told (tests/simulation). Compared is what the database and the case worker's page hold. One
half lives where a page for private answers can be offered, the other where it cannot.

`repeats_share` is the share of turns after which the same question had to be asked again, because the message was not
understood or could not be taken; `repeats_without_slips_share` leaves out what nobody could have taken: nonsense, an old
button, one choice too many. Questions in between, why, help and the like are no repeats.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from cryptography.fernet import Fernet

from commands.supervisor import local_plan, services, wait_until_ready
from lotse import core
from lotse.core import Core
from lotse.settings import Settings
from tests.newcomer import pids_of
from tests.simulation import tally
from tests.simulation.phrases import LANGUAGES
from tests.simulation.playing import Played, cast, oracle_of, play, town_for
from tests.simulation.tally import Tally
from tests.simulation.worlds import Processes

PAGES = "https://lotse.example"  # where people would reach the pages of an installation that has some
KILLED = ("bot", "actions", "engine")
PAUSES = {"bot": 90.0, "actions": 90.0, "engine": 300.0}  # seconds between kills of each: an engine needs 20 to be back
REPORT_EVERY = 60.0  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=1000, help="newcomers (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: 1)")
    parser.add_argument("--at-once", type=int, default=8, metavar="N", help="at the same time in each half (default: 8)")
    parser.add_argument("--newcomer", metavar="SEED-NUMBER", help="play this one again, alone, and print what was said")
    parser.add_argument(
        "--show", type=int, default=3, metavar="N", help="print the stories of this many failing runs (default: 3)"
    )
    parser.add_argument("--no-kills", action="store_true", help="kill no processes")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    counted = Tally()
    kills: Counter[str] = Counter()
    started = time.monotonic()
    seed, numbers = arguments.seed, list(range(arguments.runs))
    if arguments.newcomer:
        seed, number = map(int, arguments.newcomer.split("-"))
        numbers = [number]
    kill = not arguments.no_kills and not arguments.newcomer
    names: tuple[list[str], list[str]] = ([], [])
    try:
        names = asyncio.run(_both_halves(settings, numbers, seed, arguments.at_once, counted, kills, kill))
    except KeyboardInterrupt:
        print("stopped: these are the figures until then")
    _print(counted, kills, time.monotonic() - started, names, len(counted.played) if arguments.newcomer else arguments.show)


async def _both_halves(
    settings: Settings, numbers: list[int], seed: int, at_once: int, counted: Tally, kills: Counter[str], kill: bool
) -> tuple[list[str], list[str]]:
    """Side by side, each on a home of its own: the names of the questions, and of those with a condition."""
    os.environ.pop("LOTSE_PUBLIC_URL", None)
    os.environ["LOTSE_KEYS"] = Fernet.generate_key().decode()  # of both: we read what both have stored
    settings = replace(settings, keys=(os.environ["LOTSE_KEYS"],))
    halves = []
    for pages in (PAGES, None):
        half = [number for number in numbers if (number // len(LANGUAGES) % 2 == 0) == (pages is not None)]
        if half:
            halves.append(_half(settings, pages, half, seed, at_once, counted, kills, kill))
    return (await asyncio.gather(*halves))[0]


async def _half(
    settings: Settings,
    pages: str | None,
    numbers: list[int],
    seed: int,
    at_once: int,
    counted: Tally,
    kills: Counter[str],
    kill: bool,
) -> tuple[list[str], list[str]]:
    """Play some of the newcomers on a home of its own; the names of the questions, and of those with a condition."""
    with tempfile.TemporaryDirectory(prefix="lotse-bench-") as home:
        own = {"database_url": f"sqlite:///{home}/lotse.db", "tracker_url": f"sqlite:///{home}/tracker.db"}
        fresh = replace(settings, home=Path(home), public_url=pages, telegram_token=None, **own)
        async with services(fresh, local_plan()) as running:
            await wait_until_ready(fresh, running, ("engine", "actions", "bot"))
            parts = core.build(fresh)
            killing = asyncio.create_task(_kill(running.supervisor, kills)) if kill else None
            try:
                await _play_all(parts, Processes(parts, running), numbers, seed, at_once, counted)
            finally:
                if killing is not None:
                    killing.cancel()
        asked = [question for question in parts.intakes.questionnaires.current().questions if not question.sensitive]
        return [question.name for question in asked], [question.name for question in asked if question.relevant]


async def _play_all(parts: Core, world: Processes, numbers: list[int], seed: int, at_once: int, counted: Tally) -> None:
    waiting = iter(numbers)
    began = last = time.monotonic()

    async def play_some() -> None:
        nonlocal last
        for number in waiting:
            own, language, style = cast(seed, number)
            played = await play(parts, world, oracle_of(parts, town_for(parts, language)), own, language, style)
            counted.add(played)
            _print_problems(played)
            if time.monotonic() - last > REPORT_EVERY:
                last = time.monotonic()
                done = len(counted.played)
                problems = sum(bool(each.problems) for each in counted.played)
                turns = sum(each.diary.turns for each in counted.played)
                print(f"... {done} newcomers, {turns} turns, {problems} with problems, {last - began:.0f} s", flush=True)

    await asyncio.gather(*(play_some() for _ in range(at_once)))


async def _kill(supervisor: int, kills: Counter[str]) -> None:
    """Kill each process now and then, at any moment, while the others run."""
    due = {name: time.monotonic() + PAUSES[name] for name in KILLED}
    while True:
        name = min(due, key=lambda each: due[each])
        await asyncio.sleep(max(0.0, due[name] - time.monotonic()))
        pid = pids_of(supervisor).get(name)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            kills[name] += 1
        due[name] = time.monotonic() + PAUSES[name] * random.uniform(0.5, 1.5)


def _print(counted: Tally, kills: Counter[str], seconds: float, names: tuple[list[str], list[str]], show: int) -> None:
    for played in counted.failing()[:show]:
        _print_story(played)
    tables = counted.exercised(*names)
    for line in tally.as_table(tables):
        print(line)
    print()
    for group in ("language", "style"):
        columns = ("runs", "completed", *tally.KINDS, "turns_median", "repeats_share", "repeats_without_slips_share")
        print(f"{group:<12}" + "".join(f"{column.removesuffix('_share'):>22}" for column in columns))
        for name, row in counted.by(group).items():
            print(f"{name:<12}" + "".join(f"{row[column] if row[column] is not None else '-':>22}" for column in columns))
    print("\nasked again, by question and way: " + ", ".join(f"{way} {count}" for way, count in counted.repeats_by_way().items()))
    for played in counted.failing():
        _print_problems(played)
    figures = counted.figures()
    figures |= {
        "seconds": round(seconds),
        "turns_per_s": round(figures["turns"] / seconds, 1),
        "kills": dict(kills),
        "trackers_lost": sum(count for played in counted.played for (_, what), count in played.diary.controls.items()
                             if what.startswith("tracker lost")),
        "by_language": counted.by("language"),
        "by_style": counted.by("style"),
        "problems_by_question": counted.problems_by_question(),
        "not_exercised": tally.missing(tables),
    }  # fmt: skip
    print(json.dumps(figures, ensure_ascii=False))


def _print_problems(played: Played) -> None:
    for problem in dict.fromkeys(played.problems):
        who = f"{played.seed} {played.language} {played.style}"
        print(f"! {who}: {problem.kind} {problem.question}: {problem.detail}", flush=True)


def _print_story(played: Played) -> None:
    print(f"--- newcomer {played.seed}, {played.language}, {played.style}")
    print("\n".join(played.diary.transcript))
    for problem in dict.fromkeys(played.problems):
        print(f"=== {problem.kind} {problem.question}: {problem.detail}")
