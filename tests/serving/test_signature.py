import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from serving.errors import RequestError
from serving.signature import Limits, Signature, TensorSpec

LIMITS = Limits(batch_size=3, list_length=4, values=9)
RECOMMEND = Signature(
    "recommend",
    {
        "history": TensorSpec("history", tf.string, (None, None)),
        "profile": TensorSpec("profile", tf.string, (None,)),
    },
    {"product_id": TensorSpec("product_id", tf.string, (None, 5)),
     "score": TensorSpec("score", tf.float32, (None, 5))},
)


def _strings(*shape: int) -> np.ndarray:
    return np.full(shape, b"a", dtype=object)


def test_what_fits_passes():
    RECOMMEND.check_inputs({"history": _strings(3, 0), "profile": _strings(3)}, LIMITS)


@pytest.mark.parametrize(("inputs", "reason"), [
    ({"history": _strings(1, 1)}, "Missing but required: {profile}"),
    ({"history": _strings(1, 1), "profile": _strings(1), "x": _strings(1)},
     "input size does not match signature: 3!=2 .*Sent extra: {x}"),
    ({"history": _strings(1), "profile": _strings(1)},
     r"'history'.* takes string \[\?, \?\], received string \[1\]"),
    ({"history": _strings(1, 1), "profile": np.zeros(1)}, r"takes string \[\?\], received float64"),
    ({"history": _strings(2, 1), "profile": _strings(1)}, "differ in batch size"),
    ({"history": _strings(4, 1), "profile": _strings(4)}, "a batch of 4 is larger"),
    ({"history": _strings(1, 5), "profile": _strings(1)}, "lists of 5 are longer"),
    ({"history": _strings(3, 4), "profile": _strings(3)}, "12 values are more"),
])
def test_what_does_not_fit_is_refused(inputs, reason):
    with pytest.raises(RequestError, match=reason):
        RECOMMEND.check_inputs(inputs, LIMITS)


def test_a_fixed_size_is_checked():
    spec = TensorSpec("x", tf.float32, (None, 2))
    assert spec.accepts((9, 2))
    assert not spec.accepts((9, 3))
    assert TensorSpec("x", tf.float32, None).accepts((1, 2, 3))


def test_outputs_are_all_or_those_asked_for():
    assert RECOMMEND.select_outputs([]) == ("product_id", "score")
    assert RECOMMEND.select_outputs(["score"]) == ("score",)


@pytest.mark.parametrize("names", [["nope"], ["score", "score"]])
def test_unknown_and_repeated_outputs_are_refused(names):
    with pytest.raises(RequestError):
        RECOMMEND.select_outputs(names)


def test_what_has_a_default_may_be_missing():
    proto = meta_graph_pb2.SignatureDef(method_name="tensorflow/serving/regress")
    for name in ("x", "scale"):
        proto.inputs[name].dtype = types_pb2.DT_FLOAT
    proto.defaults["scale"].CopyFrom(tf.make_tensor_proto(2.5))
    signature = Signature.from_def("s", proto)
    signature.check_names(["x"])
    assert signature.defaults["scale"].tolist() == 2.5
    assert signature.method_name == "tensorflow/serving/regress"
    with pytest.raises(RequestError, match="Missing but required: {x}"):
        signature.check_names(["scale"])
