import pathlib

import pytest
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts
from tfx.utils import path_utils, proto_utils

from pipeline.push import Executor


@pytest.fixture
def model(tmp_path):
    artifact = standard_artifacts.Model()
    artifact.uri = str(tmp_path / "model")
    saved = pathlib.Path(path_utils.serving_model_path(artifact.uri))
    saved.mkdir(parents=True)
    (saved / "saved_model.pb").write_text("graph")
    return artifact


def blessing(kind, blessed: int):
    artifact = kind()
    artifact.set_int_custom_property("blessed", blessed)
    if kind is standard_artifacts.InfraBlessing:
        artifact.set_string_custom_property(
            "blessing_status", "INFRA_BLESSED" if blessed else "INFRA_NOT_BLESSED")
    return artifact


def push(model, tmp_path, *, blessed: int = 1, infra: int = 1):
    pushed = standard_artifacts.PushedModel()
    pushed.uri = str(tmp_path / "pushed")
    destination = pusher_pb2.PushDestination(
        filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(tmp_path / "serving")))
    Executor().Do(
        {"model": [model],
         "model_blessing": [blessing(standard_artifacts.ModelBlessing, blessed)],
         "infra_blessing": [blessing(standard_artifacts.InfraBlessing, infra)]},
        {"pushed_model": [pushed]},
        {"push_destination": proto_utils.proto_to_json(destination)})
    return pushed


def test_a_blessed_model_appears_and_the_artifact_says_where(model, tmp_path):
    pushed = push(model, tmp_path)
    [version] = (tmp_path / "serving").iterdir()
    assert (version / "saved_model.pb").read_text() == "graph"
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_version") == version.name
    assert pushed.get_string_custom_property("pushed_destination") == str(version)


@pytest.mark.parametrize(("blessed", "infra"), [(0, 1), (1, 0)])
def test_a_model_that_either_gate_refused_is_not_pushed(model, tmp_path, blessed, infra):
    pushed = push(model, tmp_path, blessed=blessed, infra=infra)
    assert pushed.get_int_custom_property("pushed") == 0
    assert not (tmp_path / "serving").exists()
