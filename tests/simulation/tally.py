"""What many newcomers met, counted: problems, turns, repeats, and what was exercised in which language."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from tests.simulation.diary import Kind
from tests.simulation.phrases import LANGUAGES
from tests.simulation.playing import Played

KINDS: tuple[Kind, ...] = get_args(Kind)
Cells = dict[str, Counter[str]]  # what: how often in which language


class Tally:
    """Grows with every newcomer that has played."""

    def __init__(self) -> None:
        self.played: list[Played] = []

    def add(self, played: Played) -> None:
        """Count one newcomer more."""
        self.played.append(played)

    def figures(self) -> dict[str, Any]:
        """The figures of all newcomers together."""
        diaries = [played.diary for played in self.played]
        turns = sum(diary.turns for diary in diaries)
        completed = [diary.turns_to_send for diary in diaries if diary.completed]
        found = Counter(kind for played in self.played for kind, _ in _distinct(played))
        return {
            "runs": len(diaries),
            **{kind: found[kind] for kind in KINDS},
            "runs_with_problems": sum(bool(played.problems) for played in self.played),
            "completed": len(completed),
            "turns": turns,
            "turns_median": statistics.median(completed) if completed else None,
            "repeats_share": _share(sum(diary.repeats for diary in diaries), turns),
            "repeats_without_slips_share": _share(sum(diary.repeats - diary.slips for diary in diaries), turns),
            "asked_back_share": _share(sum(diary.asked_back for diary in diaries), turns),
            "misread": sum(diary.misread for diary in diaries),
        }

    def by(self, name: str) -> dict[str, dict[str, Any]]:
        """Figures of the newcomers by language or style."""
        groups: dict[str, Tally] = {}
        for played in self.played:
            groups.setdefault(getattr(played, name), Tally()).add(played)
        kept = (*KINDS, "runs", "completed", "turns_median", "repeats_share", "repeats_without_slips_share")
        return {key: {each: tally.figures()[each] for each in kept} for key, tally in sorted(groups.items())}

    def problems_by_question(self) -> dict[str, int]:
        """How many problems each question had."""
        found = Counter(question.partition(".")[0] for played in self.played for _, question in _distinct(played))
        return dict(found.most_common())

    def repeats_by_way(self, most: int = 20) -> dict[str, int]:
        """At which question and in which way of telling something had to be asked again, without slips."""
        total: Counter[str] = Counter()
        for played in self.played:
            total += played.diary.repeated
        return dict(total.most_common(most))

    def failing(self) -> list[Played]:
        """Who met a problem, the shortest story first."""
        return sorted((played for played in self.played if played.problems), key=lambda played: played.diary.turns)

    def exercised(self, questions: Iterable[str], conditional: Iterable[str]) -> dict[str, Cells]:
        """How often each question, condition, way of telling and control was exercised, by language."""
        tables: dict[str, Cells] = {
            "question asked": {name: Counter() for name in questions},
            "condition not met": {name: Counter() for name in conditional},
            "told by": {},
            "control": {},
        }
        for played in self.played:
            diary = played.diary
            kinds = (("question asked", diary.asked), ("condition not met", diary.passed), ("told by", diary.told),
                     ("control", diary.controls))  # fmt: skip
            for table, counted in kinds:
                for (language, what), count in counted.items():
                    tables[table].setdefault(what, Counter())[language] += count
        return tables


def missing(tables: dict[str, Cells]) -> list[str]:
    """What was not exercised in some language."""
    return [
        f"{table}: {what} ({', '.join(lacking)})"
        for table, cells in tables.items()
        for what, counted in sorted(cells.items())
        if (lacking := [language for language in LANGUAGES if not counted[language]])
    ]


def as_table(tables: dict[str, Cells]) -> Iterator[str]:
    """The counts, one line for each thing, one column for each language."""
    for table, cells in tables.items():
        yield f"{table:<36}" + "".join(f"{language:>8}" for language in LANGUAGES)
        for what, counted in sorted(cells.items()):
            yield f"  {what:<34}" + "".join(f"{counted[language] or '-':>8}" for language in LANGUAGES)


def _distinct(played: Played) -> set[tuple[Kind, str]]:
    """Kinds and questions: what is wrong in the database is wrong on the page as well."""
    return {(problem.kind, problem.question) for problem in played.problems}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
