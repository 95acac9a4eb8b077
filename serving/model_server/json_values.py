"""Nested JSON lists to and from arrays, value by value as TensorFlow Serving maps them."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import numpy as np
import tensorflow as tf

from serving.errors import RequestError, invalid_argument, quoted

_BASE64_KEY = "b64"
_INT64 = range(-2**63, 2**63)
_UINT64 = range(2**64)
_MAX_QUOTED_CHARS = 80
_JSON_TYPES = {dict: "Object", list: "Array", str: "String", int: "Number", float: "Number",
               type(None): "Null"}
# As TensorFlow names them, where NumPy has another name.
_TYPE_NAMES = {tf.float32: "float", tf.float64: "double"}


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
    flat = [convert(item) for item in _flatten(name, value, shape, 0)]
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
    elif array.dtype.kind in "biu" or array.dtype == np.float64:
        return array.tolist()
    elif array.dtype.kind == "c":
        raise invalid_argument(f"Failed to write JSON value for tensor type: {array.dtype.name}")
    else:
        flat = [float(text) for text in array.ravel().astype(str)]
    return _nest(flat, array.shape)


def json_type(value: Any) -> str:
    """What a JSON value is, by TensorFlow Serving's names."""
    return str(value) if isinstance(value, bool) else _JSON_TYPES[type(value)]


def decode_base64(name: str, value: dict[str, str]) -> bytes:
    """The bytes of `{"b64": "..."}`; white space and missing padding do no harm.

    Args:
        name: the input's name, for the error message.
        value: passed `is_base64_object`.

    Raises:
        RequestError: INVALID_ARGUMENT for what is not base64.
    """
    text = "".join(value[_BASE64_KEY].split())
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument(f"input {name!r}: Unable to base64 decode {quoted(text)}") from error


def lossy_number(name: str, value: float, target: str) -> RequestError:
    """The error for a number that its type cannot hold."""
    return invalid_argument(
        f"input {name!r}: Cannot convert JSON value: {_written(value)} to {target} without loss "
        "of precision.")


def _flatten(name: str, value: Any, shape: tuple[int, ...], level: int) -> Iterator[Any]:
    if level == len(shape):
        if isinstance(value, list):
            raise invalid_argument(
                f"input {name!r}: Encountered list at unexpected level: {level} expected < "
                f"{len(shape)}")
        yield value
        return
    if not isinstance(value, list):
        raise invalid_argument(
            f"input {name!r}: JSON Value: {_written(value)} found at incorrect level: {level + 1} "
            f"in the JSON DOM. Expected at level: {len(shape)}")
    if len(value) != shape[level]:
        raise invalid_argument(
            f"input {name!r}: Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}")
    for item in value:
        yield from _flatten(name, item, shape, level + 1)


def _nest(flat: list[Any], shape: tuple[int, ...]) -> Any:
    nested = np.empty(len(flat), dtype=object)
    nested[:] = flat
    return nested.reshape(shape).tolist()


def _converter(name: str, dtype: tf.DType) -> Callable[[Any], Any]:
    type_name = _TYPE_NAMES.get(dtype, dtype.name)

    def refuse(value: Any) -> Any:
        raise invalid_argument(
            f"input {name!r}: JSON Value: {_written(value)} Type: {json_type(value)} is not of "
            f"expected type: {type_name}")

    def to_string(value: Any) -> Any:
        if isinstance(value, str):
            return value.encode("utf-8")
        return decode_base64(name, value) if is_base64_object(value) else refuse(value)

    def to_bool(value: Any) -> Any:
        return value if isinstance(value, bool) else refuse(value)

    def to_integer(value: Any) -> Any:
        fits = (isinstance(value, int) and not isinstance(value, bool)
                and dtype.min <= value <= dtype.max)
        return value if fits else refuse(value)

    def to_float(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return refuse(value)
        if isinstance(value, float) and not math.isfinite(value):
            return value
        # Beyond 64 bits a whole number is a decimal, as it is in TensorFlow Serving.
        counts = isinstance(value, int) and (value in _INT64 or value in _UINT64)
        if counts and abs(value) >= 2**np.finfo(dtype.as_numpy_dtype).nmant * 2:
            raise lossy_number(name, value, type_name)
        if not dtype.min <= value <= dtype.max:
            raise lossy_number(name, value, type_name)
        return value

    if dtype == tf.string:
        return to_string
    if dtype == tf.bool:
        return to_bool
    if dtype.is_integer and not dtype.is_quantized:
        return to_integer
    if dtype in (tf.float32, tf.float64):
        return to_float
    raise RequestError(
        grpc.StatusCode.UNIMPLEMENTED,
        f"input {name!r}: JSON has no values of type: {type_name}; use gRPC")


def _written(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_QUOTED_CHARS else f"{text[:_MAX_QUOTED_CHARS]}..."


def _to_base64(value: bytes) -> dict[str, str]:
    return {_BASE64_KEY: base64.b64encode(value).decode("ascii")}


def _to_text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")
