"""Text that people typed, made safe to store and to show. Nothing else is changed in it."""

from __future__ import annotations

import re
import unicodedata

# direction overrides and isolates can make text read other than it is written (Unicode TR #36)
_DIRECTION = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without characters that cannot be stored, shown or trusted, in Unicode's composed form."""
    visible = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).translate(_DIRECTION)
    return unicodedata.normalize("NFC", visible).strip()
