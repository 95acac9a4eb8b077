"""IndexBuilder: the TFX component that turns towers into a servable."""

from __future__ import annotations

import dataclasses
import logging
import posixpath
from collections.abc import Callable
from typing import Any

import apache_beam as beam
import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.utils import path_utils

from model import data
from pipeline.artifacts import Contexts, Popularity
from pipeline.config import Index, Serving
from pipeline.evaluation.data import read_contexts, read_popularity
from pipeline.indexing import embed, projector, search, servable
from pipeline.indexing.probes import probe_vectors

_log = logging.getLogger("emporium.indexing")


@dataclasses.dataclass(frozen=True)
class Sources:
    """Where an index is built from.

    Attributes:
        towers: folder of the towers' SavedModel.
        transform_output: folder of the transform graph, whose vocabulary numbers the products.
        transformed: folder of the transformed split `catalogue`.
        catalogue: folder of the joined split `catalogue`, which has the titles.
        popularity: folder of `popularity.json`.
        contexts: folder of the validation contexts, on which the index's recall is measured.
    """

    towers: str
    transform_output: str
    transformed: str
    catalogue: str
    popularity: str
    contexts: str


def build_servable(
    sources: Sources, index: Index, serving: Serving, folder: str, logs: str,
    scratch: str, new_pipeline: Callable[[], beam.Pipeline],
) -> search.SearchIndex:
    """Embeds the catalogue, indexes it and saves the servable into `folder`.

    Args:
        sources: what is read.
        index: the section of that name.
        serving: the section of that name.
        folder: receives the SavedModel.
        logs: TensorBoard folder that receives the projector's files.
        scratch: folder that Beam's workers, wherever they run, can write to.
        new_pipeline: makes the Beam pipeline that embeds.

    Raises:
        search.RecallError: the index is too coarse.
    """
    product_ids = data.read_vocabulary(sources.transform_output)
    prefix = posixpath.join(scratch, "vectors")
    with new_pipeline() as pipeline:
        _ = (
            pipeline
            | "ReadCatalogue" >> beam.io.ReadFromTFRecord(f"{sources.transformed}/*")
            | "EmbedProducts" >> embed.EmbedProducts(sources.towers)
            | "Serialize" >> beam.Map(embed.write_vector)
            | "WriteVectors" >> beam.io.WriteToTFRecord(prefix))
    files = tf.io.gfile.glob(f"{prefix}*")
    vectors = embed.read_vectors(
        (r.numpy() for r in tf.data.TFRecordDataset(files)), len(product_ids))
    for file in files:
        tf.io.gfile.remove(file)
    towers = tf.saved_model.load(sources.towers)
    contexts = read_contexts(sources.contexts)
    built = search.build_index(
        vectors, index, probe_vectors(towers, contexts, product_ids, vectors))
    _log.info(
        "index: %s over %s products, recall@10 %.3f", built.kind, f"{len(product_ids):,}",
        built.recall)
    servable.save_servable(
        towers, product_ids, vectors, read_popularity(sources.popularity), built, index, folder)
    titles, categories = _read_catalogue(sources.catalogue)
    servable.write_warmup(
        folder, [titles.get(p) or p for p in product_ids[:64]],
        product_ids[:64], serving.warmup_requests)
    projector.write_projector(
        logs, vectors, [titles.get(p, "") for p in product_ids], product_ids,
        [categories.get(p, "") for p in product_ids])
    return built


def _read_catalogue(folder: str) -> tuple[dict[str, str], dict[str, str]]:
    """Titles and categories by product id."""
    titles: dict[str, str] = {}
    categories: dict[str, str] = {}
    spec = {
        name: tf.io.FixedLenFeature([], tf.string, default_value="")
        for name in ("product_id", "title", "category")
    }
    files = tf.io.gfile.glob(f"{folder}/*")
    for rows in tf.data.TFRecordDataset(files, compression_type="GZIP").batch(1024):
        parsed = tf.io.parse_example(rows, spec)
        ids = [v.decode("utf-8", "replace") for v in parsed["product_id"].numpy()]
        for table, name in ((titles, "title"), (categories, "category")):
            texts = (v.decode("utf-8", "replace") for v in parsed[name].numpy())
            table.update(zip(ids, texts, strict=True))
    return titles, categories


class Executor(base_beam_executor.BaseBeamExecutor):
    """Finds the folders of the artifacts and builds the servable between them."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Builds the servable; see `IndexBuilder`."""
        single = artifact_utils.get_single_instance
        towers = single(input_dict["towers"])
        sources = Sources(
            towers=path_utils.serving_model_path(towers.uri),
            transform_output=single(input_dict["transform_graph"]).uri,
            transformed=artifact_utils.get_split_uri(
                input_dict["transformed_examples"], "catalogue"),
            catalogue=artifact_utils.get_split_uri(input_dict["examples"], "catalogue"),
            popularity=single(input_dict["popularity"]).uri,
            contexts=single(input_dict["contexts"]).uri)
        model = single(output_dict["model"])
        built = build_servable(
            sources, Index.model_validate_json(exec_properties["config"]),
            Serving.model_validate_json(exec_properties["serving"]),
            path_utils.serving_model_dir(model.uri),
            exec_properties["tensorboard_dir"], self._get_tmp_dir(), self._make_beam_pipeline)
        model.set_string_custom_property("index", built.kind)
        model.set_string_custom_property("recall_at_10", f"{built.recall:.4f}")


class IndexBuilderSpec(component_spec.ComponentSpec):
    """Channels and parameters of `IndexBuilder`."""

    PARAMETERS = {
        "config": component_spec.ExecutionParameter(type=str),
        "serving": component_spec.ExecutionParameter(type=str),
        "tensorboard_dir": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "towers": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "transformed_examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": component_spec.ChannelParameter(type=standard_artifacts.TransformGraph),
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "popularity": component_spec.ChannelParameter(type=Popularity),
        "contexts": component_spec.ChannelParameter(type=Contexts),
    }
    OUTPUTS = {"model": component_spec.ChannelParameter(type=standard_artifacts.Model)}


class IndexBuilder(base_beam_component.BaseBeamComponent):
    """Towers and catalogue -> the servable, index and towers in one SavedModel.

    Outputs:
        model: SavedModel with the signatures of `model.signatures`.
    """

    SPEC_CLASS = IndexBuilderSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self, towers: types.BaseChannel, transformed_examples: types.BaseChannel,
        transform_graph: types.BaseChannel, examples: types.BaseChannel,
        popularity: types.BaseChannel, contexts: types.BaseChannel, config: str, serving: str,
        tensorboard_dir: str,
    ) -> None:
        """Builds the component.

        Args:
            towers: SavedModel of the Trainer.
            transformed_examples: with the split catalogue.
            transform_graph: whose vocabulary numbers the products.
            examples: joined examples, with the split catalogue.
            popularity: for the fallback.
            contexts: on which the index's recall is measured.
            config: the section `index` as JSON.
            serving: the section `serving` as JSON.
            tensorboard_dir: receives the projector's files.
        """
        super().__init__(IndexBuilderSpec(
            towers=towers, transformed_examples=transformed_examples,
            transform_graph=transform_graph, examples=examples, popularity=popularity,
            contexts=contexts, config=config, serving=serving, tensorboard_dir=tensorboard_dir,
            model=types.Channel(type=standard_artifacts.Model)))
