"""Is a message during the intake a response, a control, an aside or unclear?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lotse.intake import Questionnaire
from lotse.intake.belonging import goes_on, what_goes_on
from lotse.intake.interpretation import Verdict, interpret
from lotse.intake.questionnaire import Question
from lotse.intake.reading import NOTHING, Reading, read
from lotse.turns import Understanding

READ = Reading("value", "shelter", whole=True)
PARTLY = Reading("value", "shelter")  # a choice's word inside a sentence
CHOICE, TEXT, MANY = "housing", "wish_year", "needs"  # one question of each sort


def sure(**confidences: float) -> Understanding:
    return Understanding(max(confidences, key=confidences.__getitem__, default=None), confidences)


LONG = "хочу розповісти вам про все що було зі мною за останній рік у цьому місті"  # more words than a control has


@pytest.mark.parametrize(
    ("question", "text", "understanding", "reading", "verdict"),
    [
        # what can be read is a response, whatever the engine thinks of a short text
        (CHOICE, "im Heim", sure(ask_question=0.99), READ, Verdict("response")),
        (CHOICE, "гуртожиток", sure(skip=0.99), READ, Verdict("response")),
        (CHOICE, "هايم", sure(out_of_scope=0.99), READ, Verdict("response")),
        ("children", "3", sure(goodbye=0.9), Reading("value", 3), Verdict("response")),
        # ... but a long question that only contains a choice's word is a question
        (CHOICE, LONG, sure(ask_question=0.9), READ, Verdict("aside", "ask_question")),
        (CHOICE, LONG, sure(ask_question=0.2), READ, Verdict("response")),
        # what nearly fits is asked back
        (CHOICE, "shleter", sure(), Reading("near", "shelter"), Verdict("near")),
        (MANY, "1,2,3,4", sure(), Reading("too_many", 3), Verdict("too_many")),
        ("children", "99", sure(), Reading("out_of_range", 99), Verdict("out_of_range")),
        # controls and asides
        (CHOICE, "пропустити", sure(skip=0.95), NOTHING, Verdict("control", "skip")),
        (CHOICE, "дальше пожалуйста", sure(skip=0.6), NOTHING, Verdict("control", "skip")),
        (CHOICE, "псообие", sure(skip=0.77), NOTHING, Verdict("unclear")),  # a word that nothing knows skips no question
        (CHOICE, "zurück", sure(go_back=0.6), NOTHING, Verdict("control", "back")),
        (CHOICE, "لماذا", sure(why=0.6), NOTHING, Verdict("control", "why")),
        (CHOICE, "später weiter", sure(pause=0.6), NOTHING, Verdict("control", "pause")),
        (CHOICE, "ändern", sure(change=0.6), NOTHING, Verdict("control", "change")),
        (CHOICE, "skip maybe", sure(skip=0.4), NOTHING, Verdict("unclear")),
        (CHOICE, "ich will mit einem Menschen reden", sure(person=0.6), NOTHING, Verdict("aside", "person")),
        (CHOICE, "احذف بياناتي", sure(delete=0.6), NOTHING, Verdict("aside", "delete")),
        (CHOICE, "дякую", sure(thank=0.6), NOTHING, Verdict("aside", "thank")),
        (CHOICE, LONG, sure(skip=0.9), NOTHING, Verdict("unclear")),
        ("free_times", "weekend", sure(goodbye=0.9), Reading("value", ["weekend"], whole=True), Verdict("response")),
        # a choice's word inside own words, a number beside a wish, a command: the whole counts
        (MANY, "السلام عليكم", sure(greet=0.99), Reading("value", ["school", "السلام عليكم"]), Verdict("aside", "greet")),
        (
            MANY,
            "schwimmen mit Freunden",
            sure(greet=0.1),
            Reading("value", ["people", "schwimmen mit Freunden"]),
            Verdict("response"),
        ),
        ("children", "change 10", sure(change=0.64), Reading("value", 10), Verdict("control", "change")),
        ("children", "3", sure(change=0.9), Reading("value", 3, whole=True), Verdict("response")),
        (MANY, "/language", sure(change_language=1.0), Reading("value", ["language"]), Verdict("aside", "change_language")),
        ("review", "/correct", sure(change=1.0), Reading("value", "send"), Verdict("control", "change")),
        # a choice's word inside a sentence does not outweigh what the sentence surely is, but a greeting beside it does not
        (CHOICE, "laat mijn gegevens zien", sure(my_data=0.8), PARTLY, Verdict("aside", "my_data")),
        (CHOICE, "хочу поговорити з людиною", sure(person=0.9), PARTLY, Verdict("aside", "person")),
        (CHOICE, "نرجع للسؤال السابق", sure(go_back=0.9), PARTLY, Verdict("control", "back")),
        (CHOICE, "laat mijn gegevens zien", sure(my_data=0.6), PARTLY, Verdict("response")),
        (CHOICE, "Guten Tag, im Heim", sure(greet=0.99), PARTLY, Verdict("response")),
        (CHOICE, "good morning", sure(greet=0.99), PARTLY, Verdict("aside", "greet")),
        (CHOICE, "hallo, Heim", sure(greet=0.8), PARTLY, Verdict("response")),
        # questions
        (CHOICE, "Wo finde ich ein Heim?", sure(ask_question=0.99), READ, Verdict("aside", "ask_question")),
        (CHOICE, "im Heim?", sure(ask_question=0.99), READ, Verdict("response")),
        (
            TEXT,
            "كم تكلفة دورة الاندماج؟",
            sure(out_of_scope=0.96, ask_question=0.04),
            Reading("value", "…"),
            Verdict("aside", "ask_question"),
        ),
        (CHOICE, "Was kostet der Kurs?", sure(ask_question=0.5), NOTHING, Verdict("aside", "ask_question")),
        (CHOICE, "щось незрозуміле", sure(ask_question=0.4), NOTHING, Verdict("unclear")),
        # a question for free text takes nearly everything, and demands more certainty
        (TEXT, "Ich möchte Pflegerin werden", sure(ask_question=0.1), Reading("value", "…"), Verdict("response")),
        (TEXT, "пропустити школу", sure(skip=0.6), Reading("value", "…"), Verdict("response")),
        (TEXT, "пропустити", sure(skip=0.95), Reading("value", "…"), Verdict("control", "skip")),
        (TEXT, "псообие", sure(skip=0.77), Reading("value", "…"), Verdict("response")),
        (TEXT, "Як знайти квартиру?", sure(ask_question=0.8), Reading("value", "…"), Verdict("aside", "ask_question")),
        (TEXT, "أريد أن أجد شقة", sure(ask_question=0.5), Reading("value", "…"), Verdict("response", also_question=True)),
        (TEXT, "I want to change my job", sure(change=0.94), Reading("value", "…"), Verdict("response")),
        (TEXT, "أريد أن أغير السكن", sure(change=0.95), Reading("value", "…"), Verdict("response")),
        (TEXT, "виправити відповідь", sure(change=1.0), Reading("value", "…"), Verdict("control", "change")),
        (TEXT, "", sure(), Reading("value", ""), Verdict("unclear")),
        ("job", "ще ніякої", sure(deny=0.9, skip=0.9), Reading("value", "none_yet"), Verdict("response")),
        # own words beside the choices
        (MANY, "допомога з собакою", sure(), Reading("own_words", ["…"]), Verdict("response")),
        (
            MANY,
            "wo finde ich einen Tierarzt",
            sure(ask_question=0.9),
            Reading("own_words", ["…"]),
            Verdict("aside", "ask_question"),
        ),
        (MANY, "weiter", sure(skip=0.9), Reading("own_words", ["…"]), Verdict("control", "skip")),
        # danger goes before all
        (CHOICE, "im Heim", sure(crisis=0.8), READ, Verdict("aside", "crisis")),
        (TEXT, "…", sure(crisis=0.7), Reading("value", "…"), Verdict("aside", "crisis")),
        (CHOICE, "im Heim", sure(crisis=0.6), READ, Verdict("response")),
        # the engine knows nothing
        (CHOICE, "бла", Understanding(None), NOTHING, Verdict("unclear")),
        (TEXT, "бла", Understanding(None), Reading("value", "бла"), Verdict("response")),
    ],
)
def test_verdict(
    questionnaire: Questionnaire, question: str, text: str, understanding: Understanding, reading: Reading, verdict: Any
) -> None:
    assert interpret(questionnaire.question(question), text, understanding, reading) == verdict


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Хочу знайти квартиру біля школи, як її знайти?", "response"),
        ("Ich suche eine Wohnung. Wie finde ich eine?", "response"),
        ("بدي بيت قريب من المدرسة، كيف بلاقي؟", "response"),
        ("як знайти квартиру?", "aside"),
        ("Hallo, wie finde ich eine Wohnung?", "aside"),
        ("Ik ben ziek, waar vind ik een dokter?", "aside"),
    ],
)
def test_a_wish_that_also_asks_is_kept_and_its_answer_offered(text: str, kind: str) -> None:
    question = Question(name="wish_year", section="now", type="text")
    understanding = Understanding("ask_question", {"ask_question": 0.95})
    verdict = interpret(question, text, understanding, Reading("value", text))
    assert verdict.kind == kind
    assert verdict.also_question == (kind == "response")


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("interests", "und außerdem möchte ich am Abend einen Kurs machen", True),
        ("interests", "und Musik", False),
        ("job", "und außerdem möchte ich am Abend einen Kurs machen", True),  # no work, though it asks for own words
        ("job", "und noch keine", False),
        ("housing", "auch im Heim", False),
        ("housing", "im Heim", None),
    ],
)
def test_a_text_that_goes_on_with_the_one_before(
    questionnaire: Questionnaire, question: str, text: str, expected: bool | None
) -> None:
    asked = questionnaire.question(question)
    rest = what_goes_on(text)
    assert (rest is None) == (expected is None)
    if rest is not None:
        after = read(asked, rest, [("de", questionnaire.words_of(asked, "de"))], {}, date(2026, 11, 22))
        assert goes_on(asked, rest, after) is expected
