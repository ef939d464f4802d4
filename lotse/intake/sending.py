"""The end of an intake: what the newcomer confirmed goes to the case worker, again when it was amended."""

from __future__ import annotations

from lotse.cases import finding, likeness
from lotse.cases.service import case_of_intake, open_case, record
from lotse.intake.runs import last, sent
from lotse.replies import Button, Reply, say
from lotse.storage.tables import Case, Intake, Response, now
from lotse.turns import Turn


def send(turn: Turn, intake: Intake) -> list[Reply]:
    """Send what is new, with the newcomer's confirmation of every line; the first time a case is opened."""
    before = sent(intake)
    moment = now()
    new = [each for each in last(intake).values() if each.sent_in is None and not _same(each, before.get(each.question))]
    intake.paused = intake.amending = False
    intake.revisited = None
    if intake.sent and not new:
        return [Reply([say("intake.nothing_changed")])]
    intake.sent += 1
    for response in last(intake).values():
        response.confirmed_at = moment
        response.sent_in = response.sent_in or intake.sent
    if intake.sent == 1:
        return _first(turn, intake)
    case = case_of_intake(turn.session, intake)
    if case is not None:
        record(turn.session, case, "amended", {"version": intake.sent, "questions": [each.question for each in new]})
        _keep_marks(turn, intake, case)
    return [Reply([say("intake.sent_again", reference=case.reference if case else "")], _menu())]


def _same(response: Response, former: Response | None) -> bool:
    return former is not None and (response.value, response.words) == (former.value, former.words)


def _first(turn: Turn, intake: Intake) -> list[Reply]:
    intake.status = "submitted"
    intake.submitted_at = now()
    case = open_case(turn.session, turn.conversation, "intake", intake=intake)
    _keep_marks(turn, intake, case)
    days = int(turn.municipality.details.get("promise_days", 2))
    paragraphs = [say("intake.sent", reference=case.reference), say("intake.sent_promise", count=days), say("intake.sent_rights")]
    return [Reply([*paragraphs], _menu())]


def _keep_marks(turn: Turn, intake: Intake, case: Case) -> None:
    """By what staff find the case, and may find out that the same person has another one."""
    finding.keep(turn.session, case)
    told = {key: response.value for key, response in sent(intake).items()}
    likeness.keep(turn.session, case, turn.conversation.contact, told)


def _menu() -> list[list[Button]]:
    return [
        [Button(say("menu.button.ask"), "menu", "ask"), Button(say("menu.button.my_data"), "menu", "my_data")],
        [Button(say("intake.button.another_person"), "menu", "another_person")],
    ]
