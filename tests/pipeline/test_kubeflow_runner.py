"""The compiled Kubeflow spec, loaded back and checked component by component."""

import json
import pathlib
import subprocess
import sys

import pytest
import yaml
from google.protobuf import json_format
from kfp import components
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.utils import import_utils

from pipeline.config import Config, ConfigError
from pipeline.kubeflow_runner import compile_pipeline, named_tables
from tests.conftest import ROOT

IMAGE = "registry.example.org/emporium:0.1.0"
TABLES = {"products": "products*", "events": "events*.csv.gz"}
BEAM_ARGS = ("--runner=DataflowRunner", "--region=europe-west4")
CONFIG = Config.model_validate({"seed": 7, "text": {"preset": "tiny"}})

PRODUCERS = {
    "ShopExampleGen": {},
    "StatisticsGen": {"examples": "ShopExampleGen.examples"},
    "DataGovernor": {
        "tables": "ShopExampleGen.examples", "quarantine": "ShopExampleGen.quarantine",
        "statistics": "StatisticsGen.statistics"},
    "QualityGate": {"report": "DataGovernor.report"},
    "ExamplesJoin": {"tables": "DataGovernor.governed"},
    "ImportSchemaGen-training": {},
    "Transform": {
        "examples": "ExamplesJoin.examples", "schema": "ImportSchemaGen-training.schema"},
    "Trainer": {
        "examples": "Transform.transformed_examples",
        "transform_graph": "Transform.transform_graph"},
    "IndexBuilder": {
        "towers": "Trainer.model", "transformed_examples": "Transform.transformed_examples",
        "transform_graph": "Transform.transform_graph", "examples": "ExamplesJoin.examples",
        "popularity": "ExamplesJoin.popularity", "contexts": "ExamplesJoin.contexts",
        "sequences": "ExamplesJoin.sequences", "decisions": "DataGovernor.decisions"},
    "RetrievalEvaluator": {
        "model": "IndexBuilder.model", "contexts": "ExamplesJoin.contexts",
        "popularity": "ExamplesJoin.popularity", "examples": "ExamplesJoin.examples"},
    "ServingValidator": {
        "model": "IndexBuilder.model", "contexts": "ExamplesJoin.contexts",
        "examples": "ExamplesJoin.examples"},
    "Pusher": {
        "model": "IndexBuilder.model", "model_blessing": "RetrievalEvaluator.blessing",
        "infra_blessing": "ServingValidator.blessing"},
    "KeepProfile": {"statistics": "StatisticsGen.statistics", "pushed": "Pusher.pushed_model"},
} | {
    f"{kind}-{table}": inputs
    for table in TABLES
    for kind, inputs in {
        "ImportSchemaGen": {},
        "ExampleValidator": {
            "statistics": "StatisticsGen.statistics", "schema": f"ImportSchemaGen-{table}.schema"},
        "AnomalyGate": {"anomalies": f"ExampleValidator-{table}.anomalies"},
    }.items()
}
"""Every task of the pipeline, and which output each of its inputs is."""

EXECUTORS = {
    "ShopExampleGen": "pipeline.ingest.component.Executor",
    "StatisticsGen": "tfx.components.statistics_gen.executor.Executor",
    "ImportSchemaGen": "pipeline.schema_import.Executor",
    "ExampleValidator": "tfx.components.example_validator.executor.Executor",
    "AnomalyGate": "pipeline.ingest.gate.AnomalyGate_Executor",
    "DataGovernor": "pipeline.governance.component.Executor",
    "QualityGate": "pipeline.governance.component.QualityGate_Executor",
    "ExamplesJoin": "pipeline.examples.component.Executor",
    "Transform": "tfx.components.transform.executor.Executor",
    "Trainer": "tfx.components.trainer.executor.GenericExecutor",
    "IndexBuilder": "pipeline.indexing.component.Executor",
    "RetrievalEvaluator": "pipeline.evaluation.component.RetrievalEvaluator_Executor",
    "ServingValidator": "pipeline.serving_validation.component.ServingValidator_Executor",
    "Pusher": "pipeline.push.Executor",
    "KeepProfile": "pipeline.governance.component.KeepProfile_Executor",
}


def compiled(folder: pathlib.Path, name: str) -> dict:
    output = folder / name
    compile_pipeline(
        data_uri="gs://bucket/shop", tables=TABLES, root="gs://bucket/out/", image=IMAGE,
        output=output, config=CONFIG, beam_pipeline_args=BEAM_ARGS)
    return yaml.safe_load(output.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> dict:
    return compiled(tmp_path_factory.mktemp("kubeflow"), "pipeline.yaml")


@pytest.fixture(scope="module")
def tasks(spec) -> dict:
    return spec["root"]["dag"]["tasks"]


def parameters(tasks: dict, task: str) -> dict:
    return {
        name: value["runtimeValue"]["constant"]
        for name, value in tasks[task]["inputs"]["parameters"].items()}


def test_kubeflow_reads_the_spec(spec):
    components.load_component_from_text(yaml.safe_dump(spec))
    read = json_format.ParseDict(
        {key: value for key, value in spec.items() if key != "defaultPipelineRoot"},
        pipeline_spec_pb2.PipelineSpec())
    assert read.pipeline_info.name == "emporium"
    assert read.schema_version == "2.1.0"
    assert spec["defaultPipelineRoot"] == "gs://bucket/out/pipeline"


def test_tasks_are_all_there(tasks):
    assert set(tasks) == set(PRODUCERS)


@pytest.mark.parametrize("task", PRODUCERS)
def test_a_task_gets_its_inputs_from_who_makes_them(spec, tasks, task):
    inputs = tasks[task].get("inputs", {}).get("artifacts", {})
    sources = {name: value["taskOutputArtifact"] for name, value in inputs.items()}
    assert {
        name: f"{source['producerTask']}.{source['outputArtifactKey']}"
        for name, source in sources.items()} == PRODUCERS[task]
    defined = spec["components"][task].get("inputDefinitions", {}).get("artifacts", {})
    assert set(defined) == set(inputs)
    for name, source in sources.items():
        made = spec["components"][source["producerTask"]]["outputDefinitions"]["artifacts"]
        assert defined[name]["artifactType"] == made[source["outputArtifactKey"]]["artifactType"]
    after = {source["producerTask"] for source in sources.values()}
    assert after <= set(tasks[task].get("dependentTasks", ()))


@pytest.mark.parametrize("task", PRODUCERS)
def test_a_task_runs_code_of_the_image(spec, task):
    label = spec["components"][task]["executorLabel"]
    container = spec["deploymentSpec"]["executors"][label]["container"]
    assert container["image"] == IMAGE
    assert container["command"] == [
        "python", "-m", "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"]
    flag, path, *_ = container["args"]
    assert (flag, path) == ("--executor_class_path", EXECUTORS[task.partition("-")[0]])
    assert callable(import_utils.import_class_by_path(path).Do)
    assert container["args"][-2:] == list(BEAM_ARGS)


def test_data_that_is_wrong_stops_what_follows(tasks):
    gates = {f"AnomalyGate-{table}" for table in TABLES}
    assert gates <= set(tasks["DataGovernor"]["dependentTasks"])
    assert "QualityGate" in tasks["ExamplesJoin"]["dependentTasks"]


def test_each_component_receives_its_section(tasks):
    ingest = parameters(tasks, "ShopExampleGen")
    assert ingest["input_base"] == "gs://bucket/shop"
    assert json.loads(ingest["input_config"])["splits"] == [
        {"name": name, "pattern": pattern} for name, pattern in TABLES.items()]
    trainer = json.loads(parameters(tasks, "Trainer")["custom_config"])
    assert json.loads(trainer["text"]) == CONFIG.text.model_dump()
    assert json.loads(trainer["training"]) == CONFIG.training.model_dump()
    assert trainer["seed"] == 7
    assert trainer["tensorboard_dir"] == "gs://bucket/out/tensorboard"
    index = parameters(tasks, "IndexBuilder")
    assert json.loads(index["config"]) == CONFIG.index.model_dump(mode="json")
    assert json.loads(index["serving"]) == CONFIG.serving.model_dump()
    judge = parameters(tasks, "RetrievalEvaluator")
    assert json.loads(judge["config"]) == CONFIG.model_dump(mode="json"), "all, for the report"
    assert judge["live_dir"] == "gs://bucket/out/serving"
    pushed = json.loads(parameters(tasks, "Pusher")["push_destination"])
    assert pushed == {"filesystem": {"base_directory": "gs://bucket/out/serving"}}


def test_what_is_live_is_looked_at_in_every_run(tasks):
    uncached = {
        name for name, task in tasks.items()
        if not task.get("cachingOptions", {}).get("enableCache")}
    assert uncached == {"RetrievalEvaluator", "Pusher"}


def test_nothing_of_this_machine_goes_into_it(spec):
    text = json.dumps(spec)
    assert str(ROOT) not in text
    assert sys.prefix not in text
    assert "/tmp/" not in text


def test_vertex_gets_a_job(spec, tmp_path):
    job = compiled(tmp_path, "pipeline.json")
    assert job["pipelineSpec"]["root"]["dag"]["tasks"].keys() == spec["root"]["dag"]["tasks"].keys()
    assert job["runtimeConfig"]["gcsOutputDirectory"] == "gs://bucket/out/pipeline"


def test_a_step_runs_as_its_container_would(spec, tmp_path):
    # The spec's own command and arguments, given what Kubeflow's launcher puts for {{$}}.
    (tmp_path / "products.csv").write_text("product_id,title\nP1,Oak desk\nP2,Brass lamp\n")
    container = spec["deploymentSpec"]["executors"]["ShopExampleGen_executor"]["container"]
    constants = parameters(spec["root"]["dag"]["tasks"], "ShopExampleGen") | {
        "input_base": str(tmp_path),
        "input_config": json.dumps({"splits": [{"name": "products", "pattern": "products*"}]})}
    outputs = {
        name: {"artifacts": [{
            "name": name, "uri": str(tmp_path / name), "type": definition["artifactType"],
        }]}
        for name, definition in
        spec["components"]["ShopExampleGen"]["outputDefinitions"]["artifacts"].items()}
    invocation = json.dumps({
        "inputs": {"parameterValues": constants},
        "outputs": {"artifacts": outputs, "outputFile": str(tmp_path / "task" / "output.json")}})
    arguments = [
        invocation if argument == "{{$}}" else argument
        for argument in container["args"] if argument not in BEAM_ARGS]
    _, *command = container["command"]
    done = subprocess.run(
        [sys.executable, *command, *arguments], capture_output=True, text=True, check=False,
        cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    balance = json.loads((tmp_path / "quarantine" / "balance.json").read_text())
    assert balance["products"]["kept"] == 2
    assert list((tmp_path / "examples" / "Split-products").iterdir())


@pytest.mark.parametrize(("text", "expected"), [
    ("products", {"products": "products*"}),
    ("events=log/*.csv, products", {"products": "products*", "events": "log/*.csv"}),
])
def test_tables_are_named(text, expected):
    assert named_tables(text) == expected
    assert list(named_tables(text)) == list(expected)


@pytest.mark.parametrize(("text", "said"), [
    ("events", "products are needed"),
    ("products,orders", "received 'orders'"),
    ("products,products=p.csv", "products is named twice"),
])
def test_wrong_names_of_tables_are_explained(text, said):
    with pytest.raises(ConfigError, match=said):
        named_tables(text)


@pytest.mark.parametrize(("change", "said"), [
    ({"data_uri": "shop"}, "DATA_URI should be a URI"),
    ({"root": "/out"}, "--root should be a URI that the cluster reaches"),
    ({"root": "s3://b/out"}, r"--root should be a URI that TensorFlow can write to \(.*\bgs\b.*\), "
     r"received 's3://b/out'; give .* --root gs://bucket/folder"),
    ({"root": "hdfs://name/out"}, "received 'hdfs://name/out'"),
    ({"output": pathlib.Path("pipeline.txt")}, "should end in .yaml"),
])
def test_what_the_cluster_cannot_use_is_refused(tmp_path, change, said):
    arguments = {
        "data_uri": "gs://b/shop", "tables": TABLES, "root": "gs://b/out", "image": IMAGE,
        "output": tmp_path / "pipeline.yaml", "config": CONFIG} | change
    with pytest.raises(ConfigError, match=said):
        compile_pipeline(**arguments)
    assert not (tmp_path / "pipeline.yaml").exists()
