"""Rows that teach, rows that judge, and rows whose values are new to both."""

import numpy as np
import pytest
import scipy.sparse

from pipeline.governance.extraction.samples import Sample
from pipeline.governance.extraction.supervision import learn_column
from pipeline.governance.extraction.texts import ProductText


def make(count):
    """Every fourth row lacks a brand; ten brands are rare, one each."""
    rows = [{"title": f"Brand{number % 5} mug", "brand": f"Brand{number % 5}"}
            for number in range(count)]
    for number in range(0, count, 4):
        del rows[number]["brand"]
    for number in range(1, 40, 4):
        rows[number] = {"title": f"Rare{number} mug", "brand": f"Rare{number}"}
    texts = [ProductText(row) for row in rows]
    order = np.random.default_rng(1).permutation(count)
    return Sample(learn_column("brand", rows, texts), rows, order), rows, texts


@pytest.fixture(scope="module")
def made():
    return make(1_000)


def test_every_known_row_has_one_part(made):
    sample, rows, _ = made
    parts = [*sample.held_out, *sample.new, *sample.learned]
    assert sorted(parts) == [number for number, row in enumerate(rows) if "brand" in row]
    # A fifth of 750 is held out; a twentieth of that, 7 rows, may be new.
    assert (len(sample.held_out), len(sample.new)) == (150, 7)


def test_new_values_are_had_by_no_other_row(made):
    sample, rows, _ = made
    new = {rows[number]["brand"] for number in sample.new}
    assert new.isdisjoint(rows[number]["brand"] for number in sample.held_out + sample.learned)
    assert all(brand.startswith("Rare") for brand in new)


def test_what_is_known_of_rows(made):
    sample, rows, texts = made
    features = scipy.sparse.eye(len(rows), format="csr")
    known = sample.known(sample.new[:2], texts, features)
    assert known.values == [rows[number]["brand"] for number in sample.new[:2]]
    assert known.features.indices.tolist() == sample.new[:2]
    assert sample.known([], texts, features).features.shape == (0, len(rows))
    assert sample.spans(sample.new[0], texts[sample.new[0]])[0].start == 0


def test_without_rare_values_none_is_new():
    rows = [{"title": "Acme mug", "brand": "Acme"}] * 100
    texts = [ProductText(row) for row in rows]
    sample = Sample(learn_column("brand", rows, texts), rows, np.arange(100))
    assert sample.new == []
    assert sample.held_out == list(range(20))
