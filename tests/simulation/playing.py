"""One newcomer's whole intake: who they are, what they do at which moment, how it ends. All drawn from a seed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from sqlalchemy import select

from lotse.core import Core
from lotse.storage.tables import Municipality
from tests.simulation.checking import check
from tests.simulation.diary import Diary, Problem, Stuck
from tests.simulation.newcomer import Newcomer
from tests.simulation.oracle import Oracle, Town
from tests.simulation.phrases import LANGUAGES
from tests.simulation.world import World

Style = Literal["presses", "types", "both"]
STYLES: tuple[Style, ...] = ("presses", "types", "both", "both", "both")

Act = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Played:
    """What one newcomer was, did and met."""

    seed: str
    language: str
    style: Style
    diary: Diary

    @property
    def problems(self) -> list[Problem]:
        """What was wrong."""
        return self.diary.problems


async def play(
    core: Core, world: World, oracle: Oracle, seed: str, language: str, style: Style, *, most_acts: int | None = None
) -> Played:
    """Play one newcomer to the end, or so many acts long, and compare what is stored with what was told."""
    random = Random(seed)
    chat = await world.chat(f"simulated-{seed}", language, oracle.town.slug)
    newcomer = Newcomer(
        world, chat, f"simulated-{seed}", oracle, core.wording, random,
        types=style != "presses", presses=style != "types",
    )  # fmt: skip
    try:
        await _life(newcomer, random, most_acts)
    except Stuck:
        pass
    finally:
        await newcomer.leave()
    newcomer.diary.problems += await asyncio.to_thread(check, core, newcomer)
    return Played(seed, language, style, newcomer.diary)


async def _life(newcomer: Newcomer, random: Random, most_acts: int | None) -> None:
    await newcomer.arrive()
    if random.random() < 0.3 and newcomer.presses:
        await newcomer.press(next(button for message in newcomer.line.messages for button in message.buttons
                                  if button.value == newcomer.language))  # fmt: skip
    await newcomer.begin()
    calm = random.random() < 0.25  # some are hardly ever interrupted
    leaves_after = random.randint(5, 45) if random.random() < 0.15 else None
    acts = 0
    while newcomer.at is not None:
        acts += 1
        if acts > min(leaves_after or acts, most_acts or acts):
            return
        if newcomer.at.type == "review":
            if not await _at_review(newcomer, random):
                return
        elif newcomer.at.ends and random.random() < 0.015:
            await newcomer.end_at_gate()
        elif not await _act(newcomer, random, calm):
            await newcomer.tell()
    if newcomer.people and newcomer.person.status == "submitted":
        await _afterwards(newcomer, random)


async def _act(newcomer: Newcomer, random: Random, calm: bool) -> bool:
    """Something other than responding, now and then; whether anything was done."""
    if newcomer.line.button("keep_response") is not None and random.random() < 0.5:
        return await newcomer.keep()
    if random.random() < (0.92 if calm else 0.66):
        return False
    return await _draw(newcomer, random)()


def _draw(newcomer: Newcomer, random: Random) -> Act:
    acts = _interruptions(newcomer)
    return random.choices([act for act, _ in acts], [weight for _, weight in acts])[0]


def _interruptions(newcomer: Newcomer) -> list[tuple[Act, int]]:
    """What may happen in the middle, and how often beside each other."""
    return [
        (newcomer.back, 6), (newcomer.why, 3), (newcomer.help, 2), (newcomer.progress, 2), (newcomer.greet, 2), (newcomer.ask, 4),
        (newcomer.privacy, 2), (newcomer.my_data, 2), (newcomer.pause, 4), (newcomer.stop, 1), (newcomer.human, 2),
        (newcomer.crisis, 2), (newcomer.switch_language, 2), (newcomer.press_old_button, 4), (newcomer.deliver_twice, 3),
        (newcomer.lose_tracker, 4), (newcomer.talk_nonsense, 2), (newcomer.refuse_to_delete, 2), (newcomer.change_by_list, 4),
        (newcomer.change_by_words, 4), (newcomer.change_by_number, 3), (newcomer.start_over, 1), (newcomer.another_person, 1),
        (newcomer.other_person, 4), (newcomer.tick_and_wait, 4), (newcomer.in_two_messages, 4),
    ]  # fmt: skip


async def _at_review(newcomer: Newcomer, random: Random) -> bool:
    """Read it, correct something, send it; False when they leave without."""
    if newcomer.diary.turns > 250 or random.random() < 0.55:
        if random.random() < 0.05:
            return False
        return await newcomer.send()
    if random.random() < 0.5:
        change = random.choice([newcomer.change_by_list, newcomer.change_by_words, newcomer.change_by_number])
        return await change() or True
    await _draw(newcomer, random)()
    return True


async def _afterwards(newcomer: Newcomer, random: Random) -> None:
    """After sending: amend and send again, withdraw, delete, or come with another person."""
    drawn = random.random()
    if drawn < 0.25:
        if await newcomer.amend():
            await _until_sent(newcomer, random)
    elif drawn < 0.32:
        await newcomer.take_back("withdraw")
    elif drawn < 0.4:
        await newcomer.take_back("delete")
    elif drawn < 0.45 and await newcomer.another_person():
        for _ in range(random.randint(3, 25)):
            if newcomer.at is None or newcomer.at.type == "review":
                break
            await newcomer.tell()


async def _until_sent(newcomer: Newcomer, random: Random) -> None:
    while newcomer.at is not None:
        if newcomer.at.type == "review":
            await newcomer.send()
        elif newcomer.line.button("keep_response") is None or random.random() < 0.8:
            await newcomer.tell()
        else:
            await newcomer.keep()


def oracle_of(core: Core, town: Town) -> Oracle:
    """The oracle for newcomers of a town."""
    return Oracle(core.intakes.questionnaires.current(), town, link=core.links is not None)


def town_for(core: Core, language: str) -> Town:
    """A town in which newcomers of this language live: of several the one whose own language it is."""
    with core.database.reading() as session:
        found = session.scalars(select(Municipality).order_by(Municipality.slug)).all()
        towns = [(each.details.get("language", "de"), Town(each.slug, each.name, each.country)) for each in found]
    return next((town for own, town in towns if own == language), towns[0][1])


def cast(seed: int, number: int) -> tuple[str, str, Style]:
    """Seed, language and style of the newcomer with this number."""
    own = f"{seed}-{number}"
    return own, LANGUAGES[number % len(LANGUAGES)], STYLES[Random(own).randrange(len(STYLES))]
