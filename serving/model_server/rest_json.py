"""TensorFlow Serving's JSON of predict requests and answers, to and from arrays.

Follows https://www.tensorflow.org/tfx/serving/api_rest: the row format (`instances` in,
`predictions` out) and the column format (`inputs` in, `outputs` out).
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from serving.errors import invalid_argument, quoted
from serving.model_server.json_document import parse_document, signature_name_of
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
    document = parse_document(body)
    signature_name = signature_name_of(document)
    if "instances" in document and "inputs" in document:
        raise invalid_argument(
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist")
    if "inputs" in document:
        return PredictBody(signature_name, Format.COLUMN, document["inputs"])
    if "instances" not in document:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    instances = document["instances"]
    if not isinstance(instances, list):
        raise invalid_argument(
            f"Expecting 'instances' to be an list/array, received {quoted(instances)}")
    if not instances:
        raise invalid_argument("No values in 'instances' array")
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
        _check_batches(outputs)
        if len(columns) > 1:
            answer = [dict(zip(columns, row, strict=True))
                      for row in zip(*columns.values(), strict=True)]
    return json.dumps({format_.value: answer}, ensure_ascii=False).encode("utf-8")


def _check_batches(outputs: Mapping[str, np.ndarray]) -> None:
    expected = None
    for name, array in outputs.items():
        if not array.ndim:
            raise invalid_argument(
                f"Tensor name: {name} has no shape information, so no rows; use the column format "
                "('inputs')")
        if expected not in (None, len(array)):
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: "
                f"{expected}; use the column format ('inputs')")
        expected = len(array)


def _decode_rows(instances: list[Any], signature: Signature) -> dict[str, np.ndarray]:
    """Stacks the tensors of each instance along a new first dimension."""
    if _is_named(instances[0]):
        for position, instance in enumerate(instances):
            if not _is_named(instance):
                raise invalid_argument(
                    f"Expecting object but got list at item {position} of input list")
            if set(instance) != set(signature.inputs):
                raise invalid_argument(
                    f"Failed to process element: {position} of 'instances' list. JSON object: "
                    f"{quoted(instance)} keys must be equal to: "
                    f"{','.join(sorted(signature.inputs))}")
        columns = {name: [instance[name] for instance in instances] for name in signature.inputs}
    else:
        spec = _only_input(signature, "instances is a plain list, but expecting list of objects")
        for position, instance in enumerate(instances):
            if _is_named(instance):
                raise invalid_argument(
                    f"Expecting value/list but got object at item {position} of input list")
        columns = {spec.name: instances}
    for name, values in columns.items():
        _check_row_shapes(name, values)
    return {name: _array(signature.inputs[name], values) for name, values in columns.items()}


def _check_row_shapes(name: str, values: list[Any]) -> None:
    expected = list_shape(values[0])
    for position, value in enumerate(values):
        shape = list_shape(value)
        if shape == expected:
            continue
        size, expected_size = math.prod(shape), math.prod(expected)
        difference = (
            f"Expecting tensor size: {expected_size} but got: {size}" if size != expected_size
            else f"Expecting shape {_shape(expected)} but got: {_shape(shape)}")
        raise invalid_argument(
            f"Failed to process element: {position} key: {name} of 'instances' list. Error: "
            f"{difference}")


def _decode_columns(inputs: Any, signature: Signature) -> dict[str, np.ndarray]:
    """The tensors named in an object, whatever else it names, or the one of a plain value."""
    if not _is_named(inputs):
        spec = _only_input(signature, "inputs is a plain value/list, but expecting an object")
        return {spec.name: _array(spec, inputs)}
    for name in signature.inputs:
        if name not in inputs:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
    return {name: _array(spec, inputs[name]) for name, spec in signature.inputs.items()}


def _array(spec: TensorSpec, value: Any) -> np.ndarray:
    shape = list_shape(value)
    array = from_json_values(spec.name, spec.dtype, value, shape)
    if not spec.accepts(shape):
        raise invalid_argument(f"input {spec.name!r} takes {spec}, received shape {list(shape)}")
    return array


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ",".join(str(size) for size in shape) + "]"


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64_object(value)


def _only_input(signature: Signature, what: str) -> TensorSpec:
    if len(signature.inputs) > 1:
        raise invalid_argument(
            f"{what} as multiple input tensors required as per tensorinfo_map; signature "
            f"{signature.name!r} takes {', '.join(sorted(signature.inputs))}")
    (spec,) = signature.inputs.values()
    return spec
