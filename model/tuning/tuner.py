"""The KerasTuner tuner: asks the oracle, runs trials, tells of them."""

from __future__ import annotations

import logging
import pathlib

from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.errors import FailedTrialError, FatalError

from model.fitting import Job
from model.presets import load_preset
from model.settings import Tuning
from model.tuning.budget import Budget
from model.tuning.hparams import TrialLog
from model.tuning.oracle import VALUE, PhaseOracle, seconds_metric, value_metric
from model.tuning.space import TEMPERATURE, Phase, SearchSpace, differing
from model.tuning.trials import Trials, UnvalidatedError

_log = logging.getLogger("emporium.tuner")


def make_tuner(job: Job, tuning: Tuning, directory: pathlib.Path, project: str) -> RetrievalTuner:
    """The tuner of a shop; it goes on from what an earlier one of the same project left.

    Args:
        job: as a run would train, but for `logs`, which is the folder of all tunings.
        tuning: limits.
        directory: of the state of all tunings.
        project: names one of them: the same data, settings and code.

    Raises:
        TuningError: there is nothing to validate trials by.
    """
    budget = Budget(60 * tuning.minutes)
    trials = Trials(job, load_preset(job.text.preset), tuning, directory / project)
    space = SearchSpace(trials.training, trials.phases)
    log = TrialLog(pathlib.Path(job.logs, project))

    def make(overwrite: bool) -> RetrievalTuner:
        oracle = PhaseOracle(space, budget, tuning.trials, job.seed)
        return RetrievalTuner(oracle, space, budget, trials, log, directory, project, overwrite)

    try:
        return make(overwrite=False)
    except (ValueError, KeyError, RuntimeError) as error:
        # KerasTuner writes its state in place: a kill in that moment leaves half a file.
        _log.warning("earlier trials cannot be read (%s): beginning anew", str(error)[:200])
        return make(overwrite=True)


class RetrievalTuner(BaseTuner):
    """A tuner whose trials are shortened trainings.

    Args:
        oracle: chooses settings.
        space: of the settings.
        budget: of time.
        trials: runs them.
        log: of the HParams page.
        directory, project, overwrite: where KerasTuner keeps its state, and whether anew.
    """

    def __init__(
        self, oracle: PhaseOracle, space: SearchSpace, budget: Budget, trials: Trials,
        log: TrialLog, directory: pathlib.Path, project: str, overwrite: bool,
    ) -> None:
        self._space, self._budget, self._trials, self._log = space, budget, trials, log
        super().__init__(
            oracle, directory=str(directory), project_name=project, overwrite=overwrite)

    def on_search_begin(self) -> None:
        """Counts and shows the trials that an earlier search left."""
        earlier = self.oracle.completed()
        self._budget.spend(sum(self.oracle.spent(trial) for trial in earlier))
        self._log.begin(self.oracle.get_space(), self._space.phases)
        for trial in earlier:
            self._write(trial)
        _log.info(
            "tuning %s, %.1f minutes left%s", " and ".join(p.value for p in self._space.phases),
            self._minutes_left(),
            f"; {len(earlier)} trials are there already" if earlier else "")

    def on_trial_begin(self, trial: Trial) -> None:
        """Clears what an interruption of the same trial left, and says what is tried."""
        self._log.restart(trial.trial_id)
        _log.info("trial %d begins, %.1f minutes left: %s", int(trial.trial_id),
                  self._minutes_left(), self._settings(trial))

    def run_trial(self, trial: Trial) -> dict[str, float]:
        """Trains with the trial's settings.

        Returns:
            The value that trials are compared by, and each phase's value and seconds.

        Raises:
            FailedTrialError: the time was over before the trial could tell anything.
            FatalError: the settings as they are cannot be trained.
        """
        values = trial.hyperparameters.values
        is_first = trial.trial_id == self.oracle.start_order[0]
        if not is_first and not self._budget.allows(0):
            raise FailedTrialError("no time is left")
        try:
            outcome = self._trials.run(
                self._space.apply(values), self._text_settings(trial),
                str(self._log.trial_folder(trial.trial_id)), None if is_first else self._budget)
        except UnvalidatedError as error:
            raise FailedTrialError(str(error)) from error
        except Exception as error:
            if is_first:  # No other trial could be compared with it.
                raise FatalError(f"the settings as they are cannot be trained: {error}") from error
            raise
        return {
            VALUE: outcome.value,
            **{value_metric(phase): value for phase, value in outcome.values.items()},
            **{seconds_metric(phase): spent for phase, spent in outcome.seconds.items()}}

    def on_trial_end(self, trial: Trial) -> None:
        """Saves the trial, shows it, and keeps its encoder if it is the best."""
        super().on_trial_end(trial)
        trial = self.oracle.get_trial(trial.trial_id)
        number = int(trial.trial_id)
        if trial.status != TrialStatus.COMPLETED:
            *_, reason = (trial.message or "no value").strip().splitlines()
            _log.info("trial %d: not counted: %s; %s", number, reason, self._settings(trial))
            return
        self._trials.keep_encoder(self._text_settings(self.oracle.best()))
        self._write(trial)
        phases = ", ".join(
            f"{phase.value} {trial.metrics.get_last_value(value_metric(phase)):.4f}"
            for phase in self._space.phases)
        _log.info(
            "trial %d: nDCG@10 %.4f (%s), %.0f s; %s", number, trial.score, phases,
            self.oracle.spent(trial), self._settings(trial))

    def _minutes_left(self) -> float:
        return max(0.0, self._budget.left / 60)

    def _settings(self, trial: Trial) -> str:
        """What is tried, in words."""
        values, configured = trial.hyperparameters.values, self._space.configured()
        changed = differing(values, configured, list(configured))
        if not changed:
            return "the settings as they are"
        return " ".join(f"{name}={value}" for name, value in changed.items())

    def _text_settings(self, trial: Trial) -> dict[str, float]:
        """Those of the trial that make its encoder what it is."""
        if not self._trials.trains_text:
            return {}
        tuned = Phase.TEXT in self._space.phases
        names = self._space.names(Phase.TEXT) if tuned else [TEMPERATURE.name]
        return {name: trial.hyperparameters.values[name] for name in names}

    def _write(self, trial: Trial) -> None:
        metrics = [VALUE, *(value_metric(phase) for phase in self._space.phases)]
        self._log.write(
            trial.trial_id, trial.hyperparameters.values,
            {name: trial.metrics.get_last_value(name) for name in metrics})
