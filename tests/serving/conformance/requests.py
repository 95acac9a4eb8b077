"""Requests of the protocol, written short, and what a refused one says."""

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

TIMEOUT_SECONDS = 30


def predict(model_name, inputs, *, signature="", version=None, label="", output_filter=()):
    request = predict_pb2.PredictRequest(output_filter=output_filter)
    fill_spec(request.model_spec, model_name, signature, version, label)
    for name, value in inputs.items():
        tensor = value if not isinstance(value, list) else tf.make_tensor_proto(value)
        request.inputs[name].CopyFrom(tensor)
    return request


def classify(model_name, signature, *examples, context=None, version=None):
    request = classification_pb2.ClassificationRequest()
    fill_spec(request.model_spec, model_name, signature, version)
    fill_input(request.input, examples, context)
    return request


def regress(model_name, signature, *examples, context=None, version=None):
    request = regression_pb2.RegressionRequest()
    fill_spec(request.model_spec, model_name, signature, version)
    fill_input(request.input, examples, context)
    return request


def multi_inference(tasks, *examples):
    """Tasks are (model name, signature, method name)."""
    request = inference_pb2.MultiInferenceRequest()
    for model_name, signature, method_name in tasks:
        task = request.tasks.add(method_name=method_name)
        fill_spec(task.model_spec, model_name, signature)
    fill_input(request.input, examples)
    return request


def fill_spec(spec, model_name, signature="", version=None, label=""):
    spec.name = model_name
    spec.signature_name = signature
    if version is not None:
        spec.version.value = version
    if label:
        spec.version_label = label


def fill_input(target, examples, context=None):
    if context is None:
        target.example_list.SetInParent()
        target.example_list.examples.extend(example(**features) for features in examples)
    else:
        target.example_list_with_context.context.CopyFrom(example(**context))
        target.example_list_with_context.examples.extend(
            example(**features) for features in examples)


def example(**features):
    made = tf.train.Example()
    for name, value in features.items():
        feature = made.features.feature[name]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                feature.bytes_list.value.append(item.encode())
            else:
                feature.float_list.value.append(item)
    return made


def refused(call, request):
    """The code and text of a request that must fail."""
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=TIMEOUT_SECONDS)
    return caught.value.code().name, caught.value.details()
