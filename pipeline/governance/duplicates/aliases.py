"""Ids of products that were merged into others: a file, and what it does to rows that name them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

import orjson
import tensorflow as tf

from pipeline.governance.findings import Action, Finding, Rule
from pipeline.ingest.rows import Row

ALIASES_FILE = "aliases.json"

ALIAS = Rule(
    "alias", ("events", "judgments", "facts"),
    "The row names a product by an id that was merged into another product's.",
    "Name the product by the id that was kept.", severe=False)

_ID_COLUMNS = ("product_id", "head", "tail")


def resolve(row: Row, aliases: Mapping[str, str]) -> Iterator[Finding]:
    """Yields what has to change in a row, of any table but products, that names a merged product.

    Args:
        row: as decoded.
        aliases: id of the kept product by the id of each that was merged into it.
    """
    for column in _ID_COLUMNS:
        kept = aliases.get(row.get(column, ""))
        if kept is not None:
            yield Finding(ALIAS.name, column, Action.REPAIRED, kept)


def write_aliases(folder: str, aliases: Mapping[str, str]) -> None:
    """Writes `aliases.json` into a folder, or a URI, that exists."""
    with tf.io.gfile.GFile(posixpath.join(folder, ALIASES_FILE), "wb") as file:
        file.write(orjson.dumps(dict(aliases), option=orjson.OPT_SORT_KEYS))


def read_aliases(folder: str) -> dict[str, str]:
    """Reads what `write_aliases` wrote.

    Raises:
        ValueError: the file holds something else.
    """
    path = posixpath.join(folder, ALIASES_FILE)
    with tf.io.gfile.GFile(path, "rb") as file:
        content = file.read()
    try:
        aliases = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path} should hold JSON: {error}. Run the pipeline anew") from error
    if not isinstance(aliases, dict) or not all(isinstance(id_, str) for id_ in aliases.values()):
        raise ValueError(
            f"{path} should hold an object of ids by ids. Received: {type(aliases).__name__}. "
            "Run the pipeline anew")
    return aliases
