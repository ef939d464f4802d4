"""Translations out and in: round trips, what is taken and what not, and files that somebody else has made."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from commands import __main__ as commands
from lotse.answers import Answers, editing, exchange
from lotse.answers.editing import Form, TextForm
from lotse.answers.exchange import Bundle, ExchangeError, Line, Report, Unit
from lotse.answers.exchange.parts import LARGEST
from lotse.answers.exchange.table import guarded, unguarded
from lotse.answers.exchange.xliff import SPACE
from lotse.answers.index import Text
from lotse.settings import Settings
from lotse.storage import Database
from lotse.storage.tables import Answer, AnswerDraft, Staff
from tests.unit.conftest import musterstadt

KINDS = ["xliff", "csv"]
UK = TextForm("До лікаря", "Телефонуйте 116117.\n\nЦе безкоштовно.", ("де лікар", "болить зуб"), "draft")


@pytest.fixture
def author(session: Session) -> str:
    staff = Staff(login="author@musterstadt.example", name="Anna Muster", password_hash="-")
    session.add(staff)
    session.flush()
    return staff.id


@pytest.fixture
def doctor(session: Session) -> Answer:
    return session.scalars(select(Answer).where(Answer.source_id == "doctor")).one()


def form_of(session: Session, answer: Answer) -> Form:
    return editing.form_of(answer, editing.draft_of(session, answer))


def set_text(session: Session, answer: Answer, author: str, tag: str, text: TextForm) -> None:
    form = form_of(session, answer)
    editing.save_draft(session, answer, editing.tidy(replace(form, texts={**form.texts, tag: text})), author)


def exported(session: Session, tag: str, wanted: str = "all") -> Bundle:
    return exchange.export(session, musterstadt(session), tag, wanted)


def translated(bundle: Bundle, answer: str, **parts: str) -> Bundle:
    """The file as it comes back, with some texts of an answer translated."""
    units = [replace(unit, target=parts.get(unit.part, unit.target)) if unit.answer == answer else unit for unit in bundle.units]
    return replace(bundle, units=tuple(units))


def through(bundle: Bundle, kind: str) -> Bundle:
    """As a file, and read again."""
    return exchange.read(exchange.write(bundle, kind))


def take(session: Session, bundle: Bundle, status: str = "draft") -> Report:
    return exchange.take(session, musterstadt(session), bundle, status)


def lines(report: Report, answer: str) -> dict[str, tuple[str, str]]:
    return {line.part: (line.outcome, line.reason) for line in report.lines if line.answer == answer}


@pytest.mark.parametrize("kind", KINDS)
def test_a_translation_goes_out_and_comes_back_as_a_draft(session: Session, doctor: Answer, kind: str) -> None:
    bundle = through(exported(session, "tr"), kind)
    assert (bundle.source, bundle.target, len(bundle.units)) == ("de", "tr", 3 * 18)
    german = editing.form_of(doctor, None).texts["de"]
    [title, text, asked] = [unit for unit in bundle.units if unit.answer == "doctor"]
    assert (title.source, text.source, asked.source) == (german.title, german.text, "\n".join(german.questions))
    assert {unit.target for unit in bundle.units} == {None}
    back = translated(
        bundle, "doctor", title="Doktora gitmek", text="116117'yi arayın.\n\nÜcretsiz.", questions="doktor\nhastayım"
    )
    report = take(session, through(back, kind), "machine")
    assert lines(report, "doctor") == dict.fromkeys(("title", "text", "questions"), ("taken", ""))
    assert lines(report, "clubs") == dict.fromkeys(("title", "text", "questions"), ("skipped", "not_translated"))
    assert report.taken == 3
    assert list(report.drafts) == [doctor.id]
    turkish = form_of(session, doctor).texts["tr"]
    assert turkish == TextForm("Doktora gitmek", "116117'yi arayın.\n\nÜcretsiz.", ("doktor", "hastayım"), "machine")
    assert "tr" not in {text.language for text in doctor.texts}, "nothing is published"
    assert form_of(session, doctor).texts["de"] == german


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_again_changes_nothing(session: Session, kind: str) -> None:
    report = take(session, through(exported(session, "uk"), kind))
    assert {(line.outcome, line.reason) for line in report.lines} == {("skipped", "same")}
    assert session.scalars(select(AnswerDraft)).all() == []


def test_a_review_sets_the_status_of_what_stays_as_it_is(session: Session, doctor: Answer) -> None:
    bundle = exported(session, "uk")
    assert take(session, replace(bundle, units=bundle.units[:0]), "reviewed").drafts == {}
    only_title = replace(bundle, units=tuple(unit for unit in bundle.units if unit.answer == "doctor" and unit.part == "title"))
    assert take(session, only_title, "reviewed").drafts == {}, "half of it was looked at"
    report = take(session, bundle, "reviewed")
    assert {(line.outcome, line.reason) for line in report.lines} == {("taken", "status")}
    assert form_of(session, doctor).texts["uk"].status == "reviewed"


def test_what_the_source_has_left_behind_is_marked(session: Session, doctor: Answer, author: str) -> None:
    bundle = translated(exported(session, "tr"), "doctor", title="Doktor", text="Arayın.", questions="doktor")
    german = form_of(session, doctor).texts["de"]
    set_text(session, doctor, author, "de", replace(german, text="Ganz neu.", questions=(*german.questions, "neu")))
    report = take(session, bundle, "reviewed")
    assert lines(report, "doctor") == {
        "title": ("taken", ""), "text": ("taken", "outdated"), "questions": ("taken", "outdated"),
    }  # fmt: skip
    assert form_of(session, doctor).texts["tr"].status == "outdated"


def test_what_was_changed_here_meanwhile_stays(session: Session, doctor: Answer, author: str) -> None:
    bundle = translated(exported(session, "uk"), "doctor", title="Інша назва", text="Інший текст.")
    set_text(session, doctor, author, "uk", replace(form_of(session, doctor).texts["uk"], text="Змінено тут."))
    report = take(session, bundle)
    assert lines(report, "doctor")["text"] == ("skipped", "changed_here")
    after = form_of(session, doctor).texts["uk"]
    assert (after.title, after.text) == ("Інша назва", "Змінено тут.")


def test_what_cannot_be_taken_is_named(session: Session, doctor: Answer) -> None:
    session.scalars(select(Answer).where(Answer.source_id == "clubs")).one().status = "retired"
    units = (
        Unit("nonsense", "title", "x", "y"),
        Unit("clubs", "title", "x", "y"),
        Unit("doctor", "colour", "x", "y"),
        Unit("waste", "title", "x", "y"),
        Unit("find_flat", "title", "Wohnung finden", "Daire bulmak"),
        Unit("insurance", "title", "x", "a" * 201),
        Unit("insurance", "text", "x", "b"),
        Unit("insurance", "title", "x", "c"),
    )
    report = take(session, Bundle("de", "tr", units))
    told = [(line.answer, line.part, line.outcome, line.reason) for line in report.lines]
    assert told == [
        ("nonsense", "title", "skipped", "unknown_answer"),
        ("clubs", "title", "skipped", "retired"),
        ("doctor", "colour", "skipped", "unknown_part"),
        ("waste", "title", "skipped", "unknown_answer"),
        ("find_flat", "title", "skipped", "answers.problem.text_missing"),
        ("insurance", "title", "skipped", "answers.problem.too_long"),
        ("insurance", "text", "skipped", "answers.problem.too_long"),
        ("insurance", "title", "skipped", "twice"),
    ]
    assert report.lines[5].values == {"most": 200}
    assert report.drafts == {}
    assert isinstance(report.lines[0], Line)


@pytest.mark.parametrize(("source", "target"), [("en", "uk"), ("de", "de"), ("uk", "de")])
def test_other_languages_are_refused(session: Session, source: str, target: str) -> None:
    with pytest.raises(ExchangeError) as error:
        take(session, Bundle(source, target, ()))
    assert error.value.reason == "languages"


def test_only_what_is_open_goes_out(session: Session, doctor: Answer, author: str) -> None:
    assert exported(session, "uk", "open").units == ()
    set_text(session, doctor, author, "uk", replace(UK, status="outdated"))
    assert {unit.answer for unit in exported(session, "uk", "open").units} == {"doctor"}
    assert next(unit.target for unit in exported(session, "uk", "open").units) == UK.title
    assert len({unit.answer for unit in exported(session, "uk").units}) == 18


# files of others


def test_xliff_as_the_standard_wants_it(session: Session) -> None:
    root = ElementTree.fromstring(exchange.write(exported(session, "uk"), "xliff"))
    assert (root.tag, root.attrib) == (f"{{{SPACE}}}xliff", {"version": "2.0", "srcLang": "de", "trgLang": "uk"})
    for file in root:
        assert file.tag == f"{{{SPACE}}}file"
        for unit in file:
            assert unit.get("id") in ("title", "text", "questions")
            segment = unit.find(f"{{{SPACE}}}segment")
            assert segment is not None
            assert segment.get("state") in ("initial", "translated", "reviewed", "final")
            assert [each.tag.rpartition("}")[2] for each in segment] == ["source", "target"]


def xliff(inside: str, **attributes: str) -> bytes:
    named = {"version": "2.0", "srcLang": "de", "trgLang": "uk", **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in named.items() if value)
    return f'<xliff xmlns="{SPACE}" {written}><file id="f1" original="doctor">{inside}</file></xliff>'.encode()


def test_segments_and_marks_of_other_tools_are_put_together() -> None:
    data = xliff(
        '<unit id="text"><segment><source>Eins. </source><target>Раз. </target></segment>'
        "<ignorable><source> </source></ignorable>"
        '<segment><source><mrk id="m1" type="term">Zwei</mrk>.</source><target><mrk id="m1">Два</mrk>.</target></segment></unit>'
        '<unit id="title"><segment><source>A. </source><target>А. </target></segment>'
        "<segment><source>B.</source></segment></unit>"
        '<group id="g"><unit id="questions"><segment><source>x</source><target/></segment></unit></group>'
    )
    [text, title, asked] = exchange.read(data).units
    assert (text.source, text.target, text.complete) == ("Eins.  Zwei.", "Раз.  Два.", True)
    assert (title.target, title.complete) == ("А. ", False)
    assert asked.target is None


def test_what_is_translated_in_part_is_left_out(session: Session) -> None:
    report = take(session, Bundle("de", "tr", (Unit("doctor", "title", "x", "y", complete=False),)))
    assert lines(report, "doctor") == {"title": ("skipped", "partly")}


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<xliff", "unreadable"),
        (BOMB.encode() + xliff('<unit id="title"><segment><source>&b;</source></segment></unit>'), "unreadable"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xliff/>', "unreadable"),
        (b"<html/>", "not_xliff"),
        (xliff("").replace(b"2.0", b"1.2"), "version"),
        (b'<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"/>', "version"),
        (xliff("", trgLang=""), "languages"),
        (b"", "columns"),
        (b"hello", "columns"),
        (b"\xff\xfe\xfa", "encoding"),
        (b'"answer', "unreadable"),
        (b"x" * (LARGEST + 1), "too_large"),
    ],
)
def test_bad_files_are_named(data: bytes, reason: str) -> None:
    with pytest.raises(ExchangeError) as error:
        exchange.read(data)
    assert error.value.reason == reason
    assert "\n" not in str(error.value)


HEAD = "answer,part,source_language,source,target_language,target,seen\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [(HEAD + "a,title,de,x,uk,y,\nb,title,de,x,ru,y,\n", "languages"), (HEAD, "columns"), (HEAD + ',,,"x', "unreadable")],
)
def test_bad_tables_are_named(text: str, reason: str) -> None:
    with pytest.raises(ExchangeError) as error:
        exchange.read(text.encode())
    assert error.value.reason == reason


def test_tables_of_spreadsheets_in_other_countries() -> None:
    text = (HEAD + "doctor,title,de,Arzt,uk,Лікар,\n").replace(",", ";").replace("\n", "\r\n")
    assert exchange.read(text.encode("utf-8-sig")).units == (Unit("doctor", "title", "Arzt", "Лікар"),)


@pytest.mark.parametrize("cell", ["=1+1", "+49 7191", "-5", "@x", "\tx", "'x", "'=x", '=HYPERLINK("http://x")'])
def test_no_cell_is_a_formula(cell: str) -> None:
    written = exchange.write(Bundle("de", "uk", (Unit("doctor", "title", cell, cell),)), "csv").decode("utf-8-sig")
    assert f"\"'{cell}".replace('"http', '""http').split("(")[0] in written
    assert exchange.read(written.encode()).units[0].source == cell


@given(st.text("=+-@\t\r'aя ", max_size=8))
@hypothesis_settings(derandomize=True)
def test_cells_come_back_as_they_were(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("kind", KINDS)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1, max_size=40))
@hypothesis_settings(derandomize=True, max_examples=40)
def test_any_text_survives_a_file(kind: str, text: str) -> None:
    unit = Unit("doctor", "text", f"<{text}>\n\n& {text}", f"x{text}x")
    [back] = exchange.read(exchange.write(Bundle("de", "ar", (unit,)), kind)).units
    assert (back.source, back.target) == (unit.source, unit.target)


def test_an_empty_file_can_be_read(session: Session) -> None:
    for kind in KINDS:
        data = exchange.write(Bundle("de", "uk", ()), kind)
        if kind == "xliff":
            assert [line.reason for line in take(session, exchange.read(data)).lines] == ["unknown_answer"]


# the command


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, settings: Settings, database: Database) -> Callable[..., int]:
    """The command as the launcher calls it, on the sample town; gives the exit code."""
    monkeypatch.setenv("LOTSE_HOME", str(settings.home))

    def called(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["./run", "content", "translations", *map(str, arguments)])
        return commands.main()

    return called


HERE = ("--municipality", "musterstadt")


@pytest.mark.parametrize("ending", ["xlf", "csv"])
def test_the_command_both_ways(
    run: Callable[..., int],
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
) -> None:
    warmed: list[Text] = []
    monkeypatch.setattr(Answers, "warm", lambda self, texts: warmed.extend(texts))
    file = tmp_path / f"file.{ending}"
    assert run("export", file, *HERE, "--language", "uk") == 0
    assert "54 texts of 18 answers, de to uk" in capsys.readouterr().out
    with database.session() as session:
        title = editing.form_of(session.scalars(select(Answer).where(Answer.source_id == "doctor")).one(), None).texts["uk"].title
    file.write_text(file.read_text("utf-8").replace(title, "Лікар поруч"), "utf-8")
    assert run("import", file, *HERE, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["taken"], report["drafts"]) == (1, 1)
    assert "Лікар поруч" in [text.title for text in warmed], "whoever publishes it would wait"
    assert run("import", file, *HERE) == 0
    assert "0 of 54 texts taken into uk, 0 drafts changed" in capsys.readouterr().out
    with database.session() as session:
        doctor = session.scalars(select(Answer).where(Answer.source_id == "doctor")).one()
        assert form_of(session, doctor).texts["uk"].title == "Лікар поруч"
        assert editing.form_of(doctor, None).texts["uk"].title == title


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "file.txt", *HERE, "--language", "uk"), "end the name in .xlf or .csv"),
        (("export", "file.csv", *HERE, "--language", "de"), "--language: 'de'"),
        (("export", "file.csv", *HERE, "--language", "xx"), "--language: 'xx'"),
        (("export", "file.csv", "--municipality", "nowhere", "--language", "uk"), "nowhere"),
        (("export", "/nowhere/file.csv", *HERE, "--language", "uk"), "no such file or directory"),
        (("import", "/nowhere/file.csv", *HERE), "no such file or directory"),
        (("import", "/dev/null", *HERE), "the first line must name the columns"),
    ],
)
def test_bad_input_is_one_line(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run(*arguments) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
