"""./run questionnaire: the intake's questions as a table or a drawing, and to and from XLSForm workbooks."""

from __future__ import annotations

import argparse
import re
import sys
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

from commands.errors import CommandError
from lotse import languages
from lotse.errors import OperatorError
from lotse.intake import questionnaire as questionnaires
from lotse.intake import storing, xlsform
from lotse.intake.checking import malformed, missing_for_use, needed_wordings
from lotse.intake.drawing import as_svg
from lotse.intake.questionnaire import STRUCTURE, Question, Questionnaire
from lotse.intake.telling import Telling
from lotse.languages import Languages
from lotse.settings import Settings
from lotse.wording import Wording

IN_USE = "intake"  # the questionnaire that newcomers are asked
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|check|export|import")
    show = actions.add_parser("show", help="what is asked in which order")
    show.add_argument("name", nargs="?", default=IN_USE, metavar="NAME", help=f"of a questionnaire; without one {IN_USE}")
    show.add_argument("--svg", action="store_true", help="as a drawing, on standard output")
    show.add_argument("--language", default="en", metavar="TAG", help="of the words, such as de; without it en")
    check = actions.add_parser("check", help="whether everything is right")
    check.add_argument("what", nargs="?", metavar="FOLDER|FILE.xlsx", type=Path, help=f"without one, {IN_USE}")
    export = actions.add_parser("export", help="as an XLSForm workbook")
    export.add_argument("file", metavar="FILE.xlsx", type=Path)
    export.add_argument("--name", default=IN_USE, help=f"of the questionnaire; without it {IN_USE}")
    take = actions.add_parser("import", help="an XLSForm workbook takes the place of a questionnaire")
    take.add_argument("file", metavar="FILE.xlsx", type=Path)
    take.add_argument("--name", help="of the questionnaire; without it the workbook's form_id")
    take.add_argument("--draft", action="store_true", help="although something is wrong, under a name that is not in use")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Show, check, export or import."""
    known = languages.load(settings.content / "languages.yml")
    if arguments.action == "show":
        print(_shown(settings, known, arguments.name, arguments.language, arguments.svg), end="")
    elif arguments.action == "check":
        print(_checked(settings, known, arguments.what or settings.content / "questionnaires" / IN_USE))
    elif arguments.action == "export":
        print(_exported(settings, known, arguments.name, arguments.file))
    else:
        print(_imported(settings, known, arguments.file, arguments.name, arguments.draft))


# show


def _shown(settings: Settings, known: Languages, name: str, tag: str, svg: bool) -> str:
    chosen = known.offered_tag(tag)
    if chosen is None:
        offered = ", ".join(language.tag for language in known.offered)
        raise CommandError(f"--language: {tag!r} is not offered; there are {offered}")
    loaded = _read(settings, known, name)
    wording = Wording(known)
    if svg:
        return as_svg(loaded, known[chosen], wording)
    return _table(loaded, Telling(loaded, known[chosen], wording))


def _table(loaded: Questionnaire, telling: Telling) -> str:
    """Questions below each other; what is asked only sometimes is set in, below its condition."""
    lines = [telling.title()]
    section = repeat = condition = None
    names = max((len(question.name) for question in loaded.questions), default=0)
    shorts = max((_columns(telling.short(question)) for question in loaded.questions), default=0)
    for number, question in enumerate(loaded.questions, 1):
        if question.section != section:
            section, repeat, condition = question.section, None, None
            place = f"{loaded.sections.index(section) + 1}/{len(loaded.sections)} " if section in loaded.sections else ""
            lines += ["", f"{place}{telling.section(section)}"]
        if question.repeat != repeat:
            repeat, condition = question.repeat, None
            lines += [f"       ↻ {telling.times(repeat)}"] if repeat else []
        if question.relevant != condition:
            condition = question.relevant
            lines += [f"       ? {telling.text('only_if', condition=telling.conditions.said(condition))}"] if condition else []
        lines.append(_line(telling, question, number, names, shorts))
    return "\n".join(lines) + "\n"


def _line(telling: Telling, question: Question, number: int, names: int, shorts: int) -> str:
    inset = 2 * (bool(question.repeat) + bool(question.relevant))
    short = telling.short(question)
    marks = "".join(f" · {mark.text}" for mark in telling.marks(question))
    padding = " " * (shorts - _columns(short) + 2)
    return f"  {number:>3}  {' ' * inset}{question.name:<{names + 6 - inset}}{short}{padding}{telling.kind(question)}{marks}"


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.category(sign) in ("Mn", "Me", "Cf") else 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1
        for sign in text
    )


# check


def _checked(settings: Settings, known: Languages, what: Path) -> str:
    if what.suffix.lower() == ".xlsx":
        taken = _taken(what)
        _tell_notes(taken.notes)
        wrong = _of_workbook(_problems(taken.source, known), taken.rows, taken.source)
        source = taken.source
    else:
        folder = what if what.is_dir() else settings.content / "questionnaires" / what
        if not (folder / STRUCTURE).is_file():
            raise CommandError(f"{what}: there is no {STRUCTURE} in it; give the folder of a questionnaire, or an .xlsx file")
        source = questionnaires.read(folder)
        wrong = _problems(source, known)
    if wrong:
        raise CommandError(_listed(f"{what}: {_counted(len(wrong), 'problem')}", wrong))
    return f"{what}: {_size(questionnaires.parse(source, known))}, everything is right"


def _problems(source: dict[str, Any], known: Languages) -> list[str]:
    """Everything that is wrong with a questionnaire, also what only an intake in use needs."""
    wrong = malformed(source)
    if wrong:
        return wrong
    tags = [language.tag for language in known.offered]
    parsed = questionnaires.parse(source, known)
    found = [*questionnaires.check(parsed, tags), *missing_for_use(parsed)]
    wording = Wording(known)
    for key, name in needed_wordings(parsed).items():
        missing = [tag for tag in tags if not wording.has(key, tag)]
        if missing:
            found.append(
                f"question {name}: it needs the wording {key}, which is missing in {', '.join(missing)}; choose one that is there"
            )
    return found


def _of_workbook(wrong: list[str], rows: dict[str, int], source: dict[str, Any]) -> list[str]:
    """Problems with the row of their question, and with columns in place of files."""
    told = []
    for problem in wrong:
        found = re.match(r"(?:\S+\.yml: )?question (\w+)", problem)
        where = f"survey row {rows[found[1]]}, " if found and found[1] in rows else ""
        plain = re.sub(r"there is no ([\w-]+)\.yml", r"no column is in the language (\1)", problem)
        plain = re.sub(r"(?:in |: )?\b([A-Za-z]{2,3}(?:-[A-Za-z]+)?)\.yml", r"in the columns (\1)", plain)
        told.append(where + plain)
    return told


# export and import


def _exported(settings: Settings, known: Languages, name: str, file: Path) -> str:
    if file.suffix.lower() != ".xlsx":
        raise CommandError(f"{file}: a workbook ends with .xlsx")
    loaded = _read(settings, known, name)
    xlsform.write(loaded, file)
    return f"{file}: {_size(loaded)}"


def _imported(settings: Settings, known: Languages, file: Path, name: str | None, draft: bool) -> str:
    taken = _taken(file)
    source = taken.source
    name = name or str(source["questions"]["name"])
    if not _NAME.fullmatch(name):
        raise CommandError(f"--name: {name!r} is no name; use small letters, digits, _ and -")
    if draft and name == IN_USE:
        raise CommandError(f"--draft: {IN_USE} is in use; give another --name, and import it without --draft when it is right")
    source["questions"]["name"] = name
    _tell_notes(taken.notes)
    wrong = _problems(source, known)
    if malformed(source) or (wrong and not draft):
        told = _of_workbook(wrong, taken.rows, source)
        remedy = "" if draft or name == IN_USE else "; mend them, or keep it with --draft"
        raise CommandError(_listed(f"{file}: {_counted(len(wrong), 'problem')}, nothing was imported{remedy}", told))
    folder = settings.content / "questionnaires" / name
    if (folder / STRUCTURE).is_file() and _is_same(folder, source):
        return f"{folder} says the same already; nothing was changed"
    try:
        kept = storing.store(folder, source, datetime.now())
    except OSError as error:
        raise CommandError(f"{folder}: {(error.strerror or str(error)).lower()}") from error
    lines = [f"{folder}: {_size(questionnaires.parse(source, known))}"]
    if kept is not None:
        lines.append(f"what was there before is kept in {kept}")
    if wrong:
        lines.append(_listed(f"a draft, with {_counted(len(wrong), 'problem')}", _of_workbook(wrong, taken.rows, source)))
    elif name == IN_USE:
        lines.append("from now on new intakes are asked these questions; intakes that have begun go on with theirs")
    else:
        lines.append(f"newcomers are asked {IN_USE}; import the workbook with --name {IN_USE} to put it into use")
    return "\n".join(lines)


def _taken(file: Path) -> xlsform.Taken:
    try:
        return xlsform.take(file)
    except xlsform.WorkbookError as error:
        if len(error.problems) == 1:
            raise
        raise CommandError(_listed(f"{file}: {_counted(len(error.problems), 'problem')}", error.problems)) from error


def _is_same(folder: Path, source: dict[str, Any]) -> bool:
    try:
        return questionnaires.read(folder) == source
    except OperatorError:
        return False


def _read(settings: Settings, known: Languages, name: str) -> Questionnaire:
    """A questionnaire of the content folder, which may have problems; its form must be right."""
    folder = settings.content / "questionnaires" / name
    if not (folder / STRUCTURE).is_file():
        there = sorted(file.parent.name for file in folder.parent.glob(f"*/{STRUCTURE}"))
        raise CommandError(f"there is no questionnaire {name!r}; known: {', '.join(there) or 'none'}")
    source = questionnaires.read(folder)
    wrong = malformed(source)
    if wrong:
        raise CommandError(_listed(f"{folder}: {_counted(len(wrong), 'problem')}", wrong))
    return questionnaires.parse(source, known, folder)


# words


def _tell_notes(notes: list[str]) -> None:
    for note in notes:
        print(f"lotse: {note}", file=sys.stderr)


def _listed(heading: str, lines: list[str]) -> str:
    return "\n".join([f"{heading}:", *(f"  {line}" for line in lines)])


def _size(loaded: Questionnaire) -> str:
    words = _counted(len(loaded.translations), "language")
    return f"{_counted(len(loaded.questions), 'question')} in {_counted(len(loaded.sections), 'section')} and {words}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
