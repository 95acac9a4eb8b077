"""Load by nghttp2's h2load: callers that cost next to no processor time of the machine they share.

It sends one request again and again, so the server must keep no answers (`--result-cache-mb 0`),
and knows nothing of gRPC's status: the server's own counts tell that all were answered well.
"""

from __future__ import annotations

import pathlib
import shutil
import struct
import subprocess
import tempfile
from typing import Any

import numpy as np

METHOD = "tensorflow.serving.PredictionService/Predict"
_STREAMS = 8
"""Callers that share a connection."""

_MICROSECONDS = 1e3


def is_installed() -> bool:
    """Whether there is an h2load."""
    return shutil.which("h2load") is not None


def measure(address: str, body: bytes, callers: int, seconds: float) -> dict[str, Any]:
    """Throughput and latency at so many callers.

    Args:
        address: HOST:PORT of a gRPC server without TLS.
        body: a serialised PredictRequest.
        callers: requests at once.
        seconds: of the load.

    Raises:
        RuntimeError: a request failed on its way.
    """
    streams = min(callers, _STREAMS)
    with tempfile.TemporaryDirectory() as folder:
        message, log = pathlib.Path(folder, "message"), pathlib.Path(folder, "log")
        message.write_bytes(b"\0" + struct.pack(">I", len(body)) + body)
        subprocess.run(
            ["h2load", f"--duration={round(seconds)}", f"--clients={callers // streams}",
             f"--max-concurrent-streams={streams}", "--header=content-type: application/grpc",
             "--header=te: trailers", f"--data={message}", f"--log-file={log}",
             f"http://{address}/{METHOD}"], check=True, stdout=subprocess.DEVNULL)
        requests = np.loadtxt(log)  # start, HTTP status, microseconds
    failed = int((requests[:, 1] != 200).sum())
    if failed:
        raise RuntimeError(f"{failed} of {len(requests)} requests failed: is {address} served?")
    p50, p99 = np.percentile(requests[:, 2] / _MICROSECONDS, [50, 99])
    return {"throughput": round(len(requests) / round(seconds), 1), "p50_ms": round(p50, 3),
            "p99_ms": round(p99, 3)}
