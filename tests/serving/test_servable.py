import shutil

import grpc
import numpy as np
import pytest
import tensorflow as tf

from serving.errors import RequestError, VersionError
from serving.servable import load_servable
from serving.versions import Version
from serving.warmup import WARMUP_FILE, warm_up
from tests.serving.toy_model import warmup_record


@pytest.fixture(scope="module")
def servable(toy_versions):
    return load_servable(Version(1, toy_versions["first"]))


@pytest.fixture
def copy(toy_versions, tmp_path) -> Version:
    """A version that a test may damage."""
    return Version(1, shutil.copytree(toy_versions["first"], tmp_path / "1"))


def _texts(*texts: bytes) -> np.ndarray:
    return np.array(texts, dtype=object)


def test_a_signature_answers(servable):
    search = servable.signatures.find("search")
    outputs = servable.run(search, {"query": _texts(b"garden hose")}, ["product_id"])
    assert list(outputs) == ["product_id"]
    assert outputs["product_id"][0, 0] == b"p3"


def test_the_empty_name_is_the_default_and_the_initializer_is_hidden(servable):
    assert servable.signatures.find("").name == "serving_default"
    assert "__saved_model_init_op" not in servable.signatures.defs
    with pytest.raises(RequestError, match='"nope" not found in .*; version 1 has embed_p'):
        servable.signatures.find("nope")


@pytest.mark.parametrize("value", [b"not a number", b"\xff\xfe"])
def test_a_value_that_an_op_refuses_is_the_callers_error(servable, value):
    parse = servable.signatures.find("parse")
    with pytest.raises(RequestError, match="signature 'parse' refuses a value") as caught:
        servable.run(parse, {"text": _texts(value)}, parse.outputs)
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "node" not in caught.value.message


def test_binary_strings_come_back_whole(servable):
    parse = servable.signatures.find("parse")
    outputs = servable.run(parse, {"text": _texts(b"1 ", b"2")}, ["echo_bytes"])
    assert outputs["echo_bytes"].tolist() == [b"1 ", b"2"]


def _truncate(version):
    graph = version.path / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-100])


def _lose_variables(version):
    shutil.rmtree(version.path / "variables")


def _empty_graph(version):
    (version.path / "saved_model.pb").write_bytes(b"")


@pytest.mark.parametrize(("damage", "reason"), [
    (_truncate, "cannot be read as a SavedModel"),
    (_lose_variables, "version 1 in .* cannot be loaded"),
    (_empty_graph, "no graph tagged 'serve'"),
])
def test_a_damaged_version_is_refused(copy, damage, reason):
    damage(copy)
    with pytest.raises(VersionError, match=reason):
        load_servable(copy)


def test_warm_up_answers_every_recorded_request(servable):
    assert warm_up(servable) == 2


def test_a_version_without_warm_up_requests_is_fine(copy):
    (copy.path / WARMUP_FILE).unlink()
    assert warm_up(load_servable(copy)) == 0


@pytest.mark.parametrize(("records", "reason"), [
    (b"this was never a TFRecord file", "is not a TFRecord file"),
    ([b"\xff\xff no proto"], "is not a TFRecord file of PredictionLog"),
    ([warmup_record("search", b"fine"), warmup_record("nope", b"x")], "fails on warm-up request 1"),
    ([warmup_record("half_plus_two", b"x")], "fails on warm-up request 0"),
])
def test_warm_up_requests_that_fail_refuse_the_version(copy, records, reason):
    path = copy.path / WARMUP_FILE
    if isinstance(records, bytes):
        path.write_bytes(records)
    else:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
    with pytest.raises(VersionError, match=reason):
        warm_up(load_servable(copy))
