"""TensorFlow Serving's JSON of predict requests and answers, to and from arrays.

Follows https://www.tensorflow.org/tfx/serving/api_rest: the row format (`instances` in,
`predictions` out) and the column format (`inputs` in, `outputs` out).
"""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from serving.errors import invalid_argument, quoted
from serving.model_server.json_values import (
    from_json_values,
    is_base64_object,
    list_shape,
    to_json_values,
)
from serving.signature import Signature, TensorSpec


class Format(enum.Enum):
    """How a request lists its tensors; the value is the key of the answer."""

    ROW = "predictions"
    COLUMN = "outputs"


@dataclasses.dataclass(frozen=True)
class PredictBody:
    """A parsed body; what `tensors` must look like depends on the signature."""

    signature_name: str
    format: Format
    tensors: Any

    def decode(self, signature: Signature) -> dict[str, np.ndarray]:
        """The arrays for a signature.

        Raises:
            RequestError: INVALID_ARGUMENT for values that do not fit the signature.
        """
        if not signature.inputs:
            raise invalid_argument(f"signature {signature.name!r} takes no inputs")
        if self.format is Format.ROW:
            return _decode_rows(self.tensors, signature)
        return _decode_columns(self.tensors, signature)


def parse_predict(body: bytes) -> PredictBody:
    """Parses the body of a predict request.

    Raises:
        RequestError: INVALID_ARGUMENT for anything but a JSON object with `instances` or `inputs`.
    """
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise invalid_argument(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise invalid_argument(
            f"the body must be a JSON object, received {type(document).__name__}")
    signature_name = document.get("signature_name", "")
    if not isinstance(signature_name, str):
        raise invalid_argument(
            f"'signature_name' must be a string, received {quoted(signature_name)}")
    if ("instances" in document) == ("inputs" in document):
        raise invalid_argument("the body must have one of the keys 'instances' and 'inputs'")
    if "inputs" in document:
        return PredictBody(signature_name, Format.COLUMN, document["inputs"])
    instances = document["instances"]
    if not isinstance(instances, list) or not instances:
        raise invalid_argument(
            f"'instances' must be a list with at least one item, received {quoted(instances)}")
    return PredictBody(signature_name, Format.ROW, instances)


def format_prediction(outputs: Mapping[str, np.ndarray], format_: Format) -> bytes:
    """The body of an answer; a single output is not wrapped in its name.

    Args:
        outputs: arrays by output name; in the row format all with the same first dimension.
        format_: the format of the request.

    Raises:
        RequestError: INVALID_ARGUMENT where outputs have no common batch and rows were asked for.
    """
    columns = {name: to_json_values(array, as_bytes=name.endswith("_bytes"))
               for name, array in outputs.items()}
    answer: Any = columns
    if len(columns) == 1:
        (answer,) = columns.values()
    if format_ is Format.ROW:
        batches = {array.shape[:1] for array in outputs.values()}
        if len(batches) != 1 or batches == {()}:
            raise invalid_argument(
                "the outputs have no common first dimension; use the column format ('inputs')")
        if len(columns) > 1:
            answer = [dict(zip(columns, row, strict=True))
                      for row in zip(*columns.values(), strict=True)]
    return json.dumps({format_.value: answer}, ensure_ascii=False).encode("utf-8")


def _decode_rows(instances: list[Any], signature: Signature) -> dict[str, np.ndarray]:
    """Stacks the tensors of each instance along a new first dimension."""
    if _is_named(instances[0]):
        for position, instance in enumerate(instances):
            if not _is_named(instance):
                raise invalid_argument(
                    f"'instances' mixes objects and values: item {position} is no object")
            signature.check_names(instance)
        columns = {name: [instance[name] for instance in instances] for name in signature.inputs}
    else:
        spec = _only_input(signature, "'instances' is a plain list")
        for position, instance in enumerate(instances):
            if _is_named(instance):
                raise invalid_argument(
                    f"'instances' mixes objects and values: item {position} is an object")
        columns = {spec.name: instances}
    return {name: _array(signature.inputs[name], values) for name, values in columns.items()}


def _decode_columns(inputs: Any, signature: Signature) -> dict[str, np.ndarray]:
    if _is_named(inputs):
        signature.check_names(inputs)
        columns = inputs
    else:
        columns = {_only_input(signature, "'inputs' is a plain value").name: inputs}
    return {name: _array(signature.inputs[name], value) for name, value in columns.items()}


def _array(spec: TensorSpec, value: Any) -> np.ndarray:
    shape = list_shape(value)
    if not spec.accepts(shape):
        raise invalid_argument(f"input {spec.name!r} takes {spec}, received shape {list(shape)}")
    return from_json_values(spec.name, spec.dtype, value, shape)


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64_object(value)


def _only_input(signature: Signature, what: str) -> TensorSpec:
    if len(signature.inputs) > 1:
        raise invalid_argument(
            f"{what}, but signature {signature.name!r} has several inputs: name them in objects "
            f"with {', '.join(sorted(signature.inputs))}")
    (spec,) = signature.inputs.values()
    return spec
