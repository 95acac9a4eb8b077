"""Lists of other lengths in one batch: padded with a value that means nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def length_class(shape: tuple[int, ...]) -> tuple[int, ...]:
    """What lists that go together have in common: each size, up to the next power of two.

    So no list is padded to more than about twice its length.
    """
    return tuple(1 << max(size - 1, 0).bit_length() for size in shape)


def pad_lists(arrays: Sequence[np.ndarray], padding: object) -> list[np.ndarray]:
    """Arrays of one shape but for the first dimension.

    Args:
        arrays: each [rows, ...] with the same rank and type.
        padding: goes behind the values of a list that is shorter than the longest; None where the
            arrays are of one shape already.
    """
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) == 1 or padding is None:
        return list(arrays)
    longest = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
    padded = []
    for array in arrays:
        whole = np.full((len(array), *longest), padding, array.dtype)
        whole[tuple(slice(size) for size in array.shape)] = array
        padded.append(whole)
    return padded


def fill_rows(array: np.ndarray, rows: int) -> np.ndarray:
    """An array with its first row repeated behind it until it has so many rows."""
    missing = rows - len(array)
    return array if missing <= 0 else np.concatenate([array, np.repeat(array[:1], missing, axis=0)])
