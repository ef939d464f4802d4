"""./run bench turn: a text question, an intake response and a press, through gateway, engine, actions, database and back;
the question also through Telegram, from the update to the message.

Beside it the floor: embedding and rules in the engine's process, before and after, for these machines are noisy.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from commands.chat import Client
from commands.supervisor import Running, services, wait_until_ready
from lotse import core
from lotse.settings import ROOT, Settings
from lotse.storage.tables import new_id
from tests.telegram.server import TelegramServer

WARM_UP = 5
QUESTIONS_A_CHAT = 6  # the bot sends ten at once in a chat, then one a second
TYPED = [
    "27", "yes", "Musterstadt", "Oksana", "home and work", "I want to work as a nurse again", "music, sport", "yes",
    "Ukrainian and Russian", "some words", "read", "11", "I was a nurse for ten years", "cooking", "nurse", "1", "0",
]  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=200, help="turns of each kind")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    questions = _questions(arguments.count)
    with tempfile.TemporaryDirectory(prefix="lotse-bench-") as home:
        fresh = replace(
            settings,
            home=Path(home),
            database_url=f"sqlite:///{home}/lotse.db",
            tracker_url=f"sqlite:///{home}/tracker.db",
            keys=(),
        )
        before = _floor(questions)
        with TelegramServer() as messenger:
            os.environ |= {"TELEGRAM_BOT_TOKEN": messenger.token, "TELEGRAM_API_URL": messenger.url}
            kinds, memory = asyncio.run(_measure(fresh, messenger, questions, arguments.count))
        after = _floor(questions)
    floor = before + after
    print(f"{'kind':<18}{'p50 ms':>9}{'p95 ms':>9}{'x floor p50':>13}")
    for name, took in {"floor": floor, **kinds}.items():
        print(f"{name:<18}{_p(took, 50):>9.1f}{_p(took, 95):>9.1f}{_p(took, 50) / _p(floor, 50):>13.2f}")
    print("memory (PSS, MB): " + ", ".join(f"{name} {size:.0f}" for name, size in memory.items()))
    figures = {
        "text_p50_ms": _p(kinds["question"], 50),
        "text_p95_ms": _p(kinds["question"], 95),
        "response_p50_ms": _p(kinds["intake response"], 50),
        "response_p95_ms": _p(kinds["intake response"], 95),
        "press_p50_ms": _p(kinds["press"], 50),
        "press_p95_ms": _p(kinds["press"], 95),
        "telegram_p50_ms": _p(kinds["telegram question"], 50),
        "telegram_p95_ms": _p(kinds["telegram question"], 95),
        "telegram_ratio_p50": _p(kinds["telegram question"], 50) / _p(floor, 50),
        "floor_p50_ms": _p(floor, 50),
        "floor_p95_ms": _p(floor, 95),
        "ratio_p50": _p(kinds["question"], 50) / _p(floor, 50),
        "ratio_p95": _p(kinds["question"], 95) / _p(floor, 95),
        "pss_mb": sum(memory.values()),
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


async def _measure(
    settings: Settings, messenger: TelegramServer, questions: list[str], count: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    core.prepare(core.build(settings))
    async with services(settings) as running:
        await wait_until_ready(settings, running)
        kinds = {
            "question": await _ask(settings, running, questions[: WARM_UP + count]),
            "intake response": await _respond(settings, running, count),
            "press": await _tick(settings, running, count),
            "telegram question": await asyncio.to_thread(_ask_in_telegram, messenger, questions[: WARM_UP + count]),
        }
        return kinds, _memory(os.getpid())


async def _ask(settings: Settings, running: Running, questions: list[str]) -> list[float]:
    client = await _client(settings, running)
    return [await _timed(client, {"text": question}) for question in questions][WARM_UP:]


def _ask_in_telegram(messenger: TelegramServer, questions: list[str]) -> list[float]:
    """Each chat asks a few questions only: Telegram wants no more than a message a second in a chat."""
    took = []
    for number, question in enumerate(questions):
        if number % QUESTIONS_A_CHAT == 0:
            person = messenger.person("en")
            person.start()
            person.wait_for("Musterstadt")
            time.sleep(0.1)
        started = time.monotonic()
        person.say(question)
        took.append((person.wait_for(fresh=True).sent_at - started) * 1000)
    return took[WARM_UP:]


async def _respond(settings: Settings, running: Running, count: int) -> list[float]:
    took: list[float] = []
    while len(took) < count:
        client = await _client(settings, running)
        await client.turn({"text": "I want to tell about me"})
        for text in TYPED:
            took.append(await _timed(client, {"text": text}))
    return took[:count]


async def _tick(settings: Settings, running: Running, count: int) -> list[float]:
    client = await _client(settings, running)
    await client.turn({"text": "I want to tell about me"})
    for text in TYPED[:4]:
        said = await client.turn({"text": text})
    took = []
    for number in range(WARM_UP + count):
        buttons = [button for message in said["messages"] for row in message["buttons"] for button in row]
        choice = [button for button in buttons if button["kind"] == "choice"][number % 2]
        started = time.perf_counter()
        said = await client.turn({"press": choice["id"]})
        took.append((time.perf_counter() - started) * 1000)
    return took[WARM_UP:]


async def _client(settings: Settings, running: Running) -> Client:
    client = Client(settings, running, {"conversation": new_id("bench"), "language": "en", "municipality": None})
    await client.greeting()
    return client


async def _timed(client: Client, request: dict[str, Any]) -> float:
    started = time.perf_counter()
    await client.turn(request)
    return (time.perf_counter() - started) * 1000


def _questions(count: int) -> list[str]:
    found = []
    for file in sorted((ROOT / "content" / "answers").glob("*/*/*.yml")):
        if file.name != "answer.yml":
            found += yaml.safe_load(file.read_text("utf-8"))["questions"]
    random.Random(1).shuffle(found)
    return (found * (count // len(found) + 2))[: count + 20]


def _floor(questions: list[str]) -> list[float]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "OMP_NUM_THREADS": "1",
    }
    command = [str(ROOT / "engine/.venv/bin/python"), "bench/floor.py", os.environ["LOTSE_MODEL"]]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input=json.dumps(questions), capture_output=True, text=True, check=True
    )
    took: list[float] = json.loads(done.stdout.splitlines()[-1])
    return took


def _memory(parent: int) -> dict[str, float]:
    """Proportional set size in MB of this process's children, by what they run."""
    sizes = {}
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        for pid in children.read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            name = words[2].decode() if len(words) > 2 else pid
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            sizes[name] = sizes.get(name, 0.0) + int(rollup.split("Pss:")[1].split()[0]) / 1024
    return sizes


def _p(took: list[float], percent: int) -> float:
    return statistics.quantiles(took, n=100, method="inclusive")[percent - 1]
