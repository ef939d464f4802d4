"""Questions of the newcomer: matched with the published answers, shown, and kept where there is none."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from actions.base import CoreAction, Outcome
from lotse.answers import Question, service, showing
from lotse.answers.grouping import packed
from lotse.answers.matching import Found
from lotse.intake import of_conversation, values
from lotse.intake.extract.tokens import LONGEST
from lotse.privacy.masking import masked
from lotse.replies import Button, Reply, say
from lotse.storage.tables import Answer, Feedback, UnansweredQuestion
from lotse.turns import SURE, Turn

Searched = tuple[Question, Found]

LIKELY = 0.5  # a wish so likely is taken for one if the town has no answer


class AnswerQuestion(CoreAction):
    """Answers, lets choose, or says that there is no answer."""

    action = "action_answer"

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        return self.answer(turn)

    def answer(self, turn: Turn, searched: Searched | None = None) -> Outcome:
        """The outcome for a typed question; a press that no open question takes is an old button."""
        if turn.press:
            asks = turn.press.kind == "menu" and turn.press.value == "ask"
            return Outcome([Reply([say("menu.what_to_know")])] if asks else [old_button()], interrupts=not asks)
        searched = searched or self.search(turn)
        if searched is None:
            return Outcome([Reply([say("smalltalk.not_understood")])])
        question, found = searched
        answers = service.get(turn.session, [candidate.answer_id for candidate in found.decision.candidates])
        if found.decision.kind == "unknown" or not answers:
            turn.conversation.pending = {"kind": "pass_question", **_to_pass(question)}
            return Outcome([showing.unknown()])
        if found.decision.kind == "choose":
            turn.conversation.pending = {"kind": "asked", **_to_pass(question)}
            return Outcome([showing.choice([(answer, self._part(turn, answer, question)) for answer in answers], turn.language)])
        turn.conversation.pending = None
        part = self._part(turn, answers[0], question)
        return Outcome([showing.shown(answers[0], turn.language, related(turn, answers[0]), part)])

    def _part(self, turn: Turn, answer: Answer, question: Question) -> int:
        language = service.text_in(answer, turn.language).language
        return self.core.answers.part(turn.session, turn.municipality.id, answer.id, language, question)

    def search(self, turn: Turn) -> Searched | None:
        """A typed message as a question, and what is found for it; None for a press."""
        vector = turn.understanding.vector
        if turn.press or vector is None:
            return None
        question = Question(turn.text, turn.message_language, vector)
        doubt = turn.understanding.confidence("out_of_scope")
        return question, self.core.answers.find(turn.session, turn.municipality.id, question, doubt)

    def answer_if_sure(self, turn: Turn) -> Outcome | None:
        """The outcome for a message that the town has an answer to for sure, else None."""
        searched = self.search(turn)
        return self.answer(turn, searched) if searched and searched[1].decision.kind == "answer" else None


class Wish(CoreAction):
    """An action for a wish to the bot itself. What is typed and only perhaps such a wish, as "doctor", is a question."""

    intents: tuple[str, ...]
    sure = SURE

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        sure = turn.understanding.confidence(*self.intents)
        typed = turn.press is None and not form_active  # with an open question the intake has decided already
        if typed and sure < self.sure and not self.is_awaited(turn):
            question = AnswerQuestion(self.core)
            searched = question.search(turn)
            if sure < LIKELY or (searched and searched[1].decision.kind != "unknown"):
                return question.answer(turn, searched)
        return self.fulfil(turn, form_active)

    def is_awaited(self, turn: Turn) -> bool:
        """Whether the bot has just asked for it."""
        return False

    def fulfil(self, turn: Turn, form_active: bool) -> Outcome:
        """What is wished for."""
        raise NotImplementedError


class ShowAnswer(CoreAction):
    """The answer whose title was pressed, the rest of one, or none of those offered."""

    action = "action_show_answer"

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        press = turn.press
        if press is None:
            return Outcome([old_button()])
        if press.value == showing.NONE:
            pending = turn.conversation.pending or {}
            if pending.get("kind") != "asked":
                return Outcome([old_button()])
            turn.conversation.pending = {**pending, "kind": "pass_question"}
            return Outcome([showing.unknown()])
        answers = service.get(turn.session, [press.value])
        if not answers:
            return Outcome([Reply([say("answer.retired")])])
        turn.conversation.pending = None
        part, more = showing.part_of_press(press.about)
        if more:
            return Outcome([showing.rest(answers[0], turn.language, part)])
        return Outcome([showing.shown(answers[0], turn.language, related(turn, answers[0]), part)])


class TakeFeedback(CoreAction):
    """A thumb, and once what was wrong."""

    action = "action_feedback"

    def apply(self, turn: Turn, earlier: dict[str, dict[str, Any]], form_active: bool) -> Outcome:
        press = turn.press
        if press is None or turn.session.get(Answer, press.about) is None:
            return Outcome([old_button()])
        if press.value == "not_helpful":
            return Outcome([showing.what_was_wrong(press.about)], interrupts=False)
        turn.session.add(Feedback(answer_id=press.about, language=turn.language, verdict=press.value))
        key = "feedback.thanks" if press.value == "helpful" else "feedback.passed_on"
        return Outcome([Reply([say(key)])], interrupts=False)


def related(turn: Turn, answer: Answer) -> list[Answer]:
    """The published answers that an answer names as related."""
    query = select(Answer.id).where(Answer.municipality_id == turn.municipality.id, Answer.source_id.in_(answer.related))
    return service.get(turn.session, list(turn.session.scalars(query)))


def keep_unanswered(turn: Turn, pending: dict[str, Any], *, tell: bool) -> None:
    """Keep a question for the editors, without names; who asked only if the newcomer wants to be told the answer."""
    intake = of_conversation(turn.session, turn.conversation)
    own = [str(values(intake).get("call_name") or "")] if intake else []
    words = str(pending["words"])[:LONGEST]
    kept = masked(words, pending["language"], own)
    turn.session.add(
        UnansweredQuestion(
            municipality_id=turn.municipality.id,
            conversation_id=turn.conversation.id if tell else None,
            question=kept,
            vector=pending.get("vector") if kept == words else None,  # it would still tell of the name
            language=pending["language"],
        )
    )


def _to_pass(question: Question) -> dict[str, Any]:
    return {"words": question.text, "language": question.language, "vector": packed(question.vector)}


def old_button() -> Reply:
    """Said to a press on a button that has no meaning any more."""
    return Reply([say("button.old")], [[Button(say("menu.button.menu"), "menu", "menu")]])
