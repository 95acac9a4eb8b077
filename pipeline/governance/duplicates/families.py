"""Families: products that pairs connect, whose rows therefore have to meet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, reverse_cuthill_mckee

from pipeline.governance.duplicates.banding import Array

MAX_FAMILY = 4_096
"""Products of a family: of so many a worker holds the rows at once."""


class Families(NamedTuple):
    """Which rows have to meet.

    Attributes:
        keys: of products that have a family, see `banding.product_key`, ascending, uint64
            `[products]`.
        numbers: of their families, int32 `[products]`.
        left_out: pairs that are in different families, as theirs would have been too large.
    """

    keys: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.int32]
    left_out: int

    def find(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int32]:
        """The family of each product, -1 where it has none."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int32)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.numbers[places], np.int32(-1))


def connect(pairs: Array, max_size: int = MAX_FAMILY) -> Families:
    """Connects pairs to families.

    Chains of likeness connect more than is alike. Where a family grows too large, the pairs that
    met in the fewest bands are left out, until it has fallen apart; what holds together to the
    last is cut up.

    Args:
        pairs: `pairs.PAIR`, each once.
        max_size: products of a family, 2 or more.
    """
    keys, ends = np.unique(np.concatenate([pairs["first"], pairs["second"]]), return_inverse=True)
    first, second = ends[:len(pairs)], ends[len(pairs):]
    numbers = np.full(len(keys), -1, np.int32)
    left, families = np.ones(len(pairs), bool), 0
    for least in range(1, 1 + int(pairs["bands"].max(initial=0))):
        left &= pairs["bands"] >= least
        _, labels = connected_components(_graph(first[left], second[left], len(keys)), False)
        sizes = np.bincount(labels)[labels]
        done = (sizes > 1) & (sizes <= max_size) & (numbers < 0)
        _, numbers_of_done = np.unique(labels[done], return_inverse=True)
        numbers[done] = families + numbers_of_done
        families = int(numbers.max(initial=-1)) + 1
        left &= ~done[first]
    if left.any():
        order = reverse_cuthill_mckee(_graph(first[left], second[left], len(keys)), True)
        held = np.unique([first[left], second[left]])
        order = order[np.isin(order, held)]
        numbers[order] = families + np.arange(len(order)) // max_size
    kept = numbers >= 0
    apart = ~kept[first] | (numbers[first] != numbers[second])
    return Families(keys[kept], numbers[kept], int(apart.sum()))


def _graph(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], products: int,
) -> csr_matrix:
    edges = np.ones(2 * len(first), bool)
    places = (np.concatenate([first, second]), np.concatenate([second, first]))
    return csr_matrix((edges, places), shape=(products, products))
