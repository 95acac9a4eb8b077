import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from serving.model_server import frames

DTYPES = [
    tf.bool, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64,
    tf.half, tf.bfloat16, tf.float32, tf.float64, tf.complex64, tf.complex128]
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def _through(header, named):
    frame = frames.pack(header, named)
    head, body = frames.sizes(frame[:frames.PREFIX_BYTES])
    rest = frame[frames.PREFIX_BYTES:]
    assert len(rest) == head + body
    return frames.unpack(rest[:head], rest[head:])


def _same(sent, received):
    assert list(received) == list(sent)
    for name, array in sent.items():
        assert (received[name].dtype, received[name].shape) == (array.dtype, array.shape)
        assert received[name].tolist() == array.tolist()


@given(dtype=st.sampled_from(DTYPES), shape=SHAPES, data=st.data())
def test_numbers_come_as_they_went(dtype, shape, data):
    size = int(np.prod(shape)) * dtype.size
    content = data.draw(st.binary(min_size=size, max_size=size))
    if dtype == tf.bool:
        content = bytes(byte & 1 for byte in content)
    array = np.frombuffer(content, dtype.as_numpy_dtype).reshape(shape)
    _, received = _through({}, {"before": np.ones(3, np.int8), "x": array})
    assert (received["x"].dtype, received["x"].shape) == (array.dtype, shape)
    assert received["x"].tobytes() == content  # NaNs, too, bit by bit


@given(arrays.arrays(object, SHAPES, elements=st.binary(max_size=9)),
       arrays.arrays(np.float32, SHAPES, elements=st.floats(width=32, allow_nan=False)))
def test_strings_come_as_they_went(strings, numbers):
    sent = {"a": strings, "b": numbers, "c": strings}
    header, received = _through({"id": 3, "outputs": ["ä"]}, sent)
    assert header == {"id": 3, "outputs": ["ä"]}
    _same(sent, received)


@pytest.mark.parametrize("array", [
    np.arange(12).reshape(3, 4).T, np.arange(12)[::-2], np.full((2, 3), b"x", object).T])
def test_the_order_in_memory_does_not_matter(array):
    _same({"x": array}, _through({}, {"x": array})[1])


def test_the_bytes_of_a_frame():
    frame = frames.pack({"id": 1}, {"s": np.array([b"ab", b""], object), "n": np.int16([258])})
    head = b'{"id": 1, "arrays": [["s", "string", [2], 4], ["n", "int16", [1], 2]]}'
    # Lengths of header and body, both little-endian; then the strings, separated, and 0x0102.
    assert frame == (
        len(head).to_bytes(4, "little") + (6).to_bytes(8, "little") + head
        + b"sab\0" + b"\2\1")


def test_strings_that_hold_a_nul_are_counted():
    frame = frames.pack({}, {"s": np.array([b"\0", b"ab"], object)})
    # Lengths 1 and 2, little-endian, then the strings.
    assert frame.endswith(b"c" + b"\1\0\0\0" + b"\2\0\0\0" + b"\0ab")


def test_fixed_width_bytes_are_strings():
    _, received = _through({}, {"s": np.array([[b"abc"], [b"d"]])})
    assert received["s"].dtype == object
    assert received["s"].tolist() == [[b"abc"], [b"d"]]


def test_what_is_received_cannot_be_changed():
    _, received = _through({}, {"n": np.arange(3)})
    with pytest.raises(ValueError, match="read-only"):
        received["n"][0] = 1
