"""Sends a model server requests that went wrong, and looks whether it keeps its countenance.

Usage:  python -m benchmarks.serving.fuzz [--inputs 100000] [--seed 0] [--output FILE.json]

Exports a model with signatures of every form, serves it by `emporium serve`, and sends it half of
the inputs over gRPC, as bytes, and half over REST. Fails, with status 1 and the first such inputs,
where the server ends, does not answer in time, answers with a fault of its own (INTERNAL, UNKNOWN,
UNAVAILABLE, 500, 503) or with parts of a traceback, or logs one.
"""

from __future__ import annotations

# First of all: what TensorFlow imports puts another package `tests` on the path.
from tests.serving.conformance.models import CLASSIFY, ECHOED, EXPORTS, REGRESS, base_path
from tests.serving.conformance.requests import classify, multi_inference, predict, regress

# isort: split
import argparse
import asyncio
import collections
import dataclasses
import gzip
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator

import grpc
import grpc.aio
import httpx
import numpy as np
from google.protobuf.message import Message
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
)

from benchmarks.serving.mutation import Mutator

MODEL = "forms"
_SERVICE = "/tensorflow.serving."
_FAULTS = frozenset({
    grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.DATA_LOSS})
# 501 is TensorFlow Serving's answer where JSON has no values of a type.
_HTTP_NOT_IMPLEMENTED = 501
_TRACES = ("Traceback", 'File "', ".py")
_TIMEOUT_SECONDS = 60.0
_START_SECONDS = 180
_CALLERS = 16
_KEPT_FAILURES = 20
_COMMAND = "import sys; from pipeline.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclasses.dataclass
class Outcome:
    """What came of the inputs: how often each status, and the inputs that must not be so."""

    statuses: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    failures: list[str] = dataclasses.field(default_factory=list)

    def add(self, status: str, is_fault: bool, text: str, sent: object) -> None:
        """Counts an answer and judges it."""
        self.statuses[status] += 1
        if is_fault or any(trace in text for trace in _TRACES):
            self.failures.append(f"{status}: {text[:300]!r} for {sent!r}"[:4_000])


def corpora() -> dict[str, list[Message]]:
    """Valid requests by the method that takes them."""
    predicts = [
        predict(MODEL, {"x": [1.5]}, signature="echo_float32"),
        predict(MODEL, {"x": [b"a", b"b"]}, signature="echo_string"),
        predict(MODEL, {"a": [1.0, 2.0], "b": [3.0, 4.0]}, signature="sums",
                output_filter=["sum"]),
        predict(MODEL, {"matrix": [[1.0, 2.0]]}, signature="rows", version=123),
        predict(MODEL, {"text": ["1.5"]}, signature="number"),
        predict(MODEL, {"text": ["a", "b"]}, signature="several_batches"),
    ] + [
        predict(MODEL, {"x": np.ones(2).astype(name).tolist()}, signature=f"echo_{name}")
        for name in ECHOED if name not in ("string", "bfloat16")]
    examples = ({"word": "a", "weight": [0.5, 1.5]}, {"word": "b"})
    metadata = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    metadata.model_spec.name = MODEL
    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = MODEL
    tasks = [(MODEL, "classify_both", CLASSIFY), (MODEL, "classify_classes", CLASSIFY)]
    return {
        "PredictionService/Predict": predicts,
        "PredictionService/Classify": [
            classify(MODEL, "classify_both", *examples),
            classify(MODEL, "classify_classes", {}, context=examples[0])],
        "PredictionService/Regress": [
            regress(MODEL, "regress_first", examples[0]),
            regress(MODEL, "regress_words", *examples)],
        "PredictionService/MultiInference": [
            multi_inference(tasks, *examples),
            multi_inference([(MODEL, "regress_first", REGRESS)], examples[0]),
            inference_pb2.MultiInferenceRequest()],
        "PredictionService/GetModelMetadata": [metadata],
        "ModelService/GetModelStatus": [status],
    }


def documents() -> dict[str, list[object]]:
    """Valid JSON bodies by the method of REST that takes them."""
    return {
        "predict": [
            {"signature_name": "echo_float32", "instances": [1.5, 2]},
            {"signature_name": "echo_int32", "instances": [{"x": 3}]},
            {"signature_name": "echo_uint64", "inputs": {"x": [3, 4]}},
            {"signature_name": "echo_bool", "inputs": [True]},
            {"signature_name": "echo_complex64", "inputs": [1]},
            {"signature_name": "echo_float16", "inputs": [1]},
            {"signature_name": "sums", "instances": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
            {"signature_name": "rows", "instances": [[1, 2], [3, 4]]},
            {"signature_name": "bytes", "instances": ["a", {"b64": "aGVsbG8="}]},
            {"signature_name": "several_batches", "inputs": ["a", "b"]},
            {"signature_name": "next", "inputs": 3},
        ],
        "classify": [
            {"signature_name": "classify_both", "context": {"word": "a"},
             "examples": [{"weight": [0.5, 1.5]}, {"word": ["b"]}]},
            {"signature_name": "classify_classes", "examples": [{"word": {"b64": "aGVsbG8="}}]},
        ],
        "regress": [{"signature_name": "regress_first", "examples": [{"weight": [1.5, 2.0]}]}],
    }


async def fuzz_grpc(target: str, inputs: int, seed: int, outcome: Outcome) -> None:
    """Sends inputs to a gRPC port."""
    mutator = Mutator(seed)
    methods = corpora()
    names = [name for name in methods for _ in range(4 if "Predict" in name.split("/")[1] else 1)]

    async with grpc.aio.insecure_channel(target) as channel:
        calls = {name: channel.unary_unary(_SERVICE + name) for name in methods}

        async def send(name: str, data: bytes) -> None:
            try:
                await calls[name](data, timeout=_TIMEOUT_SECONDS)
                outcome.add("OK", False, "", (name, data))
            except grpc.RpcError as error:
                code = error.code()
                outcome.add(code.name, code in _FAULTS, error.details() or "", (name, data))

        def requests() -> Iterator[tuple[str, bytes]]:
            for _ in range(inputs):
                name = mutator.random.choice(names)
                yield name, mutator.message(methods[name])

        await _run(requests(), send)


async def fuzz_rest(base_url: str, inputs: int, seed: int, outcome: Outcome) -> None:
    """Sends inputs to a REST port."""
    mutator = Mutator(seed)
    bodies = documents()
    model = f"/v1/models/{MODEL}"
    paths = {name: [f"{model}:{name}", f"{model}/versions/123:{name}"] for name in bodies}

    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:

        async def send(method: str, url: str, body: bytes, headers: dict[str, str]) -> None:
            sent = (method, url, body, headers)
            try:
                response = await client.request(method, url, content=body, headers=headers)
            except httpx.InvalidURL:
                outcome.add("not sent", False, "", sent)
            except httpx.HTTPError as error:
                outcome.add(type(error).__name__, True, str(error), sent)
            else:
                code = response.status_code
                is_fault = code >= 500 and code != _HTTP_NOT_IMPLEMENTED
                outcome.add(str(code), is_fault, response.text if code != 200 else "", sent)

        def requests() -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
            for _ in range(inputs):
                name = mutator.random.choice(tuple(bodies))
                body = mutator.document(bodies[name])
                headers = {}
                if mutator.random.random() < 0.05:
                    headers["Content-Encoding"] = "gzip"
                    body = gzip.compress(body) if mutator.random.random() < 0.7 else body
                method = mutator.random.choice(("POST",) * 20 + ("GET", "PUT", "OPTIONS"))
                yield method, base_url + mutator.path(paths[name]), body, headers

        await _run(requests(), send)


async def _run(requests: Iterator[tuple], send) -> None:
    """A few callers, each its next request when the last is answered."""
    async def caller() -> None:
        for request in requests:
            await send(*request)

    await asyncio.gather(*(caller() for _ in range(_CALLERS)))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def _serving(folder: pathlib.Path) -> AsyncIterator[tuple[subprocess.Popen, str, str]]:
    """Starts a server; its output goes to a file `log` of the folder."""
    port, rest_port = _free_port(), _free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, "serve", str(folder / MODEL), f"--port={port}",
             f"--rest-port={rest_port}", f"--model-name={MODEL}"],
            stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": os.getcwd()})
    base_url = f"http://127.0.0.1:{rest_port}"
    deadline = time.monotonic() + _START_SECONDS
    try:
        async with httpx.AsyncClient() as client:
            while True:
                try:
                    await client.get(f"{base_url}/v1/models/{MODEL}")
                    break
                except httpx.TransportError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise SystemExit((folder / "log").read_text()) from None
                    await asyncio.sleep(0.2)
        yield process, f"127.0.0.1:{port}", base_url
    finally:
        process.terminate()
        process.wait()


async def run(inputs: int, seed: int) -> dict[str, object]:
    """Fuzzes a server of its own.

    Returns:
        `inputs`, `seed`, `seconds`, `grpc` and `rest` with how often each status came, and
        `failures`.
    """
    over_grpc, over_rest = Outcome(), Outcome()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        EXPORTS[MODEL](base_path(folder, MODEL) / "123")
        started = time.monotonic()
        async for process, target, base_url in _serving(folder):
            await fuzz_grpc(target, inputs - inputs // 2, seed, over_grpc)
            await fuzz_rest(base_url, inputs // 2, seed, over_rest)
            seconds = time.monotonic() - started
            failures = over_grpc.failures + over_rest.failures
            if process.poll() is not None:
                failures.append(f"the server ended with status {process.returncode}")
        log = (folder / "log").read_text(errors="replace")
        if "Traceback" in log:
            failures.append(f"the server's log: {log[-4_000:]}")
    return {
        "inputs": inputs, "seed": seed, "seconds": round(seconds, 1),
        "grpc": dict(over_grpc.statuses), "rest": dict(over_rest.statuses), "failures": failures}


def main() -> int:
    """Runs by the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=pathlib.Path)
    args = parser.parse_args()
    result = asyncio.run(run(args.inputs, args.seed))
    print(json.dumps({name: value for name, value in result.items() if name != "failures"}))
    for failure in result["failures"][:_KEPT_FAILURES]:
        print(failure)
    print(f"{len(result['failures'])} failures")
    if args.output:
        args.output.write_text(json.dumps(result, indent=1) + "\n")
    return 1 if result["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
