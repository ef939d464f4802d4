"""The questions about what is sensitive (GDPR, Art. 9), answered on a page: each theme with a consent of its own.

Of these answers no history is kept: the last ones replace those before, and a no deletes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.orm import Session

from lotse.cases.service import case_of_intake, record
from lotse.intake import relevance
from lotse.intake.questionnaire import Question, Questionnaire
from lotse.intake.runs import values
from lotse.intake.service import keep_consent
from lotse.privacy.erase import prove_consents
from lotse.storage.tables import ConsentText, Intake, Response, now

Outcome = Literal["kept", "not_kept", "removed"]
State = Literal["given", "declined"]


@dataclass(frozen=True)
class Theme:
    """The sensitive questions that one consent covers."""

    purpose: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Given:
    """What a page's form says: yes or no by purpose (missing: neither), values and own words by the question's key."""

    agreed: Mapping[str, bool]
    values: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


def themes(questionnaire: Questionnaire) -> list[Theme]:
    """All themes, in the questionnaire's order."""
    sensitive = [question for question in questionnaire.questions if question.sensitive and question.consent]
    purposes = dict.fromkeys(str(question.consent) for question in sensitive)
    return [Theme(purpose, tuple(each for each in sensitive if each.consent == purpose)) for purpose in purposes]


def to_ask(questionnaire: Questionnaire, intake: Intake) -> list[Theme]:
    """The themes with the questions that apply or may apply, depending on what is answered on the same page."""
    told = told_so_far(intake)
    open_here = {question.name for theme in themes(questionnaire) for question in theme.questions}

    def may_apply(question: Question) -> bool:
        if question.relevant is None or relevance.names(question.relevant) & open_here:
            return True
        return relevance.holds(question.relevant, told)

    found = [Theme(theme.purpose, tuple(filter(may_apply, theme.questions))) for theme in themes(questionnaire)]
    return [theme for theme in found if theme.questions]


def answer(
    session: Session,
    questionnaire: Questionnaire,
    intake: Intake,
    given: Given,
    text_of: Callable[[str], str],
    language: str,
) -> dict[str, Outcome]:
    """Keep what was told under a yes, and what becomes of each theme; `text_of` is the shown text of a purpose.

    A yes without any answer keeps nothing: there is nothing that it could allow. What was sent before goes to the guide
    at once, as a change.
    """
    before = values(intake)
    told = told_so_far(intake)
    outcomes: dict[str, Outcome] = {}
    for theme in themes(questionnaire):
        read = _read(theme, given, told) if given.agreed.get(theme.purpose) else {}
        kept = any(value is not None for value in read.values())
        had = any(before.get(question.key) is not None for question in theme.questions)
        if kept:
            _agree(session, intake, theme.purpose, text_of(theme.purpose), language)
        else:
            prove_consents(session, intake, "withdrawn", {theme.purpose})
        _replace(intake, theme, read if kept else {}, given.words, language)
        outcomes[theme.purpose] = "kept" if kept else "removed" if had else "not_kept"
    intake.touched_at = now()
    session.flush()
    _tell_guide(session, questionnaire, intake, before)
    return outcomes


def state_of(outcomes: Mapping[str, Outcome]) -> State:
    """How the question that leads to the page is answered by what was done there."""
    return "given" if "kept" in outcomes.values() else "declined"


def close(questionnaire: Questionnaire, intake: Intake, state: State, language: str) -> None:
    """Note the page's outcome as the response to the question that leads to it, where the chat does not do so itself."""
    leads = next((question for question in questionnaire.questions if question.type == "private"), None)
    if leads is not None and values(intake).get(leads.key) != state:
        intake.responses.append(_response(intake, leads.key, state, None, language))


def told_so_far(intake: Intake) -> dict[str, Any]:
    """What conditions may name, as in the chat; that there is a page is plain here."""
    return {"country": intake.municipality.country, "link": "yes"} | values(intake)


def _read(theme: Theme, given: Given, told: dict[str, Any]) -> dict[str, Any]:
    """The theme's values; of questions that do not apply none. `told` takes them up for the conditions that follow."""
    read = {}
    for question in theme.questions:
        applies = question.relevant is None or relevance.holds(question.relevant, told)
        read[question.key] = given.values.get(question.key) if applies else None
        told[question.key] = read[question.key]
    return read


def _agree(session: Session, intake: Intake, purpose: str, text: str, language: str) -> None:
    """Keep the consent, once for the same text."""
    agreed = [session.get_one(ConsentText, each.text_version).text for each in intake.consents if each.purpose == purpose]
    if text not in agreed:
        keep_consent(session, intake, purpose, text, language)


def _replace(intake: Intake, theme: Theme, read: Mapping[str, Any], words: Mapping[str, str], language: str) -> None:
    keys = {question.key for question in theme.questions}
    for response in [each for each in intake.responses if each.question in keys]:
        intake.responses.remove(response)
    for key in (question.key for question in theme.questions):
        value = read.get(key)
        intake.responses.append(_response(intake, key, value, words.get(key) if value is not None else None, language))


def _response(intake: Intake, key: str, value: Any, words: str | None, language: str) -> Response:
    """A response that was confirmed by sending the page; of an intake that is with the guide it is sent as well."""
    return Response(
        question=key,
        value=value,
        words=words,
        language=language,
        inbound_id="",
        confirmed_at=now(),
        sent_in=intake.sent or None,
    )


def _tell_guide(session: Session, questionnaire: Questionnaire, intake: Intake, before: Mapping[str, Any]) -> None:
    after = values(intake)
    keys = [question.key for theme in themes(questionnaire) for question in theme.questions]
    changed = [key for key in keys if before.get(key) != after.get(key)]
    case = case_of_intake(session, intake) if intake.sent and changed else None
    if case is not None:
        record(session, case, "amended", {"version": intake.sent, "questions": changed})
