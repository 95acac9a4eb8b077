import json

import apache_beam as beam
from apache_beam.testing.util import assert_that

from pipeline.examples.popularity import CountPopularity


def _popularity(pairs, expected):
    def check(texts):
        assert [json.loads(text) for text in texts] == [expected]

    with beam.Pipeline() as p:
        assert_that(p | beam.Create(pairs) | CountPopularity(), check)


def test_counts_are_summed_and_zeros_left_out():
    _popularity(
        [("a", (1, 1)), ("b", (0, 1)), ("a", (1, 1)), ("a", (0, 1)), ("ö", (1, 1))],
        {"train": {"a": 2, "ö": 1}, "all": {"a": 3, "b": 1, "ö": 1}})


def test_nothing_wanted_still_makes_a_file():
    _popularity([], {"train": {}, "all": {}})
