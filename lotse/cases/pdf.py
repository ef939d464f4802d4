"""The summary of a case as a PDF, for a case worker's papers or to hand out in the newcomer's own language.

Set by Typst with the fonts beside this file and no others, so it looks the same on every machine. Words reach the template
as data only: nothing that somebody typed is read as markup. The file is tagged, for screen readers.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst
from babel.dates import format_date

from lotse.cases.summary import STAFF_LANGUAGES, Change, Line, Summary
from lotse.languages import Languages
from lotse.replies import say
from lotse.wording import Wording, isolate

FONTS = Path(__file__).parent / "fonts"
TEMPLATE = Path(__file__).parent / "pdf.typ"
NOT_SHOWN_ALIKE = {0x2192: "›", 0x2190: "‹"}  # arrows, which the fonts lack
NOT_IN_FONTS = ("So", "Cs", "Co")  # categories of characters: pictograms beside choices, and what no font has
JOINERS = "\u200d\ufe0e\ufe0f\u20e3"


def languages(newcomer: str, known: Languages) -> list[str]:
    """In which languages a summary can be printed: those of staff, and the newcomer's own where it is offered."""
    offered = {language.tag for language in known.offered}
    return list(dict.fromkeys([*STAFF_LANGUAGES, *([newcomer] if newcomer in offered else [])]))


def render(summary: Summary, contact: Mapping[str, Any], wording: Wording, known: Languages, today: date) -> bytes:
    """The PDF of a summary, in its language."""
    data = json.dumps(_data(summary, contact, wording, known, today), ensure_ascii=False)
    made: bytes = typst.compile(
        str(TEMPLATE),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        format="pdf",
        pdf_standards="ua-1",
    )
    return made


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Ours and no others; reading them takes a moment."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _data(summary: Summary, contact: Mapping[str, Any], wording: Wording, known: Languages, today: date) -> dict[str, Any]:
    """What the template shows, without anything that its fonts lack."""
    language = known[summary.language]

    def text(key: str, /, **values: Any) -> str:
        return _plain(wording.render(say(f"summary.{key}", **values), summary.language))

    def day(iso: str) -> str:
        return format_date(date.fromisoformat(iso), "medium", locale=language.locale)

    responses = [line for section in summary.sections for line in section.lines if not line.suggestion]
    confirmed = {line.confirmed_at for line in responses}
    common = next(iter(confirmed)) if len(confirmed) == 1 else None

    def note(line: Line) -> str:
        told = []
        if not line.suggestion and common is None:
            key = "confirmed_by_newcomer" if line.confirmed_at else "confirmed"
            told.append(text(key, date=day(line.confirmed_at or line.given_at)))
        if line.verified_at:
            told.append(text("verified", date=day(line.verified_at), name=line.verified_by or text("somebody")))
        return " · ".join(told)

    def row(line: Line) -> dict[str, Any]:
        own = line.original is not None and any(sign.isalpha() for sign in line.original)
        return {
            "label": _plain(line.label),
            "value": _plain(line.value),
            "words": _words(line.original, line.original_tag) if own else None,
            "language": _plain(line.original_language or ""),
            "note": note(line),
        }

    def changed(change: Change) -> str:
        before, after = (each if each is not None else text("nothing") for each in (change.before, change.after))
        return f"{_plain(change.label)}: {text('change', before=before, after=after)}"

    parts = []
    if summary.changes:
        parts.append(_part(text("changes", version=summary.version), entries=[changed(each) for each in summary.changes]))
    for section in summary.sections:
        parts.append(_part(_plain(section.heading), lines=[row(line) for line in section.lines], framed=section.name == "urgent"))
    if summary.gaps:
        parts.append(_part(text("gaps"), text=_plain(", ".join(summary.gaps))))
    if summary.contradictions:
        parts.append(_part(text("contradictions"), entries=[_plain(each) for each in summary.contradictions]))
    facts = [
        summary.municipality,
        text(f"status.{summary.status}"),
        text("opened", date=summary.opened_at),
        text("speaks", language=summary.newcomer_language),
    ]
    if summary.kind != "intake":
        facts.append(text(f"kind.{summary.kind}"))
    consents = [_plain(each) for each in summary.consents]
    consents += [_plain(summary.completeness)] if summary.completeness else []
    consents += [text("all_confirmed", date=day(common))] if common else []
    return {
        "title": text("title", reference=summary.reference),
        "reference": summary.reference,
        "municipality": _plain(summary.municipality),
        "lang": summary.language.split("-")[0],
        "rtl": language.direction == "rtl",
        "facts": [_plain(each) for each in facts],
        "contact_label": text("contact"),
        "contact": [isolate(_plain(str(contact[name]))) for name in ("phone", "email") if contact.get(name)],
        "topic": _words(summary.topic, None),
        "notes": [_plain(each) for each in summary.notes],
        "consents": consents,
        "parts": parts,
        "footer": f"{text('footer')} {text('printed', date=day(today.isoformat()))}",
        "page": text("page", number="{number}", total="{total}"),
    }


def _part(heading: str, **more: Any) -> dict[str, Any]:
    """A heading with what stands under it: lines, entries of a list, or a text; a framed part is looked at first."""
    return {"heading": heading, "lines": [], "entries": [], "text": "", "framed": False, **more}


def _words(told: str | None, tag: str | None) -> dict[str, str] | None:
    """Own words with their language, by which Typst chooses direction and letter forms."""
    return None if told is None else {"text": _plain(told), "lang": (tag or "und").split("-")[0][:3]}


def _plain(text: str) -> str:
    """Words on one line, without the pictograms of choices."""
    kept = "".join(
        sign for sign in text.translate(NOT_SHOWN_ALIKE) if unicodedata.category(sign) not in NOT_IN_FONTS and sign not in JOINERS
    )
    return " ".join(kept.split())
