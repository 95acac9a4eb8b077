"""Runs the pipeline on this machine: TFX's LocalDagRunner, with progress and a cache to trust."""

from __future__ import annotations

import dataclasses
import datetime
import json
import logging
import pathlib
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from google.protobuf import json_format, message
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.compiler import constants
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2
from tfx.types import artifact_utils

from model.presets import checkpoint_files
from model.settings import Text
from pipeline.config import Config, user_key_fingerprint
from pipeline.pipeline import JUDGES, create_pipeline
from pipeline.running.fingerprint import code_fingerprint
from pipeline.running.folder import RunFolder
from pipeline.running.preflight import check_settings
from pipeline.running.recovery import FINISHED, recover
from pipeline.schema_import import SCHEMA_DIR
from pipeline.versions import live_version

# Beam's defaults: the direct runner, one worker in this process; at the sizes that one machine
# holds, more cost more to start than they win. Given any flag, TFX packs itself into an archive
# before each component, for workers elsewhere: two seconds each.
BEAM_ARGS: tuple[str, ...] = ()

_log = logging.getLogger("emporium.runner")


@dataclasses.dataclass(frozen=True)
class ComponentRun:
    """What came of one component.

    Attributes:
        node: the component's id.
        seconds: that it took.
        cached: whether an earlier run's outputs were kept.
        outputs: artifacts of each output.
    """

    node: str
    seconds: float
    cached: bool
    outputs: Mapping[str, list[types.Artifact]]


class ComponentError(Exception):
    """A component failed; the cause is the error that it raised."""

    def __init__(self, node: str) -> None:
        super().__init__(f"component {node} failed")
        self.node = node


class ProgressRunner(LocalDagRunner):
    """LocalDagRunner that reports each component, and whose cache sees changed code."""

    def __init__(
        self,
        on_start: Callable[[str, int, int], None],
        on_end: Callable[[ComponentRun], None],
        uncached: Collection[str] = (),
    ) -> None:
        """Creates a runner.

        Args:
            on_start: called with a component's id, its number from 1 and how many there are.
            on_end: called with what came of it.
            uncached: components that run even where the cache has their outputs.
        """
        super().__init__()
        self._on_start = on_start
        self._on_end = on_end
        self._uncached = uncached

    def run_with_ir(
        self, pipeline: pipeline_pb2.Pipeline, run_options: pipeline_pb2.RunOptions | None = None
    ) -> None:
        """Runs the components one by one, in topological order.

        Raises:
            ComponentError: a component failed; those before it stay finished.
            ValueError: `run_options` were given: a rerun skips what is unchanged anyway.
        """
        if run_options is not None:
            raise ValueError("run_options should be None: partial runs are not supported")
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline,
            {constants.PIPELINE_RUN_ID_PARAMETER_NAME: datetime.datetime.now().isoformat()})
        for number, node in enumerate(pipeline.nodes, start=1):
            name = node.pipeline_node.node_info.id
            self._on_start(name, number, len(pipeline.nodes))
            try:
                self._on_end(self._launch(pipeline, node.pipeline_node))
            except Exception as error:
                raise ComponentError(name) from error

    def _launch(
        self, pipeline: pipeline_pb2.Pipeline, node: pipeline_pb2.PipelineNode
    ) -> ComponentRun:
        name = node.node_info.id
        deployment = runner_utils.extract_local_deployment_config(pipeline)
        connection = metadata.Metadata(getattr(
            deployment.metadata_connection_config,
            deployment.metadata_connection_config.WhichOneof("connection_config")))
        executor_spec = runner_utils.extract_executor_spec(deployment, name)
        # The id of the pipeline is part of the cache key and, here, of nothing else.
        info = pipeline_pb2.PipelineInfo()
        info.id = f"{pipeline.pipeline_info.id}-{_node_fingerprint(node, executor_spec)}"
        if name in self._uncached:
            node.execution_options.caching_options.enable_cache = False
        started = time.monotonic()
        execution = launcher.Launcher(
            pipeline_node=node, mlmd_connection=connection, pipeline_info=info,
            pipeline_runtime_spec=pipeline.runtime_spec, executor_spec=executor_spec,
            custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, name),
        ).launch()
        seconds = time.monotonic() - started
        with connection as handle:
            cached, outputs = _result(handle, execution.execution_id)
        return ComponentRun(name, seconds, cached, outputs)


def run(
    *,
    data: str,
    folder: RunFolder,
    tables: Mapping[str, str],
    config: Config,
    on_start: Callable[[str, int, int], None],
    on_end: Callable[[ComponentRun], None],
) -> dict[str, ComponentRun]:
    """Runs the pipeline; the caller holds the folder's lock.

    Args:
        data: folder or URI of the shop's tables.
        folder: where everything is written.
        tables: file pattern of each table that is present, relative to `data`.
        config: every setting.
        on_start: see `ProgressRunner`.
        on_end: see `ProgressRunner`.

    Returns:
        What came of each component, by its id.

    Raises:
        ComponentError: a component failed.
        StrategyError: and other errors of `check_settings`, before any component runs.
    """
    arguments = pipeline_arguments(data, folder, tables, config)
    results: dict[str, ComponentRun] = {}

    def keep(result: ComponentRun) -> None:
        results[result.node] = result
        on_end(result)

    def run_all(uncached: Collection[str]) -> None:
        ProgressRunner(on_start, keep, uncached).run(create_pipeline(**arguments))

    run_all(uncached=())
    if not _decision_stands(results, live_version(str(folder.serving))):
        _log.info("another version is live than when this model was judged: judging it again")
        run_all(uncached=JUDGES)
    return results


def pipeline_arguments(
    data: str, folder: RunFolder, tables: Mapping[str, str], config: Config,
) -> dict[str, Any]:
    """Checks the settings, clears away what a killed run left, and says what a pipeline is made of.

    Returns:
        The arguments of `create_pipeline` and `create_tuning_pipeline` alike.
    """
    check_settings(config)
    recover(folder.metadata, folder.artifacts)
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(folder.metadata)
    connection.sqlite.connection_mode = (
        metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE)
    return {
        "name": "emporium", "root": str(folder.artifacts), "data": data, "tables": tables,
        "output_dir": str(folder.root), "config": config, "beam_pipeline_args": BEAM_ARGS,
        "metadata_connection_config": connection, "user_key": user_key_fingerprint()}


def _decision_stands(results: Mapping[str, ComponentRun], live: int | None) -> bool:
    """Whether a decision that came from the cache was about what is live now.

    What is live is no input of the evaluator, so that a second run is answered from the cache;
    the price is this look at whether somebody removed a version or pushed another since.
    """
    if not results["RetrievalEvaluator"].cached:
        return True
    [pushed] = results["Pusher"].outputs["pushed_model"]
    if pushed.get_int_custom_property("pushed"):
        return pushed.get_string_custom_property("pushed_version") == str(live)
    [evaluation] = results["RetrievalEvaluator"].outputs["evaluation"]
    metrics = json.loads(pathlib.Path(evaluation.uri, "metrics.json").read_text(encoding="utf-8"))
    return bool(metrics["live_version"] == live)


def _node_fingerprint(node: pipeline_pb2.PipelineNode, executor_spec: message.Message) -> str:
    spec = json_format.MessageToDict(executor_spec)
    executor = spec.get("pythonExecutorSpec", spec)["classPath"]
    parameters = {
        name: value.field_value.string_value
        for name, value in node.parameters.parameters.items()
    }
    functions = ("run_fn", "tuner_fn", "preprocessing_fn")
    names = [executor, *(parameters[name] for name in functions if name in parameters)]
    files: list[pathlib.Path] = []
    if "schema_file" in parameters:
        files.append(SCHEMA_DIR / parameters["schema_file"])
    settings = json.loads(parameters.get("custom_config", "null")) or {}
    if "text" in settings:
        files += checkpoint_files(Text.model_validate_json(settings["text"]).preset)
    if "preset" in parameters:
        files += checkpoint_files(parameters["preset"])
    edited = json.loads(parameters.get("config", "{}")).get("schemas")
    if edited:
        files += pathlib.Path(edited).glob("*.pbtxt")
    return code_fingerprint(names, files)


def _result(
    handle: metadata.Metadata, execution_id: int
) -> tuple[bool, dict[str, list[types.Artifact]]]:
    """Whether an execution was answered from the cache, and its output artifacts."""
    [execution] = handle.store.get_executions_by_id([execution_id])
    state = execution.last_known_state
    if state not in FINISHED:
        raise RuntimeError(
            f"execution {execution_id} ended in state "
            f"{metadata_store_pb2.Execution.State.Name(state)}, not COMPLETE: its inputs could "
            "not be resolved; the log says why")
    events = [
        event for event in handle.store.get_events_by_execution_ids([execution_id])
        if event.type == metadata_store_pb2.Event.OUTPUT]
    artifacts = handle.store.get_artifacts_by_id([event.artifact_id for event in events])
    kinds = {kind.id: kind for kind in handle.store.get_artifact_types_by_id(
        list({artifact.type_id for artifact in artifacts}))}
    by_id = {artifact.id: artifact for artifact in artifacts}
    outputs: dict[str, list[types.Artifact]] = {}
    for event in events:
        proto = by_id[event.artifact_id]
        outputs.setdefault(event.path.steps[0].key, []).append(
            artifact_utils.deserialize_artifact(kinds[proto.type_id], proto))
    return state == metadata_store_pb2.Execution.CACHED, outputs
