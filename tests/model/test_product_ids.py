"""Ids and aliases as one table of the graph."""

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model.product_ids import UNKNOWN, ProductIds


def test_ids_have_the_rows_of_their_products_and_aliases_those_of_the_kept(tmp_path):
    ids = ProductIds(["p", "q"], {"old q": "q", "q2": "q", "p2": "p"}, tmp_path / "ids.txt")
    asked = tf.constant([["p", "q", "old q"], ["q2", "p2", "nobody"]])
    assert ids.rows(asked).numpy().tolist() == [[0, 1, 1], [1, 0, UNKNOWN]]
    assert ids.ids(tf.constant([[1], [0]])).numpy().tolist() == [[b"q"], [b"p"]]


def test_an_alias_of_a_product_that_is_gone_is_unknown(tmp_path):
    ids = ProductIds(["p"], {"a": "gone", "b": "p"}, tmp_path / "ids.txt")
    assert ids.rows(tf.constant(["a", "gone", "b"])).numpy().tolist() == [UNKNOWN, UNKNOWN, 0]


@pytest.mark.parametrize(("aliases", "message"), [
    ({"q": "p"}, "'q' for 'p', where 'q' is a product itself"),
    ({"a": "p", "b": "a"}, "'b' for 'a', where 'a' is an alias itself"),
])
def test_an_alias_is_no_product_and_stands_for_one(tmp_path, aliases, message):
    with pytest.raises(ValueError, match=message):
        ProductIds(["p", "q"], aliases, tmp_path / "ids.txt")


_IDS = st.lists(
    st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), min_size=1),
    min_size=2, max_size=8, unique=True)


@settings(max_examples=25, deadline=None)
@given(ids=_IDS, products=st.integers(1, 8))
def test_any_ids_are_found_again(tmp_path_factory, ids, products):
    products = min(products, len(ids))
    aliases = {alias: ids[place % products] for place, alias in enumerate(ids[products:])}
    table = ProductIds(ids[:products], aliases, tmp_path_factory.mktemp("ids") / "ids.txt")
    expected = [*range(products), *(place % products for place in range(len(aliases)))]
    assert table.rows(tf.constant([i.encode() for i in ids])).numpy().tolist() == expected
