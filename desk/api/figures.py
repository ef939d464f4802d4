"""Figures of the town."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from desk.api.access import REFUSALS, Needs, TheCore
from desk.api.shapes import Figures
from desk.figures import FEW, figures_of
from lotse.staff.tokens import Bearer
from lotse.storage.tables import Municipality

router = APIRouter(tags=["figures"], responses=REFUSALS)


@router.get("/figures", summary="Read the figures", operation_id="readFigures")
def read_figures(core: TheCore, caller: Annotated[Bearer, Depends(Needs("read:figures"))]) -> Figures:
    """How much there is to do, and nothing about anybody."""
    with core.database.reading() as session:
        town = session.get_one(Municipality, caller.municipality_id)
        found = figures_of(session, town)
        return Figures(
            municipality=town.slug,
            cases={status: _shown(count) for status, count in found.cases.items()},
            conversations=_shown(found.conversations),
            unanswered={language: _shown(count) for language, count in found.unanswered.items()},
            hidden_below=FEW,
        )


def _shown(count: int) -> int | None:
    return None if 0 < count < FEW else count
