"""TensorFlow Serving's gRPC services, as its own tests of a running server and of its parts ask."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    predict_pb2,
)

from tests.serving.conformance.models import CLASSIFY, ECHOED, PREDICT, REGRESS, VERSION
from tests.serving.conformance.requests import (
    classify,
    fill_spec,
    multi_inference,
    predict,
    refused,
    regress,
)


def _x(*values):
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=values)
    proto.tensor_shape.dim.add(size=len(values))
    return proto


def _check_spec(spec, model_name, signature):
    assert (spec.name, spec.version.value, spec.signature_name) == (
        model_name, VERSION, signature)


def test_model_status(half):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = half.model_name
    for version in (None, VERSION):
        if version:
            request.model_spec.version.value = version
        (status,) = half.model.GetModelStatus(request).model_version_status
        assert status.version == VERSION
        assert status.state == get_model_status_pb2.ModelVersionStatus.AVAILABLE
        assert (status.status.error_code, status.status.error_message) == (0, "")


def test_the_status_of_what_is_not_there(half):
    request = get_model_status_pb2.GetModelStatusRequest()
    assert refused(half.model.GetModelStatus, request) == (
        "INVALID_ARGUMENT", "Missing ModelSpec")
    request.model_spec.name = "missing"
    assert refused(half.model.GetModelStatus, request)[0] == "NOT_FOUND"
    request.model_spec.name = half.model_name
    request.model_spec.version.value = 7
    code, details = refused(half.model.GetModelStatus, request)
    assert code == "NOT_FOUND"
    assert f"Could not find version 7 of model {half.model_name}" in details


@pytest.mark.parametrize("output_filter", [[], ["y"]])
@pytest.mark.parametrize("signature", ["", "serving_default"])
def test_predict(half, output_filter, signature):
    response = half.prediction.Predict(predict(
        half.model_name, {"x": _x(2.0)}, signature=signature, output_filter=output_filter))
    assert response.outputs["y"].dtype == types_pb2.DT_FLOAT
    assert list(response.outputs["y"].float_val) == [3.0]
    _check_spec(response.model_spec, half.model_name, "serving_default")


def test_predict_of_a_version(half):
    response = half.prediction.Predict(
        predict(half.model_name, {"x": _x(2.0, 4.0)}, version=VERSION))
    assert list(response.outputs["y"].float_val) == [3.0, 4.0]


@pytest.mark.parametrize(("model_name", "signature", "output", "expected"), [
    ("half_plus_three", "", "y", 4.0),
    ("product", "", "y", 12.0),
    ("two_signatures", "custom_signature_key", "y", 2.0),
    ("two_signatures", "", "y", 1.0),
])
def test_models_saved_by_both_tensorflows(endpoint, model_name, signature, output, expected):
    served = endpoint(model_name)
    response = served.prediction.Predict(
        predict(model_name, {"x": _x(2.0)}, signature=signature))
    assert list(response.outputs[output].float_val) == [expected]
    _check_spec(response.model_spec, model_name, signature or "serving_default")


@pytest.mark.parametrize("model_name", ["keras", "mirrored"])
def test_models_exported_by_keras(endpoint, model_name):
    proto = _x(2.0)
    proto.tensor_shape.dim.add(size=1)
    response = endpoint(model_name).prediction.Predict(predict(model_name, {"x": proto}))
    (output,) = response.outputs.values()
    assert list(output.float_val) == [2.0]


@pytest.mark.parametrize(("request_", "code", "message"), [
    (predict("missing", {"x": _x(2.0)}), "NOT_FOUND", "Servable not found for request"),
    (predict("half_plus_two", {"x": _x(2.0)}, version=7), "NOT_FOUND",
     "Specific(half_plus_two, 7)"),
    (predict("", {"x": _x(2.0)}), "INVALID_ARGUMENT", ""),
    (predict_pb2.PredictRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
    (predict("half_plus_two", {"x": _x(2.0)}, label="stable"), "INVALID_ARGUMENT",
     "version label"),
    (predict("half_plus_two", {"x": _x(2.0)}, signature="nope"), "FAILED_PRECONDITION",
     'Serving signature key "nope" not found'),
    (predict("half_plus_two", {}), "INVALID_ARGUMENT",
     "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but "
     "required: {x}."),
    (predict("half_plus_two", {"x": _x(2.0), "z": _x(2.0)}), "INVALID_ARGUMENT",
     "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. Missing "
     "but required: {}."),
    (predict("half_plus_two", {"z": _x(2.0)}), "INVALID_ARGUMENT", ""),
    (predict("half_plus_two", {"x": tensor_pb2.TensorProto()}), "INVALID_ARGUMENT",
     "tensor parsing error: x"),
    (predict("half_plus_two", {"x": ["a"]}), "INVALID_ARGUMENT", ""),
    (predict("half_plus_two", {"x": [1]}), "INVALID_ARGUMENT", ""),
    (predict("half_plus_two", {"x": _x(2.0)}, output_filter=["z"]), "INVALID_ARGUMENT",
     "output tensor alias not found in signature: z Outputs expected to be in the set {y}."),
    (predict("half_plus_two", {"x": _x(2.0)}, output_filter=["y", "y"]), "INVALID_ARGUMENT",
     "duplicate output tensor alias: y"),
])
def test_predict_requests_that_are_refused(half, request_, code, message):
    received, details = refused(half.prediction.Predict, request_)
    assert received == code
    assert message in details


def test_a_shape_that_a_model_does_not_take(forms):
    request = predict("forms", {"matrix": [[1.0, 2.0, 3.0]]}, signature="rows")
    assert refused(forms.prediction.Predict, request)[0] == "INVALID_ARGUMENT"


def test_a_value_that_an_op_of_the_model_refuses(forms):
    request = predict("forms", {"text": ["no number"]}, signature="number")
    assert refused(forms.prediction.Predict, request)[0] == "INVALID_ARGUMENT"


ARRAYS = {
    "bool": [True, False], "string": [b"a", b"\xff\x00"], "complex64": [1 + 2j],
    "complex128": [1 - 2j], "uint64": [2**64 - 1], "int64": [-2**63], "uint32": [2**32 - 1],
    "int32": [-2**31], "uint16": [2**16 - 1], "int16": [-2**15], "uint8": [255], "int8": [-128]}


def _array(dtype):
    values = ARRAYS.get(dtype, [1.5, -2.0, np.inf])
    return np.array(values, dtype=tf.as_dtype(dtype).as_numpy_dtype)


@pytest.mark.parametrize("dtype", ECHOED)
def test_every_type_in_every_form(forms, dtype):
    array = _array(dtype)
    raw = tf.make_tensor_proto(array)
    typed = tensor_pb2.TensorProto()
    typed.CopyFrom(forms.prediction.Predict(
        predict("forms", {"x": raw}, signature=f"echo_{dtype}")).outputs["y"])
    # Answers have their values in the typed field.
    assert not typed.tensor_content
    np.testing.assert_array_equal(tf.make_ndarray(typed), array)
    again = forms.prediction.Predict(predict("forms", {"x": typed}, signature=f"echo_{dtype}"))
    assert again.outputs["y"] == typed


def test_values_too_few_repeat_the_last_and_none_are_zeros(half):
    x = _x(2.0, 4.0)
    x.tensor_shape.dim[0].size = 4
    response = half.prediction.Predict(predict("half_plus_two", {"x": x}))
    assert list(response.outputs["y"].float_val) == [3.0, 4.0, 4.0, 4.0]
    x = _x()
    x.tensor_shape.dim[0].size = 2
    response = half.prediction.Predict(predict("half_plus_two", {"x": x}))
    assert list(response.outputs["y"].float_val) == [2.0, 2.0]


def test_an_empty_batch(half):
    response = half.prediction.Predict(predict("half_plus_two", {"x": _x()}))
    assert list(response.outputs["y"].float_val) == []
    assert [dim.size for dim in response.outputs["y"].tensor_shape.dim] == [0]


def test_a_scalar(forms):
    scalar = tf.make_tensor_proto(41, dtype=tf.int32)
    response = forms.prediction.Predict(predict("forms", {"scalar": scalar}, signature="next"))
    assert list(response.outputs["next"].int_val) == [42]
    assert not response.outputs["next"].tensor_shape.dim


def test_several_inputs_and_some_of_the_outputs(forms):
    inputs = {"a": _x(5.0), "b": _x(3.0)}
    response = forms.prediction.Predict(predict("forms", inputs, signature="sums"))
    assert {name: list(proto.float_val) for name, proto in response.outputs.items()} == {
        "sum": [8.0], "difference": [2.0]}
    response = forms.prediction.Predict(
        predict("forms", inputs, signature="sums", output_filter=["difference"]))
    assert list(response.outputs) == ["difference"]


def test_predict_calls_signatures_of_examples_as_well(half):
    serialized = tf.train.Example()
    serialized.features.feature["x"].float_list.value.append(2.0)
    response = half.prediction.Predict(predict(
        "half_plus_two", {"inputs": [serialized.SerializeToString()]},
        signature="regress_x_to_y"))
    assert list(response.outputs["outputs"].float_val) == [3.0]


def test_classify(half):
    response = half.prediction.Classify(
        classify("half_plus_two", "classify_x_to_y", {"x": 2.0}))
    ((only,),) = [item.classes for item in response.result.classifications]
    assert (only.label, only.score) == ("", 3.0)
    _check_spec(response.model_spec, "half_plus_two", "classify_x_to_y")


def test_labels_with_and_without_scores(forms):
    examples = [{"word": "a", "weight": [0.25, 0.75]}, {"word": "b"}]
    response = forms.prediction.Classify(classify("forms", "classify_both", *examples))
    assert [[(one.label, one.score) for one in item.classes]
            for item in response.result.classifications] == [
        [("a", 0.25), ("other", 0.75)], [("b", 1.0), ("other", 2.0)]]
    response = forms.prediction.Classify(classify("forms", "classify_classes", *examples))
    assert [[(one.label, one.score) for one in item.classes]
            for item in response.result.classifications] == [
        [("a", 0.0), ("other", 0.0)], [("b", 0.0), ("other", 0.0)]]


def test_an_example_has_the_features_of_the_context_and_its_own_first(forms):
    response = forms.prediction.Classify(classify(
        "forms", "classify_both", {}, {"word": "own"},
        context={"word": "context", "weight": [5.0, 6.0]}))
    assert [[(one.label, one.score) for one in item.classes]
            for item in response.result.classifications] == [
        [("context", 5.0), ("other", 6.0)], [("own", 5.0), ("other", 6.0)]]


def test_regress(half):
    response = half.prediction.Regress(
        regress("half_plus_two", "regress_x_to_y", {"x": 2.0}, {"x": 4.0}, version=VERSION))
    assert [item.value for item in response.result.regressions] == [3.0, 4.0]
    _check_spec(response.model_spec, "half_plus_two", "regress_x_to_y")


def test_regress_of_a_vector_and_with_a_context(half):
    response = half.prediction.Regress(regress(
        "half_plus_two", "regress_x2_to_y2", {"x": 0.0}, {"x": 0.0, "x2": 4.0},
        context={"x2": 2.0}))
    assert [item.value for item in response.result.regressions] == [3.0, 4.0]


@pytest.mark.parametrize(("model_name", "signature", "examples", "code", "message"), [
    ("missing", "", [{"x": 2.0}], "NOT_FOUND", "Servable not found"),
    ("forms", "classify_both", [], "INVALID_ARGUMENT", "Input is empty."),
    ("forms", "nope", [{}], "INVALID_ARGUMENT", "No signature was found with the name: nope"),
    ("forms", "sums", [{}], "INVALID_ARGUMENT",
     f"Expected classification signature method_name to be {CLASSIFY}. Was: {PREDICT}"),
    ("forms", "regress_matrix", [{}], "INVALID_ARGUMENT",
     f"Expected classification signature method_name to be {CLASSIFY}. Was: {REGRESS}"),
    ("forms", "classify_two_inputs", [{}], "INVALID_ARGUMENT", "Expected one input Tensor."),
    ("forms", "classify_three", [{}], "INVALID_ARGUMENT",
     "Expected one or two output Tensors, found 3"),
    ("forms", "classify_other_input", [{}], "FAILED_PRECONDITION",
     "No classification inputs found in SignatureDef"),
    ("forms", "classify_nothing", [{}], "FAILED_PRECONDITION",
     "Expected classification signature outputs to contain at least one of"),
    ("forms", "classify_vector", [{}], "INVALID_ARGUMENT",
     "Expected Tensor shape: [batch_size num_classes] but got [1]"),
    ("forms", "classify_numbers", [{}], "INVALID_ARGUMENT",
     "Expected classes Tensor of DT_STRING. Got: DT_FLOAT"),
    ("forms", "classify_first", [{}, {}], "INVALID_ARGUMENT",
     "Expected scores output batch size of 2. Got: 1"),
    ("forms", "classify_wide", [{}], "INVALID_ARGUMENT",
     "Tensors class and score should match in dim_size(1). Got 2 vs. 1"),
    ("forms", "classify_both", [{"word": 2.0}], "INVALID_ARGUMENT", ""),
])
def test_classify_requests_that_are_refused(
        forms, model_name, signature, examples, code, message):
    received, details = refused(
        forms.prediction.Classify, classify(model_name, signature, *examples))
    assert received == code
    assert message in details


@pytest.mark.parametrize(("signature", "examples", "code", "message"), [
    ("regress_matrix", [], "INVALID_ARGUMENT", "Input is empty."),
    ("nope", [{}], "INVALID_ARGUMENT", "No signature was found with the name: nope"),
    ("classify_both", [{}], "INVALID_ARGUMENT",
     f"Expected regression signature method_name to be {REGRESS}. Was: {CLASSIFY}"),
    ("regress_other_output", [{}], "FAILED_PRECONDITION",
     "No regression outputs found in SignatureDef"),
    ("regress_matrix", [{}], "INVALID_ARGUMENT",
     "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,2]"),
    ("regress_first", [{}, {}], "INVALID_ARGUMENT",
     "Input batch size did not match output batch size: 2 vs. 1"),
    ("regress_words", [{}], "INVALID_ARGUMENT", "Expected output Tensor of DT_FLOAT."),
])
def test_regress_requests_that_are_refused(forms, signature, examples, code, message):
    received, details = refused(
        forms.prediction.Regress, regress("forms", signature, *examples))
    assert received == code
    assert message in details


def test_requests_of_examples_without_a_model(half):
    assert refused(half.prediction.Classify, classification_pb2.ClassificationRequest()) == (
        "INVALID_ARGUMENT", "Missing ModelSpec")


def test_multi_inference(half):
    response = half.prediction.MultiInference(multi_inference([
        ("half_plus_two", "regress_x_to_y", REGRESS),
        ("half_plus_two", "classify_x_to_y", CLASSIFY)], {"x": 2.0}, {"x": 4.0}))
    first, second = response.results
    assert [item.value for item in first.regression_result.regressions] == [3.0, 4.0]
    assert [item.classes[0].score for item in second.classification_result.classifications] == [
        3.0, 4.0]
    _check_spec(first.model_spec, "half_plus_two", "regress_x_to_y")
    _check_spec(second.model_spec, "half_plus_two", "classify_x_to_y")


ONE_TASK = ("half_plus_two", "regress_x_to_y", REGRESS)


@pytest.mark.parametrize(("tasks", "code", "message"), [
    ([ONE_TASK, ("half_plus_three", "classify_x_to_y", CLASSIFY)], "INVALID_ARGUMENT",
     "must access the same model name"),
    ([ONE_TASK, ONE_TASK], "INVALID_ARGUMENT",
     "Duplicate evaluation of signature: regress_x_to_y"),
    ([("half_plus_two", "serving_default", PREDICT)], "UNIMPLEMENTED",
     "Unsupported signature method_name"),
    ([("half_plus_two", "regress_x_to_y", CLASSIFY)], "INVALID_ARGUMENT",
     "Expected classification signature method_name"),
    ([("half_plus_two", "nope", CLASSIFY)], "INVALID_ARGUMENT", "nope"),
    ([("missing", "regress_x_to_y", REGRESS)], "NOT_FOUND", "Servable not found"),
    ([], "INVALID_ARGUMENT", ""),
])
def test_multi_inference_requests_that_are_refused(half, tasks, code, message):
    received, details = refused(
        half.prediction.MultiInference, multi_inference(tasks, {"x": 2.0}))
    assert received == code
    assert message in details


def test_multi_inference_without_examples(half):
    request = multi_inference([ONE_TASK])
    assert refused(half.prediction.MultiInference, request) == (
        "INVALID_ARGUMENT", "Input is empty.")
    request = inference_pb2.MultiInferenceRequest()
    request.tasks.add(method_name=REGRESS)
    assert refused(half.prediction.MultiInference, request)[0] == "INVALID_ARGUMENT"


def test_metadata(half):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    fill_spec(request.model_spec, "half_plus_two")
    response = half.prediction.GetModelMetadata(request)
    assert (response.model_spec.name, response.model_spec.version.value) == (
        "half_plus_two", VERSION)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def) >= {
        "serving_default", "classify_x_to_y", "regress_x_to_y", "regress_x2_to_y2"}
    assert signatures.signature_def["classify_x_to_y"].method_name == CLASSIFY


@pytest.mark.parametrize(("model_name", "fields", "code"), [
    ("half_plus_two", [], "INVALID_ARGUMENT"), ("half_plus_two", ["weights"], "INVALID_ARGUMENT"),
    ("missing", ["signature_def"], "NOT_FOUND")])
def test_metadata_requests_that_are_refused(half, model_name, fields, code):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    fill_spec(request.model_spec, model_name)
    assert refused(half.prediction.GetModelMetadata, request)[0] == code
