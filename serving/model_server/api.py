"""What the server answers, in terms of neither gRPC nor REST."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from tensorflow.core.protobuf import meta_graph_pb2

from serving.errors import invalid_argument, not_found, quoted
from serving.model_server.manager import VersionManager, VersionStatus
from serving.model_server.runner import Runner, WorkerPool
from serving.servable import Arrays
from serving.signature import Limits, Signature


@dataclasses.dataclass(frozen=True)
class ModelReference:
    """Which model a request means.

    Attributes:
        name: the model's name.
        version: a version number, or None for the newest.
        label: a version label, which TensorFlow Serving knows and this server does not; "" if none.
    """

    name: str
    version: int | None = None
    label: str = ""


@dataclasses.dataclass(frozen=True)
class Prediction:
    """An answered request, with the version and signature that answered it."""

    version: int
    signature: Signature
    outputs: Arrays


class ModelApi:
    """Predict, metadata and status over the versions of one model."""

    def __init__(self, manager: VersionManager, runner: Runner, pool: WorkerPool,
                 limits: Limits) -> None:
        self.pool = pool
        self._manager = manager
        self._runner = runner
        self._limits = limits

    async def predict(
        self,
        reference: ModelReference,
        signature_name: str,
        decode: Callable[[Signature], Mapping[str, np.ndarray]],
        size_bytes: int,
        output_filter: Sequence[str] = (),
    ) -> Prediction:
        """Runs a signature.

        The version is held from here to the end, so that a swap between decoding and the call
        does not mix two versions.

        Args:
            reference: the model asked for.
            signature_name: "" means `serving_default`.
            decode: gives the arrays of the request for the signature found.
            size_bytes: size of what `decode` reads.
            output_filter: names of the outputs wanted; empty means all.

        Raises:
            RequestError: NOT_FOUND or INVALID_ARGUMENT for what is wrong with the request.
        """
        self._check(reference)
        with self._manager.acquire(reference.version) as servable:
            signature = servable.signature(signature_name)
            outputs = signature.select_outputs(output_filter)
            inputs = await self.pool.call_sized(size_bytes, decode, signature)
            signature.check_inputs(inputs, self._limits)
            arrays = await self._runner.run(servable, signature, inputs, outputs)
            return Prediction(servable.version.number, signature, arrays)

    def signature_defs(
            self, reference: ModelReference) -> tuple[int, dict[str, meta_graph_pb2.SignatureDef]]:
        """The version that answers and its signatures.

        Raises:
            RequestError: NOT_FOUND for an unknown model or version.
        """
        self._check(reference)
        with self._manager.acquire(reference.version) as servable:
            return servable.version.number, servable.signature_defs

    def statuses(self, reference: ModelReference) -> list[VersionStatus]:
        """The state of one version, or of all, newest first.

        Raises:
            RequestError: NOT_FOUND for an unknown model or version.
        """
        self._check(reference)
        statuses = self._manager.statuses()
        if reference.version is None:
            return statuses
        found = [status for status in statuses if status.version == reference.version]
        if not found:
            raise not_found(
                f"Could not find version {reference.version} of model {reference.name}")
        return found

    def _check(self, reference: ModelReference) -> None:
        if not reference.name:
            raise invalid_argument("Missing model name in request")
        if reference.name != self._manager.model_name:
            raise not_found(
                f"Servable not found for request: Latest({quoted(reference.name)}); this server "
                f"has the model {self._manager.model_name!r}")
        if reference.label:
            raise invalid_argument(
                f"Unrecognized servable version label: {quoted(reference.label)}; this server has "
                "versions by number only")
