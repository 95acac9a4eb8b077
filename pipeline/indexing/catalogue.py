"""The catalogue's texts as the index needs them: fields for the lexical arm, labels for a page."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from model.lexical import Field
from model.terms import MAX_CHARS

TEXTS = ("title", "brand", "category", "attributes", "description")

_FIELDS: dict[str, dict[str, Any]] = {
    "title": {"weight": 1.0},
    "brand": {"weight": 1.0},
    "category": {"weight": 1.0, "families": ("words",)},
    "attributes": {"weight": 0.25, "families": ("words",), "length_share": 0.75},
    "description": {"weight": 0.5, "families": ("words",), "length_share": 0.75},
}
"""How the lexical arm reads each text. Titles are written to be found, descriptions and attributes
mention much in passing, the more the longer they are. Of the longer fields only words are read:
their pairs and letters would be most of the index."""


@dataclasses.dataclass(frozen=True)
class Texts:
    """Texts of the products, each in the order of the products' rows."""

    title: list[str]
    brand: list[str]
    category: list[str]
    attributes: list[str]
    description: list[str]

    def fields(self) -> list[Field]:
        """What the lexical arm reads."""
        return [Field(getattr(self, name), **_FIELDS[name]) for name in TEXTS]


def read_texts(folder: str, product_ids: Sequence[str]) -> Texts:
    """Reads the joined split `catalogue`.

    Args:
        folder: of the split.
        product_ids: in the order of the rows.
    """
    row_of = {product: row for row, product in enumerate(product_ids)}
    texts = {name: [""] * len(product_ids) for name in TEXTS}
    spec = {
        name: tf.io.FixedLenFeature([], tf.string, default_value="")
        for name in ("product_id", *TEXTS)}
    files = tf.io.gfile.glob(f"{folder}/*")
    for records in tf.data.TFRecordDataset(files, compression_type="GZIP").batch(1024):
        parsed = tf.io.parse_example(records, spec)
        rows = [row_of.get(product.decode("utf-8", "replace"))
                for product in parsed["product_id"].numpy()]
        for name in TEXTS:
            for row, value in zip(rows, parsed[name].numpy(), strict=True):
                if row is not None:
                    texts[name][row] = value.decode("utf-8", "replace")[:MAX_CHARS]
    return Texts(**texts)
