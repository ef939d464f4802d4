"""The intake of one conversation: start, take a message, ask the next question. All state is in the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases.service import case_of_intake, open_case
from lotse.intake.asking import Asking, language_names
from lotse.intake.flow import next_question, previous_question
from lotse.intake.interpretation import interpret
from lotse.intake.questionnaire import Question, Questionnaire, Words
from lotse.intake.reading import read
from lotse.languages import Languages
from lotse.normalise import words
from lotse.replies import Button, Reply, Say, say
from lotse.storage.tables import Consent, Conversation, Intake, Response, now
from lotse.turns import Turn

MINUTES_PER_QUESTION = 0.5
MISUNDERSTOOD_OFFERS_PERSON = 3
TOO_SHORT_TO_TELL = 2  # words


@dataclass
class Taken:
    """What became of a message: taken by the intake or not, what to say before the next question."""

    taken: bool
    replies: list[Reply] = field(default_factory=list)
    before: list[str | Say] = field(default_factory=list)
    tick: bool = False  # the pressed message changes in place
    holds: bool = False  # something else was asked; the question waits
    also_question: bool = False


NOT_TAKEN = Taken(False)


def of_conversation(session: Session, conversation: Conversation) -> Intake | None:
    """The latest intake of a conversation that was not withdrawn."""
    return session.scalar(
        select(Intake)
        .where(Intake.conversation_id == conversation.id, Intake.status.in_(("started", "submitted")))
        .order_by(Intake.started_at.desc())
        .limit(1)
    )


def waiting(session: Session, conversation: Conversation) -> Intake | None:
    """The intake that was begun and not sent, paused or not."""
    intake = of_conversation(session, conversation)
    return intake if intake is not None and intake.status == "started" else None


def values(intake: Intake) -> dict[str, Any]:
    """The responses that count, by question: the last of each."""
    return {**(intake.gate or {}), **{response.question: response.value for response in intake.responses}}


class Intakes:
    """Runs through one questionnaire."""

    def __init__(self, questionnaire: Questionnaire, languages: Languages) -> None:
        self.questionnaire = questionnaire
        self._languages = languages

    def asking(self, turn: Turn) -> Asking:
        """The questionnaire in the newcomer's language."""
        return Asking(self.questionnaire, turn.language, turn.municipality.name, turn.conversation.channel)

    def open_question(self, session: Session, conversation: Conversation) -> Question | None:
        """The question that waits for a response; None without an intake, when paused and after sending."""
        return self._asked(of_conversation(session, conversation))

    def _asked(self, intake: Intake | None) -> Question | None:
        if intake is None or intake.paused or intake.status != "started":
            return None
        return next_question(self.questionnaire, values(intake), intake.revisited)

    def start(self, turn: Turn) -> list[Reply]:
        """Begin an intake, or go on with the one that waits; says what happened where nothing will be asked."""
        intake = of_conversation(turn.session, turn.conversation)
        if intake is None:
            turn.session.add(
                Intake(
                    conversation_id=turn.conversation.id,
                    municipality_id=turn.municipality.id,
                    questionnaire=self.questionnaire.name,
                    version=self.questionnaire.version,
                    gate={},
                )
            )
            turn.session.flush()
            return [Reply([say("intake.begin")])]
        if intake.status == "submitted":
            case = case_of_intake(turn.session, intake)
            menu = [[Button(say("menu.button.person"), "menu", "person")], [Button(say("menu.button.delete"), "menu", "delete")]]
            return [Reply([say("intake.already_sent", reference=case.reference if case else "")], menu)]
        if intake.paused:
            intake.paused = False
            return [Reply([say("intake.resumed")])]
        return []

    def take(self, turn: Turn) -> Taken:
        """Apply a message to the open question, once; a message that is not for the intake changes nothing."""
        intake = of_conversation(turn.session, turn.conversation)
        question = self._asked(intake)
        if intake is None or question is None:
            return NOT_TAKEN
        taken = self._pressed(turn, intake, question) if turn.press else self._typed(turn, intake, question)
        if taken.taken:
            turn.conversation.last_at = now()
        return taken

    def ask(self, turn: Turn, taken: Taken, interrupted: bool, offers: list[Button]) -> list[Reply]:
        """The open question, after what was said about the message before it."""
        intake = of_conversation(turn.session, turn.conversation)
        question = self._asked(intake)
        if question is None or intake is None or taken.holds:
            return []
        before: list[str | Say] = list(taken.before)
        if interrupted:
            before.insert(0, say("intake.back_to_us"))
        asking = self.asking(turn)
        if question.type == "review":
            return [asking.review(question, values(intake), before)]
        former = values(intake)[question.name] if question.name == intake.revisited else None
        ticked = (intake.ticked or {}).get("choices") if (intake.ticked or {}).get("question") == question.name else None
        if ticked is None and isinstance(former, list):
            ticked = [choice for choice in former if choice in question.choices]
        return [
            asking.question(
                question,
                before=before,
                ticked=ticked,
                former=asking.shown(question, former) if former is not None else None,
                offers=offers,
                edits=taken.tick,
            )
        ]

    # what was pressed

    def _pressed(self, turn: Turn, intake: Intake, question: Question) -> Taken:
        press = turn.press
        assert press is not None
        if press.kind == "choice" and press.about == "change":
            return self._revisit(intake, press.value)
        if press.kind not in ("choice", "consent", "control"):
            return NOT_TAKEN
        if press.about != question.name:
            return Taken(True, before=[say("intake.old_button")])
        if press.kind == "control":
            return self._control(turn, intake, question, press.value)
        if press.value not in question.choices:
            return Taken(True, before=[say("intake.old_button")])
        if question.type == "select_multiple":
            return self._tick(intake, question, press.value)
        return self._store(turn, intake, question, press.value, None)

    def _tick(self, intake: Intake, question: Question, choice: str) -> Taken:
        chosen = self._ticked(intake, question)
        if choice in chosen:
            chosen.remove(choice)
        elif choice in question.exclusive:
            chosen = [choice]
        elif question.max and len(chosen) >= question.max:
            return Taken(True, before=[say("intake.too_many", count=question.max)])
        else:
            chosen = [*(other for other in chosen if other not in question.exclusive), choice]
        intake.ticked = {"question": question.name, "choices": chosen}
        return Taken(True, tick=True)

    def _ticked(self, intake: Intake, question: Question) -> list[str]:
        held = intake.ticked or {}
        if held.get("question") == question.name:
            return list(held["choices"])
        former = values(intake).get(question.name)
        return [choice for choice in former if choice in question.choices] if isinstance(former, list) else []

    def _control(self, turn: Turn, intake: Intake, question: Question, name: str) -> Taken:
        match name:
            case "done":
                chosen = self._ticked(intake, question)
                if not chosen:
                    return Taken(True, before=[say("intake.nothing_ticked")])
                return self._store(turn, intake, question, chosen, None)
            case "keep_response":
                intake.revisited = None
                return Taken(True)
            case "yes":
                return self._near_confirmed(turn, intake, question)
            case "no":
                turn.conversation.pending = None
                return Taken(True)
            case "skip":
                if question.required:
                    return Taken(True, before=[say("intake.needed")])
                return self._store(turn, intake, question, None, None)
            case "back":
                earlier = previous_question(self.questionnaire, values(intake), question.name)
                return self._revisit(intake, earlier.name) if earlier else Taken(True, before=[say("intake.first")])
            case "why":
                return Taken(True, before=[self.asking(turn).why(question)])
            case "pause" | "keep":
                intake.paused = True
                resume = [[Button(say("intake.button.resume"), "menu", "resume")]]
                return Taken(True, [Reply([say("intake.paused" if intake.gate is None else "intake.paused_unsaved")], resume)])
            case "send":
                return self._send(turn, intake)
            case "change":
                return self._change(turn, intake)
        return NOT_TAKEN  # "delete" and others: actions of their own

    # what was typed

    def _typed(self, turn: Turn, intake: Intake, question: Question) -> Taken:
        pending = turn.conversation.pending or {}
        if pending.get("kind") == "near" and pending.get("question") == question.name:
            if self._says_yes(turn):
                return self._near_confirmed(turn, intake, question)
            turn.conversation.pending = None
            if self._says_no(turn):
                return Taken(True)
        if question.type == "review":
            named = self._named_line(turn, intake)
            if named:
                return self._revisit(intake, named)
        reading = read(question, turn.text, self._labels(turn, question), self._also(turn, question))
        verdict = interpret(question, turn.text, turn.understanding, reading)
        match verdict.kind:
            case "response" if question.type == "review":
                return self._control(turn, intake, question, reading.value)
            case "response":
                taken = self._store(turn, intake, question, reading.value, turn.text)
                taken.also_question = verdict.also_question
                return taken
            case "control":
                return self._control(turn, intake, question, verdict.name)
            case "near":
                return self._ask_near(turn, question, reading.value)
            case "too_many":
                return Taken(True, before=[say("intake.too_many", count=question.max)])
            case "out_of_range":
                return Taken(True, before=[say("intake.out_of_range", least=question.min, most=question.max)])
            case "unclear":
                return self._unclear(turn, question)
        return NOT_TAKEN

    def _named_line(self, turn: Turn, intake: Intake) -> str | None:
        """The response that a text in the review names: "3", "change 3", "my name is wrong"."""
        asking = self.asking(turn)
        lines = asking.lines(values(intake))
        typed = words(turn.text)
        numbers = [int(word) for word in typed if word.isdigit()]
        if len(numbers) == 1 and len(typed) <= 3:
            return lines[numbers[0] - 1].name if 1 <= numbers[0] <= len(lines) else None
        if turn.understanding.confidence("change") < 0.3:
            return None
        named = [line.name for line in lines if set(words(asking.short(line))) & set(typed)]
        return named[0] if len(named) == 1 else None

    def _ask_near(self, turn: Turn, question: Question, value: Any) -> Taken:
        asking = self.asking(turn)
        shown = (
            [asking.choice(question, item) for item in value] if isinstance(value, list) else asking.choice(question, str(value))
        )
        turn.conversation.pending = {"kind": "near", "question": question.name, "value": value, "words": turn.text}
        buttons = [
            [Button(say("button.yes"), "control", "yes", question.name), Button(say("button.no"), "control", "no", question.name)]
        ]
        return Taken(True, [Reply([say("intake.did_you_mean", choice=shown)], buttons)], holds=True)

    def _near_confirmed(self, turn: Turn, intake: Intake, question: Question) -> Taken:
        pending = turn.conversation.pending or {}
        if pending.get("kind") != "near" or pending.get("question") != question.name:
            return Taken(True, before=[say("intake.old_button")])
        return self._store(turn, intake, question, pending["value"], pending["words"])

    def _says_yes(self, turn: Turn) -> bool:
        return turn.understanding.confidence("affirm") > 0.5

    def _says_no(self, turn: Turn) -> bool:
        return turn.understanding.confidence("deny") > 0.5

    def _unclear(self, turn: Turn, question: Question) -> Taken:
        turn.conversation.misunderstood += 1
        if turn.conversation.misunderstood >= MISUNDERSTOOD_OFFERS_PERSON:
            turn.conversation.misunderstood = 0
            person = [[Button(say("menu.button.person"), "menu", "person")]]
            return Taken(True, [Reply([say("intake.unclear_person")], person)])
        key = "intake.unclear_number" if question.type == "integer" else "intake.unclear"
        return Taken(True, before=[say(key if turn.conversation.misunderstood < 2 else key + "_again")])

    def _labels(self, turn: Turn, question: Question) -> list[tuple[str, Words]]:
        tags = dict.fromkeys((turn.message_language, turn.language, "en"))
        return [(tag, self.questionnaire.words[tag][question.name]) for tag in tags
                if question.name in self.questionnaire.words.get(tag, {})]  # fmt: skip

    def _also(self, turn: Turn, question: Question) -> dict[str, str]:
        also: dict[str, str] = {}
        if question.are_languages:
            also |= {language.name: language.tag for language in self._languages.all}
            for tag in (turn.message_language, turn.language, "en"):
                also |= {name: spoken for spoken, name in language_names(tag).items()}
        if "this_town" in question.choices:
            also[turn.municipality.name] = "this_town"
        return also

    # effects

    def _store(self, turn: Turn, intake: Intake, question: Question, value: Any, typed: str | None) -> Taken:
        turn.conversation.pending = None
        turn.conversation.misunderstood = 0
        asking = self.asking(turn)
        section = question.section
        if isinstance(value, str) and value in question.ends:
            turn.session.delete(intake)
            menu = [[Button(say("menu.button.ask"), "menu", "ask")], [Button(say("menu.button.person"), "menu", "person")]]
            return Taken(True, [Reply([say(f"intake.ended.{question.ends[value]}")], menu)])
        if intake.gate is not None and question.gate:
            intake.gate = {**intake.gate, question.name: value}
            if question.consent:
                self._agree(turn, intake, question)
        else:
            self._add(turn, intake, question.name, value, typed)
        intake.revisited = None
        intake.ticked = None
        before: list[str | Say] = []
        if typed is not None and value is not None and self._differs(asking, question, value, typed):
            before.append(say("intake.understood", value=asking.shown(question, value)))
        following = next_question(self.questionnaire, values(intake), None)
        if following and following.section != section:
            before.append(self._next_section(turn, intake, following))
        elif not before and value is not None and question.type == "text":
            before.append(say("intake.noted"))
        person = [[Button(say("menu.button.person"), "menu", "person")]]
        replies = [Reply([say("crisis.no_place_noted")], person)] if value in question.alarm else []
        return Taken(True, replies, before)

    def _differs(self, asking: Asking, question: Question, value: Any, typed: str) -> bool:
        """Whether what was understood must be read back: not where the newcomer typed it just so."""
        if question.type == "text" or question.consent:
            return False
        shown = asking.choice(question, value[0]) if isinstance(value, list) and len(value) == 1 else value
        shown = asking.choice(question, shown) if isinstance(shown, str) else shown
        return words(str(shown)) != words(typed)

    def _add(self, turn: Turn, intake: Intake, name: str, value: Any, typed: str | None) -> None:
        written_in = self._written_in(turn)
        response = Response(question=name, value=value, words=typed, language=written_in, inbound_id=turn.inbound.id)
        intake.responses.append(response)
        turn.session.flush()

    def _written_in(self, turn: Turn) -> str:
        """The language of a reply; in one or two words it cannot be told from its neighbours (uk "медсестра" from ru)."""
        offered = turn.message_language in [language.tag for language in self._languages.offered]
        return turn.message_language if offered or len(words(turn.text)) > TOO_SHORT_TO_TELL else turn.language

    def _agree(self, turn: Turn, intake: Intake, question: Question) -> None:
        intake.consents.append(Consent(purpose=question.consent, text_version=intake.version, language=turn.language))
        for name, value in (intake.gate or {}).items():
            self._add(turn, intake, name, value, None)
        intake.gate = None

    def _next_section(self, turn: Turn, intake: Intake, following: Question) -> Say:
        name = self.questionnaire.section_name(following.section, turn.language)
        waiting = [question for question in self.questionnaire.questions
                   if question.section == following.section and question.name not in values(intake)]  # fmt: skip
        return say("intake.next_section", section=name, count=max(1, round(len(waiting) * MINUTES_PER_QUESTION)))

    def _revisit(self, intake: Intake, name: str) -> Taken:
        if not self.questionnaire.has(name) or name not in values(intake) or self.questionnaire.question(name).consent:
            return Taken(True, before=[say("intake.old_button")])
        intake.revisited = name
        intake.ticked = None
        return Taken(True)

    def _change(self, turn: Turn, intake: Intake) -> Taken:
        named = self._named_line(turn, intake) if turn.text else None
        if named:
            return self._revisit(intake, named)
        if intake.gate is not None or not self.asking(turn).lines(values(intake)):
            return Taken(True, before=[say("intake.first")])
        return Taken(True, [self.asking(turn).to_change(values(intake))], holds=True)

    def _send(self, turn: Turn, intake: Intake) -> Taken:
        if next_question(self.questionnaire, values(intake)) != self.questionnaire.questions[-1]:
            return NOT_TAKEN  # only from the review, which is the last question
        intake.status = "submitted"
        intake.submitted_at = now()
        case = open_case(turn.session, turn.conversation, "intake", intake=intake)
        days = int(turn.municipality.details.get("promise_days", 2))
        menu = [[Button(say("menu.button.ask"), "menu", "ask"), Button(say("menu.button.my_data"), "menu", "my_data")]]
        return Taken(True, [Reply([say("intake.sent", reference=case.reference), say("intake.sent_promise", count=days),
                                   say("intake.sent_rights")], menu)])  # fmt: skip
