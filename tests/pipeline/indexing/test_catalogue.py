"""The catalogue's texts in the order of the products' rows."""

import pytest
import tensorflow as tf

from model.terms import MAX_CHARS
from pipeline.indexing.catalogue import Texts, read_texts


@pytest.fixture
def folder(tmp_path):
    """Two shards, in another order than the rows, with a product that has no row."""
    rows = [
        {"product_id": "b", "title": "Lamp", "brand": "Lumo"},
        {"product_id": "gone", "title": "Desk"},
        {"product_id": "a", "title": "Mug", "description": "x" * (MAX_CHARS + 1),
         "category": "Home > Mugs", "attributes": "colour red"}]
    for number, shard in enumerate((rows[:2], rows[2:])):
        with tf.io.TFRecordWriter(str(tmp_path / f"shard-{number}.gz"), "GZIP") as writer:
            for row in shard:
                writer.write(tf.train.Example(features=tf.train.Features(feature={
                    name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
                    for name, text in row.items()})).SerializeToString())
    return str(tmp_path)


def test_texts_stand_in_the_order_of_the_rows(folder):
    assert read_texts(folder, ["a", "b", "c"]) == Texts(
        title=["Mug", "Lamp", ""], brand=["", "Lumo", ""], category=["Home > Mugs", "", ""],
        attributes=["colour red", "", ""], description=["x" * MAX_CHARS, "", ""])


def test_titles_and_brands_are_read_by_letters_and_count_in_full(folder):
    fields = read_texts(folder, ["a", "b"]).fields()
    assert [(field.texts[0][:4], field.weight, len(field.families)) for field in fields] == [
        ("Mug", 1.0, 3), ("", 1.0, 3), ("Home", 1.0, 1), ("colo", 0.25, 1), ("xxxx", 0.5, 1)]
