"""Which language the bot speaks: the newcomer's choice rules, a message only proposes."""

from __future__ import annotations

from dataclasses import dataclass

from lotse.languages.identification import Guess

SURE_TO_START = 0.6
SURE_TO_PROPOSE = 0.9
WORDS_TO_PROPOSE = 4
WORDS_TO_SWITCH = 3


@dataclass(frozen=True)
class Choice:
    """`speak` in this language from now on; perhaps `propose` to switch to another."""

    speak: str
    propose: str | None = None


def choose(
    *,
    current: str | None,
    chosen: bool,
    guess: Guess | None,
    words: int,
    offered: list[str],
    declined: str | None,
    default: str,
    under_way: bool = False,
) -> Choice:
    """Language for the reply to a message of `words` words.

    Until the newcomer has chosen, a likely language is simply taken, though not for one or two words where a language is
    known already. Afterwards, and once an intake is under way, only a longer, confident text in another offered language
    proposes a switch, and one that was declined is not proposed again.
    """
    guessed = guess.tag if guess and guess.tag in offered else None
    sure = guess.confidence if guess else 0.0
    speak = current or default
    if not chosen and not under_way:
        takes = guessed and sure >= SURE_TO_START and (current is None or words >= WORDS_TO_SWITCH)
        return Choice(guessed if guessed and takes else speak)
    if guessed and guessed not in (speak, declined) and sure >= SURE_TO_PROPOSE and words >= WORDS_TO_PROPOSE:
        return Choice(speak, guessed)
    return Choice(speak)
