"""Rows: from what a file held to what the contract says, or the reason why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import orjson
import tensorflow as tf

from pipeline.ingest.contract import Reason, RejectedError, Table
from pipeline.ingest.values import ValueParser

Row = dict[str, Any]
"""Values by column: str, float, int seconds, or a dict for attributes; none is missing."""


def parse_row(table: Table, present: Mapping[str, Any], parser: ValueParser) -> Row:
    """Reads a row by the contract; columns that it does not name become attributes.

    Args:
        table: of the row.
        present: the values by column, those that are missing left out.
        parser: reads single values.

    Raises:
        RejectedError: the row cannot be used.
    """
    row: Row = {}
    unread = len(present)
    for column in table.columns:
        value = None
        if column.name in present:
            unread -= 1
            value = parser.parse(column, present[column.name])
        if value is not None:
            row[column.name] = value
        elif column.required:
            raise RejectedError(Reason.MISSING_VALUE, f"{column.name} has no value")
    if unread:
        _fold_unknown(table, present, parser, row)
    return row


def merge_rows(rows: Iterable[Row]) -> Row:
    """One row of several with the same id: the first wins, later ones fill what it lacks."""
    merged: Row = {}
    for row in rows:
        attributes = {**row.get("attributes", {}), **merged.get("attributes", {})}
        merged = {**row, **merged}
        if attributes:
            merged["attributes"] = attributes
    return merged


def encode_row(row: Row) -> bytes:
    """A row as a serialized tf.Example: a feature a value, attributes as JSON with sorted keys."""
    example = tf.train.Example()
    features = example.features.feature
    for name, value in row.items():
        feature = features[name]
        if isinstance(value, str):
            feature.bytes_list.value.append(value.encode("utf-8"))
        elif isinstance(value, int):
            feature.int64_list.value.append(value)
        elif isinstance(value, float):
            feature.float_list.value.append(value)
        else:
            feature.bytes_list.value.append(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))
    return example.SerializeToString(deterministic=True)


def decode_row(serialized: bytes) -> Row:
    """The row that `encode_row` encoded; a float32 as the shortest number that it stands for."""
    row: Row = {}
    for name, feature in tf.train.Example.FromString(serialized).features.feature.items():
        kind = feature.WhichOneof("kind")
        values = getattr(feature, kind).value if kind else ()
        if not values:
            continue
        if kind == "float_list":
            row[name] = float(str(np.float32(values[0])))
        elif kind == "int64_list":
            row[name] = values[0]
        elif name == "attributes":
            row[name] = orjson.loads(values[0])
        else:
            row[name] = values[0].decode("utf-8")
    return row


def _fold_unknown(
    table: Table, present: Mapping[str, Any], parser: ValueParser, row: Row,
) -> None:
    """Adds the columns that the contract does not name to the row's attributes."""
    unknown = parser.parse(
        table.attributes,
        {name: value for name, value in present.items() if name not in table.names})
    if not unknown:
        return
    attributes = row.setdefault("attributes", {})
    for name, value in unknown.items():
        # An attribute of the same name keeps it; the column stays beside it.
        taken = name in attributes and attributes[name] != value
        attributes[f"{name} (column)" if taken else name] = value
