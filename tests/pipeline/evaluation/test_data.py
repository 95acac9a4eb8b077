import dataclasses

import pytest

from pipeline.evaluation.data import Context, read_catalogue, read_contexts, read_popularity
from tests.pipeline.evaluation import toy_shop


def test_contexts_are_read_with_their_kind_as_a_slice(tmp_path):
    tuning = dataclasses.replace(
        toy_shop.search_contexts()[1], source="catalogue", role="tunes")
    written = [
        toy_shop.search_contexts()[0], tuning, *toy_shop.recommend_contexts()[:1]]
    toy_shop.write_contexts(written, tmp_path)
    assert read_contexts(str(tmp_path)) == written
    assert read_contexts(str(tmp_path))[0] == Context(
        "search", "item00", "", (), {"p00": 1.0}, ("kind:search", "short_query"))


def test_catalogue_is_numbered_by_id_whatever_the_shards(tmp_path):
    products = toy_shop.catalogue(5)
    toy_shop.write_catalogue(products, tmp_path)
    found = read_catalogue(str(tmp_path))
    assert found == products
    assert found.number_of["p03"] == 3


def test_catalogue_text_holds_every_text_that_is_not_empty(tmp_path):
    import tensorflow as tf

    fields = {
        "product_id": "a", "title": "Shoe", "description": "", "brand": "Acme",
        "category": "A > B", "attributes": "colour red, size 42"}
    example = tf.train.Example(features=tf.train.Features(feature={
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
        for name, text in fields.items()}))
    with tf.io.TFRecordWriter(str(tmp_path / "x.gz"), "GZIP") as writer:
        writer.write(example.SerializeToString())
    assert read_catalogue(str(tmp_path)).texts == ("Shoe Acme A > B colour red, size 42",)


def test_an_empty_catalogue_is_refused(tmp_path):
    with pytest.raises(ValueError, match="found none in 0 files"):
        read_catalogue(str(tmp_path))


def test_popularity(tmp_path):
    (tmp_path / "popularity.json").write_text('{"a": 2}')
    assert read_popularity(str(tmp_path)) == {"a": 2}
