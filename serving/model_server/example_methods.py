"""Classify and Regress: what their signatures must be, and their results from the outputs.

Both run a signature that takes serialized examples in one input, `inputs`, and says by its
`method_name` which of the two it is made for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.message import Message
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import classification_pb2, regression_pb2

from serving.errors import RequestError, invalid_argument
from serving.servable import Arrays
from serving.signature import Signature
from serving.tensors import tf_dtype

INPUTS = tf.saved_model.CLASSIFY_INPUTS
_CLASSES = tf.saved_model.CLASSIFY_OUTPUT_CLASSES
_SCORES = tf.saved_model.CLASSIFY_OUTPUT_SCORES
_OUTPUTS = tf.saved_model.REGRESS_OUTPUTS


@dataclasses.dataclass(frozen=True)
class ExampleMethod:
    """One of the two methods.

    Attributes:
        method_name: what the signature must say that it is made for.
        check: raises RequestError for a signature that is not of the method's form.
        result: the method's result from a number of examples and the outputs for them.
    """

    method_name: str
    check: Callable[[Signature], None]
    result: Callable[[int, Arrays], Message]


def _check_method(kind: str, expected: str, signature: Signature) -> None:
    if signature.method_name != expected:
        raise invalid_argument(
            f"Expected {kind} signature method_name to be {expected}. "
            f"Was: {signature.method_name}")
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")


def _check_inputs(kind: str, signature: Signature) -> None:
    if INPUTS not in signature.inputs:
        raise _failed_precondition(
            f"No {kind} inputs found in SignatureDef: {signature.name} takes "
            f"{', '.join(signature.inputs)}, and must take {INPUTS}")


def _check_classification(signature: Signature) -> None:
    _check_method("classification", tf.saved_model.CLASSIFY_METHOD_NAME, signature)
    if len(signature.outputs) not in (1, 2):
        raise invalid_argument(
            f"Expected one or two output Tensors, found {len(signature.outputs)}")
    _check_inputs("classification", signature)
    if not {_CLASSES, _SCORES} & set(signature.outputs):
        raise _failed_precondition(
            f'Expected classification signature outputs to contain at least one of "{_CLASSES}" '
            f'or "{_SCORES}". Signature was: {signature.name} with '
            f"{', '.join(signature.outputs)}")


def _check_regression(signature: Signature) -> None:
    _check_method("regression", tf.saved_model.REGRESS_METHOD_NAME, signature)
    if len(signature.outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    _check_inputs("regression", signature)
    if _OUTPUTS not in signature.outputs:
        raise _failed_precondition(
            f"No regression outputs found in SignatureDef: {signature.name} gives "
            f"{', '.join(signature.outputs)}, and must give {_OUTPUTS}")


def _classification_result(
        count: int, outputs: Arrays) -> classification_pb2.ClassificationResult:
    classes = _class_rows(outputs, _CLASSES, types_pb2.DT_STRING, count)
    scores = _class_rows(outputs, _SCORES, types_pb2.DT_FLOAT, count)
    # A signature may give one of the two; the other is then empty, as fields of a message are.
    if scores is None:
        scores = np.zeros_like(classes, dtype=np.float32)
    if classes is None:
        classes = np.full_like(scores, b"", dtype=object)
    if classes.shape != scores.shape:
        raise invalid_argument(
            "Tensors class and score should match in dim_size(1). Got "
            f"{classes.shape[1]} vs. {scores.shape[1]}")
    result = classification_pb2.ClassificationResult()
    for row, row_scores in zip(classes.tolist(), scores.tolist(), strict=True):
        result.classifications.add().classes.extend(
            classification_pb2.Class(label=label.decode("utf-8", errors="replace"), score=score)
            for label, score in zip(row, row_scores, strict=True))
    return result


def _class_rows(outputs: Arrays, name: str, dtype: int, count: int) -> np.ndarray | None:
    array = outputs.get(name)
    if array is None:
        return None
    if array.ndim != 2:
        raise invalid_argument(
            "Expected Tensor shape: [batch_size num_classes] but got "
            f"{_shape(array)}")
    _check_dtype(f"{name} Tensor", dtype, array)
    if len(array) != count:
        raise invalid_argument(
            f"Expected {name} output batch size of {count}. Got: {len(array)}")
    return array


def _regression_result(count: int, outputs: Arrays) -> regression_pb2.RegressionResult:
    array = outputs[_OUTPUTS]
    if array.ndim != 1 and not (array.ndim == 2 and array.shape[1] == 1):
        raise invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
            f"{_shape(array)}")
    if len(array) != count:
        raise invalid_argument(
            f"Input batch size did not match output batch size: {count} vs. {len(array)}")
    _check_dtype("output Tensor", types_pb2.DT_FLOAT, array)
    result = regression_pb2.RegressionResult()
    result.regressions.extend(
        regression_pb2.Regression(value=value) for value in array.ravel().tolist())
    return result


def _check_dtype(what: str, dtype: int, array: np.ndarray) -> None:
    received = tf_dtype(array).as_datatype_enum
    if received != dtype:
        raise invalid_argument(
            f"Expected {what} of {types_pb2.DataType.Name(dtype)}. "
            f"Got: {types_pb2.DataType.Name(received)}")


def _shape(array: np.ndarray) -> str:
    return "[" + ",".join(str(size) for size in array.shape) + "]"


def _failed_precondition(message: str) -> RequestError:
    return RequestError(grpc.StatusCode.FAILED_PRECONDITION, message)


CLASSIFICATION = ExampleMethod(
    tf.saved_model.CLASSIFY_METHOD_NAME, _check_classification, _classification_result)
REGRESSION = ExampleMethod(
    tf.saved_model.REGRESS_METHOD_NAME, _check_regression, _regression_result)
EXAMPLE_METHODS = {method.method_name: method for method in (CLASSIFICATION, REGRESSION)}
