"""DataGovernor, QualityGate and KeepProfile: the TFX components around governance."""

import logging
import os
from typing import Any, ClassVar

import orjson
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.component.experimental.annotations import InputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, component_spec, standard_artifacts

from pipeline.artifacts import DataReport, Decisions, KnowledgeGraph, Quarantine
from pipeline.governance.govern import Folders, govern_tables
from pipeline.governance.graph.build import run_graph
from pipeline.governance.graph.settings import GraphSettings
from pipeline.governance.profile import (
    STATISTICS,
    make_profile,
    read_all_statistics,
    write_schemas,
)
from pipeline.governance.quality import check_quality, describe_quality, measure_quality
from pipeline.governance.report import QUALITY, SCHEMAS, write_report
from pipeline.governance.settings import Governance
from pipeline.ingest.balance import read_balance

_LOG = logging.getLogger(__name__)


class Executor(base_beam_executor.BaseBeamExecutor):
    """Governs the tables and writes the report."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs governance; see `DataGovernor`."""
        settings = Governance.model_validate_json(exec_properties["config"])
        tables = artifact_utils.get_single_instance(input_dict["tables"])
        names = artifact_utils.decode_split_names(tables.split_names)
        governed = artifact_utils.get_single_instance(output_dict["governed"])
        governed.split_names = tables.split_names
        governed.span = tables.span
        examples_utils.set_payload_format(governed, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(governed, examples_utils.get_file_format(tables))
        decisions = artifact_utils.get_single_uri(output_dict["decisions"])
        folders = Folders(
            tables={name: artifact_utils.get_split_uri([tables], name) for name in names},
            governed={name: artifact_utils.get_split_uri([governed], name) for name in names},
            decisions=decisions, work=os.path.join(decisions, "work"))
        statistics = read_all_statistics({
            name: artifact_utils.get_split_uri(input_dict["statistics"], name) for name in names})
        previous = read_all_statistics({
            name: os.path.join(exec_properties["profile_dir"], name) for name in names})
        profile = make_profile(statistics, previous, settings.schemas, settings.max_drift)
        counts = govern_tables(self._make_beam_pipeline, folders, settings)
        run_graph(
            self._make_beam_pipeline(), folders.governed,
            artifact_utils.get_single_uri(output_dict["graph"]), GraphSettings())
        balance = read_balance(artifact_utils.get_single_uri(input_dict["quarantine"]))
        quality = measure_quality(balance, counts)
        report = artifact_utils.get_single_uri(output_dict["report"])
        write_report(quality, balance, profile, decisions, report, settings.min_quality)
        write_schemas(statistics, os.path.join(report, SCHEMAS))
        _LOG.info("%s", describe_quality(quality))


@component
def QualityGate(report: InputArtifact[DataReport]) -> None:
    """Reads `quality.json` and raises DatasetError where a table is worse than is allowed."""
    with fileio.open(os.path.join(report.uri, QUALITY), "rb") as stream:
        check_quality(orjson.loads(stream.read()))


@component
def KeepProfile(
    statistics: InputArtifact[standard_artifacts.ExampleStatistics],
    pushed: InputArtifact[standard_artifacts.PushedModel], profile_dir: Parameter[str],
) -> None:
    """Keeps the statistics of the data of a model that was pushed, for the next run to compare."""
    if not pushed.get_int_custom_property("pushed"):
        return
    for table in artifact_utils.decode_split_names(statistics.split_names):
        target = os.path.join(profile_dir, table)
        fileio.makedirs(target)
        incoming = os.path.join(target, f".incoming-{STATISTICS}")
        fileio.copy(
            os.path.join(artifact_utils.get_split_uri([statistics], table), STATISTICS), incoming,
            overwrite=True)
        fileio.rename(incoming, os.path.join(target, STATISTICS), overwrite=True)


class DataGovernorSpec(component_spec.ComponentSpec):
    """Channels and parameters of `DataGovernor`."""

    PARAMETERS: ClassVar = {
        "config": component_spec.ExecutionParameter(type=str),
        "profile_dir": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {
        "tables": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "quarantine": component_spec.ChannelParameter(type=Quarantine),
        "statistics": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics),
    }
    OUTPUTS: ClassVar = {
        "governed": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "decisions": component_spec.ChannelParameter(type=Decisions),
        "graph": component_spec.ChannelParameter(type=KnowledgeGraph),
        "report": component_spec.ChannelParameter(type=DataReport),
    }


class DataGovernor(base_beam_component.BaseBeamComponent):
    """Tables -> the same tables governed, the log of decisions, and a page about them.

    Outputs:
        governed: a split a table, as ingest writes them.
        decisions: the log, Parquet files of `pipeline.governance.decisions.SCHEMA`.
        graph: products, brands, categories, attributes and what goes together, as triples.
        report: `governance.html`, `quality.json` and `schema/TABLE.pbtxt`.
    """

    SPEC_CLASS = DataGovernorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self, tables: types.BaseChannel, quarantine: types.BaseChannel,
        statistics: types.BaseChannel, config: str, profile_dir: str,
    ) -> None:
        """Builds the component.

        Args:
            tables: the tables as ingested, one split each.
            quarantine: of ingest, with the balance of its rows.
            statistics: of the tables as ingested.
            config: the section `governance` as JSON.
            profile_dir: folder or URI in which `KeepProfile` keeps the statistics of the data of
                the live model.
        """
        super().__init__(DataGovernorSpec(
            tables=tables, quarantine=quarantine, statistics=statistics, config=config,
            profile_dir=profile_dir,
            governed=types.Channel(type=standard_artifacts.Examples),
            decisions=types.Channel(type=Decisions), graph=types.Channel(type=KnowledgeGraph),
            report=types.Channel(type=DataReport)))
