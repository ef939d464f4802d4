"""./run erase REF: erase a newcomer's data, found by the reference of a case."""

from __future__ import annotations

import argparse

from sqlalchemy import select

from commands.errors import CommandError
from lotse import audit, cases, core, privacy
from lotse.settings import Settings
from lotse.storage.tables import Case, Conversation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", metavar="REF")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Erase the whole conversation of a case: intake, case, messages, address, the engine's cache."""
    parts = core.build(settings)
    core.prepare(parts, fill=False)
    with parts.database.session() as session:
        case = cases.find(session, arguments.reference)
        if case is None:
            raise CommandError(f"no case has the reference {arguments.reference!r}; ./run case list shows all")
        conversation = session.get_one(Conversation, case.conversation_id)
        identifier = conversation.id
        for each in session.scalars(select(Case).where(Case.conversation_id == identifier).order_by(Case.reference)):
            audit.note(session, audit.OPERATOR, "case.erased", town=each.municipality_id, reference=each.reference)
        erased = privacy.erase_conversation(session, conversation)
    privacy.forget_tracker(settings.tracker_url, identifier)
    privacy.forget_traces(parts.database, settings)
    print(f"erased: {erased.intakes} intakes, {erased.cases} cases, {erased.messages} messages, the conversation")
