"""XLSForm workbooks: ours there and back without a difference, readable by ODK's tools; others' as far as they can be taken."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from pyxform.xls2xform import convert

from lotse.intake import Questionnaire, xlsform
from lotse.intake.checking import malformed
from lotse.intake.questionnaire import Question, check, parse
from lotse.intake.xlsform.terms import QUESTION_COLUMNS
from lotse.languages import Languages
from tests.unit.conftest import OFFERED

Rows = list[list[Any]]

FOREIGN: dict[str, Rows] = {  # as people who know ODK write one, without any column of ours
    "survey": [
        ["type", "name", "label::English (en)", "label::German (de)", "hint::English (en)", "hint::German (de)", "relevant",
         "required", "constraint", "repeat_count", "appearance"],
        ["start", "start"],
        ["begin_group", "Home", "Your home", "Ihre Wohnung", None, None, None, None, None, None, "field-list"],
        ["select_one place", "Sleeps-At", "Where do you sleep now, and in which flat or house?", "Wo schlafen Sie?",
         "To find a home.", "Darum.", None, "yes"],
        ["integer", "children", "How many children live with you?", "Wie viele Kinder?", "School.", "Schule.", None, "no",
         "(. >= 0) and . < 13"],
        ["begin repeat", "kids", "Child", "Kind", None, None, "${children} > 0", None, None, "${children}"],
        ["text", "school", "Which school?", "Welche Schule?", "To help.", "Hilfe.", 'selected(${Sleeps-At}, “flat”)'],
        ["end repeat"],
        ["end_group"],
        ["select_multiple likes or_other", "likes", "What do you like?", "Was mögen Sie?", "Clubs.", "Vereine.", None, None,
         "count-selected(.) <= 2"],
    ],
    "choices": [
        ["list name", "name", "label::English (en)", "label::German (de)"],
        ["place", "flat", "Flat", "Wohnung"],
        ["place", "other", "Other", "Anderes"],
        ["likes", 1, "Music", "Musik"],
        ["likes", 2, "Sport", "Sport"],
    ],
    "settings": [["form_title", "form_id", "version"], ["About you", "About You", 2026]],
}  # fmt: skip


def workbook(folder: Path, sheets: dict[str, Rows], name: str = "form.xlsx") -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / name)
    return folder / name


def problems(file: Path) -> list[str]:
    with pytest.raises(xlsform.WorkbookError) as raised:
        xlsform.take(file)
    assert str(file) in str(raised.value)
    return raised.value.problems


# ours


@pytest.fixture(scope="module")
def exported(questionnaire: Questionnaire, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The intake as a workbook."""
    file = tmp_path_factory.mktemp("exported") / "intake.xlsx"
    xlsform.write(questionnaire, file)
    return file


def test_the_intake_comes_back_as_it_went(questionnaire: Questionnaire, exported: Path, known: Languages) -> None:
    taken = xlsform.take(exported)
    assert taken.source == questionnaire.source
    assert taken.notes == []
    again = parse(taken.source, known)
    assert (again.digest, again.translations) == (questionnaire.digest, questionnaire.translations)


def test_odk_reads_the_intake(questionnaire: Questionnaire, exported: Path) -> None:
    converted = convert(xlsform=str(exported))
    assert converted.warnings == []
    for question in questionnaire.questions:
        assert f"/{question.name}" in converted.xform
    form = converted.xform
    assert '<translation lang="Arabic (ar)">' in form
    assert '<translation lang="English (en)" default="true()">' in form
    assert questionnaire.words_of(questionnaire.question("needs"), "uk").label in form
    assert "count-selected(.) &lt;= 3" in form
    assert 'jr:count=" /data/home/children "' in form
    assert "أفغانستان" in form, "countries have their names"
    assert "must_have" not in form, "our own columns are left alone"


def test_every_field_has_its_column() -> None:
    native = {"name", "section", "type", "choices", "listed", "max", "min", "multiline", "required", "relevant", "codes"}
    assert {each.name for each in fields(Question)} == native | set(QUESTION_COLUMNS) | {"repeat", "number"}


def test_no_text_becomes_a_formula_or_a_date(exported: Path) -> None:
    cells = [cell for sheet in load_workbook(exported) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}


WORD = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
SIGNS = st.characters(blacklist_categories=("Cs", "Cc", "Cn"), blacklist_characters="{}\u2028\u2029\x85\ufffe\uffff")
TEXT = st.text(SIGNS, min_size=1, max_size=20).filter(str.strip) | st.sampled_from(
    ["=1+1", "+49 30", "-", "@x", "'quoted", "16-17", "1.0", "TRUE", "two\nlines", " spaces ", "👩‍🏫 ✉️", "_x0041_", "نعم"]
)
CHOICES = st.lists(WORD | st.sampled_from(["yes", "no", "65+", "under-16", "16-17", "007"]), min_size=2, max_size=5, unique=True)


@st.composite
def questionnaires(draw: st.DrawFn) -> dict[str, Any]:
    """Plain data of questionnaires of every shape, with words in two languages."""
    names = draw(st.lists(WORD, min_size=3, max_size=7, unique=True))
    sections = draw(st.lists(WORD, min_size=1, max_size=3, unique=True))
    words: dict[str, dict[str, Any]] = {
        tag: {"sections": {name: draw(TEXT) for name in sections}, "questions": {}} for tag in ("en", "ar")
    }
    entries = []
    for name in names:
        entry: dict[str, Any] = {"name": name, "section": draw(st.sampled_from(sections))}
        entry["type"] = draw(st.sampled_from(["select_one", "select_multiple", "integer", "text", "date", "place", "review"]))
        has_choices = entry["type"].startswith("select") or (entry["type"] != "integer" and draw(st.booleans()))
        choices = draw(CHOICES) if has_choices else []
        if choices:
            entry["choices"] = choices
            entry |= {
                field: draw(st.lists(st.sampled_from(choices), min_size=1, unique=True))
                for field in ("exclusive",)
                if draw(st.booleans())
            }
            entry |= {field: {choices[0]: draw(WORD)} for field in ("ends", "alarm") if draw(st.booleans())}
        if entry["type"] == "integer":
            entry |= {field: draw(st.integers(-9, 99)) for field in ("min", "max") if draw(st.booleans())}
            entry |= {"shown": draw(st.lists(st.integers(-9, 99), min_size=1))} if draw(st.booleans()) else {}
        if entry["type"] == "select_multiple" and draw(st.booleans()):
            entry["max"] = draw(st.integers(1, 4))
        for field in ("required", "must_have", "gate", "sensitive", "other", "more"):
            if draw(st.booleans()):
                entry[field] = draw(st.booleans())
        for field in ("consent", "summary", "unit"):
            if draw(st.booleans()):
                entry[field] = draw(WORD)
        if entry["type"] in ("text", "place") and draw(st.booleans()):
            entry["multiline"] = draw(st.booleans())
        if draw(st.booleans()):
            entry["codes"] = {draw(WORD): draw(WORD)}
        if draw(st.booleans()):
            one, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
            entry["relevant"] = f"${{{one}}} != '{draw(WORD)}' and selected(${{{other}}}, 'y')"
        entries.append(entry)
        for tag in words:
            told: dict[str, Any] = {field: draw(TEXT) for field in ("label", "short", "why")}
            told |= {field: draw(TEXT) for field in ("next", "one_of") if draw(st.booleans())}
            if choices:
                told["choices"] = {choice: draw(TEXT) for choice in choices}
                if draw(st.booleans()):
                    told["also"] = {choices[0]: draw(st.lists(WORD, min_size=1, max_size=3))}
            words[tag]["questions"][name] = told
    start = draw(st.integers(0, len(entries) - 1))
    if draw(st.booleans()):
        group = {"repeat": draw(WORD), "max": draw(st.integers(1, 9)), "questions": entries[start:]}
        if draw(st.booleans()):
            group["count"] = f"${{{names[0]}}}"
        else:
            group["questions"][-1]["more"] = True
        entries = [*entries[:start], group]
    for tag in words:
        words[tag] |= {"consents": {draw(WORD): draw(TEXT)}} if draw(st.booleans()) else {}
        words[tag] |= {"inserts": {"DE": {"language": draw(TEXT)}, "NL": {"language": draw(TEXT)}}} if draw(st.booleans()) else {}
    used = {each["section"] for entry in entries for each in entry.get("questions", [entry])}
    for tag in words:
        words[tag]["sections"] = {name: text for name, text in words[tag]["sections"].items() if name in used}
    questions = {
        "name": draw(WORD),
        "version": draw(WORD | st.just("2026-12")),
        "sections": [each for each in sections if each in used],
    }
    if draw(st.booleans()):
        questions["given"] = ["country"]
    return {"questions": {**questions, "questions": entries}, "words": words}


@given(source=questionnaires())
@settings(max_examples=30, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
def test_any_questionnaire_comes_back(source: dict[str, Any], known: Languages, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert malformed(source) == []
    file = tmp_path_factory.getbasetemp() / "any.xlsx"
    before = copy.deepcopy(source)
    xlsform.write(parse(source, known), file)
    assert xlsform.read(file) == before
    assert convert(xlsform=str(file)).xform


# others'


def test_a_form_of_others_is_taken(tmp_path: Path, known: Languages) -> None:
    taken = xlsform.take(workbook(tmp_path, FOREIGN))
    questions = taken.source["questions"]
    assert (questions["name"], questions["version"], questions["sections"]) == ("about_you", "2026", ["home", "questions"])
    sleeps, children, group, likes = questions["questions"]
    assert sleeps == {
        "name": "sleeps_at",
        "section": "home",
        "type": "select_one",
        "choices": ["flat", "other"],
        "required": True,
    }
    assert children == {"name": "children", "section": "home", "type": "integer", "min": 0, "max": 12}
    assert (group["repeat"], group["count"], group["max"]) == ("kids", "${children}", 12)
    assert group["questions"][0]["relevant"] == "(${children} > 0) and (selected(${sleeps_at}, 'flat'))"
    assert likes["choices"] == ["1", "2"]
    assert (likes["type"], likes["other"], likes["max"], likes["section"]) == ("select_multiple", True, 2, "questions")
    german = taken.source["words"]["de"]
    assert german["sections"] == {"home": "Ihre Wohnung", "questions": "About you"}
    assert german["questions"]["sleeps_at"] == {
        "label": "Wo schlafen Sie?",
        "short": "Wo schlafen Sie",
        "why": "Darum.",
        "choices": {"flat": "Wohnung", "other": "Anderes"},
    }
    assert taken.source["words"]["en"]["questions"]["sleeps_at"]["short"] == "Where do you sleep now, and in which…"
    assert taken.rows == {"sleeps_at": 4, "children": 5, "school": 7, "likes": 10}
    assert check(parse(taken.source, known), ["de", "en"]) == []
    assert len(taken.notes) == 2
    assert any("Sleeps-At is now sleeps_at" in note for note in taken.notes)


@pytest.mark.parametrize(
    ("settings", "header", "tag"),
    [
        ([["form_id"], ["x"]], ["label"], "en"),
        ([["form_id", "default_language"], ["x", "Deutsch"]], ["label"], "de"),
        ([["form_id", "default_language"], ["x", "French (fr)"]], ["label"], "fr"),
        ([["form_id"], ["x"]], ["label::العربية"], "ar"),
        ([["form_id"], ["x"]], ["label : Ukrainian"], "uk"),
        ([["form_id"], ["x"]], ["Label::Dari (fa_AF)"], "fa-AF"),
    ],
)
def test_the_language_of_a_text_is_found(tmp_path: Path, settings: Rows, header: list[str], tag: str) -> None:
    form = {"survey": [["type", "name", *header], ["text", "a", "?"]], "settings": settings}
    assert list(xlsform.read(workbook(tmp_path, form))["words"]) == [tag]


def changed(change: Callable[[dict[str, Rows]], object]) -> dict[str, Rows]:
    form = copy.deepcopy(FOREIGN)
    change(form)
    return form


def put(row: int, column: int, value: Any, sheet: str = "survey") -> Callable[[dict[str, Rows]], object]:
    """A change of one cell; row and column as the program counts, from 1."""

    def change(form: dict[str, Rows]) -> None:
        cells = form[sheet][row - 1]
        cells += [None] * (column - len(cells))
        cells[column - 1] = value

    return change


def column(header: str, row: int, value: str) -> Callable[[dict[str, Rows]], object]:
    """A change that gives the form one more column with one cell in it."""
    return lambda form: (put(1, 12, header)(form), put(row, 12, value)(form))


MISTAKES: dict[str, tuple[Callable[[dict[str, Rows]], object], list[str]]] = {
    "no survey": (lambda form: form.pop("survey"), ["no sheet survey", "choices"]),
    "no type column": (put(1, 1, "kind"), ["survey row 1", "type"]),
    "no label": (lambda form: form["survey"][4].__setitem__(slice(2, 4), [None, None]), ["survey row 5", "children", "label"]),
    "unknown list": (put(4, 1, "select_one plase"), ["survey row 4", "plase", "place"]),
    "no choices": (lambda form: form.pop("choices"), ["survey row 4", "place", "choices"]),
    "bad condition": (put(7, 7, "${children} >"), ["survey row 7", "relevant", "${children} >"]),
    "unknown function": (put(7, 7, "pulldata('a', 'b')"), ["survey row 7", "pulldata"]),
    "twice": (put(5, 2, "likes"), ["survey row 10", "likes", "row 5"]),
    "no name": (put(5, 2, None), ["survey row 5", "name"]),
    "no Latin name": (put(5, 2, "діти"), ["survey row 5", "діти"]),
    "no type": (put(5, 1, None), ["survey row 5", "type"]),
    "no end": (lambda form: form["survey"].pop(8), ["survey row 3", "home", "end_group"]),
    "no begin": (lambda form: form["survey"].insert(1, ["end_repeat"]), ["survey row 2", "end_repeat"]),
    "wrong end": (put(8, 1, "end_group"), ["survey row 8", "row 6", "end_repeat"]),
    "nested repeat": (lambda form: form["survey"].insert(6, ["begin_repeat", "inner", "?"]), ["survey row 7", "inner"]),
    "no count": (put(6, 10, None), ["survey row 6", "kids", "repeat_count"]),
    "a fixed count": (put(6, 10, 3), ["survey row 6", "'3'", "${name}"]),
    "choice twice": (put(3, 2, "flat", "choices"), ["choices row 3", "flat", "place"]),
    "choice without label": (lambda form: form["choices"].append(["likes", "x"]), ["choices row 6", "x", "label"]),
    "choice without list": (put(3, 1, None, "choices"), ["choices row 3", "list_name"]),
    "choice with a space": (put(3, 2, "own flat", "choices"), ["choices row 3", "own flat", "own_flat"]),
    "a date": (put(3, 2, datetime(2026, 7, 16), "choices"), ["choices row 3", "date", "as text"]),
    "a date as label": (put(5, 3, datetime(2026, 7, 16)), ["survey row 5", "label::English (en)", "date"]),
    "unknown language": (put(1, 3, "label::Quenya"), ["survey row 1", "Quenya", "label::English (en)"]),
    "column twice": (put(1, 4, "label::English (en)"), ["survey row 1", "label::English (en)", "twice"]),
    "unknown column of ours": (put(1, 11, "lotse::shrot::English (en)"), ["survey row 1", "lotse::short"]),
    "odd yes": (column("lotse::gate", 5, "maybe"), ["survey row 5", "lotse::gate", "maybe"]),
    "odd pairs": (column("lotse::ends", 4, "flat"), ["survey row 4", "lotse::ends", "choice="]),
    "also of no question": (
        lambda form: form.update(lotse_also=[["question", "choice", "text::English (en)"], ["pets", "x", "y"]]),
        ["lotse_also row 2", "pets"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_row(tmp_path: Path, mistake: str) -> None:
    change, told = MISTAKES[mistake]
    found = problems(workbook(tmp_path, changed(change)))
    assert any(all(part in problem for part in told) for problem in found), found


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = problems(workbook(tmp_path, changed(lambda form: (put(5, 2, None)(form), put(7, 7, "(")(form)))))
    assert [problem.split(":")[0] for problem in found] == ["survey row 5", "survey row 7"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (["image", "photo", "A picture"], ["image", "survey row 11"]),
        (["geopoint", "where", "Place"], ["geopoint", "survey row 11"]),
        (["audio", "voice", "Speak"], ["audio", "survey row 11"]),
        (["decimal", "weight", "Weight"], ["decimal", "use integer"]),
        (["rank likes", "order", "Order"], ["rank", "use select_multiple"]),
        (["select_one_from_file a.csv", "file", "File"], ["a.csv", "sheet choices"]),
        (["note", "hello", "Hello"], ["note", "survey row 11"]),
        (["calculate", "sum", None], ["calculate", "survey row 11"]),
    ],
)
def test_what_cannot_be_asked_is_left_out_and_named(tmp_path: Path, row: list[Any], told: list[str]) -> None:
    taken = xlsform.take(workbook(tmp_path, changed(lambda form: form["survey"].append(row))))
    assert row[1] not in taken.rows
    assert any(all(part in note for part in told) for note in taken.notes), taken.notes


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("choice_filter", "place=${likes}", "choice_filter"),
        ("constraint", "regex(., '[a-z]+')", "constraint"),
        ("default", "5", "default"),
        ("required", "${likes} = '1'", "required"),
        ("media::image", "a.png", "media"),
    ],
)
def test_what_is_not_ours_is_left_out_of_a_question(tmp_path: Path, column: str, value: str, told: str) -> None:
    form = {"survey": [["type", "name", "label::English (en)", column], ["text", "a", "?", value]]}
    taken = xlsform.take(workbook(tmp_path, form))
    assert taken.source["questions"]["questions"] == [{"name": "a", "section": "questions", "type": "text"}]
    assert any(told in note and "survey row 2" in note for note in taken.notes), taken.notes


def test_own_words_beside_one_choice_are_a_text_with_buttons(tmp_path: Path) -> None:
    taken = xlsform.read(workbook(tmp_path, changed(put(4, 1, "select_one place or_other"))))
    assert (taken["questions"]["questions"][0]["type"], taken["questions"]["questions"][0]["choices"]) == (
        "text",
        ["flat", "other"],
    )


def test_a_range_is_an_integer_with_limits(tmp_path: Path) -> None:
    form = {"survey": [["type", "name", "label", "parameters"], ["range", "a", "?", "start=2 end=9 step=1"]]}
    (entry,) = xlsform.read(workbook(tmp_path, form))["questions"]["questions"]
    assert (entry["type"], entry["min"], entry["max"]) == ("integer", 2, 9)


def test_a_question_added_to_our_workbook_needs_no_columns_of_ours(exported: Path, tmp_path: Path, known: Languages) -> None:
    """As a town's expert would: a row is inserted below `gender`, with labels and hints, and its choices are added."""
    book = load_workbook(exported)
    sheet = book["survey"]
    header = [cell.value for cell in sheet[1]]
    below = next(row[0].row for row in sheet.iter_rows() if row[header.index("name")].value == "gender")
    sheet.insert_rows(below + 1)
    for name, value in {"type": "select_one pets", "name": "pets"}.items():
        sheet.cell(below + 1, header.index(name) + 1, value)
    for place, name in enumerate(header, 1):
        if str(name).startswith(("label::", "hint::")):
            sheet.cell(below + 1, place, "Do you have pets?")
    for choice in ("yes", "no"):
        book["choices"].append(["pets", choice, *[f"{choice}!"] * len(OFFERED)])
    book.save(tmp_path / "longer.xlsx")
    longer = parse(xlsform.read(tmp_path / "longer.xlsx"), known)
    assert check(longer, list(OFFERED)) == []
    names = [question.name for question in longer.questions]
    assert names[names.index("gender") + 1] == "pets"
    assert longer.question("pets").section == longer.question("gender").section
    assert longer.question("pets").choices == ("yes", "no")
    assert longer.translation("de").questions["pets"].short == "Do you have pets"
    assert longer.translation("ar").questions["pets"].choices == {"yes": "yes!", "no": "no!"}


# files that are no questionnaire


def test_a_formula_gives_its_value_only(tmp_path: Path) -> None:
    file = workbook(tmp_path, {"survey": [["type", "name", "label"], ["text", "a", '=HYPERLINK("x", "y")']]})
    assert any("survey row 2" in problem and "label" in problem for problem in problems(file)), "it was never calculated"


def bomb(file: Path, part: str, content: bytes) -> Path:
    """A workbook with one part replaced."""
    workbook(file.parent, FOREIGN, file.name)
    parts = zipfile.ZipFile(io.BytesIO(file.read_bytes()))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name in parts.namelist():
            written.writestr(name, content if name == part else parts.read(name))
    return file


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = bomb(tmp_path / "zip.xlsx", "xl/worksheets/sheet1.xml", b" " * 70_000_000)
    assert file.stat().st_size < 1_000_000
    assert "unpacks" in problems(file)[0]


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 9))
    text = f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e0 "x">{entities}]><worksheet>&e8;</worksheet>'
    file = bomb(tmp_path / "entities.xlsx", "xl/worksheets/sheet1.xml", text.encode())
    assert "cannot be read" in problems(file)[0]


def test_a_cell_far_away_costs_nothing(tmp_path: Path) -> None:
    file = workbook(tmp_path, FOREIGN)
    book = load_workbook(file)
    book["survey"]["XFD1048576"] = "x"
    book.save(file)
    assert len(xlsform.take(file).rows) == 4


@pytest.mark.parametrize("content", [b"", b"type,name,label\n", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0 old"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "form.xlsx").write_bytes(content)
    assert ".xlsx" in problems(tmp_path / "form.xlsx")[0]


def test_no_file(tmp_path: Path) -> None:
    assert "no such file" in problems(tmp_path / "none.xlsx")[0]


def test_an_empty_form(tmp_path: Path) -> None:
    assert problems(workbook(tmp_path, {"survey": [["type", "name", "label"]]})) == [
        "the sheet survey has no questions that can be asked"
    ]
