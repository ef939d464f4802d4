"""Contract of rasa-sdk 3.21 (app environment) with Rasa 3.6.21 (engine environment): both real, over HTTP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from importlib.metadata import version

import pytest
from sqlalchemy import select

from lotse.settings import from_environment
from lotse.storage import Database
from lotse.storage.tables import Conversation, Inbound, Municipality
from tests.conftest import Installation
from tests.newcomer import ROOT, Newcomer, environment

pytestmark = pytest.mark.processes


def test_rasa_reads_what_our_actions_answer(installation: Installation, newcomer: Callable[..., Newcomer]) -> None:
    assert version("rasa-sdk").startswith("3.21.")
    running = json.loads((installation.home / "run" / "services.json").read_text())
    database = Database(from_environment({"LOTSE_HOME": str(installation.home)}))
    with database.session() as session:
        municipality = session.scalars(select(Municipality)).first()
        assert municipality is not None
        conversation = Conversation(
            municipality_id=municipality.id, channel="contract", address="x", address_digest="contract", language="de"
        )
        session.add(conversation)
        session.flush()
        # "held": the bot, which takes up every message received, leaves it to us
        inbound = Inbound(conversation_id=conversation.id, external_id="1", body={"text": "ich möchte anfangen"}, state="held")
        session.add(inbound)
        session.flush()
        ids = (conversation.id, inbound.id)
    done = subprocess.run(
        ["engine/.venv/bin/python", "tests/actions/rasa_side.py", f"{running['actions_url']}/webhook", running["secret"], *ids],
        cwd=ROOT,
        env=environment(installation.home, TF_CPP_MIN_LOG_LEVEL="3"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    made = json.loads(done.stdout.splitlines()[-1])
    assert made["action_session_start"] == ["session_started", "action"]
    assert made["action_start_intake"] == ["bot", "followup"]
    assert made["validate_intake_form"] == []
    assert made["action_ask_intake_response"] == ["bot"]
    assert made["without secret"] == ["answered"]
    database.engine.dispose()
