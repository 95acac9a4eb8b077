import argparse

from pipeline.cli.tune import next_command


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
