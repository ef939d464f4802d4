"""Staff: accounts, their roles in municipalities, and signing in. No web in here."""

from lotse.staff.accounts import LANGUAGES, AccountError, Accounts, Entry, SignInError
from lotse.staff.member import Member
from lotse.staff.roles import Grant, Role

__all__ = ["LANGUAGES", "AccountError", "Accounts", "Entry", "Grant", "Member", "Role", "SignInError"]
