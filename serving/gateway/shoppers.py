"""Examples of shoppers for the page, from the tables users and events; their ids stay here."""

from __future__ import annotations

import dataclasses
import pathlib
from collections import defaultdict
from collections.abc import Iterator

from serving.gateway.catalogue import Catalogue
from serving.gateway.masking import mask
from serving.gateway.tables import Row, read_rows, shortest_text, table_files

_WANTED = frozenset({"click", "cart", "purchase"})
_MAX_HISTORY = 12
_MIN_HISTORY = 4


@dataclasses.dataclass(frozen=True)
class ExampleShopper:
    """A shopper without a name; the history has the oldest first."""

    profile: str
    history: tuple[str, ...]


def read_shoppers(path: pathlib.Path, catalogue: Catalogue, count: int = 5) -> list[ExampleShopper]:
    """The first shoppers of the table users that have a profile and a history.

    Raises:
        InputFileError: a table is missing or cannot be read.
    """
    profiles = {
        shortest_text(row.get("user_id")): profile for row in _rows(path, "users")
        if (profile := shortest_text(row.get("profile")))}
    histories: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in _rows(path, "events"):
        user_id, product_id = (
            shortest_text(row.get("user_id")), shortest_text(row.get("product_id")))
        if (user_id in profiles and shortest_text(row.get("event")) in _WANTED
                and catalogue.get(product_id) is not None):
            histories[user_id].append((shortest_text(row.get("timestamp")), product_id))
    shoppers = []
    for user_id, profile in profiles.items():
        # The last of several events of a product decides its place.
        ordered = [product_id for _, product_id in sorted(
            histories[user_id], key=lambda event: event[0])]
        history = list(dict.fromkeys(reversed(ordered)))[:_MAX_HISTORY][::-1]
        if len(history) >= _MIN_HISTORY:
            shoppers.append(ExampleShopper(mask(profile), tuple(history)))
        if len(shoppers) == count:
            break
    return shoppers


def _rows(path: pathlib.Path, table: str) -> Iterator[Row]:
    for file in table_files(path, table):
        yield from read_rows(file)
