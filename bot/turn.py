"""The gateway: one message in, one turn, messages out. Every step can be repeated after a crash.

received (stored) -> prepared (language, crisis words) -> engine -> outbox and `done` in one transaction
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.engine import Engine, EngineDown, EngineFailed
from bot.inbox import Inbox
from bot.incoming import (
    LONGEST,
    MOVE,
    asks_to_move,
    code_in,
    has_words,
    intent_of_command,
    intent_of_phrase,
    intent_of_press,
    is_start,
)
from bot.messages import IncomingMessage, State
from bot.moves import Moves
from bot.outbox import Outbox, language_switch
from bot.talks import answer_press, answer_text, is_for_bot
from lotse import privacy
from lotse.cases import appointments, talk
from lotse.core import Core
from lotse.crisis import calls
from lotse.intake import of_conversation, waiting
from lotse.languages import Choice, Identifier, choose, native
from lotse.logs import cause_of
from lotse.normalise import words
from lotse.replies import Button, Reply, from_json, say
from lotse.storage.tables import Applied, Case, Consent, Conversation, Inbound, Intake, Municipality, now
from lotse.turns import Press

DEFAULT_LANGUAGE = "en"
TRIES_OF_A_FAILING_MESSAGE = 3
SECONDS_UNTIL_APOLOGY = 8.0
SWEEP_EVERY = 2.0  # seconds
LATEST = 50  # messages among which one that was changed is looked for
PAUSES = (0.2, 0.4, 0.8, 1.5)  # seconds between tries while the engine is away

log = structlog.get_logger()


@dataclass(frozen=True)
class _Prepared:
    """What is known before the engine is asked."""

    text: str | None
    intent: str | None
    repeated: bool
    finished: bool = False  # answered without the engine
    propose: str | None = None


class Gateway:
    """All conversations of this process: one message at a time in each, conversations side by side."""

    def __init__(self, core: Core, engine: Engine, identifier: Identifier) -> None:
        self.inbox = Inbox(core)
        self._core = core
        self._engine = engine
        self._identifier = identifier
        self._outbox = Outbox(core.wording, core.languages)
        self._moves = Moves(core, self.inbox, self._outbox)
        self._offered = [language.tag for language in core.languages.offered]
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._working: Counter[str] = Counter()
        self._listeners: list[Callable[[str], None]] = []

    def when_laid(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with a conversation's id whenever something for it was laid in the outbox."""
        self._listeners.append(listener)

    async def open(self, message: IncomingMessage) -> str:
        """The conversation at an address, greeted when it is new or comes back; returns its id."""
        return await asyncio.to_thread(self.inbox.open, message)

    async def receive(self, message: IncomingMessage) -> str:
        """Work on a message once, after those before it; returns when its replies lie in the outbox."""
        conversation_id, inbound_id = await asyncio.to_thread(self.inbox.store, message)
        await self.work(conversation_id, inbound_id)
        return conversation_id

    async def work(self, conversation_id: str, inbound_id: str) -> None:
        """Work on a stored message, after those that came before it; once, however often it is called."""
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        self._working[inbound_id] += 1
        try:
            # beside the lock, not before it: the place in the queue is taken at once
            danger = asyncio.create_task(self._look_for_danger(conversation_id, inbound_id)) if lock.locked() else None
            async with lock:
                if danger is not None:
                    await danger
                await self._work(conversation_id, inbound_id)
        finally:
            self._working[inbound_id] -= 1
            if not self._working[inbound_id]:
                del self._working[inbound_id]

    async def recover(self) -> asyncio.Future[list[None]]:
        """Take up the messages that a crash left half-done, each conversation in its order.

        Returns when they stand first in their conversations; the future is done when they are answered.
        """
        waiting = await asyncio.to_thread(self._unfinished, 0.0)
        log.info("recovering", messages=len(waiting))
        return asyncio.gather(*(self._take_up(conversation_id, inbound_id) for conversation_id, inbound_id in waiting))

    async def sweep(self) -> None:
        """Take up, for ever, what another process has stored without being able to tell us."""
        swept: set[asyncio.Task[None]] = set()
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                left = await asyncio.to_thread(self._unfinished, SWEEP_EVERY)
            except Exception as error:  # the database is away for a moment
                log.error("cannot look for messages", cause=cause_of(error))
                continue
            swept = {task for task in swept if not task.done()}
            swept |= {asyncio.create_task(self._take_up(*ids)) for ids in left if ids[1] not in self._working}

    async def _look_for_danger(self, conversation_id: str, inbound_id: str) -> None:
        """Crisis words wait for no message before them, not even while the engine is away."""
        if await asyncio.to_thread(self._meet_crisis_at_once, inbound_id):
            self.laid(conversation_id)

    async def _take_up(self, conversation_id: str, inbound_id: str) -> None:
        try:
            await self.work(conversation_id, inbound_id)
        except Exception as error:  # it stays received: the next sweep tries again
            log.error("turn broke off", message=inbound_id, cause=cause_of(error))

    def state(self, session: Session, conversation_id: str) -> State:
        """Where a conversation stands."""
        conversation = session.get_one(Conversation, conversation_id)
        intake = of_conversation(session, conversation)
        question = self._core.intakes.open_question(session, conversation)
        newest = select(Case.reference).where(Case.conversation_id == conversation_id).order_by(Case.opened_at.desc())
        return State(
            language=conversation.language,
            intake=intake.status if intake else None,
            question=question.key if question else None,
            case=session.scalar(newest.limit(1)),
        )

    async def _work(self, conversation_id: str, inbound_id: str) -> None:
        prepared = await asyncio.to_thread(self._prepare, inbound_id)
        if prepared is None:
            return
        erased = False
        if not prepared.finished:
            said = await self._understood(conversation_id, inbound_id, prepared)
            if said is None:
                await asyncio.to_thread(self._give_up, inbound_id)
            else:
                erased = await asyncio.to_thread(self._finish, inbound_id, said, prepared.propose)
        self.laid(conversation_id)
        if erased:
            await asyncio.to_thread(privacy.forget_traces_or_later, self._core.database, self._core.settings)

    async def _understood(self, conversation_id: str, inbound_id: str, prepared: _Prepared) -> list[str] | None:
        """The engine's turn, tried until it is there; None for a message on which it fails."""
        started = time.monotonic()
        failures, tries, apologised = 0, 0, False
        while True:
            try:
                repeated = prepared.repeated or tries > 0
                return await self._engine.turn(conversation_id, inbound_id, prepared.text, prepared.intent, repeated=repeated)
            except EngineFailed as error:
                failures += 1
                log.error("turn failed", message=inbound_id, cause=str(error), failures=failures)
                if failures >= TRIES_OF_A_FAILING_MESSAGE:
                    return None
            except EngineDown as error:
                if tries == 0:
                    log.warning("engine away", message=inbound_id, cause=str(error))
            if not apologised and time.monotonic() - started > SECONDS_UNTIL_APOLOGY:
                apologised = True
                await asyncio.to_thread(self._apologise, inbound_id)
                self.laid(conversation_id)
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    def laid(self, conversation_id: str) -> None:
        """Tell the channels that something for a conversation was laid in the outbox."""
        for listener in self._listeners:
            listener(conversation_id)

    # before the engine

    def _prepare(self, inbound_id: str) -> _Prepared | None:
        """Language, crisis words and all that needs no engine; None for a message that is done already."""
        with self._core.database.session() as session:
            inbound = session.scalars(select(Inbound).where(Inbound.id == inbound_id)).one_or_none()
            if inbound is None or inbound.state != "received":
                return None
            conversation = session.get_one(Conversation, inbound.conversation_id)
            inbound.attempts += 1
            repeated = inbound.attempts > 1
            body = inbound.body or {}
            pressed = body.get("press")
            if pressed:
                press = Press(pressed["kind"], pressed["value"], pressed["about"])
                return self._prepare_press(session, conversation, inbound, press, repeated)
            return self._prepare_text(session, conversation, inbound, body.get("text", ""), repeated)

    def _prepare_press(
        self, session: Session, conversation: Conversation, inbound: Inbound, press: Press, repeated: bool
    ) -> _Prepared:
        if press.kind == "unknown":
            menu = [[Button(say("menu.button.menu"), "menu", "menu")]]
            return self._answered(session, conversation, inbound, [Reply([say("button.old")], menu)])
        if calls.is_answer(press):  # needs no engine: it must work while that is away
            municipality = session.get_one(Municipality, conversation.municipality_id)
            replies = calls.answer(session, conversation, municipality, press.value, press.about, self._core.crisis)
            return self._answered(session, conversation, inbound, replies)
        if press.kind == "menu" and press.value == appointments.PRESS:
            url = self._core.settings.public_url
            return self._answered(session, conversation, inbound, appointments.answer(session, conversation, press.about, url))
        about_talk = answer_press(session, conversation, press)
        if about_talk is not None:
            return self._answered(session, conversation, inbound, about_talk)
        if press.kind == "menu" and press.value == MOVE:
            return self._answered(session, conversation, inbound, [self._moves.offer(session, conversation)])
        if press.kind == "language" and press.value in self._offered:
            conversation.language, conversation.language_chosen = press.value, True
        if (conversation.pending or {}).get("kind") == "topic" and press.value != "no_topic":
            conversation.pending = None
        return _Prepared(None, intent_of_press(press), repeated)

    def _prepare_text(
        self, session: Session, conversation: Conversation, inbound: Inbound, text: str, repeated: bool
    ) -> _Prepared:
        code = code_in(text)  # before all else: it is in no language, and names nothing
        if code:
            return self._answered(session, conversation, inbound, self._moves.arrive(session, conversation, inbound, code))
        if asks_to_move(text):
            return self._answered(session, conversation, inbound, [self._moves.offer(session, conversation)])
        guess = self._identifier.identify(text, conversation.language) if has_words(text) else None
        choice = choose(
            current=conversation.language,
            chosen=conversation.language_chosen,
            guess=guess,
            words=len(words(text)),
            offered=self._offered,
            declined=conversation.language_declined,
            default=DEFAULT_LANGUAGE,
            under_way=waiting(session, conversation) is not None,
        )
        if choice.propose and self._identifier.is_strange(text, choice.propose):
            choice = Choice(choice.speak)
        conversation.language = choice.speak
        inbound.language = guess.tag if guess and guess.confidence >= 0.6 else None
        if self._core.crisis.names_danger(text):
            return self._meet_crisis(session, conversation, inbound)
        about_call = self._about_call(session, conversation, text)
        if about_call:
            return self._answered(session, conversation, inbound, about_call)
        media = (inbound.body or {}).get("media")
        if media == "edited" and talk.open_in(session, conversation) is None:
            return self._answered(session, conversation, inbound, [self._edited(session, conversation, inbound, text)])
        if media and media != "edited" and not repeated:
            self._outbox.put(session, conversation, Reply([say(f"media.{media}")]), inbound)
        if media and not has_words(text):
            return self._answered(session, conversation, inbound, [])
        person = talk.open_in(session, conversation)
        if person is not None and not is_for_bot(conversation, text):
            return self._answered(session, conversation, inbound, answer_text(session, person, inbound, text))
        if is_start(text):
            self.inbox.greet(session, conversation)
            return self._answered(session, conversation, inbound, [])
        if not has_words(text):
            return self._answered(session, conversation, inbound, [Reply([say("problem.empty")])])
        if (inbound.body or {}).get("cut") and not repeated:
            self._outbox.put(session, conversation, Reply([say("problem.too_long", most=LONGEST)]), inbound)
        topic = "tell_topic" if (conversation.pending or {}).get("kind") == "topic" else None
        if choice.propose:  # proposed once; not wanted, it is not proposed again
            conversation.language_declined = choice.propose
        understood = native(text, guess.tag if guess else choice.speak)  # for the engine only: the stored words stay as typed
        return _Prepared(understood, intent_of_command(text) or topic or intent_of_phrase(text), repeated, propose=choice.propose)

    def _edited(self, session: Session, conversation: Conversation, inbound: Inbound, text: str) -> Reply:
        """A changed message changes the response that it was, if it was one in own words; no other is read again."""
        number = (inbound.body or {}).get("number")
        earlier = select(Inbound).where(Inbound.conversation_id == conversation.id, Inbound.number < inbound.number)
        latest = session.scalars(earlier.order_by(Inbound.number.desc()).limit(LATEST))
        original = next((each for each in latest if number is not None and (each.body or {}).get("number") == number), None)
        changed = self._core.intakes.edit(session, conversation, original.id, text) if original and has_words(text) else None
        return changed or Reply([say("media.edited")])

    def _meet_crisis(self, session: Session, conversation: Conversation, inbound: Inbound) -> _Prepared:
        """The fixed reply, whatever came before."""
        municipality = session.get_one(Municipality, conversation.municipality_id)
        body, person = inbound.body, talk.open_in(session, conversation)
        reply = calls.meet(session, conversation, municipality, inbound, self._core.crisis)
        if person is not None:  # it was written to them: it reaches them, and not the call alone
            inbound.body = body
            talk.take(session, person, inbound, now())
        return self._answered(session, conversation, inbound, [reply])

    def _about_call(self, session: Session, conversation: Conversation, text: str) -> list[Reply]:
        """Replies to a clear yes or no to a call, and to the number to call; nothing where the intake asks."""
        yes = calls.read_typed(conversation, text)
        if yes is None and not calls.may_hold_number(text):
            return []
        if self._core.intakes.open_question(session, conversation) is not None:
            return []
        municipality = session.get_one(Municipality, conversation.municipality_id)
        if yes is not None:
            return calls.answer_typed(session, conversation, municipality, yes, self._core.crisis)
        noted = calls.take_number(session, conversation, municipality, text)
        return [noted] if noted else []

    def _meet_crisis_at_once(self, inbound_id: str) -> bool:
        """Answer a message if it names danger; whether it did."""
        with self._core.database.session() as session:
            inbound = session.scalars(select(Inbound).where(Inbound.id == inbound_id)).one_or_none()
            text = (inbound.body or {}).get("text") if inbound is not None and inbound.state == "received" else None
            if inbound is None or not text or not self._core.crisis.names_danger(text):
                return False
            self._meet_crisis(session, session.get_one(Conversation, inbound.conversation_id), inbound)
            return True

    def _answered(self, session: Session, conversation: Conversation, inbound: Inbound, replies: list[Reply]) -> _Prepared:
        for reply in replies:
            self._outbox.put(session, conversation, reply, inbound)
        self._close(session, inbound, "done")
        return _Prepared(None, None, False, finished=True)

    # after the engine

    def _finish(self, inbound_id: str, said: list[str], propose: str | None) -> bool:
        """Lay what was said in the outbox and end the turn; whether it erased what the newcomer had told."""
        with self._core.database.session() as session:
            inbound = session.scalars(select(Inbound).where(Inbound.id == inbound_id)).one_or_none()
            if inbound is None or inbound.state != "received":
                return False
            conversation = session.get_one(Conversation, inbound.conversation_id)
            records = {record.id: record for record in session.scalars(select(Applied).where(Applied.inbound_id == inbound_id))}
            for identifier in dict.fromkeys(said):
                for reply in records[identifier].result["replies"] if identifier in records else []:
                    self._outbox.put(session, conversation, from_json(reply), inbound)
            if propose and conversation.language:
                name = self._core.languages[conversation.language].name
                self._outbox.put(session, conversation, language_switch(propose, conversation.language, name), inbound, propose)
            erased = any(record.result["data"].get("erased") for record in records.values())
            self._close(session, inbound, "done")
            if erased:  # before the commit: a turn that breaks off here is repeated
                privacy.forget_tracker(self._core.settings.tracker_url, conversation.id)
            return erased

    def _close(self, session: Session, inbound: Inbound, state: str) -> None:
        """The turn is over. Without an agreement to keep them, the newcomer's words end here; a person has to read theirs."""
        session.execute(delete(Applied).where(Applied.inbound_id == inbound.id))
        agreed = select(Consent.id).join(Intake).where(Intake.conversation_id == inbound.conversation_id)
        if inbound.case_id is None and session.scalar(agreed.limit(1)) is None:
            inbound.body = None
        inbound.state = state

    def _give_up(self, inbound_id: str) -> None:
        with self._core.database.session() as session:
            inbound = session.scalars(select(Inbound).where(Inbound.id == inbound_id)).one()
            conversation = session.get_one(Conversation, inbound.conversation_id)
            person = [[Button(say("menu.button.person"), "menu", "person")]]
            self._outbox.put(session, conversation, Reply([say("problem.failed")], person), inbound)
            self._close(session, inbound, "failed")

    def _apologise(self, inbound_id: str) -> None:
        with self._core.database.session() as session:
            inbound = session.scalars(select(Inbound).where(Inbound.id == inbound_id)).one()
            conversation = session.get_one(Conversation, inbound.conversation_id)
            self._outbox.put(session, conversation, Reply([say("problem.waiting")]), inbound)

    def _unfinished(self, seconds: float) -> list[tuple[str, str]]:
        """Messages received at least so long ago and not worked on to the end, oldest first."""
        with self._core.database.reading() as session:
            query = select(Inbound.conversation_id, Inbound.id).where(Inbound.state == "received").order_by(Inbound.number)
            query = query.where(Inbound.received_at <= now() - timedelta(seconds=seconds))
            return [(conversation_id, inbound_id) for conversation_id, inbound_id in session.execute(query)]
