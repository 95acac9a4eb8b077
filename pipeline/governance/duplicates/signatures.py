"""MinHash signatures of many texts at once: datasketch's permutations, applied by numpy.

datasketch hashes and permutes a text at a time; a million titles would take it minutes. The
values are the same as its own (scheme affine32), which a test holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from datasketch import MinHash

Signatures = npt.NDArray[np.uint32]
"""Least hash of each text under each permutation, `[texts, permutations]`."""

SHINGLE = 4
"""Letters of a shingle. They stay within words, so that the order of words does not matter."""

EMPTY = np.uint32(0xFFFFFFFF)
"""Every value of the signature of a text without a word."""

_SEED = 1
_GAP = "   "
_BASE = np.uint64(0x9E3779B97F4A7C15)
_SLICE = 16  # permutations at once, so that a batch's products stay in the cache


class Hasher:
    """Signatures of texts.

    Args:
        permutations: values of a signature.
    """

    def __init__(self, permutations: int) -> None:
        self._a, self._b = MinHash(permutations, seed=_SEED, scheme="affine32").permutations

    def __call__(self, texts: Sequence[Sequence[str]]) -> Signatures:
        """Signatures of texts, each given as its words."""
        hashes, starts = shingle_hashes(texts)
        signatures = np.full((len(texts), len(self._a)), EMPTY)
        filled = np.flatnonzero(np.diff(starts, append=len(hashes)))
        if not len(filled):
            return signatures
        mixed = _mix(hashes)
        for first in range(0, len(self._a), _SLICE):
            some = slice(first, first + _SLICE)
            permuted = mixed * self._a[some, np.newaxis] + self._b[some, np.newaxis]
            signatures[filled, some] = np.minimum.reduceat(permuted, starts[filled], axis=1).T
        return signatures


def shingle_hashes(
    texts: Sequence[Sequence[str]],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Hashes of the shingles of texts, one after the other, and where each text's begin.

    A word of n letters has n shingles: it stands between one space before and two behind.

    Args:
        texts: words of each.

    Returns:
        Hashes `[shingles]`, and starts `[texts]`.
    """
    joined = [_GAP.join(words) for words in texts]
    everything = _GAP + _GAP.join(joined) + _GAP
    chars = np.frombuffer(everything.encode("utf-32-le", "surrogatepass"), np.uint32)
    rolling = np.zeros(len(chars) - SHINGLE + 1, np.uint64)
    for place in range(SHINGLE):
        rolling = rolling * _BASE + chars[place:place + len(rolling)]
    begins = chars[1:1 + len(rolling)] != ord(" ")  # A shingle's second char is a letter.
    ends = np.cumsum([len(text) + len(_GAP) for text in joined]) + len(_GAP)
    counts = np.concatenate([[0], np.cumsum(begins)])
    starts = counts[np.concatenate([[0], ends[:-1] - 1])] if len(texts) else np.zeros(0, np.int64)
    return (rolling[begins] >> np.uint64(32)).astype(np.uint32), starts


def _mix(hashes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The finalizer of MurmurHash3, which datasketch applies to what it is given."""
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes = hashes * np.uint32(0x85EBCA6B)
    hashes = hashes ^ (hashes >> np.uint32(13))
    hashes = hashes * np.uint32(0xC2B2AE35)
    return hashes ^ (hashes >> np.uint32(16))
