"""The TFX component RetrievalEvaluator: metrics, report and blessing."""

# No `from __future__ import annotations`: TFX reads the annotations themselves.

import os

import absl.logging
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation
from tfx.utils import io_utils, path_utils

from pipeline.artifacts import Contexts, Popularity
from pipeline.config import Config
from pipeline.evaluation.data import read_catalogue, read_contexts, read_popularity
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.report import write_reports, write_tensorboard


@component
def RetrievalEvaluator(
    model: InputArtifact[Model],
    contexts: InputArtifact[Contexts],
    popularity: InputArtifact[Popularity],
    examples: InputArtifact[Examples],
    evaluation: OutputArtifact[ModelEvaluation],
    blessing: OutputArtifact[ModelBlessing],
    config: Parameter[str],
    live_dir: Parameter[str],
    tensorboard_dir: Parameter[str],
) -> None:
    """Measures a serving SavedModel beside its baselines and blesses it or not.

    Args:
        model: the serving SavedModel.
        contexts: validation contexts.
        popularity: how often each product was wanted.
        examples: joined examples; the split `catalogue` is read.
        evaluation: metrics.json and report.html.
        blessing: int property `blessed`, and a file BLESSED or NOT_BLESSED that says why; this is
            what TFX's Pusher obeys.
        config: every setting as JSON: the gate and the seed for itself, the others for the record.
        live_dir: folder of served versions. Not an artifact, on purpose: what is live changes
            with every push, and would make an unchanged run miss the cache.
        tensorboard_dir: folder in which `evaluation/` appears.
    """
    found = evaluate(
        model_dir=path_utils.serving_model_path(model.uri), live_dir=live_dir,
        contexts=read_contexts(contexts.uri),
        catalogue=read_catalogue(artifact_utils.get_split_uri([examples], "catalogue")),
        popularity=read_popularity(popularity.uri),
        config=Config.model_validate_json(config))
    write_reports(found, evaluation.uri)
    write_tensorboard(found, tensorboard_dir)
    decision = found.decision
    marker = "BLESSED" if decision.blessed else "NOT_BLESSED"
    io_utils.write_string_file(os.path.join(blessing.uri, marker), decision.text())
    blessing.set_int_custom_property("blessed", int(decision.blessed))
    blessing.set_string_custom_property("blessing_message", decision.text())
    absl.logging.log(
        absl.logging.INFO if decision.blessed else absl.logging.ERROR, "%s", decision.text())
