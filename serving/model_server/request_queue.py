"""Requests that wait for the model, in groups of those that may go together."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import math
from collections.abc import Hashable, Mapping

import numpy as np

from serving.model_server.answers import Answer
from serving.signature import Signature


@dataclasses.dataclass(frozen=True)
class BatchingOptions:
    """How requests are gathered.

    Attributes:
        max_rows: rows of a batch; a request that has more goes alone.
        timeout_seconds: how long a batch that is not full waits for more; 0 for not at all.
        max_queued_rows: rows that may wait; a request beyond is refused.
        max_queued_seconds: the wait up to which a request is taken, by how long batches took
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


@dataclasses.dataclass(eq=False)
class Waiting:
    """A request that waits.

    Attributes:
        signature: what it calls.
        inputs: its checked inputs.
        outputs: the outputs it wants.
        encoded: whether it wants them encoded.
        rows: its rows; 1 where rows mean nothing to the signature.
        group: what it has in common with those that it may go with.
        since: when it came, by the monotonic clock.
        deadline: when nobody waits for it any more, by the same clock.
        answer: set by whoever takes it.
        patience: seconds after which it is refused, where more is asked than the model answers.
    """

    signature: Signature
    inputs: Mapping[str, np.ndarray]
    outputs: tuple[str, ...]
    encoded: bool
    rows: int
    group: Hashable
    since: float
    deadline: float
    answer: asyncio.Future[Answer]
    patience: float = math.inf

    @property
    def weight(self) -> int:
        """What it counts in the queue: its rows, and a request without any is one, too."""
        return max(1, self.rows)


class _Group:
    """Requests that may go together, the oldest first."""

    def __init__(self) -> None:
        self.requests: collections.deque[Waiting] = collections.deque()
        self.weight = 0

    def ready_at(self, options: BatchingOptions) -> float:
        """When a batch of it may go; at once where it is full or nothing can join it."""
        first = self.requests[0]
        full = self.weight >= options.max_rows or not first.signature.is_mergeable
        return first.since + (0.0 if full else options.timeout_seconds)


class RequestQueue:
    """The queue of one loaded version."""

    def __init__(self, options: BatchingOptions) -> None:
        self._options = options
        self._groups: dict[Hashable, _Group] = {}
        self._batch_rows = 0
        self.weight = 0

    @property
    def batches(self) -> float:
        """About how many batches wait: full ones while much waits, but no two groups in one.

        A request is one batch at the most, however many rows it has, as none is split.
        """
        return max(len(self._groups), self._batch_rows / self._options.max_rows)

    @property
    def ready_at(self) -> float | None:
        """When the next batch may go; None where nothing waits."""
        return min((group.ready_at(self._options) for group in self._groups.values()),
                   default=None)

    def add(self, request: Waiting) -> None:
        """Puts a request behind the others of its group."""
        group = self._groups.setdefault(request.group, _Group())
        group.requests.append(request)
        group.weight += request.weight
        self._batch_rows += self._rows_of_a_batch(request)
        self.weight += request.weight

    def forget(self, request: Waiting) -> bool:
        """Takes out a request that nobody waits for; whether it was still here."""
        group = self._groups.get(request.group)
        if group is None or request not in group.requests:
            return False
        group.requests.remove(request)
        self._took(request, group)
        return True

    def take(self) -> list[Waiting]:
        """The next batch: of the group that might go first, up to `max_rows` in their order."""
        group = min(self._groups.values(), key=lambda group: group.ready_at(self._options))
        batch: list[Waiting] = []
        rows = 0
        while group.requests and (
                not batch or rows + group.requests[0].rows <= self._options.max_rows):
            request = group.requests.popleft()
            self._took(request, group)
            batch.append(request)
            rows += request.rows
        return batch

    def _took(self, request: Waiting, group: _Group) -> None:
        group.weight -= request.weight
        self._batch_rows -= self._rows_of_a_batch(request)
        self.weight -= request.weight
        if not group.requests:
            del self._groups[request.group]

    def _rows_of_a_batch(self, request: Waiting) -> int:
        return min(request.weight, self._options.max_rows)
