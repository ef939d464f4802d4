"""./run ask --json: questions one a line, and for each the decision and the best answers, without a dialogue."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from sqlalchemy import select

from bot.engine import Engine
from bot.incoming import clean, has_words, intent_of_command
from commands.chat import _lines
from commands.errors import CommandError
from commands.supervisor import services, wait_until_ready
from lotse import core
from lotse.answers import Question, service
from lotse.aside import aside
from lotse.core import Core
from lotse.languages import Identifier, native
from lotse.settings import Settings
from lotse.storage.tables import Municipality
from lotse.turns import understanding_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line out (the only form)")
    parser.add_argument("--municipality", metavar="SLUG", help="default: musterstadt")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Answer until the input ends."""
    asyncio.run(_ask(arguments, settings))


async def _ask(arguments: argparse.Namespace, settings: Settings) -> None:
    parts = core.build(settings)
    core.prepare(parts)
    slug = arguments.municipality or settings.municipality
    with parts.database.session() as session:
        municipality = session.scalar(select(Municipality).where(Municipality.slug == slug))
    if municipality is None:
        raise CommandError(f"no municipality has the slug {slug!r}")
    identifier = Identifier([language.tag for language in parts.languages.all])
    async with services(settings) as running:
        await wait_until_ready(settings, running)
        engine = Engine(",".join(running.engine_urls), running.secret)
        async for line in _lines():
            if line.strip():
                answer = await _answer(parts, engine, identifier, municipality.id, *_question(line))
                sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
                sys.stdout.buffer.flush()
        await engine.close()


def _question(line: str) -> tuple[str, str | None]:
    if not line.lstrip().startswith("{"):
        return line, None
    try:
        given = json.loads(line)
        return str(given["text"]), given.get("language")
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f'input must be a question or {{"text", "language"}}: {error}') from error


async def _answer(
    parts: Core, engine: Engine, identifier: Identifier, municipality_id: str, text: str, language: str | None
) -> dict[str, Any]:
    cleaned = clean(text)
    guess = identifier.identify(cleaned) if has_words(cleaned) else None
    tag = language or (guess.tag if guess else None)
    answer: dict[str, Any] = {"text": text, "language": tag, "decision": "unknown", "candidates": []}
    danger = parts.crisis.names_danger(cleaned)
    if not has_words(cleaned) or cleaned.startswith("/"):
        return {**answer, "decision": "command"} if intent_of_command(cleaned) else answer
    cleaned = native(cleaned, tag or "en")
    understood = understanding_of(await engine.parse(cleaned))
    assert understood.vector is not None
    with parts.database.session() as session:
        doubt = understood.confidence("out_of_scope")
        question = Question(cleaned, tag or "en", understood.vector)
        found = parts.answers.find(session, municipality_id, question, doubt)
        scores = {candidate.answer_id: candidate.score for candidate in found.candidates}
        answer["decision"] = "crisis" if danger else aside(understood, found.decision) or found.decision.kind
        for each in service.get(session, list(scores)):
            shown = service.text_in(each, tag or "en")
            answer["candidates"].append(
                {"id": each.id, "topic": each.topic, "title": shown.title, "language": shown.language,
                 "score": round(scores[each.id], 4), "source_id": each.source_id}
            )  # fmt: skip
    return answer
