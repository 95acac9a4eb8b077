"""Load by nghttp2's h2load: callers that cost next to no processor time of the machine they share.

It sends one request again and again, so the server must keep no answers (`FORGETFUL`), and knows
nothing of gRPC's status: the server's own counts tell what was answered.
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time

import numpy as np

from benchmarks.serving.measured import ByH2load
from benchmarks.serving.servers import Server
from serving.loadtest import LoadConfig

METHOD = "tensorflow.serving.PredictionService/Predict"
FORGETFUL = "--result-cache-mb=0"
STREAMS = 8
"""Callers that share a connection."""

_CONNECTIONS = 8
"""Of an open loop, each of an h2load of its own: the connections of one send at the same moments,
all that has come due since the last."""

_TICK_SECONDS = 0.01
"""Between those moments; the processes start one after another in about such a time."""

_MICROSECONDS = 1e3


def is_installed() -> bool:
    """Whether there is an h2load."""
    return shutil.which("h2load") is not None


def measure(server: Server, config: LoadConfig, body: bytes) -> ByH2load:
    """A closed or open loop.

    Args:
        server: `emporium serve` that keeps no answers, without TLS.
        config: the load, of whole seconds; callers are one or a multiple of eight. An open loop
            sends no more than one deadline's worth before the first is answered.
        body: a serialised PredictRequest.
    """
    if config.warm_up:
        _run(server, config, body, config.warm_up)
    before = server.counts()
    requests = _run(server, config, body, config.seconds)
    after = server.counts()
    # The server counts as cancelled what its caller gave up: past its deadline, which h2load's log
    # has, or hung up on at the end of the load, which it has not.
    codes = {code: count - before.get(code, 0) for code, count in after.items()
             if count > before.get(code, 0) and code != "CANCELLED"}
    starts, _, latencies = requests.T
    if (missed := len(requests) - sum(codes.values())) > 0:
        codes["DEADLINE_EXCEEDED"] = codes.get("DEADLINE_EXCEEDED", 0) + missed
    began = starts.min()
    return ByH2load(
        config, began / 1e6, codes, (starts - began) / 1e6, latencies / _MICROSECONDS)


def _run(server: Server, config: LoadConfig, body: bytes, seconds: float) -> np.ndarray:
    """A row a request: start since the epoch, HTTP status, latency; times in microseconds."""
    with tempfile.TemporaryDirectory() as folder:
        message = pathlib.Path(folder, "message")
        message.write_bytes(b"\0" + struct.pack(">I", len(body)) + body)
        command = [
            "h2load", f"--duration={round(seconds)}", *_loop(config),
            "--header=content-type: application/grpc", "--header=te: trailers",
            f"--header=grpc-timeout: {round(1000 * config.timeout)}m", f"--data={message}",
            f"http://{server.address}/{METHOD}"]
        logs = [pathlib.Path(folder, f"log-{number}")
                for number in range(1 if config.rate is None else _CONNECTIONS)]
        with contextlib.ExitStack() as ending:
            started = []
            for log in logs:
                process = subprocess.Popen(
                    [*command, f"--log-file={log}"], stdout=subprocess.DEVNULL)
                ending.callback(process.wait)
                ending.callback(process.kill)  # before that; nothing to one that has ended
                started.append(process)
                time.sleep(_TICK_SECONDS / len(logs))
            for process in started:
                if process.wait():
                    raise subprocess.CalledProcessError(process.returncode, process.args)
        # One that was answered nothing has an empty log.
        return np.concatenate([
            np.loadtxt(log, ndmin=2) for log in logs if log.stat().st_size] or [np.empty((0, 3))])


def _loop(config: LoadConfig) -> list[str]:
    if config.rate is None:
        callers = config.callers or 1
        streams = min(callers, STREAMS)
        return [f"--clients={callers // streams}", f"--max-concurrent-streams={streams}"]
    streams = max(1, round(config.timeout * config.rate / _CONNECTIONS))
    return ["--clients=1", f"--max-concurrent-streams={streams}",
            f"--rps={config.rate / _CONNECTIONS:.3f}"]
