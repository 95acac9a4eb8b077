import itertools

import apache_beam as beam
import tensorflow as tf

from pipeline.examples.files import MixAndFrame
from pipeline.ingest.records import WriteFramedRecords


def test_examples_leave_mixed_and_complete(tmp_path):
    # 40 products, one after the other, of 50 examples each.
    examples = [b"%d of product %d" % (n, product) for product in range(40) for n in range(50)]
    with beam.Pipeline() as p:
        _ = p | beam.Create(examples) | MixAndFrame() | WriteFramedRecords(str(tmp_path))
    (path,) = tmp_path.glob("*.gz")
    written = [record.numpy() for record in tf.data.TFRecordDataset(str(path), "GZIP")]
    assert sorted(written) == sorted(examples)
    products = [record.split()[-1] for record in written]
    same = sum(one == two for one, two in itertools.pairwise(products))
    assert same < 0.1 * len(products)  # One in forty by chance; 98% before.
    assert len(set(products[:200])) > 30
