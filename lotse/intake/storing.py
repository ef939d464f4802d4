"""A questionnaire as files of the content folder, written so that people can read and edit them."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from lotse.intake.questionnaire import STRUCTURE, read

ORDER = (
    "name", "section", "type", "choices", "shown", "min", "max", "unit", "multiline", "other", "exclusive", "required", "gate",
    "must_have", "more", "ends", "alarm", "sensitive", "consent", "relevant", "summary", "codes",
)  # fmt: skip
COMMENT = "# docs/tasks/add-a-question.md explains every field.\n"
LINE = 115  # where a line is broken; the word that crosses it stays


class _Flow(dict[str, Any]):
    """Pairs on one line: {a: b, c: d}."""


class _FlowList(list[Any]):
    """A list on one line: [a, b]."""


class _Dumper(yaml.SafeDumper):
    """Lists set in below their name, texts of several lines as they are, and nothing by reference."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True))
_Dumper.add_representer(_FlowList, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True))


def as_files(source: dict[str, Any], comment: str = COMMENT) -> dict[str, str]:
    """The text of each file by its name; reading them gives the same source again."""
    data = source["questions"]
    top = {name: _FlowList(value) if isinstance(value, list) else value for name, value in data.items() if name != "questions"}
    questions = [_entry(entry) for entry in data["questions"]]
    files = {STRUCTURE: comment + _dumped({**top, "questions": questions}, LINE)}
    for tag, words in source["words"].items():
        told: dict[str, Any] = {"sections": _Flow(words["sections"])}
        if "inserts" in words:
            told["inserts"] = {country: _Flow(inserted) for country, inserted in words["inserts"].items()}
        if "consents" in words:
            told["consents"] = words["consents"]
        told["questions"] = {
            name: {part: _Flow(text) if isinstance(text, dict) else text for part, text in entry.items()}
            for name, entry in words["questions"].items()
        }
        files[f"{tag}.yml"] = _dumped(told, 10**6)  # one text a line, however long: easy to compare
    return files


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    if "repeat" in entry:
        return {**entry, "questions": [_entry(each) for each in entry["questions"]]}
    ordered = sorted(entry, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return _Flow({name: entry[name] for name in ordered})


def _dumped(data: dict[str, Any], width: int) -> str:
    return str(yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=width))


def store(folder: Path, source: dict[str, Any], moment: datetime) -> Path | None:
    """Put a questionnaire in place of what is in the folder; gives back where that is kept, if there was something.

    Everything is written beside it first and then renamed, so that no process ever reads a half. Raises OSError.
    """
    comment = _comment(folder / STRUCTURE)
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        for name, text in as_files(source, comment).items():
            (fresh / name).write_text(text, "utf-8")
        if read(fresh) != source:
            raise OSError("the files would not say what the workbook says; nothing was changed")
        kept = _former(folder, moment) if folder.exists() else None
        if kept is not None:
            folder.rename(kept)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return kept


def _former(folder: Path, moment: datetime) -> Path:
    name = f"{folder.name}.{moment:%Y-%m-%dT%H-%M-%S}"
    free, number = folder.with_name(name), 2
    while free.exists():
        free, number = folder.with_name(f"{name}-{number}"), number + 1
    return free


def _comment(file: Path) -> str:
    """The lines of comment at the top of a file, which its editors want to keep."""
    if not file.is_file():
        return COMMENT
    lines: list[str] = []
    for line in file.read_text("utf-8").splitlines(keepends=True):
        if not line.startswith("#"):
            break
        lines.append(line)
    return "".join(lines) or COMMENT
