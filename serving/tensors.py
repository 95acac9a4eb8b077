"""Between the TensorProto of TensorFlow Serving's protocol and NumPy arrays.

Strings are object arrays of `bytes`, as TensorFlow itself gives them.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.errors import invalid_argument

# A tensor whose values are fewer than its elements repeats the last one. Beyond this size such a
# tensor costs the server memory that the sender never paid for.
_MAX_REPEATED_ELEMENTS = 2**20

_VALUE_FIELDS = {
    types_pb2.DT_STRING: "string_val",
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_BOOL: "bool_val",
    types_pb2.DT_INT64: "int64_val",
    types_pb2.DT_INT32: "int_val",
    types_pb2.DT_INT16: "int_val",
    types_pb2.DT_INT8: "int_val",
    types_pb2.DT_UINT8: "int_val",
    types_pb2.DT_UINT16: "int_val",
    types_pb2.DT_UINT32: "uint32_val",
    types_pb2.DT_UINT64: "uint64_val",
}
_READABLE = frozenset(_VALUE_FIELDS) | {
    types_pb2.DT_HALF, types_pb2.DT_BFLOAT16, types_pb2.DT_COMPLEX64, types_pb2.DT_COMPLEX128}


def decode_tensor(name: str, proto: tensor_pb2.TensorProto) -> np.ndarray:
    """The array in a TensorProto of a request.

    Args:
        name: the input's name, for the error message.
        proto: any TensorProto, however wrong.

    Raises:
        RequestError: INVALID_ARGUMENT for a type that has no values, a shape that is unknown,
            negative or too large, or values that do not fill it.
    """
    if proto.dtype not in _READABLE:
        raise invalid_argument(f"input {name!r}: no tensor of dtype {proto.dtype} can be sent")
    if proto.tensor_shape.unknown_rank:
        raise invalid_argument(f"input {name!r}: the tensor's shape must be known")
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if any(size < 0 for size in shape):
        raise invalid_argument(f"input {name!r}: the shape {shape} has a negative size")
    if math.prod(shape) > max(proto.ByteSize(), _MAX_REPEATED_ELEMENTS):
        raise invalid_argument(
            f"input {name!r}: the shape {shape} has more elements than the request holds values")
    try:
        return tf.make_ndarray(proto)
    except (ValueError, TypeError, OverflowError) as error:
        raise invalid_argument(
            f"input {name!r}: the values do not fill a tensor of dtype "
            f"{types_pb2.DataType.Name(proto.dtype)} and shape {shape}: {error}") from error


def encode_tensor(array: np.ndarray) -> tensor_pb2.TensorProto:
    """A TensorProto with its values in the typed field, as TensorFlow Serving answers.

    Clients in other languages read `float_val` or `string_val`; `tf.make_tensor_proto` would
    write raw `tensor_content` instead.
    """
    dtype = tf_dtype(array).as_datatype_enum
    field = _VALUE_FIELDS.get(dtype)
    if field is None:
        return tf.make_tensor_proto(array)
    proto = tensor_pb2.TensorProto(dtype=dtype)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, field).extend(array.ravel().tolist())
    return proto


def tf_dtype(array: np.ndarray) -> tf.DType:
    """The TensorFlow type of an array; object and bytes arrays are strings."""
    return tf.string if array.dtype.kind in "OS" else tf.as_dtype(array.dtype)
