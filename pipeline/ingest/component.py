"""ShopExampleGen: a shop's tables as TFX Examples, a split a table."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.components.example_gen import component, write_split
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.utils import proto_utils

from pipeline import artifacts
from pipeline.config import Ingest
from pipeline.ingest.balance import check_balance, format_balance, read_balance, write_balance
from pipeline.ingest.driver import ShopDriver
from pipeline.ingest.files import list_table
from pipeline.ingest.location import split_location
from pipeline.ingest.privacy import Privacy
from pipeline.ingest.records import WriteFramedRecords
from pipeline.ingest.transforms import IngestTables
from pipeline.ingest.usage import describe_usage

_LOG = logging.getLogger(__name__)

CONFIG_KEY = "config"
QUARANTINE_KEY = "quarantine"
USER_KEY_KEY = "user_key_fingerprint"

_SPEC = standard_component_specs.FileBasedExampleGenSpec


class Executor(base_beam_executor.BaseBeamExecutor):
    """Reads the tables with Beam, then judges and logs the balance of their rows."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes `examples` (a split a table) and `quarantine` (rows and balance.json).

        Raises:
            DatasetError: the data cannot be used; nothing is published.
            ConfigError: the key of user ids is not the one that the pipeline was made with.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        config = Ingest.model_validate_json(exec_properties[CONFIG_KEY])
        privacy = Privacy.of(config, exec_properties.get(USER_KEY_KEY) or "")
        privacy.protection()  # Before Beam starts, a wrong key is told in a word.
        base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
        inputs = example_gen_pb2.Input()
        proto_utils.json_to_proto(
            exec_properties[standard_component_specs.INPUT_CONFIG_KEY], inputs)
        tables = {split.name: split.pattern for split in inputs.splits}
        files = [
            file for table, pattern in tables.items() for file in list_table(base, table, pattern)]
        examples = output_dict[standard_component_specs.EXAMPLES_KEY]
        quarantine = artifact_utils.get_single_uri(output_dict[QUARANTINE_KEY])
        _describe_examples(artifact_utils.get_single_instance(examples), list(tables))

        with self._make_beam_pipeline() as pipeline:
            ingested = pipeline | "Ingest" >> IngestTables(
                files, config.max_text_chars, time.time(), privacy)
            for table, rows in ingested.examples.items():
                rows | f"WriteExamples[{table}]" >> WriteFramedRecords(
                    artifact_utils.get_split_uri(examples, table))
            ingested.quarantine | "WriteQuarantine" >> beam.io.WriteToText(
                os.path.join(quarantine, "quarantine"), file_name_suffix=".jsonl.gz")
            ingested.balance | "WriteBalance" >> beam.Map(write_balance, quarantine)

        balance = read_balance(quarantine)
        check_balance(balance, config.max_quarantine_fraction)
        _LOG.info("%s", "\n".join([format_balance(balance), *describe_usage(balance)]))
        if not config.mask_personal_data:
            _LOG.warning("personal data in texts is not masked: ingest.mask_personal_data is off")


class ShopExampleGenSpec(types.ComponentSpec):
    """The parameters of TFX's file-based ExampleGens, and ours."""

    PARAMETERS = {
        **_SPEC.PARAMETERS, CONFIG_KEY: ExecutionParameter(type=str),
        USER_KEY_KEY: ExecutionParameter(type=str)}
    INPUTS = _SPEC.INPUTS
    OUTPUTS = {
        **_SPEC.OUTPUTS, QUARANTINE_KEY: ChannelParameter(type=artifacts.Quarantine)}


class ShopExampleGen(component.FileBasedExampleGen):
    """Ingests a shop's tables; a run on unchanged files is cached, spans work as TFX's do.

    Outputs `examples`, with a split for each table, and `quarantine`: the rows that could not be
    used, as `quarantine-*.jsonl.gz`, and the balance of rows, `balance.json`.
    """

    SPEC_CLASS = ShopExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
    DRIVER_CLASS = ShopDriver

    def __init__(
        self, input_base: str, tables: Mapping[str, str], config: str, user_key: str = "",
    ) -> None:
        """Names what is read, and how.

        Args:
            input_base: folder or URI of the tables, perhaps with TFX's span placeholders.
            tables: file pattern of each table, relative to `input_base`, as `discover_tables`
                returns them.
            config: `pipeline.config.Ingest` as JSON.
            user_key: fingerprint of the key of user ids, by which a changed key is seen; "" where
                there is none. The key itself is read where the tables are.
        """
        location = split_location(input_base)
        spec = ShopExampleGenSpec(
            input_base=location.base,
            input_config=example_gen_pb2.Input(splits=[
                example_gen_pb2.Input.Split(name=table, pattern=location.prefix + pattern)
                for table, pattern in tables.items()]),
            output_config=example_gen_pb2.Output(),
            output_data_format=example_gen_pb2.FORMAT_TF_EXAMPLE,
            output_file_format=example_gen_pb2.FORMAT_TFRECORDS_GZIP,
            config=config, user_key_fingerprint=user_key,
            examples=types.Channel(type=standard_artifacts.Examples),
            quarantine=types.Channel(type=artifacts.Quarantine))
        # The parent's constructor would build TFX's spec, which has no place for ours.
        base_beam_component.BaseBeamComponent.__init__(self, spec=spec)


def _describe_examples(examples: types.Artifact, splits: list[str]) -> None:
    """Tells downstream components what the files hold."""
    examples.split_names = artifact_utils.encode_split_names(splits)
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(examples, write_split.to_file_format_str(
        example_gen_pb2.FORMAT_TFRECORDS_GZIP))
