"""Towers, catalogue and index -> one SavedModel version with its warm-up requests."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401 - registers the tokenizer's operations
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from model.signatures import Catalogue, Servable
from pipeline.config import MODEL_NAME, Index
from pipeline.indexing.search import SearchIndex

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"
DESCRIPTION_FILE = "assets.extra/emporium.json"


def popular_order(
    product_ids: Sequence[str], counts: Mapping[str, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the products, most popular first, and each one's share of all wants.

    Products that nobody wanted come last, in the order of their rows.

    Returns:
        int64 `[products]` and float32 `[products]`.
    """
    wanted = np.array([counts.get(product, 0) for product in product_ids], np.float64)
    order = np.argsort(-wanted, kind="stable")
    return order.astype(np.int64), (wanted[order] / max(wanted.sum(), 1.0)).astype(np.float32)


def save_servable(
    towers: Any, product_ids: Sequence[str], vectors: np.ndarray, counts: Mapping[str, int],
    index: SearchIndex, settings: Index, folder: str,
) -> None:
    """Composes and saves the servable.

    Args:
        towers: a loaded SavedModel of `model.exporting.TowersModule`.
        product_ids: in the order of the rows.
        vectors: `[products, dim]`.
        counts: how often each product was wanted.
        index: over `vectors`.
        settings: the section `index`.
        folder: receives the SavedModel.
    """
    order, share = popular_order(product_ids, counts)
    with tempfile.TemporaryDirectory() as scratch:
        # Only the name of the file enters the SavedModel, which keeps a copy as an asset.
        ids_file = pathlib.Path(scratch) / "product_ids.txt"
        ids_file.write_bytes("\n".join(product_ids).encode("utf-8") + b"\n")
        servable = Servable(
            towers, Catalogue(ids_file, vectors, order, share), index.search,
            index.state, settings.top_k)
        options = tf.saved_model.SaveOptions(
            namespace_whitelist=["Scann"] if index.kind == "scann" else None)
        tf.saved_model.save(
            servable, folder, signatures=servable.signatures(), options=options)
    description = {
        "index": index.kind, "recall_at_10": index.recall, "leaves": index.leaves,
        "leaves_searched": index.leaves_searched, "products": len(product_ids),
        "dimension": int(vectors.shape[1]), "top_k": min(settings.top_k, len(product_ids)),
    }
    _write_extra(folder, DESCRIPTION_FILE, json.dumps(description, indent=1).encode("utf-8"))


def write_warmup(
    folder: str, titles: Sequence[str], product_ids: Sequence[str], requests: int,
) -> None:
    """Writes warm-up requests for every signature, in TensorFlow Serving's format.

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
