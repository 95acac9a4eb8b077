"""TFX's Tuner on a small shop, from its artifacts to the settings that a run reads."""

import json

import pytest
from google.protobuf import json_format
from tfx.components.tuner.executor import Executor
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import trainer_pb2
from tfx.types import standard_artifacts

from model.settings import Text, Training, Tuning
from model.trainer import Job
from pipeline.config import load_config
from pipeline.tuning.results import first_trial, read_trials, tuned_yaml
from pipeline.tuning.tuner_fn import project_name
from tests.model import examples

TRAINING = Training(
    batch_size=16, learning_rate=1e-3, context_batch_size=16, precision="float32", strategy="cpu")


def artifact(kind, uri):
    found = kind()
    found.uri = str(uri)
    return found


def test_the_component_leaves_trials_and_the_best_settings(tmp_path):
    shop = tmp_path / "shop"
    examples.write_shop(shop)
    read = artifact(standard_artifacts.Examples, shop)
    read.split_names = '["train", "eval", "catalogue"]'
    outputs = {
        "best_hyperparameters": [
            artifact(standard_artifacts.HyperParameters, tmp_path / "best")],
        "tuner_results": [artifact(standard_artifacts.TunerResults, tmp_path / "results")]}
    Executor(BaseExecutor.Context(tmp_dir=str(tmp_path), unique_id="1")).Do(
        {"examples": [read],
         "transform_graph": [artifact(standard_artifacts.TransformGraph, shop)]},
        outputs, {
            "tuner_fn": "pipeline.tuning.tuner_fn.tuner_fn",
            "train_args": json_format.MessageToJson(trainer_pb2.TrainArgs(splits=["train"])),
            "eval_args": json_format.MessageToJson(trainer_pb2.EvalArgs(splits=["eval"])),
            "custom_config": json.dumps({
                "text": Text(preset="tiny").model_dump_json(),
                "training": TRAINING.model_dump_json(), "seed": 1,
                "tuning": Tuning(trials=2, text_pairs=100, contexts=200).model_dump_json(),
                "tensorboard_dir": str(tmp_path / "tensorboard"),
                "trials_dir": str(tmp_path / "tuning")})})
    trials = read_trials(str(tmp_path / "results"))
    assert sorted(trial.number for trial in trials) == [0, 1]
    assert first_trial(trials).settings["learning_rate"] == 1e-3
    best = json.loads((tmp_path / "best" / "best_hyperparameters.txt").read_text())["values"]
    assert best == trials[0].settings
    (tmp_path / "tuned.yaml").write_text(tuned_yaml(trials))
    training = load_config([str(tmp_path / "tuned.yaml")]).training
    assert {name: getattr(training, name) for name in best} == best


@pytest.mark.parametrize(("change", "same"), [
    ({"minutes": 99}, True), ({"trials": 9}, True), ({"text_pairs": 999}, False)])
def test_more_time_goes_on_with_the_same_trials_and_longer_trials_do_not(change, same):
    job = Job(train=["a"], evaluation=["b"], catalogue=["c"], products=9, text=Text(),
              training=TRAINING, seed=1, logs="logs")
    other = Tuning().model_copy(update=change)
    assert (project_name(job, other) == project_name(job, Tuning())) is same
