"""The sheet `survey`: its rows as questions, groups and their words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lotse.intake import relevance
from lotse.intake.checking import NAME
from lotse.intake.xlsform.columns import Cells, Report, Texts
from lotse.intake.xlsform.lists import Lists
from lotse.intake.xlsform.sheets import Sheet
from lotse.intake.xlsform.spelling import plain_quotes, short_of, slug
from lotse.intake.xlsform.terms import NOT_NATIVE, PREFIX, QUESTION_COLUMNS, heading

DEFAULT_SECTION = "questions"  # of questions outside of all groups
DEFAULT_MOST = 10  # entries of a group that does not say how many it may have
_YES, _NO = ("yes", "true", "true()", "1"), ("no", "false", "false()", "0")

_SELECT = re.compile(
    r"(?:add )?(?P<kind>select[_ ]one|select1|select[_ ]multiple|select all that apply)(?: prompt using| from)?"
    r" (?P<list>\S+)(?P<other> or[_ ]other| or specify other)?",
    re.IGNORECASE,
)
_GROUP = re.compile(r"(?P<end>begin|end)[_ ](?P<kind>group|repeat)", re.IGNORECASE)
_TYPES = {"integer": "integer", "int": "integer", "text": "text", "string": "text", "date": "date"}
_LOGGED = {  # what ODK notes down by itself; nothing is asked
    "start", "end", "today", "deviceid", "username", "phonenumber", "email", "simserial", "subscriberid", "imei", "audit",
    "start-geopoint", "background-audio", "background-geopoint", "phone number", "device id",
}  # fmt: skip
_REMEDIES = {
    "decimal": "use integer",
    "datetime": "use date",
    "time": "use text",
    "rank": "use select_multiple",
    "acknowledge": "use select_one with one choice",
    "trigger": "use select_one with one choice",
    **dict.fromkeys(
        ("select_one_from_file", "select_multiple_from_file", "select_one_external"), "write the choices into the sheet choices"
    ),
}
_LEFT_OUT = {  # columns that are not taken, and what that means
    "calculation": "nothing is calculated", "default": "nothing is chosen in advance", "choice_filter": "all choices are shown",
    "trigger": "nothing is calculated", "media": "there are no pictures or sounds", "image": "there are no pictures",
    "audio": "there are no sounds", "video": "there are no films",
}  # fmt: skip
_LIMIT = re.compile(r"\.\s*(>=|<=|>|<)\s*(-?\d+)")
_CHOSEN = re.compile(r"count-selected\(\s*\.\s*\)\s*(<=|<)\s*(\d+)")
_STEP = re.compile(r"(start|end|step)\s*=\s*(-?\d+(?:\.\d+)?)")
_NAMED = re.compile(r"\$\{\s*([^}\s]+)\s*\}")


@dataclass
class _Open:
    """A group or repeat that has begun and not ended."""

    kind: str
    row: int
    name: str
    section: str | None = None
    relevant: str = ""
    entry: dict[str, Any] | None = None  # of a repeat


class Survey:
    """The rows of the sheet, read one after the other."""

    def __init__(self, sheet: Sheet, ours: bool, lists: Lists, texts: Texts, report: Report) -> None:
        self._sheet = sheet
        self._ours = ours  # written by us: then also a "no" was written by somebody
        self._lists = lists
        self._texts = texts
        self._report = report
        self._open: list[_Open] = []
        self.entries: list[dict[str, Any]] = []
        self.given: list[str] = []
        self.sections: dict[str, int] = {}  # with the row that names each first
        self.rows: dict[str, int] = {}  # by question
        self.section_words: dict[str, dict[str, str]] = defaultdict(dict)  # by language
        self.words: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)  # by language and question
        self.renamed: dict[str, str] = {}
        self._rename()
        for row, cells in sheet.rows.items():
            self._row(row, cells)
        for still in self._open:
            begun = f"survey row {still.row}: begin_{still.kind} {still.name}"
            report.problem(f"{begun} has no end; add end_{still.kind} after its last question")

    def _row(self, row: int, cells: Cells) -> None:
        kind = " ".join(cells.get(("type",), "").split())
        group = _GROUP.fullmatch(kind)
        if not kind:
            if cells.get(("name",)):
                self._report.problem(f"survey row {row}: the type is missing; write one, such as text")
        elif group and group["end"].lower() == "begin":
            self._begin(row, cells, group["kind"].lower())
        elif group:
            self._end(row, group["kind"].lower())
        elif cells.get((PREFIX, "given")) == "yes":
            name = self._name(row, cells)
            self.given += [name] if name else []
        elif kind.lower() in ("hidden", "calculate", "calculation"):
            self._report.left_out(
                row, f"{kind.lower()} is left out: the town tells only its country and link, nothing is calculated"
            )
        elif kind.lower() in _LOGGED:
            self._report.left_out(row, "what ODK notes down by itself is left out")
        else:
            self._question(row, cells, kind)

    def _begin(self, row: int, cells: Cells, kind: str) -> None:
        name = cells.get((PREFIX, "name")) or slug(cells.get(("name",), "")) or f"{kind}_{row}"
        opened = _Open(kind, row, name, relevant=self._expression(row, cells))
        if kind == "repeat":
            if any(each.kind == "repeat" for each in self._open):
                self._report.problem(f"survey row {row}: the repeat {name} stands inside another one; move it out")
            opened.entry = self._repeat(row, cells, name)
            self.entries.append(opened.entry)
        elif cells.get((PREFIX, "section")) == "yes" or not any(each.section for each in self._open):
            opened.section = name
            self.sections.setdefault(name, row)
            texts = self._texts.of(self._sheet, row, cells, "label")
            for tag, text in (texts or {self._texts.default_tag: name}).items():
                former = self.section_words[tag].setdefault(name, text)
                if former != text:
                    where = f"survey row {row} and row {self.sections[name]}"
                    self._report.problem(f"{where}: the group {name} has two labels; give both the same, or rename one group")
        self._open.append(opened)

    def _repeat(self, row: int, cells: Cells, name: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"repeat": name, "max": self._number(row, cells, "max")}
        told = cells.get(("repeat_count",), "").strip()
        count = _NAMED.fullmatch(told)
        if count:
            entry["count"] = f"${{{self.renamed.get(count[1], count[1])}}}"
        elif told:
            self._report.problem(
                f"survey row {row}: repeat_count {told!r} must be ${{name}} of an integer that is asked before it"
            )
        return entry | {"questions": []}

    def _end(self, row: int, kind: str) -> None:
        if not self._open:
            self._report.problem(f"survey row {row}: end_{kind}, but nothing has begun; remove it or add begin_{kind}")
            return
        opened = self._open.pop()
        if opened.kind != kind:
            self._report.problem(
                f"survey row {row}: end_{kind} ends {opened.name}, which began in row {opened.row} as a {opened.kind}; "
                f"write end_{opened.kind}"
            )
        if opened.entry is not None:
            self._end_repeat(opened, opened.entry)

    def _end_repeat(self, opened: _Open, entry: dict[str, Any]) -> None:
        inside = entry["questions"]
        if not inside:
            self._report.left_out(opened.row, f"the repeat {opened.name} has no questions and is left out")
            self.entries.remove(entry)
        elif "count" not in entry and not inside[-1].get("more"):
            self._report.problem(
                f"survey row {opened.row}: the repeat {opened.name} does not say how often; add a repeat_count such as "
                f"${{children}}, or as its last question a select_one with the choices yes and no and {PREFIX}::more yes"
            )
        if entry["max"] is None:
            counted = self._counted(entry.get("count", ""))
            entry["max"] = counted or DEFAULT_MOST
            if not counted:
                self._report.note(
                    f"survey row {opened.row}: {opened.name} is asked at most {DEFAULT_MOST} times; else fill {PREFIX}::max"
                )

    def _counted(self, count: str) -> int | None:
        """How many entries the number that a group counts by allows."""
        return next((each.get("max") for each in self.entries if count and f"${{{each.get('name')}}}" == count), None)

    # questions

    def _question(self, row: int, cells: Cells, kind: str) -> None:
        entry = self._typed(row, cells, kind)
        if entry is None:
            return
        name = self._name(row, cells)
        if name is None:
            return
        self.rows[name] = row
        entry = {"name": name, "section": self._section(row), **entry}
        self._limits(row, cells, entry)
        self._flags(row, cells, entry)
        relevant = self._conjunction([*(each.relevant for each in self._open), self._expression(row, cells)])
        if relevant:
            entry["relevant"] = relevant
        for what, meaning in _LEFT_OUT.items():
            if any(column[0] == what for column in cells):
                self._report.left_out(row, f"{what} is left out: {meaning}")
        self._take_words(row, cells, entry)
        repeat = next((each.entry for each in reversed(self._open) if each.entry is not None), None)
        (self.entries if repeat is None else repeat["questions"]).append(entry)

    def _typed(self, row: int, cells: Cells, kind: str) -> dict[str, Any] | None:
        """Type and choices of a question; None where it is left out."""
        select = _SELECT.fullmatch(kind)
        listed = cells.get((PREFIX, "listed"))
        if select:
            one = select["kind"].lower().endswith(("one", "1"))
            entry: dict[str, Any] = {"type": "select_one" if one else "select_multiple"}
            if listed:
                return entry | {"choices": listed}
            entry["choices"] = [choice.name for choice in self._lists.named(row, select["list"])]
            if select["other"]:  # own words beside one choice are a text with buttons
                entry |= {"type": "text"} if one else {"other": True}
            return entry
        ours = cells.get((PREFIX, "type"), "").strip()
        if ours and ours not in NOT_NATIVE:
            self._report.problem(
                f"survey row {row}: {PREFIX}::type {ours!r} is none of {', '.join(NOT_NATIVE)}; correct or empty it"
            )
            return None
        lower = kind.lower()
        if lower == "note" and not ours:
            self._report.left_out(row, "a note is left out: nothing is asked; put its text into the label of a question")
            return None
        if lower == "range":
            return self._range(row, cells)
        known = ours or _TYPES.get(lower)
        if known is None:
            remedy = _REMEDIES.get(lower.split()[0], "ask for it in words (type text), or remove the row")
            self._report.left_out(row, f"the type {kind} cannot be asked in a chat and is left out; {remedy}")
            return None
        entry = {"type": known}
        if cells.get((PREFIX, "list")):
            entry["choices"] = [choice.name for choice in self._lists.named(row, cells[PREFIX, "list"].strip())]
        return entry

    def _range(self, row: int, cells: Cells) -> dict[str, Any] | None:
        told = dict(_STEP.findall(cells.get(("parameters",), "")))
        numbers = {name: told.get(name, default) for name, default in (("start", "1"), ("end", "10"), ("step", "1"))}
        if any("." in number for number in numbers.values()):
            self._report.left_out(row, "a range with fractions is left out; use whole numbers")
            return None
        if numbers["step"] != "1":
            self._report.left_out(row, "the step of a range is left out: all numbers in it are taken")
        return {"type": "integer", "min": int(numbers["start"]), "max": int(numbers["end"])}

    def _section(self, row: int) -> str:
        section = next((each.section for each in reversed(self._open) if each.section), DEFAULT_SECTION)
        if section not in self.sections:
            self.sections[section] = row
        return section

    def _limits(self, row: int, cells: Cells, entry: dict[str, Any]) -> None:
        told = cells.get(("constraint",), "").strip()
        if not told:
            return
        limits: dict[str, int] = {}
        for part in re.split(r"\s+and\s+", told.strip("() "), flags=re.IGNORECASE):
            plain = part.strip("() ")
            one, chosen = _LIMIT.fullmatch(plain), _CHOSEN.fullmatch(part.strip())
            if one and entry["type"] == "integer":
                least = one[1].startswith(">")
                number = int(one[2]) + (0 if one[1].endswith("=") else 1 if least else -1)
                limits["min" if least else "max"] = number
            elif chosen and entry["type"] == "select_multiple":
                limits["max"] = int(chosen[2]) - (0 if chosen[1] == "<=" else 1)
            else:
                self._report.left_out(row, f"the constraint {told} is left out; only such as . >= 0 and . <= 30 can be taken")
                return
        entry |= limits

    def _flags(self, row: int, cells: Cells, entry: dict[str, Any]) -> None:
        """Everything that is yes or no, a name, or names."""
        appearance = cells.get(("appearance",), "").split()
        if "multiline" in appearance and entry["type"] in ("text", "place"):
            entry["multiline"] = True
        elif appearance == ["oneline"] and self._ours:
            entry["multiline"] = False
        required = cells.get(("required",), "").strip()
        if required and required.lower() not in (*_YES, *_NO):
            self._report.left_out(row, "required as an expression is left out: the question may be skipped")
        elif required and (self._ours or required.lower() in _YES):
            entry["required"] = required.lower() in _YES
        for name, kind in QUESTION_COLUMNS.items():
            told = cells.get((PREFIX, name), "").strip()
            if not told:
                continue
            if kind == "yes_no":
                entry[name] = self._yes_no(row, name, told)
            elif kind == "names":
                entry[name] = self._numbers(row, name, told) if entry["type"] == "integer" else told.split()
            elif kind == "pairs":
                entry[name] = self._pairs(row, name, told)
            else:
                entry[name] = told
        codes = {column[2]: text for column, text in cells.items() if column[:2] == (PREFIX, "codes") and len(column) == 3}
        if codes:
            entry["codes"] = codes

    def _yes_no(self, row: int, name: str, told: str) -> bool:
        if told.lower() not in (*_YES, *_NO):
            self._report.problem(f"survey row {row}: {PREFIX}::{name} is {told!r}; write yes or no")
        return told.lower() in _YES

    def _numbers(self, row: int, name: str, told: str) -> list[int]:
        odd = [part for part in told.split() if not re.fullmatch(r"-?\d+", part)]
        if odd:
            self._report.problem(
                f"survey row {row}: {PREFIX}::{name} has {', '.join(odd)}; write whole numbers with spaces between"
            )
        return [int(part) for part in told.split() if part not in odd]

    def _number(self, row: int, cells: Cells, name: str) -> int | None:
        told = cells.get((PREFIX, name), "").strip()
        if not told:
            return None
        if not re.fullmatch(r"\d+", told):
            self._report.problem(f"survey row {row}: {PREFIX}::{name} is {told!r}; write a whole number")
            return None
        return int(told)

    def _pairs(self, row: int, name: str, told: str) -> dict[str, str]:
        pairs = [part.partition("=") for part in told.split()]
        if any(not (choice and sign and value) for choice, sign, value in pairs):
            self._report.problem(
                f"survey row {row}: {PREFIX}::{name} is {told!r}; write choice=value, with spaces between several"
            )
        return {choice: value for choice, _, value in pairs}

    # conditions

    def _expression(self, row: int, cells: Cells) -> str:
        """The condition of a row, in the spelling that we read; empty where there is none."""
        told = cells.get(("relevant",), "").strip()
        if not told:
            return ""
        named = _NAMED.sub(lambda match: f"${{{self.renamed.get(match[1], match[1])}}}", told)
        for spelling in (named, plain_quotes(named)):
            try:
                relevance.holds(spelling, {})
            except ValueError as error:
                cause = str(error).split("] ")[-1]
            else:
                return spelling
        self._report.problem(
            f"survey row {row}: relevant {told!r} cannot be read ({cause}); use ${{name}} with = != < > and or not(), "
            "and selected(${name}, 'choice')"
        )
        return ""

    @staticmethod
    def _conjunction(conditions: Iterable[str]) -> str:
        told = [condition for condition in conditions if condition]
        return told[0] if len(told) == 1 else " and ".join(f"({condition})" for condition in told)

    # words

    def _take_words(self, row: int, cells: Cells, entry: dict[str, Any]) -> None:
        labels = self._texts.of(self._sheet, row, cells, "label")
        if not labels:
            self._report.problem(
                f"survey row {row}: {entry['name']} has no label; write the question into {heading('label', 'en')}"
            )
        if any(_NAMED.search(label) for label in labels.values()):
            self._report.left_out(row, "${...} in a label is shown as it stands: texts cannot name responses")
        shorts = self._texts.of(self._sheet, row, cells, PREFIX, "short")
        parts = {name: self._texts.of(self._sheet, row, cells, PREFIX, name) for name in ("next", "one_of")}
        whys = self._texts.of(self._sheet, row, cells, "hint")
        choices = self._choice_words(cells, entry)
        for tag in dict.fromkeys([*labels, *shorts, *whys, *choices]):
            short = shorts.get(tag) or short_of(labels.get(tag, ""))
            words = {
                "label": labels.get(tag), **{name: texts.get(tag) for name, texts in parts.items()},
                "short": short, "why": whys.get(tag), "choices": choices.get(tag),
            }  # fmt: skip
            self.words[tag][entry["name"]] = {name: text for name, text in words.items() if text}

    def _choice_words(self, cells: Cells, entry: dict[str, Any]) -> dict[str, dict[str, str]]:
        """Labels of choices by language; of a list that is not written down only those of our own."""
        select = _SELECT.fullmatch(" ".join(cells[("type",)].split()))
        listed = select["list"] if select else cells.get((PREFIX, "list"), "").strip()
        own = cells.get((PREFIX, "own"), "").split() if (PREFIX, "listed") in cells else None
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for choice in self._lists.get(listed) if entry.get("choices") else []:
            for tag, label in choice.labels.items():
                if own is None or choice.name in own:
                    found[tag][choice.name] = label
        return found

    # names

    def _rename(self) -> None:
        """Names of questions as we can take them: `Household-Size` is household_size."""
        for row, cells in self._sheet.rows.items():
            name = cells.get(("name",), "").strip()
            kind = cells.get(("type",), "").strip()
            if not name or NAME.fullmatch(name) or _GROUP.fullmatch(kind) or kind in _LOGGED:
                continue
            better = slug(name)
            if not NAME.fullmatch(better):
                self._report.problem(
                    f"survey row {row}: the name {name!r} has no Latin letters; give it a name such as question_{row}"
                )
            elif name not in self.renamed:
                self.renamed[name] = better
        if self.renamed:
            told = ", ".join(f"{name} is now {better}" for name, better in self.renamed.items())
            self._report.note(f"names have small letters, digits and _ only: {told}")

    def _name(self, row: int, cells: Cells) -> str | None:
        name = cells.get(("name",), "").strip()
        if not name:
            self._report.problem(f"survey row {row}: the name is missing; write one into the column name")
            return None
        if (row, ("name",)) in self._sheet.dates:
            self._report.problem(f"survey row {row}: the name has become a date; format the column as text and write it again")
            return None
        name = self.renamed.get(name, name)
        if name in self.rows or name in self.given:
            first = f" (first in row {self.rows[name]})" if name in self.rows else ""
            self._report.problem(f"survey row {row}: the name {name} stands twice{first}; rename or remove one")
            return None
        return name
