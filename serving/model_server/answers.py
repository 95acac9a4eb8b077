"""The outputs of a batch, taken apart into the answers of its requests.

Requests of gRPC have theirs encoded where the model runs: the server's event loop, which every
request of every version passes, then sends bytes on that it need not look into.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import grpc
import numpy as np
from tensorflow_serving.apis import predict_pb2

from serving.errors import RequestError
from serving.servable import Arrays
from serving.tensors import fill_tensor

Answer = Arrays | bytes
"""Outputs by name, or a serialized PredictResponse that has them and nothing else."""

_ANSWERS = "answers"


@dataclasses.dataclass(frozen=True)
class Parts:
    """How the outputs of a batch belong to its requests.

    Attributes:
        rows: of each request; what is beyond their sum filled the batch up. None where all that
            comes out is one request's, with or without rows.
        filled: rows of the batch.
    """

    rows: Sequence[int] | None
    filled: int

    def take_apart(self, signature: str, outputs: Mapping[str, np.ndarray]) -> list[Arrays]:
        """The outputs of each request, as views.

        Raises:
            RequestError: INTERNAL where an output has not the rows of the batch.
        """
        if self.rows is None:
            return [dict(outputs)]
        wrong = [name for name, array in outputs.items() if array.shape[:1] != (self.filled,)]
        if wrong:
            raise RequestError(
                grpc.StatusCode.INTERNAL,
                f"output {wrong[0]!r} of signature {signature!r} has another number of rows than "
                "its inputs; such a model cannot be batched: serve it with "
                "--enable_batching=false")
        ends = itertools.accumulate(self.rows)
        return [{name: array[end - rows:end] for name, array in outputs.items()}
                for rows, end in zip(self.rows, ends, strict=True)]


def encoded(parts: Sequence[Arrays]) -> Arrays:
    """The answers of requests as one array of strings."""
    answers = np.empty(len(parts), object)
    answers[:] = [_response(part) for part in parts]
    return {_ANSWERS: answers}


def decoded(arrays: Arrays) -> list[Answer]:
    """The answers that `encoded` made one array of."""
    return list(arrays[_ANSWERS])


def _response(outputs: Arrays) -> bytes:
    response = predict_pb2.PredictResponse()
    for name, array in outputs.items():
        fill_tensor(response.outputs[name], array)
    return response.SerializeToString()
