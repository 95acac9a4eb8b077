"""TensorFlow Serving's REST API, as its own tests of a running server and of its parts ask."""

import gzip
import json
import math

import pytest

from tests.serving.conformance.models import CLASSIFY, VERSION


def _post(served, method, body, path=None):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return served.http.post(f"{path or served.path}:{method}", content=content)


def _answer(served, method, body):
    response = _post(served, method, body)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/json")
    return response.json()


def _refused(served, method, body, status=400):
    response = _post(served, method, body)
    assert response.status_code == status, response.text
    assert list(response.json()) == ["error"]
    return response.json()["error"]


@pytest.mark.parametrize("path", ["", f"/versions/{VERSION}"])
def test_status(half, path):
    assert half.http.get(half.path + path).json() == {"model_version_status": [{
        "version": "123", "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""}}]}


def _tensor(name, dtype, *sizes):
    return {
        "name": name, "dtype": dtype, "tensor_shape": {
            "dim": [{"size": size, "name": ""} for size in sizes], "unknown_rank": False}}


@pytest.mark.parametrize("path", ["", f"/versions/{VERSION}"])
def test_metadata(half, path):
    document = half.http.get(f"{half.path}{path}/metadata").json()
    assert document["model_spec"] == {
        "name": half.model_name, "signature_name": "", "version": "123"}
    signatures = document["metadata"]["signature_def"]["signature_def"]
    # Servers differ in whether they tell that there are no defaults.
    assert not signatures["classify_x_to_y"].pop("defaults", {})
    assert signatures["classify_x_to_y"] == {
        "inputs": {"inputs": _tensor("tf_example:0", "DT_STRING", "-1")},
        "outputs": {"scores": _tensor("from_x:0", "DT_FLOAT", "-1", "1")},
        "method_name": CLASSIFY}
    assert signatures["serving_default"]["inputs"] == {"x": _tensor("x:0", "DT_FLOAT", "-1")}
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"


def test_the_rank_of_a_shape_may_be_unknown(endpoint):
    served = endpoint("product")
    document = served.http.get(f"{served.path}/metadata").json()
    signatures = document["metadata"]["signature_def"]["signature_def"]
    (x,) = signatures["serving_default"]["inputs"].values()
    assert x["tensor_shape"] == {"dim": [], "unknown_rank": True}


@pytest.mark.parametrize(("body", "answer"), [
    ({"instances": [2.0, 3.0, 4.0]}, {"predictions": [3.0, 3.5, 4.0]}),
    ({"instances": [{"x": 2.0}, {"x": 3.0}]}, {"predictions": [3.0, 3.5]}),
    ({"instances": [1, 2.0]}, {"predictions": [2.5, 3.0]}),
    ({"inputs": [2.0, 3.0, 4.0]}, {"outputs": [3.0, 3.5, 4.0]}),
    ({"inputs": {"x": [2.0]}}, {"outputs": [3.0]}),
    ({"signature_name": "serving_default", "instances": [0.4]}, {"predictions": [2.2]}),
])
def test_predict_in_rows_and_columns(half, body, answer):
    assert _answer(half, "predict", body) == answer


def test_predict_of_a_version_and_of_a_name_in_percent_signs(half):
    for path in (f"{half.path}/versions/{VERSION}", "/v1/models/%68alf_plus_two"):
        response = _post(half, "predict", {"instances": [2.0]}, path)
        assert response.json() == {"predictions": [3.0]}


@pytest.mark.parametrize(("body", "answer"), [
    ({"signature_name": "rows", "instances": [[1, 2], [3, 4]]}, {"predictions": [
        {"total": 3.0, "twice": [2.0, 4.0]}, {"total": 7.0, "twice": [6.0, 8.0]}]}),
    ({"signature_name": "rows", "instances": [{"matrix": [1, 2]}]}, {"predictions": [
        {"total": 3.0, "twice": [2.0, 4.0]}]}),
    ({"signature_name": "rows", "inputs": [[1, 2]]},
     {"outputs": {"total": [3.0], "twice": [[2.0, 4.0]]}}),
    ({"signature_name": "sums", "instances": [{"a": 5, "b": 3}]},
     {"predictions": [{"sum": 8.0, "difference": 2.0}]}),
    ({"signature_name": "sums", "inputs": {"a": [5], "b": [3]}},
     {"outputs": {"sum": [8.0], "difference": [2.0]}}),
    ({"signature_name": "next", "inputs": 41}, {"outputs": 42}),
    ({"signature_name": "several_batches", "inputs": ["a", "b"]},
     {"outputs": {"all": ["a", "b"], "first": ["a"]}}),
    ({"signature_name": "bytes", "instances": ["a", {"b64": "aGVsbG8="}]}, {"predictions": [
        {"text": "a", "text_bytes": {"b64": "YQ=="}},
        {"text": "hello", "text_bytes": {"b64": "aGVsbG8="}}]}),
    ({"signature_name": "bytes", "instances": [{"text": {"b64": "aGVsbG8"}}]}, {"predictions": [
        {"text": "hello", "text_bytes": {"b64": "aGVsbG8="}}]}),
    ({"signature_name": "bytes", "inputs": [{"b64": "aGVsbG8="}]},
     {"outputs": {"text": ["hello"], "text_bytes": [{"b64": "aGVsbG8="}]}}),
    ({"signature_name": "echo_bool", "instances": [True, False]}, {"predictions": [True, False]}),
    ({"signature_name": "echo_int64", "inputs": [2**63 - 1]}, {"outputs": [2**63 - 1]}),
    ({"signature_name": "echo_uint64", "inputs": [2**64 - 1]}, {"outputs": [2**64 - 1]}),
    ({"signature_name": "echo_uint8", "inputs": [255]}, {"outputs": [255]}),
    ({"signature_name": "echo_float64", "inputs": [0.1]}, {"outputs": [0.1]}),
    ({"signature_name": "echo_float32", "inputs": [0.1]}, {"outputs": [0.1]}),
    ({"signature_name": "echo_string", "inputs": ["кабель 😀"]}, {"outputs": ["кабель 😀"]}),
])
def test_signatures_of_other_forms(forms, body, answer):
    assert _answer(forms, "predict", body) == answer


@pytest.mark.parametrize("written", [
    "NaN", "Inf", "Infinity", "-Inf", "-Infinity"])
def test_numbers_that_are_not_finite(half, written):
    body = f'{{"inputs": [{written}]}}'.encode()
    response = _post(half, "predict", body)
    (number,) = json.loads(response.text)["outputs"]
    expected = float(written)
    assert number == expected or (math.isnan(number) and math.isnan(expected))
    assert ("NaN" if math.isnan(expected) else "Infinity") in response.text


@pytest.mark.parametrize(("body", "message"), [
    (b"", "JSON Parse error: The document is empty"),
    (b"instances = [1, 2]", "JSON Parse error: "),
    (b"[1, 2]", "Is not object"),
    ({}, "Missing 'inputs' or 'instances' key"),
    ({"signature_name": 5, "instances": [1]}, "must be a string value"),
    ({"signature_name": "nope", "instances": [1]},
     'Serving signature name: "nope" not found in signature def'),
    ({"instances": [1], "inputs": [1]}, "ot formatted correctly expecting only one of"),
    ({"instances": 1}, "to be an list/array"),
    ({"instances": []}, "No values in 'instances' array"),
    ({"instances": ["a"]}, "not of expected type: float"),
    ({"instances": [None]}, "not of expected type: float"),
    ({"instances": [16777217]}, "without loss of precision"),
    ({"instances": [1e300]}, "without loss of precision"),
    ({"instances": [[1, 2], [3, 4], [5, 6, 7]]}, "Expecting tensor size: 2 but got: 3"),
    ({"instances": [[1, 2], [[5, 6]]]}, "Expecting shape [2] but got: [1,2]"),
    ({"instances": [{"x": 1}, 2]}, "Expecting object but got list at item 1"),
    ({"instances": [2, {"x": 1}]}, "Expecting value/list but got object at item 1"),
    ({"instances": [{"z": 1}]}, ""),
    ({"inputs": {"z": [1]}}, "Missing named input: x in 'inputs' object."),
    ({"inputs": [[1, 2], [3]]}, "Encountered list at unexpected size: 1 at level: 1"),
    ({"inputs": [1, [3]]}, "Encountered list at unexpected level: 1"),
])
def test_predict_bodies_that_are_refused(half, body, message):
    assert message in _refused(half, "predict", body)


@pytest.mark.parametrize(("body", "message"), [
    ({"signature_name": "sums", "instances": [1, 2]}, "instances is a plain list"),
    ({"signature_name": "sums", "inputs": [1, 2]}, "inputs is a plain value/list"),
    ({"signature_name": "sums", "instances": [{"a": 1}]}, ""),
    ({"signature_name": "next", "inputs": 2.5}, "not of expected type: int32"),
    ({"signature_name": "bytes", "instances": [{"b64": "*"}]}, "Unable to base64 decode"),
    ({"signature_name": "several_batches", "instances": ["a", "b"]}, "inconsistent batch size"),
    ({"signature_name": "number", "instances": ["no number"]}, ""),
])
def test_bodies_that_do_not_fit_a_signature(forms, body, message):
    assert message in _refused(forms, "predict", body)


def test_outputs_that_are_no_rows(endpoint):
    served = endpoint("product")
    assert _answer(served, "predict", {"inputs": 2.0}) == {"outputs": 12.0}


def test_classify(half):
    body = {"signature_name": "classify_x_to_y", "examples": [{"x": 2.0}]}
    assert _answer(half, "classify", body) == {"results": [[["", 3.0]]]}


def test_regress(half):
    body = {"signature_name": "regress_x_to_y", "examples": [{"x": 2.0}, {"x": [4.0]}]}
    assert _answer(half, "regress", body) == {"results": [3.0, 4.0]}
    response = _post(half, "regress", body, f"{half.path}/versions/{VERSION}")
    assert response.json() == {"results": [3.0, 4.0]}


def test_examples_with_words_bytes_and_a_context(forms):
    body = {"signature_name": "classify_both", "context": {"word": "context", "weight": [0.2, 6.0]},
            "examples": [{}, {"word": "own"}, {"word": [{"b64": "YjY0"}], "weight": [1.5, 2.5]}]}
    assert _answer(forms, "classify", body) == {"results": [
        [["context", 0.2], ["other", 6.0]], [["own", 0.2], ["other", 6.0]],
        [["b64", 1.5], ["other", 2.5]]]}


@pytest.mark.parametrize("method", ["classify", "regress"])
@pytest.mark.parametrize(("body", "message"), [
    (b"", "document is empty"),
    (b"[]", "Is not object"),
    ({}, "'examples' is expected and was not found"),
    ({"signature_name": ["a"], "examples": [{}]}, "'signature_name' key must be a string"),
    ({"context": [{"x": 2.0}], "examples": [{}]}, "Example must be JSON object"),
    ({"examples": {"x": 2.0}}, "list/array"),
    ({"examples": []}, "is an empty array"),
    ({"examples": [[{"x": 2.0}]]}, "Example must be JSON object"),
    ({"examples": [{"x": [10, None]}]}, "x has element with unexpected JSON type: Null"),
    ({"examples": [{"x": [10, 10.0]}]}, "feature: x expecting type: int64"),
    ({"examples": [{"x": [10, {"test": 10}]}]}, "x has element with unexpected JSON type: Object"),
    ({"examples": [{"x": [[10], 20]}]}, "x has element with unexpected JSON type: Array"),
    ({"examples": [{"x": [20, 18446744073709551603]}]}, "Only int64 is supported"),
    ({"examples": [{"x": 1e300}]}, "loss of precision"),
    ({"signature_name": "nope", "examples": [{"x": 2.0}]},
     "No signature was found with the name: nope"),
    ({"signature_name": "serving_default", "examples": [{"x": 2.0}]},
     "signature method_name to be"),
    # The example says int64 where the model reads a float.
    ({"signature_name": "regress_x_to_y", "examples": [{"x": 2}]}, ""),
])
def test_bodies_of_examples_that_are_refused(half, method, body, message):
    assert message in _refused(half, method, body)


@pytest.mark.parametrize(("method", "path", "status", "message"), [
    ("GET", "/v1/models/missing", 404, "missing"),
    ("GET", "/v1/models/half_plus_two/versions/7", 404, "Could not find version 7 of model"),
    ("GET", "/v1/models/missing/metadata", 404, "Servable not found"),
    ("GET", "/v1/models/half_plus_two/versions/7/metadata", 404, "Servable not found"),
    ("POST", "/v1/models/missing:predict", 404, "Servable not found"),
    ("POST", "/v1/models/missing:classify", 404, "Servable not found"),
    ("POST", "/v1/models/missing:regress", 404, "Servable not found"),
    ("POST", "/v1/models/half_plus_two/versions/7:predict", 404, "Servable not found"),
    ("POST", "/v1/models/half_plus_two/labels/stable:predict", 400, "version label"),
    ("POST", f"/v1/models/half_plus_two/versions/{2**64 - 1}:regress", 400,
     "Failed to convert version"),
    ("POST", "/v1/models/half_plus_two/versions/HELLO:regress", 400, "Malformed request"),
    ("POST", "/v1/models/half_plus_two/version/50:regress", 400, "Malformed request"),
    ("POST", "/v1/models/half_plus_two:explode", 400, "Malformed request"),
    ("GET", "/v1/models/half_plus_two:predict", 400, "Malformed request"),
    ("PUT", "/v1/models/half_plus_two:predict", 400, "Malformed request"),
    ("DELETE", "/v1/models/half_plus_two", 400, "Malformed request"),
    ("POST", "/v1/models", 400, "Malformed request"),
    ("GET", "/v1/models", 400, "Missing model name"),
    ("GET", "/v1/foo", 400, "Malformed request"),
])
def test_paths_and_methods_that_are_refused(half, method, path, status, message):
    body = b'{"instances": [1.0], "examples": [{"x": 1.0}]}' if method in ("POST", "PUT") else None
    response = half.http.request(method, path, content=body)
    assert response.status_code == status
    assert message in response.json()["error"]


def test_other_paths_are_not_found(half):
    for path in ("/", "/index", "/statuspage"):
        assert half.http.get(path).status_code == 404


def test_a_gzipped_body(half):
    body = gzip.compress(b'{"instances": [2.0]}')
    response = half.http.post(
        f"{half.path}:predict", content=body, headers={"Content-Encoding": "gzip"})
    assert response.json() == {"predictions": [3.0]}
    response = half.http.post(
        f"{half.path}:predict", content=b"no gzip", headers={"Content-Encoding": "gzip"})
    assert response.status_code == 400


def test_other_origins_are_not_told_that_they_may(half):
    response = half.http.get(half.path, headers={"Origin": "http://elsewhere.example.org"})
    assert "access-control-allow-origin" not in response.headers
