"""A shop small enough to know every answer, and a real SavedModel that serves it."""

from __future__ import annotations

import gzip
import json
import pathlib

import tensorflow as tf
import tensorflow_text

from pipeline.evaluation.data import Catalogue, Context

PRODUCTS = 60
PRIVATE = ("shopper-4711", "I am Ada and allergic to nickel")
"""Texts of shoppers that no report may hold: an id and a profile."""


def product_id(number: int) -> str:
    return f"p{number:02d}"


def catalogue(size: int = PRODUCTS) -> Catalogue:
    """Products p00, p01, ...: each title holds a word of its own, `item00`, and a shared one."""
    ids = tuple(product_id(n) for n in range(size))
    titles = tuple(f"item{n:02d} <shade{n // 10}>" for n in range(size))
    return Catalogue(ids, titles, tuple(f"{title} gadget" for title in titles))


def popularity() -> dict[str, int]:
    """p00 wanted 60 times, p01 59 times, ... p59 once."""
    return {product_id(n): PRODUCTS - n for n in range(PRODUCTS)}


def search_contexts() -> list[Context]:
    """A query for each product by the word of its title: the product alone is relevant."""
    return [
        Context("search", f"item{n:02d}", "", (), {product_id(n): 1.0},
                ("kind:search", "short_query"))
        for n in range(PRODUCTS)
    ]


def recommend_contexts() -> list[Context]:
    """The history is one product of a shade of ten; the next of the same shade is relevant."""
    return [
        Context("recommend", "", PRIVATE[1], (product_id(n),),
                {product_id(n // 10 * 10 + (n + 1) % 10): 1.0},
                ("kind:recommend", "new_shopper"), ("purchase",), (2.5,))
        for n in range(PRODUCTS)
    ]


def _signature(*specs):
    return tf.function(autograph=False, input_signature=specs)


class ToyModel(tf.Module):
    """Bag-of-words retrieval with the signatures of a served version.

    Args:
        products: the catalogue.
        k: results of every signature.
        reverse: rank the other way round, worst first: a model that must not be blessed.
    """

    def __init__(self, products: Catalogue, k: int = 20, reverse: bool = False):
        super().__init__()
        self._sign = -1.0 if reverse else 1.0
        self._k = k
        self._ids = tf.constant(products.product_ids)
        self._tokenizer = tensorflow_text.WhitespaceTokenizer()
        self._table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                self._ids, tf.range(len(products), dtype=tf.int64)), -1)
        self._vectors = tf.Variable(self._bag(tf.constant(products.texts)))
        # Breaks ties, and is all there is for an empty context: earlier products are popular.
        self._prior = -1e-4 * tf.range(len(products), dtype=tf.float32)

    def _bag(self, texts):
        words = tf.strings.to_hash_bucket_fast(self._tokenizer.tokenize(texts), 4096)
        return tf.math.l2_normalize(tf.reduce_sum(tf.one_hot(words, 4096), axis=1), axis=1)

    def _top(self, vectors, exclude=None):
        scores = self._sign * tf.matmul(vectors, self._vectors, transpose_b=True) + self._prior
        if exclude is not None:
            out = tf.one_hot(self._table.lookup(exclude), tf.size(self._ids))
            scores = tf.where(tf.reduce_sum(out, axis=1) > 0, -float("inf"), scores)
        top, at = tf.math.top_k(scores, self._k)
        ids = tf.where(tf.math.is_inf(top), "", tf.gather(self._ids, at))
        return {"product_id": ids, "score": top}

    @_signature(tf.TensorSpec([None], tf.string, name="query"))
    def search(self, query):
        return self._top(self._bag(query))

    @_signature(
        tf.TensorSpec([None, 50], tf.string, name="history"),
        tf.TensorSpec([None], tf.string, name="profile"),
        tf.TensorSpec([None], tf.string, name="query"),
        tf.TensorSpec([None, None], tf.string, name="exclude"))
    def recommend(self, history, profile, query, exclude):
        return self._recommend(history, tf.ones_like(history, tf.float32), profile, query, exclude)

    @_signature(
        tf.TensorSpec([None, 50], tf.string, name="history"),
        tf.TensorSpec([None, 50], tf.string, name="history_event"),
        tf.TensorSpec([None, 50], tf.float32, name="history_age"),
        tf.TensorSpec([None], tf.string, name="profile"),
        tf.TensorSpec([None], tf.string, name="query"),
        tf.TensorSpec([None, None], tf.string, name="exclude"))
    def recommend_events(self, history, history_event, history_age, profile, query, exclude):
        """What was only viewed, or more than a hundred days ago, hardly counts."""
        light = (history_event == "view") | (history_age > 100.0)
        return self._recommend(history, tf.where(light, 0.1, 1.0), profile, query, exclude)

    def _recommend(self, history, weights, profile, query, exclude):
        known = self._table.lookup(history)
        weights *= tf.cast(known >= 0, tf.float32)
        vectors = tf.gather(self._vectors, tf.maximum(known, 0))
        liked = tf.reduce_sum(vectors * weights[..., None], axis=1)
        return self._top(liked + self._bag(query) + 0.0 * self._bag(profile), exclude)

    @_signature(tf.TensorSpec([None], tf.string, name="product_id"))
    def similar(self, product_id):
        known = self._table.lookup(product_id)
        vectors = tf.gather(self._vectors, tf.maximum(known, 0))
        return self._top(vectors * tf.cast(known >= 0, tf.float32)[:, None])

    @_signature(tf.TensorSpec([None], tf.string, name="query"))
    def embed_query(self, query):
        return {"embedding": self._bag(query)}

    @_signature(tf.TensorSpec([None], tf.string, name="text"))
    def embed_product(self, text):
        return {"embedding": self._bag(text)}


def save(
    model: ToyModel, folder: pathlib.Path, leave_out: tuple[str, ...] = (),
    backtest: ToyModel | None = None,
) -> str:
    """Saves a model with all signatures but those left out; returns the folder.

    Args:
        model: answers.
        folder: is written.
        leave_out: names of signatures.
        backtest: answers the signatures that know nothing of validation.
    """
    signatures = {
        "serving_default": model.search, "search": model.search, "recommend": model.recommend,
        "recommend_events": model.recommend_events, "similar": model.similar,
        "embed_query": model.embed_query, "embed_product": model.embed_product,
    }
    if backtest is not None:
        model.backtest = backtest  # What is saved must own the variables.
        signatures |= {
            "backtest_search": backtest.search, "backtest_recommend": backtest.recommend,
            "backtest_recommend_events": backtest.recommend_events}
    kept = {name: f for name, f in signatures.items() if name not in leave_out}
    tf.saved_model.save(model, str(folder), signatures=kept)
    return str(folder)


def write_contexts(contexts: list[Context], folder: pathlib.Path) -> None:
    """Writes contexts as the join of the examples does; ids hold what must not leak."""
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "contexts.jsonl.gz", "wt", encoding="utf-8") as file:
        for number, context in enumerate(contexts):
            file.write(json.dumps({
                "context_id": f"{PRIVATE[0]}-{number}", "kind": context.kind,
                "source": context.source, "role": context.role,
                "query": context.query, "profile": context.profile,
                "history": list(context.history), "history_event": list(context.history_event),
                "history_age": list(context.history_age), "relevant": dict(context.relevant),
                "slices": [name for name in context.slices if not name.startswith("kind:")],
            }) + "\n")


def write_catalogue(products: Catalogue, folder: pathlib.Path) -> None:
    """Writes the split `catalogue` of the joined examples, in two shards."""
    folder.mkdir(parents=True, exist_ok=True)
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    for shard in range(2):
        path = folder / f"data_tfrecord-0000{shard}-of-00002.gz"
        with tf.io.TFRecordWriter(str(path), options) as writer:
            for at in range(shard, len(products), 2):
                writer.write(_example(products, at).SerializeToString())


def _example(products: Catalogue, at: int) -> tf.train.Example:
    fields = {
        "product_id": products.product_ids[at], "title": products.titles[at],
        "description": "gadget", "brand": "", "category": "", "attributes": "",
    }
    return tf.train.Example(features=tf.train.Features(feature={
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
        for name, text in fields.items()}))
