"""The servable as one SavedModel version, with its description and its warm-up requests."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence

import tensorflow as tf
import tensorflow_text  # noqa: F401 - registers the tokenizer's operations
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from model.signatures import Servable
from pipeline.config import MODEL_NAME
from pipeline.indexing.search import SearchIndex
from pipeline.indexing.weighing import KindReport
from pipeline.versions import DESCRIPTION_FILE

PADDINGS = {"history": "", "history_event": "", "history_age": -1.0, "exclude": ""}
"""By name of an input, the value that means nothing in its lists."""

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"


def save_servable(servable: Servable, index: SearchIndex, folder: str) -> None:
    """Saves the servable into `folder`."""
    options = tf.saved_model.SaveOptions(
        namespace_whitelist=["Scann"] if index.kind == "scann" else None)
    tf.saved_model.save(servable, folder, signatures=servable.signatures(), options=options)


def write_description(
    folder: str, servable: Servable, index: SearchIndex, fusion: Mapping[str, KindReport],
) -> None:
    """Writes `assets.extra/emporium.json`, which says what the version is made of."""
    products, dimension = servable.hybrid.vectors.shape
    description = {
        "index": index.kind, "recall_at_10": index.recall, "leaves": index.leaves,
        "leaves_searched": index.leaves_searched, "products": products, "dimension": dimension,
        # For servers: rows may go together, answers be kept, lists of these inputs padded.
        "pure": True, "paddings": PADDINGS,
        "top_k": servable.hybrid.top_k, "arms": sorted(servable.hybrid.arms),
        "fusion": {kind: dataclasses.asdict(report) for kind, report in fusion.items()},
    }
    _write_extra(folder, DESCRIPTION_FILE, json.dumps(description, indent=1).encode("utf-8"))


def write_warmup(
    folder: str, titles: Sequence[str], product_ids: Sequence[str], requests: int,
) -> None:
    """Writes warm-up requests for every signature that shops call, in TensorFlow Serving's format.

    Args:
        folder: of the SavedModel.
        titles: of products; they serve as queries.
        product_ids: of the same products.
        requests: of each signature.
    """
    records = []
    for number in range(requests):
        # One and several rows, as servers see them.
        rows = [(number + i) % len(titles) for i in range(1 + number % 4)]
        queries = [titles[row] for row in rows]
        ids = [product_ids[row] for row in rows]
        lists = [[i] for i in ids]
        shopper = {
            "history": lists, "profile": [""] * len(rows), "query": [""] * len(rows),
            "exclude": lists}
        events = {"history_event": [["view"]] * len(rows), "history_age": [[1.0]] * len(rows)}
        for signature, inputs in (
            ("search", {"query": queries}),
            ("recommend", shopper),
            ("recommend_events", {**shopper, **events}),
            ("similar", {"product_id": ids}),
            ("embed_query", {"query": queries}),
            ("embed_product", {"text": queries}),
        ):
            request = predict_pb2.PredictRequest()
            request.model_spec.name = MODEL_NAME
            request.model_spec.signature_name = signature
            for name, values in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request))
            records.append(log.SerializeToString())
    path = os.path.join(folder, WARMUP_FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.TFRecordWriter(path) as writer:
        for record in records:
            writer.write(record)


def _write_extra(folder: str, name: str, content: bytes) -> None:
    path = os.path.join(folder, name)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)
