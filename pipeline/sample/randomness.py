"""Random streams that depend on the seed and their name alone.

Each table and each shard draws from its own stream, so that one more row here changes nothing
there, and the same seed gives the same bytes.
"""

from __future__ import annotations

import random
import zlib

import numpy as np


def stream(seed: int, name: str, index: int = 0) -> np.random.Generator:
    """Numbers in bulk: the generator of `name`, part `index`."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), index])


def word_stream(seed: int, name: str, index: int = 0) -> random.Random:
    """Single choices, for texts: ten times faster there than NumPy's generator."""
    return random.Random(f"{seed}/{name}/{index}")
