"""Messages that name danger: how they are found, the fixed reply, and the call of a person that may follow."""

from lotse.crisis.lists import CrisisLists, Line, load

__all__ = ["CrisisLists", "Line", "load"]
