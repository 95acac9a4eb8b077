import contextlib
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import RequestError
from serving.model_server.http_body import BodyTooLargeError, unpack


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_streams_one_after_the_other_are_one(parts):
    packed = b"".join(gzip.compress(part) for part in parts)
    assert unpack(packed, 1_000) == b"".join(parts)


def test_the_limit_is_exact():
    packed = gzip.compress(b"x" * 100)
    assert unpack(packed, 100) == b"x" * 100
    with pytest.raises(BodyTooLargeError, match="larger than 99 bytes"):
        unpack(packed, 99)


def test_the_limit_is_for_all_streams_together():
    with pytest.raises(BodyTooLargeError):
        unpack(gzip.compress(b"x" * 60) * 2, 100)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 60))
def test_damaged_bytes_are_refused(data, cut):
    for packed in (data, gzip.compress(data)[:cut]):
        with contextlib.suppress(RequestError, BodyTooLargeError):
            assert isinstance(unpack(packed, 100), bytes)
