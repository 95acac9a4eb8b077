"""The catalogue through the product tower, as a Beam transform."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
from apache_beam.utils.shared import Shared

from model import features

_log = logging.getLogger("emporium.indexing")

_CHUNK = 2_048
"""Products sorted by length together: batches of like length need little padding."""

_BATCH = 64

_TELL_SECONDS = 15
"""Between two lines of progress."""


class EmbedProducts(beam.PTransform):
    """Transformed catalogue examples to vectors.

    In: serialized examples of the split `catalogue`. Out: a product's number and its vector,
    float32 `[dim]`, as pairs.

    Args:
        towers: folder of the towers' SavedModel.
    """

    def __init__(self, towers: str) -> None:
        super().__init__()
        self._towers = towers

    def expand(self, examples: beam.PCollection) -> beam.PCollection:
        """Batches, then embeds."""
        return (
            examples
            | "Batch" >> beam.BatchElements(min_batch_size=_CHUNK, max_batch_size=_CHUNK)
            | "Embed" >> beam.ParDo(_Embed(self._towers)))


class _Embed(beam.DoFn):
    def __init__(self, towers: str) -> None:
        super().__init__()
        self._folder = towers
        self._shared = Shared()  # One model a process, however many threads.
        self._towers: Any = None
        self._done = 0
        self._told = 0.0

    def setup(self) -> None:
        import tensorflow_text  # noqa: F401 - registers the tokenizer's operations

        self._towers = self._shared.acquire(lambda: tf.saved_model.load(self._folder))

    def process(self, batch: list[bytes]) -> Iterator[tuple[int, np.ndarray]]:
        rows = tf.io.parse_example(tf.constant(batch), features.parse_spec())
        products, tokens = rows[features.PRODUCT], rows[features.PRODUCT_TOKENS]
        order = np.argsort(tokens.row_lengths().numpy(), kind="stable")
        for start in range(0, len(order), _BATCH):
            some = order[start:start + _BATCH]
            numbers = tf.gather(products, some)
            vectors = self._towers.embed_product_tokens(
                tf.gather(tokens, some).to_tensor(default_value=0), numbers)
            yield from zip(numbers.numpy().tolist(), vectors.numpy(), strict=True)
        self._done += len(batch)
        if time.monotonic() - self._told > _TELL_SECONDS:
            self._told = time.monotonic()
            _log.info("embedded %s products", f"{self._done:,}")


def write_vector(pair: tuple[int, np.ndarray]) -> bytes:
    """A number and a vector as one record: eight bytes, then float32."""
    number, vector = pair
    return np.int64(number).tobytes() + vector.astype(np.float32).tobytes()


def read_vectors(records: Iterable[bytes], products: int) -> np.ndarray:
    """Vectors in the order of the products' numbers, float32 `[products, dim]`.

    Raises:
        ValueError: a product has no vector, or there are none.
    """
    matrix, seen = None, np.zeros(products, bool)
    for record in records:
        number = int(np.frombuffer(record, np.int64, count=1)[0])
        vector = np.frombuffer(record, np.float32, offset=8)
        if matrix is None:
            matrix = np.zeros((products, len(vector)), np.float32)
        matrix[number], seen[number] = vector, True
    if matrix is None or not seen.all():
        raise ValueError(
            f"Every product should have a vector. Received {int(seen.sum())} of {products}")
    return matrix
