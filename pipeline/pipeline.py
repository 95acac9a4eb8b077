"""The pipeline: a shop's tables in, a pushed model out, on any TFX orchestrator."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Mapping, Sequence

from ml_metadata.proto import metadata_store_pb2
from tfx.components import ExampleValidator, StatisticsGen, Trainer, Transform, Tuner
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2, trainer_pb2, transform_pb2

from pipeline.config import Config
from pipeline.evaluation.component import RetrievalEvaluator
from pipeline.examples.component import ExamplesJoin
from pipeline.governance.component import DataGovernor, KeepProfile, QualityGate
from pipeline.indexing.component import IndexBuilder
from pipeline.ingest.component import ShopExampleGen
from pipeline.ingest.gate import AnomalyGate
from pipeline.push import AtomicPusher
from pipeline.schema_import import CuratedSchema
from pipeline.serving_validation.component import ServingValidator

JUDGES = ("RetrievalEvaluator", "Pusher")
"""Components whose outcome depends on which version is live, which is no input of theirs."""


def create_pipeline(
    *,
    name: str,
    root: str,
    data: str,
    tables: Mapping[str, str],
    output_dir: str,
    config: Config,
    beam_pipeline_args: Sequence[str],
    metadata_connection_config: metadata_store_pb2.ConnectionConfig | None = None,
    user_key: str = "",
) -> Pipeline:
    """Joins the components; which runner runs them, and where, is the caller's business.

    Args:
        name: of the pipeline in the metadata store; lower-case letters, digits and hyphens.
        root: folder or URI of the components' outputs.
        data: folder or URI of the shop's tables.
        tables: file pattern of each table that is present, relative to `data`.
        output_dir: folder or URI in which `serving/` and `tensorboard/` appear.
        config: every setting; each component receives its own section as JSON, so that a changed
            section re-runs only what depends on it. The evaluator, after which nothing costs much,
            receives all, so that its report says what made the model.
        beam_pipeline_args: flags of the Beam runner.
        metadata_connection_config: metadata store, or None where the orchestrator brings its own.
        user_key: fingerprint of the key that user ids are hashed with, "" without one.
    """
    serving_dir = os.path.join(output_dir, "serving")
    tensorboard_dir = os.path.join(output_dir, "tensorboard")

    prepared = _prepare(data, tables, output_dir, config, user_key)
    join, transform = prepared.join, prepared.transform
    trainer = Trainer(
        run_fn="model.trainer.run_fn", examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config=_training_config(config, tensorboard_dir))
    index = IndexBuilder(
        towers=trainer.outputs["model"],
        transformed_examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"], examples=join.outputs["examples"],
        popularity=join.outputs["popularity"], contexts=join.outputs["contexts"],
        sequences=join.outputs["sequences"], config=config.index.model_dump_json(),
        serving=config.serving.model_dump_json(), tensorboard_dir=tensorboard_dir)
    evaluator, validator, pusher = _judge_and_push(
        index, join, config, serving_dir, tensorboard_dir)

    keeper = KeepProfile(
        statistics=prepared.statistics.outputs["statistics"],
        pushed=pusher.outputs["pushed_model"], profile_dir=_profile_dir(output_dir))

    return Pipeline(
        pipeline_name=name, pipeline_root=root, enable_cache=True,
        components=[
            *prepared.components, trainer, index, evaluator, validator, pusher, keeper],
        metadata_connection_config=metadata_connection_config,
        beam_pipeline_args=list(beam_pipeline_args))


def create_tuning_pipeline(
    *,
    name: str,
    root: str,
    data: str,
    tables: Mapping[str, str],
    output_dir: str,
    config: Config,
    beam_pipeline_args: Sequence[str],
    metadata_connection_config: metadata_store_pb2.ConnectionConfig | None = None,
    user_key: str = "",
) -> Pipeline:
    """The same pipeline up to the examples, then trials of settings in place of a training.

    The arguments are those of `create_pipeline`, where they are explained; with the same ones, the
    name too, both share their cache. In `output_dir`, a local folder, `tuning/` appears as well:
    the trials so far.
    """
    prepared = _prepare(data, tables, output_dir, config, user_key)
    transform = prepared.transform
    tensorboard_dir = os.path.join(output_dir, "tensorboard", "tuning")
    tuner = Tuner(
        tuner_fn="pipeline.tuning.tuner_fn.tuner_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config={
            **_training_config(config, tensorboard_dir), "tuning": config.tuning.model_dump_json(),
            "trials_dir": os.path.join(output_dir, "tuning")})
    return Pipeline(
        pipeline_name=name, pipeline_root=root, enable_cache=True,
        components=[*prepared.components, tuner],
        metadata_connection_config=metadata_connection_config,
        beam_pipeline_args=list(beam_pipeline_args))


@dataclasses.dataclass(frozen=True)
class _Prepared:
    """The components that make transformed examples of tables, with those that others read."""

    components: list[BaseComponent]
    statistics: BaseComponent
    join: BaseComponent
    transform: BaseComponent


def _prepare(
    data: str, tables: Mapping[str, str], output_dir: str, config: Config, user_key: str,
) -> _Prepared:
    """Tables -> checked tables -> governed tables -> joined examples -> token ids."""
    ingest = ShopExampleGen(
        input_base=data, tables=dict(tables), config=config.ingest.model_dump_json(),
        user_key=user_key)
    checks, gates = _check(ingest, tables)
    governor = DataGovernor(
        tables=ingest.outputs["examples"], quarantine=ingest.outputs["quarantine"],
        statistics=checks[0].outputs["statistics"], config=config.governance.model_dump_json(),
        profile_dir=_profile_dir(output_dir))
    governor.add_upstream_nodes(gates)
    quality = QualityGate(report=governor.outputs["report"])
    join = ExamplesJoin(
        examples=governor.outputs["governed"], config=config.examples.model_dump_json(),
        seed=config.seed)
    join.add_upstream_nodes([quality])
    schema = CuratedSchema(schema_name="training").with_id("ImportSchemaGen-training")
    transform = Transform(
        examples=join.outputs["examples"], schema=schema.outputs["schema"],
        preprocessing_fn="pipeline.preprocessing.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(
            analyze=["train", "catalogue"], transform=["train", "eval", "catalogue"]),
        custom_config={"text": config.text.model_dump_json()},
        disable_statistics=True)
    return _Prepared(
        [ingest, *checks, governor, quality, join, schema, transform], checks[0], join, transform)


def _profile_dir(output_dir: str) -> str:
    """Where the statistics of the data of the live model are kept."""
    return os.path.join(output_dir, "profile")


def _training_config(config: Config, tensorboard_dir: str) -> dict[str, str | int]:
    """What `model.trainer.read_job` reads."""
    return {
        "text": config.text.model_dump_json(), "training": config.training.model_dump_json(),
        "seed": config.seed, "tensorboard_dir": tensorboard_dir}


def _check(
    ingest: BaseComponent, tables: Collection[str]
) -> tuple[list[BaseComponent], list[BaseComponent]]:
    """Compares each table with its curated schema: all components of that, and the gates of them.

    What comes after a gate runs only if its table is what it should be.
    """
    statistics = StatisticsGen(examples=ingest.outputs["examples"])
    checks, gates = [statistics], []
    for table in tables:
        schema = CuratedSchema(schema_name=table).with_id(f"ImportSchemaGen-{table}")
        validator = ExampleValidator(
            statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"],
            exclude_splits=[other for other in tables if other != table],
        ).with_id(f"ExampleValidator-{table}")
        gate = AnomalyGate(
            anomalies=validator.outputs["anomalies"], table=table).with_id(f"AnomalyGate-{table}")
        checks += [schema, validator, gate]
        gates.append(gate)
    return checks, gates


def _judge_and_push(
    index: BaseComponent, join: BaseComponent, config: Config, serving_dir: str,
    tensorboard_dir: str,
) -> tuple[BaseComponent, BaseComponent, BaseComponent]:
    """Is the servable good, and can it be served? Evaluator, validator, and who obeys both."""
    evaluator = RetrievalEvaluator(
        model=index.outputs["model"], contexts=join.outputs["contexts"],
        popularity=join.outputs["popularity"], examples=join.outputs["examples"],
        config=config.model_dump_json(), live_dir=serving_dir, tensorboard_dir=tensorboard_dir)
    validator = ServingValidator(
        model=index.outputs["model"], contexts=join.outputs["contexts"],
        examples=join.outputs["examples"])
    pusher = AtomicPusher(
        model=index.outputs["model"], model_blessing=evaluator.outputs["blessing"],
        infra_blessing=validator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=serving_dir)),
    ).with_id("Pusher")
    return evaluator, validator, pusher
