"""A loaded SavedModel: its signatures and the call of one."""

from __future__ import annotations

import dataclasses
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


@dataclasses.dataclass(frozen=True)
class Threads:
    """How many threads TensorFlow computes with; 0 lets it choose.

    The thread of the call alone is the least work and, for towers of a few layers, the fastest as
    well: threads that wait for each other's pieces of small operations cost more than they save.

    Attributes:
        intra_op: inside an operation.
        inter_op: for operations beside each other; -1 computes them in the thread of the call.
    """

    intra_op: int = 1
    inter_op: int = -1


DEFAULT_THREADS = Threads()


class Servable:
    """One loaded version of a model.

    It runs in a session, as in TensorFlow Serving: a call costs a third of a millisecond less than
    that of TensorFlow 2's restored function, and takes whatever shape the graph takes.
    """

    def __init__(self, version: Version, meta_graph: meta_graph_pb2.MetaGraphDef,
                 session: tf.compat.v1.Session) -> None:
        self.version = version
        self.signatures = Signatures(version.number, meta_graph.signature_def)
        self._session = session
        self._callables: dict[tuple[str, tuple[str, ...]], Callable[..., list[Any]]] = {}

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
        names = tuple(outputs)
        try:
            values = self._callable(signature, names)(
                *(inputs[name] for name in sorted(signature.inputs)))
            return {name: _to_numpy(value) for name, value in zip(names, values, strict=True)}
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

    def _callable(self, signature: Signature, outputs: tuple[str, ...]) -> Callable[..., list[Any]]:
        """A call of the session: arrays of the inputs by name in, values of the outputs out."""
        key = signature.name, outputs
        if key not in self._callables:
            proto = self.signatures.defs[signature.name]
            tensor = self._session.graph.get_tensor_by_name
            self._callables[key] = self._session.make_callable(
                [tensor(proto.outputs[name].name) for name in outputs],
                [tensor(proto.inputs[name].name) for name in sorted(proto.inputs)])
        return self._callables[key]


def new_session(threads: Threads = DEFAULT_THREADS) -> tf.compat.v1.Session:
    """A session to load a version into; the first of a process decides the threads of all."""
    return tf.compat.v1.Session(graph=tf.Graph(), config=tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=threads.intra_op,
        inter_op_parallelism_threads=threads.inter_op))


def load_servable(version: Version, session: tf.compat.v1.Session | None = None) -> Servable:
    """Loads a version into this process.

    Args:
        version: number and folder.
        session: an empty one, which is the version's from now on; None makes one.

    Raises:
        VersionError: it cannot be loaded; says why and what to do.
    """
    session = new_session() if session is None else session
    try:
        meta_graph = read_meta_graph(version.path)
        register_ops(meta_graph)
        with session.graph.as_default():
            tf.compat.v1.saved_model.load(session, [tf.saved_model.SERVING], str(version.path))
        return Servable(version, meta_graph, session)
    except VersionError:
        session.close()
        raise
    # The loader raises whatever its many parts raise; all mean the same to a server.
    except Exception as error:
        session.close()
        raise VersionError(
            f"version {version.number} in {version.path} cannot be loaded: {sentence(error)}; "
            "push it again, or remove the folder") from error


def _to_numpy(value: Any) -> np.ndarray:
    return np.array(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)
