"""Cases: the handover from the bot to the case workers, and the page that they read."""

from lotse.cases.service import case_of_intake, find, open_case

__all__ = ["case_of_intake", "find", "open_case"]
