"""A few hundred of the inputs of `benchmarks/serving/fuzz.py`, against a server in this process."""

import shutil

import pytest

from benchmarks.serving.fuzz import MODEL, Outcome, corpora, documents, fuzz_grpc, fuzz_rest
from benchmarks.serving.mutation import Mutator
from serving.model_server import ServerConfig, one_model
from tests.serving.conformance.models import EXPORTS, base_path
from tests.serving.conftest import running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("fuzz")
    folder = base_path(root, MODEL)
    EXPORTS[MODEL](folder / "123")
    with running(ServerConfig(
            one_model(folder, MODEL), port=0, rest_port=0, poll_seconds=3600)) as started:
        yield started
    shutil.rmtree(root)


async def test_no_message_makes_the_server_fail(server):
    outcome = Outcome()
    await fuzz_grpc(f"127.0.0.1:{server.grpc_port}", 300, 2, outcome)
    assert outcome.failures == []
    assert outcome.statuses.total() == 300
    assert outcome.statuses["OK"] > 20
    assert outcome.statuses["INVALID_ARGUMENT"] > 20


async def test_no_document_makes_the_server_fail(server):
    outcome = Outcome()
    await fuzz_rest(f"http://127.0.0.1:{server.rest_port}", 300, 2, outcome)
    assert outcome.failures == []
    assert outcome.statuses.total() == 300
    assert outcome.statuses["200"] > 20
    assert outcome.statuses["400"] > 20


def test_the_same_seed_makes_the_same_inputs():
    first, second = Mutator(3), Mutator(3)
    messages, bodies = corpora()["PredictionService/Predict"], documents()["predict"]
    for _ in range(50):
        assert first.message(messages) == second.message(messages)
        assert first.document(bodies) == second.document(bodies)


@pytest.mark.parametrize(("status", "is_fault", "text"), [
    ("INTERNAL", True, ""), ("INVALID_ARGUMENT", False, "Traceback (most recent call last)"),
    ("400", False, 'File "server.py", line 3')])
def test_what_must_not_be_is_told_with_its_input(status, is_fault, text):
    outcome = Outcome()
    outcome.add("OK", False, "", b"fine")
    outcome.add(status, is_fault, text, b"the input")
    assert len(outcome.failures) == 1
    assert "the input" in outcome.failures[0]
