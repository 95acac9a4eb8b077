"""What the gateway makes of a server that answers something else than products."""

import grpc
import numpy as np
import pytest
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from serving.gateway.errors import ApiError
from serving.gateway.metrics import Metrics
from serving.gateway.model_client import ModelClient
from serving.tensors import encode_tensor

IDS = np.array([[b"p1", b"p2"]], object)
SCORES = np.array([[0.5, 0.25]], np.float32)


class Answers(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, outputs) -> None:
        self._outputs = outputs

    async def Predict(self, request, context):
        response = predict_pb2.PredictResponse()
        for name, array in self._outputs.items():
            response.outputs[name].CopyFrom(encode_tensor(array))
        return response


async def _search(outputs):
    server = grpc.aio.server()
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Answers(outputs), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    client = ModelClient(f"127.0.0.1:{port}", "emporium", 30.0, Metrics())
    try:
        return await client.search(["usb"])
    finally:
        await client.close()
        await server.stop(None)


async def test_products_with_scores_are_results():
    # What fills up to K has no product, and a score that is no number.
    [results] = await _search({
        "product_id": np.append(IDS, [[b""]], axis=1),
        "score": np.append(SCORES, [[np.float32(-np.inf)]], axis=1)})
    assert [(result.product_id, result.score) for result in results] == [("p1", 0.5), ("p2", 0.25)]


@pytest.mark.parametrize("outputs", [
    {}, {"product_id": IDS}, {"product_id": IDS, "score": SCORES[:, :1]},
    {"product_id": IDS[0], "score": SCORES[0]}, {"product_id": SCORES, "score": SCORES},
    {"product_id": IDS, "score": IDS}, {"product_id": IDS, "score": SCORES * np.nan},
], ids=["nothing", "no score", "other shapes", "no rows", "numbers", "texts", "nan"])
async def test_what_is_no_result_is_the_servers_fault(outputs, caplog):
    with pytest.raises(ApiError) as caught:
        await _search(outputs)
    assert caught.value.status == 503
    assert "search answered what is no result" in caplog.text
