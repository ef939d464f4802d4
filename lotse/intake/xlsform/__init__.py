"""Questionnaires as XLSForm workbooks, which ODK's tools read too (docs/decisions/0020-xlsform.md)."""

from lotse.intake.xlsform.reading import Taken, read, take
from lotse.intake.xlsform.sheets import WorkbookError
from lotse.intake.xlsform.writing import write

__all__ = ["Taken", "WorkbookError", "read", "take", "write"]
