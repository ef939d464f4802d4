"""Answers: published information, found by meaning and by words."""

from lotse.answers.index import AnswerIndex, Question, Text
from lotse.answers.matching import Candidate, Decision, Found, decide, match
from lotse.answers.service import Answers

__all__ = ["AnswerIndex", "Answers", "Candidate", "Decision", "Found", "Question", "Text", "decide", "match"]
