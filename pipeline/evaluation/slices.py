"""Which contexts belong to which slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.data import Context
from pipeline.evaluation.slice_names import ALL, BANDS, HEAD, TAIL, TORSO

_HEAD_SHARE = 0.5  # The most wanted products that together make half of what was wanted.
_TAIL_SHARE = 0.2  # The least wanted that together make a fifth, and those never wanted.


def popularity_bands(counts: Mapping[str, int]) -> dict[str, str]:
    """Sorts products into head, torso and tail by how often they were wanted in training.

    Products are taken from the most wanted down (equals by id). Head: until half of all counts is
    reached. Tail: the last fifth of all counts, and every product that was never wanted. Torso:
    between.

    Args:
        counts: how often each product was wanted, above 0.

    Returns:
        Band of each product in `counts`; any other product is of the tail.
    """
    ranked = sorted(counts, key=lambda product: (-counts[product], product))
    total = sum(counts.values())
    bands, before = {}, 0
    for product in ranked:
        if before < _HEAD_SHARE * total:
            bands[product] = HEAD
        elif before < (1 - _TAIL_SHARE) * total:
            bands[product] = TORSO
        else:
            bands[product] = TAIL
        before += counts[product]
    return bands


def band_of(relevant: Mapping[str, float], bands: Mapping[str, str]) -> str:
    """The one band of a context: the band that holds the most of its gain.

    Equal shares go to the less popular band, which is the harder one.
    """
    share = dict.fromkeys(BANDS, 0.0)
    for product, gain in relevant.items():
        share[bands.get(product, TAIL)] += max(gain, 0.0)
    return max(reversed(BANDS), key=lambda band: share[band])


def slice_members(
    contexts: Sequence[Context], popularity: Mapping[str, int]
) -> dict[str, npt.NDArray[np.bool_]]:
    """Finds the contexts of each slice.

    Args:
        contexts: to be sorted into slices; a context belongs to several.
        popularity: how often each product was wanted in training. Empty (a catalogue without
            events and judgments): there are no popularity slices.

    Returns:
        For `all` and each slice with a context: a mask `[contexts]`. Kinds come first, then
        popularity, then the rest by name.
    """
    bands = popularity_bands(popularity)
    names = [
        (*context.slices, *((band_of(context.relevant, bands),) if bands else ()))
        for context in contexts
    ]
    found = {name for row in names for name in row}
    kinds = sorted(name for name in found if name.startswith("kind:"))
    ordered = [*kinds, *(band for band in BANDS if band in found)]
    ordered += sorted(found.difference(ordered))
    members = {ALL: np.ones(len(contexts), np.bool_)}
    for name in ordered:
        members[name] = np.array([name in row for row in names], np.bool_)
    return members
