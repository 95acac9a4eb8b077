"""Trains the towers: the entry point that TFX's Trainer calls by name, and its two phases."""

from __future__ import annotations

import dataclasses
import logging
import posixpath
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from model import acceleration, batches, data, features
from model.blending import HALFWAY, SHARES, blend_with_start
from model.cold_start import borrow_residuals
from model.encoding import BatchEncoder
from model.exporting import export_towers
from model.features import Kind
from model.presets import Preset, load_preset
from model.retrieval import ContextRetrieval, TextRetrieval
from model.settings import Text, Training
from model.text_encoder import TextEncoder
from model.towers import ContextTower, ProductTower
from model.validation import ContextMeasure, RetrievalStopping, TextMeasure

_log = logging.getLogger("emporium.trainer")

TEXT_KINDS = (Kind.SEARCH, Kind.CATALOGUE)
CONTEXT_KINDS = (Kind.SEARCH, Kind.RECOMMEND)


@dataclasses.dataclass(frozen=True)
class Job:
    """What a training run reads, writes and is told.

    Attributes:
        train, evaluation, catalogue: file patterns of transformed examples.
        products: size of the catalogue.
        text, training: settings.
        seed: of every random choice.
        logs: TensorBoard folder.
        callbacks: of both trainings, besides the one that validates.
    """

    train: Sequence[str]
    evaluation: Sequence[str]
    catalogue: Sequence[str]
    products: int
    text: Text
    training: Training
    seed: int
    logs: str
    callbacks: tuple[keras.callbacks.Callback, ...] = ()


def run_fn(fn_args: Any) -> None:
    """Trains and exports; the function that TFX's Trainer component is given.

    Args:
        fn_args: TFX's `FnArgs`, of which `serving_model_dir` is read here.
    """
    job = read_job(fn_args)
    # A folder a training: curves of two would be drawn as one.
    job = dataclasses.replace(job, logs=posixpath.join(job.logs, time.strftime("%Y%m%d-%H%M%S")))
    preset = load_preset(job.text.preset)
    encoder, model = train(job, preset)
    export_towers(encoder, model, preset, job.text, fn_args.serving_model_dir)


def read_job(fn_args: Any) -> Job:
    """What TFX tells a component that trains.

    Args:
        fn_args: TFX's `FnArgs`. Read are `train_files`, `eval_files`, `transform_graph_path` and
            `custom_config` with `text`, `training` (JSON), `seed` and `tensorboard_dir`.
    """
    settings = fn_args.custom_config
    return Job(
        train=list(fn_args.train_files),
        evaluation=list(fn_args.eval_files),
        # The catalogue is a split of the same artifact, which TFX has no argument for.
        catalogue=[f.replace("/Split-train/", "/Split-catalogue/") for f in fn_args.train_files],
        products=len(data.read_vocabulary(fn_args.transform_graph_path)),
        text=Text.model_validate_json(settings["text"]),
        training=Training.model_validate_json(settings["training"]),
        seed=int(settings["seed"]),
        logs=settings["tensorboard_dir"],
    )


def train(job: Job, preset: Preset) -> tuple[TextEncoder, ContextRetrieval]:
    """Trains the text encoder, then the contexts, each where there is something to learn from.

    Returns:
        The encoder in float32 and the context model, at their best validation.
    """
    keras.utils.set_random_seed(job.seed)
    strategy = acceleration.choose_strategy(job.training.strategy)
    precision = acceleration.choose_precision(job.training.precision)
    _log.info(
        "training %s on %s with %d replica(s), %s", preset.name, type(strategy).__name__,
        strategy.num_replicas_in_sync, precision)
    catalogue = data.catalogue_tokens(job.catalogue, job.products)
    with acceleration.libraries_not_converted():
        with strategy.scope():
            encoder = TextEncoder(preset, precision)
        train_text(job, strategy, encoder, catalogue, preset.pretrained)
        exact = TextEncoder(preset)  # Vectors that leave are float32, whatever trained them.
        exact.set_weights(encoder.get_weights())
        model, _ = train_contexts(job, strategy, BatchEncoder(exact), catalogue)
    return exact, model


def train_text(
    job: Job, strategy: tf.distribute.Strategy, encoder: TextEncoder,
    catalogue: tf.RaggedTensor, pretrained: bool,
) -> float | None:
    """Trains the encoder on text pairs, in place.

    A pretrained encoder is left as it is where no validation pairs could tell whether training
    made it better.

    Returns:
        Its validation nDCG@10; None where nothing validated what was trained.
    """
    settings = job.training
    pairs = data.count(job.train, TEXT_KINDS)
    held_out = data.context_table(job.evaluation, TEXT_KINDS, TextMeasure.CONTEXTS)
    if not pairs or (pretrained and not len(held_out)):
        _log.info("text: no query or catalogue pairs to learn from; the encoder stays as it is")
        return None
    start = [weight.numpy() for weight in encoder.trainable_weights]
    total = min(pairs * settings.epochs, settings.max_text_pairs)
    steps = max(1, total // settings.batch_size)
    with strategy.scope():
        model = TextRetrieval(encoder, settings.temperature)
        optimizer = _optimizer(settings.learning_rate, steps)
        if encoder.backbone.compute_dtype == "float16":
            optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
        model.compile(optimizer=optimizer)
    measure = None
    if len(held_out):
        measure = TextMeasure(BatchEncoder(encoder), held_out, catalogue, job.seed)
    value = _fit(
        job, model, batches.text_batches(
            job.train, settings.batch_size, min(pairs, settings.max_text_pairs), job.seed,
            job.text.query_tokens if acceleration.compiles_shapes(strategy) else None),
        label="text", steps=steps, batch_size=settings.batch_size, measure=measure)
    if pretrained and measure is not None:
        # What a catalogue asks of itself does not tell how people ask.
        people = data.count(job.evaluation, (Kind.SEARCH,))
        with strategy.scope():  # Where training measured: another scope would trace anew.
            share, blended = blend_with_start(
                encoder.trainable_weights, start, measure, SHARES if people else HALFWAY)
        _log.info("text: %d%% of what was learned is kept, nDCG@10 %.4f", 100 * share, blended)
        return None if value is None else blended
    return value


def train_contexts(
    job: Job, strategy: tf.distribute.Strategy, encode: BatchEncoder, catalogue: tf.RaggedTensor,
) -> tuple[ContextRetrieval, float | None]:
    """Trains what stands above the encoder, where there are histories to learn from.

    Where none is held out it stays at its start: text vectors, and their mean over a history,
    weighted by recency.

    Returns:
        The towers and their validation nDCG@10; None where nothing validated what was trained.
    """
    settings = job.training
    histories = data.count(job.train, (Kind.RECOMMEND,))
    if not histories:
        _log.info("contexts: no histories; search runs on the text encoder alone")
        return _untrained_contexts(job, encode.dimension), None
    held_out = data.context_table(job.evaluation, CONTEXT_KINDS, ContextMeasure.CONTEXTS)
    if not len(held_out):
        _log.info("contexts: too few histories to hold any out; they are read as they are")
        return _untrained_contexts(job, encode.dimension), None
    table = data.context_table(job.train, CONTEXT_KINDS, settings.max_contexts)
    _log.info("contexts: encoding %d products once", job.products)
    vectors = encode(catalogue)
    mentions = data.mentions(table, job.products)
    with strategy.scope():
        model = _context_model(
            settings, vectors, mentions > 0, data.wanted_share(table, job.products))
        per_pass = max(1, len(table) // settings.context_batch_size)
        steps = per_pass * settings.context_epochs
        model.compile(optimizer=_optimizer(settings.context_learning_rate, steps))
    examples = batches.context_batches(
        table, encode(table.texts), settings.context_batch_size, steps, job.seed,
        acceleration.compiles_shapes(strategy))
    measure = ContextMeasure(model, held_out, encode(held_out.texts))
    weights = model.additions
    start = [weight.numpy() for weight in weights]
    value = _fit(
        job, model, examples, label="contexts", steps=steps,
        batch_size=settings.context_batch_size, measure=measure)
    with strategy.scope():
        share, blended = blend_with_start(weights, start, measure)
    _log.info("contexts: %d%% of what was learned is kept, nDCG@10 %.4f", 100 * share, blended)
    residual = model.products.residual
    residual.assign(borrow_residuals(residual.numpy(), mentions, vectors))
    return model, None if value is None else blended


def _untrained_contexts(job: Job, dimension: int) -> ContextRetrieval:
    """Towers that add nothing to text vectors: nothing of theirs needs the catalogue's."""
    blank = np.zeros((job.products, dimension), np.float32)
    return _context_model(
        job.training, blank, np.zeros(job.products, bool), np.zeros(job.products, np.float32))


def _context_model(
    settings: Training, vectors: np.ndarray, mentioned: np.ndarray, wanted: np.ndarray,
) -> ContextRetrieval:
    dimension = vectors.shape[1]
    products = ProductTower(
        len(vectors), dimension, settings.residual_rank, settings.residual_dropout)
    model = ContextRetrieval(
        products, ContextTower(products.adapter, dimension), vectors, mentioned, wanted,
        settings.temperature, settings.max_negatives)
    # Built by one call, so that every variable exists before weights are kept or exported.
    empty = {
        "query": tf.zeros([1, dimension]), "profile": tf.zeros([1, dimension]),
        features.HISTORY: tf.fill([1, 1], tf.constant(-1, tf.int64)),
    }
    model.context_vectors(empty, tf.zeros([1, 1, dimension]))
    return model


def _optimizer(rate: float, steps: int) -> keras.optimizers.Optimizer:
    """Adam whose rate rises over a tenth of the steps, then falls to nothing as a cosine."""
    warmup = max(1, steps // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=rate, warmup_steps=warmup)
    return keras.optimizers.Adam(schedule, global_clipnorm=1.0)


def _fit(
    job: Job, model: keras.Model, examples: tf.data.Dataset, *, label: str, steps: int,
    batch_size: int, measure: Callable[[], np.ndarray] | None,
) -> float | None:
    """Trains; returns the best nDCG@10, None where nothing measured what the steps made."""
    settings = job.training
    logs = posixpath.join(job.logs, label)
    stopping = RetrievalStopping(
        measure, every=min(settings.validate_steps, max(1, steps // 2)),
        patience=settings.patience, label=label, total_steps=steps, examples_per_step=batch_size,
        writer=tf.summary.create_file_writer(logs), report=_log.info)
    callbacks: list[keras.callbacks.Callback] = [stopping, *job.callbacks]
    if settings.profile:
        callbacks.append(keras.callbacks.TensorBoard(
            logs, update_freq="epoch", profile_batch=(5, 15), write_graph=False))
    options = tf.data.Options()
    # Its thread looks up once a minute, and the end of fit waits for it; nothing here is tuned.
    options.autotune.enabled = False
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    model.fit(
        examples.with_options(options), steps_per_epoch=steps, epochs=1, callbacks=callbacks,
        verbose=0)
    return stopping.best if stopping.validated else None
