"""Staff: accounts, their roles in municipalities, and signing in. No web in here."""

from lotse.staff.accounts import LANGUAGES, Accounts, Entry
from lotse.staff.administration import Administration
from lotse.staff.errors import AccountError, SignInError, UnknownAccountError
from lotse.staff.member import Member
from lotse.staff.roles import Grant, Role

__all__ = [
    "LANGUAGES",
    "AccountError",
    "Accounts",
    "Administration",
    "Entry",
    "Grant",
    "Member",
    "Role",
    "SignInError",
    "UnknownAccountError",
]
