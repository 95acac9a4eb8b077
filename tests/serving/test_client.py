import socket

import grpc
import numpy as np
import pytest

from serving.client import Client, ClientError, SignatureInfo
from serving.retrieval import Context
from tests.serving.toy_model import DIMENSIONS


@pytest.fixture(scope="module")
def client(server):
    with Client(f"127.0.0.1:{server.grpc_port}", timeout_seconds=20) as client:
        yield client


def _ids(results):
    return [[result.product_id for result in row] for row in results]


def test_search(client):
    hose, nothing = client.search(["garden hose", ""])
    assert [result.product_id for result in hose[:2]] == ["p3", "p4"]
    assert [result.product_id for result in nothing] == ["p1", "p2", "p3", "p4", "p5", "p6"]
    assert hose[0].score == pytest.approx(0.998)
    assert _ids(client.search(["rake"], top_k=1)) == [["p4"]]
    assert client.search([]) == []


def test_recommend(client):
    contexts = [
        Context(history=["p3", "unknown"], exclude=["p3"]), Context(),
        Context(history=["p3"], exclude=[f"p{i}" for i in range(1, 8)])]
    like_hose, popular, what_is_left = _ids(client.recommend(contexts))
    assert like_hose[0] == "p4"
    assert "p3" not in like_hose
    assert popular[0] == "p1"
    assert what_is_left == ["p8"]


@pytest.mark.parametrize(("events", "ages", "first"), [
    (["purchase", "view"], [], "p4"), (["view", "cart"], [], "p6"), ([], [3.0, 200.0], "p4"),
    ([], [200.0, -1.0], "p6")])
def test_recommend_with_events(client, events, ages, first):
    hose_and_drill = ["p3", "p5"]
    [answer] = _ids(client.recommend([
        Context(history=hose_and_drill, exclude=hose_and_drill, events=events, ages=ages)]))
    assert answer[0] == first


def test_similar(client):
    assert _ids(client.similar(["p5"], top_k=1)) == [["p6"]]


def test_embeddings_are_unit_vectors(client):
    for vectors in (client.embed_query(["usb", "hose"]), client.embed_product(["usb", "hose"])):
        assert vectors.shape == (2, DIMENSIONS)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)


def test_status_and_metadata(client):
    (status,) = client.status()
    assert (status.version, status.state, status.error) == (7, "AVAILABLE", "")
    metadata = client.metadata()
    assert metadata.version == 7
    assert metadata.signatures["search"] == SignatureInfo(
        {"query": "DT_STRING [-1]"},
        {"product_id": "DT_STRING [-1, 6]", "score": "DT_FLOAT [-1, 6]"})


def test_text_from_a_command_line_that_is_no_text(client):
    assert len(client.search(["bad \udcff"])[0]) == 6


def test_errors_carry_a_code_and_a_remedy(server, client):
    with pytest.raises(ClientError, match='signature key "nope" not found') as caught:
        client.predict("nope", {})
    assert caught.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert "Client.metadata" in caught.value.remedy

    with Client(f"127.0.0.1:{server.grpc_port}", model_name="shop") as stranger, \
            pytest.raises(ClientError, match=r"NOT_FOUND.*Servable not found"):
        stranger.search(["a"])

    with pytest.raises(ClientError, match=r"DEADLINE_EXCEEDED.*raise timeout_seconds"), \
            Client(f"127.0.0.1:{server.grpc_port}", timeout_seconds=0.01) as hasty:
        hasty.predict("spin", {"steps": np.array(20_000, np.int32)})


def test_an_address_where_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Client(f"127.0.0.1:{port}") as client, \
            pytest.raises(ClientError, match=rf"127\.0\.0\.1:{port}: UNAVAILABLE.*emporium serve"):
        client.search(["a"])
