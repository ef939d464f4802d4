"""What the parts of ./run bench understanding share: a fresh home, the function behind `ask`, what came of a question, tables."""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.engine import Engine
from bot.incoming import clean
from commands.ask import _answer
from commands.supervisor import services, wait_until_ready
from lotse import core
from lotse.answers import matching, ranking
from lotse.languages import Identifier, native
from lotse.settings import ROOT, Settings
from lotse.storage.tables import Municipality
from lotse.turns import Understanding, understanding_of

DATA = ROOT.parent / "shared" / "data"  # sets of others, to measure on; the figures about them are left out where it is missing
HELD_OUT = ROOT / "tests" / "understanding"
BEGUN = time.monotonic()
LANGUAGES = tuple(sorted(folder.parent.name for folder in HELD_OUT.glob("*/messages.yml")))
LOST = ("unknown", "smalltalk", "command", "crisis")  # decisions by which a question is neither answered nor offered anything
AT_ONCE = 20
OUTCOMES = ("answer right", "answer wrong", "choose right", "choose wrong", "unknown", "other")

Answered = dict[str, Any]  # a line of `./run ask`


@dataclass(frozen=True)
class Table:
    """Figures as they are printed and written into docs/understanding.md."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def text(self) -> str:
        """For the terminal."""
        cells = [self.columns, *(tuple(map(shown, row)) for row in self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.columns))]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
            for row in cells
        ]
        return "\n".join([f"\n{self.title}", *([self.note] if self.note else []), *(line.rstrip() for line in lines)])

    def markdown(self) -> str:
        """For the documentation."""
        lines = ["| " + " | ".join(map(shown, row)) + " |" for row in (self.columns, *self.rows)]
        lines.insert(1, "|---" + "|---:" * (len(self.columns) - 1) + "|")
        return "\n".join([f"**{self.title}.** {self.note}".rstrip(), "", *lines])


class RememberingEngine(Engine):
    """Understands no text twice: the same questions are put to several towns."""

    def __init__(self, urls: str, secret: str) -> None:
        super().__init__(urls, secret)
        self._parsed: dict[str, dict[str, Any]] = {}

    async def parse(self, text: str) -> dict[str, Any]:
        if text not in self._parsed:
            self._parsed[text] = await super().parse(text)
        return self._parsed[text]


@dataclass(frozen=True)
class Asker:
    """Puts messages through the same function as `./run ask`."""

    parts: core.Core
    engine: Engine
    identifier: Identifier

    async def ask(self, town: str, questions: Sequence[tuple[str, str]]) -> list[Answered]:
        """The decision and the candidates of a town for each (language, text); the language is taken as known."""
        found: list[Answered] = []
        for start in range(0, len(questions), AT_ONCE):  # the engine understands one while another is matched here
            part = questions[start : start + AT_ONCE]
            found += await asyncio.gather(
                *(_answer(self.parts, self.engine, self.identifier, town, text, language) for language, text in part)
            )
        return found

    async def understood(self, text: str, language: str) -> Understanding:
        """What the engine makes of a text, whatever `ask` decides."""
        return understanding_of(await self.engine.parse(native(clean(text), language)))

    def town(self, slug: str) -> str:
        """Id of a municipality."""
        with self.parts.database.reading() as session:
            return session.scalars(select(Municipality.id).where(Municipality.slug == slug)).one()


@contextmanager
def fresh(settings: Settings) -> Iterator[Settings]:
    """Settings of a home of its own, that ends with this block."""
    with tempfile.TemporaryDirectory(prefix="lotse-bench-") as home:
        urls = {"database_url": f"sqlite:///{home}/lotse.db", "tracker_url": f"sqlite:///{home}/tracker.db"}
        yield replace(settings, home=Path(home), keys=(), **urls)


@asynccontextmanager
async def asker(settings: Settings) -> AsyncIterator[Asker]:
    """The trained engine, as `ask` starts it."""
    parts = core.build(settings)
    core.prepare(parts)
    async with services(settings, names=("engine",)) as running:
        await wait_until_ready(settings, running, ("engine",))
        engine = RememberingEngine(",".join(running.engine_urls), running.secret)
        try:
            yield Asker(parts, engine, Identifier([language.tag for language in parts.languages.all]))
        finally:
            await engine.close()


def rank(answer: Answered, right: Callable[[dict[str, Any]], bool]) -> int:
    """Place of the first right candidate from 0; one behind the last where none is right."""
    candidates = answer["candidates"]
    return next((place for place, candidate in enumerate(candidates) if right(candidate)), matching.LISTED)


def outcome(answer: Answered, right: Callable[[dict[str, Any]], bool]) -> str:
    """What a newcomer would see, one of OUTCOMES; `choose right` only if the right answer is among the buttons."""
    decision, place = answer["decision"], rank(answer, right)
    if decision == "answer":
        return "answer right" if place == 0 else "answer wrong"
    if decision == "choose":
        return "choose right" if place < len(_offered(answer)) else "choose wrong"
    return "unknown" if decision == "unknown" else "other"


def _offered(answer: Answered) -> list[dict[str, Any]]:
    candidates = answer["candidates"][: ranking.OFFERED]
    return [each for each in candidates if each["score"] > candidates[0]["score"] * math.exp(-matching.HARDLY)]


def shares(found: Sequence[str], names: Iterable[str] = OUTCOMES) -> dict[str, float]:
    """How often each comes, as a share."""
    counts = Counter(found)
    return {name.replace(" ", "_"): share(counts[name], len(found)) for name in names}


def share(part: float, whole: float) -> float:
    """A ratio of 3 digits; 0 of nothing is 0."""
    return round(part / whole, 3) if whole else 0.0


def shown(value: Any) -> str:
    """A figure in a table: shares as .87, other numbers with one digit."""
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
    return "–" if value is None else str(value)


def progress(text: str) -> None:
    """One line on standard error, with the seconds since the process began."""
    print(f"lotse: {time.monotonic() - BEGUN:4.0f} s  {text}", file=sys.stderr, flush=True)
