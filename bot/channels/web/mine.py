"""What the newcomer's own pages read and write: links, private answers, everything that is held. The routes know no tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.web import private_form
from bot.channels.web.chats import is_name
from bot.channels.web.forms import Pairs
from bot.channels.web.private_form import Part
from bot.inbox import keep_press_of_page
from bot.outbox import Outbox
from lotse.cases import appointments
from lotse.core import Core
from lotse.intake import links, of_conversation, private
from lotse.intake.asking import Asking
from lotse.intake.links import MY_DATA, OPEN, PRIVATE
from lotse.intake.private import Outcome, State
from lotse.intake.questionnaire import Questionnaire
from lotse.intake.runs import LIVE
from lotse.privacy import access
from lotse.privacy.access import Held
from lotse.privacy.notice import notice
from lotse.replies import Reply, say
from lotse.storage.tables import Conversation, Entry, Intake, Municipality, WebLink
from lotse.turns import ASKED_BESIDE, Press


@dataclass(frozen=True)
class Whose:
    """Whose page it is."""

    language: str
    town: str
    channel: str
    zone: str


@dataclass(frozen=True)
class Gone:
    """A link that opens nothing: it was used, or has expired, or there was none; whose it was is known of the first two."""

    used: bool = False
    whose: Whose | None = None


@dataclass(frozen=True)
class Form:
    """The private questions, empty or as they were sent."""

    whose: Whose
    parts: list[Part]


@dataclass(frozen=True)
class Sent:
    """What became of them, theme by theme, and the message by which the chat goes on, if it waits for them."""

    whose: Whose
    outcomes: list[tuple[str, Outcome]]
    conversation: str
    message: str | None


@dataclass(frozen=True)
class Shown:
    """Everything that is held, while the page is open."""

    whose: Whose
    held: Held
    until: datetime
    notice: list[str]


@dataclass(frozen=True)
class Notice:
    """The notice of a town."""

    town: str
    paragraphs: list[str]


class Mine:
    """A newcomer's own pages."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._database = core.database
        self._vault = core.database.vault
        self._outbox = Outbox(core.wording, core.languages)
        self._offered = [language.tag for language in core.languages.offered]

    def look(self, token: str, purpose: str) -> Whose | Gone:
        """Whether a link opens something; looking changes nothing."""
        with self._database.reading() as session:
            link = links.known(session, self._vault, token, purpose)
            return self._whose_open(session, link)

    # private questions

    def form(self, token: str) -> Form | Gone:
        """The empty form of a link."""
        with self._database.reading() as session:
            link = links.known(session, self._vault, token, PRIVATE)
            whose = self._whose_open(session, link)
            intake = _intake(session, link)
            if isinstance(whose, Gone) or intake is None:
                return whose if isinstance(whose, Gone) else Gone(whose=whose)
            questionnaire, asking = self._asking(session, intake, whose)
            return Form(whose, private_form.shown(private.to_ask(questionnaire, intake), asking, whose.language))

    def send(self, token: str, pairs: Pairs) -> Sent | Form | Gone:
        """Use the link up and keep what the form says; a form that is not clear comes back as it was filled in."""
        with self._database.session() as session:
            link = links.known(session, self._vault, token, PRIVATE, locked=True)
            whose = self._whose_open(session, link)
            intake = _intake(session, link)
            if link is None or isinstance(whose, Gone) or intake is None:
                return whose if isinstance(whose, Gone) else Gone(whose=whose)
            questionnaire, asking = self._asking(session, intake, whose)
            themes = private.to_ask(questionnaire, intake)
            read = private_form.read(themes, pairs, asking, whose.language)
            if read.problems:
                return Form(whose, private_form.shown(themes, asking, whose.language, read))
            links.use_up(link)
            outcomes = private.answer(session, questionnaire, intake, read.given, asking.consent, whose.language)
            message = self._go_on(session, intake, questionnaire, link, private.state_of(outcomes), whose.language)
            named = [(asking.short(theme.questions[0]), outcomes[theme.purpose]) for theme in themes]
            return Sent(whose, named, intake.conversation_id, message)

    def _go_on(
        self, session: Session, intake: Intake, questionnaire: Questionnaire, link: WebLink, state: State, language: str
    ) -> str | None:
        """If the chat waits for the page, lay the message by which it goes on, once for a link; else note it and say so there."""
        conversation = session.get_one(Conversation, intake.conversation_id)
        current = of_conversation(session, conversation)
        asked = self._core.intakes.open_question(session, conversation)
        beside = (conversation.pending or {}).get("kind") in ASKED_BESIDE  # a press would answer what is asked there
        if asked is None or asked.type != "private" or current is None or current.id != intake.id or beside:
            private.close(questionnaire, intake, state, language)
            said = say("intake.saved_private" if state == "given" else "intake.private_declined")
            self._outbox.put(session, conversation, Reply([said]), None)
            return None
        return keep_press_of_page(session, conversation, link.digest, Press("control", state, asked.key))

    # everything that is held

    def open(self, token: str) -> str | Gone:
        """Use the link up; returns the token of the page that it opens, for a while."""
        with self._database.session() as session:
            link = links.known(session, self._vault, token, MY_DATA, locked=True)
            whose = self._whose_open(session, link)
            if link is None or isinstance(whose, Gone):
                return whose if isinstance(whose, Gone) else Gone()
            links.use_up(link)
            return links.issue(session, self._vault, link.conversation_id, OPEN, lasts=links.OPEN_LASTS)

    def is_open(self, token: str | None) -> bool:
        """Whether the page is open in this browser."""
        return not isinstance(self.look(token or "", OPEN), Gone)

    def shown(self, token: str | None) -> Shown | Gone:
        """Everything, and the page stays open for longer."""
        with self._database.session() as session:
            link = links.find(session, self._vault, token or "", OPEN)
            whose = self._whose_open(session, link)
            if link is None or isinstance(whose, Gone):
                return Gone()
            links.prolong(link)
            conversation = session.get_one(Conversation, link.conversation_id)
            intakes, wording = self._core.intakes, self._core.wording
            held = access.gather(session, intakes.questionnaires, wording, conversation, whose.language)
            town = session.get_one(Municipality, conversation.municipality_id)
            told = [wording.render(each, whose.language) for each in notice(town, conversation.channel)]
            return Shown(whose, held, link.expires_at, told)

    def calendar(self, token: str) -> bytes | None:
        """The calendar file of an appointment, by its link."""
        with self._database.reading() as session:
            made = appointments.by_link(session, token)
            if made is None:
                return None
            title = say("appointment.title", municipality=made.case.municipality.name)
            shown = self._core.wording.render(title, made.case.conversation.language or "en")
            return appointments.calendar_file(made, shown, self._core.settings.host)

    def private_again(self, token: str | None, intake_id: str) -> str | None:
        """A link to the private questions of one of the people on the page, for who has it open."""
        with self._database.session() as session:
            link = links.find(session, self._vault, token or "", OPEN)
            intake = session.get(Intake, intake_id) if link is not None and is_name(intake_id) else None
            if link is None or intake is None or intake.conversation_id != link.conversation_id or not _takes_answers(intake):
                return None
            return links.issue(session, self._vault, link.conversation_id, PRIVATE, intake.id)

    def close(self, token: str | None) -> Whose | None:
        """The page opens no more; returns whose it was."""
        with self._database.session() as session:
            link = links.known(session, self._vault, token or "", OPEN)
            whose = self._whose(session, link) if link is not None else None
            if link is not None:
                session.delete(link)
            return whose

    # the notice

    def notice(self, language: str, slug: str, entry: str, channel: str) -> Notice | None:
        """The notice of the town that a link means: of the place with this token, else of the slug, else our own."""
        with self._database.reading() as session:
            found = self._town(session, slug, entry)
            if found is None:
                return None
            return Notice(found.name, [self._core.wording.render(each, language) for each in notice(found, channel)])

    # small parts

    def _town(self, session: Session, slug: str, entry: str) -> Municipality | None:
        place = session.get(Entry, entry) if is_name(entry) else None
        if place is not None:
            return session.get(Municipality, place.municipality_id)
        wanted = slug or self._core.settings.municipality
        return session.scalar(select(Municipality).where(Municipality.slug == wanted)) if is_name(wanted) else None

    def _whose(self, session: Session, link: WebLink) -> Whose:
        conversation = session.get_one(Conversation, link.conversation_id)
        town = session.get_one(Municipality, conversation.municipality_id)
        language = conversation.language if conversation.language in self._offered else None
        return Whose(language or self._offered[0], town.name, conversation.channel, town.time_zone)

    def _whose_open(self, session: Session, link: WebLink | None) -> Whose | Gone:
        if link is None:
            return Gone()
        whose = self._whose(session, link)
        return whose if links.is_open(link) else Gone(link.used_at is not None, whose)

    def _asking(self, session: Session, intake: Intake, whose: Whose) -> tuple[Questionnaire, Asking]:
        questionnaire = self._core.intakes.questionnaire(session, intake)
        return questionnaire, Asking(questionnaire, whose.language, intake.municipality, whose.channel)


def _intake(session: Session, link: WebLink | None) -> Intake | None:
    """The intake that a link's answers belong to, while it takes any."""
    intake = session.get(Intake, link.intake_id or "") if link is not None else None
    return intake if intake is not None and _takes_answers(intake) else None


def _takes_answers(intake: Intake) -> bool:
    """Whether its person has agreed that answers are saved, and has not withdrawn that."""
    return intake.status in LIVE and intake.gate is None
