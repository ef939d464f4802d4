"""The call of a person after a message that named danger (docs/decisions/0017-crisis-calls.md).

    offered ──yes──► called ──► acknowledged
       │ no            │ no
       ▼               ▼
    declined        declined          offered ──24 hours──► lapsed

The newcomer's words lie encrypted in the call alone, until the newcomer says no or 24 hours are over; case workers
read them only on a second yes. A press is answered by the gateway, without the engine.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher, format_number
from phonenumbers import parse as parse_number
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from lotse.answers.opening import of_staff, on_duty
from lotse.answers.showing import hours
from lotse.cases.service import draw_reference, reference_prefix
from lotse.crisis import yes_no
from lotse.crisis.lists import CrisisLists, Line
from lotse.intake import waiting
from lotse.normalise import normalise, words
from lotse.replies import Button, Reply, Say, say
from lotse.storage.tables import Case, Conversation, CrisisCall, Inbound, Municipality, now
from lotse.turns import Press

CALL, SHOW = "crisis_call", "crisis_show"  # what the bot asks: shall a person call, may they read the words
_YES_NO = {CALL: ("crisis_call", "crisis_no_call"), SHOW: ("crisis_show", "crisis_hide")}
PRESSES = tuple(value for values in _YES_NO.values() for value in values)

LAPSES_AFTER = timedelta(hours=24)
LONGEST = 4_000  # characters of words that are kept
FEWEST_DIGITS, LONGEST_WITH_NUMBER = 6, 12  # digits, words of a message that says a telephone number


def meet(session: Session, conversation: Conversation, municipality: Municipality, inbound: Inbound, lists: CrisisLists) -> Reply:
    """The fixed reply, whatever was said; the intake waits, and the words move from the conversation into a call."""
    text = str((inbound.body or {}).get("text") or "")
    inbound.body = {"text": ""}
    intake = waiting(session, conversation)
    if intake is not None:
        intake.paused = True
    call = _newest(session, conversation, CrisisCall.state == "offered", CrisisCall.created_at > now() - LAPSES_AFTER)
    if call is None:
        call = CrisisCall(conversation_id=conversation.id, municipality_id=municipality.id, words=text[:LONGEST])
        session.add(call)
        session.flush()
    else:
        call.words = f"{call.words}\n{text}"[:LONGEST]
    conversation.pending = {"kind": CALL, "call": call.id}
    return fixed_reply(lists.lines(municipality.country), call.id, intake is not None)


def fixed_reply(lines: list[Line], call_id: str, intake_waits: bool) -> Reply:
    """The same reply whatever the severity: no assessment of urgency."""
    question = _question(CALL, call_id)
    paragraphs = [say("crisis.reply"), *_numbers(lines), *question.paragraphs]
    return Reply(paragraphs, question.rows + _resume(intake_waits))


def is_answer(press: Press) -> bool:
    """Whether a button belongs to a call."""
    return press.kind == "menu" and press.value in PRESSES


def asked(conversation: Conversation, *kinds: str) -> bool:
    """Whether the bot has last asked about a call: one of these kinds, or any."""
    return (conversation.pending or {}).get("kind") in (kinds or _YES_NO)


def answer_typed(
    session: Session, conversation: Conversation, municipality: Municipality, yes: bool, lists: CrisisLists
) -> list[Reply]:
    """A typed yes or no to what was `asked`."""
    pending = conversation.pending or {}
    value = _YES_NO[pending["kind"]][0 if yes else 1]
    return answer(session, conversation, municipality, value, pending["call"], lists)


def read_typed(conversation: Conversation, text: str) -> bool | None:
    """Whether a typed message says yes or no to what was `asked`; None where that is not clear."""
    return yes_no.read(text, conversation.language) if asked(conversation) else None


def ask_again(conversation: Conversation) -> Reply:
    """The last question once more: a yes must not be taken for a no."""
    pending = conversation.pending or {}
    return _question(pending["kind"], pending["call"])


def answer(
    session: Session,
    conversation: Conversation,
    municipality: Municipality,
    value: str,
    call_id: str,
    lists: CrisisLists,
    moment: datetime | None = None,
) -> list[Reply]:
    """What follows on one of PRESSES, pressed or typed. A yes to the call counts however late it comes."""
    call = _newest(session, conversation, CrisisCall.id == call_id)
    if call is None:  # erased meanwhile
        call = CrisisCall(conversation_id=conversation.id, municipality_id=municipality.id, state="lapsed")
        if value == "crisis_call":
            session.add(call)
            session.flush()
    conversation.pending = None
    call.changed_at = now()
    intake_waits = waiting(session, conversation) is not None
    match value:
        case "crisis_call":
            return _call(session, conversation, municipality, call, lists, moment or now(), intake_waits)
        case "crisis_show" if call.words is not None and call.state in ("called", "acknowledged"):
            call.show_words = True
            return [Reply([say("crisis.shown")], _resume(intake_waits))]
        case "crisis_no_call" if call.state != "acknowledged":
            _forget_words(call)
            call.state = "declined"
            again = [Button(say("crisis.button.person"), "menu", "crisis_call", call_id)]
            return [Reply([say("crisis.not_called")], [again, *_resume(intake_waits)])]
    _forget_words(call)
    return [Reply([say("crisis.not_shown")], _resume(intake_waits))]


def may_hold_number(text: str) -> bool:
    """Whether a text is short and has digits enough for a telephone number: asked before the database is."""
    return sum(character.isdigit() for character in text) >= FEWEST_DIGITS and len(words(text)) <= LONGEST_WITH_NUMBER


def take_number(session: Session, conversation: Conversation, municipality: Municipality, text: str) -> Reply | None:
    """Keep the telephone number that somebody writes after asking for a call; None where there is nothing to keep."""
    call = _newest(
        session, conversation, CrisisCall.state.in_(("called", "acknowledged")), CrisisCall.called_at > now() - LAPSES_AFTER
    )
    found = next(iter(PhoneNumberMatcher(normalise(text), municipality.country)), None) if call is not None else None
    if call is None or found is None:
        return None
    conversation.contact = {
        "email": None,
        **(conversation.contact or {}),
        "phone": format_number(found.number, PhoneNumberFormat.E164),
    }
    call.changed_at = now()
    return Reply([say("crisis.number_noted", phone=_shown(conversation.contact["phone"]))])


def keeps_words(session: Session, conversation: Conversation) -> bool:
    """Whether words of a message that named danger are kept for the moment."""
    return _newest(session, conversation, CrisisCall.words.is_not(None)) is not None


def lapse(session: Session, moment: datetime | None = None) -> int:
    """Delete the words for which nobody said yes within 24 hours; returns how many calls that were."""
    limit = (moment or now()) - LAPSES_AFTER
    offered = update(CrisisCall).where(CrisisCall.state == "offered", CrisisCall.created_at <= limit)
    lapsed = session.execute(offered.values(state="lapsed", words=None)).rowcount  # type: ignore[attr-defined]
    unseen = or_(CrisisCall.called_at.is_(None), CrisisCall.called_at <= limit)
    silent = update(CrisisCall).where(CrisisCall.state.in_(("called", "acknowledged")), CrisisCall.show_words.is_(False), unseen)
    silent = silent.where(CrisisCall.words.is_not(None))
    return int(lapsed + session.execute(silent.values(words=None)).rowcount)  # type: ignore[attr-defined]


def _call(
    session: Session,
    conversation: Conversation,
    municipality: Municipality,
    call: CrisisCall,
    lists: CrisisLists,
    moment: datetime,
    intake_waits: bool,
) -> list[Reply]:
    if call.state not in ("called", "acknowledged"):
        call.state, call.called_at = "called", moment
        call.reference = call.reference or _reference(session, conversation, municipality)
    told: list[str | Say] = [say("crisis.called", municipality=municipality.name, reference=call.reference)]
    opening = of_staff(municipality.details)
    when = [say("crisis.read_hours", hours=hours(opening, conversation.language or "en"))] if opening else []
    if on_duty(municipality.details, municipality.time_zone, moment):
        told += [*when, say("crisis.no_promise")]
    else:
        told += [say("crisis.nobody_now"), *_numbers(lists.lines(municipality.country)), *when]
    phone = (conversation.contact or {}).get("phone")
    told.append(say("crisis.your_number", phone=_shown(phone)) if phone else say("crisis.no_number"))
    if call.words is None or call.show_words:
        return [Reply(told, _resume(intake_waits))]
    conversation.pending = {"kind": SHOW, "call": call.id}
    return [Reply(told), _question(SHOW, call.id)]


def _question(kind: str, call_id: str) -> Reply:
    yes, no = _YES_NO[kind]
    if kind == SHOW:
        rows = [[Button(say("button.yes"), "menu", yes, call_id), Button(say("button.no"), "menu", no, call_id)]]
        return Reply([say("crisis.may_show")], rows)
    person = Button(say("crisis.button.person"), "menu", yes, call_id)
    nobody = Button(say("crisis.button.nobody"), "menu", no, call_id)
    return Reply([say("crisis.safe")], [[person], [nobody]])


def _newest(session: Session, conversation: Conversation, *conditions: ColumnElement[bool]) -> CrisisCall | None:
    query = select(CrisisCall).where(CrisisCall.conversation_id == conversation.id, *conditions)
    return session.scalar(query.order_by(CrisisCall.created_at.desc()).limit(1))


def _reference(session: Session, conversation: Conversation, municipality: Municipality) -> str:
    """That of the newcomer's newest case; without a case a number of the call's own, such as M-C-7K4P."""
    newest = select(Case.reference).where(Case.conversation_id == conversation.id).order_by(Case.opened_at.desc())
    known = session.scalar(newest.limit(1))

    def is_taken(reference: str) -> bool:
        return session.scalar(select(CrisisCall.id).where(CrisisCall.reference == reference).limit(1)) is not None

    return known or draw_reference(f"{reference_prefix(municipality)}-C", is_taken)


def _forget_words(call: CrisisCall) -> None:
    call.words, call.show_words = None, False


def _numbers(lines: list[Line]) -> list[str | Say]:
    return [say("crisis.number", line=say(line.key), number=line.number) for line in lines]


def _resume(intake_waits: bool) -> list[list[Button]]:
    return [[Button(say("intake.button.resume"), "menu", "resume")]] if intake_waits else []


def _shown(phone: str) -> str:
    return format_number(parse_number(phone, None), PhoneNumberFormat.INTERNATIONAL)
