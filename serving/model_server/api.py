"""What the server answers, in terms of neither gRPC nor REST."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

import grpc
import numpy as np
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.config import model_server_config_pb2

from serving.errors import RequestError, StartupError, invalid_argument, not_found
from serving.model_server import model_config
from serving.model_server.answers import Answer
from serving.model_server.loaded import LoadedVersion
from serving.model_server.manager import ModelManager
from serving.model_server.metrics import Metrics
from serving.model_server.served_model import ServedModel, VersionStatus
from serving.model_server.threads import WorkerPool
from serving.servable import Arrays
from serving.signature import Limits, Signature


@dataclasses.dataclass(frozen=True)
class ModelReference:
    """Which model a request means.

    Attributes:
        name: the model's name.
        version: a version number, or None for the newest.
        label: a version label; "" if none.
    """

    name: str
    version: int | None = None
    label: str = ""


@dataclasses.dataclass(frozen=True)
class Call:
    """A request to run a signature.

    Attributes:
        reference: the model asked for.
        signature_name: "" means `serving_default`.
        decode: gives the arrays of the request for the signature found.
        size_bytes: size of what `decode` reads.
        output_filter: names of the outputs wanted; empty means all.
        timeout: seconds until the caller gives up; None for never.
    """

    reference: ModelReference
    signature_name: str
    decode: Callable[[Signature], Mapping[str, np.ndarray]]
    size_bytes: int
    output_filter: Sequence[str] = ()
    timeout: float | None = None


Outputs = TypeVar("Outputs", bound=Answer)


@dataclasses.dataclass(frozen=True)
class Prediction(Generic[Outputs]):
    """An answered request, with the version and signature that answered it."""

    version: int
    signature: Signature
    outputs: Outputs


class ModelApi:
    """Predict, metadata, status and configuration over the models of a server."""

    def __init__(self, manager: ModelManager, pool: WorkerPool, limits: Limits,
                 metrics: Metrics) -> None:
        self.pool = pool
        self.metrics = metrics
        self._manager = manager
        self._limits = limits

    def label(self, name: str) -> str:
        """A model's name for metrics; "" for all that are unknown, which callers could invent."""
        return name if self._manager.has(name) else ""

    def silent_models(self) -> list[str]:
        """The names of the models that no process answers for."""
        return [name for name in self._manager.names if not self._manager.model(name).pids]

    def refuses(self) -> bool:
        """Whether no version of any model takes a request just now."""
        return self._manager.refuses()

    def refuse_unread(self, method: str) -> None:
        """Counts a request that is refused before anybody knows what it asks for.

        Args:
            method: such as Predict.
        """
        self._manager.refused()
        self.metrics.shed.inc()
        names = self._manager.names
        self.metrics.count_request(
            names[0] if len(names) == 1 else "", method, "GRPC", "RESOURCE_EXHAUSTED", 0.0)

    async def predict(self, call: Call) -> Prediction[Arrays]:
        """Runs a signature.

        Raises:
            RequestError: NOT_FOUND or INVALID_ARGUMENT for what is wrong with the request,
                RESOURCE_EXHAUSTED or DEADLINE_EXCEEDED where the server is too busy.
        """
        return cast(Prediction[Arrays], await self._predict(call, encode=False))

    async def predict_encoded(self, call: Call) -> Prediction[bytes]:
        """`predict`, its outputs those of a serialized PredictResponse that has nothing else."""
        return cast(Prediction[bytes], await self._predict(call, encode=True))

    async def _predict(self, call: Call, *, encode: bool) -> Prediction[Any]:
        reference = call.reference
        # The version is held from here to the end, so that a swap between decoding and the call
        # does not mix two versions.
        with self._model(reference).acquire(reference.version, reference.label) as loaded:
            self._refuse_if_full(loaded)
            signature = loaded.signatures.find(call.signature_name)
            outputs = signature.select_outputs(call.output_filter)
            inputs = await self.pool.call_sized(call.size_bytes, call.decode, signature)
            signature.check_inputs(inputs, self._limits)
            started = time.perf_counter()
            answer = await loaded.run(
                signature, inputs, outputs, call.timeout, encode=encode)
            self.metrics.count_call(reference.name, time.perf_counter() - started)
            return Prediction(loaded.version.number, signature, answer)

    def signature_defs(
            self, reference: ModelReference) -> tuple[int, dict[str, meta_graph_pb2.SignatureDef]]:
        """The version that answers and its signatures.

        Raises:
            RequestError: NOT_FOUND for an unknown model or version.
        """
        with self._model(reference).acquire(reference.version, reference.label) as loaded:
            return loaded.version.number, loaded.signatures.defs

    def statuses(self, reference: ModelReference) -> list[VersionStatus]:
        """The state of one version, or of all, newest first.

        Raises:
            RequestError: NOT_FOUND for an unknown model or version.
        """
        model = self._model(reference)
        version = reference.version
        if reference.label:
            with model.acquire(label=reference.label) as loaded:
                version = loaded.version.number
        statuses = model.statuses()
        if version is None:
            return statuses
        found = [status for status in statuses if status.version == version]
        if not found:
            raise not_found(f"Could not find version {version} of model {reference.name}")
        return found

    async def reload(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """Serves the models of a configuration and no others.

        Raises:
            RequestError: INVALID_ARGUMENT for what no server could serve, FAILED_PRECONDITION
                where a new model has no version that can be served, PERMISSION_DENIED for a model
                that is not beside those served. Nothing changes then.
        """
        try:
            configs = model_config.from_proto(config)
        except ValueError as error:
            raise invalid_argument(str(error)) from error
        try:
            await self._manager.reload_requested(configs)
        except StartupError as error:
            raise RequestError(grpc.StatusCode.FAILED_PRECONDITION, str(error)) from error

    def _refuse_if_full(self, loaded: LoadedVersion) -> None:
        if loaded.admission.refuses(further=0):  # this one is counted already
            loaded.admission.refused(further=0)
            self.metrics.shed.inc()
            raise RequestError(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"the server is busy with {loaded.admission.running - 1} requests; try again later "
                "or on another replica")
        loaded.admission.taken()

    def _model(self, reference: ModelReference) -> ServedModel:
        if not reference.name:
            raise invalid_argument("Missing model name in request")
        return self._manager.model(reference.name)
