"""Early stopping on a retrieval metric: nDCG@10 of validation contexts, best weights kept."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf
import tf_keras as keras

from model import features
from model.batches import context_columns
from model.data import ContextTable
from model.encoding import BatchEncoder
from model.retrieval import ContextRetrieval

WARM_UP_SHARE = 0.1
"""Share of the steps over which the rate rises: training is not given up before."""

_SILENCE = 30.0
"""Seconds without a line after which training says how far it is."""

_HISTORY = (features.HISTORY, features.HISTORY_EVENT, features.HISTORY_AGE)


def ndcg_at(
    scores: np.ndarray, answer: np.ndarray, others: list[np.ndarray], k: int,
) -> np.ndarray:
    """nDCG@k of each example: a context with one of its answers, the others set aside.

    A tie counts against the answer, and so does NaN: a model that says the same of everything, or
    nothing at all, is not the best there is.

    Args:
        scores: `[examples, candidates]`; changed in place.
        answer: column of each answer, int `[examples]`.
        others: columns of the other positives of each one's context.
        k: cut-off.

    Returns:
        float `[examples]`.
    """
    own = scores[np.arange(len(answer)), answer].copy()
    for row, columns in enumerate(others):
        scores[row, columns] = -np.inf
    better = (~(scores < own[:, np.newaxis])).sum(axis=1) - 1  # Without the answer itself.
    return np.where(better < k, 1.0 / np.log2(better + 2.0), 0.0)


class TextMeasure:
    """nDCG@10 of query text against a pool of product texts: all of a small catalogue, else the
    answers and a sample of the rest, encoded anew at each measurement.

    Args:
        encode: the encoder as it is being trained.
        held_out: validation pairs.
        catalogue: product tokens by number, `[products, (tokens)]`.
        seed: of the sample.
    """

    EXAMPLES = 400
    POOL = 1_000
    """Products ranked beside the answers: enough to tell encoders apart, encoded in seconds."""

    def __init__(
        self, encode: BatchEncoder, held_out: ContextTable, catalogue: tf.RaggedTensor, seed: int,
    ) -> None:
        others = np.random.default_rng(seed).permutation(int(catalogue.nrows()))
        known = held_out.known.flat_values.numpy()
        self._pool = np.unique(
            np.concatenate([held_out.product, known, others[:self.POOL]]))
        self._tokens = tf.gather(catalogue, self._pool)
        self._encode, self._held_out = encode, held_out
        self._answer = np.searchsorted(self._pool, held_out.product)
        self._others = _other_columns(
            held_out, lambda ids: np.searchsorted(self._pool, ids))

    def __call__(self) -> np.ndarray:
        """Measures the encoder's present weights: `[examples]`."""
        return self.of(*self.vectors())

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """What the encoder makes of the queries `[examples, dim]` and of the pool `[pool, dim]`."""
        queries = _with_nothing(self._encode(self._held_out.texts))[self._held_out.query]
        return queries, self._encode(self._tokens)

    def of(self, queries: np.ndarray, products: np.ndarray) -> np.ndarray:
        """nDCG@10 of each example by its vector's products with those of the pool."""
        return ndcg_at(queries @ products.T, self._answer, self._others, 10)


class ContextMeasure:
    """nDCG@10 of validation examples over the whole catalogue.

    A context has an example for each of a few of its answers. They count one by one, so that where
    contexts are few their standard error is larger than that of as many examples.

    Args:
        model: as it is being trained.
        held_out: validation examples.
        text_vectors: vectors of `held_out.texts`.
    """

    EXAMPLES = 2_000
    _BATCH = 256

    def __init__(
        self, model: ContextRetrieval, held_out: ContextTable, text_vectors: np.ndarray,
    ) -> None:
        self._model, self._held_out = model, held_out
        self._texts = _with_nothing(text_vectors)
        self._others = _other_columns(held_out, lambda ids: ids)
        self._products = tf.function(model.product_vectors, autograph=False, reduce_retracing=True)
        self._contexts = tf.function(model.context_vectors, autograph=False, reduce_retracing=True)

    def __call__(self) -> np.ndarray:
        """Measures the model's present weights: `[examples]`."""
        catalogue = self._products(
            tf.range(self._model.text_vectors.shape[0], dtype=tf.int64)).numpy()
        values = []
        for start in range(0, len(self._held_out), self._BATCH):
            rows = np.arange(start, min(start + self._BATCH, len(self._held_out)))
            columns = context_columns(self._held_out, rows)
            history = columns[features.HISTORY]
            contexts = self._contexts({
                "query": tf.constant(self._texts[self._held_out.query[rows]]),
                "profile": tf.constant(self._texts[self._held_out.profile[rows]]),
                **{name: columns[name] for name in _HISTORY},
            }, tf.gather(catalogue, tf.maximum(history, 0)))
            scores = contexts.numpy() @ catalogue.T
            others = [self._others[r] for r in rows]
            values.append(ndcg_at(scores, self._held_out.product[rows], others, 10))
        return np.concatenate(values)


def _with_nothing(vectors: np.ndarray) -> np.ndarray:
    """Vectors of texts `[texts, dim]` and a last row of zeros, which -1, for no text, points at."""
    return np.pad(vectors, ((0, 1), (0, 0)))


def _other_columns(
    held_out: ContextTable, column_of: Callable[[np.ndarray], np.ndarray],
) -> list[np.ndarray]:
    """Columns of what a context wanted besides its answer: other positives and its history."""
    known, history = _rows(held_out.known), _rows(held_out.history)
    columns = []
    for row, product in enumerate(held_out.product):
        others = np.concatenate([known[row], history[row]])
        columns.append(column_of(others[others != product]).astype(np.int64))
    return columns


def _rows(ragged: tf.RaggedTensor) -> list[np.ndarray]:
    """Rows of a ragged matrix; its own `[row]` takes a millisecond for each."""
    return np.split(ragged.flat_values.numpy(), ragged.row_splits.numpy()[1:-1])


class RetrievalStopping(keras.callbacks.Callback):
    """Measures every few steps, keeps the best weights, stops when nothing gets better.

    The weights before the first step take part: training that makes a pretrained encoder worse
    ends where it began. Of an optimizer that averages weights, the averages are measured and kept.

    Args:
        measure: returns nDCG@10 of each validation example; None where there is none to measure
            on: then nothing stops training, and the last weights stay.
        every: steps between two measurements.
        patience: measurements without a better one, after the rate has risen, before training
            stops.
        label: what is trained, for progress lines.
        total_steps: steps planned, for progress lines.
        examples_per_step: global batch, for examples/s.
        writer: TensorBoard writer.
        report: takes a progress line.
    """

    def __init__(
        self, measure: Callable[[], np.ndarray] | None, *, every: int, patience: int, label: str,
        total_steps: int, examples_per_step: int, writer: tf.summary.SummaryWriter,
        report: Callable[[str], None],
    ) -> None:
        super().__init__()
        self.best = -1.0
        self.best_step = 0
        self._measure, self._every, self._patience = measure, every, patience
        self._label, self._total, self._rows = label, total_steps, examples_per_step
        self._writer, self._report = writer, report
        self._step, self._measured_step, self._since_best = 0, 0, 0
        self._weights: list[np.ndarray] = []
        self._losses: list[float] = []
        self._clock, self._said = 0.0, 0.0

    @property
    def validated(self) -> bool:
        """Whether anything was measured that steps had changed."""
        return self._measured_step > 0

    def on_train_begin(self, logs: dict | None = None) -> None:  # noqa: ARG002 - Keras's signature
        """Measures the weights that training starts from."""
        self._validate(rate=None)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Counts the step; measures when it is time."""
        self._step += 1
        self._losses.append(float((logs or {}).get("loss", np.nan)))
        if time.monotonic() - self._said > _SILENCE:
            self._said = time.monotonic()
            self._report(f"{self._label}: step {self._step}/{self._total}")
        if self._step % self._every == 0 or self._step == self._total:
            rate = len(self._losses) * self._rows / (time.monotonic() - self._clock)
            self._validate(rate)

    def on_train_end(self, logs: dict | None = None) -> None:  # noqa: ARG002
        """Goes back to the best weights."""
        if self._measure is None:
            self._report(f"{self._label}: nothing to validate on; the last weights are kept")
            return
        _assign(self.model.trainable_variables, self._weights)
        in_vain = self.validated and not self.best_step
        self._report(
            f"{self._label}: best validation nDCG@10 {self.best:.4f} at step {self.best_step}"
            + (": training taught nothing, its start is kept" if in_vain else ""))

    def _validate(self, rate: float | None) -> None:
        value = None
        if self._measure is not None:
            with self._averaged():
                value = float(self._measure().mean())
                self._measured_step = self._step
                self._keep_best(value)
        with self._writer.as_default(step=self._step):
            line = f"{self._label}: step {self._step}/{self._total}"
            if rate is not None:
                loss = float(np.mean(self._losses))
                learning_rate = self.model.optimizer.learning_rate
                tf.summary.scalar(f"{self._label}/loss", loss)
                tf.summary.scalar(f"{self._label}/examples_per_second", rate)
                tf.summary.scalar(f"{self._label}/learning_rate", learning_rate)
                line += f", loss {loss:.4f}, {rate:.0f} examples/s"
            if value is not None:
                tf.summary.scalar(f"{self._label}/validation_ndcg_at_10", value)
                line += f", validation nDCG@10 {value:.4f}"
        self._writer.flush()
        self._report(line)
        self._losses, self._clock = [], time.monotonic()
        self._said = self._clock

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """Puts averages in the place of the weights, where the optimizer has any by now."""
        optimizer = self.model.optimizer
        if not optimizer.use_ema or self._step == 0:
            yield
            return
        variables = self.model.trainable_variables
        values = [variable.numpy() for variable in variables]
        optimizer.finalize_variable_values(variables)
        yield
        _assign(variables, values)

    def _keep_best(self, value: float) -> None:
        if value > self.best:
            self.best, self.best_step, self._since_best = value, self._step, 0
            self._weights = [variable.numpy() for variable in self.model.trainable_variables]
            return
        self._since_best += self._step > WARM_UP_SHARE * self._total
        if self._since_best >= self._patience:
            self.model.stop_training = True


def _assign(variables: Sequence[tf.Variable], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
