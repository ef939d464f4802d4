"""Importing pages of Integreat: what becomes of their HTML, their order and languages, and what a second import changes.

All pages are of an invented district, Musterkreis.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader
from sqlalchemy import select
from sqlalchemy.orm import Session

from desk import answer_pages
from lotse import languages
from lotse.answers import editing, importing, service
from lotse.answers.editing import TextForm
from lotse.answers.form import LONGEST_TEXT, check, tidy
from lotse.answers.importing import ImportProblem, Report
from lotse.answers.importing.integreat import Bundle, gather, name_of_town, read
from lotse.answers.importing.plain import line, plain
from lotse.answers.topics import GROUPS, own_names
from lotse.settings import ROOT, from_environment
from lotse.storage import Database
from lotse.storage.tables import Answer, AnswerDraft, AnswerImport, AnswerText, Municipality, Staff
from tests.newcomer import environment
from tests.unit.conftest import CONTENT, musterstadt

KNOWN = [language.tag for language in languages.load(CONTENT / "languages.yml").all]
TIME = "2026-03-10T09:30:00+01:00"
IDS = {"de": 0, "en": 1000, "ar": 2000, "uk": 3000}


def page(number: int, language: str, path: str, title: str, content: str = "", **more: Any) -> dict[str, Any]:
    """A page as the API gives it; its translations have the numbers of `IDS` beyond it."""
    others = more.pop("others", [])
    return {
        "id": IDS[language] + number,
        "url": f"https://integreat.example/musterkreis/{language}/{path}/",
        "path": f"/musterkreis/{language}/{path}/",
        "title": title,
        "last_updated": TIME,
        "modified_gmt": TIME,
        "excerpt": "",
        "content": content,
        "parent": {"id": 7, "path": None},
        "order": number,
        "available_languages": {tag: {"id": IDS[tag] + number, "url": "", "path": ""} for tag in others},
        "thumbnail": None,
        **more,
    }


def german() -> list[dict[str, Any]]:
    """A small district: two chapters, a page on its own."""
    return [
        page(1, "de", "gesundheit", "Gesundheit", others=["en"]),
        page(
            2,
            "de",
            "gesundheit/zahnarzt",
            "Zahnarzt",
            "<p>Rufen Sie vorher an.</p><p>Nehmen Sie die Karte mit.</p>",
            others=["en"],
        ),
        page(3, "de", "gesundheit/apotheke", "Apotheke", "<p>Die Apotheke hat auch Salbe.</p>"),
        page(4, "de", "wohnen", "Wohnen", "<p>Alles über Wohnungen.</p>"),
        page(5, "de", "wohnen/muell", "Müll & Tonnen", "<p>Die Tonne ist grün.</p>", others=["en"]),
        page(6, "de", "notruf", "Notruf", "<p>Wählen Sie 112.</p>"),
        page(7, "de", "gesundheit/plan", "Plan", '<p><img src="plan.png" alt="Plan"></p>'),
    ]


def english() -> list[dict[str, Any]]:
    """Translations of some of its pages; that of the bins names no other language."""
    return [
        page(1, "en", "health", "Health", others=["de"]),
        page(2, "en", "health/dentist", "Dentist", "<p>Call first.</p><p>Take the card with you.</p>", others=["de"]),
        page(5, "en", "living/bins", "Bins", "<p>The bin is green.</p>"),
    ]


def gathered(*files: list[dict[str, Any]], source: str = "de") -> Bundle:
    return gather([read(f"{number}.json", data, KNOWN) for number, data in enumerate(files)], source, "Musterkreis")


# HTML to text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Eins</p><p>Zwei</p>", "Eins\n\nZwei"),
        ("<p>Eins<br>Zwei<br><br>Drei</p>", "Eins\nZwei\n\nDrei"),
        ("  <div><div>Eins</div>zwei <b>drei</b></div>", "Eins\n\nzwei drei"),
        ("<h2>Kosten</h2><p>Nichts.</p><hr><p>Ende</p>", "Kosten\nNichts.\n\nEnde"),
        ("<p><strong>Kosten</strong></p><p>Nichts.</p>", "Kosten\nNichts."),
        ("<p><strong>Das ist ein Satz.</strong></p><p>Nichts.</p>", "Das ist ein Satz.\n\nNichts."),
        ("<h3>Nur das</h3>", "Nur das"),
        ("<p>Mitbringen:</p><ul><li>Pass</li><li>Foto</li></ul><p>Mehr</p>", "Mitbringen:\n• Pass\n• Foto\n\nMehr"),
        ("<ol><li>Anrufen</li><li>Kommen</li></ol>", "1. Anrufen\n2. Kommen"),
        ("<ul><li>Pass<ul><li>gültig<li>lesbar</ul><li>Foto</ul>", "• Pass\n– gültig\n– lesbar\n• Foto"),
        ("<ul><li><p>Eins</p><p>dazu</p></li><li></li><li>Zwei<br>auch</li></ul>", "• Eins\ndazu\n• Zwei\nauch"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "• a\n\n• b"),
        ("<li>ohne Liste", "ohne Liste"),
        (
            "<table><thead><tr><th>Tag<th>Zeit</thead><tr><td>Mo<td>8&ndash;12<tr><td>Di<td><p>14</p><p>18</p></table>",
            "Tag | Zeit\nMo | 8–12\nDi | 14 18",
        ),
        ("<table><tr><td><p>Eins</p><ul><li>a</ul></td></tr></table>", "Eins\n\n• a"),
        ("<table><tr><td>a<td><table><tr><td>b<td>c</table></table>nach", "a | b | c\n\nnach"),
        ("<dl><dt>Bus</dt><dd>Linie 7</dd></dl>", "Bus\nLinie 7"),
        ("Tom &amp; Jerry &lt;3 &#8222;gut&#8220;&nbsp;!", "Tom & Jerry <3 „gut“ !"),
        ("Wohnungs\u00adgeber\u200b \ufeffBe\u2060stätigung\ue001", "Wohnungsgeber Bestätigung"),
        ("می\u200cخواهم \u200cx\u200d y", "می\u200cخواهم x y"),
        ("<p>عربي \u202eabc\u202c</p>", "عربي abc"),
        ("a\x00b\x07c&#1;&#x202e;", "abc"),
        ("<div><p>Eins<p>Zwei</b></div><i>drei", "Eins\n\nZwei\n\ndrei"),
        ("<!-- weg --><p hidden>weg</p><p style='display: none'>weg</p><noscript>weg</noscript>da", "da"),
        ("", ""),
        ("<frameset><frame src=x></frameset>", ""),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert plain(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://amt.example/x">Amt</a>.', "Amt (https://amt.example/x)."),
        ('<a href="https://amt.example/x">zum Amt: </a>ja', "zum Amt (https://amt.example/x): ja"),
        ('<a href="https://www.amt.example/">www.amt.example</a>', "www.amt.example"),
        ('<a href="http://amt.example">https://amt.example/</a>', "https://amt.example/"),
        ('<a href="www.amt.example">Amt</a>', "Amt (https://www.amt.example)"),
        ('<a href="../muell/?a=1#b">Müll</a>', "Müll (https://kreis.example/de/muell/?a=1#b)"),
        ('<a href="https://amt.example/a_(b)#:~:text=x">Amt</a>', "Amt (https://amt.example/a_%28b%29)"),
        ('<a href="mailto:a@amt.example?subject=x">a@amt.example</a>', "a@amt.example"),
        ('<a href="mailto:a@amt.example">Schreiben Sie</a>', "Schreiben Sie (a@amt.example)"),
        ('<a href="https://amt.example/mailto:">a@amt.example</a>', "a@amt.example"),
        ('<a href="mailto:a@\u200bamt.example">a@amt.example</a>', "a@amt.example"),
        ('<a href="tel:+49123456789">0123 456789</a>', "0123 456789"),
        ('<a href="tel:0123%20456789">Anrufen</a>', "Anrufen (0123 456789)"),
        ('<a href="javascript:alert(1)">Klick</a>', "Klick"),
        ('<a href=" java\nscript:alert(1)">Klick</a>', "Klick"),
        ('<a href="data:text/html,x">Klick</a> <a href="#oben">oben</a> <a>nichts</a>', "Klick oben nichts"),
        ('<a href="https://amt.example/x"><img src="x.png" alt="Bild"></a>Text', "Text"),
        ('<a href="https://www.google.de/maps/place/x">Ringstraße 1</a>', "Ringstraße 1"),
        ('<a href="https://goo.gl/maps/x">Plan</a>', "Plan (https://goo.gl/maps/x)"),
        ('<a href="https://amt.example/x"><p>Amt</p></a><p>mehr</p>', "Amt (https://amt.example/x)\n\nmehr"),
        ('<a href="https://[kaputt">Amt</a> <a href="https://u:p@amt.example">Amt</a>', "Amt Amt"),
    ],
)
def test_links_are_kept_where_the_text_does_not_say_them(html: str, text: str) -> None:
    assert plain(html, "https://kreis.example/de/wohnen/") == text


def test_nothing_that_runs_gets_through() -> None:
    html = """<script>alert(1)</script><style>p {}</style><p onclick="alert(2)">Text<iframe src="https://x.example">alt</iframe>
      <svg><script>alert(3)</script><text>Bild</text></svg><img src=x onerror=alert(4)><object data=x>alt</object>
      <template><p>alert(5)</p></template><textarea>alert(6)</textarea><scr<script>ipt>harmlos</script>ok"""
    text = plain(html)
    assert "alert" not in text
    assert text.startswith("Text")
    assert not set("<>") & set(text.replace("ipt>", ""))


def test_pages_may_be_nested_deep() -> None:
    assert plain("<div>" * 5_000 + "tief") == "tief"
    assert plain("<ul><li>" * 500 + "tief") == "– tief"


@given(st.text(alphabet=st.sampled_from("ab <>/&;#\n\u200b\u202eب\"'=pliuoadivhrtx1:.")))
@hypothesis_settings(derandomize=True)
def test_any_text_is_read_and_stays_as_the_desk_would_keep_it(html: str) -> None:
    text = plain(html)
    form = editing.Form(texts={"de": TextForm("Titel", text)})
    if text:
        tidied = tidy(form).texts["de"].text
        assert tidy(editing.Form(texts={"de": TextForm("Titel", tidied)})).texts["de"].text == tidied


def test_a_title_is_one_line() -> None:
    assert line(" Müll &amp;\nTonnen\u200b ") == "Müll & Tonnen"
    assert line("Preise < 100 Euro") == "Preise < 100 Euro"


# pages to answers


def test_pages_become_answers_under_their_chapters() -> None:
    bundle = gathered(german())
    found = {answer.source_id: answer for answer in bundle.answers}
    assert list(found) == ["2", "3", "4", "5", "6"]
    assert {number: answer.topic for number, answer in found.items()} == {
        "2": "gesundheit", "3": "gesundheit", "4": "wohnen", "5": "wohnen", "6": "notruf",
    }  # fmt: skip
    assert {slug: chapter.parent for slug, chapter in bundle.chapters.items()} == {
        "gesundheit": None, "wohnen": None, "notruf": None,
    }  # fmt: skip
    dentist = found["2"]
    assert (dentist.checked_on, dentist.review_on) == (date(2026, 3, 10), date(2027, 3, 10))
    assert dentist.source_name == "Integreat Musterkreis"
    assert dentist.source_url == "https://integreat.example/musterkreis/de/gesundheit/zahnarzt/"
    assert dentist.texts["de"].text == "Rufen Sie vorher an.\n\nNehmen Sie die Karte mit."
    assert dentist.texts["de"].status == "reviewed"
    assert found["5"].texts["de"].title == "Müll & Tonnen"
    assert [(each.page, each.title) for each in bundle.left_out] == [(7, "Plan")]


def test_translations_are_linked_in_either_direction() -> None:
    bundle = gathered(german(), english())
    found = {answer.source_id: answer for answer in bundle.answers}
    assert list(found) == ["2", "3", "4", "5", "6"]
    assert {tag: text.title for tag, text in found["2"].texts.items()} == {"de": "Zahnarzt", "en": "Dentist"}
    assert {tag: text.title for tag, text in found["5"].texts.items()} == {"de": "Müll & Tonnen", "en": "Bins"}
    assert found["5"].texts["en"].status == "draft"
    assert bundle.chapters["gesundheit"].titles == {"de": "Gesundheit", "en": "Health"}
    only_english = gathered(english())
    assert [answer.source_id for answer in only_english.answers] == ["2", "1005"]  # nobody told the second one's German page


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_files_may_come_in_any_order(order: tuple[int, int]) -> None:
    files = [german(), english()]
    bundle = gathered(*(files[number] for number in order))
    assert sorted(answer.source_id for answer in bundle.answers) == ["2", "3", "4", "5", "6"]


def test_translations_are_read_as_object_and_as_text() -> None:
    files = german(), english()
    for data in files:
        for each in data:
            each["available_languages"] = repr(each["available_languages"])
            each["parent"] = repr(each["parent"])
    assert gathered(*files) == gathered(german(), english())


def test_pages_of_a_third_language_meet_by_one_that_is_not_there() -> None:
    ukrainian = [page(2, "uk", "здоровя/стоматолог", "Стоматолог", "<p>Зателефонуйте.</p>", others=["de"])]
    bundle = gathered([english()[1]], ukrainian)
    assert [(answer.source_id, sorted(answer.texts)) for answer in bundle.answers] == [("2", ["en", "uk"])]


def test_two_pages_cannot_be_the_same_translation() -> None:
    twice = [*english(), page(8, "en", "health/teeth", "Teeth", "<p>Brush.</p>")]
    twice[-1]["available_languages"] = {"de": {"id": 2}}
    found = {answer.source_id: answer for answer in gathered(german(), twice).answers}
    assert found["2"].texts["en"].title == "Dentist"  # both sides say so
    assert found["1008"].texts["en"].title == "Teeth"


def test_an_older_translation_is_outdated() -> None:
    data = english()
    data[1]["last_updated"] = "2026-01-10T09:30:00+01:00"
    assert next(each for each in gathered(german(), data).answers if each.source_id == "2").texts["en"].status == "outdated"


def test_a_missing_parent_is_stepped_over() -> None:
    data = [
        page(1, "de", "a", "Oben"),
        page(3, "de", "a/weg/c", "Unten", "<p>Text</p>"),
        page(4, "de", "weg/d", "Allein", "<p>Text</p>"),
    ]
    bundle = gathered(data)
    assert [answer.topic for answer in bundle.answers] == ["oben", "allein"]


def test_a_parent_may_be_named_by_its_path_only() -> None:
    data = [
        page(1, "de", "a", "Oben"),
        page(2, "de", "b", "Anders", "<p>Text</p>", parent={"id": 9, "path": "/musterkreis/de/a/"}),
    ]
    assert gathered(data).answers[0].topic == "oben"


def test_cycles_end() -> None:
    data = [
        page(1, "de", "a", "Eins", "<p>x</p>", parent={"path": "/musterkreis/de/b/"}),
        page(2, "de", "b", "Zwei", "<p>x</p>", parent={"path": "/musterkreis/de/a/"}),
        page(3, "de", "c", "Drei", "<p>x</p>", parent={"path": "/musterkreis/de/c/"}),
    ]
    bundle = gathered(data)
    assert len(bundle.answers) == 3
    assert {slug: chapter.parent for slug, chapter in bundle.chapters.items()} == {"zwei": None, "drei": None}
    assert own_names({"topics": {"a": {"parent": "b"}, "b": {"parent": "a"}}}, ["de"]) == {"a": "b › a", "b": "a › b"}


def test_slugs_are_ascii_unique_and_not_those_of_every_town() -> None:
    titles = ["Übergänge & Größe", "Übergänge, Größe", "Doctor", "24 Stunden", "الصحة", "x" * 200, "x" * 190]
    data = [each for n, title in enumerate(titles, 1) for each in (
        page(n, "de", f"p{n}", title), page(100 + n, "de", f"p{n}/q", "Seite", "<p>Text</p>"),
    )]  # fmt: skip
    slugs = list(gathered(data).chapters)
    assert slugs == [
        "uebergaenge_groesse", "uebergaenge_groesse_2", "doctor_2", "chapter_24_stunden", "chapter_5", "x" * 80, "x" * 78 + "_2",
    ]  # fmt: skip
    assert not {topic for topics in GROUPS.values() for topic in topics} & set(slugs)


def test_same_titles_stay_apart() -> None:
    data = [page(n, "de", f"ort-{n}", f"Ort {n}") for n in (1, 2)]
    data += [page(10 + n, "de", f"ort-{n}/rathaus", "Rathaus", f"<p>Platz {n}</p>") for n in (1, 2)]
    assert [(answer.source_id, answer.topic) for answer in gathered(data).answers] == [("11", "ort_1"), ("12", "ort_2")]


def test_a_first_line_that_repeats_the_title_goes() -> None:
    data = [
        page(1, "de", "bus", "Bus & Bahn", "<h2>Bus &amp; Bahn</h2><p>Fahren Sie mit.</p>"),
        page(2, "de", "rad", "Rad", "<p>Rad</p>"),
    ]
    assert [answer.texts["de"].text for answer in gathered(data).answers] == ["Fahren Sie mit.", "Rad"]


def test_the_towns_name_is_as_its_pages_write_it() -> None:
    pages = read("x", [page(1, "de", "a", "Im Bad-Süßen Kreis", "<p>Bad Süßen grüßt. BAD SÜSSEN! Bad Süßen.</p>")], KNOWN)
    assert name_of_town("bad-suessen", pages) == "Bad Süßen"
    assert name_of_town("neu-ort", pages) == "Neu Ort"


def wrong(**changes: Any) -> list[Any]:
    return [{**page(1, "de", "a", "Titel", "<p>Text</p>"), **changes}]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "no list of pages"),
        ([], "no page in it"),
        (["x"], "page number 1: it is no object"),
        (wrong(id=None), "page number 1: `id`"),
        (wrong(id=True), "`id`"),
        (wrong(path="/a/"), "page 1: `path`"),
        (wrong(path=None), "page 1: `path` is missing"),
        (wrong(title="  "), "page 1: `title` is missing"),
        (wrong(title="\u200b"), "page 1: it has no title"),
        (wrong(content=5), "page 1: `content`"),
        (wrong(last_updated="gestern"), "page 1: `last_updated`"),
        (wrong(last_updated="0001-01-01"), "page 1: `last_updated`"),
        (wrong(available_languages="{'en': "), "page 1: `available_languages` cannot be read"),
        (wrong(available_languages="__import__('os')"), "page 1: `available_languages` cannot be read"),
        (wrong(available_languages=[1]), "page 1: `available_languages` has to be"),
        (wrong(path="/musterkreis/xx/a/"), "languages.yml"),
        (wrong() + wrong(), "page 1: it stands in the file twice"),
        ([*wrong(), page(2, "en", "b", "Title")], "page 1002: it is of musterkreis/en"),
    ],
)
def test_a_bad_file_is_named_with_page_and_remedy(data: Any, said: str) -> None:
    with pytest.raises(ImportProblem) as problem:
        read("seiten.json", data, KNOWN)
    assert str(problem.value).startswith("seiten.json: ")
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    "changes", [{"content": None}, {"parent": None}, {"available_languages": []}, {"url": "kaputt"}, {"id": "1"}]
)
def test_what_may_be_missing(changes: dict[str, Any]) -> None:
    assert read("x", wrong(**changes), KNOWN)[0].id == 1


def test_files_must_fit_together() -> None:
    with pytest.raises(ImportProblem, match="it is in de, as is"):
        gathered(german(), german())
    other = [{**page(9, "en", "a", "Title"), "path": "/anderswo/en/a/"}]
    with pytest.raises(ImportProblem, match="region"):
        gathered(german(), other)
    with pytest.raises(ImportProblem, match="same id"):
        gathered(german(), [{**page(9, "en", "a", "Title"), "id": 2}])


# into the database


def imported(session: Session, *files: list[dict[str, Any]], many: bool = False) -> Report:
    """Import into Musterkreis, which is made the first time."""
    pages = [read(f"{number}.json", data, KNOWN) for number, data in enumerate(files)]
    town = session.scalar(select(Municipality).where(Municipality.slug == "musterkreis"))
    created = town is None
    if town is None:
        town = importing.new_town("musterkreis", "Musterkreis", "DE", pages[0][0].language)
        session.add(town)
        session.flush()
    report = importing.store(session, town, importing.plan(session, pages, town), created=created, many=many)
    session.expire_all()
    return report


def town_of(session: Session) -> Municipality:
    return session.scalars(select(Municipality).where(Municipality.slug == "musterkreis")).one()


def answer_of(session: Session, source_id: str) -> Answer:
    return session.scalars(
        select(Answer).where(Answer.municipality_id == town_of(session).id, Answer.source_id == source_id)
    ).one()


def texts(answer: Answer) -> dict[str, AnswerText]:
    return {text.language: text for text in answer.texts}


def counts(report: Report) -> dict[str, int]:
    return {name: count for name, count in report.answers.items() if count}


def test_a_new_town_has_what_the_bot_needs(session: Session) -> None:
    report = imported(session, german(), english())
    assert report.created
    town = town_of(session)
    sample = musterstadt(session)
    told_by_the_town = {"controller", "data_protection_officer", "complaint", "retention", "reminder_hours"}  # else a default
    assert set(sample.details) - set(town.details) - told_by_the_town == set()
    assert (town.country, town.time_zone, town.official_key) == ("DE", "Europe/Berlin", None)
    assert town.details["language"] == "de"
    assert town.content_version == 1
    assert importing.new_town("x", "X", "NL", "nl").time_zone == "Europe/Amsterdam"
    assert importing.new_town("x", "X", "ES", "es").time_zone == "Europe/Madrid"
    assert town.details["topics"]["gesundheit"] == {
        "parent": None,
        "titles": {"de": "Gesundheit", "en": "Health"},
        "source_id": "1",
        "pages": {"de": "musterkreis/de/gesundheit", "en": "musterkreis/en/health"},
    }
    assert counts(report) == {"added": 5}
    assert (report.languages, report.texts) == ({"de": 7, "en": 3}, {"de": 5, "en": 2})


def test_imported_answers_are_published_and_can_be_edited(session: Session) -> None:
    imported(session, german(), english())
    answers = session.scalars(select(Answer).where(Answer.municipality_id == town_of(session).id)).all()
    for answer in answers:
        form = editing.form_of(answer, None)
        assert answer.status == "published"
        assert answer.owner == "Musterkreis"
        assert check(tidy(form)) == []
        assert tidy(form) == form
    shown = service.published(session, town_of(session).id)
    assert len(shown) == 7
    assert {text.topic for text in shown} == {"Gesundheit", "Health", "Wohnen", "Notruf", ""}


def test_the_same_again_changes_nothing(session: Session) -> None:
    imported(session, german(), english())
    version = town_of(session).content_version
    moments = session.scalars(select(AnswerImport.at)).all()
    report = imported(session, german(), english())
    assert counts(report) == {"unchanged": 5}
    assert town_of(session).content_version == version
    assert session.scalars(select(AnswerImport.at)).all() == moments


def test_what_changed_is_written_and_nothing_else(session: Session) -> None:
    imported(session, german(), english())
    texts(answer_of(session, "2"))["de"].questions = ["zahn tut weh"]
    data = german()
    data[1] |= {"content": "<p>Kommen Sie einfach.</p>", "last_updated": "2026-04-01T00:00:00+02:00", "title": "Zahnärztin"}
    report = imported(session, data)
    assert counts(report) == {"updated": 1, "unchanged": 4}
    answer = answer_of(session, "2")
    assert texts(answer)["de"].text == "Kommen Sie einfach."
    assert texts(answer)["de"].questions == ["zahn tut weh"]
    assert texts(answer)["en"].text.startswith("Call first.")
    assert texts(answer)["en"].status == "outdated"  # it did not come along
    assert (answer.checked_on, answer.review_on) == (date(2026, 4, 1), date(2027, 4, 1))
    assert town_of(session).content_version == 2


def test_languages_may_come_later(session: Session) -> None:
    imported(session, german())
    report = imported(session, english())
    assert counts(report) == {"updated": 1, "added": 1, "unchanged": 4}  # the bins name no other language
    answer = answer_of(session, "2")
    assert answer.source_url.endswith("/de/gesundheit/zahnarzt/")
    assert (answer.topic, texts(answer)["en"].title) == ("gesundheit", "Dentist")
    report = imported(session, german(), english())
    assert set(texts(answer_of(session, "5"))) == {"de", "en"}
    assert answer_of(session, "1005").status == "retired"
    assert counts(report) == {"updated": 1, "unchanged": 4, "retired": 1}
    assert town_of(session).details["topics"]["gesundheit"]["titles"] == {"de": "Gesundheit", "en": "Health"}


def test_an_answer_keeps_its_id_when_its_source_page_comes(session: Session) -> None:
    alone = [page(8, "en", "health/eyes", "Eyes", "<p>See.</p>")]
    imported(session, german(), [*english(), *alone])
    before = answer_of(session, "1008").id
    source = page(8, "de", "gesundheit/augen", "Augen", "<p>Sehen.</p>", others=["en"])
    imported(session, [*german(), source], [*english(), *alone])
    assert answer_of(session, "1008").id == before
    assert set(texts(answer_of(session, "1008"))) == {"de", "en"}


def renumbered(*files: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The pages after each was saved again: every version of a page has an id of its own."""
    data = json.loads(json.dumps(files))
    for each in (each for file in data for each in file):
        each["id"] += 10_000
        for other in each["available_languages"].values():
            other["id"] += 10_000
    return data


def test_a_page_stays_the_same_when_its_id_changes(session: Session) -> None:
    imported(session, german(), english())
    before = {answer.source_id: answer.id for answer in session.scalars(select(Answer))}
    data = renumbered(german(), english())
    data[0][1]["content"] = "<p>Neu.</p>"
    report = imported(session, *data)
    assert counts(report) == {"updated": 1, "unchanged": 4}
    assert {answer.source_id: answer.id for answer in session.scalars(select(Answer))} == before
    assert texts(answer_of(session, "2"))["de"].text == "Neu."
    assert set(town_of(session).details["topics"]) == {"gesundheit", "wohnen", "notruf"}
    version = town_of(session).content_version
    assert counts(imported(session, *renumbered(*data))) == {"unchanged": 5}
    assert town_of(session).content_version == version


def test_a_page_may_move_to_another_chapter(session: Session) -> None:
    imported(session, german())
    data = renumbered(german())[0]
    data[1]["path"] = "/musterkreis/de/wohnen/zahnarzt/"
    assert counts(imported(session, data)) == {"updated": 1, "unchanged": 4}
    assert answer_of(session, "2").topic == "wohnen"


def test_files_of_different_days_fit_by_their_paths() -> None:
    [later] = renumbered(german())
    data = english()
    data[1]["available_languages"]["de"]["path"] = "/musterkreis/de/gesundheit/zahnarzt/"
    dentist = next(answer for answer in gathered(later, data).answers if answer.source_id == "10002")
    assert set(dentist.texts) == {"de", "en"}


def test_removed_pages_retire_and_come_back(session: Session) -> None:
    imported(session, german(), english())
    texts(answer_of(session, "3"))["de"].questions = ["wo gibt es salbe"]
    less = [each for each in german() if each["id"] != 3]
    assert counts(imported(session, less, english())) == {"unchanged": 4, "retired": 1}
    assert answer_of(session, "3").status == "retired"
    assert counts(imported(session, less, english())) == {"unchanged": 4}
    report = imported(session, german(), english())
    assert counts(report) == {"unchanged": 4, "published_again": 1}
    answer = answer_of(session, "3")
    assert (answer.status, texts(answer)["de"].questions) == ("published", ["wo gibt es salbe"])


def test_a_translation_that_is_gone_goes_alone(session: Session) -> None:
    imported(session, german(), english())
    texts(answer_of(session, "2"))["en"].questions = ["tooth hurts"]
    imported(session, german(), english()[:1])
    assert answer_of(session, "2").status == "published"
    row = texts(answer_of(session, "2"))["en"]
    assert (row.title, row.text, row.status, row.questions) == ("", "", "missing", ["tooth hurts"])
    assert set(texts(answer_of(session, "5"))) == {"de"}
    imported(session, german(), english())
    assert texts(answer_of(session, "2"))["en"].title == "Dentist"


def test_what_staff_retired_stays_retired(session: Session) -> None:
    imported(session, german())
    editing.retire(session, answer_of(session, "3"))
    report = imported(session, german())
    assert answer_of(session, "3").status == "retired"
    assert [note.source_id for note in report.notes] == ["3"]
    imported(session, [each for each in german() if each["id"] != 3])
    imported(session, german())
    assert answer_of(session, "3").status == "retired"


def staff(session: Session) -> str:
    member = Staff(login="a@kreis.example", name="A", password_hash="x")
    session.add(member)
    session.flush()
    return member.id


def write(session: Session, answer: Answer, publish: bool = True, topic: str = "", **texts_: TextForm) -> None:
    """What an editor does at the desk."""
    form = editing.form_of(answer, editing.draft_of(session, answer))
    form = editing.replace(form, texts={**form.texts, **texts_}, topic=topic or form.topic)
    editor = session.scalar(select(Staff.id)) or staff(session)
    editing.save_draft(session, answer, tidy(form), editor)
    if publish:
        editing.publish(session, answer, editor)
    session.expire_all()


def test_what_staff_changed_stays_and_is_told_once(session: Session) -> None:
    imported(session, german(), english())
    own = TextForm("Zahnarzt", "Unser Text.", ("zahnweh",), "reviewed")
    write(session, answer_of(session, "2"), de=own, uk=TextForm("Стоматолог", "Текст.", (), "draft"))
    same = imported(session, german(), english())
    assert (same.staff, same.notes) == (1, [])
    data = german()
    data[1]["content"] = "<p>Neu von Integreat.</p>"
    report = imported(session, data, english())
    assert [(note.source_id, note.language) for note in report.notes] == [("2", "de")]
    assert texts(answer_of(session, "2"))["de"].text == "Unser Text."
    assert texts(answer_of(session, "2"))["uk"].text == "Текст."
    again = imported(session, data, english())
    assert (again.staff, again.notes) == (1, [])
    write(session, answer_of(session, "2"), de=TextForm("Zahnarzt", "Neu von Integreat.", ("zahnweh",), "reviewed"))
    data[1]["content"] = "<p>Noch neuer.</p>"
    imported(session, data, english())
    assert texts(answer_of(session, "2"))["de"].text == "Noch neuer."  # staff took over the page's text: it follows again


def test_topic_status_and_removed_texts_of_staff_stay(session: Session) -> None:
    imported(session, german(), english())
    answer = answer_of(session, "2")
    write(session, answer, topic="doctor", en=TextForm("Dentist", texts(answer)["en"].text, (), "reviewed"))
    write(session, answer_of(session, "5"), en=TextForm())
    imported(session, german(), english())
    assert answer_of(session, "2").topic == "doctor"
    assert texts(answer_of(session, "2"))["en"].status == "reviewed"
    assert "en" not in texts(answer_of(session, "5"))


def test_a_removed_page_with_a_text_of_staff_retires_and_is_told(session: Session) -> None:
    imported(session, german())
    write(session, answer_of(session, "3"), de=TextForm("Apotheke", "Unser Text.", (), "reviewed"))
    report = imported(session, [each for each in german() if each["id"] != 3])
    assert answer_of(session, "3").status == "retired"
    assert texts(answer_of(session, "3"))["de"].text == "Unser Text."
    assert [note.source_id for note in report.notes] == ["3"]
    editing.publish(session, answer_of(session, "3"), session.scalars(select(Staff.id)).one())
    imported(session, [each for each in german() if each["id"] != 3])
    assert answer_of(session, "3").status == "published"  # staff want it


def test_a_draft_follows_where_nobody_changed_it(session: Session) -> None:
    imported(session, german(), english())
    write(session, answer_of(session, "2"), publish=False, en=TextForm("Dentist", "Ours.", (), "draft"))
    write(session, answer_of(session, "5"), publish=False, de=TextForm("Müll & Tonnen", "Unsere.", (), "draft"))
    data = german()
    data[1]["content"] = data[4]["content"] = "<p>Neu.</p>"
    report = imported(session, data, english())
    draft = editing.form_of(answer_of(session, "2"), editing.draft_of(session, answer_of(session, "2")))
    assert (draft.texts["de"].text, draft.texts["en"].text) == ("Neu.", "Ours.")
    assert [(note.source_id, note.language) for note in report.notes] == [("5", "de")]
    assert session.get_one(AnswerDraft, answer_of(session, "5").id).body["texts"]["de"]["text"] == "Unsere."


def test_chapters_keep_their_slugs(session: Session) -> None:
    imported(session, german())
    data = german()
    data[0]["title"] = "Arzt & Gesundheit"
    report = imported(session, data)
    assert town_of(session).details["topics"]["gesundheit"]["titles"] == {"de": "Arzt & Gesundheit"}
    assert town_of(session).content_version == 2  # the index knows chapters' titles
    assert counts(report) == {"unchanged": 5}
    imported(session, [each for each in data if each["id"] != 6])
    assert "notruf" in town_of(session).details["topics"]  # the retired answer has it


def test_the_desk_shows_chapters_by_their_titles(session: Session) -> None:
    data = [*german(), page(8, "de", "gesundheit/klinik", "Klinik"), page(9, "de", "gesundheit/klinik/ost", "Ost", "<p>Text</p>")]
    imported(session, data, english())
    town = town_of(session)
    names = answer_pages.own_names(town, "en")
    assert names == {"gesundheit": "Health", "wohnen": "Wohnen", "notruf": "Notruf", "klinik": "Health › Klinik"}
    rows = answer_pages.rows(session, town, "de", date(2026, 3, 11))
    assert answer_pages.own_topics(rows, names) == ["gesundheit", "wohnen", "notruf", "klinik"]
    [(group, members)] = answer_pages.by_group(rows, names)
    assert (group, [row.topic for row in members]) == ("other", ["gesundheit"] * 2 + ["wohnen"] * 2 + ["notruf", "klinik"])
    assert [row.source_id for row in answer_pages.chosen(rows, "", "klinik", names)] == ["9"]
    templates = Environment(loader=FileSystemLoader(ROOT / "desk" / "templates"), autoescape=True)
    shown = templates.from_string('{% from "answers/parts.html" import topic_name %}{{ topic_name(none, topic, [], own) }}')
    assert shown.render(topic="klinik", own=names) == "<bdi>Health › Klinik</bdi>"
    assert shown.render(topic="town_library", own=names) == "<bdi>town library</bdi>"


def test_a_topic_that_is_something_else_already_is_not_taken(session: Session) -> None:
    imported(session, german())
    town = town_of(session)
    town.details = {
        **town.details,
        "topics": {**town.details["topics"], "verkehr": {"parent": None, "titles": {"de": "Anderes"}}},
    }
    session.flush()
    imported(session, [*german(), page(8, "de", "verkehr", "Verkehr", "<p>Bus</p>")])
    assert answer_of(session, "8").topic == "verkehr_2"
    assert town_of(session).details["topics"]["verkehr"]["titles"] == {"de": "Anderes"}


def test_long_texts_are_kept_whole_and_named(session: Session) -> None:
    long = "<p>Wort wort.</p>" * (LONGEST_TEXT // 10)
    report = imported(session, [page(1, "de", "lang", "Lang", long)])
    assert len(texts(answer_of(session, "1"))["de"].text) > LONGEST_TEXT
    assert [note.source_id for note in report.notes] == ["1"]


def test_a_great_loss_has_to_be_meant(session: Session) -> None:
    many = [page(n, "de", f"s{n}", f"Seite {n}", "<p>Text</p>") for n in range(1, 61)]
    imported(session, many)
    with pytest.raises(ImportProblem, match="--retire-many"):
        imported(session, many[:10])
    translated = [page(n, "en", f"p{n}", f"Page {n}", "<p>Text</p>", others=["de"]) for n in range(1, 61)]
    imported(session, many, translated)
    with pytest.raises(ImportProblem, match="50 of 60 pages in en"):
        imported(session, many, translated[:10])
    assert counts(imported(session, many[:10], translated[:10], many=True)) == {"unchanged": 10, "retired": 50}


def test_another_region_beside_it_retires_nothing(session: Session) -> None:
    imported(session, german())
    other = [{**page(50, "de", "x", "Seite", "<p>Text</p>"), "path": "/nachbarkreis/de/x/"}]
    assert counts(imported(session, other)) == {"added": 1}
    assert answer_of(session, "2").status == "published"


def test_right_to_left(session: Session) -> None:
    arabic = [
        page(
            2,
            "ar",
            "الصحة/طبيب-الأسنان",
            "طبيب\u200f الأسنان",
            "<p>اتصل أولاً على <a href='tel:0123456'>0123456</a></p>",
            others=["de"],
        )
    ]
    imported(session, german(), arabic)
    row = texts(answer_of(session, "2"))["ar"]
    assert (row.title, row.text) == ("طبيب الأسنان", "اتصل أولاً على 0123456")


# the command


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as ./run starts it."""
    return subprocess.run(
        [sys.executable, "-m", "commands", "content", "import", *arguments],
        env=environment(home, LOTSE_MUNICIPALITY="musterkreis", OMP_NUM_THREADS="1"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two files on disk."""
    names = []
    for tag, data in (("de", german()), ("en", english())):
        (tmp_path / f"{tag}.json").write_text(json.dumps(data), "utf-8")
        names.append(str(tmp_path / f"{tag}.json"))
    return names


@pytest.mark.processes
def test_the_command(tmp_path: Path, files: list[str]) -> None:
    home = tmp_path / "home"
    done = run(home, "--from", "integreat", *files, "--municipality", "musterkreis")
    assert done.returncode == 0, done.stderr
    assert "answers added             5" in done.stdout
    assert "page 7  Plan: there is no text" in done.stdout
    again = run(home, "--from", "integreat", *files, "--municipality", "musterkreis", "--json")
    report = json.loads(again.stdout)
    assert report["answers"] == {"added": 0, "updated": 0, "unchanged": 5, "retired": 0, "published_again": 0}
    assert (report["municipality"], report["created"], report["content_version"]) == ("musterkreis", False, 1)


@pytest.mark.processes
def test_the_command_fails_with_one_line_and_leaves_nothing(tmp_path: Path, files: list[str]) -> None:
    home = tmp_path / "home"
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps([*english(), {"id": 77}]), "utf-8")
    folder = tmp_path / "none.json"
    text = tmp_path / "text.json"
    text.write_bytes(b"\xff\xfe{}")
    begun = tmp_path / "begun.json"
    begun.write_text('[{"id": 1,', "utf-8")
    town = ("--municipality", "musterkreis")
    for arguments, said in (
        ((files[0], str(broken), *town), "broken.json: page 77: `path` is missing; download the file again"),
        ((str(folder), *town), "none.json: no such file"),
        ((str(text), *town), "text.json: this is no UTF-8"),
        ((str(begun), *town), "begun.json: this is no JSON (line 1"),
        ((files[0], "--municipality", "Muster Kreis"), "--municipality"),
        ((files[0], *town, "--country", "XX"), "--country"),
    ):
        done = run(home, "--from", "integreat", *arguments)
        assert done.returncode == 1
        assert done.stdout == ""
        assert said in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
    assert not (home / "lotse.db").exists() or _towns(home) == []


def _towns(home: Path) -> list[str]:
    database = Database(from_environment({"LOTSE_HOME": str(home)}))
    with database.reading() as session:
        found = list(session.scalars(select(Municipality.slug)))
    database.engine.dispose()
    return found
