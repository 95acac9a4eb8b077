"""What a signature takes and returns, and the checks of a request against it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from serving.errors import invalid_argument, quoted
from serving.tensors import tf_dtype

DEFAULT_SIGNATURE = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
_INIT_SIGNATURE = "__saved_model_init_op"


@dataclasses.dataclass(frozen=True)
class Limits:
    """The largest inputs that a request may have, so that none takes all of the memory.

    Attributes:
        batch_size: rows; a BERT tower holds about 0.2 MB a row.
        list_length: values along any other free dimension, such as a history.
        values: values of one input in all; a history holds a vector a value.
    """

    batch_size: int = 1024
    list_length: int = 2048
    values: int = 2**16


DEFAULT_LIMITS = Limits()


@dataclasses.dataclass(frozen=True)
class TensorSpec:
    """A named tensor of a signature; a size of None is free, a shape of None is any shape."""

    name: str
    dtype: tf.DType
    shape: tuple[int | None, ...] | None

    @classmethod
    def from_info(cls, name: str, info: meta_graph_pb2.TensorInfo) -> TensorSpec:
        """Reads a spec from the TensorInfo of a SignatureDef."""
        shape = info.tensor_shape
        sizes = tuple(None if dim.size < 0 else dim.size for dim in shape.dim)
        return cls(name, tf.as_dtype(info.dtype), None if shape.unknown_rank else sizes)

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of this shape fits."""
        return self.shape is None or (
            len(shape) == len(self.shape)
            and all(want in (None, got) for want, got in zip(self.shape, shape, strict=True)))

    def __str__(self) -> str:
        sizes = "any shape" if self.shape is None else str(
            ["?" if size is None else size for size in self.shape]).replace("'", "")
        return f"{self.dtype.name} {sizes}"


@dataclasses.dataclass(frozen=True)
class Signature:
    """A callable of a servable, with what it takes and returns."""

    name: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]

    @classmethod
    def from_def(cls, name: str, proto: meta_graph_pb2.SignatureDef) -> Signature:
        """Reads a signature from its SignatureDef."""
        return cls(name,
                   {key: TensorSpec.from_info(key, info) for key, info in proto.inputs.items()},
                   {key: TensorSpec.from_info(key, info) for key, info in proto.outputs.items()})

    @property
    def is_batched(self) -> bool:
        """Whether every input has a free first dimension, the batch."""
        return bool(self.inputs) and all(
            spec.shape is not None and spec.shape[:1] == (None,) for spec in self.inputs.values())

    @property
    def is_mergeable(self) -> bool:
        """Whether rows of several requests can be answered by one call: outputs follow rows."""
        return self.is_batched and all(
            spec.shape is not None and spec.shape[:1] == (None,) for spec in self.outputs.values())

    def check_names(self, received: Iterable[str]) -> None:
        """Raises INVALID_ARGUMENT unless exactly the signature's inputs were received."""
        extra = sorted(set(received) - set(self.inputs))
        missing = sorted(set(self.inputs) - set(received))
        if extra or missing:
            raise invalid_argument(
                f"inputs do not match signature {self.name!r}: missing {quoted(missing)}, "
                f"unknown {quoted(extra)}; it takes {self._takes()}")

    def check_inputs(self, inputs: Mapping[str, np.ndarray],
                     limits: Limits | None = None) -> None:
        """Raises INVALID_ARGUMENT for wrong names, types, shapes, batch sizes or sizes at all."""
        self.check_names(inputs)
        for name, array in inputs.items():
            spec = self.inputs[name]
            if tf_dtype(array) != spec.dtype or not spec.accepts(array.shape):
                raise invalid_argument(
                    f"input {name!r} of signature {self.name!r} takes {spec}, received "
                    f"{tf_dtype(array).name} {list(array.shape)}")
        if self.is_batched:
            sizes = {name: array.shape[0] for name, array in inputs.items()}
            if len(set(sizes.values())) > 1:
                raise invalid_argument(
                    f"inputs of signature {self.name!r} differ in batch size: {sizes}")
        if limits is not None:
            for name, array in inputs.items():
                _check_size(name, array, limits)

    def select_outputs(self, output_filter: Iterable[str]) -> tuple[str, ...]:
        """The outputs to return: all without a filter, else those named, each once.

        Raises:
            RequestError: INVALID_ARGUMENT for a name that is unknown or given twice.
        """
        names = tuple(output_filter)
        for position, name in enumerate(names):
            if name not in self.outputs:
                raise invalid_argument(
                    f"output {quoted(name)} is not in signature {self.name!r}, which returns "
                    f"{', '.join(sorted(self.outputs))}")
            if name in names[:position]:
                raise invalid_argument(f"output {quoted(name)} is asked for twice")
        return names or tuple(self.outputs)

    def _takes(self) -> str:
        return ", ".join(f"{name} ({self.inputs[name]})" for name in sorted(self.inputs))


class Signatures:
    """The signatures of one version, by name.

    Attributes:
        defs: as the SavedModel has them, without the one that only initialises.
    """

    def __init__(self, version: int,
                 defs: Mapping[str, meta_graph_pb2.SignatureDef]) -> None:
        self.defs = {name: proto for name, proto in defs.items() if name != _INIT_SIGNATURE}
        self._version = version
        self._signatures = {
            name: Signature.from_def(name, proto) for name, proto in self.defs.items()}

    def find(self, name: str) -> Signature:
        """A signature by name; "" is `serving_default`.

        Raises:
            RequestError: INVALID_ARGUMENT for an unknown name. (TensorFlow Serving says so over
                REST and FAILED_PRECONDITION over gRPC; here both say the same.)
        """
        name = name or DEFAULT_SIGNATURE
        if name not in self._signatures:
            raise invalid_argument(
                f"serving signature {quoted(name)} is not in version {self._version}, which "
                f"has {', '.join(sorted(self._signatures))}")
        return self._signatures[name]


def _check_size(name: str, array: np.ndarray, limits: Limits) -> None:
    batch, *lists = array.shape or (1,)
    if batch > limits.batch_size:
        raise invalid_argument(
            f"input {name!r}: a batch of {batch} is larger than this server takes "
            f"({limits.batch_size}); send it in parts")
    if max(lists, default=0) > limits.list_length:
        raise invalid_argument(
            f"input {name!r}: lists of {max(lists)} are longer than this server takes "
            f"({limits.list_length}); send the latest")
    if array.size > limits.values:
        raise invalid_argument(
            f"input {name!r}: {array.size} values are more than this server takes "
            f"({limits.values}); send fewer rows at a time")
