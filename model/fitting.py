"""What both phases of training share: the job, the optimizer, the loop."""

from __future__ import annotations

import dataclasses
import logging
import posixpath
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
import tf_keras as keras

from model.settings import Text, Training
from model.sizing import Plan
from model.validation import WARM_UP_SHARE, RetrievalStopping

_log = logging.getLogger("emporium.trainer")


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


_AVERAGED_STEPS = 100
"""Steps over which weights are averaged: less than between two validations."""

_AVERAGED_SHARE = 1 / 30
"""Share of the planned steps that is averaged, at the most: a short training has no time to forget
where it began."""


def adam(rate: float, steps: int, averages: bool = False) -> keras.optimizers.Optimizer:
    """Adam whose rate rises over a tenth of the steps, then falls to nothing as a cosine.

    Args:
        rate: at its peak.
        steps: planned.
        averages: whether validation and what is kept see a moving average of the weights, as
            Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging". Where
            training stops early, at a high rate, the last weights are noise around it.
    """
    warmup = max(1, int(WARM_UP_SHARE * steps))
    window = max(1.0, min(_AVERAGED_STEPS, _AVERAGED_SHARE * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=rate, warmup_steps=warmup)
    return keras.optimizers.Adam(
        schedule, global_clipnorm=1.0, use_ema=averages, ema_momentum=1.0 - 1.0 / window)


def fit(
    job: Job, model: keras.Model, examples: tf.data.Dataset, *, label: str, plan: Plan,
    measure: Callable[[], np.ndarray] | None,
    others: Sequence[keras.callbacks.Callback] = (),
) -> float | None:
    """Trains a compiled model for the planned steps, to its best validation.

    Args:
        job: settings and the folder of the logs.
        model: changed in place.
        examples: endless batches, or as many as there are steps.
        label: what is trained, for logs.
        plan: steps, and when to validate.
        measure: as `RetrievalStopping` takes it.
        others: callbacks beside it, and beside the job's.

    Returns:
        The best nDCG@10; None where nothing measured what the steps made.
    """
    settings = job.training
    logs = posixpath.join(job.logs, label)
    stopping = RetrievalStopping(
        measure, every=plan.validate_steps, patience=settings.patience, label=label,
        total_steps=plan.steps, examples_per_step=plan.batch_size,
        writer=tf.summary.create_file_writer(logs), report=_log.info)
    callbacks: list[keras.callbacks.Callback] = [stopping, *others, *job.callbacks]
    if settings.profile:
        callbacks.append(keras.callbacks.TensorBoard(
            logs, update_freq="epoch", profile_batch=(5, 15), write_graph=False))
    options = tf.data.Options()
    # Its thread looks up once a minute, and the end of fit waits for it; nothing here is tuned.
    options.autotune.enabled = False
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    with model.distribute_strategy.scope():
        # A step that makes the optimizer's variables as it is traced has to be traced again.
        model.optimizer.build(model.trainable_variables)
    model.fit(
        examples.with_options(options), steps_per_epoch=plan.steps, epochs=1, callbacks=callbacks,
        verbose=0)
    return stopping.best if stopping.validated else None
