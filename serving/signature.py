"""What a signature takes and returns, and the checks of a request against it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from serving.errors import UnknownSignatureError, invalid_argument
from serving.tensors import decode_tensor, tf_dtype

# What an error message quotes of a request's names.
_MAX_NAMES = 20
_MAX_NAME = 80

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
    """A callable of a servable, with what it takes and returns.

    Attributes:
        name: its key in the SavedModel.
        inputs: specs by input name.
        outputs: specs by output name.
        method_name: which method of the protocol it is made for; Predict calls any.
        defaults: arrays of inputs that a Predict request over gRPC may leave out.
    """

    name: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    method_name: str = tf.saved_model.PREDICT_METHOD_NAME
    defaults: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_def(cls, name: str, proto: meta_graph_pb2.SignatureDef) -> Signature:
        """Reads a signature from its SignatureDef."""
        return cls(name,
                   {key: TensorSpec.from_info(key, info) for key, info in proto.inputs.items()},
                   {key: TensorSpec.from_info(key, info) for key, info in proto.outputs.items()},
                   proto.method_name,
                   {key: decode_tensor(key, value) for key, value in proto.defaults.items()})

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
        """Raises INVALID_ARGUMENT unless the signature's inputs were received, and no others.

        Inputs with a default may be missing.
        """
        names = set(received)
        if names == self.inputs.keys():
            return
        extra = names - set(self.inputs)
        missing = set(self.inputs) - names - set(self.defaults)
        if not extra and not missing:
            return
        # Cut here, as a request may have any number of names, of any length.
        cut = [name[:_MAX_NAME] for name in sorted(names)[:_MAX_NAMES]]
        raise invalid_argument(
            f"input size does not match signature: {len(names)}!={len(self.inputs)} "
            f"len({_braced(cut)}) != len({_braced(self.inputs)}). "
            f"Sent extra: {_braced(name for name in cut if name in extra)}. "
            f"Missing but required: {_braced(missing)}. "
            f"Signature {self.name} takes {self._takes()}")

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
                    f"output tensor alias not found in signature: {name[:_MAX_NAME]} Outputs "
                    f"expected to be in the set {_braced(self.outputs)}.")
            if name in names[:position]:
                raise invalid_argument(f"duplicate output tensor alias: {name}")
        return names or tuple(self.outputs)

    def _takes(self) -> str:
        return ", ".join(f"{name} ({self.inputs[name]})" for name in sorted(self.inputs))


def _braced(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


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
            UnknownSignatureError: there is none of that name.
        """
        name = name or DEFAULT_SIGNATURE
        if name not in self._signatures:
            raise UnknownSignatureError(name, self._version, self._signatures)
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
