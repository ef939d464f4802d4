"""The intent of a message with a calibrated confidence (engine/intents.py), as a Rasa component."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from engine import intents
from engine.components.embedder import SentenceEmbedder

RANKING = "intent_ranking"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class CalibratedIntentClassifier(GraphComponent):
    """Sets `intent` and `intent_ranking`; without text no intent at all."""

    @classmethod
    def required_components(cls) -> List[Type]:
        return [SentenceEmbedder]

    def __init__(self, storage: ModelStorage, resource: Resource, model: Optional[intents.IntentModel] = None) -> None:
        self._storage = storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CalibratedIntentClassifier:
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on all examples; the model is stored without pickle."""
        examples = [example for example in training_data.intent_examples if _vector(example) is not None]
        vectors = np.stack([_vector(example) for example in examples])
        texts = [example.get(TEXT) for example in examples]
        self._model = intents.train(texts, vectors, [example.get(INTENT) for example in examples])
        with self._storage.write_to(self._resource) as directory:
            self._model.save(directory)
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> CalibratedIntentClassifier:
        with model_storage.read_from(resource) as directory:
            return cls(model_storage, resource, intents.load(directory))

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the best intent and the ranking of all to each message."""
        for message in messages:
            ranking = self._ranking(message)
            message.set(INTENT, ranking[0] if ranking else {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set(RANKING, ranking, add_to_output=True)
        return messages

    def _ranking(self, message: Message) -> List[Dict[Text, Any]]:
        vector = _vector(message)
        if vector is None or self._model is None:
            return []
        confidences = self._model.confidences(message.get(TEXT), vector)
        return [
            {"name": self._model.classes[index], "confidence": float(confidences[index])} for index in np.argsort(-confidences)
        ]


def _vector(message: Message) -> Optional[np.ndarray]:
    _, feature = message.get_dense_features(TEXT)
    return None if feature is None else feature.features[0]
