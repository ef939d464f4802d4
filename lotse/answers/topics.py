"""What answers are about: the topics that every town has, in groups. A municipality may use others as well."""

from __future__ import annotations

import re

GROUPS: dict[str, tuple[str, ...]] = {
    "arrival": (
        "register_address", "appointments", "tax_id", "digital_id", "bank_account", "official_letters", "interpreter",
    ),
    "papers": (
        "renew_permit", "permit_expires", "family_reunion", "travel", "move_city", "permanent_stay", "citizenship",
    ),
    "language": ("course_right", "course_cost", "course_childcare", "literacy_course", "exam", "missed_lesson"),
    "work": (
        "may_i_work", "find_work", "recognise_diploma", "contract_wage", "unpaid_wages", "apprenticeship",
        "self_employment", "tax",
    ),
    "money": ("benefits", "child_benefit", "rent_help", "debts", "broadcasting_fee", "legal_help"),
    "home": ("find_flat", "social_housing", "deposit", "tenancy", "neighbours", "waste", "lose_flat"),
    "health": ("insurance", "doctor", "emergency", "pregnancy", "vaccination", "trauma", "disability"),
    "children": ("daycare", "school", "school_costs", "support"),
    "daily_life": ("clubs", "faith", "volunteering", "transport", "driving_licence", "discrimination", "my_guide"),
}  # fmt: skip
OTHER = "other"  # the group of a municipality's own topics

_GROUP_OF = {topic: group for group, topics in GROUPS.items() for topic in topics}
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,79}")


def group_of(topic: str) -> str:
    """The group of a topic; `OTHER` for a municipality's own."""
    return _GROUP_OF.get(topic, OTHER)


def is_slug(text: str) -> bool:
    """Whether a text can be the name of a topic."""
    return _SLUG.fullmatch(text) is not None
