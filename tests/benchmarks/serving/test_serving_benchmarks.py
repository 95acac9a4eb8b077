"""The benchmarks of serving: their model, their servers, their figures."""

import os
import pathlib

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from benchmarks.serving import h2load, options, overload, servers, shop_model, stolen, swaps
from benchmarks.serving.measured import ByH2load, ByPython, brief
from pipeline.config import Index
from serving.client import Client
from serving.loadtest import LoadConfig
from serving.loadtest.recorder import new_histogram, record
from serving.loadtest.result import LoadResult
from serving.saved_model import read_meta_graph, register_ops


@pytest.fixture(scope="module")
def version(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("out") / "serving"
    return shop_model.export_version(
        folder, "2x128", 150, Index(kind="brute_force", top_k=7, min_recall=0.0))


@pytest.fixture(scope="module")
def model(version):
    register_ops(read_meta_graph(version))
    return tf.saved_model.load(str(version))


def test_model_answers_with_every_arm_and_is_made_once(version, model) -> None:
    search = model.signatures["search"]
    answer = search(query=tf.constant(shop_model.queries(3)))
    assert answer["product_id"].shape == (3, 7)
    assert all(product.startswith(b"p") for product in answer["product_id"].numpy().ravel())
    assert [path.name for path in version.parent.iterdir()] == ["1"]
    before = version.stat().st_mtime_ns
    shop_model.export_version(version.parent, "2x128", 150, Index())
    assert version.stat().st_mtime_ns == before


def test_queries_are_different_and_the_same_each_time() -> None:
    asked = shop_model.queries(2000)
    assert len(set(asked)) == 2000
    assert asked == shop_model.queries(2000)
    assert {len(query.split()) for query in asked} == {1, 2, 3, 4}


def test_plain_server_answers_as_the_model_does(version, model, tmp_path) -> None:
    query = shop_model.queries(1)
    with servers.plain(version, tmp_path / "plain.log") as server:
        [body] = options.requests(query)
        with grpc.insecure_channel(server.address) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            answer = stub.Predict(predict_pb2.PredictRequest.FromString(body), timeout=60)
        assert server.memory_mb > 50
    assert server.process.poll() is not None
    expected = model.signatures["search"](query=tf.constant(query))
    np.testing.assert_array_equal(
        tf.make_ndarray(answer.outputs["product_id"]), expected["product_id"].numpy())


def test_server_that_does_not_start_is_told_with_its_last_words(tmp_path) -> None:
    with (pytest.raises(RuntimeError, match="did not start"),
          servers.plain(tmp_path / "nothing", tmp_path / "plain.log")):
        pass


def test_push_appears_whole_under_its_number(version, tmp_path) -> None:
    swaps.push(version, tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["2"]
    for path in version.rglob("*"):
        if path.is_file():
            assert (tmp_path / "2" / path.relative_to(version)).samefile(path)


def test_slow_answers_are_those_over_the_limit() -> None:
    answered = new_histogram()
    for milliseconds in (10, 20, 31, 100, 100):
        record(answered, milliseconds / 1000)
    config = LoadConfig("localhost:1", callers=1)
    result = ByPython(LoadResult(
        config, 0.0, 30.0, {"OK": 5}, answered, new_histogram(), new_histogram(), 0.0, []))
    assert [result.slower(limit) for limit in (5, 30, 50, 200)] == [5, 3, 2, 0]


def test_the_latency_of_what_h2load_got_answered_is_told_too_high_at_the_most() -> None:
    result = ByH2load(
        LoadConfig("localhost:1", rate=2.5, seconds=2.0), 1.0, {"OK": 4, "RESOURCE_EXHAUSTED": 1},
        np.array([0.0, 0.1, 1.2, 1.3, 1.9]), np.array([40.0, 1.0, 20.0, 10.0, 30.0]))
    # The refusal may have been the one of 1 ms: of 10, 20, 30 and 40 the median is 25.
    assert [result.latency_ms(percentile) for percentile in (0, 50, 100)] == [10.0, 25.0, 40.0]
    assert result.throughput == 2.0
    assert [result.slower(limit) for limit in (5, 20, 40)] == [4, 2, 0]
    assert result.slow_seconds(10) == {0: 40.0, 1: 30.0}
    assert list(result.slow_seconds(20)) == [0, 1]
    assert brief(result)["load"] == "2.5 requests/s"


def test_what_the_host_kept_is_read_in_milliseconds(tmp_path, monkeypatch) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  1 2 3 4 5 6 7 80 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
    monkeypatch.setattr(stolen, "_STAT", stat)
    assert stolen.stolen_ms() == 80_000 / os.sysconf("SC_CLK_TCK")


def test_what_the_host_kept_is_told_for_any_time() -> None:
    with stolen.Stolen() as taken:
        pass
    assert [later >= sooner for sooner, later in zip(*taken.samples, strict=True)] == [True, True]
    taken.samples = [(100.0, 50.0), (101.0, 60.0), (103.0, 100.0)]
    assert taken.between(100.5, 102.0) == 25.0  # of 55 to 80
    assert taken.between(90.0, 110.0) == 50.0


@pytest.mark.skipif(not h2load.is_installed(), reason="nghttp2's h2load is not installed")
@pytest.mark.parametrize("loop", [{"callers": 8}, {"rate": 20.0}])
def test_load_by_h2load_is_counted_by_the_server(version, tmp_path, loop) -> None:
    [body] = options.requests(["garden"])
    with servers.emporium(
            version.parent.parent, tmp_path / "log", [h2load.FORGETFUL]) as server:
        with Client(server.address, timeout_seconds=60) as client:
            client.status()  # is no Predict, and not counted
        result = h2load.measure(server, LoadConfig(
            server.address, seconds=2.0, warm_up=1.0, timeout=60.0, **loop), body)
    assert result.codes.keys() == {"OK"}
    # What is on its way at the end may be counted and not logged.
    assert 0 < len(result.latencies) <= result.codes["OK"] <= len(result.latencies) + 8


def test_memory_grows_from_the_second_tenth_to_the_last() -> None:
    class Server:
        memory_mb = 0.0

    watch = overload.MemoryWatch(Server(), 1.0)
    # Start-up, then 200 MB that become 210.
    watch._samples = [50.0] * 10 + [200.0] * 10 + [250.0] * 70 + [210.0] * 10
    figures = watch.figures()
    assert (figures["warm_mb"], figures["end_mb"], figures["most_mb"]) == (200.0, 210.0, 250.0)
    assert figures["growth"] == pytest.approx(0.05)
    assert len(figures["over_time_mb"]) == 100
    watch._samples = [1.0] * 9
    with pytest.raises(ValueError, match="received 9"):
        watch.figures()


def test_spread_is_median_and_quartiles() -> None:
    assert options.spread([1.0, 2.0, 3.0, 4.0, 5.0]) == {"median": 3.0, "low": 2.0, "high": 4.0}
