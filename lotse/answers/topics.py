"""What answers are about: the topics that every town has, in groups. A municipality may use others as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

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
BELOW = " › "  # between a chapter and what lies in it; mirrored by itself in text from right to left

_GROUP_OF = {topic: group for group, topics in GROUPS.items() for topic in topics}
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,79}")


def group_of(topic: str) -> str:
    """The group of a topic; `OTHER` for a municipality's own."""
    return _GROUP_OF.get(topic, OTHER)


def own_names(details: Mapping[str, Any], languages: Iterable[str]) -> dict[str, str]:
    """A municipality's own topics by slug, in their order: each with its chapter, in the first language that has a title."""
    topics: Mapping[str, Any] = details.get("topics", {})
    wanted = list(languages)

    def title(slug: str) -> str:
        titles: Mapping[str, str] = topics[slug].get("titles", {})
        return next((titles[tag] for tag in (*wanted, *titles) if titles.get(tag)), slug.replace("_", " "))

    names = {}
    for slug in topics:
        trail: list[str] = []
        step = slug
        while step in topics and step not in trail:
            trail.append(step)
            step = topics[step].get("parent") or ""
        names[slug] = BELOW.join(title(each) for each in reversed(trail))
    return names


def is_slug(text: str) -> bool:
    """Whether a text can be the name of a topic."""
    return _SLUG.fullmatch(text) is not None
