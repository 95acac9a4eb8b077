"""What an evaluation reads: validation contexts, the catalogue, and the popularity of products."""

from __future__ import annotations

import dataclasses
import functools
import gzip
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from model.features import UNKNOWN_AGE


@dataclasses.dataclass(frozen=True)
class Context:
    """One validation context and the products that answer it.

    Attributes:
        kind: `search` or `recommend`.
        query: text typed by a shopper, "" for none.
        profile: text about a shopper, "" for none.
        history: product ids, oldest first.
        relevant: gain of each relevant product; a gain above 0 is relevant.
        slices: names of the slices that the context belongs to, its kind among them.
        history_event: what was done with each product of the history, "" for unknown.
        history_age: days from then to when the answer was wanted, -1 for unknown.
        source: what it was made of: `search`, `recommend`, or `catalogue` where nobody asked it.
        role: `tunes`, `judges` or `both`; see `pipeline.examples.contexts`.
    """

    kind: str
    query: str
    profile: str
    history: tuple[str, ...]
    relevant: Mapping[str, float]
    slices: tuple[str, ...]
    history_event: tuple[str, ...] = ()
    history_age: tuple[float, ...] = ()
    source: str = ""
    role: str = "both"


def dense_histories(contexts: Sequence[Context]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Products, events and ages of the contexts' histories, oldest first, `[contexts, history]`.

    Padded at the end with "" and with an unknown age; at least one column.
    """
    def dense(rows: Sequence[Sequence[Any]], padding: Any) -> tf.Tensor:
        width = max(1, *map(len, rows))
        return tf.constant([[*row, *[padding] * (width - len(row))] for row in rows])

    return (
        dense([c.history for c in contexts], ""), dense([c.history_event for c in contexts], ""),
        dense([c.history_age for c in contexts], UNKNOWN_AGE))


@dataclasses.dataclass(frozen=True)
class Catalogue:
    """The products, numbered by their place in `product_ids`.

    Attributes:
        product_ids: sorted, so that a number does not depend on the order of files.
        titles: one a product.
        texts: title, description, brand, category and attributes as one text, one a product.
    """

    product_ids: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.product_ids)

    @functools.cached_property
    def number_of(self) -> Mapping[str, int]:
        """Number of each product id."""
        return {product_id: number for number, product_id in enumerate(self.product_ids)}


def read_contexts(folder: str) -> list[Context]:
    """Reads `contexts.jsonl.gz` of a Contexts artifact."""
    return [_parse_context(line) for line in _read_lines(os.path.join(folder, "contexts.jsonl.gz"))]


def read_popularity(folder: str) -> dict[str, int]:
    """Reads how often each product was wanted in training; products never wanted lack."""
    with tf.io.gfile.GFile(os.path.join(folder, "popularity.json")) as file:
        return dict(json.load(file))


def read_catalogue(folder: str) -> Catalogue:
    """Reads the `catalogue` split of the joined examples.

    Args:
        folder: the split's folder, with gzip-compressed TFRecord shards.

    Raises:
        ValueError: the folder holds no product.
    """
    files = sorted(tf.io.gfile.glob(os.path.join(folder, "*")))
    products = {}
    for record in tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        fields = [
            feature[name].bytes_list.value[0].decode("utf-8")
            for name in ("product_id", "title", "description", "brand", "category", "attributes")
        ]
        products[fields[0]] = (fields[1], " ".join(filter(None, fields[1:])))
    if not products:
        raise ValueError(
            f"catalogue split {folder}: expected an example for each product, found none in "
            f"{len(files)} files; run the join of the examples again")
    ids = tuple(sorted(products))
    return Catalogue(
        product_ids=ids,
        titles=tuple(products[i][0] for i in ids),
        texts=tuple(products[i][1] for i in ids))


def _parse_context(line: str) -> Context:
    row = json.loads(line)
    slices = dict.fromkeys([f"kind:{row['kind']}", *row["slices"]])
    return Context(
        kind=row["kind"], query=row["query"], profile=row["profile"],
        history=tuple(row["history"]), relevant=row["relevant"], slices=tuple(slices),
        source=row["source"], role=row["role"],
        history_event=tuple(row["history_event"]), history_age=tuple(row["history_age"]))


def _read_lines(path: str) -> Iterator[str]:
    with tf.io.gfile.GFile(path, "rb") as file, gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from lines
