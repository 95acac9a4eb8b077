"""Runs Classify and Regress, one at a time or several over the same examples."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

import grpc
import numpy as np
from google.protobuf.message import Message
from tensorflow_serving.apis import input_pb2

from serving.errors import RequestError, UnknownSignatureError, invalid_argument
from serving.model_server.api import Call, ModelApi, ModelReference
from serving.model_server.example_methods import INPUTS, ExampleMethod
from serving.model_server.examples import example_count, serialized_examples
from serving.signature import DEFAULT_SIGNATURE, Signature

# Versions swap minutes apart: that swaps fall between the tasks of one request three times over
# means that something else is wrong.
_MULTI_INFERENCE_TRIES = 3


@dataclasses.dataclass(frozen=True)
class InferenceTask:
    """A method to run with a signature of a model; a signature_name of "" is the default."""

    reference: ModelReference
    signature_name: str
    method: ExampleMethod


@dataclasses.dataclass(frozen=True)
class Inference:
    """The result of a task, with the version and signature that gave it."""

    version: int
    signature_name: str
    result: Message


async def infer(api: ModelApi, task: InferenceTask, examples: input_pb2.Input,
                timeout: float | None) -> Inference:
    """Runs one method over examples; `timeout` is in seconds, None for none.

    Raises:
        RequestError: with TensorFlow Serving's code for what is wrong with the request, with
            the signature, or with the outputs of the model.
    """
    count = example_count(examples)

    def decode(signature: Signature) -> dict[str, np.ndarray]:
        task.method.check(signature)
        return {INPUTS: serialized_examples(examples)}

    try:
        prediction = await api.predict(Call(
            task.reference, task.signature_name, decode, examples.ByteSize(), timeout=timeout))
    except UnknownSignatureError as error:
        raise invalid_argument(
            f"No signature was found with the name: {error.name}; {error.remedy}") from error
    size_bytes = sum(array.nbytes for array in prediction.outputs.values())
    result = await api.pool.call_sized(
        size_bytes, task.method.result, count, prediction.outputs)
    return Inference(prediction.version, prediction.signature.name, result)


async def multi_infer(api: ModelApi, tasks: Sequence[InferenceTask],
                      examples: input_pb2.Input, timeout: float | None) -> list[Inference]:
    """Runs several methods over the same examples, all in the version that the first asks for.

    Unlike TensorFlow Serving, whose one session run feeds one tensor, the signatures need not
    share their input tensor: those of a model exported by TensorFlow 2 never do.

    Raises:
        RequestError: as in `infer`; INVALID_ARGUMENT for tasks that do not go together.
    """
    _check_tasks(tasks)
    tasks = [dataclasses.replace(task, reference=tasks[0].reference) for task in tasks]
    for _ in range(_MULTI_INFERENCE_TRIES):
        inferences = await asyncio.gather(*(infer(api, task, examples, timeout) for task in tasks))
        if len({inference.version for inference in inferences}) == 1:
            return inferences
    raise RequestError(
        grpc.StatusCode.UNAVAILABLE, "the version changed while the request ran; send it again")


def _check_tasks(tasks: Sequence[InferenceTask]) -> None:
    if not tasks:
        raise invalid_argument("Found ModelSpec with an empty model name.")
    seen = set()
    for task in tasks:
        if not task.reference.name:
            raise invalid_argument("Found ModelSpec with an empty model name.")
        if task.reference.name != tasks[0].reference.name:
            raise invalid_argument(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        name = task.signature_name or DEFAULT_SIGNATURE
        if name in seen:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        seen.add(name)
