import types

import pytest

from serving.model_server.guard import Guard


class FullApi:
    """Takes nothing, and notes what was refused for that."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def refuses(self) -> bool:
        return True

    def refuse_unread(self, method: str) -> None:
        self.refused.append(method)


@pytest.mark.parametrize("method", ["Predict", "Classify", "Regress", "MultiInference"])
def test_what_calls_a_model_is_refused_unread_and_counted(method):
    api = FullApi()
    handler = Guard(api).service(
        types.SimpleNamespace(method=f"/tensorflow.serving.PredictionService/{method}"))
    assert handler.request_streaming  # of a stream, no message is waited for
    assert api.refused == [method]


@pytest.mark.parametrize("path", [
    "/tensorflow.serving.PredictionService/GetModelMetadata",
    "/tensorflow.serving.ModelService/GetModelStatus",
    "/other.Service/Predict",
    "Predict",
])
def test_nothing_else_is(path):
    api = FullApi()
    assert Guard(api).refusal(types.SimpleNamespace(method=path)) is None
    assert not api.refused
