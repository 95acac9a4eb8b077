"""Compiles the same pipeline to a KFP v2 spec, for Kubeflow Pipelines or Vertex AI."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
import yaml
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)

from pipeline.config import Config, ConfigError, user_key_fingerprint
from pipeline.ingest.contract import TABLES
from pipeline.pipeline import JUDGES, create_pipeline
from pipeline.running.reports import replace_file

_SUFFIXES = (".yaml", ".yml", ".json")


def named_tables(text: str) -> dict[str, str]:
    """Reads `--tables`: names of tables, or name=pattern, between commas.

    Returns:
        The file pattern of each table, in the contract's order; `NAME*` where none is given,
        which finds a file and shards but not a folder.

    Raises:
        ConfigError: a name is unknown or given twice, or products are missing.
    """
    known = ", ".join(TABLES)
    tables: dict[str, str] = {}
    for entry in text.split(","):
        name, _, pattern = (part.strip() for part in entry.partition("="))
        if name not in TABLES:
            raise ConfigError(f"--tables: expected names among {known}, received {name!r}")
        if name in tables:
            raise ConfigError(f"--tables: {name} is named twice in {text!r}")
        tables[name] = pattern or f"{name}*"
    if "products" not in tables:
        raise ConfigError(f"--tables: products are needed, received {text!r}")
    return {name: tables[name] for name in TABLES if name in tables}


def compile_pipeline(
    *,
    data_uri: str,
    tables: Mapping[str, str],
    root: str,
    image: str,
    output: pathlib.Path,
    config: Config,
    beam_pipeline_args: Sequence[str] = ("--runner=DirectRunner",),
) -> None:
    """Writes the pipeline as a KFP v2 spec: a PipelineSpec as YAML, a PipelineJob as JSON.

    Args:
        data_uri: folder of the shop's tables, a URI that the cluster can read.
        tables: file pattern of each table that is present, relative to `data_uri`.
        root: URI of a folder for the components' outputs and for `serving/` and `tensorboard/`.
        image: container image in which Emporium is installed.
        output: file to write; `.yaml`, `.yml` or `.json`.
        config: every setting.
        beam_pipeline_args: flags of the Beam runner, such as Dataflow's.

    Raises:
        ConfigError: a URI is local to this machine, components could not write to `root`, or the
            file's name says no format.
    """
    for what, uri in (("DATA_URI", data_uri), ("--root", root)):
        if "://" not in uri:
            raise ConfigError(
                f"{what} should be a URI that the cluster reaches, such as gs://bucket/folder, "
                f"received {uri!r}")
    # Beam reads the tables, from S3 too, but the components write with TensorFlow's file systems.
    schemes = sorted(filter(None, tf.io.gfile.get_registered_schemes()))
    if root.partition("://")[0] not in schemes:
        raise ConfigError(
            f"--root should be a URI that TensorFlow can write to ({', '.join(schemes)}), received "
            f"{root!r}; give a bucket of Google Cloud Storage, such as --root gs://bucket/folder")
    if output.suffix not in _SUFFIXES:
        raise ConfigError(
            f"--output should end in {', '.join(_SUFFIXES)}, received {str(output)!r}")
    root = root.rstrip("/")
    shop_pipeline = create_pipeline(
        name="emporium", root=f"{root}/pipeline", data=data_uri, tables=tables, output_dir=root,
        config=config, beam_pipeline_args=beam_pipeline_args, user_key=user_key_fingerprint())
    # Schema 2.1 is what KFP's SDK and backend read; TFX's default, 2.0, only Vertex AI does.
    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(default_image=image, use_pipeline_spec_2_1=True))
    job = runner.run(shop_pipeline, write_out=False)
    for judge in JUDGES:  # What is live is no input of theirs: a cached answer may be out of date.
        del job["pipelineSpec"]["root"]["dag"]["tasks"][judge]["cachingOptions"]
    replace_file(output, _render(job, output.suffix).encode())


def _render(job: dict[str, Any], suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(job, indent=1, sort_keys=True)
    # A spec alone does not hold the job's root: without a default, KFP would take its own.
    spec = job["pipelineSpec"] | {
        "defaultPipelineRoot": job["runtimeConfig"]["gcsOutputDirectory"]}
    return str(yaml.safe_dump(spec, sort_keys=True))
