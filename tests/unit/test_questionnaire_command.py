"""./run questionnaire, on a content folder of its own."""

from __future__ import annotations

import argparse
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from openpyxl import Workbook, load_workbook

from commands import __main__ as commands
from commands import questionnaire as command
from lotse import intake
from lotse.intake import Questionnaire, xlsform
from lotse.intake.questionnaire import read
from lotse.intake.storing import as_files
from lotse.intake.versions import Questionnaires
from lotse.languages import Languages
from lotse.settings import from_environment
from tests.unit.conftest import CONTENT

Run = Callable[..., int]


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sample content."""
    folder = tmp_path / "content"
    folder.mkdir()
    shutil.copy(CONTENT / "languages.yml", folder)
    shutil.copytree(CONTENT / "questionnaires", folder / "questionnaires")
    monkeypatch.setenv("LOTSE_CONTENT", str(folder))
    return folder


@pytest.fixture
def run(content: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command as the launcher calls it; gives the exit code."""

    def called(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["./run", "questionnaire", *map(str, arguments)])
        return commands.main()

    return called


@pytest.fixture(scope="module")
def written(questionnaire: Questionnaire, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The intake as a workbook, made once: to be copied."""
    file = tmp_path_factory.mktemp("written") / "form.xlsx"
    xlsform.write(questionnaire, file)
    return file


@pytest.fixture
def form(written: Path, tmp_path: Path) -> Path:
    """The intake as a workbook, to be changed."""
    return Path(shutil.copy(written, tmp_path / "form.xlsx"))


def folders(content: Path) -> list[str]:
    return sorted(folder.name for folder in (content / "questionnaires").iterdir())


def edited(file: Path, cell: tuple[str, str], value: str) -> None:
    """A cell of the survey, by the question's name and the column, as an expert would change it."""
    book = load_workbook(file)
    sheet = book["survey"]
    header = [each.value for each in sheet[1]]
    row = next(each[0].row for each in sheet.iter_rows() if each[header.index("name")].value == cell[0])
    sheet.cell(row, header.index(cell[1]) + 1, value)
    book.save(file)


def foreign(file: Path) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "survey"
    for row in (["type", "name", "label::English (en)"], ["text", "wish", "What do you wish?"], ["geopoint", "place", "Where?"]):
        sheet.append(row)
    book.save(file)
    return file


# show


def test_show_names_every_question(run: Run, capsys: pytest.CaptureFixture[str], content: Path) -> None:
    assert run("show", "--language", "de") == 0
    shown = capsys.readouterr().out
    words = yaml.safe_load((content / "questionnaires/intake/de.yml").read_text("utf-8"))
    for entry in yaml.safe_load((content / "questionnaires/intake/questions.yml").read_text("utf-8"))["questions"]:
        for each in entry.get("questions", [entry]):
            line = next(line for line in shown.splitlines() if f" {each['name']} " in line)
            short = words["questions"][each["name"]]["short"]
            assert short in line or "{" in short
    assert "Gruppe besuchen: " in shown
    assert all(name in shown for name in words["sections"].values())


def test_show_as_a_drawing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "--svg", "--language", "ar") == 0
    root = ElementTree.fromstring(capsys.readouterr().out.split("?>", 1)[1])
    assert (root.tag, root.get("direction")) == ("{http://www.w3.org/2000/svg}svg", "rtl")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "nothing"], "known: intake"),
        (["show", "--language", "xx"], "there are de, en"),
        (["check", "/nothing"], "questions.yml"),
        (["check", "nothing.xlsx"], "nothing.xlsx: no such file"),
        (["export", "form.csv"], "form.csv: a workbook ends with .xlsx"),
        (["export", "/nothing/at/all/form.xlsx"], "a folder that exists"),
        (["import", "nothing.xlsx"], "nothing.xlsx: no such file"),
    ],
)
def test_bad_input_is_one_clear_line(run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str) -> None:
    assert run(*arguments) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert told in error


# check


def test_check(run: Run, capsys: pytest.CaptureFixture[str], content: Path) -> None:
    assert run("check") == 0
    assert "everything is right" in capsys.readouterr().out
    file = content / "questionnaires/intake/de.yml"
    words = yaml.safe_load(file.read_text("utf-8"))
    del words["questions"]["needs"]["label"]
    words["questions"]["gender"]["short"] = ""
    file.write_text(yaml.safe_dump(words, allow_unicode=True), "utf-8")
    assert run("check", content / "questionnaires/intake") == 1
    told = capsys.readouterr().err
    assert "2 problems" in told
    assert "question needs: label is missing in de.yml; add it" in told
    assert "question gender: short is missing in de.yml; add it" in told


def test_check_knows_the_wordings_that_are_needed(run: Run, capsys: pytest.CaptureFixture[str], content: Path) -> None:
    file = content / "questionnaires/intake/questions.yml"
    file.write_text(file.read_text("utf-8").replace("alarm: {no_place: no_place}", "alarm: {no_place: new_thing}"), "utf-8")
    assert run("check") == 1
    assert "question housing: it needs the wording intake.alarm.new_thing" in capsys.readouterr().err


def test_check_of_a_workbook_names_rows_and_columns(run: Run, capsys: pytest.CaptureFixture[str], form: Path) -> None:
    assert run("check", form) == 0
    edited(form, ("needs", "hint::German (de)"), "")
    edited(form, ("children", "relevant"), "${adults} > 30")
    capsys.readouterr()
    assert run("check", form) == 1
    told = capsys.readouterr().err
    row = next(each[0].row for each in load_workbook(form)["survey"].iter_rows() if "needs" in [c.value for c in each])
    assert f"survey row {row}, question needs: why is missing in the columns (de)" in told
    assert "question children: relevant '${adults} > 30' never holds" in told
    assert ".yml" not in told


# export and import


def test_what_was_exported_and_imported_is_the_same(
    run: Run, capsys: pytest.CaptureFixture[str], content: Path, tmp_path: Path
) -> None:
    before = read(content / "questionnaires/intake")
    assert run("export", tmp_path / "form.xlsx") == 0
    assert run("import", tmp_path / "form.xlsx") == 0
    assert "nothing was changed" in capsys.readouterr().out
    assert folders(content) == ["intake"]
    assert run("import", tmp_path / "form.xlsx", "--name", "second") == 0
    again = read(content / "questionnaires/second")
    assert again["questions"].pop("name") == "second"
    assert before["questions"].pop("name") == "intake"
    assert again == before


def test_import_replaces_and_keeps_what_was_there(
    run: Run, capsys: pytest.CaptureFixture[str], content: Path, form: Path, known: Languages
) -> None:
    folder = content / "questionnaires/intake"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    running = Questionnaires(folder, known)
    edited(form, ("gender", "label::German (de)"), "Frau oder Mann?")
    edited(form, ("gender", "required"), "yes")
    capsys.readouterr()
    assert run("import", form) == 0
    told = capsys.readouterr().out
    assert "go on with theirs" in told
    loaded = intake.load(folder, known)
    assert loaded.question("gender").required
    assert loaded.words_of(loaded.question("gender"), "de").label == "Frau oder Mann?"
    (kept,) = [name for name in folders(content) if name != "intake"]
    assert kept in told
    assert {file.name: file.read_bytes() for file in (content / "questionnaires" / kept).iterdir()} == before
    header = [line for line in before["questions.yml"].decode().splitlines() if line.startswith("#")]
    assert [line for line in (folder / "questions.yml").read_text("utf-8").splitlines() if line.startswith("#")] == header
    running._looked_at = 0  # half a second later
    assert running.current().digest == loaded.digest


def test_import_refuses_what_is_wrong(run: Run, capsys: pytest.CaptureFixture[str], content: Path, form: Path) -> None:
    before = {file.name: file.read_bytes() for file in (content / "questionnaires/intake").iterdir()}
    edited(form, ("needs", "label::Arabic (ar)"), "")
    edited(form, ("wish_year", "lotse::summary"), "dreams")
    capsys.readouterr()
    assert run("import", form) == 1
    told = capsys.readouterr().err
    assert "2 problems, nothing was imported" in told
    assert "question needs: label is missing in the columns (ar)" in told
    assert "question wish_year: summary 'dreams'" in told
    assert folders(content) == ["intake"]
    assert {file.name: file.read_bytes() for file in (content / "questionnaires/intake").iterdir()} == before


def test_a_form_of_others_becomes_a_draft_that_can_be_completed(
    run: Run, capsys: pytest.CaptureFixture[str], content: Path, tmp_path: Path
) -> None:
    file = foreign(tmp_path / "Wishes 2026.xlsx")
    assert run("import", file) == 1
    assert "--draft" in capsys.readouterr().err
    assert run("import", file, "--draft", "--name", "intake") == 1
    assert "intake is in use" in capsys.readouterr().err
    assert run("import", file, "--draft") == 0
    told = capsys.readouterr()
    assert "geopoint" in told.err
    assert "survey row 2, question wish: why is missing in the columns (en)" in told.out
    assert "no column is in the language (uk)" in told.out
    assert folders(content) == ["intake", "wishes_2026"]
    assert run("show", "wishes_2026") == 0
    assert run("show", "wishes_2026", "--svg", "--language", "de") == 0
    assert run("export", tmp_path / "again.xlsx", "--name", "wishes_2026") == 0
    assert "hint::English (en)" in [cell.value for cell in load_workbook(tmp_path / "again.xlsx")["survey"][1]]


@pytest.mark.parametrize("name", ["../intake", "a/b", "Über", ""])
def test_a_name_stays_inside_the_folder(
    run: Run, capsys: pytest.CaptureFixture[str], content: Path, form: Path, name: str
) -> None:
    capsys.readouterr()
    assert run("import", form, f"--name={name}") == (0 if name == "" else 1)
    assert folders(content) == ["intake"]


def test_a_folder_that_cannot_be_written_is_named(
    content: Path, form: Path, capsys: pytest.CaptureFixture[str], run: Run
) -> None:
    shutil.rmtree(content / "questionnaires")
    (content / "questionnaires").write_text("in the way")
    capsys.readouterr()
    assert run("import", form) == 1
    assert "questionnaires/intake: " in capsys.readouterr().err


# the files


def test_files_are_written_for_people(content: Path) -> None:
    source = read(content / "questionnaires/intake")
    files = as_files(source)
    structure = files["questions.yml"].splitlines()
    assert "sections: [start, now, free_time, language, work, home, finish]" in structure
    assert any(line.startswith("  - {name: gender, section: start, type: select_one, choices: [") for line in structure)
    assert "  - repeat: jobs" in structure
    assert max(map(len, structure)) <= 140
    german = files["de.yml"].splitlines()
    assert any(line.startswith("    choices: {woman: Frau, man: Mann") for line in german)
    assert "    label: |-" in german
    assert not any("\\u" in line or "&id" in line for text in files.values() for line in text.splitlines())


def test_arguments_are_those_of_the_launcher() -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["draw"])
    assert parser.parse_args(["show"]).name == command.IN_USE
    assert from_environment({}).content == CONTENT
