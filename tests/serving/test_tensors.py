import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.errors import RequestError
from serving.tensors import decode_tensor, encode_tensor


def _proto(dtype, shape, **values) -> tensor_pb2.TensorProto:
    proto = tensor_pb2.TensorProto(dtype=dtype, **values)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


@pytest.mark.parametrize("array", [
    np.array([b"a", b"\xff\x00", b""], dtype=object),
    np.array([[1.5, -np.inf], [np.nan, 0.1]], dtype=np.float32),
    np.array([[0.1]], dtype=np.float64),
    np.array([2**40, -1], dtype=np.int64),
    np.array(7, dtype=np.int32),
    np.array([250], dtype=np.uint8),
    np.array([2**32 - 1], dtype=np.uint32),
    np.array([True, False]),
    np.zeros((0, 3), dtype=np.float32),
    np.array([1 + 2j], dtype=np.complex64),
])
def test_arrays_survive_the_round_trip(array):
    decoded = decode_tensor("x", encode_tensor(array))
    assert decoded.dtype == array.dtype
    np.testing.assert_array_equal(decoded, array)


def test_numbers_travel_in_typed_fields_as_other_languages_expect():
    assert list(encode_tensor(np.array([1.5], np.float32)).float_val) == [1.5]
    assert list(encode_tensor(np.array([b"p1"], object)).string_val) == [b"p1"]


def test_raw_content_is_read():
    proto = _proto(types_pb2.DT_FLOAT, [2], tensor_content=np.array([1, 2], "<f4").tobytes())
    assert decode_tensor("x", proto).tolist() == [1.0, 2.0]


def test_fewer_values_than_elements_repeat_the_last():
    proto = _proto(types_pb2.DT_STRING, [3], string_val=[b"a", b"b"])
    assert decode_tensor("x", proto).tolist() == [b"a", b"b", b"b"]


@pytest.mark.parametrize(("proto", "reason"), [
    (_proto(types_pb2.DT_INVALID, [1]), "no tensor of dtype 0"),
    (_proto(999, [1]), "no tensor of dtype 999"),
    (_proto(types_pb2.DT_STRING, [-1], string_val=[b"a"]), "negative size"),
    (_proto(types_pb2.DT_STRING, [2**31, 2**31], string_val=[b"a"]), "more elements"),
    (_proto(types_pb2.DT_STRING, [1], string_val=[b"a", b"b"]), "do not fill"),
    (_proto(types_pb2.DT_STRING, [1], tensor_content=b"abc"), "do not fill"),
    (_proto(types_pb2.DT_FLOAT, [3], tensor_content=b"abc"), "do not fill"),
    (_proto(types_pb2.DT_RESOURCE, [1]), "no tensor of dtype 20"),
])
def test_wrong_tensors_are_refused(proto, reason):
    with pytest.raises(RequestError, match=reason):
        decode_tensor("x", proto)


def test_an_unknown_rank_is_refused():
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING)
    proto.tensor_shape.unknown_rank = True
    with pytest.raises(RequestError, match="must be known"):
        decode_tensor("x", proto)


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")
@given(st.binary(max_size=60))
def test_no_bytes_of_a_tensor_crash_the_reader(data):
    try:
        proto = tensor_pb2.TensorProto.FromString(data)
    except DecodeError:
        return
    try:
        array = decode_tensor("x", proto)
    except RequestError:
        return
    assert tf.constant(array) is not None
