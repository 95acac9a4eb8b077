"""The gRPC API over a real socket, through the official stubs."""

import shutil

import grpc
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.model_server import ServerConfig, one_model
from tests.serving.conftest import running

PREDICT = "/tensorflow.serving.PredictionService/Predict"
ACCEPTABLE = {
    grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION}


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="module")
def model_stub(channel):
    return model_service_pb2_grpc.ModelServiceStub(channel)


def _request(inputs=None, *, name="emporium", signature="", version=None, label=None,
             output_filter=()):
    request = predict_pb2.PredictRequest(output_filter=output_filter)
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    if label is not None:
        request.model_spec.version_label = label
    for key, value in (inputs or {}).items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def _fails(call, request):
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=20)
    error = caught.value
    assert "Traceback" not in error.details()
    return error.code(), error.details()


def _code(call, request):
    try:
        call(request, timeout=20)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_predict_answers_with_its_version_and_signature(stub):
    response = stub.Predict(_request({"query": ["garden hose"]}))
    assert response.model_spec.name == "emporium"
    assert response.model_spec.signature_name == "serving_default"
    assert response.model_spec.version.value == 7
    assert response.outputs["product_id"].string_val[:2] == [b"p3", b"p4"]
    assert len(response.outputs["score"].float_val) == 6


def test_a_version_can_be_asked_for_and_outputs_filtered(stub):
    response = stub.Predict(_request(
        {"query": ["usb", "rake"]}, signature="search", version=7, output_filter=["score"]))
    assert list(response.outputs) == ["score"]
    assert tf.make_ndarray(response.outputs["score"]).shape == (2, 6)


@pytest.mark.parametrize("text", [
    b"", "😀 кабель ケーブル".encode(), b"usb " * 2_500, b"\xff\xfe\x00", b"\x00", b"\xed\xa0\x80"])
def test_any_text_gets_an_answer(stub, text):
    response = stub.Predict(_request({"query": [text]}, signature="search"))
    assert len(response.outputs["product_id"].string_val) == 6


RECOMMEND = {"history": [["p1"]], "profile": [""], "query": [""], "exclude": [[""]]}


@pytest.mark.parametrize(("request_", "code", "message"), [
    (_request({"query": ["a"]}, name="shop"), "NOT_FOUND", "Servable not found"),
    (_request({"query": ["a"]}, name=""), "INVALID_ARGUMENT", "Missing model name"),
    (_request({"query": ["a"]}, version=8), "NOT_FOUND", r"Specific(emporium, 8)"),
    (_request({"query": ["a"]}, version=-1), "NOT_FOUND", r"Specific(emporium, -1)"),
    (_request({"query": ["a"]}, label="stable"), "INVALID_ARGUMENT", "version label: 'stable'"),
    (_request({"query": ["a"]}, signature="nope"), "FAILED_PRECONDITION",
     'Serving signature key "nope" not found'),
    (_request({"query": ["a"]}, signature="x" * 100_000), "FAILED_PRECONDITION", "xxx..."),
    (_request({}), "INVALID_ARGUMENT",
     "input size does not match signature: 0!=1 len({}) != len({query}). Sent extra: {}. Missing "
     "but required: {query}."),
    (_request({"query": ["a"], "k": [3]}), "INVALID_ARGUMENT", "Sent extra: {k}."),
    (_request({"Query": ["a"]}), "INVALID_ARGUMENT",
     "Sent extra: {Query}. Missing but required: {query}."),
    (_request({"query": [1.5]}), "INVALID_ARGUMENT", "takes string [?], received float32 [1]"),
    (_request({"query": "a"}), "INVALID_ARGUMENT", "received string []"),
    (_request({"query": [["a"]]}), "INVALID_ARGUMENT", "received string [1, 1]"),
    (_request({"query": ["a"] * 65}), "INVALID_ARGUMENT", "a batch of 65 is larger"),
    (_request({**RECOMMEND, "query": ["a", "b"]}, signature="recommend"),
     "INVALID_ARGUMENT", "differ in batch size"),
    (_request({**RECOMMEND, "history": ["p1"]}, signature="recommend"),
     "INVALID_ARGUMENT", "'history'"),
    (_request({"query": ["a"]}, output_filter=["nope"]), "INVALID_ARGUMENT",
     "output tensor alias not found in signature: nope Outputs expected to be in the set "
     "{product_id,score}."),
    (_request({"query": ["a"]}, output_filter=["score"] * 2), "INVALID_ARGUMENT",
     "duplicate output tensor alias: score"),
    (_request({"text": ["a"]}, signature="parse"), "INVALID_ARGUMENT", "refuses a value"),
    (_request({"text": [b"\xff"]}, signature="parse"), "INVALID_ARGUMENT", "refuses a value"),
])
def test_bad_requests_are_told_what_is_wrong(stub, request_, code, message):
    received, details = _fails(stub.Predict, request_)
    assert received.name == code
    assert message in details


def test_an_empty_batch_gets_an_empty_answer(stub):
    response = stub.Predict(_request({"query": np.zeros([0], dtype=object)}, signature="search"))
    assert tf.make_ndarray(response.outputs["product_id"]).shape == (0, 6)


def test_a_request_over_the_limit_is_refused(stub):
    code, _ = _fails(stub.Predict, _request({"query": ["a" * 2**20]}))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_bytes_that_are_no_message_are_invalid(channel):
    call = channel.unary_unary(PREDICT)
    code, details = _fails(call, b"\x0a\xff\xff\xff")
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "does not parse" in details


# A PredictRequest whose model name and whose signature name are not UTF-8.
@pytest.mark.parametrize("data", [b"\x0a\x04\x0a\x02\xff\xfe", b"\x0a\x04\x1a\x02\xff\xfe"])
def test_names_that_are_not_utf8_are_invalid(channel, data):
    code, _ = _fails(channel.unary_unary(PREDICT), data)
    assert code is grpc.StatusCode.INVALID_ARGUMENT


@settings(max_examples=60)
@given(query=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_no_query_makes_the_server_fail(stub, query):
    response = stub.Predict(_request({"query": [query]}, signature="search"), timeout=20)
    assert len(response.outputs["product_id"].string_val) == 6


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")
@settings(max_examples=60)
@given(data=st.binary(max_size=100))
def test_no_bytes_make_the_server_fail(channel, data):
    assert _code(channel.unary_unary(PREDICT), data) in ACCEPTABLE


@settings(max_examples=60)
@given(
    signature=st.sampled_from(["search", "recommend", "half_plus_two", "parse"]),
    name=st.sampled_from(["query", "history", "x", "text"]),
    shape=st.lists(st.integers(-2, 4), max_size=3), dtype=st.integers(0, 25),
    values=st.lists(st.binary(max_size=5), max_size=5),
    floats=st.lists(st.floats(width=32), max_size=5), content=st.binary(max_size=8))
def test_no_tensor_makes_the_server_fail(
        stub, signature, name, shape, dtype, values, floats, content):
    request = _request(RECOMMEND if signature == "recommend" else {}, signature=signature)
    tensor = request.inputs[name]
    tensor.Clear()
    tensor.dtype = dtype
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.string_val.extend(values)
    tensor.float_val.extend(floats)
    tensor.tensor_content = content
    assert _code(stub.Predict, request) in ACCEPTABLE


def test_metadata_lists_the_signatures(stub):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "emporium"
    response = stub.GetModelMetadata(request)
    assert response.model_spec.version.value == 7
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    search = signatures.signature_def["search"]
    assert [dim.size for dim in search.inputs["query"].tensor_shape.dim] == [-1]
    assert search.method_name == "tensorflow/serving/predict"


@pytest.mark.parametrize(("name", "version", "fields", "code"), [
    ("shop", None, ["signature_def"], "NOT_FOUND"),
    ("emporium", 8, ["signature_def"], "NOT_FOUND"),
    ("emporium", None, [], "INVALID_ARGUMENT"),
    ("emporium", None, ["weights"], "INVALID_ARGUMENT"),
])
def test_bad_metadata_requests(stub, name, version, fields, code):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = name
    if version is not None:
        request.model_spec.version.value = version
    assert _fails(stub.GetModelMetadata, request)[0].name == code


def test_status_of_all_and_of_one_version(model_stub):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "emporium"
    for version in (None, 7):
        if version is not None:
            request.model_spec.version.value = version
        (entry,) = model_stub.GetModelStatus(request).model_version_status
        assert (entry.version, entry.state, entry.status.error_code) == (
            7, get_model_status_pb2.ModelVersionStatus.AVAILABLE, 0)


@pytest.mark.parametrize(("name", "version"), [("shop", None), ("emporium", 8)])
def test_status_of_what_is_not_there(model_stub, name, version):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = name
    if version is not None:
        request.model_spec.version.value = version
    assert _fails(model_stub.GetModelStatus, request)[0] is grpc.StatusCode.NOT_FOUND


def _reload(*models: tuple[str, str]) -> model_management_pb2.ReloadConfigRequest:
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.SetInParent()
    for name, path in models:
        request.config.model_config_list.config.add(
            name=name, base_path=str(path), model_platform="tensorflow")
    return request


def test_models_are_changed_by_a_request(push, tmp_path, toy_versions):
    push("first", 1)
    shutil.copytree(toy_versions["second"], tmp_path / "other/1")
    config = ServerConfig(models=one_model(tmp_path / "serving"), port=0, rest_port=None)
    query = {"query": np.array([b"garden hose"], object)}
    with running(config) as started, \
            grpc.insecure_channel(f"127.0.0.1:{started.grpc_port}") as channel:
        reload = model_service_pb2_grpc.ModelServiceStub(channel).HandleReloadConfigRequest
        predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
        shop, other = ("emporium", tmp_path / "serving"), ("other", tmp_path / "other")
        reload(_reload(shop, other), timeout=60)
        for name, first in (("emporium", b"p3"), ("other", b"new-p3")):
            answer = predict(_request(query, name=name), timeout=60)
            assert answer.outputs["product_id"].string_val[0] == first
        for models, code, message in (
            ([shop, ("none", tmp_path / "none")], "FAILED_PRECONDITION", "none"),
            ([shop, ("system", "/etc")], "PERMISSION_DENIED", f"models in {tmp_path} served"),
            ([shop, ("relative", "other")], "INVALID_ARGUMENT", "absolute path"),
            ([shop, shop], "INVALID_ARGUMENT", "multiple times"),
        ):
            assert _fails(reload, _reload(*models))[0].name == code
            assert message in _fails(reload, _reload(*models))[1]
        assert started.manager.names == ["emporium", "other"]
        reload(_reload(other), timeout=60)
        code, _ = _fails(predict, _request(query))
        assert code is grpc.StatusCode.NOT_FOUND


def test_a_reload_without_a_list_of_models_is_invalid(model_stub):
    code, message = _fails(
        model_stub.HandleReloadConfigRequest, model_management_pb2.ReloadConfigRequest())
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "model_config_list" in message
