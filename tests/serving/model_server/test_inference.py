import numpy as np
import pytest
import tensorflow as tf

from serving.errors import RequestError
from serving.model_server.api import ModelReference, Prediction
from serving.model_server.example_methods import REGRESSION
from serving.model_server.inference import InferenceTask, multi_infer
from serving.model_server.threads import WorkerPool
from serving.signature import Signature, TensorSpec
from tests.serving.conformance.requests import regress

SIGNATURE = Signature(
    "s", {"inputs": TensorSpec("inputs", tf.string, (None,))},
    {"outputs": TensorSpec("outputs", tf.float32, (None,))}, "tensorflow/serving/regress")
EXAMPLES = regress("m", "", {"x": 1.0}).input


class SwappingApi:
    """Answers with one version after the other: a swap between two tasks cannot be arranged."""

    def __init__(self, versions):
        self.versions = list(versions)
        self.pool = WorkerPool()

    async def predict(self, call):
        inputs = call.decode(SIGNATURE)
        version = self.versions.pop(0)
        values = np.full(len(inputs["inputs"]), version, np.float32)
        return Prediction(version, SIGNATURE, {"outputs": values})


def _tasks(*names):
    return [InferenceTask(ModelReference("m"), name, REGRESSION) for name in names]


async def test_all_tasks_are_answered_by_one_version():
    api = SwappingApi([1, 2, 2, 2])
    inferences = await multi_infer(api, _tasks("a", "b"), EXAMPLES, None)
    assert [inference.version for inference in inferences] == [2, 2]
    assert [inference.result.regressions[0].value for inference in inferences] == [2.0, 2.0]
    assert api.versions == []


async def test_versions_that_never_stop_to_change_are_told():
    with pytest.raises(RequestError, match="the version changed") as caught:
        await multi_infer(SwappingApi([1, 2] * 3), _tasks("a", "b"), EXAMPLES, None)
    assert caught.value.code.name == "UNAVAILABLE"


async def test_the_default_by_its_name_and_without_it_is_the_same_signature():
    with pytest.raises(RequestError, match="Duplicate evaluation of signature: serving_default"):
        await multi_infer(SwappingApi([1, 1]), _tasks("", "serving_default"), EXAMPLES, None)
