"""The intake: a questionnaire as data, one question at a time, resumable from the responses alone."""

from lotse.intake.questionnaire import Questionnaire, QuestionnaireError, load
from lotse.intake.service import Intakes, Taken, of_conversation, values, waiting

__all__ = ["Intakes", "Questionnaire", "QuestionnaireError", "Taken", "load", "of_conversation", "values", "waiting"]
