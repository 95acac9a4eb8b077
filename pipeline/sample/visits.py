"""When shoppers come and what for: visits, each about one product type, in the order of time.

A visit often follows from the one before: who bought a drill comes back for drill bits. That is
what a model of histories can learn and a count of popular products cannot.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from pipeline.sample.catalogue import DAY, NONE, YEAR_END, Catalogue, Floats, Ints
from pipeline.sample.shoppers import Shoppers

LONGEST = 14
"""Rows of events that one visit leaves, at the most."""

_LENGTHS = np.arange(LONGEST - 1, 0, -1) ** 1.6
_LENGTHS = _LENGTHS / _LENGTHS.sum()  # of visits of 2, 3, ... rows
_COMPLEMENT = 0.45  # share of visits about what goes with the last one
_AGAIN = 0.08  # share of visits about the same type again


@dataclasses.dataclass(frozen=True)
class Visits:
    """Columns `[visits]`, sorted by shopper and, for each, by time."""

    shopper: Ints
    """Index into the block of shoppers."""
    number: Ints
    """0 for a shopper's first visit, and so on."""
    rows: Ints
    """Rows of events that it leaves."""
    time: Ints
    """Seconds since the epoch at its start."""
    kind: Ints
    """Product type that it is about."""

    def __len__(self) -> int:
        return len(self.shopper)


def draw_visits(
        shoppers: Shoppers, quotas: Ints, catalogue: Catalogue,
        rng: np.random.Generator) -> Visits:
    """Draws the visits of a block of shoppers.

    Args:
        shoppers: the block.
        quotas: rows of events that each shopper leaves over the year, `[shoppers]`.
        catalogue: the products.
        rng: source of randomness.

    Returns:
        Visits whose rows add up to the quotas.
    """
    shopper, number, rows = _cut_into_visits(quotas, rng)
    open_days = (YEAR_END - DAY - shoppers.joined)[shopper]
    time = shoppers.joined[shopper] + (rng.random(len(shopper)) * open_days).astype(np.int64)
    time = time[np.lexsort((time, shopper))]
    kind = np.zeros(len(shopper), dtype=np.int64)
    demand = _demand(catalogue)
    follows = _follows(catalogue)
    month = (time.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)) % 12
    before = np.full(len(shoppers), NONE)
    for turn in range(int(number.max(initial=NONE)) + 1):
        now = np.flatnonzero(number == turn)
        who = shopper[now]
        wanted = shoppers.taste[who] * demand[month[now]]
        mood = rng.random(len(now))
        returns = before[who] != NONE
        follow = returns & (mood < _COMPLEMENT) & (follows[before[who]].sum(axis=1) > 0)
        wanted[follow] = follows[before[who[follow]]]
        again = returns & (mood >= _COMPLEMENT) & (mood < _COMPLEMENT + _AGAIN)
        wanted[again] = np.eye(wanted.shape[1])[before[who[again]]]
        kind[now] = before[who] = pick_columns(wanted, rng)
    return Visits(shopper, number, rows, time, kind)


def pick_columns(weights: Floats, rng: np.random.Generator) -> Ints:
    """One column a row of `weights [n, m]`, in proportion to them: `[n]`."""
    edges = np.cumsum(weights, axis=1)
    return (edges < rng.random((len(edges), 1)) * edges[:, -1:]).sum(axis=1)


def _cut_into_visits(quotas: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Cuts each quota into visits: owner, number within the owner, rows; each `[visits]`."""
    most = int(quotas.max(initial=0)) // 2 + 1
    lengths = rng.choice(np.arange(2, LONGEST + 1), (len(quotas), most), p=_LENGTHS)
    ends = np.minimum(np.cumsum(lengths, axis=1), quotas[:, None])
    rows = np.diff(ends, axis=1, prepend=0)
    shopper, number = np.nonzero(rows)
    return shopper, number, rows[shopper, number]




def _demand(catalogue: Catalogue) -> Floats:
    """Seasonal demand `[12 months, types]`."""
    words = catalogue.vocabulary
    return np.array([d.season for d in words.departments])[words.type_department].T


def _follows(catalogue: Catalogue) -> Floats:
    """Which types go with a type, `[types, types]`, the first named most; 0 where absent."""
    kinds = catalogue.vocabulary.types
    present = np.isin(np.arange(len(kinds)), catalogue.types)
    matrix = np.zeros((len(kinds), len(kinds)))
    for number, kind in enumerate(kinds):
        for place, other in enumerate(kind.goes_with):
            matrix[number, other] = present[other] / (1 + place)
    return matrix
