"""The servers that are measured, each a process of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import httpx

from benchmarks.quality.emporium import EMPORIUM
from serving.model_server.metrics import DEFAULT_PATH

_READY = re.compile(r"gRPC (\S+:\d+)(?:, REST http://(\S+?:\d+)/)?")
_COUNT = re.compile(
    r'^:tensorflow:serving:request_count\{model_name="\w*",status="(\w+)"\} (\S+)$', re.MULTILINE)
_METHOD = re.compile(
    r"^:tensorflow:serving:request_latency_count\{.*entrypoint=\"(\w+)\"\} (\S+)$", re.MULTILINE)
_START_SECONDS = 300


@dataclasses.dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        address: HOST:PORT of its gRPC port.
        rest: the same of its REST port; "" where it has none.
        process: that was started.
    """

    address: str
    rest: str
    process: subprocess.Popen[str]

    def counts(self) -> dict[str, int]:
        """The Predict requests that it has counted, by their code."""
        text = httpx.get(f"http://{self.rest}{DEFAULT_PATH}").raise_for_status().text
        counts = {code: int(float(count)) for code, count in _COUNT.findall(text)}
        # The count by code is of all methods; the benchmarks ask for the state, too, which is OK.
        others = sum(int(float(count)) for method, count in _METHOD.findall(text)
                     if method != "Predict")
        return {**counts, "OK": counts.get("OK", 0) - others}

    @property
    def memory_mb(self) -> float:
        """Memory of the process and its children; what they share counts once."""
        return sum(_pss_kb(pid) for pid in _family(self.process.pid)) / 1024


@contextlib.contextmanager
def emporium(out: pathlib.Path, log: pathlib.Path, options: Sequence[str] = ()) -> Iterator[Server]:
    """`emporium serve` over OUT/serving on free ports."""
    command = [*EMPORIUM, "serve", str(out), "--port", "0", "--rest-port", "0", *options]
    with _started(command, log) as server:
        yield server


@contextlib.contextmanager
def plain(version: pathlib.Path, log: pathlib.Path) -> Iterator[Server]:
    """The plain threaded server over one version."""
    command = [sys.executable, "-m", "benchmarks.serving.plain_server", str(version)]
    with _started(command, log) as server:
        yield server


@contextlib.contextmanager
def _started(command: Sequence[str], log: pathlib.Path) -> Iterator[Server]:
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True)
    try:
        yield Server(*_addresses(process, log), process)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _addresses(process: subprocess.Popen[str], log: pathlib.Path) -> tuple[str, str]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if found := _READY.search(log.read_text()):
            return found[1], found[2] or ""
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"the server did not start; {log} ends with: {log.read_text()[-1000:]}")


def _family(pid: int) -> list[int]:
    try:
        threads = list(pathlib.Path(f"/proc/{pid}/task").iterdir())
        children = [
            int(child) for thread in threads
            for child in thread.joinpath("children").read_text().split()]
    except OSError:  # It ended meanwhile.
        return [pid]
    return [pid, *(member for child in children for member in _family(child))]


def _pss_kb(pid: int) -> int:
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0
