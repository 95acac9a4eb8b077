"""Nested JSON lists to and from arrays, value by value as TensorFlow Serving maps them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from serving.errors import invalid_argument, quoted

_BASE64_KEY = "b64"


def is_base64_object(value: Any) -> bool:
    """Whether a JSON value is `{"b64": "..."}`, the form of a binary string."""
    return (isinstance(value, dict) and list(value) == [_BASE64_KEY]
            and isinstance(value[_BASE64_KEY], str))


def list_shape(value: Any) -> tuple[int, ...]:
    """The shape of a nested list, going by the first item of each level; () for a value."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def from_json_values(name: str, dtype: tf.DType, value: Any,
                     shape: tuple[int, ...]) -> np.ndarray:
    """An array of a type from nested lists.

    Args:
        name: the input's name, for the error message.
        dtype: the type that the signature takes.
        value: a JSON value, or lists of them nested as `shape` says.
        shape: the shape expected; every list must have its size.

    Raises:
        RequestError: INVALID_ARGUMENT for ragged lists and values of another type.
    """
    convert = _converter(name, dtype)
    flat = [convert(item) for item in _flatten(name, value, shape)]
    array = np.empty(len(flat), dtype=object) if dtype == tf.string else np.empty(
        len(flat), dtype=dtype.as_numpy_dtype)
    array[:] = flat
    return array.reshape(shape)


def to_json_values(array: np.ndarray, *, as_bytes: bool) -> Any:
    """Nested lists of an array: strings as text, or as `{"b64": ...}` where they are binary.

    Text that is not UTF-8 has its bad bytes replaced. A float is written with the fewest digits
    that tell it from its neighbours in its own type, so that 0.2 stays 0.2.
    """
    if array.dtype.kind in "OS":
        convert = _to_base64 if as_bytes else _to_text
        flat: list[Any] = [convert(value) for value in array.ravel().tolist()]
    elif array.dtype == np.float32:
        flat = [float(text) for text in array.ravel().astype(str)]
    else:
        return array.tolist()
    return _nest(flat, array.shape)


def _flatten(name: str, value: Any, shape: tuple[int, ...]) -> Iterator[Any]:
    if not shape:
        if isinstance(value, list):
            raise invalid_argument(f"input {name!r}: lists are nested to different depths")
        yield value
        return
    if not isinstance(value, list) or len(value) != shape[0]:
        raise invalid_argument(
            f"input {name!r}: expected a list of {shape[0]} items, received {quoted(value)}")
    for item in value:
        yield from _flatten(name, item, shape[1:])


def _nest(flat: list[Any], shape: tuple[int, ...]) -> Any:
    nested = np.empty(len(flat), dtype=object)
    nested[:] = flat
    return nested.reshape(shape).tolist()


def _converter(name: str, dtype: tf.DType) -> Callable[[Any], Any]:
    def refuse(value: Any) -> Any:
        raise invalid_argument(
            f"input {name!r}: JSON value {quoted(value)} is not of type {dtype.name}")

    def to_string(value: Any) -> Any:
        if is_base64_object(value):
            return _from_base64(name, value[_BASE64_KEY])
        return _to_utf8(name, value) if isinstance(value, str) else refuse(value)

    def to_bool(value: Any) -> Any:
        return value if isinstance(value, bool) else refuse(value)

    def to_integer(value: Any) -> Any:
        fits = (isinstance(value, int) and not isinstance(value, bool)
                and dtype.min <= value <= dtype.max)
        return value if fits else refuse(value)

    def to_float(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return refuse(value)
        if isinstance(value, int) and abs(value) >= 2**np.finfo(dtype.as_numpy_dtype).nmant * 2:
            return refuse(value)
        if np.isfinite(value) and not dtype.min <= value <= dtype.max:
            return refuse(value)
        return value

    if dtype == tf.string:
        return to_string
    if dtype == tf.bool:
        return to_bool
    if dtype.is_integer and not dtype.is_quantized:
        return to_integer
    if dtype in (tf.float32, tf.float64):
        return to_float
    raise invalid_argument(f"input {name!r}: JSON has no values of type {dtype.name}; use gRPC")


def _to_utf8(name: str, text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise invalid_argument(
            f"input {name!r}: the string {quoted(text)} has half a surrogate pair") from error


def _from_base64(name: str, text: str) -> bytes:
    padding = "=" * (-len(text) % 4)
    try:
        return base64.b64decode(text + padding, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument(f"input {name!r}: {quoted(text)} is not base64") from error


def _to_base64(value: bytes) -> dict[str, str]:
    return {_BASE64_KEY: base64.b64encode(value).decode("ascii")}


def _to_text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")
