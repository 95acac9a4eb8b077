"""Numbers for the catalogue's ids, its brands and categories."""

import apache_beam as beam
import numpy as np
from apache_beam.testing.util import assert_that

from pipeline.governance.graph.directory import GatherDirectory, hash_texts
from pipeline.ingest.rows import encode_row

ROWS = [
    {"product_id": "a", "title": "Lamp", "brand": "Acme", "category": "Home > Lamps",
     "attributes": {"colour": "red", "weight": "1 kg"}},
    {"product_id": "b", "title": "Lamp", "brand": "ACME Inc.", "category": "home > lamps",
     "attributes": {"weight": "1000 g"}},
    {"product_id": "c", "title": "Desk", "brand": "Acme", "category": "Home > Desks"},
    {"product_id": "日", "title": "Bed", "attributes": {"weight": "2 kg"}}]


def _check(found):
    [directory] = found
    assert len(directory) == 4
    rows = directory.rows(["a", "b", "c", "日", "x", ""])
    assert sorted(rows[:4]) == [0, 1, 2, 3]
    assert rows[4:].tolist() == [-1, -1]
    assert [directory.ids[int(row)].as_py() for row in rows[:4]] == ["a", "b", "c", "日"]
    lamp, other, desk, none = directory.categories[rows[:4]]
    assert lamp == other != desk
    assert none == 0
    assert directory.brands == {"acme": "Acme"}
    assert directory.spellings == {"ACME Inc.": "Acme"}
    assert directory.paths == ("Home > Desks", "Home > Lamps", "home > lamps")
    shared = directory.are_shared(
        ["value:weight=1000 g", "value:weight=2000 g", "value:colour=red"])
    assert shared.tolist() == [True, False, False]


def test_a_directory_is_gathered_of_all_rows():
    with beam.Pipeline() as pipeline:
        found = (
            pipeline | beam.Create(list(map(encode_row, ROWS))) | GatherDirectory(2))
        assert_that(found, _check)


def _check_empty(found):
    [directory] = found
    assert len(directory) == 0
    assert directory.rows(["a"]).tolist() == [-1]


def test_a_shop_without_a_product_has_a_directory_too():
    with beam.Pipeline() as pipeline:
        assert_that(pipeline | beam.Create([]) | GatherDirectory(2), _check_empty)


def test_hashes_are_the_same_everywhere_and_never_none():
    assert hash_texts([]).tolist() == []
    assert hash_texts(["", "é"]).dtype == np.uint64
    assert hash_texts(["lamp"]).tolist() == hash_texts(["x", "lamp"]).tolist()[1:]
