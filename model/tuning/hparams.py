"""Trials for TensorBoard's HParams page."""

from __future__ import annotations

import pathlib
import shutil

import keras_tuner
import tensorflow as tf
from tensorboard.plugins.hparams import api as hp
from tensorboard.plugins.hparams import api_pb2, summary

from model.tuning.oracle import VALUE, value_metric
from model.tuning.space import Phase, Values


class TrialLog:
    """Writes what the HParams page shows: a folder a trial, beside the trial's curves.

    Args:
        folder: of one tuning, in TensorBoard's.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder

    def begin(self, space: keras_tuner.HyperParameters, phases: tuple[Phase, ...]) -> None:
        """Describes settings, domains and metrics, once for the tuning."""
        metrics = [hp.Metric(VALUE, display_name="nDCG@10")] + [
            hp.Metric(value_metric(phase), display_name=f"nDCG@10, {phase.value}")
            for phase in phases]
        for old in self._folder.glob("events*"):
            old.unlink()
        with _writer(self._folder).as_default():
            hp.hparams_config([hp.HParam(s.name, _domain(s)) for s in space.space], metrics)

    def trial_folder(self, trial: str) -> pathlib.Path:
        """Folder of a trial."""
        return self._folder / f"trial-{trial}"

    def restart(self, trial: str) -> None:
        """Forgets what an interrupted trial wrote."""
        shutil.rmtree(self.trial_folder(trial), ignore_errors=True)

    def write(self, trial: str, values: Values, metrics: dict[str, float]) -> None:
        """Records a trial that has ended, its settings and what it reached."""
        folder = self.trial_folder(trial)
        for old in folder.glob("events*"):
            old.unlink()
        with _writer(folder).as_default(step=0):
            hp.hparams(dict(values), trial_id=trial)
            for name, value in metrics.items():
                tf.summary.scalar(name, value)
            end = summary.session_end_pb(api_pb2.STATUS_SUCCESS)
            tf.summary.experimental.write_raw_pb(end.SerializeToString(), step=0)


def _writer(folder: pathlib.Path) -> tf.summary.SummaryWriter:
    return tf.summary.create_file_writer(str(folder))


def _domain(setting: keras_tuner.engine.hyperparameters.HyperParameter) -> hp.Domain:
    if isinstance(setting, keras_tuner.engine.hyperparameters.Choice):
        return hp.Discrete(setting.values)
    return hp.RealInterval(setting.min_value, setting.max_value)
