"""A pipeline of three small components, for the tests of what runs pipelines.

Run as a module it is killed: `python -m tests.pipeline.toy_pipeline FOLDER MOMENT...` forks a
process for each moment, which runs in FOLDER/MOMENT and sends itself SIGKILL at that moment:
"Double" is in the middle of Double, "before Double" and "after Double" say themselves. One process
for all, because the import of TFX takes ten seconds.
"""

# No `from __future__ import annotations`: TFX reads the annotations themselves.

import os
import pathlib
import signal
import sys

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Model

kill_in = ""


def _number(artifact: Model) -> int:
    return int(pathlib.Path(artifact.uri, "number").read_text())


def _write(artifact: Model, number: int, name: str) -> None:
    pathlib.Path(artifact.uri, "half").write_text("x")
    if kill_in == name:
        os.kill(os.getpid(), signal.SIGKILL)
    pathlib.Path(artifact.uri, "number").write_text(str(number))


@component
def One(model: OutputArtifact[Model], add: Parameter[int]) -> None:
    _write(model, 1 + add, "One")


@component
def Double(given: InputArtifact[Model], model: OutputArtifact[Model]) -> None:
    if _number(given) < 0:
        raise ValueError(f"expected a number of at least 0, received {_number(given)}")
    _write(model, 2 * _number(given), "Double")


@component
def Square(given: InputArtifact[Model], model: OutputArtifact[Model]) -> None:
    _write(model, _number(given) ** 2, "Square")


def toy_pipeline(folder: pathlib.Path, add: int = 2) -> Pipeline:
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(folder / "metadata.sqlite")
    connection.sqlite.connection_mode = 3  # READWRITE_OPENCREATE
    one = One(add=add)
    double = Double(given=one.outputs["model"])
    square = Square(given=double.outputs["model"])
    return Pipeline(
        pipeline_name="toy", pipeline_root=str(folder / "pipeline"), enable_cache=True,
        components=[one, double, square], metadata_connection_config=connection)


def run_until(folder: pathlib.Path, moment: str) -> None:
    from pipeline.local_runner import ProgressRunner

    global kill_in
    kill_in = moment
    folder.mkdir(parents=True)

    def die_at(reached: str) -> None:
        if reached == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    ProgressRunner(
        lambda node, *_: die_at(f"before {node}"), lambda result: die_at(f"after {result.node}"),
    ).run(toy_pipeline(folder))


def main(folder: pathlib.Path, moments: list[str]) -> None:
    import pipeline.local_runner  # noqa: F401  Once, before the forks.

    for moment in moments:
        child = os.fork()
        if child == 0:
            run_until(folder / moment, moment)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"{moment} was never reached"


if __name__ == "__main__":
    import tests.pipeline.toy_pipeline as module  # The one that TFX imports by name.

    module.main(pathlib.Path(sys.argv[1]), sys.argv[2:])
