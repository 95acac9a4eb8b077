"""The TFX component ServingValidator: infra validation without Docker or Kubernetes."""

# No `from __future__ import annotations`: TFX reads the annotations themselves.

import os

import absl.logging
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model
from tfx.utils import io_utils, path_utils

from pipeline.artifacts import Contexts
from pipeline.evaluation.data import read_catalogue, read_contexts
from pipeline.serving_validation.runner import Verdict, validate_servable

# Start, load and a few hundred answers take well under a minute; a million products longer.
_TIMEOUT_SECONDS = 600


@component
def ServingValidator(
    model: InputArtifact[Model],
    contexts: InputArtifact[Contexts],
    blessing: OutputArtifact[InfraBlessing],
    examples: InputArtifact[Examples] = None,
) -> None:
    """Blesses a SavedModel that a process without the project's code can load and query.

    Args:
        model: the serving SavedModel.
        contexts: source of recorded requests.
        blessing: int property `blessed`, and a file INFRA_BLESSED or INFRA_NOT_BLESSED that says
            why; this is what TFX's Pusher obeys.
        examples: joined examples, whose split `catalogue` tells which ids may be returned;
            without them returned ids are not checked against the catalogue.
    """
    known = None
    if examples is not None:
        catalogue = read_catalogue(artifact_utils.get_split_uri([examples], "catalogue"))
        known = catalogue.product_ids
    verdict = validate_servable(
        path_utils.serving_model_path(model.uri), read_contexts(contexts.uri), known,
        _TIMEOUT_SECONDS)
    mark(blessing, verdict)
    absl.logging.log(
        absl.logging.INFO if verdict.passed else absl.logging.ERROR, "%s", verdict.text())


def mark(blessing: InfraBlessing, verdict: Verdict) -> None:
    """Writes a verdict into the blessing artifact."""
    marker = "INFRA_BLESSED" if verdict.passed else "INFRA_NOT_BLESSED"
    io_utils.write_string_file(os.path.join(blessing.uri, marker), verdict.text())
    blessing.set_int_custom_property("blessed", int(verdict.passed))
