"""IndexBuilder: the TFX component that turns towers into a servable."""

from __future__ import annotations

import dataclasses
import logging
import pathlib
import posixpath
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.utils import path_utils

from model import data
from model.fusion import prior_weights
from model.hybrid import Behaviour, Hybrid
from model.lexical import LexicalIndex
from model.product_ids import ProductIds
from model.signatures import Servable
from pipeline.artifacts import Contexts, Decisions, Popularity, Sequences
from pipeline.config import Index, Serving
from pipeline.evaluation.data import read_contexts, read_popularity
from pipeline.examples.sequences import read_sequences, without_held_out
from pipeline.governance.removals import read_aliases
from pipeline.indexing import embed, projector, search, servable
from pipeline.indexing.behaviour import count_behaviour
from pipeline.indexing.catalogue import read_texts
from pipeline.indexing.probes import probe_vectors
from pipeline.indexing.weighing import weigh_arms

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
        contexts: folder of the validation contexts, on which the index's recall is measured and
            the arms are weighed.
        sequences: folder of the shoppers' sequences.
        decisions: folder of governance's log, which names the products that were merged.
    """

    towers: str
    transform_output: str
    transformed: str
    catalogue: str
    popularity: str
    contexts: str
    sequences: str
    decisions: str


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
    vectors = embed_catalogue(sources, len(product_ids), scratch, new_pipeline)
    towers = tf.saved_model.load(sources.towers)
    contexts = read_contexts(sources.contexts)
    built = search.build_index(
        vectors, index, probe_vectors(towers, contexts, product_ids, vectors))
    _log.info(
        "index: %s over %s products, recall@10 %.3f", built.kind, f"{len(product_ids):,}",
        built.recall)
    texts = read_texts(sources.catalogue, product_ids)
    with tempfile.TemporaryDirectory() as assets:
        # Only the name of the file enters the SavedModel, which keeps a copy as an asset.
        ids = ProductIds(
            product_ids, read_aliases(sources.decisions),
            pathlib.Path(assets) / "product_ids.txt")
        lexical = None
        if "lexical" in index.arms:
            lexical = LexicalIndex(texts.fields(), len(product_ids))
        hybrid = Hybrid(
            tf.Variable(vectors, trainable=False, name="vectors"), built.search, built.state,
            lexical, index.arms, prior_weights(index.arms), index.top_k)
        module = Servable(
            towers, ids, hybrid, *read_behaviour(sources, product_ids, vectors))
        row_of = {product: row for row, product in enumerate(product_ids)}
        fusion = weigh_arms(
            module, module.backtest or module.behaviour, contexts, index.arms, row_of)
        servable.save_servable(module, built, folder)
    servable.write_description(folder, module, built, fusion)
    servable.write_warmup(
        folder, [title or product for title, product in zip(
            texts.title[:64], product_ids[:64], strict=True)],
        product_ids[:64], serving.warmup_requests)
    projector.write_projector(logs, vectors, texts.title, product_ids, texts.category)
    return built


def embed_catalogue(
    sources: Sources, products: int, scratch: str, new_pipeline: Callable[[], beam.Pipeline],
) -> np.ndarray:
    """Vectors of the products in the order of their numbers, float32 `[products, dim]`."""
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
        (r.numpy() for r in tf.data.TFRecordDataset(files)), products)
    for file in files:
        tf.io.gfile.remove(file)
    return vectors


def read_behaviour(
    sources: Sources, product_ids: Sequence[str], vectors: np.ndarray,
) -> tuple[Behaviour, Behaviour | None]:
    """What shoppers did until now, and before validation began (None where nothing came after)."""
    known = list(read_sequences(sources.sequences))
    wanted = read_popularity(sources.popularity)
    now = Behaviour(count_behaviour(known, product_ids, vectors, wanted))
    if not any(sequence.held_out for sequence in known):
        return now, None
    before = count_behaviour(without_held_out(known), product_ids, vectors, wanted)
    return now, Behaviour(before, name="backtest")


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
            contexts=single(input_dict["contexts"]).uri,
            sequences=single(input_dict["sequences"]).uri,
            decisions=single(input_dict["decisions"]).uri)
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
        "sequences": component_spec.ChannelParameter(type=Sequences),
        "decisions": component_spec.ChannelParameter(type=Decisions),
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
        popularity: types.BaseChannel, contexts: types.BaseChannel,
        sequences: types.BaseChannel, decisions: types.BaseChannel, config: str, serving: str,
        tensorboard_dir: str,
    ) -> None:
        """Builds the component.

        Args:
            towers: SavedModel of the Trainer.
            transformed_examples: with the split catalogue.
            transform_graph: whose vocabulary numbers the products.
            examples: joined examples, with the split catalogue.
            popularity: how often each product was wanted, for a shop without events.
            contexts: on which the index's recall is measured and the arms are weighed.
            sequences: shoppers' wants in order, from which behaviour is counted.
            decisions: governance's log, whose merged products' ids still resolve.
            config: the section `index` as JSON.
            serving: the section `serving` as JSON.
            tensorboard_dir: receives the projector's files.
        """
        super().__init__(IndexBuilderSpec(
            towers=towers, transformed_examples=transformed_examples,
            transform_graph=transform_graph, examples=examples, popularity=popularity,
            contexts=contexts, sequences=sequences, decisions=decisions, config=config,
            serving=serving, tensorboard_dir=tensorboard_dir,
            model=types.Channel(type=standard_artifacts.Model)))
