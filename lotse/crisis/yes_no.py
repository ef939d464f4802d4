"""Is a short message a yes or a no? Lists, no statistics; what is not clear is neither."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lotse.files import read_yaml
from lotse.normalise import words

FILE = Path(__file__).parent / "yes_no.yml"
LONGEST = 6  # words of a message that is a yes or a no, and no story


def read(text: str, language: str | None) -> bool | None:
    """True for yes, False for no, None where it is neither or both.

    The lists of the language and of English count; for a single word those of all languages.
    """
    said = words(text)
    if not said or len(said) > LONGEST:
        return None
    lists = _lists()
    tags = list(lists) if len(said) == 1 or language not in lists else [language, "en"]

    def listed(kind: str) -> Iterator[list[str]]:
        return (phrase for tag in tags for phrase in lists[tag][kind])

    if said in listed("no"):
        return False if said not in listed("whole_yes") else None
    begins = any(said[: len(phrase)] == phrase for phrase in listed("yes"))
    unclear = any(phrase[0] in said for phrase in listed("not"))
    return True if said in listed("whole_yes") or (begins and not unclear) else None


@cache
def _lists() -> dict[str, dict[str, list[list[str]]]]:
    data = read_yaml(FILE)
    return {tag: {kind: [words(phrase) for phrase in phrases] for kind, phrases in kinds.items()} for tag, kinds in data.items()}
