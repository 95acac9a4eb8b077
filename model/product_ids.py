"""Product ids in the graph: from ids to rows and back, with the ids of merged products."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

UNKNOWN = -1
"""Row of an id that no product has."""


class ProductIds(tf.Module):
    """The ids of a catalogue.

    Args:
        product_ids: in the order of the rows.
        aliases: ids that are no longer in the catalogue, each with the id of the product that it
            was merged into. Where that is not in the catalogue either, the alias is unknown.
        file: is written: an id a line, those of products first. TensorFlow copies it into the
            SavedModel.

    Raises:
        ValueError: an alias is also a product, or stands for another alias.
    """

    def __init__(
        self, product_ids: Sequence[str], aliases: Mapping[str, str], file: pathlib.Path,
    ) -> None:
        super().__init__(name="product_ids")
        row_of = {product: row for row, product in enumerate(product_ids)}
        for alias, kept in aliases.items():
            if alias in row_of or kept in aliases:
                raise ValueError(
                    "An alias should be no product, and stand for a product. Received: "
                    f"{alias!r} for {kept!r}, where {alias if alias in row_of else kept!r} is "
                    f"{'a product' if alias in row_of else 'an alias'} itself")
        names = sorted(alias for alias, kept in aliases.items() if kept in row_of)
        file.write_bytes("".join(f"{name}\n" for name in (*product_ids, *names)).encode("utf-8"))
        self._lines = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(file), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER), default_value=UNKNOWN)
        rows = np.array([*range(len(product_ids)), *(row_of[aliases[name]] for name in names)])
        self._row_of_line = tf.Variable(
            rows.astype(np.int64), trainable=False, name="row_of_line")
        self._ids = tf.Variable(
            [product.encode("utf-8") for product in product_ids], trainable=False, name="ids")

    def rows(self, ids: tf.Tensor) -> tf.Tensor:
        """Row of each id, int64 of the same shape; `UNKNOWN` where there is none."""
        lines = self._lines.lookup(ids)
        rows = tf.gather(self._row_of_line, tf.maximum(lines, 0))
        return tf.where(lines >= 0, rows, UNKNOWN)

    def ids(self, rows: tf.Tensor) -> tf.Tensor:
        """Id of the product in each row, string of the same shape; rows are at least 0."""
        return tf.gather(self._ids, rows)
