"""The curated schemas of `pipeline/schemas`, as TFX's ImportSchemaGen reads them.

A schema is named, not given by path: the path of an installed package differs between a laptop
and an image, and would tie a compiled pipeline, and the cache, to the machine it was made on.
"""

from __future__ import annotations

import pathlib
from typing import Any

from tfx import types
from tfx.components.schema_gen.import_schema_gen import executor as import_executor
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base import executor_spec
from tfx.types import standard_component_specs

SCHEMA_DIR = pathlib.Path(__file__).parent / "schemas"


class Executor(import_executor.Executor):
    """Imports a schema by its file name in `pipeline/schemas`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Imports the schema; see ImportSchemaGen."""
        name = exec_properties[standard_component_specs.SCHEMA_FILE_KEY]
        super().Do(
            input_dict, output_dict,
            {standard_component_specs.SCHEMA_FILE_KEY: str(SCHEMA_DIR / name)})


class CuratedSchema(ImportSchemaGen):
    """ImportSchemaGen of `pipeline/schemas/<schema_name>.pbtxt`."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, schema_name: str) -> None:
        """Names the schema: a table's, or `training` for the joined examples."""
        super().__init__(schema_file=f"{schema_name}.pbtxt")
