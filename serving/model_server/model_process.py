"""The process in which a version runs: loads it, warms it, answers calls until the server goes.

A process of its own, so that loading the next version takes neither the interpreter nor the
memory of the one that answers, a crash in native code takes no connection with it, and what a
version held is given back whole.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import logging
import os
import pathlib
import select
import signal
import socket
import threading

import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2

from serving.errors import RequestError, VersionError
from serving.model_server import frames, garbage
from serving.model_server.answers import Parts, encoded
from serving.model_server.idle_time import work_in_idle_time
from serving.servable import DEFAULT_THREADS, Servable, Threads, load_servable, new_session
from serving.versions import Version
from serving.warmup import warm_up

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class ProcessOptions:
    """What a model process is told.

    Attributes:
        version: number of the version.
        path: folder of the version.
        calls: how many model calls run at once.
        threads: what TensorFlow computes with.
        warm_up: whether the recorded requests of the version are answered first.
        load_seconds: how long that and the loading may take.
        call_seconds: how long a call may take; a process that takes longer is ended.
        idle: whether it is loaded and warmed in processor time that nothing else wants; what
            TensorFlow does in threads of its own, where `threads` has some, is done in any.
    """

    version: int
    path: pathlib.Path
    calls: int = 1
    threads: Threads = DEFAULT_THREADS
    warm_up: bool = True
    load_seconds: float = 300.0
    call_seconds: float = 300.0
    idle: bool = False


def run(options: ProcessOptions, connection: socket.socket) -> None:
    """Serves a version over a socket until its other end is closed; never returns.

    The first frame out says "signatures" (the serialized map as an array) and how many requests
    warmed it, or "failed" and why. Then each frame in is a call, answered by one of the same id.
    """
    # The server decides when this process ends, by closing the connection.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_server, args=(connection,), daemon=True).start()
    # TensorFlow's are of its own deprecated functions: nothing that who serves could mend.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    peer = _Peer(connection)
    session = new_session(options.threads)
    try:
        with concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="load") as pool:
            servable, warmed = pool.submit(load, options, session).result()
    except VersionError as error:
        peer.send(frames.pack({"failed": str(error)}, {}))
    else:
        peer.send(_introduction(servable, warmed))
        _answer_calls(servable, peer, options.calls)
    # Native threads of TensorFlow may still run: nothing of Python is taken down under them.
    os._exit(0)


def _end_with_server(connection: socket.socket) -> None:
    """Ends this process once the other end is closed, even while it loads or hangs."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    poll.poll()
    os._exit(0)


def load(options: ProcessOptions, session: tf.compat.v1.Session) -> tuple[Servable, int]:
    """The version, loaded and warmed by so many requests, in a thread that does nothing else."""
    if options.idle:
        # Not those that answer calls, nor TensorFlow's: the session was made before.
        work_in_idle_time()
    with garbage.kept_at_the_end():
        servable = load_servable(Version(options.version, options.path), session)
        return servable, warm_up(servable) if options.warm_up else 0


def _introduction(servable: Servable, warmed: int) -> bytes:
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, proto in servable.signatures.defs.items():
        signatures.signature_def[name].CopyFrom(proto)
    return frames.pack({"signatures": signatures.SerializeToString().hex(), "warmed": warmed}, {})


def _answer_calls(servable: Servable, peer: _Peer, calls: int) -> None:
    if calls == 1:  # a hop to another thread would only cost time
        while (frame := peer.receive()) is not None:
            _answer(servable, peer, *frame)
        return
    with concurrent.futures.ThreadPoolExecutor(calls, thread_name_prefix="call") as pool:
        while (frame := peer.receive()) is not None:
            pool.submit(_answer, servable, peer, *frame)
        # Nobody waits for what runs any more.
        os._exit(0)


def _answer(servable: Servable, peer: _Peer, head: bytes, body: bytes) -> None:
    call, arrays = frames.unpack(head, body)
    try:
        signature = servable.signatures.find(call["signature"])
        outputs = servable.run(signature, arrays, call["outputs"])
        if call["encode"] is not None:
            outputs = encoded(Parts(**call["encode"]).take_apart(signature.name, outputs))
        reply = frames.pack({"id": call["id"]}, outputs)
    except RequestError as error:
        reply = frames.pack({"id": call["id"], "error": [error.code.name, error.message]}, {})
    # The caller learns that it was not their fault; the log has the rest.
    except Exception:
        logger.exception("version %d, signature %s failed", servable.version.number,
                         call["signature"])
        reply = frames.pack({"id": call["id"], "error": [
            "INTERNAL", "the model failed; the server's log says why"]}, {})
    peer.send(reply)


class _Peer:
    """The server's end of the connection, as a model process sees it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")
        self._lock = threading.Lock()

    def send(self, frame: bytes) -> None:
        try:
            with self._lock:
                self._connection.sendall(frame)
        except OSError:
            os._exit(0)

    def receive(self) -> tuple[bytes, bytes] | None:
        """Header and body of the next frame; None when the server has gone."""
        try:
            prefix = self._file.read(frames.PREFIX_BYTES)
            if len(prefix) < frames.PREFIX_BYTES:
                return None
            header, body = frames.sizes(prefix)
            return self._file.read(header), self._file.read(body)
        except OSError:
            return None
