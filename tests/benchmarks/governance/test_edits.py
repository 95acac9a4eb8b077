"""Copies with edits: of the kind that is said, with a seed, and never of a number."""

import random

import pytest

from benchmarks.governance.edits import EDITS, copy_products
from pipeline.governance.duplicates.words import read_words

ROWS = [
    {"product_id": f"p{number}", "title": f"Acme (black) cable with AX20-{number}, 2 m",
     "brand": "Acme", "price": 9.95, "description": "Gold plated plugs and a braided sleeve"}
    for number in range(60)]


def test_the_same_seed_makes_the_same_copies():
    copies = copy_products(ROWS, 0.5, seed=3)
    assert copies == copy_products(ROWS, 0.5, seed=3)
    assert copies != copy_products(ROWS, 0.5, seed=4)
    assert len({copy.row["product_id"] for copy in copies}) == len(copies) == 30


def test_every_kind_has_its_turn():
    copies = copy_products(ROWS, 1.0, seed=1)
    turns = [copy.kinds[0] for copy in copies]
    assert set(turns) == set(EDITS)
    assert {len(copy.kinds) for copy in copies} == {1, 2}


@pytest.mark.parametrize("kind", EDITS)
def test_numbers_and_other_columns_stay(kind):
    column = {"description truncated": "description", "price": "price"}.get(kind, "title")
    for seed in range(20):
        row = dict(ROWS[seed])
        assert EDITS[kind](row, random.Random(seed)) == (row != ROWS[seed])
        assert {name for name in row if row[name] != ROWS[seed][name]} <= {column}
        assert sorted(filter(str.isdigit, row["title"])) == sorted(
            filter(str.isdigit, ROWS[seed]["title"]))
        assert read_words(row["title"]).tokens
        assert abs(row["price"] / ROWS[seed]["price"] - 1) < 0.021
