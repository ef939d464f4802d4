"""Answers from elsewhere: what a town has published already becomes answers, and stays in step with where it came from."""

from lotse.answers.importing.integreat import Bundle, ImportProblem, LeftOut, Page, gather, name_of_town, read
from lotse.answers.importing.store import Note, Report, new_town, plan, store, texts_of

__all__ = [
    "Bundle", "ImportProblem", "LeftOut", "Note", "Page", "Report", "gather", "name_of_town", "new_town", "plan", "read", "store",
    "texts_of",
]  # fmt: skip
