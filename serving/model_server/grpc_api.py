"""TensorFlow Serving's gRPC services, as thin skins over `ModelApi`."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
import numpy as np
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import error_codes_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.errors import RequestError, invalid_argument, quoted
from serving.model_server.api import ModelApi, ModelReference
from serving.signature import Signature
from serving.tensors import decode_tensor, encode_tensor

logger = logging.getLogger(__name__)

SIGNATURE_DEF = "signature_def"


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata."""

    def __init__(self, api: ModelApi) -> None:
        self._api = api

    async def Predict(self, request: predict_pb2.PredictRequest,
                      context: grpc.aio.ServicerContext) -> predict_pb2.PredictResponse:
        """Answers with the outputs of a signature."""
        def decode(signature: Signature) -> dict[str, np.ndarray]:
            signature.check_names(request.inputs)
            return {name: decode_tensor(name, proto) for name, proto in request.inputs.items()}

        reference = _reference(request.model_spec)
        prediction = await self._api.predict(
            reference, request.model_spec.signature_name, decode, request.ByteSize(),
            request.output_filter, context.time_remaining())

        def encode() -> predict_pb2.PredictResponse:
            response = predict_pb2.PredictResponse()
            response.model_spec.name = reference.name
            response.model_spec.version.value = prediction.version
            response.model_spec.signature_name = prediction.signature.name
            for name, array in prediction.outputs.items():
                response.outputs[name].CopyFrom(encode_tensor(array))
            return response

        size_bytes = sum(array.nbytes for array in prediction.outputs.values())
        return await self._api.pool.call_sized(size_bytes, encode)

    async def GetModelMetadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest,
        context: grpc.aio.ServicerContext,
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Answers with the signatures of a version."""
        del context
        if not request.metadata_field:
            raise invalid_argument(
                f"GetModelMetadataRequest must name a metadata_field: {SIGNATURE_DEF}")
        for field in request.metadata_field:
            if field != SIGNATURE_DEF:
                raise invalid_argument(
                    f"Metadata field {quoted(field)} is not supported, only {SIGNATURE_DEF}")
        reference = _reference(request.model_spec)
        version, signature_defs = self._api.signature_defs(reference)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, proto in signature_defs.items():
            signatures.signature_def[name].CopyFrom(proto)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = reference.name
        response.model_spec.version.value = version
        response.metadata[SIGNATURE_DEF].Pack(signatures)
        return response


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus and HandleReloadConfigRequest."""

    def __init__(self, api: ModelApi) -> None:
        self._api = api

    async def GetModelStatus(
        self, request: get_model_status_pb2.GetModelStatusRequest,
        context: grpc.aio.ServicerContext,
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Answers with the state of every version, newest first."""
        del context
        response = get_model_status_pb2.GetModelStatusResponse()
        for status in self._api.statuses(_reference(request.model_spec)):
            entry = response.model_version_status.add(
                version=status.version,
                state=get_model_status_pb2.ModelVersionStatus.State.Value(status.state.name))
            if status.error:
                entry.status.error_code = error_codes_pb2.FAILED_PRECONDITION
                entry.status.error_message = status.error
        return response


    async def HandleReloadConfigRequest(
        self, request: model_management_pb2.ReloadConfigRequest,
        context: grpc.aio.ServicerContext,
    ) -> model_management_pb2.ReloadConfigResponse:
        """Serves the models of a configuration and no others; answers once they do."""
        del context
        await self._api.reload(request.config)
        return model_management_pb2.ReloadConfigResponse()


class Guard(grpc.aio.ServerInterceptor):
    """Turns what a handler raises into a status, counts it, and never lets a traceback out.

    Also catches messages that do not parse, which gRPC would otherwise answer with INTERNAL.
    """

    def __init__(self, api: ModelApi) -> None:
        self._api = api

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """Wraps the unary handler of a method that this server has."""
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler

        def deserialize(data: bytes) -> Any:
            try:
                return handler.request_deserializer(data)
            except DecodeError as error:
                return error

        method = handler_call_details.method.rsplit("/", 1)[-1]

        async def answer(request: Any, context: grpc.aio.ServicerContext) -> Any:
            started = time.perf_counter()
            name = self._api.label(_model_name(request))
            status = "OK"
            try:
                return await _guarded(handler.unary_unary, method, request, context)
            except RequestError as error:
                status = error.code.name
                await context.abort(error.code, error.message)
            finally:
                self._api.metrics.count_request(name, status)
                self._api.metrics.latency.labels(name, method, "GRPC").observe(
                    (time.perf_counter() - started) * 1e6)

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=deserialize,
            response_serializer=handler.response_serializer)


async def _guarded(handler: Callable[..., Awaitable[Any]], method: str, request: Any,
                   context: grpc.aio.ServicerContext) -> Any:
    try:
        if isinstance(request, DecodeError):
            raise invalid_argument(f"the request does not parse: {request}")
        return await handler(request, context)
    except RequestError:
        raise
    except NotImplementedError:
        raise RequestError(
            grpc.StatusCode.UNIMPLEMENTED,
            f"{method} is not offered by this server; use Predict") from None
    # The caller learns that it was not their fault; the log has the rest.
    except Exception:
        logger.exception("%s failed", method)
        raise RequestError(
            grpc.StatusCode.INTERNAL, "the server failed; its log says why") from None


def _model_name(request: Any) -> str:
    spec = getattr(request, "model_spec", None)
    return "" if spec is None else str(spec.name)


def add_services(server: grpc.aio.Server, api: ModelApi) -> None:
    """Registers the services on a server that was made with `Guard`."""
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(api), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(api), server)


def _reference(spec: model_pb2.ModelSpec) -> ModelReference:
    version = spec.version.value if spec.HasField("version") else None
    return ModelReference(spec.name, version, spec.version_label)
