import json

import apache_beam as beam
from apache_beam.testing.util import assert_that

from pipeline.examples.popularity import CountPopularity


def _popularity(wants, expected):
    def check(texts):
        assert [json.loads(text) for text in texts] == [expected]

    with beam.Pipeline() as p:
        assert_that(p | beam.Create(wants) | CountPopularity(), check)


def test_wants_are_counted():
    _popularity(
        ["ö", "a", "b", "a"], {"a": 2, "b": 1, "ö": 1})


def test_nothing_wanted_still_makes_a_file():
    _popularity([], {})
