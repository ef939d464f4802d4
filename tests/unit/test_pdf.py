"""The printed summary: every word of it, in every language, right-to-left, on few pages, and never read as markup."""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from commands import case as command
from commands.errors import CommandError
from lotse.cases import open_case
from lotse.cases import pdf as printed
from lotse.cases.summary import STAFF_LANGUAGES, Summaries
from lotse.intake import Questionnaires
from lotse.languages import Languages
from lotse.settings import Settings
from lotse.storage import Database
from lotse.storage.tables import Case, Consent
from lotse.wording import Wording
from tests import pdf
from tests.unit.conftest import OFFERED, told_in_full
from tests.unit.test_summary import TOLD

TODAY = date(2026, 11, 22)
CONTACT = {"phone": "+49 170 0000000", "email": "somebody@example.org"}
MARKUP = '#panic("x") *b* $x$ <a> \\ // /* "'


@pytest.fixture(scope="module")
def summaries(questionnaires: Questionnaires, wording: Wording) -> Summaries:
    return Summaries(questionnaires, wording)


@pytest.fixture
def case(session: Session) -> Case:
    conversation, intake = told_in_full(session, TOLD, "uk")
    intake.consents.append(Consent(purpose="guide_reads", text_version="2026-11", language="uk"))
    session.flush()
    return open_case(session, conversation, "intake", intake=intake)


def make(summaries: Summaries, wording: Wording, known: Languages, case: Case, language: str) -> bytes:
    return printed.render(summaries.of(case, language), CONTACT, wording, known, TODAY)


def letters(text: str) -> list[str]:
    """All letters and digits, for text whose pieces are drawn from their end."""
    return [sign for sign in text if sign.isalnum()]


def plain(text: str) -> str:
    """Without spaces and marks of direction: where letters are moved closer, a PDF has none."""
    return "".join(sign for sign in text if sign.isprintable() and not sign.isspace())


@pytest.mark.parametrize("language", OFFERED)
def test_everything_stands_on_one_page_in_its_language(
    summaries: Summaries, wording: Wording, known: Languages, case: Case, language: str
) -> None:
    made = make(summaries, wording, known, case, language)
    assert pdf.pages(made) == 1
    assert f"/Lang({language})".encode() in made
    assert b"/Marked true" in made
    assert (b"/Direction/R2L" in made) == (language == "ar")
    drawn = plain("".join(pdf.words(made)))
    summary = summaries.of(case, language)
    told = [summary.municipality, case.reference, *CONTACT.values(), "медсестрою", "Олена"]
    labels = [line.label for section in summary.sections for line in section.lines]
    labels += [section.heading for section in summary.sections] + [gap.split(" (")[0] for gap in summary.gaps]
    assert len(labels) > 20
    if language == "ar":
        wanted = Counter(letters("".join(labels)))
        assert wanted - Counter(letters(drawn)) == Counter()
    else:
        told += labels
    assert [each for each in told if plain(each) not in drawn] == []


def test_arabic_is_drawn_from_the_right(summaries: Summaries, wording: Wording, known: Languages, case: Case) -> None:
    drawn = plain("".join(pdf.words(make(summaries, wording, known, case, "ar"))))
    assert "فلملا" in drawn, "the word for a case, its last letter first: the leftmost is drawn first"
    assert plain(CONTACT["phone"]) in drawn, "digits keep their order"


def test_what_was_typed_is_never_markup(session: Session, summaries: Summaries, wording: Wording, known: Languages) -> None:
    conversation, intake = told_in_full(session, [("call_name", MARKUP, MARKUP), ("wish_year", MARKUP, MARKUP)], "uk")
    case = open_case(session, conversation, "intake", intake=intake)
    contact = open_case(session, conversation, "contact", topic=MARKUP)
    for each, times in ((case, 2), (contact, 1)):
        assert " ".join(pdf.words(make(summaries, wording, known, each, "de"))).count('#panic("x") *b* $x$') == times


def test_pictograms_and_arrows_leave_no_gaps(summaries: Summaries, wording: Wording, known: Languages, case: Case) -> None:
    """Only our fonts are used, and whatever is drawn has its letters in them."""
    made = make(summaries, wording, known, case, "de")
    assert "🏠" in " ".join(line.value for section in summaries.of(case, "de").sections for line in section.lines)
    fonts = {part.split(b"/")[0].split(b"+")[1] for part in made.split(b"/BaseFont/")[1:] if b"+" in part.split(b"/")[0]}
    assert {font.decode().removesuffix("-Identity-H") for font in fonts} <= {"NotoSans-Regular", "NotoSans-Bold"}


def test_a_long_intake_takes_two_pages_with_numbers(
    session: Session, summaries: Summaries, wording: Wording, known: Languages
) -> None:
    long = [(name, value, "дуже довга відповідь " * 40 if words else None) for name, value, words in TOLD]
    conversation, intake = told_in_full(session, long, "uk")
    made = make(summaries, wording, known, open_case(session, conversation, "intake", intake=intake), "en")
    assert pdf.pages(made) == 2
    whole = " ".join(pdf.words(made))
    assert "Page 1 of 2" in whole
    assert "Page 2 of 2" in whole


def test_languages_are_those_of_staff_and_the_newcomers_own(known: Languages) -> None:
    assert printed.languages("uk", known) == [*STAFF_LANGUAGES, "uk"]
    assert printed.languages("de", known) == list(STAFF_LANGUAGES)
    assert printed.languages("ti", known) == list(STAFF_LANGUAGES), "not offered, so its words are missing"


def test_the_fonts_are_those_of_the_list() -> None:
    listed = dict(line.split("  ")[::-1] for line in (printed.FONTS / "SHA256SUMS").read_text().splitlines())
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in printed.FONTS.glob("*.ttf")}
    assert there == listed
    assert "SIL OPEN FONT LICENSE" in (printed.FONTS / "OFL.txt").read_text("utf-8")


# ./run case show


def show(settings: Settings, reference: str, *more: str) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args(["show", reference, *more]), settings)


def test_the_command_writes_a_file_or_to_standard_output(
    database: Database, settings: Settings, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with database.session() as session:
        conversation, intake = told_in_full(session, TOLD, "uk")
        reference = open_case(session, conversation, "intake", intake=intake).reference
    show(settings, reference, "--format", "pdf", "--language", "uk")
    assert capfdbinary.readouterr().out.startswith(b"%PDF-")
    file = tmp_path / "summary.pdf"
    show(settings, reference, "--format", "pdf", "--output", str(file))
    assert "Олена" in " ".join(pdf.words(file.read_bytes()))
    assert file.stat().st_mode & 0o077 == 0
    assert capfdbinary.readouterr().out == b""
    show(settings, reference, "--format", "json", "--output", str(file))
    assert b'"reference"' in file.read_bytes()
    for wrong, told in (
        (["--language", "uk"], "choose one of de, en, nl"),
        (["--format", "pdf", "--language", "ar"], "choose one of de, en, nl, uk"),
        (["--format", "pdf", "--output", str(tmp_path)], "name another --output"),
    ):
        with pytest.raises(CommandError, match=told):
            show(settings, reference, *wrong)
