"""Two corrections of Rasa's calls to the action server, installed once when the channel is made.

1. Rasa rebuilds a JSON schema validator for every action result, 22-25 ms each; one is enough.
2. Rasa logs a failed action and goes on as if it had run, so that the form breaks and the
   newcomer gets silence. Here a failure ends the turn before the tracker is saved; the gateway
   repeats the turn, and actions apply a message only once.
"""

from __future__ import annotations

from typing import Any, Dict, List, Text

from jsonschema.validators import validator_for
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.shared.core.events import Event
from rasa.utils.endpoints import ClientResponseError


class ActionFailed(BaseException):
    """An action did not answer or failed.

    Not an Exception: Rasa's processor swallows those and would save the broken turn.
    `answered` tells an error in the action from a server that cannot be reached.
    """

    def __init__(self, message: Text, answered: bool) -> None:
        super().__init__(message)
        self.answered = answered


def install() -> None:
    """Put both corrections in place; calling it again changes nothing."""
    if getattr(RemoteAction, "lotse_installed", False):
        return
    schema = RemoteAction.action_response_format_spec()
    validator = validator_for(schema)(schema)
    run = RemoteAction.run

    def validate_once_built(self: RemoteAction, result: Dict[Text, Any]) -> bool:
        validator.validate(result)
        return True

    async def run_or_fail(self: RemoteAction, *args: Any, **kwargs: Any) -> List[Event]:
        try:
            return await run(self, *args, **kwargs)
        except ActionExecutionRejection:
            raise
        except Exception as error:
            answered = isinstance(error.__cause__, ClientResponseError)
            raise ActionFailed(f"{self.name()}: {type(error).__name__}", answered) from error

    RemoteAction._validate_action_result = validate_once_built
    RemoteAction.run = run_or_fail
    RemoteAction.lotse_installed = True
