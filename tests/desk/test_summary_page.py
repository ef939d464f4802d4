"""What the case worker sees of an intake that goes on living: versions, confirmations, notes, what the newcomer changed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases import open_case
from lotse.cases.service import record
from lotse.core import Core
from lotse.privacy import withdraw
from lotse.staff import Role
from lotse.storage.tables import Case, Consent, Intake, Response, now
from tests.desk.conftest import SignedIn, make_case, staff

MARK = "changed by the newcomer"


def amend(session: Session, case: Case, **told: Any) -> None:
    """The newcomer changes responses and sends again."""
    assert case.intake is not None
    case.intake.sent += 1
    for question, value in told.items():
        case.intake.responses.append(
            Response(
                question=question,
                value=value,
                language="uk",
                inbound_id="m_2",
                sent_in=case.intake.sent,
                confirmed_at=now(),
            )
        )
    record(session, case, "amended", {"version": case.intake.sent, "questions": list(told)})


def changed(core: Core, **told: Any) -> str:
    """Reference of a case that a guide has taken and the newcomer has changed since."""
    with core.database.session() as session:
        case = make_case(session, status="open")
        record(session, case, "note", "first meeting on Monday", staff(session, "colleague"))
        amend(session, case, **told)
        return case.reference


async def test_what_changed_stands_on_the_page_before_and_after(core: Core, browser: SignedIn) -> None:
    reference = changed(core, housing="shelter", children=None, wish_year="<b>вчитися</b>")
    page = (await browser(Role.CASE_WORKER).get(f"/desk/cases/{reference}")).text
    assert "Changed in version 2" in page
    changes = page[page.index('<section class="changes">') :]
    changes = changes[: changes.index("</section>")]
    with core.database.reading() as session:
        questionnaire = core.intakes.questionnaire(session, None)
    housing = questionnaire.words_of(questionnaire.question("housing"), "en").choices
    assert f"\u2068{housing['no_place']}\u2069 → \u2068{housing['shelter']}\u2069" in changes
    assert "\u20682\u2069 → \u2068nothing\u2069" in changes
    assert "\u2068Хочу працювати медсестрою\u2069 → \u2068&lt;b&gt;вчитися&lt;/b&gt;\u2069" in changes
    assert changes.count("<dt>") == 3


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "Sent again, version 2. Changed: "), ("de", ""), ("ar", "")],
)
async def test_the_history_says_it_in_words_of_the_desks_language(
    core: Core, browser: SignedIn, language: str, told: str
) -> None:
    reference = changed(core, housing="shelter", no_question_any_more=1)
    worker = browser(Role.CASE_WORKER)
    await worker.post("/desk/language", language=language)
    page = (await worker.get(f"/desk/cases/{reference}")).text
    with core.database.reading() as session:
        questionnaire = core.intakes.questionnaire(session, None)
    short = questionnaire.words_of(questionnaire.question("housing"), language).short
    event = page[page.index('class="event-amended"') :]
    event = event[: event.index("</li>")]
    assert short in event
    assert told in event
    assert "no_question_any_more" not in event


async def test_sent_again_without_a_change(core: Core, browser: SignedIn) -> None:
    reference = changed(core)
    page = (await browser(Role.CASE_WORKER).get(f"/desk/cases/{reference}")).text
    assert "Sent again, version 2</p>" in page


async def test_the_queue_marks_what_changed_until_somebody_works_on_it(core: Core, browser: SignedIn) -> None:
    reference = changed(core, housing="shelter")
    with core.database.session() as session:
        make_case(session, status="open")
    worker = browser(Role.CASE_WORKER)
    page = (await worker.get("/desk/cases")).text
    assert page.count(MARK) == 1
    assert page.index(f'id="case-{reference}"') < page.index(MARK)
    await worker.post(f"/desk/cases/{reference}/note", text="seen")
    assert MARK not in (await worker.get("/desk/cases")).text
    with core.database.session() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        assert case.intake is not None
        withdraw(session, core.intakes.questionnaire(session, case.intake), case.intake, only_private=False)
    assert MARK in (await worker.get("/desk/cases")).text


async def test_after_a_withdrawal_nothing_is_shown_and_the_page_says_why(core: Core, browser: SignedIn) -> None:
    reference = changed(core, housing="shelter")
    with core.database.session() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        assert case.intake is not None
        withdraw(session, core.intakes.questionnaire(session, case.intake), case.intake, only_private=False)
    page = (await browser(Role.CASE_WORKER).get(f"/desk/cases/{reference}")).text
    assert "The newcomer has withdrawn the agreement" in page
    assert "Has withdrawn the agreement. The answers are no longer shown." in page
    assert "медсестрою" not in page
    assert "Олена" not in page


async def test_each_line_says_when_it_was_confirmed(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case = make_case(session, told=[("call_name", "Олена", "Олена"), ("housing", "shelter", None)])
        assert case.intake is not None
        for response in case.intake.responses:
            response.confirmed_at = now().replace(year=2026, month=11, day=3, hour=12)
        case.intake.responses[0].confirmed_at = None  # sent before confirmations were kept
        reference = case.reference
    page = (await browser(Role.CASE_WORKER).get(f"/desk/cases/{reference}")).text
    assert page.count("confirmed by the newcomer Nov 3, 2026") == 1
    assert page.count('class="given"') == 2


async def test_what_was_told_with_a_consent_of_its_own_and_what_is_left_to_the_guide(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case = make_case(session, told=[("call_name", "Олена", "Олена"), ("take_part", ["breaks"], None)])
        assert case.intake is not None
        case.intake.consents.append(Consent(purpose="take_part", text_version="2026-12", language="uk"))
        reference = case.reference
    page = (await browser(Role.CASE_WORKER).get(f"/desk/cases/{reference}")).text
    assert '<section class="section-consented">' in page
    assert "Told with a consent of its own" in page
    assert "(not asked by the bot, left to the guide)" in page


async def test_the_household_is_linked(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        mother = make_case(session)
        assert mother.intake is not None
        mother.intake.household_id = "hh_1"
        son = Intake(
            conversation_id=mother.conversation_id,
            municipality_id=mother.municipality_id,
            questionnaire="intake",
            version="1",
            status="submitted",
            sent=1,
            household_id="hh_1",
        )
        session.add(son)
        session.flush()
        names = mother.reference, open_case(session, mother.conversation, "intake", intake=son).reference
    worker = browser(Role.CASE_WORKER)
    for here, other in (names, names[::-1]):
        assert f'<a href="/desk/cases/{other}"><bdi>{other}</bdi></a>' in (await worker.get(f"/desk/cases/{here}")).text
