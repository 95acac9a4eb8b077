"""Between the TensorProto of TensorFlow Serving's protocol and NumPy arrays.

Strings are object arrays of `bytes`, as TensorFlow itself gives them.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.errors import RequestError, invalid_argument

# A tensor whose values are fewer than its elements repeats the last one. Beyond this size such a
# tensor costs the server memory that the sender never paid for.
_MAX_REPEATED_ELEMENTS = 2**20

_VALUE_FIELDS = {
    types_pb2.DT_STRING: "string_val",
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_COMPLEX64: "scomplex_val",
    types_pb2.DT_COMPLEX128: "dcomplex_val",
    types_pb2.DT_HALF: "half_val",
    types_pb2.DT_BFLOAT16: "half_val",
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
# Whose packed bytes in a message are those of an array, so that none need be touched one by one:
# a float tensor of 1,000 x 384 is written in 0.1 ms instead of 25.
_PACKED_AS_IN_MEMORY = frozenset({"float_val", "double_val", "scomplex_val", "dcomplex_val"})
# The type of a value field's numbers, where it is not that of the array.
_FIELD_TYPES = {"half_val": np.int32, "int_val": np.int32,
                "scomplex_val": np.float32, "dcomplex_val": np.float64}
_LENGTH_DELIMITED = 2
_MAX_VARINT_BYTES = 5


def decode_tensor(name: str, proto: tensor_pb2.TensorProto) -> np.ndarray:
    """The array in a TensorProto of a request, read as TensorFlow reads it.

    Raw `tensor_content` must fill the tensor exactly. Of the typed values too few are filled up
    with the last of them, or with zeros where there is none; those too many are ignored.

    Args:
        name: the input's name, for the error message.
        proto: any TensorProto, however wrong.

    Raises:
        RequestError: INVALID_ARGUMENT for a type that has no values, a shape that is unknown,
            negative or too large, or values that do not fill it.
    """
    if proto.dtype not in _VALUE_FIELDS:
        raise _parsing_error(name, f"no tensor of dtype {proto.dtype} can be sent")
    if proto.tensor_shape.unknown_rank:
        raise _parsing_error(name, "its shape must be known")
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if any(size < 0 for size in shape):
        raise _parsing_error(name, f"the shape {shape} has a negative size")
    if math.prod(shape) > max(proto.ByteSize(), _MAX_REPEATED_ELEMENTS):
        raise _parsing_error(
            name, f"the shape {shape} has more elements than the request holds values")
    try:
        if proto.tensor_content:
            return _from_content(proto, math.prod(shape)).reshape(shape)
        return _fill(_from_values(proto), math.prod(shape)).reshape(shape)
    except (ValueError, OverflowError) as error:
        raise _parsing_error(
            name, f"the values do not fill a tensor of dtype "
            f"{types_pb2.DataType.Name(proto.dtype)} and shape {shape}: {error}") from error


def encode_tensor(array: np.ndarray) -> tensor_pb2.TensorProto:
    """A TensorProto with its values in the typed field; see `fill_tensor`."""
    proto = tensor_pb2.TensorProto()
    fill_tensor(proto, array)
    return proto


def fill_tensor(proto: tensor_pb2.TensorProto, array: np.ndarray) -> None:
    """Writes an array into an empty TensorProto, into the typed field as TensorFlow Serving does.

    Clients in other languages read `float_val` or `string_val`; `tf.make_tensor_proto` would
    write raw `tensor_content` instead.
    """
    dtype = tf_dtype(array).as_datatype_enum
    field = _VALUE_FIELDS.get(dtype)
    if field is None:
        proto.CopyFrom(tf.make_tensor_proto(array))
        return
    proto.dtype = dtype
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    flat = array.ravel()
    if field in _PACKED_AS_IN_MEMORY:
        proto.MergeFromString(_packed(field, flat.tobytes()))
    elif field == "half_val":
        proto.half_val.extend(flat.view(np.uint16).tolist())
    else:
        getattr(proto, field).extend(flat.tolist())


def tf_dtype(array: np.ndarray) -> tf.DType:
    """The TensorFlow type of an array; object and bytes arrays are strings."""
    return tf.string if array.dtype.kind in "OS" else tf.as_dtype(array.dtype)


def _from_content(proto: tensor_pb2.TensorProto, size: int) -> np.ndarray:
    if proto.dtype == types_pb2.DT_STRING:
        return _strings_from_content(proto.tensor_content, size)
    dtype = tf.as_dtype(proto.dtype).as_numpy_dtype
    # Copied, as the bytes may not lie where numbers of the type may lie.
    array = np.frombuffer(proto.tensor_content, dtype).copy()
    if array.size != size:
        raise ValueError(f"{len(proto.tensor_content)} bytes hold {array.size} values")
    return array


def _strings_from_content(content: bytes, size: int) -> np.ndarray:
    """Strings as TensorFlow packs them: all lengths as varints, then all bytes."""
    lengths = []
    position = 0
    for _ in range(size):
        length, position = _varint(content, position)
        lengths.append(length)
    if position + sum(lengths) != len(content):
        raise ValueError(f"{len(content)} bytes are not those of {size} strings")
    strings = np.empty(size, dtype=object)
    for index, length in enumerate(lengths):
        strings[index] = content[position:position + length]
        position += length
    return strings


def _varint(content: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(content[position:position + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, position + index + 1
    raise ValueError("the length of a string is cut off")


def _from_values(proto: tensor_pb2.TensorProto) -> np.ndarray:
    field = _VALUE_FIELDS[proto.dtype]
    values = getattr(proto, field)
    if proto.dtype == types_pb2.DT_STRING:
        strings = np.empty(len(values), dtype=object)
        strings[:] = values
        return strings
    dtype = np.dtype(tf.as_dtype(proto.dtype).as_numpy_dtype)
    numbers = np.fromiter(values, _FIELD_TYPES.get(field, dtype), len(values))
    if field == "half_val":
        return _narrowed(numbers, np.dtype(np.uint16)).view(dtype)
    if dtype.kind == "c":
        return numbers[:len(numbers) // 2 * 2].view(dtype)
    return _narrowed(numbers, dtype)


def _narrowed(numbers: np.ndarray, dtype: np.dtype) -> np.ndarray:
    narrow = numbers.astype(dtype)
    if narrow.dtype.kind in "iu" and (narrow != numbers).any():
        raise ValueError(f"a value is out of the range of {dtype.name}")
    return narrow


def _fill(values: np.ndarray, size: int) -> np.ndarray:
    if values.size >= size:
        return values[:size]
    nothing = b"" if values.dtype == object else values.dtype.type(0)
    filled = np.full(size, values[-1] if values.size else nothing, dtype=values.dtype)
    filled[:values.size] = values
    return filled


def _packed(field: str, content: bytes) -> bytes:
    """A message that has nothing but one packed field."""
    number = tensor_pb2.TensorProto.DESCRIPTOR.fields_by_name[field].number
    return bytes([number << 3 | _LENGTH_DELIMITED]) + _varint_bytes(len(content)) + content


def _varint_bytes(value: int) -> bytes:
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _parsing_error(name: str, reason: str) -> RequestError:
    return invalid_argument(f"tensor parsing error: {name}: {reason}")
