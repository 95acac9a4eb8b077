import argparse

import pytest

from model.settings import Tuning
from pipeline.cli.tune import more_command, next_command


def test_the_next_command_trains_as_it_was_tuned_but_for_what_was_found():
    args = argparse.Namespace(
        data="my shop", out="out", preset="tiny", config=["shop.yaml"])
    command = next_command(
        args, ["training.learning_rate=0.1", "training.epochs=2", "tuning.contexts=500"],
        "out/tuned.yaml", ["learning_rate", "batch_size"])
    # --set wins over files: the rate that was the first trial's would undo what was found.
    assert command == (
        "emporium run 'my shop' --out out --preset tiny --config shop.yaml --config out/tuned.yaml "
        "--set training.epochs=2")


def test_the_shortest_next_command():
    args = argparse.Namespace(data="shop", out="out", preset=None, config=[])
    assert next_command(args, [], "out/tuned.yaml", []) == (
        "emporium run shop --out out --config out/tuned.yaml")


@pytest.mark.parametrize(("limits", "more"), [
    (Tuning(minutes=1), "--minutes 10"),
    (Tuning(minutes=1_440), "--minutes 10080"),
    (Tuning(minutes=2.5, trials=1), "--minutes 25 --trials 10")])
def test_the_command_that_goes_on_keeps_what_a_trial_depends_on(limits, more):
    args = argparse.Namespace(data="my shop", out="out", preset="tiny", config=["shop.yaml"])
    given = ["training.epochs=2", "tuning.minutes=1", "tuning.contexts=500"]
    assert more_command(args, given, limits) == (
        "emporium tune 'my shop' --out out --preset tiny --config shop.yaml "
        f"--set training.epochs=2 --set tuning.contexts=500 {more}")
