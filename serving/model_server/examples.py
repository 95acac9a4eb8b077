"""The tf.Examples of a request, as the strings that a signature takes."""

from __future__ import annotations

import numpy as np
from tensorflow_serving.apis import input_pb2

from serving.errors import invalid_argument


def example_count(examples: input_pb2.Input) -> int:
    """How many examples an Input holds.

    Raises:
        RequestError: INVALID_ARGUMENT for none.
    """
    kind = examples.WhichOneof("kind")
    count = len(getattr(examples, kind).examples) if kind else 0
    if not count:
        raise invalid_argument("Input is empty.")
    return count


def serialized_examples(examples: input_pb2.Input) -> np.ndarray:
    """The examples of an Input, each serialized, string [number of examples].

    A context is written before each example: where a parser finds a feature twice, the later one
    counts, which is the example's own.
    """
    if examples.WhichOneof("kind") == "example_list":
        context, several = b"", examples.example_list.examples
    else:
        context = examples.example_list_with_context.context.SerializeToString()
        several = examples.example_list_with_context.examples
    serialized = np.empty(len(several), dtype=object)
    serialized[:] = [context + example.SerializeToString() for example in several]
    return serialized
