"""The REST API over a real socket; the shapes of JSON are those of TensorFlow Serving's page."""

import gzip
import json
import socket

import grpc
import httpx
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

MODEL = "/v1/models/emporium"


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=f"http://127.0.0.1:{server.rest_port}", timeout=20) as client:
        yield client


def _predict(http, body, path=MODEL):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return http.post(f"{path}:predict", content=content)


def test_status(http):
    expected = {"model_version_status": [{
        "version": "7", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]}
    for path in (MODEL, f"{MODEL}/versions/7", "/V1/Models/emporium"):
        response = http.get(path)
        assert (response.status_code, response.json()) == (200, expected)
        assert response.headers["content-type"] == "application/json"


def test_metadata(http):
    document = http.get(f"{MODEL}/metadata").json()
    assert document["model_spec"] == {"name": "emporium", "signature_name": "", "version": "7"}
    half = document["metadata"]["signature_def"]["signature_def"]["half_plus_two"]
    assert half["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert half["inputs"]["x"]["tensor_shape"] == {
        "dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    assert http.get(f"{MODEL}/versions/7/metadata").json() == document


@pytest.mark.parametrize(("body", "answer"), [
    ({"signature_name": "half_plus_two", "instances": [1.0, 2.0, 5]},
     {"predictions": [2.5, 3.0, 4.5]}),
    ({"signature_name": "half_plus_two", "instances": [{"x": 1.0}]}, {"predictions": [2.5]}),
    ({"signature_name": "half_plus_two", "inputs": [0.4]}, {"outputs": [2.2]}),
    ({"signature_name": "half_plus_two", "inputs": {"x": [0.4]}}, {"outputs": [2.2]}),
    ({"signature_name": "spin", "inputs": 3}, {"outputs": 3}),
    ({"signature_name": "parse", "instances": ["1.5", {"b64": "Mg=="}, {"b64": "Mw"}]},
     {"predictions": [{"number": 1.5, "echo_bytes": {"b64": "MS41"}},
                      {"number": 2.0, "echo_bytes": {"b64": "Mg=="}},
                      {"number": 3.0, "echo_bytes": {"b64": "Mw=="}}]}),
    ({"signature_name": "parse", "inputs": {"text": [{"b64": "Mg=="}]}},
     {"outputs": {"number": [2.0], "echo_bytes": [{"b64": "Mg=="}]}}),
])
def test_both_formats(http, body, answer):
    response = _predict(http, body)
    assert (response.status_code, response.json()) == (200, answer)


@pytest.mark.parametrize(("written", "answer"), [
    ("Inf", "Infinity"), ("-Inf", "-Infinity"), ("-Infinity", "-Infinity"), ("-NaN", "NaN")])
def test_other_spellings_of_what_is_not_finite(http, written, answer):
    body = f'{{"signature_name": "half_plus_two", "instances": [{written}], "a": "Inf \\" -NaN"}}'
    assert _predict(http, body.encode()).text == f'{{"predictions": [{answer}]}}'


def test_other_inputs_of_the_column_format_do_no_harm(http):
    body = {"signature_name": "half_plus_two", "inputs": {"x": [2.0], "z": "?"}}
    assert _predict(http, body).json() == {"outputs": [3.0]}


def test_an_empty_batch_of_the_column_format(http):
    body = {"signature_name": "half_plus_two", "inputs": []}
    assert _predict(http, body).json() == {"outputs": []}


def test_whole_numbers_beyond_64_bits_are_decimals(http):
    body = {"signature_name": "half_plus_two", "inputs": [2**65]}
    assert _predict(http, body).json() == {"outputs": [1.8446744e19]}  # 2**64


def test_a_gzipped_body(http):
    body = gzip.compress(b'{"signature_name": "half_plus_two", "inputs": [2]}')
    headers = {"Content-Encoding": "gzip"}
    url = f"{MODEL}:predict"
    assert http.post(url, content=body, headers=headers).json() == {"outputs": [3.0]}
    two = gzip.compress(b'{"signature_name": "half_plus_two",') + gzip.compress(
        b' "inputs": [2]}')
    assert http.post(url, content=two, headers=headers).json() == {"outputs": [3.0]}


@pytest.mark.parametrize(("body", "status", "message"), [
    (b"{}", 400, "does not unpack as gzip"),
    (gzip.compress(b"{}", mtime=0)[:-3], 400, "cut off"),
    (gzip.compress(b" " * 2**22, mtime=0), 413, "larger than 1048576 bytes"),
])
def test_a_body_that_is_no_gzip_or_a_bomb(http, body, status, message):
    response = http.post(f"{MODEL}:predict", content=body, headers={"Content-Encoding": "gzip"})
    assert response.status_code == status
    assert message in response.json()["error"]


def test_there_is_no_cross_origin_header(http):
    response = http.get(MODEL, headers={"Origin": "http://elsewhere.example.org"})
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_infinities_are_written_as_tensorflow_serving_writes_them(http):
    response = _predict(http, b'{"signature_name": "half_plus_two", "instances": [Infinity, NaN]}')
    assert response.text == '{"predictions": [Infinity, NaN]}'


def test_a_context_with_several_inputs(http):
    row = {"history": ["p3"], "profile": "", "query": "", "exclude": ["p3"]}
    body = {"signature_name": "recommend", "instances": [row, row]}
    first, second = _predict(http, body, f"{MODEL}/versions/7").json()["predictions"]
    assert first == second
    assert first["product_id"][0] == "p4"
    assert "p3" not in first["product_id"]


@pytest.mark.parametrize("query", ["", "usb " * 2_500, "😀", "a\u2028b\x00", "кабель"])
def test_rest_and_grpc_agree(server, http, query):
    rest = _predict(http, {"signature_name": "search", "inputs": [query]}).json()["outputs"]
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "emporium"
    request.model_spec.signature_name = "search"
    request.inputs["query"].CopyFrom(tf.make_tensor_proto([query]))
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        outputs = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(
            request).outputs
    ids = [value.decode() for value in outputs["product_id"].string_val]
    assert rest["product_id"] == [ids]
    assert rest["score"][0] == pytest.approx(list(outputs["score"].float_val))


def _search(**body):
    return {"signature_name": "search", **body}


@pytest.mark.parametrize(("body", "message"), [
    (b"", "JSON Parse error: The document is empty"),
    (b"{", "JSON Parse error"),
    (b'{"instances": ["\xff"]}', "JSON Parse error"),
    (b"[" * 100_000, "JSON Parse error"),
    ([1], "Is not object"),
    ({}, "Missing 'inputs' or 'instances' key"),
    ({"instances": ["a"], "inputs": ["a"]}, "expecting only one of"),
    ({"signature_name": 3, "instances": ["a"]}, "'signature_name' key must be a string value"),
    ({"signature_name": "nope", "instances": ["a"]},
     'Serving signature name: "nope" not found in signature def'),
    ({"signature_name": "\ud800", "instances": ["a"]}, "surrogate pair in string is invalid"),
    (_search(instances="a"), "to be an list/array"),
    (_search(instances=[]), "No values in 'instances' array"),
    (_search(instances=[1.5]), "JSON Value: 1.5 Type: Number is not of expected type: string"),
    (_search(instances=[None]), "JSON Value: null Type: Null is not of expected type"),
    (_search(instances=["a", ["b"]]), "Expecting shape [] but got: [1]"),
    ({"signature_name": "half_plus_two", "instances": [[1, 2], [3, 4], [5, 6, 7]]},
     "Expecting tensor size: 2 but got: 3"),
    ({"signature_name": "half_plus_two", "instances": [[1, 2], [[3, 4]]]},
     "Expecting shape [2] but got: [1,2]"),
    ({"signature_name": "half_plus_two", "inputs": [[1, 2], [3]]},
     "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    ({"signature_name": "half_plus_two", "inputs": [1, [3]]},
     "Encountered list at unexpected level: 1 expected < 1"),
    ({"signature_name": "half_plus_two", "inputs": [[1], 3]}, "found at incorrect level: 2"),
    (b'{"signature_name": "half_plus_two", "inputs": ' + b"[" * 60 + b"1" + b"]" * 60 + b"}",
     "nested 60 deep"),
    (b'{"instances": [1e999]}', "Number too big to be stored in double"),
    (_search(instances=[["a"]]), "received shape [1, 1]"),
    (_search(instances=["a", {"query": "b"}]), "Expecting value/list but got object at item 1"),
    (_search(instances=[{"query": "b"}, "a"]), "Expecting object but got list at item 1"),
    (_search(instances=[{"q": "b"}]), "keys must be equal to: query"),
    (_search(inputs={"q": ["b"]}), "Missing named input: query in 'inputs' object"),
    (_search(inputs={}), "Missing named input: query"),
    (_search(inputs="a"), "received shape []"),
    (_search(instances=["\ud800"]), "surrogate pair in string is invalid"),
    (_search(instances=[{"b64": "!"}]), "Unable to base64 decode"),
    (_search(instances=[{"b64": 3}]), "keys must be equal to: query"),
    (_search(instances=["a"] * 65), "a batch of 65 is larger"),
    ({"signature_name": "recommend", "instances": ["a"]}, "instances is a plain list"),
    ({"signature_name": "recommend", "inputs": ["a"]}, "inputs is a plain value/list"),
    ({"signature_name": "half_plus_two", "instances": [True]}, "JSON Value: true Type: True"),
    ({"signature_name": "half_plus_two", "instances": [1e39]}, "loss of precision"),
    ({"signature_name": "half_plus_two", "instances": [2**24 + 1]},
     "JSON value: 16777217 to float without loss of precision"),
    ({"signature_name": "spin", "inputs": 2**31},
     "JSON Value: 2147483648 Type: Number is not of expected type: int32"),
    ({"signature_name": "spin", "inputs": 1.5}, "JSON Value: 1.5 Type: Number is not"),
    ({"signature_name": "spin", "instances": [1]}, "received shape [1]"),
    ({"signature_name": "parse", "instances": ["a"]}, "refuses a value"),
    (b'{"signature_name": "spin", "inputs": ' + b"9" * 5_000 + b"}", "error"),
])
def test_bad_bodies_are_told_what_is_wrong(http, body, message):
    response = _predict(http, body)
    assert response.status_code == 400
    (error,) = response.json().values()
    assert message in error or message in response.text
    assert "Traceback" not in error


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/v1/models/shop", 404),
    ("GET", "/v1/models/shop/metadata", 404),
    ("GET", f"{MODEL}/versions/8", 404),
    ("GET", f"{MODEL}/versions/8/metadata", 404),
    ("POST", "/v1/models/shop:predict", 404),
    ("POST", f"{MODEL}/versions/8:predict", 404),
    ("POST", f"{MODEL}/versions/{'9' * 5000}:predict", 400),
    ("POST", f"{MODEL}/labels/stable:predict", 400),
    ("POST", f"{MODEL}:classify", 400),
    ("POST", f"{MODEL}:explode", 400),
    ("POST", MODEL, 400),
    ("PUT", f"{MODEL}:predict", 400),
    ("GET", f"{MODEL}:predict", 400),
    ("GET", f"{MODEL}/versions/x", 400),
    ("GET", "/v1/models/%ff", 400),
    ("GET", "/v1/models", 400),
    ("GET", "/v1/foo", 400),
    ("GET", "/", 404),
    ("GET", "/statuspage", 404),
])
def test_paths(http, method, path, status):
    content = b'{"instances": ["usb"]}' if method != "GET" else None
    response = http.request(method, path, content=content)
    assert response.status_code == status
    assert list(response.json()) == ["error"]


def test_a_query_string_is_ignored_and_names_are_decoded(http):
    assert http.get(f"{MODEL}?verbose=1").status_code == 200
    assert http.get("/v1/models/%65mporium").status_code == 200


def test_a_body_over_the_limit_is_refused(http):
    response = _predict(http, {"instances": ["a" * 2**20]})
    assert response.status_code == 413
    assert "larger than 1048576 bytes" in response.json()["error"]


def test_a_caller_who_hangs_up_does_no_harm(server, http):
    with socket.create_connection(("127.0.0.1", server.rest_port)) as connection:
        connection.sendall(
            f"POST {MODEL}:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
    assert http.get(MODEL).status_code == 200


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.fixed_dictionaries({"b64": st.text(max_size=8)}),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["query", "history", "x"]) | st.text(max_size=5), inner, max_size=4),
    max_leaves=12)


@settings(max_examples=150)
@given(
    signature=st.sampled_from(["", "search", "recommend", "half_plus_two", "parse", "spin"]),
    key=st.sampled_from(["instances", "inputs"]), value=JSON_VALUES)
def test_no_json_makes_the_server_fail(http, signature, key, value):
    # A spin of 2**31 steps is a valid request that takes an hour.
    if signature == "spin" and isinstance(value, int):
        value = min(value, 10)
    response = _predict(http, {"signature_name": signature, key: value})
    assert response.status_code in (200, 400)
    assert list(response.json()) in (["error"], ["predictions"], ["outputs"])


@settings(max_examples=60)
@given(body=st.binary(max_size=60))
def test_no_bytes_make_the_server_fail(http, body):
    assert _predict(http, body).status_code in (200, 400)


@settings(max_examples=60)
@given(query=st.text(max_size=100))
def test_every_query_gets_its_results(http, query):
    response = _predict(http, _search(instances=[query]))
    assert response.status_code == 200
    assert len(response.json()["predictions"][0]["product_id"]) == 6
