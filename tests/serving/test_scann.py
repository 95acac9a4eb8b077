"""A version whose index is ScaNN's needs ScaNN's ops, which only it makes the server import."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

scann_ops = pytest.importorskip("scann").scann_ops

_LOAD = """
import pathlib, sys
import numpy as np
from serving import ServingError
from serving.servable import load_servable
from serving.versions import Version

version = Version(1, pathlib.Path(sys.argv[1]))
sys.modules["scann"] = None  # as if it were not installed
try:
    load_servable(version)
except ServingError as error:
    print(error)
del sys.modules["scann"]
servable = load_servable(version)
signature = servable.signatures.find("search")
outputs = servable.run(signature, {"vector": np.eye(4, dtype=np.float32)[:1]}, ["position"])
print("nearest", outputs["position"].tolist())
"""


class _ScannModel(tf.Module):
    def __init__(self, vectors):
        super().__init__()
        self.searcher = (scann_ops.builder(vectors, 1, "dot_product").score_brute_force().build()
                         .serialize_to_module())

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    def search(self, vector):
        return {"position": scann_ops.searcher_from_module(self.searcher).search_batched(vector)[0]}


    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    def first(self, vector):
        return {"position": tf.argmax(vector, axis=1)[:, tf.newaxis]}


@pytest.mark.parametrize("function", ["search", "first"])
def test_scann_ops_are_imported_when_the_version_needs_them(tmp_path, function):
    # `search` is saved, and so loaded, whether or not a signature calls it.
    model = _ScannModel(np.eye(4, dtype=np.float32))
    tf.saved_model.save(
        model, str(tmp_path / "1"), signatures={"search": getattr(model, function)},
        options=tf.saved_model.SaveOptions(namespace_whitelist=["Scann"]))

    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(tmp_path / "1")], check=True, text=True,
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()})

    error, answer = done.stdout.splitlines()
    assert "needs the ops of scann for its ScaNN index" in error
    assert f"TensorFlow {tf.__version__}" in error
    assert answer == "nearest [[0]]"
