"""Starts the action server, by default on the loopback address: python -m actions PORT."""

from __future__ import annotations

import hmac
import os
import sys
import threading

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic.request import Request
from sanic.response import HTTPResponse, json

from actions import answers, conversation, people
from actions import intake as intake_actions
from lotse import core, settings
from lotse.core import Core

ACTIONS = (
    intake_actions.TakeMessage, intake_actions.AskQuestion, intake_actions.StartIntake, intake_actions.NoOpenQuestion,
    intake_actions.SessionStart, intake_actions.ChangeResponse, intake_actions.StartOver, intake_actions.AnotherPerson,
    intake_actions.TellProgress, answers.AnswerQuestion, answers.ShowAnswer, answers.TakeFeedback,
    conversation.ShowMenu, conversation.SmallTalk, conversation.ChangeLanguage, conversation.MeetCrisis, conversation.Confirm,
    people.AskForPerson, people.TakeTopic, people.ShowMyData, people.AskToDelete, people.TellPrivacy,
    people.Withdraw, people.StopWriting,
)  # fmt: skip


class Fallback(answers.AnswerQuestion):
    """Where no rule applies, the message is treated as a question."""

    action = "action_default_fallback"


def executor(parts: Core) -> ActionExecutor:
    """All actions, each with the core."""
    registered = ActionExecutor()
    for action in (*ACTIONS, Fallback):
        registered.register_action(action(parts))
    return registered


def main() -> None:
    """Serve until stopped."""
    secret = os.environ["LOTSE_ENGINE_SECRET"].encode()
    parts = core.build(settings.from_environment())
    app = create_app(executor(parts), cors_origins=None)
    threading.Thread(target=core.stay_warm, args=(parts,), daemon=True).start()

    @app.on_request
    async def check_secret(request: Request) -> HTTPResponse | None:
        given = request.headers.get(settings.SECRET_HEADER, "").encode()
        if request.path == "/health" or hmac.compare_digest(given, secret):
            return None
        return json({"error": "secret"}, status=403)

    host = os.environ.get("LOTSE_INNER_HOST", "127.0.0.1")
    app.run(host=host, port=int(sys.argv[1]), single_process=True, access_log=False, motd=False)


if __name__ == "__main__":
    main()
