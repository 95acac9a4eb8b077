"""The files of requests, serialised."""

import json

import pytest
from tensorflow_serving.apis import predict_pb2

from serving.errors import InputFileError
from serving.loadtest.requests import context_calls, grpc_bodies, query_calls, rest_bodies


@pytest.fixture
def queries(tmp_path):
    path = tmp_path / "queries.tsv"
    path.write_text("q1\tusb cable\nq2\t数据线\n", encoding="utf-8")
    return path


@pytest.fixture
def contexts(tmp_path):
    path = tmp_path / "contexts.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in (
        {"context_id": "c1", "user_id": "U7", "history": ["p1", "p2"], "query": "hose"},
        {"context_id": "c2", "history": ["p1"], "history_events": ["cart"], "history_ages": [2]},
    )))
    return path


def test_queries_as_predict_requests(queries) -> None:
    bodies = grpc_bodies(query_calls(queries, "search"), "shop")
    requests = [predict_pb2.PredictRequest.FromString(body) for body in bodies]
    assert [request.model_spec.name for request in requests] == ["shop", "shop"]
    assert [request.model_spec.signature_name for request in requests] == ["search", "search"]
    assert [list(request.inputs["query"].string_val) for request in requests] == [
        [b"usb cable"], ["数据线".encode()]]


def test_contexts_ask_the_signature_that_takes_all_of_each(contexts) -> None:
    bodies = grpc_bodies(context_calls(contexts, ""), "shop")
    first, second = (predict_pb2.PredictRequest.FromString(body) for body in bodies)
    assert first.model_spec.signature_name == "recommend"
    assert list(first.inputs["history"].string_val) == [b"p1", b"p2"]
    assert second.model_spec.signature_name == "recommend_events"
    assert list(second.inputs["history_age"].float_val) == [2.0]
    assert not any(b"U7" in body for body in bodies)


def test_signature_of_contexts_can_be_given(contexts) -> None:
    names = [name for name, _ in context_calls(contexts, "backtest_recommend")]
    assert names == ["backtest_recommend", "backtest_recommend"]


def test_contexts_as_json(contexts) -> None:
    first, _ = rest_bodies(context_calls(contexts, ""))
    assert json.loads(first) == {"signature_name": "recommend", "inputs": {
        "history": [["p1", "p2"]], "profile": [""], "query": ["hose"], "exclude": [[""]]}}


@pytest.mark.parametrize("read", [query_calls, context_calls])
def test_empty_file_is_refused(read, tmp_path) -> None:
    path = tmp_path / "empty"
    path.write_text("\n")
    with pytest.raises(InputFileError, match="is empty"):
        read(path, "search")
