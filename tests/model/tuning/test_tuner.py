"""Trials on a small shop: they are told, kept, shown by TensorBoard, and gone on with."""

import logging
import types

import numpy as np
import pytest
import tensorflow as tf
from keras_tuner.errors import FatalError
from tensorboard.backend.event_processing import event_multiplexer
from tensorboard.plugins.hparams import api_pb2, metadata

from model import data
from model.fitting import Job
from model.presets import load_preset
from model.settings import Text, Training, Tuning
from model.tuning import tuner as tuner_module
from model.tuning.budget import Budget
from model.tuning.space import Phase
from model.tuning.trials import (
    Outcome,
    Trials,
    TuningError,
    UnvalidatedError,
    shortened,
    tuned_phases,
)
from model.tuning.tuner import make_tuner
from tests.model import examples

LIMITS = Tuning(minutes=30, trials=3, text_pairs=100, contexts=100)


def job(folder, **training):
    settings = {
        "batch_size": 16, "learning_rate": 1e-3, "context_batch_size": 16, "validate_steps": 20,
        "precision": "float32", "strategy": "cpu"}
    return Job(
        train=[f"{folder}/Split-train/*"], evaluation=[f"{folder}/Split-eval/*"],
        catalogue=[f"{folder}/Split-catalogue/*"], products=examples.PRODUCTS,
        text=Text(preset="tiny"), training=Training(**{**settings, **training}), seed=1,
        logs=f"{folder}/logs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned") / "data"
    examples.write_shop(folder)
    return folder


@pytest.fixture(scope="module")
def searched(folder):
    """A finished search of three trials, and what it said."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    log = logging.getLogger("emporium.tuner")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    tuner = make_tuner(job(folder), LIMITS, folder / "tuning", "toy")
    tuner.search()
    log.removeHandler(handler)
    return tuner, lines


def test_trials_are_trained_and_told(searched):
    tuner, lines = searched
    completed = tuner.oracle.completed()
    assert len(completed) == 3
    for trial in completed:
        values = [trial.metrics.get_last_value(f"{p.value}_ndcg_at_10") for p in Phase]
        # Ten of forty products share a topic: at random nDCG@10 is 0.11.
        assert all(0.11 < value <= 1 for value in values)
        assert trial.score == pytest.approx(np.mean(values))
    assert lines[0].startswith("tuning text and contexts, ")
    begins, ends = lines[1:7:2], lines[2:7:2]
    assert [line.split(",")[0] for line in begins] == [f"trial {n} begins" for n in range(3)]
    assert ends[0].startswith(f"trial 0: nDCG@10 {completed[0].score:.4f} (text ")
    for line in begins[0], ends[0]:
        assert line.endswith("the settings as they are")
    for line in begins[1], ends[1]:
        assert "temperature=" in line, "a trial of text settings"
    for line in begins[2], ends[2]:
        assert "context_learning_rate=" in line, "then one of contexts' settings"


def test_a_trial_of_contexts_reuses_the_best_encoder(searched):
    tuner, _ = searched
    *_, contexts = tuner.oracle.completed()
    assert tuner.oracle.spent(contexts, Phase.TEXT) == 0
    assert tuner.oracle.spent(contexts, Phase.CONTEXTS) > 0


def test_tensorboard_finds_settings_domains_and_values(searched, folder):
    tuner, _ = searched
    events = event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(folder / "logs"))
    events.Reload()
    plugin = events.PluginRunToTagToContent(metadata.PLUGIN_NAME)
    experiment = metadata.parse_experiment_plugin_data(
        plugin["toy"][metadata.EXPERIMENT_TAG])
    domains = {info.name: info for info in experiment.hparam_infos}
    assert domains["learning_rate"].domain_interval.max_value == 1e-3
    assert [v.number_value for v in domains["batch_size"].domain_discrete.values] == [
        16, 32, 64, 128, 256]
    assert [m.name.tag for m in experiment.metric_infos] == [
        "ndcg_at_10", "text_ndcg_at_10", "contexts_ndcg_at_10"]
    for trial in tuner.oracle.completed():
        run = f"toy/trial-{trial.trial_id}"
        start = metadata.parse_session_start_info_plugin_data(
            plugin[run][metadata.SESSION_START_INFO_TAG])
        assert {n: v.number_value for n, v in start.hparams.items()} == trial.hyperparameters.values
        end = metadata.parse_session_end_info_plugin_data(
            plugin[run][metadata.SESSION_END_INFO_TAG])
        assert end.status == api_pb2.STATUS_SUCCESS
        [value] = events.Tensors(run, "ndcg_at_10")
        assert tf.make_ndarray(value.tensor_proto) == pytest.approx(trial.score)
        assert events.Tensors(f"{run}/contexts", "contexts/validation_ndcg_at_10"), "its curve"


def test_a_later_search_goes_on_and_forgets_no_encoder(searched, folder):
    earlier, _ = searched
    more = LIMITS.model_copy(update={"trials": 4})
    tuner = make_tuner(job(folder), more, folder / "tuning", "toy")
    tuner.search()
    assert [t.score for t in tuner.oracle.completed()[:3]] == [
        t.score for t in earlier.oracle.completed()]
    assert len(tuner.oracle.completed()) == 4
    assert len(list((folder / "tuning" / "toy").glob("encoder-*.npz"))) == 1
    trials = Trials(job(folder), load_preset("tiny"), LIMITS, folder / "tuning" / "toy")
    settings = tuner._text_settings(tuner.oracle.best())
    kept, reused = trials._encoder(job(folder), settings)
    assert reused
    assert kept.value == pytest.approx(
        tuner.oracle.best().metrics.get_last_value("text_ndcg_at_10"))


class MadeUpTrials:
    """Trials that cost nothing; `run` is called with the trial's settings."""

    def __init__(self, run):
        self.phases = (Phase.TEXT, Phase.CONTEXTS)
        self.trains_text = True
        self.training = job(None).training
        self._run = run

    def run(self, training, *_):
        self._run(training)
        return Outcome(dict.fromkeys(self.phases, 0.5), dict.fromkeys(self.phases, 1.0))

    def keep_encoder(self, text_settings):
        pass


@pytest.fixture
def made_up(monkeypatch, tmp_path):
    """Makes tuners whose trials call a function instead of training."""
    def make(run, **limits):
        monkeypatch.setattr(tuner_module, "Trials", lambda *_: MadeUpTrials(run))
        return make_tuner(
            job(tmp_path), LIMITS.model_copy(update=limits), tmp_path / "tuning", "toy")
    return make


def test_a_killed_trial_is_tried_again(made_up):
    class KilledError(BaseException):
        pass

    tried = []

    def killed_in_the_second(training):
        tried.append(training)
        if len(tried) == 2:
            raise KilledError

    with pytest.raises(KilledError):
        made_up(killed_in_the_second).search()
    later = made_up(tried.append)
    later.search()
    first, killed, again, _third = tried
    assert again == killed != first
    assert len(later.oracle.completed()) == 3


def test_settings_that_cannot_be_trained_stop_the_search(made_up):
    def broken(training):
        raise ValueError("no such thing")

    with pytest.raises(FatalError, match="cannot be trained: no such thing"):
        made_up(broken).search()


def test_a_trial_that_fails_is_told_and_not_counted(made_up, caplog):
    caplog.set_level("INFO", logger="emporium.tuner")

    def late(training):
        if training != job(None).training:
            raise UnvalidatedError("the time was over")

    tuner = made_up(late, trials=2)
    tuner.search()
    assert [trial.trial_id for trial in tuner.oracle.completed()] == ["0"]
    assert "trial 1: not counted: " in caplog.text
    assert "the time was over" in caplog.text


def test_without_time_the_first_trial_alone_is_made(made_up):
    tried = []
    made_up(tried.append, minutes=1e-9).search()
    assert tried == [job(None).training]


def test_state_that_a_kill_cut_short_is_left_behind(folder, caplog):
    half = folder / "tuning" / "half"
    half.mkdir(parents=True)
    (half / "oracle.json").write_text('{"ongoing')
    (half / "tuner0.json").write_text("{}")
    tuner = make_tuner(job(folder), LIMITS, folder / "tuning", "half")
    assert tuner.oracle.trials == {}
    assert "beginning anew" in caplog.text


def test_what_ended_before_any_validation_is_not_counted(folder):
    trials = Trials(job(folder), load_preset("tiny"), LIMITS, folder / "tuning" / "late")
    with pytest.raises(UnvalidatedError, match="before anything was validated"):
        trials.run(Training(batch_size=16, precision="float32"), {}, str(folder / "late"),
                   Budget(0))


def test_a_shop_with_nothing_to_validate_is_told_so(tmp_path):
    examples.write_shop(tmp_path / "data", validated=False)
    with pytest.raises(TuningError, match="emporium run"):
        tuned_phases(job(tmp_path / "data"))


@pytest.mark.parametrize(("shop", "phases"), [
    ({"histories": 0}, (Phase.TEXT,)), ({"searches": 0}, (Phase.CONTEXTS,))])
def test_only_what_can_be_learned_is_tuned(tmp_path, shop, phases):
    examples.write_shop(tmp_path / "data", **shop)
    assert tuned_phases(job(tmp_path / "data")) == phases


@pytest.mark.parametrize(("searches", "settings"), [(4, {"temperature": 0.05}), (0, {})])
def test_an_encoder_that_nothing_validates_is_trained_at_the_temperature_of_its_trial(
        tmp_path, searches, settings):
    examples.write_shop(tmp_path / "data", searches=searches)  # Of four a fifth, none, validates.
    tuner = make_tuner(job(tmp_path / "data"), LIMITS, tmp_path / "tuning", "toy")
    trial = types.SimpleNamespace(hyperparameters=tuner.oracle.get_space())
    assert trial.hyperparameters.values.keys() >= {"temperature", "context_learning_rate"}
    assert tuner._text_settings(trial) == settings


def test_batch_sizes_are_those_of_the_whole_shop_and_not_of_a_trial(folder, monkeypatch):
    monkeypatch.setattr(data, "count", lambda *_: 40_000)
    by_size = job(folder, batch_size=None, context_batch_size=None)
    trials = Trials(by_size, load_preset("tiny"), LIMITS, folder / "tuning" / "sizes")
    # A trial's 100 pairs and 100 contexts would have batches of 32.
    assert (trials.training.batch_size, trials.training.context_batch_size) == (128, 256)


@pytest.mark.parametrize(("contexts", "rows", "epochs"), [
    (50_000, 1_000_000, 4),   # 200,000 are four passes over all
    (1_000, 1_000_000, 20),   # 200 passes would do: the run's twenty are fewer
    (900_000, 200_000, 1),    # one pass over a part
])
def test_a_trial_is_a_run_with_fewer_steps(contexts, rows, epochs):
    short = shortened(Training(), Tuning(contexts=200_000, text_pairs=5_000), contexts)
    assert short.max_text_pairs == 5_000
    assert min(short.max_contexts, contexts) == min(rows, contexts)
    assert short.context_epochs == epochs
    full = Training(max_text_pairs=100, max_contexts=100)
    assert shortened(full, Tuning(), contexts).max_text_pairs == 100
