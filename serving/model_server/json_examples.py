"""TensorFlow Serving's JSON of classify and regress requests and answers.

Follows https://www.tensorflow.org/tfx/serving/api_rest: `examples`, each an object of features, and
a `context` whose features all of them have; `results` in the answer.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import Message
from tensorflow_serving.apis import classification_pb2, input_pb2, regression_pb2

from serving.errors import invalid_argument, quoted
from serving.model_server.json_document import parse_document, signature_name_of
from serving.model_server.json_values import (
    decode_base64,
    is_base64_object,
    json_type,
    lossy_number,
    to_json_values,
)

_INT64 = range(-2**63, 2**63)
_UINT64 = range(2**64)
_MAX_FLOAT = float(np.finfo(np.float32).max)
_LIST_NAMES = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


@dataclasses.dataclass(frozen=True)
class ExamplesBody:
    """A parsed body."""

    signature_name: str
    examples: input_pb2.Input


def parse_examples(body: bytes) -> ExamplesBody:
    """Parses the body of a classify or regress request.

    Raises:
        RequestError: INVALID_ARGUMENT for anything but an object with a list `examples`.
    """
    document = parse_document(body)
    signature_name = signature_name_of(document)
    parsed = input_pb2.Input()
    several = parsed.example_list.examples
    if "context" in document:
        with_context = parsed.example_list_with_context
        _fill_example(document["context"], with_context.context)
        several = with_context.examples
    if "examples" not in document:
        raise invalid_argument(
            "When method is classify, key 'examples' is expected and was not found")
    examples = document["examples"]
    if not isinstance(examples, list):
        raise invalid_argument(
            f"Expecting 'examples' value to be an list/array, received {quoted(examples)}")
    if not examples:
        raise invalid_argument("'examples' value is an empty array")
    for example in examples:
        _fill_example(example, several.add())
    return ExamplesBody(signature_name, parsed)


def format_result(result: Message) -> bytes:
    """The body of an answer: a list of label and score pairs an example, or a value an example."""
    if isinstance(result, classification_pb2.ClassificationResult):
        results: Any = [_pairs(item) for item in result.classifications]
    elif isinstance(result, regression_pb2.RegressionResult):
        results = _floats(item.value for item in result.regressions)
    else:
        raise TypeError(f"no result of classify or regress: {type(result).__name__}")
    return json.dumps({"results": results}, ensure_ascii=False).encode("utf-8")


def _pairs(item: classification_pb2.Classifications) -> list[list[Any]]:
    scores = _floats(one.score for one in item.classes)
    return [[one.label, score] for one, score in zip(item.classes, scores, strict=True)]


def _floats(values: Iterable[float]) -> list[float]:
    return to_json_values(np.array(list(values), dtype=np.float32), as_bytes=False)


def _fill_example(value: Any, example: tf.train.Example) -> None:
    if not isinstance(value, dict):
        raise invalid_argument(
            f"Example must be JSON object but got JSON {json_type(value)}")
    for name, content in value.items():
        # Made even where the list is empty: the feature is there, without a value.
        feature = example.features.feature[name]
        for item in content if isinstance(content, list) else [content]:
            kind, converted = _feature_value(name, item)
            held = feature.WhichOneof("kind") or kind
            if held != kind:
                raise invalid_argument(
                    f"Unexpected element type in feature: {quoted(name)[1:-1]} expecting type: "
                    f"{_LIST_NAMES[held]}, received {quoted(item)}")
            getattr(feature, kind).value.append(converted)


def _feature_value(name: str, item: Any) -> tuple[str, bytes | float | int]:
    """The list of a feature that a JSON value goes to, and the value there."""
    if isinstance(item, str):
        return "bytes_list", item.encode("utf-8")
    if is_base64_object(item):
        return "bytes_list", decode_base64(name, item)
    if isinstance(item, int) and item in _INT64:
        return "int64_list", int(item)
    if isinstance(item, int) and item in _UINT64:
        raise invalid_argument(
            f"Feature: {quoted(name)[1:-1]} has uint64 element. Only int64 is supported.")
    if isinstance(item, int | float):
        # Beyond 64 bits a whole number is a decimal, as it is in TensorFlow Serving.
        if _MAX_FLOAT < abs(item) != float("inf"):
            raise lossy_number(name, item, "float")
        return "float_list", float(item)
    raise invalid_argument(
        f"Feature: {quoted(name)[1:-1]} has element with unexpected JSON type: {json_type(item)}")
