"""Answers: published information, found by meaning."""

from lotse.answers.index import AnswerIndex, Candidate
from lotse.answers.matching import Decision, decide
from lotse.answers.service import Answers, Found

__all__ = ["AnswerIndex", "Answers", "Candidate", "Decision", "Found", "decide"]
