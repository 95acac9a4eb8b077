"""A thin, typed client over TensorFlow Serving's official gRPC stubs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import grpc
import numpy as np
from google.protobuf.message import Message
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.channels import ClientTls, open_channel
from serving.errors import ServingError
from serving.retrieval import Context, Result, recommend_request, results_of, text_array
from serving.tensors import decode_tensor, encode_tensor

_MAX_MESSAGE_BYTES = 64 * 2**20

_REMEDIES = {
    grpc.StatusCode.UNAVAILABLE: "check the address, that `emporium serve DIR` runs there and "
                                 "has said \"ready\", and that both sides speak TLS or neither",
    grpc.StatusCode.DEADLINE_EXCEEDED: "send fewer at a time, or raise timeout_seconds",
    grpc.StatusCode.NOT_FOUND: "check the model's name, which is the server's --model-name, and "
                               "its version, of those that `Client.status` shows",
    grpc.StatusCode.INVALID_ARGUMENT: "correct the request; `Client.metadata` shows what it takes",
    grpc.StatusCode.FAILED_PRECONDITION: "name a signature that `Client.metadata` shows",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "send fewer at a time",
    grpc.StatusCode.UNIMPLEMENTED: "check that the address is a model server's gRPC port",
}


class ClientError(ServingError):
    """A call that failed.

    Attributes:
        code: the gRPC status code.
        remedy: what to do about it.
    """

    def __init__(self, target: str, code: grpc.StatusCode, details: str) -> None:
        self.code = code
        self.remedy = _REMEDIES.get(code, "the server's log says why")
        super().__init__(f"{target}: {code.name}: {details}; {self.remedy}")


@dataclasses.dataclass(frozen=True)
class VersionState:
    """A version that the server knows; `error` is "" unless it was refused."""

    version: int
    state: str
    error: str


@dataclasses.dataclass(frozen=True)
class SignatureInfo:
    """A signature's tensors by name, each as `DT_STRING [-1]`; -1 is a free size."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class ModelInfo:
    """The version that answers and its signatures by name."""

    version: int
    signatures: Mapping[str, SignatureInfo]


class Client:
    """Talks to one model server; may be shared by threads.

    Every call raises `ClientError`. Results are lists, best first, one list a request row; where
    the catalogue has fewer products a list is shorter than K.
    """

    def __init__(self, target: str = "localhost:8500", *, model_name: str = "emporium",
                 timeout_seconds: float = 10.0, tls: ClientTls | None = None) -> None:
        """Prepares a client; the connection is made with the first call.

        Args:
            target: HOST:PORT of the server's gRPC port.
            model_name: the name that the server gave the model.
            timeout_seconds: deadline of each call.
            tls: for a server that speaks TLS; None for plain text.
        """
        self._target = target
        self._model_name = model_name
        self._timeout_seconds = timeout_seconds
        self._channel = open_channel(target, [
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ], tls)
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._model = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def search(self, queries: Sequence[str], *, top_k: int | None = None) -> list[list[Result]]:
        """Products for queries.

        Args:
            queries: any texts; an empty one gets what is popular.
            top_k: results a query at the most; None means all that the server gives (its K).
        """
        return results_of(self.predict("search", {"query": text_array(queries)}), top_k)

    def recommend(self, contexts: Sequence[Context], *,
                  top_k: int | None = None) -> list[list[Result]]:
        """Products for shoppers.

        Args:
            contexts: what is known of each; an empty one gets what is popular.
            top_k: as in `search`.
        """
        return results_of(self.predict(*recommend_request(contexts)), top_k)

    def similar(self, product_ids: Sequence[str], *,
                top_k: int | None = None) -> list[list[Result]]:
        """Products like given ones.

        Args:
            product_ids: ids of the catalogue; an unknown one gets what is popular.
            top_k: as in `search`.
        """
        return results_of(self.predict("similar", {"product_id": text_array(product_ids)}), top_k)

    def embed_query(self, queries: Sequence[str]) -> np.ndarray:
        """Unit vectors of queries, float32 [number of queries, dimensions]."""
        return self.predict("embed_query", {"query": text_array(queries)})["embedding"]

    def embed_product(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of product texts, float32 [number of texts, dimensions]."""
        return self.predict("embed_product", {"text": text_array(texts)})["embedding"]

    def predict(self, signature_name: str,
                inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Calls any signature with arrays; strings are object arrays of bytes.

        Args:
            signature_name: "" means `serving_default`.
            inputs: arrays by input name.
        """
        request = predict_pb2.PredictRequest()
        request.model_spec.name = self._model_name
        request.model_spec.signature_name = signature_name
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(encode_tensor(array))
        response = self._call(self._prediction.Predict, request)
        return {name: decode_tensor(name, proto) for name, proto in response.outputs.items()}

    def status(self) -> list[VersionState]:
        """The versions that the server knows, newest first."""
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = self._model_name
        response = self._call(self._model.GetModelStatus, request)
        names = get_model_status_pb2.ModelVersionStatus.State
        return [
            VersionState(entry.version, names.Name(entry.state), entry.status.error_message)
            for entry in response.model_version_status]

    def metadata(self) -> ModelInfo:
        """The version that answers and what its signatures take and return."""
        request = get_model_metadata_pb2.GetModelMetadataRequest()
        request.model_spec.name = self._model_name
        request.metadata_field.append("signature_def")
        response = self._call(self._prediction.GetModelMetadata, request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        return ModelInfo(response.model_spec.version.value, {
            name: SignatureInfo(dict(_tensors(proto.inputs)), dict(_tensors(proto.outputs)))
            for name, proto in signatures.signature_def.items()})

    def _call(self, method: grpc.UnaryUnaryMultiCallable, request: Message) -> Any:
        try:
            return method(request, timeout=self._timeout_seconds)
        except grpc.RpcError as error:
            raise ClientError(self._target, error.code(), error.details()) from error


def _tensors(infos: Mapping[str, meta_graph_pb2.TensorInfo]) -> Iterator[tuple[str, str]]:
    for name, info in infos.items():
        sizes = ", ".join(str(dim.size) for dim in info.tensor_shape.dim)
        yield name, f"{types_pb2.DataType.Name(info.dtype)} [{sizes}]"
