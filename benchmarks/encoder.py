"""How fast a preset encodes, by batch size and by length.

Usage:  python benchmarks/encoder.py [PRESET]     (default: minilm)

Prints texts/s relative to a batch of 64, the median over rounds in which the batch sizes take
turns, with quartiles; the absolute figure of the batch of 64 is this machine's.
"""

from __future__ import annotations

import os
import sys
import time

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

from model import acceleration
from model.encoding import BatchEncoder
from model.presets import load_preset
from model.text_encoder import TextEncoder

TEXTS = 512
ROUNDS = 5
BASE = 64


def rate(encode: BatchEncoder, tokens: tf.RaggedTensor) -> float:
    """Texts a second."""
    started = time.perf_counter()
    encode(tokens)
    return int(tokens.nrows()) / (time.perf_counter() - started)


def main() -> None:
    """Prints a line a batch size and length."""
    encoder = TextEncoder(load_preset(sys.argv[1] if len(sys.argv) > 1 else "minilm"))
    generator = np.random.default_rng(0)
    encoders = {size: BatchEncoder(encoder, size) for size in (16, 32, BASE, 128, 256)}
    with acceleration.libraries_not_converted():
        for length in (16, 32, 64):
            tokens = tf.RaggedTensor.from_tensor(
                tf.constant(generator.integers(1000, 20000, (TEXTS, length))))
            for encode in encoders.values():
                rate(encode, tokens[: max(encoders)])
            rates = np.array([
                [rate(encode, tokens) for encode in encoders.values()] for _ in range(ROUNDS)])
            base = rates[:, list(encoders).index(BASE)]
            print(f"length {length}: {np.median(base):.0f} texts/s in batches of {BASE}")
            for size, column in zip(encoders, rates.T, strict=True):
                low, middle, high = np.percentile(column / base, [25, 50, 75])
                print(f"  batch {size:>3}: {middle:.2f} (quartiles {low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
