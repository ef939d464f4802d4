"""The intake of one conversation: start, take a message, ask the next question. All state is in the database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from lotse.cases.service import case_of_intake
from lotse.crisis.lists import Line
from lotse.intake import belonging, correcting, sending
from lotse.intake.asking import Asking, country_names, language_names
from lotse.intake.flow import asked_questions, entries, next_question, previous_question
from lotse.intake.interpretation import Verdict, ends_as_question, interpret
from lotse.intake.links import Links
from lotse.intake.questionnaire import Question, Questionnaire, Words
from lotse.intake.reading import Reading, read
from lotse.intake.runs import all_of, is_open, last, of_conversation, pause, share_household, values
from lotse.intake.versions import Questionnaires
from lotse.languages import Languages
from lotse.normalise import words
from lotse.replies import Button, Reply, Say, say
from lotse.storage.tables import Consent, ConsentText, Conversation, Intake, Municipality, Response, new_id, now
from lotse.turns import Turn

MISUNDERSTOOD_OFFERS_PERSON = 3
TOO_SHORT_TO_TELL = 2  # words
CHANGE = 0.3  # confidence from which a text in the review names the line to change


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


class Intakes:
    """Runs through a questionnaire.

    `numbers` are the numbers to call in a country; `links` are there where the installation has an address of its own.
    """

    def __init__(
        self,
        questionnaires: Questionnaires,
        languages: Languages,
        numbers: Callable[[str], list[Line]],
        links: Links | None = None,
    ) -> None:
        self.questionnaires = questionnaires
        self._languages = languages
        self._numbers = numbers
        self._links = links

    def questionnaire(self, session: Session, intake: Intake | None) -> Questionnaire:
        """The questions of an intake; without one those of a new intake."""
        return self.questionnaires.of(session, intake)

    def asking(self, turn: Turn, intake: Intake | None = None) -> Asking:
        """An intake's questions in the newcomer's language."""
        intake = intake or of_conversation(turn.session, turn.conversation)
        return self.asking_in(turn.session, turn.conversation, intake, turn.language)

    def asking_in(
        self, session: Session, conversation: Conversation, intake: Intake | None, language: str | None = None
    ) -> Asking:
        """The same outside a turn."""
        municipality = session.get_one(Municipality, (intake or conversation).municipality_id)
        language = language or conversation.language or "en"
        return Asking(self.questionnaire(session, intake), language, municipality, conversation.channel)

    def told(self, intake: Intake, municipality: Municipality) -> dict[str, Any]:
        """What conditions may name: the responses, and what the town gives."""
        return {"country": municipality.country, "link": "yes" if self._links else ""} | values(intake)

    def open_question(self, session: Session, conversation: Conversation) -> Question | None:
        """The question that waits for a response; None without an intake, when paused and after sending."""
        return self._asked(session, of_conversation(session, conversation))

    def _asked(self, session: Session, intake: Intake | None) -> Question | None:
        if intake is None or intake.paused or not is_open(intake):
            return None
        municipality = session.get_one(Municipality, intake.municipality_id)
        return next_question(self.questionnaire(session, intake), self.told(intake, municipality), intake.revisited)

    # beginning

    def start(self, turn: Turn) -> list[Reply]:
        """Begin an intake, or go on with the one that waits; says what happened where nothing will be asked."""
        intake = of_conversation(turn.session, turn.conversation)
        if intake is None:
            self.begin(turn)
            return [Reply([say("intake.begin")])]
        intake.touched_at = now()  # who comes back is not reminded
        if intake.paused:
            intake.paused = False
            minutes = self.asking(turn, intake).minutes(self.told(intake, turn.municipality))
            return [Reply([say("intake.resumed"), say("intake.left", count=minutes)])]
        if intake.status == "submitted" and not intake.amending:
            case = case_of_intake(turn.session, intake)
            menu = [[_menu("intake.button.change", "change")], [_menu("intake.button.another_person", "another_person")],
                    [_menu("menu.button.person", "person")], [_menu("menu.button.delete", "delete")]]  # fmt: skip
            return [Reply([say("intake.already_sent", reference=case.reference if case else "")], menu)]
        return []

    def begin(self, turn: Turn, household_id: str | None = None) -> Intake:
        """A new intake, which is the one that is worked on from now."""
        questionnaire = self.questionnaires.current()
        self.questionnaires.keep(turn.session, questionnaire)
        intake = Intake(
            id=new_id("in"),
            conversation_id=turn.conversation.id,
            municipality_id=turn.municipality.id,
            questionnaire=questionnaire.name,
            version=questionnaire.version,
            digest=questionnaire.digest,
            household_id=household_id,
            assisted_by=turn.conversation.assisted_by,
            gate={},
        )
        turn.session.add(intake)
        turn.session.flush()
        turn.conversation.intake_id = intake.id
        return intake

    def another_person(self, turn: Turn) -> list[Reply]:
        """An intake for somebody else of the household, with an agreement of their own."""
        others = all_of(turn.session, turn.conversation)
        if not others:
            return self.start(turn)
        unnamed = next((each for each in others if each.gate is not None), None)
        if unnamed is not None:  # pressed twice: the one that has just begun
            return self.turn_to(turn, unnamed.id)
        pause(others)
        self.begin(turn, share_household(others))
        return [Reply([say("intake.another_begins")])]

    def turn_to(self, turn: Turn, intake_id: str) -> list[Reply]:
        """Go on with the intake of another person who shares the conversation."""
        people = all_of(turn.session, turn.conversation)
        pause(people)
        for each in people:
            if each.id == intake_id:
                turn.conversation.intake_id = each.id
                each.paused = False
        return self.start(turn)

    def start_over(self, turn: Turn) -> list[Reply]:
        """Forget the intake that is worked on, which was never sent, and begin it anew."""
        intake = of_conversation(turn.session, turn.conversation)
        household = intake.household_id if intake is not None else None
        if intake is not None:
            turn.session.delete(intake)
            turn.session.flush()
        self.begin(turn, household)
        return [Reply([say("intake.started_over")])]

    # a message

    def take(self, turn: Turn) -> Taken:
        """Apply a message to the open question, once; a message that is not for the intake changes nothing."""
        intake = of_conversation(turn.session, turn.conversation)
        question = self._asked(turn.session, intake)
        if intake is None or question is None:
            return NOT_TAKEN
        taken = self._pressed(turn, intake, question) if turn.press else self._typed(turn, intake, question)
        if taken.taken:
            turn.conversation.last_at = intake.touched_at = now()
        return taken

    def ask(self, turn: Turn, taken: Taken, interrupted: bool, offers: list[Button]) -> list[Reply]:
        """The open question, after what was said about the message before it."""
        intake = of_conversation(turn.session, turn.conversation)
        question = self._asked(turn.session, intake)
        if question is None or intake is None or taken.holds:
            return []
        before: list[str | Say] = list(taken.before)
        if interrupted:
            before.insert(0, say("intake.back_to_us"))
        asking = self.asking(turn, intake)
        told = self.told(intake, turn.municipality)
        if question.type == "review":
            return [asking.review(question, told, before, hides=self.hides(turn.conversation))]
        former = told[question.key] if question.key == intake.revisited else None
        ticked = self._ticked(intake, question) if question.type == "select_multiple" else None
        return [
            asking.question(
                question,
                before=before,
                ticked=ticked,
                former=asking.shown(question, former) if former is not None else None,
                offers=offers,
                edits=taken.tick,
                entries=self._entries(turn, intake, question),
                link=self._page(turn, intake) if question.type == "private" else None,
            )
        ]

    def _page(self, turn: Turn, intake: Intake) -> str | None:
        """A one-time link to the page with the sensitive questions."""
        return self._links.make(turn.session, turn.conversation.id, "private", intake.id) if self._links else None

    @staticmethod
    def hides(conversation: Conversation) -> bool:
        """Whether sensitive responses must not be shown: the web chat is the town's own, a messenger is not."""
        return conversation.channel != "web"

    def _entries(self, turn: Turn, intake: Intake, question: Question) -> int:
        """How many entries the question's group has, where its count tells; else 0."""
        questionnaire = self.questionnaire(turn.session, intake)
        repeat = questionnaire.repeats.get(question.repeat or "")
        if repeat is None or repeat.count is None:
            return 0
        return entries(repeat, self.told(intake, turn.municipality), question)

    # what was pressed

    def _pressed(self, turn: Turn, intake: Intake, question: Question) -> Taken:
        press = turn.press
        assert press is not None
        if press.kind == "choice" and press.about == "change":
            return self._revisit(turn, intake, press.value)
        if press.kind not in ("choice", "consent", "control"):
            return NOT_TAKEN
        if press.about == belonging.ABOUT:
            return self._belongs(turn, intake, question, press.value == "yes")
        if press.about != question.key:
            return Taken(True, before=[say("intake.old_button")])
        if press.kind == "control":
            return self._control(turn, intake, question, press.value)
        if press.value not in {*question.choices, *question.shown, *self._ticked(intake, question)}:
            return Taken(True, before=[say("intake.old_button")])
        if question.type == "integer":
            return self._store(turn, intake, question, int(press.value), None)
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
        intake.ticked = {"question": question.key, "choices": chosen}
        return Taken(True, tick=True)

    def _ticked(self, intake: Intake, question: Question) -> list[str]:
        """What is chosen so far: ticked just now, else the response before."""
        held = intake.ticked or {}
        if held.get("question") == question.key:
            return list(held["choices"])
        former = values(intake).get(question.key)
        return list(former) if isinstance(former, list) else []

    def _control(self, turn: Turn, intake: Intake, question: Question, name: str) -> Taken:
        match name:
            case "done":
                chosen = self._ticked(intake, question)
                if not chosen:
                    return Taken(True, before=[say("intake.nothing_ticked")])
                return self._store(turn, intake, question, chosen, None)
            case "keep_response":
                intake.revisited, intake.ticked = None, None
                return Taken(True)
            case "given" | "declined" if question.type == "private":  # its page was sent (lotse/intake/private.py)
                taken = self._store(turn, intake, question, name, None)
                taken.before.insert(0, say("intake.saved_private" if name == "given" else "intake.private_declined"))
                return taken
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
                told = self.told(intake, turn.municipality)
                earlier = previous_question(self.questionnaire(turn.session, intake), told, question.key)
                return self._revisit(turn, intake, earlier.key) if earlier else Taken(True, before=[say("intake.first")])
            case "why":
                return Taken(True, before=[self.asking(turn, intake).why(question)])
            case "pause" | "keep":
                intake.paused = True
                resume = [[_menu("intake.button.resume", "resume")]]
                return Taken(True, [Reply([say("intake.paused" if intake.gate is None else "intake.paused_unsaved")], resume)])
            case "send":
                return self._send(turn, intake)
            case "change":
                return self._change(turn, intake)
        return NOT_TAKEN  # "delete" and others: actions of their own

    # what was typed

    def _typed(self, turn: Turn, intake: Intake, question: Question) -> Taken:
        pending = turn.conversation.pending or {}
        if pending.get("kind") in ("near", belonging.ABOUT) and pending.get("question") == question.key:
            said_yes = turn.understanding.confidence("affirm") > 0.5
            if said_yes or turn.understanding.confidence("deny") > 0.5:
                if pending["kind"] == belonging.ABOUT:
                    return self._belongs(turn, intake, question, said_yes)
                return self._near_confirmed(turn, intake, question) if said_yes else self._control(turn, intake, question, "no")
            turn.conversation.pending = None
        names = self._names(turn, intake)
        if intake.gate is None and correcting.is_correction(turn.text, names):
            return self._change(turn, intake)
        if question.type == "review":
            by_name = turn.understanding.confidence("change") >= CHANGE
            named = correcting.line_numbered(turn.text, names) or (correcting.line_named(turn.text, names) if by_name else None)
            if named:
                return self._revisit(turn, intake, named)
        labels, also = self._labels(turn, intake, question), self._also(turn, question)
        own = tuple(each for each in self._ticked(intake, question) if each not in question.choices)
        reading = read(question, turn.text, labels, also, now().date(), own)
        verdict = interpret(question, turn.text, turn.understanding, reading)
        former = belonging.free_text_before(turn.session, self.questionnaire(turn.session, intake), intake, turn.inbound)
        rest = belonging.what_goes_on(turn.text)
        # "and I also want a course" is no question, though it sounds like one of those that towns answer
        tells = verdict == Verdict("aside", "ask_question") and rest is not None and not ends_as_question(turn.text)
        if former is not None and (tells or verdict.kind in ("response", "near", "unclear", "too_many", "out_of_range")):
            after = read(question, rest, labels, also, now().date()) if rest is not None else None
            goes_on = after is not None and belonging.goes_on(question, rest or "", after)
            if goes_on or belonging.came_before_question(turn.session, former, turn.inbound):
                return self._add_to(turn, former, turn.text)
            if verdict.kind == "unclear" and not question.more:
                return self._ask_belonging(turn, intake, question, former)
        return self._read(turn, intake, question, reading, verdict)

    def _read(self, turn: Turn, intake: Intake, question: Question, reading: Reading, verdict: Verdict) -> Taken:
        match verdict.kind:
            case "response" if question.type == "review":
                return self._control(turn, intake, question, reading.value)
            case "response":
                value = reading.value
                if reading.kind == "several":
                    return self._store_entries(turn, intake, question, value)
                if question.type == "select_multiple" and (intake.ticked or {}).get("question") == question.key:
                    value = list(dict.fromkeys([*self._ticked(intake, question), *value]))  # typed after ticking: both
                    if question.max and len(value) > question.max:
                        return Taken(True, before=[say("intake.too_many", count=question.max)])
                taken = self._store(turn, intake, question, value, turn.text)
                taken.also_question = verdict.also_question
                return taken
            case "control":
                return self._control(turn, intake, question, verdict.name)
            case "near":
                return self._ask_near(turn, intake, question, reading.value)
            case "too_many":
                return Taken(True, before=[say("intake.too_many", count=question.max)])
            case "out_of_range":
                return Taken(True, before=[say("intake.out_of_range", least=question.min, most=question.max)])
            case "unclear" if question.more and words(turn.text):
                return self._store_next_entry(turn, intake, question)
            case "unclear":
                return self._unclear(turn, question)
        return NOT_TAKEN

    def _names(self, turn: Turn, intake: Intake) -> dict[str, str]:
        """The short names of what can be changed, by key, as the review numbers them."""
        asking = self.asking(turn, intake)
        return {line.key: asking.short(line) for line in asking.lines(self.told(intake, turn.municipality))}

    def _ask_near(self, turn: Turn, intake: Intake, question: Question, value: Any) -> Taken:
        asking = self.asking(turn, intake)
        shown = (
            [asking.choice(question, item) for item in value] if isinstance(value, list) else asking.choice(question, str(value))
        )
        turn.conversation.pending = {"kind": "near", "question": question.key, "value": value, "words": turn.text}
        key = "intake.date_right" if question.type == "date" else "intake.did_you_mean"
        return Taken(True, [Reply([say(key, choice=shown)], _yes_no(question.key))], holds=True)

    def _near_confirmed(self, turn: Turn, intake: Intake, question: Question) -> Taken:
        pending = turn.conversation.pending or {}
        if pending.get("kind") != "near" or pending.get("question") != question.key:
            return Taken(True, before=[say("intake.old_button")])
        return self._store(turn, intake, question, pending["value"], pending["words"])

    # a second message to a free text

    def _ask_belonging(self, turn: Turn, intake: Intake, question: Question, former: Response) -> Taken:
        asking = self.asking(turn, intake)
        about = asking.short(self.questionnaire(turn.session, intake).question(former.question))
        turn.conversation.pending = {
            "kind": belonging.ABOUT, "question": question.key, "former": former.question, "words": turn.text,
        }  # fmt: skip
        return Taken(True, [Reply([say("intake.belongs", short=about)], _yes_no(belonging.ABOUT))], holds=True)

    def _belongs(self, turn: Turn, intake: Intake, question: Question, yes: bool) -> Taken:
        pending = turn.conversation.pending or {}
        if pending.get("kind") != belonging.ABOUT:
            return Taken(True, before=[say("intake.old_button")])
        turn.conversation.pending = None
        former = next((each for each in reversed(intake.responses) if each.question == pending["former"]), None)
        if yes and former is not None:
            return self._add_to(turn, former, pending["words"])
        return self._unclear(turn, question)

    def _add_to(self, turn: Turn, former: Response, text: str) -> Taken:
        """Add a text to a free-text response that was just taken."""
        turn.conversation.pending = None
        turn.conversation.misunderstood = 0
        intake = turn.session.get_one(Intake, former.intake_id)
        whole = f"{former.value}\n{text.strip()}"
        self._add(turn, intake, former.question, whole, whole)
        question = self.questionnaire(turn.session, intake).question(former.question)
        return Taken(True, before=[say("intake.added", short=self.asking(turn, intake).short(question))])

    def _unclear(self, turn: Turn, question: Question) -> Taken:
        turn.conversation.misunderstood += 1
        if turn.conversation.misunderstood >= MISUNDERSTOOD_OFFERS_PERSON:
            turn.conversation.misunderstood = 0
            return Taken(True, [Reply([say("intake.unclear_person")], [[_menu("menu.button.person", "person")]])])
        key = {"integer": "intake.unclear_number", "date": "intake.unclear_date"}.get(question.type, "intake.unclear")
        return Taken(True, before=[say(key if turn.conversation.misunderstood < 2 else key + "_again")])

    def _labels(self, turn: Turn, intake: Intake, question: Question) -> list[tuple[str, Words]]:
        translations = self.questionnaire(turn.session, intake).translations
        tags = dict.fromkeys((turn.message_language, turn.language, "en"))
        return [(tag, translations[tag].questions[question.name]) for tag in tags
                if tag in translations and question.name in translations[tag].questions]  # fmt: skip

    def _also(self, turn: Turn, question: Question) -> dict[str, str]:
        also: dict[str, str] = {}
        tags = (turn.message_language, turn.language, "en")
        if question.listed == "languages":
            also |= {language.name: language.tag for language in self._languages.all}
            for tag in tags:
                also |= {name: spoken for spoken, name in language_names(tag).items()}
        if question.listed == "countries":
            for tag in tags:
                also |= {name: code for code, name in country_names(tag).items()}
        if "this_town" in question.choices:
            also[turn.municipality.name] = "this_town"
        return also

    # effects

    def _store(self, turn: Turn, intake: Intake, question: Question, value: Any, typed: str | None) -> Taken:
        turn.conversation.pending = None
        turn.conversation.misunderstood = 0
        asking = self.asking(turn, intake)
        if isinstance(value, str) and value in question.ends:
            turn.session.delete(intake)
            turn.conversation.intake_id = None
            menu = [[_menu("menu.button.ask", "ask")], [_menu("menu.button.person", "person")]]
            return Taken(True, [Reply([say(f"intake.ended.{question.ends[value]}")], menu)])
        if intake.gate is not None and question.gate:
            intake.gate = {**intake.gate, question.key: value}
            if question.consent:
                self._agree(turn, intake, question)
        else:
            self._add(turn, intake, question.key, value, typed)
        intake.revisited = None
        intake.ticked = None
        before: list[str | Say] = []
        if typed is not None and value is not None and self._differs(asking, question, value, typed):
            before.append(say("intake.understood", value=asking.shown(question, value)))
        told = self.told(intake, turn.municipality)
        following = next_question(self.questionnaire(turn.session, intake), told, None)
        if following and following.section != question.section and not intake.amending:
            name = self.questionnaire(turn.session, intake).section_name(following.section, turn.language)
            before.append(say("intake.next_section", section=name, count=asking.minutes(told, following.section)))
        elif not before and typed is not None and value is not None and question.is_free:
            before.append(say("intake.noted"))
        alarm = question.alarm.get(value) if isinstance(value, str) else None
        return Taken(True, [self._alarm(turn, alarm)] if alarm else [], before)

    def _alarm(self, turn: Turn, kind: str) -> Reply:
        """What is said at once to a response that may not wait; a person and numbers are offered, nobody is assessed."""
        lines = [
            say("crisis.number", line=say(line.key), number=line.number) for line in self._numbers(turn.municipality.country)
        ]
        return Reply([say(f"intake.alarm.{kind}"), *lines], [[_menu("menu.button.person", "person")]])

    def _store_entries(self, turn: Turn, intake: Intake, question: Question, several: list[Any]) -> Taken:
        """Responses to this entry of a group and the following ones, told at once: "5 and 8"."""
        left = self._entries(turn, intake, question) - question.number + 1
        if len(several) > left:
            return self._unclear(turn, question)
        for place, value in enumerate(several[:-1]):
            self._add(turn, intake, question.entry(question.number + place).key, value, turn.text)
        final = question.entry(question.number + len(several) - 1)
        taken = self._store(turn, intake, final, several[-1], turn.text)
        return Taken(True, taken.replies, [say("intake.understood", value=[str(each) for each in several]), *taken.before[1:]])

    def _store_next_entry(self, turn: Turn, intake: Intake, question: Question) -> Taken:
        """At "Another one?" the next entry was told itself: that is a yes and its first response."""
        self._add(turn, intake, question.key, "yes", None)
        told = self.told(intake, turn.municipality)
        first = next(each for each in asked_questions(self.questionnaire(turn.session, intake), told)
                     if each.repeat == question.repeat and each.number == question.number + 1)  # fmt: skip
        return self._store(turn, intake, first, turn.text.strip(), turn.text)

    def _differs(self, asking: Asking, question: Question, value: Any, typed: str) -> bool:
        """Whether what was understood must be read back: not where the newcomer typed it just so, or has confirmed it."""
        if question.is_free or question.consent or question.type == "date":
            return False
        shown = asking.choice(question, value[0]) if isinstance(value, list) and len(value) == 1 else value
        shown = asking.choice(question, shown) if isinstance(shown, str) else shown
        return words(str(shown)) != words(typed)

    def _add(self, turn: Turn, intake: Intake, key: str, value: Any, typed: str | None) -> None:
        written_in = self._written_in(turn)
        response = Response(question=key, value=value, words=typed, language=written_in, inbound_id=turn.inbound.id)
        intake.responses.append(response)
        turn.session.flush()

    def _written_in(self, turn: Turn) -> str:
        """The language of a reply; in one or two words it cannot be told from its neighbours (uk "медсестра" from ru)."""
        offered = turn.message_language in [language.tag for language in self._languages.offered]
        return turn.message_language if offered or len(words(turn.text)) > TOO_SHORT_TO_TELL else turn.language

    def _agree(self, turn: Turn, intake: Intake, question: Question) -> None:
        text = self.asking(turn, intake).label(question)
        keep_consent(turn.session, intake, question.consent or "", text, turn.language)
        for key, value in (intake.gate or {}).items():
            self._add(turn, intake, key, value, None)
        intake.gate = None

    def _revisit(self, turn: Turn, intake: Intake, key: str) -> Taken:
        questionnaire = self.questionnaire(turn.session, intake)
        if not questionnaire.has(key) or key not in values(intake) or questionnaire.question(key).consent:
            return Taken(True, before=[say("intake.old_button")])
        intake.revisited = key
        intake.ticked = None
        return Taken(True)

    def _change(self, turn: Turn, intake: Intake) -> Taken:
        names = self._names(turn, intake)
        named = correcting.line_numbered(turn.text, names) or correcting.line_named(turn.text, names)
        if named:
            return self._revisit(turn, intake, named)
        told = self.told(intake, turn.municipality)
        if intake.gate is not None or not self.asking(turn, intake).lines(told):
            return Taken(True, before=[say("intake.first")])
        return Taken(True, [self.asking(turn, intake).to_change(told)], holds=True)

    def change(self, turn: Turn) -> Taken:
        """Change a response at any time: also of an intake that was sent, which then is amended."""
        intake = of_conversation(turn.session, turn.conversation)
        if intake is None or intake.gate is not None:
            return NOT_TAKEN
        intake.touched_at = now()
        intake.paused = False
        intake.amending = intake.status == "submitted"
        if turn.press and turn.press.about == "change":
            return self._revisit(turn, intake, turn.press.value)
        return self._change(turn, intake)

    def edit(self, session: Session, conversation: Conversation, inbound_id: str, text: str) -> Reply | None:
        """A message was changed afterwards: if it was a response in own words that still counts, so is its change."""
        intake = of_conversation(session, conversation)
        if intake is None or self._asked(session, intake) is None:
            return None
        former = next((each for each in last(intake).values() if each.inbound_id == inbound_id), None)
        questionnaire = self.questionnaire(session, intake)
        if former is None or former.words is None or not questionnaire.question(former.question).is_free:
            return None
        value = text.strip()
        intake.responses.append(
            Response(question=former.question, value=value, words=value, language=former.language, inbound_id=inbound_id)
        )
        intake.touched_at = now()
        session.flush()
        short = self.asking_in(session, conversation, intake).short(questionnaire.question(former.question))
        return Reply([say("intake.edited", short=short)])

    def _send(self, turn: Turn, intake: Intake) -> Taken:
        question = self._asked(turn.session, intake)
        if question is None or question.type != "review":
            return NOT_TAKEN  # only from the review, which is the last question
        return Taken(True, sending.send(turn, intake))


def keep_consent(session: Session, intake: Intake, purpose: str, text: str, language: str) -> None:
    """That somebody agreed to a text, and the text itself, once for all who agreed to the same."""
    version = f"{intake.version}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    if session.get(ConsentText, version) is None:
        session.merge(ConsentText(version=version, purpose=purpose, language=language, text=text))
    intake.consents.append(Consent(purpose=purpose, text_version=version, language=language))
    session.flush()


def _menu(key: str, value: str, about: str = "") -> Button:
    return Button(say(key), "menu", value, about)


def _yes_no(about: str) -> list[list[Button]]:
    return [[Button(say("button.yes"), "control", "yes", about), Button(say("button.no"), "control", "no", about)]]
