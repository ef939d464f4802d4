"""From similarities to a decision: answer, let choose, or say that there is no answer. A pure function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lotse.answers.index import Candidate

# Chosen on the held-out messages of tests/understanding (18 answers, 4 languages): with an answer, 45 % right at
# once, 3 % wrong, 40 % among those offered; out of scope 90 % unknown. ./run bench understanding will learn them.
ANSWER = 0.45  # similarity from which the first answer is shown at once, if no second one is close
CHOOSE = 0.33  # from which answers are offered to choose from
MARGIN = 0.08  # a second answer this close makes the first one doubtful
OUT_OF_SCOPE = 0.35  # confidence from which a message counts as none of ours ...
DESPITE = 0.15  # ... unless it is this much more similar than ANSWER


@dataclass(frozen=True)
class Decision:
    """What to do with a question; for `choose` the answers to offer, for `answer` the one to show."""

    kind: Literal["answer", "choose", "unknown"]
    candidates: tuple[Candidate, ...]


def decide(candidates: Sequence[Candidate], out_of_scope: float = 0.0) -> Decision:
    """Decision for the candidates of one question, best first, given how likely it is out of scope."""
    if not candidates or candidates[0].score < CHOOSE:
        return Decision("unknown", ())
    first = candidates[0]
    if out_of_scope >= OUT_OF_SCOPE and first.score < ANSWER + DESPITE:
        return Decision("unknown", ())
    close = [candidate for candidate in candidates[:3] if candidate.score >= CHOOSE]
    doubtful = len(close) > 1 and first.score - close[1].score < MARGIN
    if first.score >= ANSWER and not doubtful:
        return Decision("answer", (first,))
    return Decision("choose", tuple(close))
