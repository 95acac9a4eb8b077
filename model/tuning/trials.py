"""One trial: a shortened training with some settings, and what it reaches in validation."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
import json
import os
import pathlib
import time

import numpy as np
import tensorflow as tf
import tf_keras as keras

from model import acceleration, data, trainer
from model.encoding import BatchEncoder
from model.features import Kind
from model.fitting import Job
from model.presets import Preset
from model.settings import Training, Tuning
from model.sizing import with_batch_sizes
from model.text_encoder import TextEncoder
from model.text_training import train_text
from model.tuning.budget import Budget, StopAtDeadline
from model.tuning.space import Phase

_LEARNED_FROM = {
    Phase.TEXT: data.TEXT_KINDS,
    Phase.CONTEXTS: (Kind.RECOMMEND,),
}
_VALIDATED_BY = {
    Phase.TEXT: data.TEXT_KINDS,
    Phase.CONTEXTS: trainer.CONTEXT_KINDS,
}


class TuningError(ValueError):
    """There is nothing to tune by; the message says why."""


class UnvalidatedError(Exception):
    """The budget ended a trial before anything was validated that it had trained."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes:
        values: validation nDCG@10 of each tuned phase.
        seconds: that each tuned phase took, the first with what goes before it; 0 where an earlier
            trial's encoder was reused.
    """

    values: dict[Phase, float]
    seconds: dict[Phase, float]

    @property
    def value(self) -> float:
        """The mean over the phases: what trials are compared by.

        Text stands for search and contexts, most of which are histories, for recommendation; they
        count alike, however many contexts validate either. Each phase is measured as the
        trainer's own early stopping measures it.
        """
        return sum(self.values.values()) / len(self.values)


def tuned_phases(job: Job) -> tuple[Phase, ...]:
    """Phases of which a shop's examples tell something, both to train and to validate.

    Raises:
        TuningError: none.
    """
    phases = tuple(
        phase for phase in Phase
        if data.count(job.train, _LEARNED_FROM[phase])
        and data.count(job.evaluation, _VALIDATED_BY[phase]))
    if not phases:
        raise TuningError(
            "tuning needs validation examples, received none: a shop with so few products, "
            "queries and histories trains with the settings as they are (`emporium run`)")
    return phases


def shortened(training: Training, limits: Tuning, contexts: int) -> Training:
    """The settings of a trial: those of a run, with fewer steps.

    Args:
        training: settings of a run.
        limits: of trials.
        contexts: that the shop has to train on.
    """
    rows = min(contexts, training.max_contexts, limits.contexts)
    passes = max(1, limits.contexts // max(1, rows))
    return training.model_copy(update={
        "max_text_pairs": min(training.max_text_pairs, limits.text_pairs),
        "max_contexts": min(training.max_contexts, limits.contexts),
        "context_epochs": min(training.context_epochs, passes),
        "profile": False})


class Trials:
    """Runs trials on one shop; the best one's encoder, and what it encoded, is reused.

    Args:
        job: a run's.
        preset: of the text encoder.
        limits: of trials.
        folder: in which the best encoder is kept, for a tuning that is interrupted.

    Attributes:
        phases: that are tuned.
        trains_text: whether a run trains the encoder, were it only by what nothing validates.
        training: the run's settings, with the batch sizes of the whole shop: by the part of it
            that a trial sees there would be smaller ones.
    """

    def __init__(
        self, job: Job, preset: Preset, limits: Tuning, folder: pathlib.Path,
    ) -> None:
        self.phases = tuned_phases(job)
        self._job, self._preset, self._limits = job, preset, limits
        self._folder = folder
        self._contexts = data.count(job.train, trainer.CONTEXT_KINDS)
        pairs = data.count(job.train, data.TEXT_KINDS)
        self.trains_text = Phase.TEXT in self.phases or (pairs > 0 and not preset.pretrained)
        self.training = with_batch_sizes(job.training, pairs, self._contexts)
        self._catalogue = data.catalogue_tokens(job.catalogue, job.products)
        self._strategy = acceleration.choose_strategy(job.training.strategy)
        self._precision = acceleration.choose_precision(job.training.precision)
        self._encoders: dict[str, _Encoder] = {}

    def run(
        self, training: Training, text_settings: dict[str, float], logs: str,
        budget: Budget | None,
    ) -> Outcome:
        """Trains and validates.

        Args:
            training: settings of a run, with those of the trial among them.
            text_settings: those of them that make the encoder what it is.
            logs: TensorBoard folder.
            budget: at whose end training stops; None trains to its own end.

        Raises:
            UnvalidatedError: it stopped before anything was validated that was trained.
        """
        job = dataclasses.replace(
            self._job, training=shortened(training, self._limits, self._contexts), logs=logs,
            callbacks=() if budget is None else (StopAtDeadline(budget),))
        values, seconds = {}, {}
        with acceleration.libraries_not_converted():
            started = time.monotonic()
            encoder, reused = self._encoder(job, text_settings)
            if Phase.TEXT in self.phases:
                values[Phase.TEXT] = encoder.value
                seconds[Phase.TEXT] = 0.0 if reused else time.monotonic() - started
                started = time.monotonic()
            if Phase.CONTEXTS in self.phases:
                # As if no text had been trained before: trials of one encoder start alike.
                keras.utils.set_random_seed(job.seed)
                _, value = trainer.train_contexts(
                    job, self._strategy, encoder.encode, self._catalogue)
                values[Phase.CONTEXTS] = _validated(value)
                seconds[Phase.CONTEXTS] = time.monotonic() - started
        gc.collect()  # Keras models are cycles, whose weights Python does not see the size of.
        return Outcome(values, seconds)

    def keep_encoder(self, text_settings: dict[str, float]) -> None:
        """Keeps the encoder of the best trial, and no other."""
        key = _key(text_settings)
        self._encoders = {known: each for known, each in self._encoders.items() if known == key}
        path = self._path(key)
        if path.exists() or key not in self._encoders:  # An earlier process may have kept it.
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        incoming = path.with_name(f".incoming-{path.name}")
        with incoming.open("wb") as file:
            np.savez(file, *self._encoders[key].weights, value=self._encoders[key].value)
        os.replace(incoming, path)
        for other in self._folder.glob("encoder-*.npz"):
            if other != path:
                other.unlink()

    def _encoder(
        self, job: Job, text_settings: dict[str, float],
    ) -> tuple[_Encoder, bool]:
        """The encoder that text settings make, and whether it was there already."""
        key = _key(text_settings)
        known = self._encoders.get(key) or self._read_encoder(key)
        if known is not None:
            self._encoders[key] = known
            return known, True
        keras.utils.set_random_seed(job.seed)
        with self._strategy.scope():
            encoder = TextEncoder(self._preset, self._precision)
        value = train_text(
            job, self._strategy, encoder, self._catalogue, self._preset.pretrained)
        if Phase.TEXT in self.phases:
            value = _validated(value)
        made = _Encoder(self._preset, encoder.get_weights(), value or 0.0)
        self._encoders[key] = made
        return made, False

    def _read_encoder(self, key: str) -> _Encoder | None:
        path = self._path(key)
        if not path.exists():
            return None
        with np.load(path) as arrays:
            weights = [arrays[f"arr_{number}"] for number in range(len(arrays.files) - 1)]
            return _Encoder(self._preset, weights, float(arrays["value"]))

    def _path(self, key: str) -> pathlib.Path:
        return self._folder / f"encoder-{key}.npz"


class _Encoder:
    """A trained encoder in float32, its validation nDCG@10, and what it has encoded."""

    def __init__(self, preset: Preset, weights: list[np.ndarray], value: float) -> None:
        exact = TextEncoder(preset)
        exact.set_weights(weights)
        self.weights, self.value = weights, value
        self.encode = RememberingEncoder(exact)


class RememberingEncoder(BatchEncoder):
    """Encodes each table of texts once: trials read the same ones again and again."""

    def __init__(self, encoder: TextEncoder) -> None:
        super().__init__(encoder)
        self._known: dict[bytes, np.ndarray] = {}

    def __call__(self, tokens: tf.RaggedTensor) -> np.ndarray:
        """Vectors of token rows `[texts, (tokens)]` as float32 `[texts, dim]`."""
        digest = hashlib.sha256(tokens.row_splits.numpy().tobytes())
        digest.update(tokens.flat_values.numpy().tobytes())
        key = digest.digest()
        if key not in self._known:
            self._known[key] = super().__call__(tokens)
        return self._known[key]


def _validated(value: float | None) -> float:
    if value is None:
        raise UnvalidatedError("the time was over before anything was validated")
    return value


def _key(text_settings: dict[str, float]) -> str:
    text = json.dumps(text_settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
