"""Reading transformed examples: order, kinds, tables and batches."""

import numpy as np
import pytest
import tensorflow as tf

from model import data
from model.features import Kind
from tests.model import examples


def test_kinds_are_told_apart(shop):
    train = examples.patterns(shop, "train")
    assert data.count(train, (Kind.SEARCH,)) == 30
    assert data.count(train, (Kind.RECOMMEND,)) == 50
    assert data.count(train, (Kind.SEARCH, Kind.RECOMMEND)) == 80
    assert data.count(train, (Kind.CATALOGUE,)) == 0


def test_no_file_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="Received: no such file"):
        data.read_chunks([str(tmp_path / "*")])


def test_the_catalogue_is_read_in_the_order_of_the_numbers(shop):
    tokens = data.catalogue_tokens(examples.patterns(shop, "catalogue"), examples.PRODUCTS)
    assert tokens.to_list() == shop[1]  # they were written in reverse


def test_a_product_without_a_row_has_no_tokens(shop):
    tokens = data.catalogue_tokens(examples.patterns(shop, "catalogue"), examples.PRODUCTS + 1)
    assert tokens[-1].numpy().tolist() == []


def test_the_vocabulary_is_in_order(shop):
    assert data.read_vocabulary(str(shop[0]))[:3] == ["p0", "p1", "p2"]


def test_a_table_holds_each_text_once_and_histories_newest_first(tmp_path):
    query = [101, 7, 102]
    examples.write(tmp_path / "Split-train", [
        examples.example(kind=0, product=3, product_tokens=[101, 102], query=query),
        examples.example(kind=1, product=1, product_tokens=[101, 102], history=[5, 6, 7],
            events=[1, 4, 0], ages=[30.0, 2.5, -1.0]),
        examples.example(kind=0, product=2, product_tokens=[101, 102], query=query),
    ])
    table = data.context_table(
        [str(tmp_path / "Split-train" / "*")], (Kind.SEARCH, Kind.RECOMMEND), 100)
    assert table.texts.to_list() == [query]
    assert table.query.tolist() == [0, -1, 0]
    assert table.profile.tolist() == [-1, -1, -1]
    assert table.history.to_list() == [[], [7, 6, 5], []]
    assert table.history_event.to_list() == [[], [0, 4, 1], []]
    assert table.history_age.to_list() == [[], [-1.0, 2.5, 30.0], []]
    # Products 3, 1, 2 are answers, a third of them each; 5, 6, 7 are in a history alone.
    np.testing.assert_allclose(
        data.wanted_share(table, 9), [0, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(data.mentions(table, 9), [0, 1, 1, 1, 0, 1, 1, 1, 0])


def test_what_raters_found_in_part_right_is_known_of_a_context(tmp_path):
    examples.write(tmp_path / "Split-train", [
        examples.example(kind=0, product=3, product_tokens=[101, 102], query=[101, 7, 102],
                         positives=[3, 4], negatives=[(6, 0.5), (5, 0.0), (8, 0.25)]),
        examples.example(kind=1, product=1, product_tokens=[101, 102], history=[5])])
    table = data.context_table(
        [str(tmp_path / "Split-train" / "*")], (Kind.SEARCH, Kind.RECOMMEND), 100)
    assert table.known.to_list() == [[3, 4, 6, 8], [1]]


def test_pairs_are_numbered_as_they_stand(tmp_path):
    tokens, query = [101, 9, 102], [101, 7, 102]
    examples.write(tmp_path / "Split-train", [
        examples.example(kind=0, product=3, product_tokens=tokens, query=query, positives=[3, 4],
                         negatives=[(6, 0.5)]),
        examples.example(kind=1, product=1, product_tokens=tokens, history=[5]),
        examples.example(kind=2, product=2, product_tokens=tokens, query=query),
    ])
    pattern = [str(tmp_path / "Split-train" / "*")]
    pairs = data.text_pairs(pattern, 100)
    assert pairs.product.tolist() == [3, 2]
    assert pairs.query.tolist() == [0, 0]
    assert pairs.texts.to_list() == [query]
    assert pairs.known.to_list() == [[3, 4, 6], [2]]
    assert pairs.asked.tolist() == [True, False]
    np.testing.assert_allclose(pairs.share(5), [0, 0, 1 / 40, 1 / 40, 0])
    assert len(data.text_pairs(pattern, 1)) == 1


def test_examples_without_negatives_have_none(tmp_path):
    record = tf.train.Example.FromString(
        examples.example(kind=0, product=3, product_tokens=[101, 102], query=[101, 102]))
    for name in ("negatives", "negative_grades"):
        del record.features.feature[name]
    examples.write(tmp_path / "Split-train", [record.SerializeToString()])
    assert data.text_pairs([str(tmp_path / "Split-train" / "*")], 9).known.to_list() == [[3]]


def test_an_empty_split_is_an_empty_table(tmp_path):
    examples.write(tmp_path / "Split-eval", [])
    table = data.context_table([str(tmp_path / "Split-eval" / "*")], (Kind.SEARCH,), 100)
    assert len(table) == 0
    assert table.texts.nrows() == 0


def test_a_limit_keeps_the_first_rows(shop):
    assert len(data.context_table(examples.patterns(shop, "train"), (Kind.RECOMMEND,), 20)) == 20
