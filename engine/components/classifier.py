"""Intent with a calibrated confidence, from the sentence vector alone.

Multinomial logistic regression, then one temperature fitted on predictions for unseen folds
(Guo et al., "On Calibration of Modern Neural Networks", ICML 2017), so that a confidence of
0.8 means right in about 80 of 100 messages.
"""

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
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from engine.components.embedder import SentenceEmbedder

FILE = "classifier.npz"
RANKING = "intent_ranking"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class CalibratedIntentClassifier(GraphComponent):
    """Sets `intent` and `intent_ranking`; without text no intent at all."""

    @classmethod
    def required_components(cls) -> List[Type]:
        return [SentenceEmbedder]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        # vectors have unit length: a weak regularisation (large C) is needed for clear decisions
        return {"C": 100.0, "folds": 5}

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._classes: np.ndarray = np.array([])
        self._weights: np.ndarray = np.zeros((0, 0))
        self._bias: np.ndarray = np.zeros(0)
        self._mean: np.ndarray = np.zeros(0)
        self._temperature = 1.0

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CalibratedIntentClassifier:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit weights and temperature on all examples; the arrays are stored without pickle."""
        examples = [example for example in training_data.intent_examples if _vector(example) is not None]
        vectors = np.stack([_vector(example) for example in examples])
        labels = np.array([example.get(INTENT) for example in examples])
        self._mean = vectors.mean(axis=0)
        centred = vectors - self._mean
        self._temperature = self._fit_temperature(centred, labels)
        model = self._fit(centred, labels)
        self._classes, self._weights, self._bias = model.classes_.astype(str), model.coef_, model.intercept_
        with self._storage.write_to(self._resource) as directory:
            np.savez(
                directory / FILE,
                classes=self._classes,
                weights=self._weights,
                bias=self._bias,
                mean=self._mean,
                temperature=self._temperature,
            )
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
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory, np.load(directory / FILE, allow_pickle=False) as stored:
            classifier._classes = stored["classes"]
            classifier._weights = stored["weights"]
            classifier._bias = stored["bias"]
            classifier._mean = stored["mean"]
            classifier._temperature = float(stored["temperature"])
        return classifier

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the best intent and the ranking of all to each message."""
        for message in messages:
            vector = _vector(message)
            if vector is None:
                ranking: List[Dict[Text, Any]] = []
            else:
                logits = self._weights @ (vector - self._mean) + self._bias
                confidences = softmax(logits / self._temperature)
                ranking = [
                    {"name": str(self._classes[index]), "confidence": float(confidences[index])}
                    for index in np.argsort(-confidences)
                ]
            best = ranking[0] if ranking else {"name": None, "confidence": 0.0}
            message.set(INTENT, best, add_to_output=True)
            message.set(RANKING, ranking, add_to_output=True)
        return messages

    def _fit(self, vectors: np.ndarray, labels: np.ndarray) -> LogisticRegression:
        return LogisticRegression(C=self._config["C"], max_iter=1000, class_weight="balanced").fit(vectors, labels)

    def _fit_temperature(self, vectors: np.ndarray, labels: np.ndarray) -> float:
        classes = np.unique(labels)
        logits = np.zeros((len(labels), len(classes)))
        folds = StratifiedKFold(n_splits=self._config["folds"], shuffle=True, random_state=0)
        for seen, unseen in folds.split(vectors, labels):
            logits[unseen] = self._fit(vectors[seen], labels[seen]).decision_function(vectors[unseen])
        right = np.searchsorted(classes, labels)

        def loss(temperature: float) -> float:
            return -float(log_softmax(logits / temperature, axis=1)[np.arange(len(right)), right].mean())

        return float(minimize_scalar(loss, bounds=(0.2, 10.0), method="bounded").x)


def _vector(message: Message) -> Optional[np.ndarray]:
    _, feature = message.get_dense_features(TEXT)
    return None if feature is None else feature.features[0]
