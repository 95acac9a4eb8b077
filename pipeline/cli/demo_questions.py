"""What can be asked about the demo's shop: found in its tables."""

from __future__ import annotations

import collections
import csv
import dataclasses
import gzip
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

_HISTORY = 2


@dataclasses.dataclass(frozen=True)
class Questions:
    """What to ask a server of the demo's shop.

    Attributes:
        query: one that validation judges, so that no training saw it.
        history: products that a shopper bought, oldest first.
        titles: of the catalogue, by product id.
    """

    query: str
    history: tuple[str, ...]
    titles: Mapping[str, str]

    def title(self, product_id: str) -> str:
        """The product's title, or its id where the catalogue's row was unusable."""
        return self.titles.get(product_id, product_id)


def read_questions(sample: pathlib.Path) -> Questions:
    """Finds things to ask in the tables of the shop."""
    titles = {
        str(row["product_id"]): str(row["title"])
        for row in _json_rows(sample / "products.jsonl")
        if row.get("product_id") and row.get("title")}
    query = next(
        row["query"] for row in _json_rows(sample / "judgments.jsonl")
        if row.get("split") == "validation" and len(str(row.get("query", "")).split()) > 1)
    return Questions(query, _some_history(sample, titles), titles)


def _some_history(sample: pathlib.Path, titles: Mapping[str, str]) -> tuple[str, ...]:
    bought: dict[str, dict[str, None]] = collections.defaultdict(dict)
    for shard in sorted(sample.glob("events-*.csv.gz")):
        with gzip.open(shard, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["event"] == "purchase" and row["product_id"] in titles:
                    bought[row["user_id"]][row["product_id"]] = None
                    if len(bought[row["user_id"]]) == _HISTORY:
                        return tuple(bought[row["user_id"]])
    return tuple(titles)[:_HISTORY]


def _json_rows(path: pathlib.Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                row = json.loads(line)
            except ValueError:
                continue  # The shop has broken lines on purpose.
            if isinstance(row, dict):
                yield row
