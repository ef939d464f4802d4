"""The intake: a questionnaire as data, one question at a time, resumable from the responses alone."""

from lotse.intake.questionnaire import Questionnaire, QuestionnaireError, load
from lotse.intake.runs import of_conversation, values, waiting
from lotse.intake.service import Intakes, Taken
from lotse.intake.versions import Questionnaires

__all__ = [
    "Intakes",
    "Questionnaire",
    "QuestionnaireError",
    "Questionnaires",
    "Taken",
    "load",
    "of_conversation",
    "values",
    "waiting",
]
