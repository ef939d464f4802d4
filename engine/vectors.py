"""How a message's vector travels from the engine to the actions."""

from __future__ import annotations

import base64

import numpy as np

EMBEDDING = "embedding"


def encode(vector: np.ndarray) -> str:
    """Base64 of the little-endian 16-bit floats: 1 KB instead of 8 KB of JSON, cosine changed by less than 0.001."""
    return base64.b64encode(vector.astype("<f2").tobytes()).decode("ascii")
