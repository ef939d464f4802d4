"""Simulated newcomers against the real processes, several at once, in all working languages."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from random import Random
from typing import Any

import pytest

from commands.supervisor import Running
from lotse import core
from lotse.core import Core
from lotse.settings import from_environment
from tests.conftest import Installation
from tests.simulation.checking import check
from tests.simulation.newcomer import Newcomer
from tests.simulation.phrases import LANGUAGES
from tests.simulation.playing import STYLES, Style, oracle_of, play, town_for
from tests.simulation.worlds import Processes

pytestmark = pytest.mark.processes

AT_ONCE = 6
INTERRUPTED, ACTS = 24, 12  # newcomers who do much else beside responding, and how long


@pytest.fixture(scope="module")
def parts(installation: Installation) -> Iterator[Core]:
    """The core, to read what the processes have stored."""
    made = core.build(from_environment({"LOTSE_HOME": str(installation.home)}))
    yield made
    made.database.engine.dispose()


def world_of(installation: Installation, parts: Core) -> Processes:
    return Processes(parts, Running(**installation.services))


async def some_at_once(plays: list[Coroutine[Any, Any, list[str]]]) -> list[str]:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(story: Coroutine[Any, Any, list[str]]) -> list[str]:
        async with free:
            return await story

    return [story for stories in await asyncio.gather(*map(one, plays)) for story in stories]


async def complete(parts: Core, world: Processes, language: str, style: Style) -> list[str]:
    """Respond to every question in one way, and send."""
    oracle = oracle_of(parts, town_for(parts, language))
    name = f"whole {language} {style}"
    chat = await world.chat(name, language, oracle.town.slug)
    newcomer = Newcomer(
        world, chat, name, oracle, parts.wording, Random(name), types=style != "presses", presses=style != "types"
    )
    await newcomer.arrive()
    await newcomer.begin()
    while newcomer.at is not None and newcomer.at.type != "review":
        await newcomer.tell()
    await newcomer.send()
    await newcomer.leave()
    problems = newcomer.diary.problems + check(parts, newcomer)
    assert newcomer.diary.completed
    return ["\n".join([*newcomer.diary.transcript, *map(str, problems)])] if problems else []


async def interrupted(parts: Core, world: Processes, number: int) -> list[str]:
    """Do anything at any moment, for a while."""
    language, style = LANGUAGES[number % len(LANGUAGES)], STYLES[-1 - number % 4]
    oracle = oracle_of(parts, town_for(parts, language))
    played = await play(parts, world, oracle, f"interrupted {number}", language, style, most_acts=ACTS)
    return ["\n".join([*played.diary.transcript, *map(str, played.problems)])] if played.problems else []


async def test_who_only_presses_and_who_only_types_gets_to_the_end(installation: Installation, parts: Core) -> None:
    world = world_of(installation, parts)
    styles: tuple[Style, ...] = ("presses", "types")
    plays = [complete(parts, world, language, styles[place % 2]) for place, language in enumerate(LANGUAGES)]
    stories = await some_at_once(plays)
    assert not stories, "\n\n".join(stories)


async def test_nothing_is_lost_wrong_or_invented_whatever_comes_in_between(installation: Installation, parts: Core) -> None:
    world = world_of(installation, parts)
    stories = await some_at_once([interrupted(parts, world, number) for number in range(INTERRUPTED)])
    assert not stories, "\n\n".join(stories)
