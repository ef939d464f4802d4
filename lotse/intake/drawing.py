"""A questionnaire as a drawing that a town's expert understands: what is asked in which order, what is skipped and why.

The line runs from top to bottom. A condition is a box with cut corners: its "yes" leads to questions beside the line, its
"no" stays on the line and goes past them. Nothing is told by colour alone, and right-to-left languages are mirrored.
"""

from __future__ import annotations

from itertools import groupby

from lotse.intake.canvas import GREY, PAPER, SHADE, Canvas, Style, text_width, wrapped
from lotse.intake.questionnaire import Question, Questionnaire
from lotse.intake.telling import Mark, Telling
from lotse.languages import Language
from lotse.wording import Wording

WIDTH, MARGIN = 820.0, 24.0
STEP = 44.0  # by how much the questions of a condition are set in
LINE = 20.0  # where the line runs, from the edge of the boxes
GAP = 24.0  # between boxes: the piece of line that one sees
PAD = 12.0
CUT = 12.0  # the corner of a condition
SIGN = 20.0  # the room of a mark's sign

TITLE, SECTION, NAME, LABEL = Style(22, bold=True), Style(18, bold=True), Style(15, bold=True), Style(14)
SMALL, MARK = Style(12.5, fill=GREY), Style(12.5, bold=True)


def as_svg(questionnaire: Questionnaire, language: Language, wording: Wording) -> str:
    """The drawing in a language; words that the questionnaire lacks in it are English, as for newcomers."""
    return _Drawing(questionnaire, language, wording).svg()


class _Drawing:
    """Lays everything out from top to bottom; `_y` is how far it has come."""

    def __init__(self, questionnaire: Questionnaire, language: Language, wording: Wording) -> None:
        self._questionnaire = questionnaire
        self._tag = language.tag
        self._telling = Telling(questionnaire, language, wording)
        self._numbers = {question.name: number for number, question in enumerate(questionnaire.questions, 1)}
        self._canvas = Canvas(WIDTH, right_to_left=language.direction == "rtl")
        self._y = MARGIN

    def svg(self) -> str:
        telling = self._telling
        reading = f"{telling.text('told', count=len(self._questionnaire.questions))} {telling.text('reading')}"
        self._write(telling.title(), MARGIN, WIDTH - 2 * MARGIN, TITLE)
        self._write(reading, MARGIN, WIDTH - 2 * MARGIN, SMALL)
        self._y += PAD
        for section, questions in groupby(self._questionnaire.questions, key=lambda question: question.section):
            with self._canvas.group(telling.section(section)):
                self._section(section)
                self._column(list(questions), MARGIN, WIDTH - MARGIN)
                self._connect(MARGIN + LINE)
        self._canvas.circle(MARGIN + LINE, self._y + 7, 7)
        return self._canvas.svg(self._y + 14 + MARGIN, telling.title(), reading, self._tag)

    def _section(self, section: str) -> None:
        sections = self._questionnaire.sections
        number = f"{sections.index(section) + 1}/{len(sections)}  " if section in sections else ""
        top, place = self._y, self._canvas.place
        self._y += 7
        self._write(number + self._telling.section(section), MARGIN + PAD, WIDTH - 2 * (MARGIN + PAD), SECTION)
        self._y += 5
        self._canvas.rectangle(MARGIN, top, WIDTH - 2 * MARGIN, self._y - top, fill=SHADE, corner=0, place=place)

    def _column(self, questions: list[Question], left: float, right: float) -> None:
        """Questions below each other, those of a group in its frame."""
        for repeat, members in groupby(questions, key=lambda question: question.repeat):
            if repeat is None:
                self._questions(list(members), left, right)
            else:
                self._repeat(repeat, list(members), left, right)

    def _questions(self, questions: list[Question], left: float, right: float) -> None:
        """Questions below each other, those of one condition beside the line."""
        for condition, members in groupby(questions, key=lambda question: question.relevant):
            if condition is not None:
                self._condition(condition, list(members), left, right)
                continue
            for question in members:
                self._connect(left + LINE)
                self._question(question, left, right)

    def _condition(self, condition: str, questions: list[Question], left: float, right: float) -> None:
        telling, canvas = self._telling, self._canvas
        self._connect(left + LINE)
        top, place, width = self._y, canvas.place, right - left
        self._y += PAD - 2
        self._write(telling.text("only_if", condition=telling.conditions.said(condition)), left + PAD, width - 2 * PAD, NAME)
        names = [telling.short(question) for question in questions]
        self._write(telling.text("skipped", questions=names), left + PAD, width - 2 * PAD, SMALL)
        self._y += PAD - 4
        self._cut_box(left, top, width, self._y - top, place)
        begun, line, branch = self._y, left + LINE, left + STEP + LINE
        canvas.text(telling.text("no"), line + 7, begun + 4, SMALL)
        canvas.text(telling.text("yes"), branch + 7, begun + 4, SMALL)
        self._connect(branch, GAP + 6)
        for number, question in enumerate(questions):
            if number:
                self._connect(branch)
            self._question(question, left + STEP, right)
        canvas.path([(branch, self._y), (branch, self._y + GAP / 2), (line, self._y + GAP / 2)], arrow=True)
        self._y += GAP / 2
        canvas.path([(line, begun), (line, self._y)])

    def _repeat(self, name: str, questions: list[Question], left: float, right: float) -> None:
        canvas = self._canvas
        self._connect(left + LINE)
        top, place = self._y, canvas.place
        self._y += PAD - 4
        self._round_arrow(left + PAD, self._y + 1)
        self._write(self._telling.times(name), left + PAD + SIGN + 2, right - left - 2 * PAD - SIGN, MARK)
        self._questions(questions, left + PAD, right - PAD)
        inner, outer = left + PAD + LINE, left + LINE
        canvas.path([(inner, self._y), (inner, self._y + PAD), (outer, self._y + PAD), (outer, self._y + 2 * PAD)])
        self._y += 2 * PAD
        canvas.rectangle(left, top, right - left, self._y - top, line=2, dash="8 4", place=place)

    def _question(self, question: Question, left: float, right: float) -> None:
        telling = self._telling
        with self._canvas.group(telling.short(question)):
            top, place, width = self._y, self._canvas.place, right - left - 2 * PAD
            self._y += PAD - 3
            kind = telling.kind(question)
            beside = text_width(kind, SMALL) + PAD
            fits = beside < width * 0.5
            if fits:
                self._canvas.text(kind, right - PAD, self._y + 2, SMALL, ends=True)
            name = f"{self._numbers[question.name]}  {telling.short(question)}"
            self._write(name, left + PAD, width - (beside if fits else 0), NAME)
            if not fits:
                self._write(kind, left + PAD, width, SMALL)
            self._write(telling.label(question), left + PAD, width, LABEL)
            if choices := telling.choices(question):
                self._write(choices, left + PAD, width, SMALL)
            self._marks(telling.marks(question), left + PAD, right - PAD)
            self._y += PAD - 4
            self._frame(question, left, top, right - left, self._y - top, place)

    def _frame(self, question: Question, left: float, top: float, width: float, height: float, place: int) -> None:
        """Sensitive questions have a broken edge, the agreement a thick one, what is asked before it a double one."""
        if question.sensitive:
            self._canvas.rectangle(left, top, width, height, line=2.5, dash="3 3", place=place)
        elif question.consent:
            self._canvas.rectangle(left, top, width, height, line=4, place=place)
        elif question.gate:
            self._canvas.rectangle(left + 4, top + 4, width - 8, height - 8, place=place)
            self._canvas.rectangle(left, top, width, height, line=1.5, place=place)
        else:
            self._canvas.rectangle(left, top, width, height, place=place)

    def _marks(self, marks: list[Mark], left: float, right: float) -> None:
        if not marks:
            return
        self._y += 4
        x = left
        for mark in marks:
            needed = SIGN + text_width(mark.text, MARK)
            if x > left and x + needed > right:
                x, self._y = left, self._y + MARK.height + 3
            self._sign(mark.sign, x, self._y)
            for number, line in enumerate(wrapped(mark.text, right - x - SIGN, MARK)):
                self._y += MARK.height if number else 0
                self._canvas.text(line, x + SIGN, self._y, MARK)
            x = x + needed + 1.5 * PAD
        self._y += MARK.height

    # lines and signs

    def _write(self, text: str, left: float, width: float, style: Style) -> None:
        self._y = self._canvas.paragraph(text, left, self._y, width, style)

    def _connect(self, x: float, length: float = GAP) -> None:
        """A piece of the line down to what comes next."""
        self._canvas.path([(x, self._y), (x, self._y + length)], arrow=True)
        self._y += length

    def _cut_box(self, left: float, top: float, width: float, height: float, place: int) -> None:
        right, bottom = left + width, top + height
        corners = [(left + CUT, top), (right - CUT, top), (right, top + CUT), (right, bottom - CUT),
                   (right - CUT, bottom), (left + CUT, bottom), (left, bottom - CUT), (left, top + CUT)]  # fmt: skip
        self._canvas.polygon(corners, fill=SHADE, line=1.6, place=place)

    def _round_arrow(self, x: float, y: float) -> None:
        """Once more."""
        self._canvas.arc((x + 13, y + 9), (x + 10, y + 2.5), 6, long=True)
        self._canvas.polygon([(x + 6, y), (x + 14, y - 1), (x + 11, y + 6)])

    def _sign(self, sign: str, x: float, y: float) -> None:
        """The sign of a mark, 15 by 15."""
        canvas = self._canvas
        if sign == "stop":
            corners = [(4.5, 0), (10.5, 0), (15, 4.5), (15, 10.5), (10.5, 15), (4.5, 15), (0, 10.5), (0, 4.5)]
            canvas.polygon([(x + across, y + down) for across, down in corners], fill=PAPER, line=1.5)
            canvas.bar(x + 4, y + 6, 7, 3)
        elif sign == "alarm":
            canvas.polygon([(x + 7.5, y), (x + 15, y + 15), (x, y + 15)], fill=PAPER, line=1.5)
            canvas.bar(x + 6.6, y + 5, 1.8, 5)
            canvas.bar(x + 6.6, y + 11.5, 1.8, 1.8)
        elif sign == "lock":
            canvas.arc((x + 4, y + 7), (x + 11, y + 7), 3.5, long=True)
            canvas.bar(x + 1.5, y + 7, 12, 8)
        elif sign == "agreement":
            canvas.rectangle(x + 1, y + 1, 13, 13, line=1.5, corner=1)
            tick = [(4.0, 7.5), (7.0, 11.0), (12.0, 3.5)]  # the same in all languages
            canvas.path([(x + (15 - across if canvas.right_to_left else across), y + down) for across, down in tick])
        elif sign == "star":
            corners = [
                (7.5, 0),
                (9.6, 5),
                (15, 5.4),
                (10.8, 9),
                (12.2, 14.5),
                (7.5, 11.5),
                (2.8, 14.5),
                (4.2, 9),
                (0, 5.4),
                (5.4, 5),
            ]
            canvas.polygon([(x + across, y + down) for across, down in corners])
        elif sign == "gate":
            canvas.bar(x + 1, y + 1, 3, 14)
            canvas.bar(x + 11, y + 1, 3, 14)
            canvas.bar(x + 1, y + 1, 13, 2)
        else:  # it cannot be skipped: an arrow that meets a bar
            canvas.path([(x, y + 8), (x + 10, y + 8)], arrow=True)
            canvas.bar(x + 11.5, y + 1, 2.5, 14)
