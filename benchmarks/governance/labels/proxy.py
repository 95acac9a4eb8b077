"""A stand-in for the towers that learns in a minute: linear maps over the encoder's vectors.

It is trained by Emporium's own loss on the same positives, judged lower and uniform products, so
that what wrong grades do to it is much like what they do to a tower, with little luck in it.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
import tf_keras as keras

from benchmarks.governance.labels.detection import KeptVectors
from benchmarks.governance.labels.shops import GAINS_A_GRADE, Row
from model.losses import (
    Candidates,
    GradedColumns,
    MixedNegativesLoss,
    mixture_probability,
)
from model.settings import Training
from pipeline.evaluation.metrics import Relevance, per_context_metrics
from pipeline.examples.queries import POSITIVE_GRADE
from pipeline.examples.split import normalise_query
from pipeline.governance.labels.words import MAX_CHARS

EPOCHS = 4
BATCH = 128
LEARNING_RATE = 1e-3
_LOWER = 2
_UNIFORM = 16
_RANKED_AT_ONCE = 256


@dataclasses.dataclass(frozen=True)
class Bench:
    """A catalogue and test queries.

    Attributes:
        number_of: number of each product.
        products: vectors `[products, dim]`.
        vectors: of queries.
        queries: of the test, each with a product of a grade above 0.
        relevance: their answers.
    """

    number_of: dict[str, int]
    products: np.ndarray
    vectors: KeptVectors
    queries: list[str]
    relevance: Relevance

    @classmethod
    def of(cls, products: Sequence[Row], test: Sequence[Row], vectors: KeptVectors) -> Bench:
        """Reads the tables."""
        number_of = {row["product_id"]: number for number, row in enumerate(products)}
        gains: dict[str, dict[int, float]] = collections.defaultdict(dict)
        for row in test:
            gain = float(round(row["grade"] * GAINS_A_GRADE))
            gains[normalise_query(row["query"])][number_of[row["product_id"]]] = gain
        answered = {query: found for query, found in gains.items() if any(found.values())}
        return cls(
            number_of, vectors([row["title"][:MAX_CHARS] for row in products]), vectors,
            list(answered), Relevance.of(list(answered.values())))

    def measure(self, rows: Sequence[Row], seed: int) -> float:
        """nDCG@10 of towers trained on some judgements."""
        towers = train(self, [row for row in rows if row["split"] == "train"], seed)
        products = towers.product(tf.constant(self.products)).numpy()
        queries = towers.query(tf.constant(self.vectors(self.queries))).numpy()
        ranked = []
        for start in range(0, len(queries), _RANKED_AT_ONCE):
            scores = queries[start:start + _RANKED_AT_ONCE] @ products.T
            best = np.argpartition(-scores, 10, axis=1)[:, :10]
            order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
            ranked.append(np.take_along_axis(best, order, axis=1))
        found = per_context_metrics(np.concatenate(ranked), self.relevance)
        return float(found["ndcg@10"].mean())


class LinearTowers(tf.Module):
    """Two square maps that begin as the identity."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.maps = [tf.Variable(tf.eye(dimension)) for _ in range(2)]

    def query(self, vectors: tf.Tensor) -> tf.Tensor:
        """Unit vectors of queries `[rows, dim]`."""
        return tf.math.l2_normalize(vectors @ self.maps[0], -1)

    def product(self, vectors: tf.Tensor) -> tf.Tensor:
        """Unit vectors of products `[rows, dim]`."""
        return tf.math.l2_normalize(vectors @ self.maps[1], -1)


def train(bench: Bench, rows: Sequence[Row], seed: int) -> LinearTowers:
    """Trains on judgements much as the text phase does.

    Unlike there, what was judged irrelevant counts in a column of its own only, not wherever it
    turns up beside others.
    """
    generator = np.random.default_rng(seed)
    top = max(row["grade"] for row in rows)
    texts = sorted({normalise_query(row["query"]) for row in rows})
    number = {query: n for n, query in enumerate(texts)}
    asked = bench.vectors(texts)
    query = np.array([number[normalise_query(row["query"])] for row in rows])
    product = np.array([bench.number_of[row["product_id"]] for row in rows])
    grade = np.array([row["grade"] / top for row in rows], np.float32)
    positive = np.flatnonzero(grade >= POSITIVE_GRADE)
    of_query: dict[int, set[int]] = collections.defaultdict(set)
    lower: dict[int, list[int]] = collections.defaultdict(list)
    for n, (q, p) in enumerate(zip(query, product, strict=True)):
        of_query[q].add(p)
        if grade[n] < POSITIVE_GRADE:
            lower[q].append(n)
    share = np.bincount(product[positive], minlength=len(bench.products)) / len(positive)
    towers = LinearTowers(asked.shape[1])
    steps = EPOCHS * (len(positive) // BATCH)
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.PolynomialDecay(LEARNING_RATE, steps, 0.0))
    step = _step(towers, optimizer)
    for _ in range(EPOCHS):
        order = generator.permutation(positive)
        for start in range(0, len(order) - BATCH + 1, BATCH):
            batch = order[start:start + BATCH]
            columns = np.concatenate(
                [product[batch], generator.integers(0, len(bench.products), _UNIFORM)])
            mask = np.array([[p not in of_query[q] for p in columns] for q in query[batch]])
            mask[np.arange(BATCH), np.arange(BATCH)] = True
            own = [(place, n) for place, row in enumerate(batch)
                   for n in _some(lower[query[row]], generator)]
            place, judged = np.array(own or [(-1, 0)]).T
            step(
                asked[query[batch]], bench.products[columns], mask,
                mixture_probability(
                    share[columns].astype(np.float32), BATCH, _UNIFORM, len(bench.products)),
                grade[batch], bench.products[product[judged]], place.astype(np.int32),
                grade[judged])
    return towers


def _some(rows: list[int], generator: np.random.Generator) -> Sequence[int]:
    return rows if len(rows) <= _LOWER else generator.choice(rows, _LOWER, replace=False)


def _step(
    towers: LinearTowers, optimizer: keras.optimizers.Optimizer,
) -> Callable[..., tf.Tensor]:
    loss_of = MixedNegativesLoss(Training().temperature)
    optimizer.build(towers.maps)
    floats, matrix = tf.TensorSpec([None]), tf.TensorSpec([None, None])

    @tf.function(autograph=False, input_signature=[
        matrix, matrix, tf.TensorSpec([None, None], tf.bool), floats, floats, matrix,
        tf.TensorSpec([None], tf.int32), floats])
    def step(query, columns, mask, probability, weight, lower, row, grade):
        with tf.GradientTape() as tape:
            loss = loss_of(
                towers.query(query), Candidates(towers.product(columns), mask, probability),
                weight, GradedColumns(towers.product(lower), row, grade)) / BATCH
        gradients = tape.gradient(loss, towers.maps)
        optimizer.apply_gradients(zip(gradients, towers.maps, strict=True))
        return loss

    return step
