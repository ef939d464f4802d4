"""Which browser somebody uses, coarsely: enough to know one's own again in a list, too little to follow anybody."""

from __future__ import annotations

import re

# names of products, the same in every language; the first that fits: Edge also calls itself Chrome, and Chrome Safari
_FAMILIES = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrom(e|ium)/|CriOS/"),
    ("Safari", r"Version/[\d.]+ .*Safari/"),
)
_SYSTEMS = (
    ("Android", r"Android"),
    ("iOS", r"iPhone|iPad|iPod"),
    ("Windows", r"Windows"),
    ("macOS", r"Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
)


def family(user_agent: str | None) -> str:
    """Such as `Firefox, Windows`, without versions; empty where nothing is known."""
    found = (
        next((name for name, pattern in known if re.search(pattern, user_agent or "")), None) for known in (_FAMILIES, _SYSTEMS)
    )
    return ", ".join(name for name in found if name)
