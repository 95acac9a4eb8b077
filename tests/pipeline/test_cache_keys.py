"""Whose outputs a changed file makes out of date, in the real pipeline."""

import pathlib
import shutil

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler
from tfx.orchestration.local import runner_utils

from pipeline import local_runner
from pipeline.config import load_config
from pipeline.pipeline import create_pipeline
from pipeline.running import fingerprint
from tests.conftest import ROOT


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A copy of the code, of which the fingerprints are taken."""
    for room in ("pipeline", "model"):
        shutil.copytree(ROOT / room, tmp_path / room)
    monkeypatch.setattr(
        fingerprint, "__file__", str(tmp_path / "pipeline" / "running" / "fingerprint.py"))
    fingerprint._source_of.cache_clear()
    yield tmp_path
    fingerprint._source_of.cache_clear()


def fingerprints(preset: str = "tiny", schemas: str = "") -> dict[str, str]:
    """Fingerprint of each component of the pipeline."""
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = "metadata.sqlite"
    pipeline = compiler.Compiler().compile(create_pipeline(
        name="emporium", root="out/pipeline", data="shop", tables={"products": "products*"},
        output_dir="out", config=load_config(None, [
            f"text.preset={preset}", *([f"governance.schemas={schemas}"] if schemas else [])]),
        beam_pipeline_args=[], metadata_connection_config=connection))
    deployment = runner_utils.extract_local_deployment_config(pipeline)
    found = {}
    for node in pipeline.nodes:
        name = node.pipeline_node.node_info.id
        found[name] = local_runner._node_fingerprint(
            node.pipeline_node, runner_utils.extract_executor_spec(deployment, name))
    return found


def touched(path: pathlib.Path, preset: str = "tiny", schemas: str = "") -> set[str]:
    """Components whose fingerprint a change of a file changes."""
    before = fingerprints(preset, schemas)
    path.write_bytes(path.read_bytes() + b"\n")
    after = fingerprints(preset, schemas)
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(("file", "components"), [
    ("pipeline/serving_validation/probe.py", {"RetrievalEvaluator", "ServingValidator"}),
    ("pipeline/serving_validation/cases.py", {"ServingValidator"}),
    ("pipeline/evaluation/templates/report.html.jinja", {"RetrievalEvaluator"}),
    ("pipeline/preprocessing.py", {"Transform"}),
    ("model/trainer.py", {"Trainer"}),
    ("pipeline/push.py", {"Pusher"}),
    ("pipeline/ingest/parsing.py", {"ShopExampleGen"}),
])
def test_changed_code_is_seen_by_who_runs_it(source, file, components):
    assert touched(source / file) == components


@pytest.mark.parametrize("file", ["model.safetensors", "vocab.txt"])
def test_a_checkpoint_with_new_contents_is_seen(tmp_path, file):
    for name in ("model.safetensors", "vocab.txt"):
        (tmp_path / name).write_text("old")
    assert touched(tmp_path / file, str(tmp_path)) == {"DataGovernor", "Transform", "Trainer"}


def test_a_preset_in_the_layout_of_keras_nlp_is_seen_whole(tmp_path):
    vocabulary = tmp_path / "assets" / "tokenizer" / "vocabulary.txt"
    vocabulary.parent.mkdir(parents=True)
    vocabulary.write_text("old")
    assert touched(vocabulary, str(tmp_path)) == {"DataGovernor", "Transform", "Trainer"}


def test_a_schema_that_a_person_edited_is_seen(tmp_path):
    (tmp_path / "products.pbtxt").write_text("")
    assert touched(tmp_path / "products.pbtxt", schemas=str(tmp_path)) == {"DataGovernor"}
