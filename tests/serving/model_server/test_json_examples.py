import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.apis import classification_pb2, regression_pb2

from serving.errors import RequestError
from serving.model_server.json_document import parse_document
from serving.model_server.json_examples import format_result, parse_examples

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.fixed_dictionaries({"b64": st.text(max_size=8)}),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12)


def _features(example):
    return {
        name: (feature.WhichOneof("kind"), list(getattr(feature, kind).value) if (
            kind := feature.WhichOneof("kind")) else [])
        for name, feature in example.features.feature.items()}


def test_every_kind_of_feature():
    body = parse_examples(json.dumps({
        "signature_name": "s",
        "examples": [{"names": ["foo", {"b64": "aGVsbG8="}], "ratings": [8.0, float("-inf")],
                      "age": 20, "mixed": [1, True, False], "none": [], "big": 2**70}],
    }).encode())
    assert body.signature_name == "s"
    (example,) = body.examples.example_list.examples
    assert _features(example) == {
        "names": ("bytes_list", [b"foo", b"hello"]),
        "ratings": ("float_list", [8.0, float("-inf")]),
        "age": ("int64_list", [20]),
        "mixed": ("int64_list", [1, 1, 0]),
        "none": (None, []),
        "big": ("float_list", [2.0**70]),
    }


def test_a_context_goes_with_its_examples():
    body = parse_examples(b'{"context": {"query": "pizza"}, "examples": [{"x": 1.5}, {}]}')
    with_context = body.examples.example_list_with_context
    assert _features(with_context.context) == {"query": ("bytes_list", [b"pizza"])}
    assert [_features(example) for example in with_context.examples] == [
        {"x": ("float_list", [1.5])}, {}]


def test_results():
    classes = classification_pb2.ClassificationResult()
    for pairs in ([("car", 0.2), ("bike", 0.7)], [("bus", 1.0)]):
        added = classes.classifications.add()
        for label, score in pairs:
            added.classes.add(label=label, score=score)
    assert format_result(classes) == b'{"results": [[["car", 0.2], ["bike", 0.7]], [["bus", 1.0]]]}'
    values = regression_pb2.RegressionResult()
    for value in (0.2, float("inf"), float("-inf"), float("nan")):
        values.regressions.add(value=value)
    assert format_result(values) == b'{"results": [0.2, Infinity, -Infinity, NaN]}'


def _read(parse, body):
    try:
        return parse(body), "OK"
    except RequestError as error:
        return None, error.code.name


@given(st.dictionaries(st.sampled_from(["signature_name", "context", "examples"]), JSON_VALUES))
def test_any_json_is_read_or_refused(document):
    body, code = _read(parse_examples, json.dumps(document).encode())
    assert code == "INVALID_ARGUMENT" if body is None else body.examples.WhichOneof("kind")


@given(st.binary(max_size=80) | st.text('{}[]",:\\InfityNa-0e. ', max_size=80).map(str.encode))
def test_any_bytes_are_an_object_or_refused(body):
    document, code = _read(parse_document, body)
    assert code == "INVALID_ARGUMENT" if document is None else isinstance(document, dict)


@pytest.mark.parametrize("text", ["Infinite", "NaNs", "Inf", "[Inf", "tInf"])
def test_what_only_resembles_a_number_is_refused(text):
    with pytest.raises(RequestError, match="JSON Parse error"):
        parse_document(f'{{"x": {text}'.encode())
