"""How a guide can reach a newcomer: a telephone number and an e-mail address, both voluntary."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from lotse.storage.tables import Conversation

LONGEST = 254  # characters of an e-mail address (RFC 5321); no telephone number is longer


@dataclass(frozen=True)
class Contact:
    """What the newcomer left; a number in E.164."""

    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Read:
    """A form that was read: the contact, or what to say about its fields."""

    contact: Contact
    problems: dict[str, str] = field(default_factory=dict)  # wording by field


def read(phone: str, email: str, country: str) -> Read:
    """Read what was typed; numbers without a country's code belong to `country`."""
    problems = {}
    number, address = _phone(phone.strip(), country), _email(email.strip())
    if phone.strip() and number is None:
        problems["phone"] = "web.contact.phone_wrong"
    if email.strip() and address is None:
        problems["email"] = "web.contact.email_wrong"
    return Read(Contact(number, address), problems)


def of(conversation: Conversation) -> Contact:
    """What a conversation holds."""
    return Contact(**(conversation.contact or {}))


def keep(conversation: Conversation, contact: Contact) -> None:
    """Keep a contact; an empty one keeps nothing."""
    conversation.contact = asdict(contact) if contact.phone or contact.email else None


def shown_number(phone: str | None) -> str:
    """A number as people read it."""
    if not phone:
        return ""
    parsed = phonenumbers.parse(phone, None)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _phone(typed: str, country: str) -> str | None:
    if not typed or len(typed) > LONGEST:
        return None
    try:
        parsed = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _email(typed: str) -> str | None:
    if not typed or len(typed) > LONGEST:
        return None
    try:
        return validate_email(typed, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
