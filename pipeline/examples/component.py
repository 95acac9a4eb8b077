"""ExamplesJoin: the TFX component around the join.

A class rather than a decorated function: both the tables that come in and the examples that go
out are `examples` to the pipeline, and TFX wants the names of a component's channels to differ.
"""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, component_spec, standard_artifacts

from pipeline.artifacts import Contexts, Popularity, Sequences
from pipeline.config import Examples
from pipeline.examples.files import SPLITS, run_join

_LOG = logging.getLogger(__name__)


class Executor(base_beam_executor.BaseBeamExecutor):
    """Reads artifacts, runs the join, describes what was written."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs the join; see `ExamplesJoin`."""
        tables = artifact_utils.get_single_instance(input_dict["tables"])
        present = artifact_utils.decode_split_names(tables.split_names)
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
        examples.span = tables.span
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        counts = run_join(
            self._make_beam_pipeline(),
            {table: artifact_utils.get_split_uri([tables], table) for table in present},
            {split: artifact_utils.get_split_uri([examples], split) for split in SPLITS},
            artifact_utils.get_single_uri(output_dict["contexts"]),
            artifact_utils.get_single_uri(output_dict["popularity"]),
            artifact_utils.get_single_uri(output_dict["sequences"]),
            Examples.model_validate_json(exec_properties["config"]),
            exec_properties["seed"])
        for name, count in sorted(counts.items()):
            _LOG.info("examples %s: %d", name, count)


class ExamplesJoinSpec(component_spec.ComponentSpec):
    """Channels and parameters of `ExamplesJoin`."""

    PARAMETERS: ClassVar = {
        "config": component_spec.ExecutionParameter(type=str),
        "seed": component_spec.ExecutionParameter(type=int),
    }
    INPUTS: ClassVar = {"tables": component_spec.ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS: ClassVar = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "contexts": component_spec.ChannelParameter(type=Contexts),
        "popularity": component_spec.ChannelParameter(type=Popularity),
        "sequences": component_spec.ChannelParameter(type=Sequences),
    }


class ExamplesJoin(base_beam_component.BaseBeamComponent):
    """Tables -> training examples, validation contexts, popularity and sequences.

    Outputs:
        examples: splits train, eval and catalogue; features as `records.write_example` makes them.
        contexts: `contexts.jsonl.gz`.
        popularity: `popularity.json`.
        sequences: `sequences-*.jsonl.gz`.
    """

    SPEC_CLASS = ExamplesJoinSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(self, examples: types.BaseChannel, config: str, seed: int) -> None:
        """Builds the component.

        Args:
            examples: the tables, one split each.
            config: the section `examples` as JSON.
            seed: of every random choice.
        """
        super().__init__(ExamplesJoinSpec(
            tables=examples, config=config, seed=seed,
            examples=types.Channel(type=standard_artifacts.Examples),
            contexts=types.Channel(type=Contexts),
            popularity=types.Channel(type=Popularity),
            sequences=types.Channel(type=Sequences)))
