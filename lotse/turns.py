"""One message being worked on: what every part of the core needs to know about it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from lotse.embedder import Vector
from lotse.storage.tables import Conversation, Inbound, Municipality

SURE = 0.7  # confidence from which a typed message is taken for a wish to the bot itself, and not for a question

ASKED_BESIDE = ("delete", "topic", "start_over", "withdraw")  # kinds of `pending` for which the intake's form is left


@dataclass(frozen=True)
class Understanding:
    """What the engine made of a text: confidence by intent and the sentence vector."""

    intent: str | None
    confidences: dict[str, float] = field(default_factory=dict)
    vector: Vector | None = None

    def confidence(self, *intents: str) -> float:
        """How sure it is that the message has one of these intents."""
        return sum(self.confidences.get(intent, 0.0) for intent in intents)


def understanding_of(parse_data: dict[str, Any]) -> Understanding:
    """Understanding from Rasa's parse data (engine/channel.py)."""
    encoded = parse_data.get("embedding")
    vector = np.frombuffer(base64.b64decode(encoded), dtype="<f2").astype(np.float32) if encoded else None
    intent = parse_data.get("intent") or {}
    ranking = parse_data.get("intent_ranking") or [intent]
    confidences = {entry["name"]: entry["confidence"] for entry in ranking if entry.get("name")}
    return Understanding(intent.get("name"), confidences, vector)


@dataclass(frozen=True)
class Press:
    """A pressed button."""

    kind: str
    value: str
    about: str


@dataclass(frozen=True)
class Turn:
    """A message of a newcomer within one database transaction."""

    session: Session
    conversation: Conversation
    municipality: Municipality
    inbound: Inbound
    understanding: Understanding

    @property
    def text(self) -> str:
        """The typed words; empty for a press."""
        return str((self.inbound.body or {}).get("text") or "")

    @property
    def press(self) -> Press | None:
        """The pressed button; None for typed words."""
        pressed = (self.inbound.body or {}).get("press")
        return Press(pressed["kind"], pressed["value"], pressed["about"]) if pressed else None

    @property
    def language(self) -> str:
        """The language that the bot speaks with this newcomer."""
        return self.conversation.language or "en"

    @property
    def message_language(self) -> str:
        """The language of this message, where it could be told."""
        return self.inbound.language or self.language
