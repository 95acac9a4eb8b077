"""A plain threaded gRPC server over a SavedModel: what one writes in an hour.

Usage:  python -m benchmarks.serving.plain_server VERSION_FOLDER

No batching, no cache, no check of requests: a thread a request, each with a model call of its own.
"""

from __future__ import annotations

import concurrent.futures
import pathlib
import sys

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from serving.saved_model import read_meta_graph, register_ops

_THREADS = 32


class PlainService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict alone."""

    def __init__(self, folder: str) -> None:
        register_ops(read_meta_graph(pathlib.Path(folder)))
        self._model = tf.saved_model.load(folder)

    def Predict(
        self, request: predict_pb2.PredictRequest, _: grpc.ServicerContext,
    ) -> predict_pb2.PredictResponse:
        signature = self._model.signatures[request.model_spec.signature_name]
        inputs = {
            name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in request.inputs.items()}
        response = predict_pb2.PredictResponse()
        for name, value in signature(**inputs).items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value.numpy()))
        return response


def main() -> None:
    """Serves until it is stopped."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(_THREADS))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PlainService(sys.argv[1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"ready: gRPC 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
