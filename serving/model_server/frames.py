"""Messages between the server and its model processes: a JSON header and the bytes of arrays.

A frame is the sizes of header and body (`_PREFIX`), the header, and the arrays one after another.
Strings go with a NUL between them where none of them holds one, as NumPy and Python take those
apart a thousand at a time; else as the lengths of all values, then the values. Nothing in a frame
is executed, as unpickling would.
"""

from __future__ import annotations

import itertools
import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from serving.tensors import tf_dtype

_PREFIX = struct.Struct("<IQ")
PREFIX_BYTES = _PREFIX.size
_LENGTH = np.dtype("<u4")
_NUL = b"\0"
_SEPARATED, _COUNTED = b"s", b"c"
"""The first byte of a string array: how its values lie behind it."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A whole frame.

    Args:
        header: JSON values; the key "arrays" is taken.
        arrays: by name; object arrays hold `bytes`.
    """
    entries, parts = [], []
    for name, array in arrays.items():
        parts.append(_array_bytes(array))
        entries.append((name, tf_dtype(array).name, array.shape, len(parts[-1])))
    head = json.dumps({**header, "arrays": entries}).encode()
    return b"".join((_PREFIX.pack(len(head), sum(map(len, parts))), head, *parts))


def sizes(prefix: bytes) -> tuple[int, int]:
    """How many bytes of header and of body follow a prefix of `PREFIX_BYTES`."""
    header, body = _PREFIX.unpack(prefix)
    return header, body


def unpack(head: bytes, body: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of a frame; numeric arrays are read-only views of the body."""
    header = json.loads(head)
    arrays, start = {}, 0
    for name, dtype, shape, size in header.pop("arrays"):
        arrays[name] = _array(body, start, size, tf.as_dtype(dtype), shape)
        start += size
    return header, arrays


def _array_bytes(array: np.ndarray) -> bytes:
    if array.dtype.kind not in "OS":
        return array.tobytes()
    values = array.ravel().tolist()
    separated = _NUL.join(values)
    if separated.count(_NUL) == len(values) - 1:
        return _SEPARATED + separated
    lengths = np.fromiter(map(len, values), _LENGTH, len(values))
    return _COUNTED + lengths.tobytes() + b"".join(values)


def _array(body: bytes, start: int, size: int, dtype: tf.DType,
           shape: list[int]) -> np.ndarray:
    count = math.prod(shape)
    if dtype != tf.string:
        return np.frombuffer(body, dtype.as_numpy_dtype, count, start).reshape(shape)
    array = np.empty(count, object)
    array[:] = _strings(memoryview(body)[start:start + size], count)
    return array.reshape(shape)


def _strings(content: memoryview, count: int) -> list[bytes]:
    kind, values = content[:1], content[1:]
    if kind == _SEPARATED:
        return bytes(values).split(_NUL)
    lengths = np.frombuffer(values, _LENGTH, count)
    bounds = count * _LENGTH.itemsize + np.cumsum([0, *lengths], dtype=np.int64)
    return [bytes(values[first:end]) for first, end in itertools.pairwise(bounds.tolist())]
