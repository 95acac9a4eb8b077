"""Trains the towers: the entry point that TFX's Trainer calls by name, and what trains contexts."""

from __future__ import annotations

import dataclasses
import logging
import posixpath
import time
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from model import acceleration, batches, data, features
from model.blending import blend_with_start
from model.cold_start import borrow_residuals
from model.encoding import BatchEncoder
from model.exporting import export_towers
from model.features import Kind
from model.fitting import Job, adam, fit
from model.history_encoder import MAX_HISTORY
from model.losses import MixedNegativesLoss
from model.presets import Preset, load_preset
from model.reading import warn_of_unreadable_texts
from model.retrieval import ContextRetrieval
from model.settings import Text, Training
from model.sizing import plan_contexts
from model.text_encoder import TextEncoder
from model.text_training import train_text
from model.towers import ContextTower, ProductTower
from model.validation import ContextMeasure
from model.whitening import adapter_start, sample_products, to_unit

_log = logging.getLogger("emporium.trainer")

CONTEXT_KINDS = (Kind.SEARCH, Kind.RECOMMEND)


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
    warn_of_unreadable_texts(catalogue, preset)
    with acceleration.libraries_not_converted():
        with strategy.scope():
            encoder = TextEncoder(preset, precision)
        train_text(job, strategy, encoder, catalogue, preset.pretrained)
        exact = TextEncoder(preset)  # Vectors that leave are float32, whatever trained them.
        exact.set_weights(encoder.get_weights())
        model, _ = train_contexts(job, strategy, BatchEncoder(exact), catalogue)
    return exact, model


def train_contexts(
    job: Job, strategy: tf.distribute.Strategy, encode: BatchEncoder, catalogue: tf.RaggedTensor,
) -> tuple[ContextRetrieval, float | None]:
    """Trains what stands above the encoder, where there are histories to learn from.

    Where none is held out it stays at its start: text vectors, spread by those of the catalogue
    (`model.whitening`), and their mean over a history, weighted by recency.

    Returns:
        The towers and their validation nDCG@10; None where nothing validated what was trained.
    """
    settings = job.training
    histories = data.count(job.train, (Kind.RECOMMEND,))
    if not histories:
        _log.info("contexts: no histories; search runs on the text encoder alone")
        return _untrained_contexts(job, encode, catalogue), None
    held_out = data.context_table(job.evaluation, CONTEXT_KINDS, ContextMeasure.EXAMPLES)
    if not len(held_out):
        _log.info("contexts: too few histories to hold any out; they are read as they are")
        return _untrained_contexts(job, encode, catalogue), None
    table = data.context_table(job.train, CONTEXT_KINDS, settings.max_contexts)
    _log.info("contexts: encoding %d products once", job.products)
    vectors = encode(catalogue)
    start = adapter_start(
        job, encode, catalogue, vectors[sample_products(job.products, job.seed)])
    plan = plan_contexts(settings, len(table))
    _log.info("contexts: %s contexts, %s", f"{len(table):,}", plan)
    mentions = data.mentions(table, job.products)
    with strategy.scope():
        model = _context_model(
            settings, vectors, mentions > 0, data.wanted_share(table, job.products),
            int(table.history.row_lengths().numpy().max(initial=1)))
        model.products.adapter.kernel.assign(start)
        model.compile(optimizer=adam(settings.context_learning_rate, plan.steps, averages=True))
    examples = batches.context_batches(
        table, encode(table.texts), plan.batch_size, plan.steps, job.seed,
        acceleration.compiles_shapes(strategy))
    measure = ContextMeasure(model, held_out, encode(held_out.texts))
    weights = model.additions
    untrained = [weight.numpy() for weight in weights]
    value = fit(job, model, examples, label="contexts", plan=plan, measure=measure)
    with strategy.scope():
        share, blended = blend_with_start(weights, untrained, measure)
    _log.info(
        "contexts: %d%% of what was learned is kept, the least that is as good within its error: "
        "nDCG@10 %.4f", 100 * share, blended)
    residual = model.products.residual
    texts = to_unit(vectors @ model.products.adapter.kernel.numpy())
    residual.assign(borrow_residuals(residual.numpy(), mentions, texts))
    return model, None if value is None else blended


def _untrained_contexts(
    job: Job, encode: BatchEncoder, catalogue: tf.RaggedTensor,
) -> ContextRetrieval:
    """Towers that training adds nothing to: of the catalogue they need a sample."""
    blank = np.zeros((job.products, encode.dimension), np.float32)
    model = _context_model(
        job.training, blank, np.zeros(job.products, bool), np.zeros(job.products, np.float32))
    rows = sample_products(job.products, job.seed)
    _log.info("text: encoding %s products to see how they lie", f"{len(rows):,}")
    sample = encode(tf.gather(catalogue, rows))
    model.products.adapter.kernel.assign(adapter_start(job, encode, catalogue, sample))
    return model


def _context_model(
    settings: Training, vectors: np.ndarray, mentioned: np.ndarray, wanted: np.ndarray,
    longest: int = MAX_HISTORY,
) -> ContextRetrieval:
    dimension = vectors.shape[1]
    products = ProductTower(
        len(vectors), dimension, settings.residual_rank, settings.residual_dropout)
    contexts = ContextTower(
        products.adapter, dimension, settings.event_dropout, settings.history_layers, longest)
    model = ContextRetrieval(
        products, contexts, vectors, mentioned, wanted,
        MixedNegativesLoss(settings.temperature, logq=settings.logq), settings.max_negatives)
    # Built by one call, so that every variable exists before weights are kept or exported.
    empty = {
        "query": tf.zeros([1, dimension]), "profile": tf.zeros([1, dimension]),
        features.HISTORY: tf.fill([1, 1], tf.constant(-1, tf.int64)),
        features.HISTORY_EVENT: tf.fill([1, 1], features.UNKNOWN_EVENT),
        features.HISTORY_AGE: tf.fill([1, 1], features.UNKNOWN_AGE),
    }
    model.context_vectors(empty, tf.zeros([1, 1, dimension]))
    return model
