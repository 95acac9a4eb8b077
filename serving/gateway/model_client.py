"""The model server, over TensorFlow Serving's protocol and without blocking."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import grpc.aio
import numpy as np
from google.protobuf.message import Message
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.channels import ClientTls, open_async_channel
from serving.errors import RequestError
from serving.gateway.errors import of_model_call
from serving.gateway.metrics import Metrics
from serving.retrieval import Context, Result, recommend_request, results_of, text_array
from serving.tensors import decode_tensor, encode_tensor

_log = logging.getLogger(__name__)

_MAX_MESSAGE_BYTES = 16 * 2**20
_STATES = get_model_status_pb2.ModelVersionStatus.State


@dataclasses.dataclass(frozen=True)
class VersionState:
    """A version that the model server knows; `error` is "" unless it was refused."""

    version: int
    state: str
    error: str


class ModelClient:
    """Asks one model server; every call has a deadline and raises `ApiError`."""

    def __init__(self, target: str, model_name: str, timeout_seconds: float,
                 metrics: Metrics, tls: ClientTls | None = None) -> None:
        """Prepares a client inside a running event loop; the first call connects."""
        self._model_name = model_name
        self._timeout_seconds = timeout_seconds
        self._metrics = metrics
        self._channel = open_async_channel(target, [
            # A headless service has an address for each server: all of them take their turn.
            ("grpc.lb_policy_name", "round_robin"),
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            # Back within seconds after the server was restarted, instead of minutes.
            ("grpc.max_reconnect_backoff_ms", 2000),
        ], tls)
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._model = model_service_pb2_grpc.ModelServiceStub(self._channel)

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()

    async def search(self, queries: Sequence[str]) -> list[list[Result]]:
        """Products for queries, one list each, best first."""
        return await self._results("search", {"query": text_array(queries)})

    async def recommend(self, contexts: Sequence[Context]) -> list[list[Result]]:
        """Products for shoppers, one list each, best first."""
        return await self._results(*recommend_request(contexts))

    async def similar(self, product_ids: Sequence[str]) -> list[list[Result]]:
        """Products like given ones, one list each, best first."""
        return await self._results("similar", {"product_id": text_array(product_ids)})

    async def versions(self) -> list[VersionState]:
        """The versions that the server knows, newest first."""
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = self._model_name
        response = await self._call("GetModelStatus", self._model.GetModelStatus, request)
        return sorted(
            (VersionState(entry.version, _STATES.Name(entry.state), entry.status.error_message)
             for entry in response.model_version_status),
            key=lambda version: -version.version)

    async def signatures(self) -> tuple[int, list[str]]:
        """The version that answers, and the names of its signatures."""
        request = get_model_metadata_pb2.GetModelMetadataRequest()
        request.model_spec.name = self._model_name
        request.metadata_field.append("signature_def")
        response = await self._call("GetModelMetadata", self._prediction.GetModelMetadata, request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        return response.model_spec.version.value, sorted(signatures.signature_def)

    async def _results(
            self, signature: str, inputs: Mapping[str, np.ndarray]) -> list[list[Result]]:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = self._model_name
        request.model_spec.signature_name = signature
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(encode_tensor(array))
        response = await self._call(signature, self._prediction.Predict, request)
        try:
            results = results_of({
                name: decode_tensor(name, response.outputs[name])
                for name in ("product_id", "score")})
            if not all(math.isfinite(result.score) for row in results for result in row):
                raise ValueError("a score is no finite number")
            return results
        # Of another model each output may be of any type and shape.
        except (RequestError, ValueError, TypeError, AttributeError) as error:
            _log.error("%s answered what is no result: %s", signature, error)
            raise of_model_call(grpc.StatusCode.INTERNAL) from error

    async def _call(self, name: str, method: grpc.aio.UnaryUnaryMultiCallable,
                    request: Message) -> Any:
        began = time.perf_counter()
        code = grpc.StatusCode.OK
        try:
            return await method(request, timeout=self._timeout_seconds)
        except grpc.aio.AioRpcError as error:
            code = error.code()
            _log.warning("%s failed: %s: %s", name, code.name, (error.details() or "")[:300])
            raise of_model_call(code) from error
        finally:
            self._metrics.count_model_call(name, code.name, time.perf_counter() - began)
