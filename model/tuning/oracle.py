"""Which settings a trial should take: Bayesian optimisation, one phase at a time."""

from __future__ import annotations

import logging
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.oracles import BayesianOptimizationOracle

from model.tuning.budget import Budget
from model.tuning.space import Phase, SearchSpace, tidied

VALUE = "ndcg_at_10"
"""The metric that trials are compared by."""

_DRAWN = 4
"""Random trials of a phase before its Gaussian process is asked: about one a setting."""

_NOISE = 1e-2
"""Variance of the noise, in units of the variance among trials: two trainings that should be equal
differ by about a tenth of what settings make."""

_EXPLORE = 1.0
"""Standard deviations that a trial's uncertainty is worth: few trials leave no time for more."""

_CANDIDATES = 500
"""Draws that the Gaussian process chooses among."""

_log = logging.getLogger("emporium.tuner")


def seconds_metric(phase: Phase) -> str:
    """Name of the metric that says how long a trial trained in a phase."""
    return f"{phase.value}_seconds"


def value_metric(phase: Phase) -> str:
    """Name of the metric that says what a phase of a trial reached."""
    return f"{phase.value}_{VALUE}"


class PhaseOracle(BayesianOptimizationOracle):
    """Tries the settings as they are, then varies those of one phase around the best so far.

    The phases hardly depend on each other's settings, and the text encoder costs many times what
    the contexts do: a trial that keeps the best trial's text settings reuses its encoder. So each
    phase is a search of its own, in few dimensions, and gets half of the time: a text trial, then
    context trials until they have taken as long. Within a phase: random draws (Bergstra and Bengio
    2012), then KerasTuner's Gaussian process over all trials, asked for the draw with the highest
    upper confidence bound (Snoek et al. 2012; Srinivas et al. 2010). KerasTuner itself climbs to
    it with every setting free and continuous; here some are held and most are one of a few.

    Args:
        space: what is tuned.
        budget: no trial is proposed that it does not allow, by the time that earlier ones took.
        max_trials: proposed, at the most.
        seed: of the draws.
    """

    def __init__(self, space: SearchSpace, budget: Budget, max_trials: int, seed: int) -> None:
        self._space, self._budget = space, budget
        super().__init__(
            objective=keras_tuner.Objective(VALUE, "max"), max_trials=max_trials,
            hyperparameters=space.declare(), allow_new_entries=False, tune_new_entries=False,
            seed=seed + 1, alpha=_NOISE, beta=_EXPLORE)  # A seed of 0 would be taken for none.
        self.verbose = 0

    def populate_space(self, trial_id: str) -> dict[str, Any]:  # noqa: ARG002 - KerasTuner's
        """KerasTuner's question: the values of the next trial, or that it was the last."""
        if not self.start_order:
            return {"status": TrialStatus.RUNNING, "values": self._space.configured()}
        phase = self._next_phase()
        if phase is None:
            _log.info("%.0f s are left, less than another trial takes", max(0, self._budget.left))
            return {"status": TrialStatus.STOPPED}
        if sum(self._phase_of(trial) is phase for trial in self.completed()[1:]) < _DRAWN:
            [values] = self._draw(phase, 1)
        else:
            values = self._most_promising(self._draw(phase, _CANDIDATES))
        return {"status": TrialStatus.RUNNING, "values": values}

    def completed(self) -> list[Trial]:
        """Trials with a value, in the order in which they began."""
        trials = [self.trials[name] for name in self.start_order]
        return [trial for trial in trials if trial.status == TrialStatus.COMPLETED]

    def best(self) -> Trial:
        """The best trial so far, the earliest of equals."""
        return max(self.completed(), key=lambda trial: trial.score)

    def spent(self, trial: Trial, phase: Phase | None = None) -> float:
        """Seconds that a completed trial took, in one phase or in all."""
        phases = self._space.phases if phase is None else (phase,)
        return sum(trial.metrics.get_last_value(seconds_metric(p)) for p in phases)

    def _next_phase(self) -> Phase | None:
        """The phase whose trials took the least time, among those for which enough is left."""
        taken = dict.fromkeys(self._space.phases, 0.0)
        longest: dict[Phase, float] = {}
        first, *others = self.completed()
        for trial in others:
            phase = self._phase_of(trial)
            taken[phase] += self.spent(trial)
            longest[phase] = max(longest.get(phase, 0.0), self.spent(trial))
        # The first trial tells of both: contexts alone, or text with the contexts above it.
        longest.setdefault(Phase.CONTEXTS, self.spent(first, self._space.phases[-1]))
        longest.setdefault(Phase.TEXT, self.spent(first))
        allowed = [p for p in self._space.phases if self._budget.allows(longest[p])]
        return min(allowed, key=taken.__getitem__, default=None)

    def _phase_of(self, trial: Trial) -> Phase:
        """Text where an encoder was trained, else contexts."""
        if Phase.TEXT not in self._space.phases:
            return Phase.CONTEXTS
        return Phase.TEXT if self.spent(trial, Phase.TEXT) > 0 else Phase.CONTEXTS

    def _draw(self, phase: Phase, number: int) -> list[dict[str, Any]]:
        """Random values for a phase's settings, the best trial's for the others."""
        best = self.best().hyperparameters.values
        names = self._space.names(phase)
        drawn = []
        for _ in range(number):
            self._seed_state += 1  # KerasTuner's, saved with its state.
            generator = np.random.default_rng(self._seed_state)
            own = {
                setting.name: setting.prob_to_value(generator.random())
                for setting in self.hyperparameters.space if setting.name in names}
            drawn.append({**best, **tidied(own)})
        return drawn

    def _most_promising(self, candidates: list[dict[str, Any]]) -> dict[str, Any]:
        """The candidate of which the Gaussian process hopes most."""
        self.gpr.fit(*self._vectorize_trials())
        places = np.array([
            [setting.value_to_prob(values[setting.name]) for setting in self._nonfixed_space()]
            for values in candidates])
        mean, deviation = self.gpr.predict(places, return_std=True)
        # What is to be maximised KerasTuner turns round.
        return candidates[int(np.argmin(mean - self.beta * deviation))]
