"""Gathers requests into batches while the model is busy with those before.

A batch goes as soon as a model call is free, however small it is: an idle server adds no wait, and
under load the batches grow by themselves. With `timeout_seconds` a batch that is not full waits
that long for company, as TensorFlow Serving's does.
"""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import time
from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol

import grpc
import numpy as np

from serving.errors import RequestError
from serving.model_server.metrics import Metrics
from serving.model_server.padding import fill_rows, length_class, pad_lists
from serving.servable import Arrays
from serving.signature import Signature

_SMOOTHING = 0.2
"""Weight of the newest batch in the running mean of seconds a row."""


@dataclasses.dataclass(frozen=True)
class BatchingOptions:
    """How requests are gathered.

    Attributes:
        max_rows: rows of a batch; a request that has more goes alone.
        timeout_seconds: how long a batch that is not full waits for more; 0 for not at all.
        max_queued_rows: rows that may wait; a request beyond is refused.
        max_queued_seconds: the wait up to which a request is taken, by how fast batches went
            lately; one that would wait longer is refused.
        pad_lists: whether free dimensions but the batch are padded, so that requests with
            histories of other lengths go together. Only for inputs whose padding is known.
        allowed_rows: sizes that batches are filled up to, by repeating a row; any where empty.
    """

    max_rows: int = 32
    timeout_seconds: float = 0.0
    max_queued_rows: int = 1024
    max_queued_seconds: float = 1.0
    pad_lists: bool = True
    allowed_rows: tuple[int, ...] = ()


DEFAULT_BATCHING = BatchingOptions()


class Model(Protocol):
    """What answers batches."""

    @property
    def slots(self) -> int:
        """How many calls run at once."""

    async def run(self, signature: Signature, inputs: Mapping[str, np.ndarray],
                  outputs: Sequence[str]) -> Arrays:
        """The named outputs of one call."""


@dataclasses.dataclass
class _Waiting:
    """A request in the queue."""

    signature: Signature
    inputs: Mapping[str, np.ndarray]
    outputs: tuple[str, ...]
    rows: int
    group: Hashable
    since: float
    deadline: float
    answer: asyncio.Future[Arrays]


class Batcher:
    """The queue in front of one loaded version; lives on the event loop."""

    def __init__(self, model: Model, options: BatchingOptions, paddings: Mapping[str, object],
                 metrics: Metrics) -> None:
        """Makes an empty queue.

        Args:
            model: answers batches.
            options: how requests are gathered.
            paddings: by name of an input, the value that means nothing in its lists.
            metrics: is told of waits, batches and refusals.
        """
        self._model = model
        self._options = options
        self._paddings = paddings if options.pad_lists else {}
        self._metrics = metrics
        self._groups: dict[Hashable, collections.deque[_Waiting]] = {}
        self._queued_rows = 0
        self._running: set[asyncio.Task[None]] = set()
        self._seconds_per_row = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, signature: Signature, inputs: Mapping[str, np.ndarray],
                  outputs: Sequence[str], timeout: float | None = None) -> Arrays:
        """The outputs of a signature for checked inputs of one request.

        Args:
            signature: what to call.
            inputs: arrays that passed `Signature.check_inputs`.
            outputs: names of the outputs wanted.
            timeout: seconds until nobody waits for the answer any more.

        Raises:
            RequestError: as `Servable.run` raises it; RESOURCE_EXHAUSTED where too much waits;
                DEADLINE_EXCEEDED where the time was over before the model was free.
        """
        rows = next(iter(inputs.values())).shape[0] if signature.is_mergeable else 1
        now = time.monotonic()
        self._refuse_if_full(rows, timeout)
        request = _Waiting(
            signature, inputs, tuple(outputs), rows, self._group(signature, inputs), now,
            now + (timeout if timeout is not None else float("inf")),
            asyncio.get_running_loop().create_future())
        self._groups.setdefault(request.group, collections.deque()).append(request)
        self._queued_rows += rows
        self._metrics.queue.inc()
        self._start_batches()
        return await request.answer

    def _group(self, signature: Signature, inputs: Mapping[str, np.ndarray]) -> Hashable:
        if not signature.is_mergeable:
            return object()  # like no other: it goes alone
        return signature.name, tuple(
            (name, length_class(array.shape[1:]) if name in self._paddings else array.shape[1:])
            for name, array in sorted(inputs.items()))

    def _refuse_if_full(self, rows: int, timeout: float | None) -> None:
        options = self._options
        wait = self._queued_rows * self._seconds_per_row / self._model.slots
        limit = min(options.max_queued_seconds, timeout if timeout is not None else float("inf"))
        if self._queued_rows and (
                self._queued_rows + rows > options.max_queued_rows or wait > limit):
            self._metrics.shed.inc()
            raise RequestError(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"the server is busy: {self._queued_rows} rows wait, about {wait * 1e3:.0f} ms; "
                "try again later or on another replica")

    def _start_batches(self) -> None:
        while self._groups and len(self._running) < self._model.slots:
            batch = self._next_batch()
            if not batch:
                return
            task = asyncio.create_task(self._answer(batch))
            self._running.add(task)
            task.add_done_callback(self._batch_done)

    def _batch_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start_batches()

    def _next_batch(self) -> list[_Waiting]:
        """Takes the group whose first request waits longest, once it may go."""
        group = min(self._groups, key=lambda group: self._groups[group][0].since)
        queue = self._groups[group]
        ready = queue[0].since + self._options.timeout_seconds
        full = sum(request.rows for request in queue) >= self._options.max_rows
        now = time.monotonic()
        if not full and now < ready and queue[0].signature.is_mergeable:
            self._wake_in(ready - now)
            return []
        batch: list[_Waiting] = []
        rows = 0
        while queue and (not batch or rows + queue[0].rows <= self._options.max_rows):
            request = queue.popleft()
            self._queued_rows -= request.rows
            self._metrics.queue.dec()
            if request.answer.done():
                continue  # its caller has gone
            if request.deadline < now:
                request.answer.set_exception(RequestError(
                    grpc.StatusCode.DEADLINE_EXCEEDED,
                    "the deadline passed while the request waited for the model"))
                continue
            batch.append(request)
            rows += request.rows
        if not queue:
            del self._groups[group]
        return batch or (self._next_batch() if self._groups else [])

    def _wake_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._start_batches()

    async def _answer(self, batch: list[_Waiting]) -> None:
        started = time.monotonic()
        rows = sum(request.rows for request in batch)
        self._metrics.batch_rows.observe(rows)
        self._metrics.queue_seconds.observe(started - batch[0].since)
        try:
            answers = await self._call(batch)
        # A batch's failure is the answer of each of its requests.
        except Exception as error:  # noqa: BLE001
            if len(batch) > 1 and _is_callers_fault(error):
                await self._answer_each(batch)
            else:
                _fail(batch, error)
        else:
            for request, answer in zip(batch, answers, strict=True):
                if not request.answer.done():
                    request.answer.set_result(answer)
        seconds = (time.monotonic() - started) / rows
        known = self._seconds_per_row or seconds
        self._seconds_per_row = known + _SMOOTHING * (seconds - known)

    async def _answer_each(self, batch: list[_Waiting]) -> None:
        """One bad value fails a whole call: each request by itself tells which it was."""
        for request in batch:
            await self._answer([request])

    async def _call(self, batch: list[_Waiting]) -> list[Arrays]:
        signature = batch[0].signature
        outputs = tuple(dict.fromkeys(name for request in batch for name in request.outputs))
        ends = np.cumsum([request.rows for request in batch]).tolist()
        filled = self._filled(ends[-1]) if signature.is_mergeable else ends[-1]
        if len(batch) == 1 and filled == ends[-1]:
            return [await self._model.run(signature, batch[0].inputs, outputs)]
        merged = {
            name: fill_rows(np.concatenate(pad_lists(
                [request.inputs[name] for request in batch], self._paddings.get(name))), filled)
            for name in signature.inputs}
        results = await self._model.run(signature, merged, outputs)
        wrong = [name for name, array in results.items() if array.shape[:1] != (filled,)]
        if wrong:
            raise RequestError(
                grpc.StatusCode.INTERNAL,
                f"output {wrong[0]!r} of signature {signature.name!r} has another number of rows "
                "than its inputs; such a model cannot be batched: serve it "
                "with --enable_batching=false")
        return [
            {name: results[name][end - request.rows:end] for name in request.outputs}
            for request, end in zip(batch, ends, strict=True)]

    def _filled(self, rows: int) -> int:
        """The number of rows that a batch is filled up to."""
        return min((size for size in self._options.allowed_rows if size >= rows), default=rows)


def _is_callers_fault(error: Exception) -> bool:
    return isinstance(error, RequestError) and error.code is grpc.StatusCode.INVALID_ARGUMENT


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for request in batch:
        if not request.answer.done():
            request.answer.set_exception(error)
