"""A questionnaire as an XLSForm workbook."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

from lotse.intake.asking import country_names, language_names
from lotse.intake.questionnaire import Questionnaire
from lotse.intake.xlsform import sheets
from lotse.intake.xlsform.terms import (
    ALSO,
    CONSENTS,
    CONTRADICTIONS,
    FORMAT,
    INSERTS,
    NATIVE_TYPES,
    NOT_NATIVE,
    QUESTION_COLUMNS,
    WORDS_COLUMNS,
    heading,
    language_heading,
)

Row = dict[str, str]
Entry = dict[str, Any]


def write(questionnaire: Questionnaire, file: Path) -> None:
    """Write a questionnaire in all its languages; reading it back gives the same. Raises WorkbookError."""
    _Writer(questionnaire).write(file)


class _Writer:
    def __init__(self, questionnaire: Questionnaire) -> None:
        self._questionnaire = questionnaire
        self._data: dict[str, Any] = questionnaire.source["questions"]
        self._words: dict[str, dict[str, Any]] = questionnaire.source["words"]
        self._tags = sorted(self._words, key=lambda tag: (tag != "en", tag))  # English first: what ODK falls back to
        names = [question.name for question in questionnaire.questions]
        self._taken = {*names, *questionnaire.given}  # names of rows; a ${name} must mean one of them only

    def write(self, file: Path) -> None:
        survey = list(self._survey())
        codes = list(dict.fromkeys(system for each in self._entries() for system in each.get("codes", {})))
        columns = [
            "type", "name", *self._headings("label"), *self._headings("hint"), "required", "relevant", "constraint",
            "repeat_count", "appearance", *(heading(f"lotse::{name}", tag) for name in WORDS_COLUMNS for tag in self._tags),
            *(f"lotse::{name}" for name in QUESTION_COLUMNS), *(f"lotse::codes::{system}" for system in codes),
            *(f"lotse::{name}" for name in ("section", "name", "type", "list", "listed", "own", "max", "given")),
        ]  # fmt: skip
        texts = self._headings("text")
        settings = {
            "form_title": self._questionnaire.name,
            "form_id": self._questionnaire.name,
            "version": self._questionnaire.version,
            "default_language": language_heading(self._tags[0]) if self._tags else "",
            "lotse::format": FORMAT,
            "lotse::sections": " ".join(self._questionnaire.sections),
        }
        sheets.save(
            file,
            {
                "survey": (columns, survey),
                "choices": (["list_name", "name", *self._headings("label")], self._choices()),
                "settings": (list(settings), [settings]),
                ALSO: (["question", "choice", *texts], self._also()),
                CONSENTS: (["purpose", *texts], self._consents()),
                INSERTS: (["country", "name", *texts], self._inserts()),
                CONTRADICTIONS: (["between", "when"], self._contradictions()),
            },
        )

    def _headings(self, name: str) -> list[str]:
        return [heading(name, tag) for tag in self._tags]

    def _entries(self) -> Iterator[Entry]:
        """All questions, also those of groups."""
        for entry in self._data["questions"]:
            yield from entry["questions"] if "repeat" in entry else [entry]

    # survey

    def _survey(self) -> Iterator[Row]:
        for name in self._questionnaire.given:
            yield {"type": "hidden", "name": name, "lotse::given": "yes"}
        section: str | None = None
        for entry in self._data["questions"]:
            inside = entry["questions"] if "repeat" in entry else [entry]
            if inside[0]["section"] != section:
                if section is not None:
                    yield {"type": "end_group"}
                section = str(inside[0]["section"])
                yield self._begin_group(section)
            if "repeat" in entry:
                yield self._begin_repeat(entry)
            for own, questions in groupby(inside, key=lambda each: str(each["section"])):
                within = own != section  # a group of another section inside a repeat says so
                yield from [self._begin_group(own) | {"lotse::section": "yes"}] if within else []
                yield from map(self._question, questions)
                yield from [{"type": "end_group"}] if within else []
            if "repeat" in entry:
                yield {"type": "end_repeat"}
        if section is not None:
            yield {"type": "end_group"}

    def _begin_group(self, section: str) -> Row:
        names = {
            heading("label", tag): self._words[tag]["sections"][section]
            for tag in self._tags
            if section in self._words[tag]["sections"]
        }
        return {"type": "begin_group", **self._named(section, "section"), **names}

    def _begin_repeat(self, entry: Entry) -> Row:
        row = {"type": "begin_repeat", **self._named(entry["repeat"], "group"), "lotse::max": str(entry["max"])}
        first = entry["questions"][0]["name"]  # a group has no words of its own, but ODK wants some
        row |= {heading("label", tag): self._words_of(first, tag).get("short", "") for tag in self._tags}
        return row | ({"repeat_count": entry["count"]} if "count" in entry else {})

    def _named(self, name: str, kind: str) -> Row:
        """The name of a group; another than its own where that is taken already."""
        free, number = name, 1
        while free in self._taken:
            free = f"{kind}_{name}" if number == 1 else f"{kind}_{name}_{number}"
            number += 1
        self._taken.add(free)
        return {"name": free} if free == name else {"name": free, "lotse::name": name}

    def _question(self, entry: Entry) -> Row:
        name, kind = entry["name"], entry["type"]
        row: Row = {"type": NATIVE_TYPES.get(kind, str(kind)), "name": name}
        if kind.startswith("select"):
            row["type"] += f" {name}"
        elif "choices" in entry:
            row["lotse::list"] = name
        if kind in NOT_NATIVE:
            row["lotse::type"] = kind
        if isinstance(entry.get("choices"), str):
            row["lotse::listed"] = entry["choices"]
            own = dict.fromkeys(own for tag in self._tags for own in self._words_of(name, tag).get("choices", {}))
            row["lotse::own"] = " ".join(own)
        if "required" in entry:
            row["required"] = _cell(entry["required"])
        if "multiline" in entry:
            row["appearance"] = "multiline" if entry["multiline"] else "oneline"
        row |= {"relevant": entry.get("relevant", ""), "constraint": _constraint(entry)}
        row |= {f"lotse::{field}": _cell(entry[field]) for field in QUESTION_COLUMNS if field in entry}
        row |= {f"lotse::codes::{system}": code for system, code in entry.get("codes", {}).items()}
        for tag in self._tags:
            words = self._words_of(name, tag)
            row |= {heading("label", tag): words.get("label", ""), heading("hint", tag): words.get("why", "")}
            row |= {heading(f"lotse::{column}", tag): words.get(column, "") for column in WORDS_COLUMNS}
        return row

    def _words_of(self, name: str, tag: str) -> dict[str, Any]:
        found: dict[str, Any] = self._words[tag]["questions"].get(name, {})
        return found

    # choices and the sheets of ours

    def _choices(self) -> Iterator[Row]:
        for entry in self._entries():
            choices = entry.get("choices", [])
            listed = choices if isinstance(choices, str) else None
            for choice in self._all_of(entry) if listed else choices:
                row = {"list_name": entry["name"], "name": choice}
                for tag in self._tags:
                    own = self._words_of(entry["name"], tag).get("choices", {}).get(choice)
                    row[heading("label", tag)] = own or (_names(listed, tag).get(choice, choice) if listed else "")
                yield row

    def _all_of(self, entry: Entry) -> list[str]:
        """The choices of a list that is not written down, those that have a button first."""
        if entry["choices"] == "languages":
            choices = self._questionnaire.question(entry["name"]).choices
        else:
            names = _names("countries", "en")
            choices = (*entry.get("shown", ()), *sorted(names, key=lambda code: names[code]))
        own = [choice for tag in self._tags for choice in self._words_of(entry["name"], tag).get("choices", {})]
        return list(dict.fromkeys([*choices, *own]))

    def _also(self) -> Iterator[Row]:
        for entry in self._entries():
            also = {tag: self._words_of(entry["name"], tag).get("also", {}) for tag in self._tags}
            for choice in dict.fromkeys(choice for ways in also.values() for choice in ways):
                ways = {heading("text", tag): "\n".join(also[tag].get(choice, [])) for tag in self._tags}
                yield {"question": entry["name"], "choice": choice, **ways}

    def _consents(self) -> Iterator[Row]:
        consents = {tag: self._words[tag].get("consents", {}) for tag in self._tags}
        for purpose in dict.fromkeys(purpose for texts in consents.values() for purpose in texts):
            yield {"purpose": purpose, **{heading("text", tag): consents[tag].get(purpose, "") for tag in self._tags}}

    def _inserts(self) -> Iterator[Row]:
        inserts = {tag: self._words[tag].get("inserts", {}) for tag in self._tags}
        pairs = [(country, name) for texts in inserts.values() for country in texts for name in texts[country]]
        for country, name in dict.fromkeys(pairs):
            texts = {heading("text", tag): inserts[tag].get(country, {}).get(name, "") for tag in self._tags}
            yield {"country": country, "name": name, **texts}

    def _contradictions(self) -> Iterator[Row]:
        for each in self._questionnaire.contradictions:
            yield {"between": " ".join(each.between), "when": each.when}


def _cell(value: Any) -> str:
    """A field of a question as text: yes and no, names beside each other, pairs as choice=value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return " ".join(f"{choice}={told}" for choice, told in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _constraint(entry: Entry) -> str:
    if entry["type"] == "select_multiple":
        return f"count-selected(.) <= {entry['max']}" if "max" in entry else ""
    limits = [f". {sign} {entry[name]}" for name, sign in (("min", ">="), ("max", "<=")) if name in entry]
    return " and ".join(limits)


def _names(listed: str, tag: str) -> dict[str, str]:
    """Names of all languages or countries in a language; in English where CLDR lacks that."""
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        tag = "en"
    return country_names(tag) if listed == "countries" else language_names(tag)
