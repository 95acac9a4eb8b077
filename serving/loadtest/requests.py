"""The requests of a load test, serialised once before it begins.

The only module of this package that imports TensorFlow, for its protocol: only the coordinating
process does so.
"""

from __future__ import annotations

import base64
import json
import pathlib
from collections.abc import Iterator, Mapping

import numpy as np
from tensorflow_serving.apis import predict_pb2

from serving.batch_inputs import Task, read_contexts, read_queries
from serving.errors import InputFileError
from serving.retrieval import recommend_request, text_array
from serving.tensors import encode_tensor

Call = tuple[str, Mapping[str, np.ndarray]]
"""A signature's name and its inputs, a row each."""


def query_calls(path: pathlib.Path, signature_name: str) -> list[Call]:
    """A call a query of a file, in the file's order.

    Args:
        path: `query_id<TAB>query`, a line each.
        signature_name: one that takes `query` [B].

    Raises:
        InputFileError: a bad line, or an empty file.
    """
    return [(signature_name, {"query": text_array([task.context.query])})
            for task in _some(read_queries(path), path)]


def context_calls(path: pathlib.Path, signature_name: str) -> list[Call]:
    """A call a context of a file, in the file's order.

    Args:
        path: JSON Lines, as `read_contexts` takes them.
        signature_name: one that takes what `recommend` takes; "" means the one that takes all
            that is known of a context, `recommend` or `recommend_events`.

    Raises:
        InputFileError: a bad line, or an empty file.
    """
    calls: list[Call] = []
    for task in _some(read_contexts(path), path):
        name, inputs = recommend_request([task.context])
        calls.append((signature_name or name, inputs))
    return calls


def grpc_bodies(calls: list[Call], model_name: str) -> list[bytes]:
    """Serialised PredictRequests."""
    bodies = []
    for signature_name, inputs in calls:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = model_name
        request.model_spec.signature_name = signature_name
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(encode_tensor(array))
        bodies.append(request.SerializeToString())
    return bodies


def rest_bodies(calls: list[Call]) -> list[bytes]:
    """JSON bodies of `:predict`, in the column format."""
    return [
        json.dumps({
            "signature_name": signature_name,
            "inputs": {name: _json_value(array.tolist()) for name, array in inputs.items()},
        }).encode()
        for signature_name, inputs in calls]


def _json_value(value: object) -> object:
    if isinstance(value, list):
        return [_json_value(entry) for entry in value]
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"b64": base64.b64encode(value).decode()}
    return value


def _some(tasks: Iterator[Task], path: pathlib.Path) -> list[Task]:
    read = list(tasks)
    if not read:
        raise InputFileError(f"{path}: the file is empty")
    return read
