"""A loaded SavedModel: its signatures and the call of one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from serving.errors import RequestError, VersionError, invalid_argument, sentence
from serving.saved_model import read_meta_graph, register_ops
from serving.signature import Signature, Signatures
from serving.versions import Version

logger = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


class Servable:
    """One loaded version of a model."""

    def __init__(self, version: Version, meta_graph: meta_graph_pb2.MetaGraphDef,
                 model: Any) -> None:
        self.version = version
        self.signatures = Signatures(version.number, meta_graph.signature_def)
        self._functions: Mapping[str, Callable[..., Mapping[str, tf.Tensor]]] = model.signatures
        # The functions hold their variables weakly: without the object they would be gone.
        self._model = model

    def run(self, signature: Signature, inputs: Mapping[str, np.ndarray],
            outputs: Iterable[str]) -> Arrays:
        """Calls a signature; safe from several threads.

        Args:
            signature: one of this servable's.
            inputs: arrays that passed `Signature.check_inputs`.
            outputs: the names to return.

        Raises:
            RequestError: INVALID_ARGUMENT where an op of the model refuses a value, INTERNAL
                (details only in the log) where the model itself fails.
        """
        tensors = {
            name: tf.constant(array, signature.inputs[name].dtype)
            for name, array in inputs.items()}
        try:
            results = self._functions[signature.name](**tensors)
            return {name: _to_numpy(results[name]) for name in outputs}
        except (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError) as error:
            raise invalid_argument(
                f"signature {signature.name!r} refuses a value: {sentence(error)}") from error
        except (UnicodeDecodeError, TypeError) as error:
            # TensorFlow quotes the refused value, and fails on quoting bytes that are not UTF-8;
            # where TensorFlow 1 saved the model, it says of that that the arguments do not fit.
            if not any(isinstance(cause, UnicodeDecodeError)
                       for cause in (error, error.__context__)):
                raise
            raise invalid_argument(
                f"signature {signature.name!r} refuses a value that is not UTF-8") from error
        except tf.errors.ResourceExhaustedError as error:
            raise RequestError(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "the request needs more memory than the server has; send it in parts") from error
        except tf.errors.OpError as error:
            logger.exception("version %d, signature %s failed", self.version.number, signature.name)
            raise RequestError(
                grpc.StatusCode.INTERNAL,
                f"signature {signature.name!r} failed; the server's log says why") from error


def load_servable(version: Version) -> Servable:
    """Loads a version into this process.

    Raises:
        VersionError: it cannot be loaded; says why and what to do.
    """
    meta_graph = read_meta_graph(version.path)
    register_ops(meta_graph)
    try:
        return Servable(version, meta_graph, tf.saved_model.load(str(version.path)))
    # tf.saved_model.load raises whatever its many parts raise; all mean the same to a server.
    except Exception as error:
        raise VersionError(
            f"version {version.number} in {version.path} cannot be loaded: {sentence(error)}; "
            "push it again, or remove the folder") from error


def _to_numpy(tensor: tf.Tensor) -> np.ndarray:
    value = tensor.numpy()
    return np.array(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)
