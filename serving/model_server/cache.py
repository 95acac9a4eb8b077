"""Answers to requests that were asked before, as long as the version that gave them answers."""

from __future__ import annotations

import collections
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from serving.model_server.answers import Answer
from serving.signature import Signature

_ENTRY_BYTES = 512
"""About what the bookkeeping of an entry takes."""

_VALUE_BYTES = 40
"""About what a string takes beside its characters."""


class ResultCache:
    """The answers of one version that were asked for last; bound by the memory they take."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: collections.OrderedDict[Hashable, tuple[Answer, int]] = (
            collections.OrderedDict())

    @staticmethod
    def key(signature: Signature, inputs: Mapping[str, np.ndarray],
            outputs: Sequence[str], encode: bool) -> Hashable:
        """What a request is known by: everything that its answer follows from."""
        return signature.name, tuple(outputs), encode, tuple(
            (name, array.shape, tuple(array.ravel().tolist()) if array.dtype.kind == "O"
             else array.tobytes())
            for name, array in sorted(inputs.items()))

    def get(self, key: Hashable) -> Answer | None:
        """The answer of an equal request, or None."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, inputs: Mapping[str, np.ndarray], answer: Answer) -> None:
        """Keeps an answer; the ones that nobody asked for longest go."""
        size = _ENTRY_BYTES + _size(inputs) + (
            len(answer) if isinstance(answer, bytes) else _size(answer))
        if size > self._max_bytes // 8 or key in self._entries:
            return
        if not isinstance(answer, bytes):
            # Rows of a batch are views: kept as they are, they would keep all of it.
            answer = {name: array.copy() for name, array in answer.items()}
        self._entries[key] = answer, size
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, (_, freed) = self._entries.popitem(last=False)
            self._bytes -= freed


def _size(arrays: Mapping[str, np.ndarray]) -> int:
    return sum(
        sum(map(len, array.ravel().tolist())) + array.size * _VALUE_BYTES
        if array.dtype.kind == "O" else array.nbytes
        for array in arrays.values())
