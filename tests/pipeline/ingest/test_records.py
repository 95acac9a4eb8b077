import gzip

import apache_beam as beam
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.records import WriteFramedRecords, frame_records


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=100), max_size=5))
def test_tensorflow_reads_what_is_framed(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("records") / "data"
    path.write_bytes(frame_records(records))
    assert list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()) == records


def test_writes_batches_without_a_byte_between(tmp_path):
    batches = [frame_records([b"a\n", b""]), frame_records([b"b"])]
    with beam.Pipeline() as pipeline:
        pipeline | beam.Create(batches) | WriteFramedRecords(str(tmp_path))
    paths = list(tmp_path.glob("data_tfrecord-*.gz"))
    records = tf.data.TFRecordDataset([str(path) for path in paths], "GZIP")
    assert sorted(records.as_numpy_iterator()) == [b"", b"a\n", b"b"]
    assert sum(len(gzip.decompress(path.read_bytes())) for path in paths) == sum(map(len, batches))
