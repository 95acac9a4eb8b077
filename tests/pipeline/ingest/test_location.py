"""Where a dataset lies, with and without spans."""

import pytest

from pipeline.ingest.contract import DatasetError
from pipeline.ingest.location import Location, split_location


@pytest.mark.parametrize(("uri", "location"), [
    ("/data/shop/", Location("/data/shop", "")),
    ("gs://bucket", Location("gs://bucket", "")),
    ("gs://bucket/shop/{SPAN:3}/v{VERSION}", Location("gs://bucket/shop", "{SPAN:3}/v{VERSION}/")),
    ("/data/{YYYY}-{MM}-{DD}/", Location("/data", "{YYYY}-{MM}-{DD}/")),
    ("day-{SPAN}", Location(".", "day-{SPAN}/")),
    ("/{SPAN}", Location("/", "{SPAN}/")),
])
def test_splits_a_uri_where_its_spans_begin(uri, location):
    assert split_location(uri) == location


@pytest.mark.parametrize("uri", ["", " ", "/data/shop[1]", "/data/*", "/data/{DAY}"])
def test_refuses_a_uri(uri):
    with pytest.raises(DatasetError):
        split_location(uri)
