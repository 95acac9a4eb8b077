import numpy as np

from pipeline.governance.buckets import places_by_bucket


def test_places_come_by_bucket_in_their_order():
    found = [(bucket, places.tolist()) for bucket, places in places_by_bucket(
        np.array([3, 1, 3, 0, 1]))]
    assert found == [(0, [3]), (1, [1, 4]), (3, [0, 2])]


def test_of_nothing_there_are_no_buckets():
    assert list(places_by_bucket(np.array([], np.int64))) == []
