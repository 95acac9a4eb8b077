"""TensorFlow Serving's gRPC services, as thin skins over `ModelApi`."""

from __future__ import annotations

import functools
import logging

import grpc
import grpc.aio
import numpy as np
from google.protobuf.message import Message
from tensorflow.core.protobuf import error_codes_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from serving.errors import RequestError, UnknownSignatureError, invalid_argument, quoted
from serving.model_server.api import Call, ModelApi, ModelReference
from serving.model_server.example_methods import (
    CLASSIFICATION,
    EXAMPLE_METHODS,
    REGRESSION,
    ExampleMethod,
)
from serving.model_server.guard import Guard
from serving.model_server.inference import Inference, InferenceTask, infer, multi_infer
from serving.signature import Signature
from serving.tensors import decode_tensor

logger = logging.getLogger(__name__)

SIGNATURE_DEF = "signature_def"


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict, Classify, Regress, MultiInference and GetModelMetadata."""

    def __init__(self, api: ModelApi) -> None:
        self._api = api

    async def Predict(self, request: predict_pb2.PredictRequest,
                      context: grpc.aio.ServicerContext) -> bytes:
        """Answers with the outputs of a signature, in a PredictResponse that is serialized."""
        def decode(signature: Signature) -> dict[str, np.ndarray]:
            signature.check_names(request.inputs)
            received = {
                name: decode_tensor(name, proto) for name, proto in request.inputs.items()}
            return {**signature.defaults, **received}

        reference = _reference(request)
        try:
            answer = await self._api.predict_encoded(Call(
                reference, request.model_spec.signature_name, decode, request.ByteSize(),
                request.output_filter, context.time_remaining()))
        except UnknownSignatureError as error:
            raise RequestError(
                grpc.StatusCode.FAILED_PRECONDITION,
                f'Serving signature key "{error.name}" not found; {error.remedy}') from error
        # Messages one after another are one message with the fields of both.
        return _serialized_spec(reference, answer.version, answer.signature.name) + answer.outputs

    async def Classify(
        self, request: classification_pb2.ClassificationRequest,
        context: grpc.aio.ServicerContext) -> classification_pb2.ClassificationResponse:
        """Answers with labels and scores of examples."""
        response = classification_pb2.ClassificationResponse()
        return await self._infer(request, CLASSIFICATION, response, context)

    async def Regress(
        self, request: regression_pb2.RegressionRequest,
        context: grpc.aio.ServicerContext) -> regression_pb2.RegressionResponse:
        """Answers with a value for each example."""
        response = regression_pb2.RegressionResponse()
        return await self._infer(request, REGRESSION, response, context)

    async def _infer(self, request: Message, method: ExampleMethod, response: Message,
                     context: grpc.aio.ServicerContext) -> Message:
        task = _task(request, method)
        inference = await infer(self._api, task, request.input, context.time_remaining())
        _fill_inference(response, "result", task, inference)
        return response

    async def MultiInference(
        self, request: inference_pb2.MultiInferenceRequest,
        context: grpc.aio.ServicerContext) -> inference_pb2.MultiInferenceResponse:
        """Answers with the results of several tasks over the same examples, in their order."""
        tasks = []
        for task in request.tasks:
            if task.method_name not in EXAMPLE_METHODS:
                raise RequestError(
                    grpc.StatusCode.UNIMPLEMENTED,
                    f"Unsupported signature method_name: {quoted(task.method_name)}")
            tasks.append(_task(task, EXAMPLE_METHODS[task.method_name]))
        response = inference_pb2.MultiInferenceResponse()
        inferences = await multi_infer(
            self._api, tasks, request.input, context.time_remaining())
        for task, inference in zip(tasks, inferences, strict=True):
            field = "classification_result" if task.method is CLASSIFICATION else (
                "regression_result")
            _fill_inference(response.results.add(), field, task, inference)
        return response

    async def GetModelMetadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest,
        context: grpc.aio.ServicerContext,
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Answers with the signatures of a version."""
        del context
        if not request.metadata_field:
            raise invalid_argument(
                "GetModelMetadataRequest must specify at least one metadata_field: "
                f"{SIGNATURE_DEF}")
        for field in request.metadata_field:
            if field != SIGNATURE_DEF:
                raise invalid_argument(
                    f"Metadata field {quoted(field)} is not supported, only {SIGNATURE_DEF}")
        reference = _reference(request)
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
        for status in self._api.statuses(_reference(request)):
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


def guarded_services(api: ModelApi) -> Guard:
    """What answers all methods."""
    guard = Guard(api)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(api), guard)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(api), guard)
    return guard


@functools.lru_cache(maxsize=1024)
def _serialized_spec(reference: ModelReference, version: int, signature_name: str) -> bytes:
    """A PredictResponse that says who answered, and nothing else."""
    response = predict_pb2.PredictResponse()
    _fill_spec(response.model_spec, reference, version, signature_name)
    return response.SerializeToString()


def _reference(request: Message) -> ModelReference:
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    spec = request.model_spec
    version = spec.version.value if spec.HasField("version") else None
    return ModelReference(spec.name, version, spec.version_label)


def _task(request: Message, method: ExampleMethod) -> InferenceTask:
    return InferenceTask(_reference(request), request.model_spec.signature_name, method)


def _fill_inference(
        response: Message, field: str, task: InferenceTask, inference: Inference) -> None:
    _fill_spec(
        response.model_spec, task.reference, inference.version, inference.signature_name)
    getattr(response, field).CopyFrom(inference.result)


def _fill_spec(spec: model_pb2.ModelSpec, reference: ModelReference, version: int,
               signature_name: str) -> None:
    spec.name = reference.name
    spec.version.value = version
    spec.signature_name = signature_name
