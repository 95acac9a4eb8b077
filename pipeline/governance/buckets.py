"""Arrays by bucket, so that what belongs together meets without a shuffle of rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt


def places_by_bucket(
    buckets: npt.NDArray[np.int64],
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Yields each bucket that there is with the places of its entries, in their order.

    Args:
        buckets: of the entries, `[entries]`.
    """
    order = np.argsort(buckets, kind="stable")
    borders = np.flatnonzero(np.diff(buckets[order])) + 1
    for places in np.split(order, borders):
        if len(places):
            yield int(buckets[places[0]]), places
