"""What is tried next: a search with made-up trials and a clock that they move."""

import math

import pytest
from keras_tuner.engine.trial import TrialStatus

from model.settings import Training
from model.tuning.budget import Budget
from model.tuning.oracle import VALUE, PhaseOracle, seconds_metric
from model.tuning.space import Phase, SearchSpace

BOTH = (Phase.TEXT, Phase.CONTEXTS)
TEXT_SECONDS, CONTEXT_SECONDS = 100.0, 20.0


class Search:
    """Asks an oracle and answers with a value, in made-up time."""

    def __init__(self, folder, seconds, phases=BOTH, max_trials=50, value=lambda _: 0.5):
        self.now = 0.0
        self.space = SearchSpace(Training(batch_size=128, context_batch_size=256), phases)
        self.value = value
        self.oracle = PhaseOracle(
            self.space, Budget(seconds, lambda: self.now), max_trials, seed=0)
        self.oracle._set_project_dir(str(folder), "search")

    def next(self):
        """Values of the next trial, None at the end."""
        trial = self.oracle.create_trial("tuner0")
        if trial.status == TrialStatus.STOPPED:
            return None
        values = trial.hyperparameters.values
        known = [
            {n: t.hyperparameters.values[n] for n in self.text_names()}
            for t in self.oracle.completed()]
        reused = {n: values[n] for n in self.text_names()} in known
        seconds = {Phase.TEXT: 0.0 if reused else TEXT_SECONDS, Phase.CONTEXTS: CONTEXT_SECONDS}
        spent = {p: seconds[p] for p in self.space.phases}
        self.now += sum(spent.values())
        self.oracle.update_trial(trial.trial_id, {
            VALUE: self.value(values), **{seconds_metric(p): s for p, s in spent.items()}})
        trial.status = TrialStatus.COMPLETED
        self.oracle.end_trial(trial)
        return values

    def text_names(self):
        return self.space.names(Phase.TEXT) if Phase.TEXT in self.space.phases else []

    def all(self):
        return list(iter(self.next, None))

    def changed(self, before, after):
        return {name for name in before if before[name] != after[name]}


def test_the_first_trial_has_the_settings_as_they_are(tmp_path):
    search = Search(tmp_path, 0)
    assert search.next() == search.space.configured()
    assert search.next() is None, "no time is left: the first is tried in any case, and alone"


def test_no_trial_starts_that_would_not_end_in_time(tmp_path):
    # 120 s the first; of 110 left a text trial with its contexts would take 120, contexts 20 each:
    # five, of 100 s, and 10 s remain.
    search = Search(tmp_path, 230)
    trials = search.all()
    assert len(trials) == 1 + 5
    assert search.now == 220
    text = search.space.names(Phase.TEXT)
    assert all(trial[name] == trials[0][name] for trial in trials for name in text)


def test_each_phase_gets_half_of_the_time(tmp_path):
    # 120 s the first, then twice a text trial of 120 s and six of contexts: 120 (1 + 2 * 2) = 600.
    search = Search(tmp_path, 600)
    first, *others = search.all()
    text = set(search.space.names(Phase.TEXT))
    is_text = [bool(search.changed(first, trial) & text) for trial in others]
    # All values are alike, so that the first trial stays the best, around which others vary.
    assert is_text == [True, *[False] * 6, True, *[False] * 6]


def test_a_trial_varies_one_phase_around_the_best(tmp_path):
    search = Search(tmp_path, 1e6, max_trials=10, value=lambda v: v["context_learning_rate"])
    text = set(search.space.names(Phase.TEXT))
    best = search.next()
    for trial in iter(search.next, None):
        changed = search.changed(best, trial)
        assert changed <= text or not changed & text
        if trial["context_learning_rate"] > best["context_learning_rate"]:
            best = trial
    assert best["context_learning_rate"] > search.space.configured()["context_learning_rate"]


def test_the_gaussian_process_climbs_a_hill(tmp_path):
    def value(values):
        # 0.4 at its top, 0.371 with the settings as they are.
        return 0.4 - sum((
            0.02 * math.log(values["context_learning_rate"] / 3e-3) ** 2,
            0.05 * (values["residual_dropout"] - 0.4) ** 2,
            0.003 * math.log2(values["residual_rank"] / 32) ** 2))

    search = Search(tmp_path, 1e6, phases=(Phase.CONTEXTS,), max_trials=16, value=value)
    first, *trials = [value(values) for values in search.all()]
    drawn, asked = trials[:4], trials[4:]
    assert sum(asked) / len(asked) > max(first, sum(drawn) / len(drawn))
    assert max(asked) > 0.394, "sixteen random draws reach 0.392 on average"


@pytest.mark.parametrize("phases", [(Phase.TEXT,), (Phase.CONTEXTS,)])
def test_one_phase_gets_all_of_the_time(tmp_path, phases):
    search = Search(tmp_path, 1e6, phases=phases, max_trials=8)
    assert len(search.all()) == 8
    assert set(search.space.configured()) == set(search.space.names(phases[0]))


def test_a_search_goes_on_with_what_was_saved(tmp_path):
    search = Search(tmp_path, 1e6, max_trials=3)
    first = search.all()
    search.oracle.save()
    later = Search(tmp_path, 1e6, max_trials=5)
    later.oracle.reload()
    assert [t.hyperparameters.values for t in later.oracle.completed()] == first
    assert sum(map(later.oracle.spent, later.oracle.completed())) == search.now
    assert len(later.all()) == 2
