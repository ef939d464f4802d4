"""Dispatch of ./run: each command is a module with `add_arguments` and `run`."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys

import structlog

from lotse import settings
from lotse.errors import OperatorError

COMMANDS = {
    "demo": "everything on this machine, with the sample town",
    "up": "the production start",
    "chat": "be a newcomer in the terminal",
    "ask": "match questions with answers, without a dialogue",
    "case": "what a case worker receives",
    "erase": "erase a newcomer's data",
    "user": "accounts of staff: add, list, give, take, off, on, unlock, password, reset",
    "audit": "who has seen and done what: verify, export",
    "content": "answers from elsewhere: import",
    "questionnaire": "the intake's questions: show, check, export, import",
    "entry": "links and QR codes that lead newcomers to the chat",
    "bench": "measure, and print figures",
    "learn": "learn anew how much each kind of evidence counts in matching",
    "pictures": "make the pictures of the documentation anew",
}


def main() -> int:
    """Run one command; a failure is one line on standard error and exit code 1."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
                        logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # fmt: skip
    parser = argparse.ArgumentParser(prog="./run")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in sys.argv[1:2] if word in COMMANDS), None)
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose)
        if name == chosen:  # only the command that runs is imported: a fast start
            importlib.import_module(f"commands.{name}").add_arguments(command)
    arguments = parser.parse_args()
    try:
        importlib.import_module(f"commands.{arguments.command}").run(arguments, settings.from_environment())
    except OperatorError as error:
        print(f"lotse: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
