"""A model process as the server sees it: started, called, and gone when it dies."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import itertools
import logging
import multiprocessing
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import numpy as np
from tensorflow_serving.apis import get_model_metadata_pb2

from serving.errors import RequestError, VersionError, VersionTimeoutError
from serving.model_server import frames, model_process
from serving.model_server.answers import Parts
from serving.model_server.idle_time import end_in_idle_time
from serving.model_server.model_process import ProcessOptions
from serving.servable import Arrays
from serving.signature import Signature, Signatures

logger = logging.getLogger(__name__)

_STOP_SECONDS = 5.0


class ProcessDiedError(Exception):
    """The process of a version ended before it answered."""


@dataclasses.dataclass(frozen=True)
class _Started:
    signatures: Signatures
    warmed: int


class ModelClient:
    """One model process.

    Attributes:
        signatures: what it answers, known once it has started.
        warmed: how many recorded requests warmed it.
        pending: how many calls are on their way.
    """

    def __init__(self, process: multiprocessing.process.BaseProcess, reader: asyncio.StreamReader,
                 writer: asyncio.StreamWriter, started: _Started, options: ProcessOptions) -> None:
        self.signatures = started.signatures
        self.warmed = started.warmed
        self._options = options
        self._process = process
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count()
        self._futures: dict[int, asyncio.Future[Arrays]] = {}
        self._ended = asyncio.Event()
        self._receiver = asyncio.create_task(self._receive())

    @classmethod
    async def start(cls, options: ProcessOptions) -> ModelClient:
        """Starts a process and waits until it has loaded and warmed its version.

        Raises:
            VersionError: the version cannot be loaded, or the process died of it.
            VersionTimeoutError: it is not loaded in time.
        """
        try:
            process, here = await _spawned(options)
        except (OSError, EOFError) as error:
            raise VersionError(
                f"no process for version {options.version} can be started: {error}; the machine "
                "may be out of memory, processes or open files") from error
        reader, writer = await asyncio.open_connection(sock=here, limit=2**22)
        try:
            header, _ = await asyncio.wait_for(_read_frame(reader), options.load_seconds)
        except asyncio.TimeoutError as error:
            writer.close()
            await asyncio.to_thread(_end, process)
            raise VersionTimeoutError(
                f"version {options.version} in {options.path} is not ready after "
                f"{options.load_seconds:g} s; push one that loads, or give it longer with "
                "--load-timeout-s") from error
        except (asyncio.IncompleteReadError, OSError) as error:
            writer.close()
            await asyncio.to_thread(_end, process)
            raise VersionError(
                f"version {options.version} in {options.path} ended the process that loaded it "
                f"({_exit(process)}); it may need more memory than there is, or its native code "
                "fails: the log says more") from error
        except BaseException:
            writer.close()
            process.kill()
            raise
        if "failed" in header:
            writer.close()
            await asyncio.to_thread(_end, process)
            raise VersionError(header["failed"])
        defs = get_model_metadata_pb2.SignatureDefMap.FromString(
            bytes.fromhex(header["signatures"]))
        started = _Started(Signatures(options.version, defs.signature_def), header["warmed"])
        return cls(process, reader, writer, started, options)

    @property
    def pending(self) -> int:
        """How many calls are on their way."""
        return len(self._futures)

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return self._process.pid

    async def call(self, signature: Signature, inputs: Mapping[str, np.ndarray],
                   outputs: Sequence[str], encode: Parts | None = None) -> Arrays:
        """Calls a signature with checked inputs; see `batching.Model.run`.

        Raises:
            RequestError: as `Servable.run` raises it; DEADLINE_EXCEEDED where it takes longer than
                any call may, which ends the process.
            ProcessDiedError: the process ended first; the call can be made again elsewhere.
        """
        if self._ended.is_set() or self._writer.transport.is_closing():
            raise ProcessDiedError(_exit(self._process))
        number = next(self._ids)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Arrays] = loop.create_future()
        self._futures[number] = future
        timer = loop.call_later(self._options.call_seconds, self._give_up, future, signature.name)
        try:
            self._writer.write(frames.pack({
                "id": number, "signature": signature.name, "outputs": list(outputs),
                "encode": encode and dataclasses.asdict(encode)}, inputs))
            return await future
        finally:
            timer.cancel()
            del self._futures[number]

    async def ended(self) -> str:
        """Waits until the process is gone; how it ended."""
        await self._ended.wait()
        return _exit(self._process)

    async def stop(self, *, idle: bool = False) -> None:
        """Ends the process; calls that are on their way fail.

        Args:
            idle: whether in the processor time that nothing else wants. To give its memory back
                takes the kernel 35 ms for a small model.
        """
        if idle and self.pid is not None and not self._ended.is_set():
            end_in_idle_time(self.pid)
        self._writer.transport.abort()
        await self._receiver

    def _give_up(self, call: asyncio.Future[Arrays], signature: str) -> None:
        """Ends the process for a call that takes too long, as nothing else would end the call."""
        if call.done():
            return
        logger.error("a call of signature %s of version %d is not answered after %g s: its process "
                     "is ended", signature, self._options.version, self._options.call_seconds)
        call.set_exception(RequestError(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            f"the model did not answer within {self._options.call_seconds:g} s; send less at a "
            "time, or start the server with a longer --call-timeout-s"))
        self._writer.transport.abort()

    async def _receive(self) -> None:
        try:
            while True:
                header, arrays = await _read_frame(self._reader)
                future = self._futures.get(header["id"])
                if future is None or future.done():
                    continue  # whoever asked has gone
                if error := header.get("error"):
                    future.set_exception(RequestError(grpc.StatusCode[error[0]], error[1]))
                else:
                    future.set_result(arrays)
        # Whatever it is, no call would be answered any more: the process has to go.
        except Exception as error:
            if not isinstance(error, asyncio.IncompleteReadError | OSError):
                logger.exception("the process %s answers what cannot be read", self.pid)
            self._writer.transport.abort()
            await asyncio.to_thread(_end, self._process)
        finally:
            self._ended.set()
            for future in self._futures.values():
                if not future.done():
                    future.set_exception(ProcessDiedError(_exit(self._process)))


async def _spawned(
        options: ProcessOptions) -> tuple[multiprocessing.process.BaseProcess, socket.socket]:
    """A process that begins to load, and this end of its connection."""
    here, there = socket.socketpair()
    try:
        return await asyncio.to_thread(_spawn, options, there), here
    except BaseException:
        here.close()  # which ends the process that may be on its way
        raise


async def _read_frame(reader: asyncio.StreamReader) -> tuple[dict[str, Any], Arrays]:
    header, body = frames.sizes(await reader.readexactly(frames.PREFIX_BYTES))
    return frames.unpack(await reader.readexactly(header), await reader.readexactly(body))


@functools.cache
def _context() -> multiprocessing.context.BaseContext:
    # TensorFlow is imported once, in a process that starts nothing; the model processes are forked
    # from it, seconds sooner each, before TensorFlow has made a thread.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([model_process.__name__, "tensorflow_text"])
    return context


def _spawn(options: ProcessOptions, there: socket.socket) -> multiprocessing.process.BaseProcess:
    process = _context().Process(  # type: ignore[attr-defined]
        target=model_process.run, args=(options, there),
        name=f"model-{options.version}", daemon=True)
    with there:
        process.start()
    return process


def _end(process: multiprocessing.process.BaseProcess) -> None:
    process.join(_STOP_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()


def _exit(process: multiprocessing.process.BaseProcess) -> str:
    code = process.exitcode
    if code is None:
        return "it has closed its connection"
    return f"signal {-code}" if code < 0 else f"exit status {code}"
