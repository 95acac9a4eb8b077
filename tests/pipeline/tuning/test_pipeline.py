"""The tuning pipeline beside that of a run: what both share, and what TFX's Tuner is told."""

import json

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler

from model.settings import Tuning
from pipeline.config import load_config
from pipeline.pipeline import create_pipeline, create_tuning_pipeline


@pytest.fixture(scope="module")
def nodes():
    """Nodes of each pipeline by their ids."""
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = "metadata.sqlite"

    def compiled(create):
        pipeline = compiler.Compiler().compile(create(
            name="emporium", root="out/pipeline", data="shop",
            tables={"products": "products*", "events": "events*"}, output_dir="out",
            config=load_config(None, ["tuning.minutes=5"]), beam_pipeline_args=[],
            metadata_connection_config=connection))
        return {node.pipeline_node.node_info.id: node.pipeline_node for node in pipeline.nodes}

    return compiled(create_pipeline), compiled(create_tuning_pipeline)


def test_what_comes_before_the_trials_is_a_runs_and_shares_its_cache(nodes):
    run, tuning = nodes
    shared = set(tuning) - {"Tuner"}
    assert {"ShopExampleGen", "AnomalyGate-events", "ExamplesJoin", "Transform"} <= shared
    for name in shared:
        # TFX's key of the cache is made of these.
        assert tuning[name].node_info == run[name].node_info
        assert tuning[name].inputs == run[name].inputs
        assert tuning[name].parameters == run[name].parameters


def test_the_tuner_reads_what_the_trainer_reads_and_its_limits(nodes):
    run, tuning = nodes

    def told(node):
        return json.loads(node.parameters.parameters["custom_config"].field_value.string_value)

    tuner, trainer = told(tuning["Tuner"]), told(run["Trainer"])
    assert all(tuner[name] == trainer[name] for name in ("text", "training", "seed"))
    assert Tuning.model_validate_json(tuner["tuning"]).minutes == 5
    assert tuner["trials_dir"] == "out/tuning"
    assert tuner["tensorboard_dir"] == "out/tensorboard/tuning"
