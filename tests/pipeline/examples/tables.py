"""Table rows as ingest writes them, and what the join wrote, read back."""

from __future__ import annotations

import gzip
import json
import pathlib

import tensorflow as tf


def encode(row):
    """A row as a serialized tf.Example; None is a missing column."""
    features = {}
    for name, value in row.items():
        if value is None:
            continue
        if isinstance(value, str):
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
        elif isinstance(value, int):
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        else:
            feature = tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
        features[name] = feature
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write_tables(folder: pathlib.Path, tables):
    """Writes {table: rows} as splits of one Examples artifact; returns {table: folder}."""
    written = {}
    for table, rows in tables.items():
        split = folder / f"Split-{table}"
        split.mkdir(parents=True)
        path = split / "data_tfrecord-00000-of-00001.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for row in rows:
                writer.write(encode(row))
        written[table] = str(split)
    return written


def read_split(folder: pathlib.Path):
    """The examples of a split as dicts of lists, strings decoded."""
    rows = []
    for path in sorted(folder.glob("*.gz")):
        for record in tf.data.TFRecordDataset(str(path), "GZIP"):
            features = tf.train.Example.FromString(record.numpy()).features.feature
            rows.append({name: _values(feature) for name, feature in features.items()})
    return rows


def read_contexts(folder: pathlib.Path):
    """The lines of contexts.jsonl.gz."""
    with gzip.open(folder / "contexts.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _values(feature):
    if feature.HasField("float_list"):
        return list(feature.float_list.value)
    return [value.decode() for value in feature.bytes_list.value]
