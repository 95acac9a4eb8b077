"""A small real SavedModel with the signatures of a pushed version.

Eight products; a text is a bag of words hashed to 512 buckets. A few more signatures give what the
five do not: numbers, an op that refuses values, a long run, outputs of bytes.
"""

from __future__ import annotations

import pathlib

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

PRODUCTS = {
    "p1": "red usb cable",
    "p2": "blue usb cable",
    "p3": "garden hose",
    "p4": "steel garden rake",
    "p5": "cordless drill",
    "p6": "drill bits steel",
    "p7": "kitchen sink",
    "p8": "kitchen faucet steel",
}
TOP_K = 6
DIMENSIONS = 512


def _strings(*shape: int | None) -> tf.TensorSpec:
    return tf.TensorSpec(shape, tf.string)


class ToyModel(tf.Module):
    """Answers by word overlap; product p1 is the most popular."""

    def __init__(self, prefix: str = "", products: dict[str, str] | None = None) -> None:
        super().__init__()
        products = products or PRODUCTS
        self.ids = tf.constant([prefix + product_id for product_id in products])
        self.vectors = tf.Variable(self._embed(tf.constant(list(products.values()))))

    def _embed(self, texts):
        words = tf.strings.split(tf.strings.lower(texts))
        buckets = tf.strings.to_hash_bucket_fast(words, DIMENSIONS)
        counts = tf.reduce_sum(tf.one_hot(buckets.to_tensor(-1), DIMENSIONS), axis=1)
        return tf.math.l2_normalize(counts, axis=1)

    def _top(self, context, excluded):
        # Earlier products are more popular, which decides an empty context.
        popularity = -1e-3 * tf.range(len(self.ids), dtype=tf.float32)
        scores = tf.matmul(context, self.vectors, transpose_b=True) + popularity
        scores = tf.where(excluded, -float("inf"), scores)
        values, indices = tf.math.top_k(scores, min(TOP_K, len(self.ids)))
        ids = tf.where(tf.math.is_inf(values), "", tf.gather(self.ids, indices))
        missing = TOP_K - min(TOP_K, len(self.ids))
        return {
            "product_id": tf.pad(ids, [[0, 0], [0, missing]], constant_values=""),
            "score": tf.pad(values, [[0, 0], [0, missing]], constant_values=-float("inf")),
        }

    def _matches(self, product_ids):
        return tf.equal(product_ids[..., None], self.ids)

    @tf.function(input_signature=[_strings(None)])
    def search(self, query):
        context = self._embed(query)
        return self._top(context, tf.zeros([tf.shape(query)[0], len(self.ids)], tf.bool))

    @tf.function(input_signature=[
        _strings(None, None), _strings(None), _strings(None), _strings(None, None)])
    def recommend(self, history, profile, query, exclude):
        return self._recommend(history, tf.ones_like(history, tf.float32), profile, query, exclude)

    @tf.function(input_signature=[
        _strings(None, None), _strings(None, None), tf.TensorSpec([None, None], tf.float32),
        _strings(None), _strings(None), _strings(None, None)])
    def recommend_events(self, history, history_event, history_age, profile, query, exclude):
        # What was only viewed, or more than a hundred days ago, hardly counts.
        light = (history_event == "view") | (history_age > 100.0)
        return self._recommend(history, tf.where(light, 0.1, 1.0), profile, query, exclude)

    def _recommend(self, history, weights, profile, query, exclude):
        seen = tf.cast(self._matches(history), tf.float32) * weights[..., None]
        context = tf.einsum("bhn,nd->bd", seen, self.vectors)
        context += self._embed(profile) + self._embed(query)
        return self._top(context, tf.reduce_any(self._matches(exclude), axis=1))

    @tf.function(input_signature=[_strings(None)])
    def similar(self, product_id):
        itself = self._matches(product_id)
        return self._top(tf.matmul(tf.cast(itself, tf.float32), self.vectors), itself)

    @tf.function(input_signature=[_strings(None)])
    def embed_query(self, query):
        return {"embedding": self._embed(query)}

    @tf.function(input_signature=[_strings(None)])
    def embed_product(self, text):
        return {"embedding": self._embed(text)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def half_plus_two(self, x):
        return {"y": x / 2 + 2}

    @tf.function(input_signature=[_strings(None)])
    def parse(self, text):
        return {"number": tf.strings.to_number(text), "echo_bytes": text}

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def spin(self, steps):
        return {"steps": tf.while_loop(lambda i: i < steps, lambda i: [i + 1], [0])[0]}


def save_version(folder: pathlib.Path, number: int, *, prefix: str = "",
                 products: dict[str, str] | None = None,
                 warmup: list[bytes] | None = None) -> pathlib.Path:
    """Saves a toy version as FOLDER/NUMBER with warm-up requests for `search`."""
    model = ToyModel(prefix, products)
    path = folder / str(number)
    tf.saved_model.save(model, str(path), signatures={
        "serving_default": model.search, "search": model.search, "recommend": model.recommend,
        "recommend_events": model.recommend_events,
        "similar": model.similar, "embed_query": model.embed_query,
        "embed_product": model.embed_product, "half_plus_two": model.half_plus_two,
        "parse": model.parse, "spin": model.spin,
    })
    (path / "assets.extra").mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path / "assets.extra/tf_serving_warmup_requests")) as writer:
        for query in warmup or [b"usb cable", b""]:
            writer.write(warmup_record("search", query))
    return path


def warmup_record(signature_name: str, text: bytes) -> bytes:
    """A serialized PredictionLog that asks a signature for one query."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "whatever"
    request.model_spec.signature_name = signature_name
    request.inputs["query"].CopyFrom(tf.make_tensor_proto([text]))
    return prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=request)).SerializeToString()
