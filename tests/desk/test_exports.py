"""Cases as a file: what the page of a case says, in the queue's filter and order, and no formulas."""

from __future__ import annotations

import argparse
import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from commands import case as command
from commands.errors import CommandError
from lotse.cases import export as exporting
from lotse.cases import queue
from lotse.core import Core
from lotse.privacy import withdraw
from lotse.spreadsheets import csv_lines, safe
from lotse.staff import Role
from lotse.storage.tables import AuditEntry, Case, Consent, Intake, Municipality
from tests.desk.conftest import ELSEWHERE, HERE, TOLD, SignedIn, make_case, make_contact

Told = list[tuple[str, Any, str | None]]
NASTY: Told = [*TOLD[:3], ("call_name", "=HYPERLINK(1)", "=HYPERLINK(1)"), ("wish_year", "+49\u0007 1", "+49 1"), *TOLD[6:]]
JOBS: Told = [("job.1", "cook", "cook"), ("job_more.1", "yes", None), ("job.2", "-nurse", "-nurse")]


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel knows UTF-8 by it"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}, "texts only, no formula"
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}


async def test_a_table_has_a_column_for_each_question_and_labels_in_the_desks_language(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        reference = make_case(session, told=[*TOLD, *JOBS]).reference
    worker = browser(Role.CASE_WORKER)
    for language, of_summary in (("en", "en"), ("nl", "nl"), ("ar", "de")):
        await worker.post("/desk/language", language=language)
        answer = await worker.get("/desk/cases/export?format=csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith('attachment; filename="cases-')
        (row,) = table(answer)
        with core.database.reading() as session:
            summary = core.summaries.of(session.scalars(select(Case)).one(), of_summary)
        shown = {line.question: line.value for section in summary.sections for line in section.lines if not line.suggestion}
        assert {name: row[name] for name in shown if "." not in name} == {
            name: value for name, value in shown.items() if "." not in name
        }
        assert (row["reference"], row["call_name"], row["opened_at"]) == (reference, "Олена", summary.opened_at)
        assert row["job"] == "cook | -nurse"
        assert row["interests"] == "", "not told"


def _towns(core: Core) -> set[str]:
    with core.database.reading() as session:
        return set(session.scalars(select(Municipality.id)))


async def test_no_cell_becomes_a_formula(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        make_case(session, told=NASTY)
        make_contact(session, "@SUM(A1)\tx")
    worker = browser(Role.CASE_WORKER)
    rows = table(await worker.get("/desk/cases/export?format=csv"))
    assert {row["call_name"] for row in rows} == {"'=HYPERLINK(1)", ""}
    assert {row["topic"] for row in rows} == {"'@SUM(A1)\tx", ""}
    book = sheets((await worker.get("/desk/cases/export")).content)
    header, *cells = book["cases"]
    assert {row[header.index("call_name")] for row in cells} == {"=HYPERLINK(1)", None}
    assert {row[header.index("wish_year")] for row in cells} == {"+49 1", None}
    assert dict(book["columns"])["call_name"] == "Call me"
    assert header[: len(exporting.FIXED)] == list(exporting.FIXED)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_what_makes_a_formula_gets_an_apostrophe(sign: str) -> None:
    assert safe(f"{sign}1+1") == f"'{sign}1+1"
    assert safe(f"1{sign}1") == f"1{sign}1"
    (_, line) = csv_lines([[f"{sign}1", None, 2, 'a"b']])
    (read,) = csv.reader(io.StringIO(line, newline=""))
    assert read == [f"'{sign}1", "", "2", 'a"b']


async def test_json_is_what_the_page_says(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case = make_case(session)
        expected = core.summaries.of(case, "en").as_json()
    worker = browser(Role.CASE_WORKER)
    (record,) = (await worker.get("/desk/cases/export?format=json")).json()
    assert {name: value for name, value in record.items() if name in expected} == expected
    assert record["assigned_to"] is None
    assert (await worker.get("/desk/cases/export?format=json&status=closed")).json() == []


async def test_the_filter_of_the_queue_and_the_own_town(core: Core, browser: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH", 2)
    worker = browser(Role.CASE_WORKER)
    with core.database.session() as session:
        cases = [make_contact(session, f"{number}") for number in range(5)]
        cases[3].status, cases[4].status, cases[4].assigned_to = "open", "open", worker.staff_id
        make_contact(session, "elsewhere", slug=ELSEWHERE)
        first, second, third, fourth, fifth = (each.reference for each in cases)
        reading = queue.page(session, {cases[0].municipality_id}, queue.Filter(), worker.staff_id).rows
        order = [row.case.reference for row in reading]
    asked = {"": order, "status=open": [each for each in order if each in (fourth, fifth)], "status=open&mine=1": [fifth]}
    assert {first, second, third} < set(order)
    for query, references in asked.items():
        assert [row["reference"] for row in table(await worker.get(f"/desk/cases/export?format=csv&{query}"))] == references
        (page,) = [await worker.get(f"/desk/cases?{query}")]
        assert f'href="/desk/cases/export?{query.replace("&", "&amp;")}{"&amp;" if query else ""}format=csv"' in page.text
    with core.database.reading() as session:
        written = select(AuditEntry).where(AuditEntry.action == "case.exported").order_by(AuditEntry.number)
        told = [each.details for each in session.scalars(written)]
    assert told == [{"cases": len(each), "format": "csv"} for each in asked.values()]
    assert (await worker.get("/desk/cases/export?format=exe")).status_code == 404


async def test_what_was_withdrawn_or_not_agreed_to_is_not_there(core: Core, browser: SignedIn) -> None:
    """As on the page: what is sensitive only while its consent holds, of a withdrawn intake nothing."""
    worker = browser(Role.CASE_WORKER)

    async def exported() -> tuple[str, str]:
        (row,) = table(await worker.get("/desk/cases/export?format=csv"))
        return row["faith_which"], row["call_name"]

    with core.database.session() as session:
        case = make_case(session, told=[*TOLD, ("faith", "yes", None), ("faith_which", "Zorb", "Zorb")], status="open")
        assert case.intake is not None
        case.intake.consents.append(Consent(purpose="faith", text_version="1", language="uk"))
        intake = case.intake.id
    assert await exported() == ("Zorb", "Олена")
    for only_private, left in ((True, ("", "Олена")), (False, ("", ""))):
        with core.database.session() as session:
            found = session.get_one(Intake, intake)
            withdraw(session, core.intakes.questionnaire(session, found), found, only_private=only_private)
        assert await exported() == left


def test_the_command(core: Core, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lotse.core.build", lambda settings: core)
    with core.database.session() as session:
        here = make_case(session).reference
        make_contact(session, "x", slug=ELSEWHERE)

    def run(*words: str) -> None:
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        command.run(parser.parse_args(["export", *words]), core.settings)

    file = tmp_path / "cases.json"
    run(str(file), "--municipality", HERE, "--language", "nl")
    assert [each["reference"] for each in json.loads(file.read_text())] == [here]
    assert file.stat().st_mode & 0o777 == 0o600
    run(str(tmp_path / "cases.xlsx"))
    assert len(sheets((tmp_path / "cases.xlsx").read_bytes())["cases"]) == 3
    assert "cases.xlsx, 2 cases" in capsys.readouterr().out
    for words, problem in (
        ((str(tmp_path / "cases.pdf"),), "must end with"),
        ((str(file), "--municipality", "nowhere"), "there is no 'nowhere'"),
        ((str(tmp_path / "no" / "cases.csv"),), "cannot be written"),
    ):
        with pytest.raises(CommandError, match=problem):
            run(*words)


def test_a_hundred_cases_take_less_than_two_seconds(core: Core) -> None:
    with core.database.session() as session:
        for _ in range(100):
            make_case(session)
        ids = [case for case, _ in queue.all_of(session, _towns(core), queue.Filter())]
    started = time.monotonic()
    assert sum(len(piece) for piece in exporting.Export(core.database, core.summaries, ids, "de").chunks("csv")) > 1000
    assert time.monotonic() - started < 2
