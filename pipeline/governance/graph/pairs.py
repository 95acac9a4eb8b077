"""Which products shoppers had in one visit, counted in arrays.

A pair of products is one number, `low * products + high` of their rows in the catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.examples.split import EARLIEST_REAL_TIME

EVENT = np.dtype([
    ("user", "u8"), ("session", "u8"), ("query", "u8"), ("time", "i8"), ("position", "i8"),
    ("product", "i4"), ("bought", "?")])
"""An event without names: hashes of shopper, session and query (0 for none), seconds since the
epoch or a step (-1 for none), place in the log, row of the product, and whether it was bought
rather than looked at."""

_DAY = 24 * 3600


class Counts(NamedTuple):
    """Keys in ascending order, int64 `[n]`, and how much of each, float32 `[n]`."""

    keys: np.ndarray
    amounts: np.ndarray


def count_pairs(events: np.ndarray, products: int, reach: int, ordered_reach: int) -> Counts:
    """How many shoppers had two products in one visit.

    A visit is a session, or without one a day, or without a date the rows of a shopper that are
    near to each other.

    Args:
        events: of type `EVENT`, all of each shopper that occurs.
        products: size of the catalogue.
        reach: how many products apart, in order, two of a visit may be.
        ordered_reach: the same for events without session and date.
    """
    events = np.sort(events, order=["user", "session", "time", "position"])
    visit = _visits(events)
    # A product counts once a visit, where it came first.
    _, first = np.unique(visit * products + events["product"], return_index=True)
    first.sort()
    events, visit = events[first], visit[first]
    undated = (events["session"] == 0) & (events["time"] < EARLIEST_REAL_TIME)
    _, shopper = np.unique(events["user"], return_inverse=True)
    product = events["product"]
    found = [np.empty(0, np.int64)]
    for apart in range(1, reach + 1):
        near = visit[apart:] == visit[:-apart]
        if not near.any():
            break
        if apart > ordered_reach:
            near &= ~undated[apart:]
        found.append(
            shopper[apart:][near] * products**2
            + pair_keys(product[:-apart][near], product[apart:][near], products))
    pairs = np.unique(np.concatenate(found)) % products**2
    return as_counts(pairs)


def count_products(events: np.ndarray, products: int) -> Counts:
    """How many shoppers had each product."""
    _, shopper = np.unique(events["user"], return_inverse=True)
    return as_counts(np.unique(shopper * products + events["product"]) % products)


def pair_keys(one: np.ndarray, other: np.ndarray, products: int) -> np.ndarray:
    """The numbers of pairs of products, int64; the same in either order."""
    return np.minimum(one, other).astype(np.int64) * products + np.maximum(one, other)


def as_counts(keys: np.ndarray) -> Counts:
    """How often each key occurs."""
    found, amounts = np.unique(keys, return_counts=True)
    return Counts(found, amounts.astype(np.float32))


def add_counts(parts: Sequence[Counts]) -> Counts:
    """The sum of the amounts of each key."""
    if not parts:
        return Counts(np.empty(0, np.int64), np.empty(0, np.float32))
    keys, place = np.unique(np.concatenate([part.keys for part in parts]), return_inverse=True)
    amounts = np.bincount(
        place, np.concatenate([part.amounts for part in parts]), minlength=len(keys))
    return Counts(keys, amounts.astype(np.float32))


def _visits(events: np.ndarray) -> np.ndarray:
    """The number of the visit of each event, int64; events in order of shopper, session, time."""
    dated = events["time"] >= EARLIEST_REAL_TIME
    day = np.where((events["session"] == 0) & dated, events["time"] // _DAY, -1)
    starts = np.zeros(len(events), bool)
    for column in (events["user"], events["session"], day):
        starts[1:] |= column[1:] != column[:-1]
    return np.cumsum(starts)
