import gzip

import apache_beam as beam
import orjson
import tensorflow as tf

from pipeline.governance.export import export_tables
from pipeline.ingest.rows import encode_row


def test_the_rows_of_a_shopper_keep_their_order_which_is_that_of_events_without_a_time(tmp_path):
    (tmp_path / "events").mkdir()
    (tmp_path / "data").mkdir()
    for number, shoppers in enumerate(("ab", "cd", "e")):
        options = tf.io.TFRecordOptions(compression_type="GZIP")
        path = str(tmp_path / f"events/data-{number}.gz")
        with tf.io.TFRecordWriter(path, options) as writer:
            for shopper in shoppers:
                for position in range(300):
                    writer.write(encode_row({
                        "user_id": shopper, "product_id": str(position), "event": "view",
                        "position": position}))
    export_tables(
        beam.Pipeline, {"events": str(tmp_path / "events")}, {"old": "new"},
        str(tmp_path / "data"))
    found = {}
    for path in sorted((tmp_path / "data").glob("events-*")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            row = orjson.loads(line)
            found.setdefault(row["user_id"], []).append((path.name, row["product_id"]))
    assert sorted(found) == list("abcde")
    for rows in found.values():
        assert len({name for name, _ in rows}) == 1
        assert [product for _, product in rows] == [str(position) for position in range(300)]
    assert gzip.decompress((tmp_path / "data/aliases-00000-of-00001.jsonl.gz").read_bytes()) == (
        b'{"alias":"old","product_id":"new"}\n')
