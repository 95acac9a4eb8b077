"""From the entries of a bucket to pairs of products that may be the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.governance.duplicates.banding import PRICELESS, Array, price_distance

PAIR = np.dtype([("first", "<u8"), ("second", "<u8"), ("bands", "<u2")])
"""Two products by their keys, the lower first, and in how many bands they met."""

MAX_BAND = 32
"""Products that share a band beyond which not all of them are paired."""

NEIGHBOURS = 8
"""With how many that follow it each product of such a band is paired."""

MAX_OTHER_WORDS = 5
"""Words by which titles may differ: a slip is two, a word of praise one or two."""

_BITS = np.array([bin(value).count("1") for value in range(1 << 16)], np.uint8)


def pair_entries(entries: Array, price_tolerance: float) -> tuple[Array, int]:
    """Pairs the products that share a band, but for those whose prices differ.

    Args:
        entries: of one bucket, `banding.ENTRY`, in any order.
        price_tolerance: share of the higher price.

    Returns:
        Pairs, each once, and how many bands were too large for all of theirs.
    """
    order = np.lexsort((entries["key"], entries["words"], entries["mark"], entries["band"]))
    entries = entries[order]
    starts = np.flatnonzero(np.diff(entries["band"], prepend=entries["band"][:1] ^ 1))
    sizes = np.diff(starts, append=len(entries))
    large = sizes > MAX_BAND
    places = [*_all_pairs(starts[~large], sizes[~large])]
    places += map(_near_pairs, starts[large].tolist(), sizes[large].tolist())
    if not places:
        return np.zeros(0, PAIR), 0
    first, second = (np.concatenate(side) for side in zip(*places, strict=True))
    alike = _are_alike(entries["words"][first], entries["words"][second]) & _are_priced_alike(
        entries["mark"][first], entries["mark"][second], price_tolerance)
    keys = entries["key"]
    pairs = np.zeros(int(alike.sum()), PAIR)
    pairs["first"] = np.minimum(keys[first[alike]], keys[second[alike]])
    pairs["second"] = np.maximum(keys[first[alike]], keys[second[alike]])
    pairs["bands"] = 1
    return add_pairs(pairs[pairs["first"] != pairs["second"]]), int(large.sum())


def add_pairs(pairs: Array) -> Array:
    """Each pair once, its bands added up, in the order of their keys."""
    order = np.lexsort((pairs["second"], pairs["first"]))
    pairs = pairs[order]
    new = (np.diff(pairs["first"], prepend=0) != 0) | (np.diff(pairs["second"], prepend=0) != 0)
    if len(new):
        new[0] = True
    starts = np.flatnonzero(new)
    unique = pairs[starts]
    if len(starts):
        unique["bands"] = np.add.reduceat(pairs["bands"], starts)
    return unique


def _are_alike(
    first: npt.NDArray[np.uint32], second: npt.NDArray[np.uint32],
) -> npt.NDArray[np.bool_]:
    different = first ^ second
    return _BITS[different & 0xFFFF] + _BITS[different >> 16] <= MAX_OTHER_WORDS


def _are_priced_alike(
    first: npt.NDArray[np.uint32], second: npt.NDArray[np.uint32], tolerance: float,
) -> npt.NDArray[np.bool_]:
    """Whether two marks are not of prices that differ."""
    apart = np.maximum(first, second) - np.minimum(first, second)
    return (
        (first >= PRICELESS) | (second >= PRICELESS) | (apart <= price_distance(tolerance)))


def _all_pairs(
    starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64],
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Places of all pairs of runs, those of equal size at once."""
    for size in np.unique(sizes[sizes > 1]):
        first, second = np.triu_indices(size, 1)
        runs = starts[sizes == size][:, np.newaxis]
        yield (runs + first).ravel(), (runs + second).ravel()


def _near_pairs(
    start: int, size: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Places of pairs of neighbours in a run."""
    first = np.repeat(np.arange(size), NEIGHBOURS)
    second = first + np.tile(np.arange(1, NEIGHBOURS + 1), size)
    inside = second < size
    return start + first[inside], start + second[inside]
