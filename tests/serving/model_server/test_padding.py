import numpy as np
import pytest

from serving.model_server.padding import fill_rows, length_class, pad_lists


@pytest.mark.parametrize(("shape", "expected"), [
    ((), ()), ((0,), (1,)), ((1,), (1,)), ((2,), (2,)), ((3,), (4,)), ((4,), (4,)), ((5,), (8,)),
    ((5, 1), (8, 1)), ((2048,), (2048,)), ((2049,), (4096,))])
def test_length_classes_end_at_powers_of_two(shape, expected):
    assert length_class(shape) == expected


def test_shorter_lists_are_padded_behind():
    one, other = pad_lists([np.array([[1, 2, 3]]), np.array([[4, 5], [6, 7]])], -1)
    assert one.tolist() == [[1, 2, 3]]
    assert other.tolist() == [[4, 5, -1], [6, 7, -1]]
    assert other.dtype == np.int64


def test_every_free_dimension_is_padded():
    one, other = pad_lists([np.ones((1, 2, 1)), np.ones((1, 1, 3))], 0.0)
    assert one.tolist() == [[[1, 0, 0], [1, 0, 0]]]
    assert other.tolist() == [[[1, 1, 1], [0, 0, 0]]]


def test_strings_and_lists_without_values_are_padded():
    empty, full = pad_lists(
        [np.empty((2, 0), object), np.array([[b"p1", b"p2"]], object)], b"")
    assert empty.tolist() == [[b"", b""], [b"", b""]]
    assert full.tolist() == [[b"p1", b"p2"]]


def test_lists_of_one_length_stay_as_they_are():
    given = [np.zeros((1, 2)), np.zeros((3, 2))]
    assert all(got is array for got, array in zip(pad_lists(given, 9.0), given, strict=True))


def test_rows_are_filled_with_the_first():
    array = np.array([[1, 2], [3, 4]])
    assert fill_rows(array, 4).tolist() == [[1, 2], [3, 4], [1, 2], [1, 2]]
    assert fill_rows(array, 2) is array
    assert fill_rows(array, 1) is array
