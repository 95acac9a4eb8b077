"""Gathers requests into batches while the model is busy with those before.

A batch goes as soon as a model call is free, however small it is: an idle server adds no wait, and
under load the batches grow by themselves. With `timeout_seconds` a batch that is not full waits
that long for company, as TensorFlow Serving's does.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol

import grpc
import numpy as np

from serving.errors import RequestError
from serving.model_server.admission import Admission
from serving.model_server.answers import Answer, Parts, decoded
from serving.model_server.metrics import Metrics
from serving.model_server.padding import fill_rows, length_class, pad_lists
from serving.model_server.request_queue import BatchingOptions, RequestQueue, Waiting
from serving.servable import Arrays
from serving.signature import Signature

_SMOOTHING = 0.2
"""Weight of the newest batch in the running mean of seconds a batch."""

_PERHAPS_ONE = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED)
"""What a whole call fails with where one of its requests is wrong, or all are too much at once."""


class Model(Protocol):
    """What answers batches."""

    @property
    def slots(self) -> int:
        """How many calls run at once."""

    @property
    def repeated(self) -> int:
        """How many calls took longer as they had to be made again."""

    async def run(self, signature: Signature, inputs: Mapping[str, np.ndarray],
                  outputs: Sequence[str], encode: Parts | None = None) -> Arrays:
        """The named outputs of one call, or `encoded` answers of the requests in it."""


class Batcher:
    """The queue in front of one loaded version; lives on the event loop."""

    def __init__(self, model: Model, options: BatchingOptions, paddings: Mapping[str, object],
                 metrics: Metrics, admission: Admission) -> None:
        """Makes an empty queue.

        Args:
            model: answers batches.
            options: how requests are gathered.
            paddings: by name of an input, the value that means nothing in its lists.
            metrics: is told of waits, batches and refusals.
            admission: what let requests in. Those that came while it was short, and wait longer
                than the batches before them should take, are refused.
        """
        self._admission = admission
        self._model = model
        self._options = options
        self._paddings = paddings if options.pad_lists else {}
        self._metrics = metrics
        self._queue = RequestQueue(options)
        self._running: set[asyncio.Task[None]] = set()
        self._seconds_per_batch = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, signature: Signature, inputs: Mapping[str, np.ndarray],
                  outputs: Sequence[str], timeout: float | None = None, *,
                  encode: bool = False) -> Answer:
        """The outputs of a signature for checked inputs of one request.

        Args:
            signature: what to call.
            inputs: arrays that passed `Signature.check_inputs`.
            outputs: names of the outputs wanted.
            timeout: seconds until nobody waits for the answer any more.
            encode: whether as a serialized PredictResponse, not by name.

        Raises:
            RequestError: as `Servable.run` raises it; RESOURCE_EXHAUSTED where too much waits, or
                it waited longer than it should while more was asked than the model answers;
                DEADLINE_EXCEEDED where the time was over before the model was free.
        """
        rows = next(iter(inputs.values())).shape[0] if signature.is_mergeable else 1
        now = time.monotonic()
        self._refuse_if_full(max(1, rows), timeout)
        request = Waiting(
            signature, inputs, tuple(outputs), encode, rows,
            (self._group(signature, inputs), encode and frozenset(outputs)), now,
            now + (timeout if timeout is not None else float("inf")),
            asyncio.get_running_loop().create_future())
        self._queue.add(request)
        if self._seconds_per_batch and self._admission.is_short:
            request.patience = self._options.timeout_seconds + (
                math.ceil(self._queue.batches) * self._seconds_per_batch)
        self._metrics.queue.inc()
        self._start_batches()
        try:
            return await request.answer
        except asyncio.CancelledError:
            # Its caller has gone: it holds no place that another could have.
            if self._queue.forget(request):
                self._metrics.queue.dec()
            raise

    def _group(self, signature: Signature, inputs: Mapping[str, np.ndarray]) -> Hashable:
        if not signature.is_mergeable:
            return object()  # like no other: it goes alone
        return signature.name, tuple(
            (name, length_class(array.shape[1:]) if name in self._paddings else array.shape[1:])
            for name, array in sorted(inputs.items()))

    def _refuse_if_full(self, rows: int, timeout: float | None) -> None:
        options, queued = self._options, self._queue.weight
        wait = self._queue.batches * self._seconds_per_batch / self._model.slots
        limit = min(options.max_queued_seconds, timeout if timeout is not None else float("inf"))
        if queued and (queued + rows > options.max_queued_rows or wait > limit):
            self._metrics.shed.inc()
            raise RequestError(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"the server is busy: {queued} rows wait, about {wait * 1e3:.0f} ms; "
                "try again later or on another replica")

    def _start_batches(self) -> None:
        while len(self._running) < self._model.slots:
            ready, now = self._queue.ready_at, time.monotonic()
            if ready is None:
                return
            if now < ready:
                self._wake_in(ready - now)
                return
            if batch := self._still_wanted(self._queue.take(), now):
                task = asyncio.create_task(self._answer(batch))
                self._running.add(task)
                task.add_done_callback(self._batch_done)

    def _batch_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start_batches()

    def _still_wanted(self, taken: list[Waiting], now: float) -> list[Waiting]:
        self._metrics.queue.dec(len(taken))
        for request in _unanswered(taken):
            if request.deadline < now:
                request.answer.set_exception(RequestError(
                    grpc.StatusCode.DEADLINE_EXCEEDED,
                    "the deadline passed while the request waited for the model"))
            elif (waited := now - request.since) > request.patience and self._admission.is_short:
                self._admission.refused()
                self._metrics.shed.inc()
                request.answer.set_exception(RequestError(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    f"the server is busy: the request has waited {waited * 1e3:.0f} ms for the "
                    "model; try again later or on another replica"))
        return _unanswered(taken)

    def _wake_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._start_batches()

    async def _answer(self, batch: list[Waiting]) -> None:
        batch = _unanswered(batch)
        if not batch:
            return
        started, repeated = time.monotonic(), self._model.repeated
        self._metrics.queue_seconds.observe(started - batch[0].since)
        try:
            answers = await self._call(batch)
        # A batch's failure is the answer of each of its requests.
        except Exception as error:  # noqa: BLE001
            await self._answer_halves(batch, error)
            return
        if self._model.repeated == repeated:  # else it waited for a process
            seconds = time.monotonic() - started
            known = self._seconds_per_batch or seconds
            self._seconds_per_batch = known + _SMOOTHING * (seconds - known)
        # First the model gets its next batch: it would wait while all these answers are sent.
        if task := asyncio.current_task():
            self._running.discard(task)
        try:
            self._start_batches()
        finally:
            _succeed(batch, answers)

    async def _answer_halves(self, batch: list[Waiting], error: Exception) -> None:
        """Answers a batch by smaller ones where it failed for one of its requests."""
        if len(batch) == 1 or not (isinstance(error, RequestError) and error.code in _PERHAPS_ONE):
            _fail(batch, error)
            return
        middle = len(batch) // 2
        for part in batch[:middle], batch[middle:]:
            half = _unanswered(part)
            if not half:
                continue
            try:
                _succeed(half, await self._call(half))
            except Exception as its_error:  # noqa: BLE001
                await self._answer_halves(half, its_error)

    async def _call(self, batch: list[Waiting]) -> list[Answer]:
        self._metrics.batch_rows.observe(sum(request.rows for request in batch))
        signature, inputs = batch[0].signature, batch[0].inputs
        outputs = tuple(dict.fromkeys(name for request in batch for name in request.outputs))
        rows = [request.rows for request in batch]
        filled = self._filled(sum(rows)) if signature.is_mergeable else rows[0]
        parts = Parts(None, filled)
        if rows != [filled]:
            parts = Parts(rows, filled)
            inputs = {
                name: fill_rows(np.concatenate(pad_lists(
                    [request.inputs[name] for request in batch], self._paddings.get(name))), filled)
                for name in signature.inputs}
        if batch[0].encoded:  # as all of them are, with the same outputs
            return decoded(await self._model.run(signature, inputs, outputs, parts))
        results = await self._model.run(signature, inputs, outputs)
        return [
            {name: part[name] for name in request.outputs}
            for request, part in zip(
                batch, parts.take_apart(signature.name, results), strict=True)]

    def _filled(self, rows: int) -> int:
        """The number of rows that a batch is filled up to."""
        if not rows:
            return 0  # there is no row to repeat
        return min((size for size in self._options.allowed_rows if size >= rows), default=rows)


def _unanswered(requests: list[Waiting]) -> list[Waiting]:
    """Those that somebody still waits for."""
    return [request for request in requests if not request.answer.done()]


def _succeed(batch: list[Waiting], answers: list[Answer]) -> None:
    for request, answer in zip(batch, answers, strict=True):
        if not request.answer.done():
            request.answer.set_result(answer)


def _fail(batch: list[Waiting], error: Exception) -> None:
    for request in batch:
        if not request.answer.done():
            request.answer.set_exception(error)
