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
    np.array([-128, 127], dtype=np.int8),
    np.array([-2**15], dtype=np.int16),
    np.array([2**16 - 1], dtype=np.uint16),
    np.array([2**64 - 1], dtype=np.uint64),
    np.zeros((0, 3), dtype=np.float32),
    np.array([1.5, -np.inf], dtype=np.float16),
    np.array([1.5, 3e38], dtype=tf.bfloat16.as_numpy_dtype),
    np.array([1 + 2j], dtype=np.complex64),
    np.array([[1e300 - 2j]], dtype=np.complex128),
    np.arange(6, dtype=np.float32).reshape(3, 2).T,
])
def test_arrays_survive_the_round_trip(array):
    decoded = decode_tensor("x", encode_tensor(array))
    assert decoded.dtype == array.dtype
    np.testing.assert_array_equal(decoded, array)


def test_numbers_travel_in_typed_fields_as_other_languages_expect():
    assert list(encode_tensor(np.array([1.5], np.float32)).float_val) == [1.5]
    assert list(encode_tensor(np.array([b"p1"], object)).string_val) == [b"p1"]


@pytest.mark.parametrize(("dtype", "field", "values"), [
    (np.float64, "double_val", [1.5]), (np.int8, "int_val", [-3]), (np.int64, "int64_val", [-3]),
    (np.bool_, "bool_val", [True]), (np.uint32, "uint32_val", [3]),
    # Bits of a half: sign, five of exponent, ten of mantissa; of a bfloat16 those of a float's top.
    (np.float16, "half_val", [0x3E00]), (tf.bfloat16.as_numpy_dtype, "half_val", [0x3FC0]),
    (np.complex64, "scomplex_val", [1.5, 0.0]), (np.complex128, "dcomplex_val", [1.5, 0.0]),
])
def test_every_type_has_its_field(dtype, field, values):
    number = values[0] if "half" not in field else 1.5
    proto = encode_tensor(np.array([number]).astype(dtype))
    assert list(getattr(proto, field)) == values
    assert not proto.tensor_content


def test_the_answer_is_that_of_tensorflows_own_writer():
    array = np.linspace(-1, 1, 300, dtype=np.float32).reshape(3, 100)
    expected = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_FLOAT, float_val=array.ravel().tolist())
    for size in array.shape:
        expected.tensor_shape.dim.add(size=size)
    assert encode_tensor(array) == expected


def test_raw_content_is_read():
    proto = _proto(types_pb2.DT_FLOAT, [2], tensor_content=np.array([1, 2], "<f4").tobytes())
    assert decode_tensor("x", proto).tolist() == [1.0, 2.0]


def test_fewer_values_than_elements_repeat_the_last():
    proto = _proto(types_pb2.DT_STRING, [3], string_val=[b"a", b"b"])
    assert decode_tensor("x", proto).tolist() == [b"a", b"b", b"b"]
    proto = _proto(types_pb2.DT_COMPLEX64, [2], scomplex_val=[1.0, 2.0])
    assert decode_tensor("x", proto).tolist() == [1 + 2j, 1 + 2j]


def test_without_values_a_tensor_is_of_zeros():
    assert decode_tensor("x", _proto(types_pb2.DT_FLOAT, [2])).tolist() == [0.0, 0.0]
    assert decode_tensor("x", _proto(types_pb2.DT_STRING, [1])).tolist() == [b""]
    assert decode_tensor("x", _proto(types_pb2.DT_BOOL, [])).tolist() is False


def test_values_too_many_are_ignored():
    proto = _proto(types_pb2.DT_STRING, [1], string_val=[b"a", b"b"])
    assert decode_tensor("x", proto).tolist() == [b"a"]


# The lengths of strings as varints (the last is 1 + 2 * 128 = 257), then their bytes.
@pytest.mark.parametrize(("content", "strings"), [
    (b"\x01\x00\x02abc", [b"a", b"", b"bc"]), (b"\x81\x02" + b"x" * 257, [b"x" * 257])])
def test_raw_strings_are_read_as_tensorflow_reads_them(content, strings):
    proto = _proto(types_pb2.DT_STRING, [len(strings)], tensor_content=content)
    by_tensorflow = tf.io.parse_tensor(proto.SerializeToString(), tf.string)
    assert decode_tensor("x", proto).tolist() == by_tensorflow.numpy().tolist() == strings


@given(st.lists(st.integers(-2**7, 2**7 - 1), max_size=5), st.integers(0, 5))
def test_typed_values_are_read_as_tensorflow_reads_them(values, size):
    proto = _proto(types_pb2.DT_INT8, [size], int_val=values)
    by_tensorflow = tf.io.parse_tensor(proto.SerializeToString(), tf.int8)
    assert decode_tensor("x", proto).tolist() == by_tensorflow.numpy().tolist()


@pytest.mark.parametrize(("proto", "reason"), [
    (_proto(types_pb2.DT_INVALID, [1]), "no tensor of dtype 0"),
    (_proto(999, [1]), "no tensor of dtype 999"),
    (_proto(types_pb2.DT_STRING, [-1], string_val=[b"a"]), "negative size"),
    (_proto(types_pb2.DT_STRING, [2**31, 2**31], string_val=[b"a"]), "more elements"),
    (_proto(types_pb2.DT_INT8, [1], int_val=[300]), "out of the range of int8"),
    (_proto(types_pb2.DT_HALF, [1], half_val=[2**17]), "out of the range of uint16"),
    (_proto(types_pb2.DT_STRING, [1], tensor_content=b"\xff" * 9), "length of a string"),
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
