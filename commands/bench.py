"""./run bench NAME: measure, print a table and, last, one JSON line of figures."""

from __future__ import annotations

import argparse
import importlib

from lotse.settings import Settings

NAMES = ("turn", "load", "understanding", "languages", "intake", "desk")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    benches = parser.add_subparsers(dest="bench", required=True, metavar="|".join(NAMES))
    for name in NAMES:
        importlib.import_module(f"bench.{name}").add_arguments(benches.add_parser(name))


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run one bench."""
    importlib.import_module(f"bench.{arguments.bench}").run(arguments, settings)
