"""./run bench understanding: how well messages are understood and answers found, in every language, and what it costs.

Our own held-out messages always; sets of others where they lie beside the project (docs/understanding.md says what each
figure means). The first run embeds the pages of the others' sets, some minutes; later ones take them from the cache.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

from bench import cost, district, messages, out_of_scope
from bench.asking import DATA, Table, asker, fresh, progress, share, shown
from commands.errors import CommandError
from lotse import core
from lotse.settings import ROOT, Settings

QUICK = 20  # messages of a language, or questions of a set
IDENTIFICATION = ("whole", "prior", "words", "py3langid", "langdetect", "tatoeba", "udhr", "phrasebook")
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
        tables += _beside(figures, most)
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


def _beside(figures: dict[str, Any], most: int | None) -> list[Table]:
    """Identification of languages and extraction, which have modules of their own."""
    from bench import extraction, languages  # their libraries take seconds to import

    identified = figures["language_identification"] = languages.measure(most)
    progress("identification of languages")
    extracted = extraction.measure()
    progress("extraction")
    for tag, each in figures["languages"].items():
        each |= {f"language_{part}": identified["whole"][tag][part] for part in ("full", "short")}
        each |= {f"extraction_{name}": extracted[tag][name] for name in ("precision", "recall", "f1")}
    parts = [name for name in IDENTIFICATION if name in identified]
    tags = sorted({tag for name in parts for tag in identified[name]})
    columns = ("messages", "precision", "recall", "f1", "certain")
    return [
        Table(
            "Identification of the language",
            "Share identified, of whole texts / of their first two words. Our held-out messages: all together, with the "
            "conversation's language as prior, each part alone; sets of others: all together.",
            ("", *parts),
            [(tag, *(_full_and_short(identified[name].get(tag)) for name in parts)) for tag in tags],
        ),
        Table(
            "What messages name",
            "Languages, countries, numbers, ages, dates, themes and occupations; `certain`: precision of what is not asked back.",
            ("", *columns),
            [(tag, *(each[name] for name in columns)) for tag, each in extracted.items()],
        ),
    ]


def _full_and_short(found: dict[str, float] | None) -> str:
    return f"{shown(found['full'])} / {shown(found['short'])}" if found else "–"


def _write(tables: list[Table]) -> None:
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    figures = "\n\n".join(table.markdown() for table in tables)
    PAGE.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", "utf-8")
