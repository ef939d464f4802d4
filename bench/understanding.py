"""./run bench understanding: how well messages are understood and answers found, in every language, and what it costs.

Our own held-out messages always; sets of others where they lie beside the project (docs/understanding.md says what each
figure means). The first run embeds the pages of the others' sets, some minutes; later ones take them from the cache.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
from types import ModuleType
from typing import Any

from bench import cost, district, messages, out_of_scope
from bench.asking import DATA, Table, asker, fresh, progress, share, shown
from commands.errors import CommandError
from lotse import core
from lotse.settings import ROOT, Settings

QUICK = 20  # messages of a language, or questions of a set
PAGE = ROOT / "docs" / "understanding.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} messages of each kind only: to see that it runs")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(ROOT)}")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    if arguments.write and arguments.quick:
        raise CommandError("--write wants all figures; leave --quick out")
    with fresh(settings) as own:
        figures, tables = asyncio.run(_measure(own, QUICK if arguments.quick else None))
    for table in tables:
        print(table.text())
    if arguments.write:
        _write(tables)
    progress("done")
    print(json.dumps(figures, ensure_ascii=False))


async def _measure(settings: Settings, most: int | None) -> tuple[dict[str, Any], list[Table]]:
    here = district.is_there()
    if here:
        parts = core.build(settings)
        core.prepare(parts)
        district.fill(settings)
    else:
        progress(f"{DATA} is not here: without the sets of others")
    async with asker(settings) as asking:
        languages = await messages.measure(asking, most)
        tables = messages.tables(languages)
        figures: dict[str, Any] = {"languages": languages, "worst_ratio": worst_ratio(languages), "means": _means(languages)}
        tables += _beside(figures)
        towns = {"sample town": messages.SAMPLE_TOWN}
        if here:
            towns |= {"district, de": district.TOWNS["de"], "district, de+en": district.TOWNS["de+en"]}
            figures["district"] = await district.measure(asking, most)
            figures["titles"] = district.measure_titles(asking, most)
            figures["out_of_scope"] = await out_of_scope.measure(asking, most or out_of_scope.MOST)
            tables += district.tables(figures["district"])
            tables += [district.table_of_titles(figures["titles"]), out_of_scope.table(figures["out_of_scope"])]
        figures["cost"] = cost.measure(asking, towns, cost.QUESTIONS if most is None else most)
        figures["index"] = cost.measure_size(settings, cost.LARGE if most is None else cost.LARGE // 10)
        tables += cost.tables(figures["cost"], figures["index"])
    return figures, tables


def worst_ratio(languages: dict[str, dict[str, Any]]) -> float:
    """Right answers in the first three: of the worst language to those of the best."""
    threes = [each["three"] for each in languages.values()]
    return share(min(threes), max(threes))


def _means(languages: dict[str, dict[str, Any]]) -> dict[str, float]:
    names = [name for name, value in next(iter(languages.values())).items() if isinstance(value, float)]
    return {name: share(sum(each[name] for each in languages.values()), len(languages)) for name in names}


def _beside(figures: dict[str, Any]) -> list[Table]:
    """Identification of languages and extraction, which have modules of their own."""
    languages = figures["languages"]
    tables = []
    if (module := _module("languages")) is not None:
        found = figures["language_identification"] = module.measure()
        for tag, each in found["whole"].items():
            if tag in languages:
                languages[tag] |= {"language_full": each["full"], "language_short": each["short"]}
        rows = [(tag, *(_full_and_short(by_tag.get(tag)) for by_tag in found.values())) for tag in found["whole"]]
        note = "Share identified, of whole texts / of their first two words; all together, and each part alone."
        tables.append(Table("Identification of the language", note, ("", *found), rows))
    if (module := _module("extraction")) is not None:
        found = module.measure()
        for tag, each in found.items():
            if tag in languages:
                languages[tag] |= {f"extraction_{name}": each[name] for name in ("precision", "recall", "f1")}
        columns = ("messages", "precision", "recall", "f1", "certain")
        rows = [(tag, *(each[name] for name in columns)) for tag, each in found.items()]
        note = (
            "Languages, countries, numbers, ages, dates, themes and occupations; `certain`: precision of what is not asked back."
        )
        tables.append(Table("What messages name", note, ("", *columns), rows))
    return tables


def _full_and_short(found: dict[str, float] | None) -> str:
    return f"{shown(found['full'])} / {shown(found['short'])}" if found else "–"


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(f"bench.{name}")
    except ModuleNotFoundError as error:
        progress(f"without {name}: {error}")
        return None


def _write(tables: list[Table]) -> None:
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    figures = "\n\n".join(table.markdown() for table in tables)
    PAGE.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", "utf-8")
