"""What goes together, in which order, and who is refused: with a model that a test answers."""

import asyncio
import types

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from serving.errors import RequestError
from serving.model_server import batching
from serving.model_server.admission import Admission
from serving.model_server.answers import encoded
from serving.model_server.batching import Batcher
from serving.model_server.metrics import Metrics
from serving.model_server.request_queue import BatchingOptions
from serving.signature import Signature, TensorSpec
from tests.clock import Clock


def _signature(name, *sizes, outputs=("y", "z")) -> Signature:
    """A signature of an input `x` [?, sizes] with outputs [?]."""
    return Signature(
        name, {"x": TensorSpec("x", tf.int64, (None, *sizes))},
        {output: TensorSpec(output, tf.int64, (None,)) for output in outputs})


ROWS = _signature("rows")
OTHER = _signature("other")
LISTS = _signature("lists", None)
SCALAR = Signature("scalar", {"x": TensorSpec("x", tf.int64, ())},
                   {"y": TensorSpec("y", tf.int64, ())})


class Model:
    """Keeps calls until the test answers them: `y` is ten times, `z` a hundred times `x`."""

    def __init__(self, slots: int = 1) -> None:
        self.slots = slots
        self.repeated = 0
        self.calls: list[tuple[str, list, list[str]]] = []
        self._answers: list[asyncio.Future] = []

    async def run(self, signature, inputs, outputs, encode=None):
        self.calls.append((signature.name, inputs["x"].tolist(), list(outputs)))
        self._answers.append(asyncio.get_running_loop().create_future())
        await self._answers[-1]
        x = inputs["x"].sum(axis=tuple(range(1, inputs["x"].ndim))) if inputs["x"].ndim > 1 else (
            inputs["x"])
        if (x < 0).any():
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, f"negative: {x.tolist()}")
        if len(np.atleast_1d(x)) > 4 and (x > 900).any():
            raise RequestError(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much at once")
        if (x == 500).any():
            raise ValueError("a defect of the model")
        both = {"y": 10 * x, "z": 100 * x}
        wanted = {name: both[name] for name in outputs}
        return wanted if encode is None else encoded(encode.take_apart(signature.name, wanted))

    def answer(self) -> None:
        self._answers.pop(0).set_result(None)


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def batcher(model):
    return _batcher(model)


def _batcher(model, paddings=None, admission=None, metrics=None, **options) -> Batcher:
    return Batcher(model, BatchingOptions(**options), paddings or {}, metrics or Metrics(),
                   admission or Admission(1000))


def _short() -> Admission:
    admission = Admission(1)
    admission.running = 1
    admission.refused()
    assert admission.is_short
    return admission


def _ask(batcher, values, signature=ROWS, outputs=("y",), timeout=None,
         encode=False) -> asyncio.Task:
    return asyncio.create_task(batcher.run(
        signature, {"x": np.array(values, np.int64)}, outputs, timeout, encode=encode))


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def _finish(model, *tasks):
    """Answers every call there is and will be; what the requests got."""
    while not all(task.done() for task in tasks):
        await _settle()
        if model._answers:
            model.answer()
    return [task.exception() or {name: array.tolist() for name, array in task.result().items()}
            for task in tasks]


def _inputs(model) -> list:
    return [x for _, x, _ in model.calls]


async def test_a_lone_request_goes_at_once_and_later_ones_together_in_order(model, batcher):
    first = _ask(batcher, [1])
    await _settle()
    rest = [_ask(batcher, values) for values in ([2, 3], [4], [5, 6])]
    await _settle()
    assert _inputs(model) == [[1]]
    assert await _finish(model, first, *rest) == [
        {"y": [10]}, {"y": [20, 30]}, {"y": [40]}, {"y": [50, 60]}]
    assert _inputs(model) == [[1], [2, 3, 4, 5, 6]]


async def test_encoded_answers_are_batched_with_those_of_the_same_outputs(model):
    batcher = _batcher(model, allowed_rows=(1, 4, 32))
    first = _ask(batcher, [0])
    await _settle()
    wanted = [(("y",), True), (("y", "z"), True), (("z",), False), (("y",), True)]
    rest = [_ask(batcher, [number, 0], outputs=outputs, encode=encode)
            for number, (outputs, encode) in enumerate(wanted, 1)]
    while not all(task.done() for task in (first, *rest)):
        await _settle()
        if model._answers:
            model.answer()
    assert [(x, outputs) for _, x, outputs in model.calls[1:]] == [
        ([1, 0, 4, 0], ["y"]), ([2, 0, 2, 2], ["y", "z"]), ([3, 0, 3, 3], ["z"])]
    assert [_decoded(task.result()) for task in (rest[0], rest[1], rest[3])] == [
        {"y": [10, 0]}, {"y": [20, 0], "z": [200, 0]}, {"y": [40, 0]}]
    assert rest[2].result()["z"].tolist() == [300, 0]


def _decoded(answer: bytes) -> dict[str, list[int]]:
    outputs = predict_pb2.PredictResponse.FromString(answer).outputs
    return {name: list(proto.int64_val) for name, proto in outputs.items()}


async def test_a_batch_takes_up_to_max_rows_and_splits_no_request(model):
    batcher = _batcher(model, max_rows=4)
    tasks = [_ask(batcher, values) for values in ([0], [1, 2, 3], [4, 5], [6], [7] * 6, [8])]
    await _finish(model, *tasks)
    # [4, 5] does not fit beside [1, 2, 3]; six rows are more than a batch has and go alone.
    assert _inputs(model) == [[0], [1, 2, 3], [4, 5, 6], [7] * 6, [8]]


async def test_as_many_batches_run_as_the_model_has_slots():
    model = Model(slots=2)
    batcher = _batcher(model)
    tasks = [_ask(batcher, [number]) for number in range(5)]
    await _settle()
    assert _inputs(model) == [[0], [1]]
    model.answer()
    await _settle()
    assert _inputs(model) == [[0], [1], [2, 3, 4]]
    await _finish(model, *tasks)


async def test_the_next_batch_goes_before_the_answers_of_the_one_before(model, batcher):
    calls = []
    first = [_ask(batcher, [number]) for number in (1, 2)]
    first[0].add_done_callback(lambda _: calls.append(len(model.calls)))
    await _settle()
    waits = _ask(batcher, [3])
    model.answer()
    await _settle()
    assert _inputs(model) == [[1], [2, 3]]
    assert calls == [2]
    await _finish(model, *first, waits)


async def test_signatures_take_turns_by_who_waits_longest(model, batcher):
    tasks = [_ask(batcher, [0])]
    for number, signature in ((1, OTHER), (2, ROWS), (3, OTHER), (4, ROWS)):
        tasks.append(_ask(batcher, [number], signature))
    await _finish(model, *tasks)
    assert [(name, x) for name, x, _ in model.calls] == [
        ("rows", [0]), ("other", [1, 3]), ("rows", [2, 4])]


async def test_what_has_no_rows_goes_alone(model, batcher):
    tasks = [_ask(batcher, number, SCALAR) for number in (1, 2, 3)]
    assert await _finish(model, *tasks) == [{"y": 10}, {"y": 20}, {"y": 30}]
    assert _inputs(model) == [1, 2, 3]


async def test_each_gets_the_outputs_that_it_asked_for(model, batcher):
    tasks = [_ask(batcher, [1]), _ask(batcher, [2], outputs=("z",)),
             _ask(batcher, [3], outputs=("z", "y"))]
    assert await _finish(model, *tasks) == [
        {"y": [10]}, {"z": [200]}, {"z": [300], "y": [30]}]
    assert [outputs for *_, outputs in model.calls] == [["y"], ["z", "y"]]


async def test_lists_are_padded_with_what_means_nothing(model):
    batcher = _batcher(model, {"x": 0})
    tasks = [_ask(batcher, values, LISTS) for values in (
        [[9]], [[1, 2, 3]], [[4, 5, 6, 7], [8, 9, 10, 11]], [[1, 1, 1, 1, 1]])]
    assert await _finish(model, *tasks) == [
        {"y": [90]}, {"y": [60]}, {"y": [220, 380]}, {"y": [50]}]
    # Five values are more than the next power of two of the others.
    assert _inputs(model) == [
        [[9]], [[1, 2, 3, 0], [4, 5, 6, 7], [8, 9, 10, 11]], [[1, 1, 1, 1, 1]]]


@pytest.mark.parametrize(("paddings", "options"), [({}, {}), ({"x": 0}, {"pad_lists": False})])
async def test_without_padding_only_lists_of_one_length_go_together(model, paddings, options):
    batcher = _batcher(model, paddings, **options)
    await _finish(model, *[_ask(batcher, values, LISTS) for values in (
        [[0]], [[1, 2]], [[3, 4, 5]], [[6, 7]])])
    assert _inputs(model) == [[[0]], [[1, 2], [6, 7]], [[3, 4, 5]]]


async def test_batches_are_filled_to_allowed_sizes(model):
    batcher = _batcher(model, max_rows=4, allowed_rows=(2, 4))
    tasks = [_ask(batcher, values) for values in ([1], [2, 3], [4], [])]
    assert await _finish(model, *tasks) == [{"y": [10]}, {"y": [20, 30]}, {"y": [40]}, {"y": []}]
    assert _inputs(model) == [[1, 1], [2, 3, 4, 2]]


async def test_a_request_without_rows_is_answered_and_takes_a_place(model):
    batcher = _batcher(model, max_queued_rows=2)
    tasks = [_ask(batcher, []) for _ in range(4)]
    await _settle()
    assert _inputs(model) == [[]]
    assert tasks[3].exception().code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await _finish(model, *tasks[:3]) == [{"y": []}] * 3


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(batching, "time", types.SimpleNamespace(monotonic=clock))
    return clock


async def _after_a_batch_of_a_second(model, batcher, clock) -> asyncio.Task:
    """Knows that a batch takes a second, and has another on its way."""
    known = _ask(batcher, [0])
    await _settle()
    clock.now += 1
    await _finish(model, known)
    busy = _ask(batcher, [1])
    await _settle()
    return busy


@pytest.mark.parametrize(("short", "timeout", "waited"), [
    (False, 0.0, 9.0), (True, 0.0, 0.9), (True, 0.5, 1.4)])
async def test_what_waits_is_answered(model, clock, short, timeout, waited):
    batcher = _batcher(model, admission=_short() if short else None, timeout_seconds=timeout,
                       max_rows=1, max_queued_seconds=99)
    busy = await _after_a_batch_of_a_second(model, batcher, clock)
    waits = _ask(batcher, [2])
    await _settle()
    clock.now += waited
    assert await _finish(model, busy, waits) == [{"y": [10]}, {"y": [20]}]


@pytest.mark.parametrize(("timeout", "waited"), [(0.0, 1.1), (0.5, 1.6)])
async def test_where_too_much_is_asked_what_waited_longer_than_a_batch_is_refused(
        model, clock, timeout, waited):
    admission, metrics = _short(), Metrics()
    admission.taken()
    batcher = _batcher(model, admission=admission, metrics=metrics, timeout_seconds=timeout,
                       max_rows=1, max_queued_seconds=99)
    busy = await _after_a_batch_of_a_second(model, batcher, clock)
    waits = _ask(batcher, [2])
    await _settle()
    clock.now += waited
    new = _ask(batcher, [3])
    await _settle()
    assert await _finish(model, busy, new) == [{"y": [10]}, {"y": [30]}]
    error = waits.exception()
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert f"waited {1e3 * waited:.0f} ms" in error.message
    assert _inputs(model) == [[0], [1], [3]]
    assert metrics.shed._value.get() == 1


async def test_what_came_before_the_bound_was_short_is_answered(model, clock):
    admission = Admission(1)
    batcher = _batcher(model, admission=admission, max_queued_seconds=99)
    busy = await _after_a_batch_of_a_second(model, batcher, clock)
    waits = _ask(batcher, [2])
    await _settle()
    admission.running = 1
    admission.refused()
    clock.now += 9
    assert await _finish(model, busy, waits) == [{"y": [10]}, {"y": [20]}]


@pytest.mark.parametrize("others", [
    [([2], ROWS), ([3], OTHER)], [([2, 3, 4], ROWS), ([5, 6], ROWS)]])
async def test_each_batch_before_it_is_no_long_wait(model, clock, others):
    batcher = _batcher(model, admission=_short(), max_rows=3, max_queued_seconds=99)
    busy = await _after_a_batch_of_a_second(model, batcher, clock)
    waits = [_ask(batcher, *other) for other in others]
    await _settle()
    for _ in range(2):
        clock.now += 0.9
        model.answer()
        await _settle()
    assert len(await _finish(model, busy, *waits)) == 3
    assert not any(task.exception() for task in waits)


async def test_a_slot_is_taken_until_both_halves_of_a_batch_are_answered(model, batcher):
    tasks = [_ask(batcher, [0])]
    await _settle()
    tasks += [_ask(batcher, values) for values in ([1], [-1])]
    for _ in range(2):
        model.answer()
        await _settle()
    tasks.append(_ask(batcher, [2]))
    await _settle()
    assert _inputs(model) == [[0], [1, -1], [1]]
    model.answer()
    await _settle()
    assert _inputs(model) == [[0], [1, -1], [1], [-1]]
    assert (await _finish(model, *tasks))[3] == {"y": [20]}
    assert _inputs(model)[4:] == [[2]]


async def test_a_batch_whose_callers_have_all_gone_is_not_asked(model, batcher):
    tasks = [_ask(batcher, [1])]
    await asyncio.sleep(0)  # taken, and about to go
    tasks[0].cancel()
    await _settle()
    assert _inputs(model) == []
    assert await _finish(model, _ask(batcher, [2])) == [{"y": [20]}]


async def test_a_batch_waits_for_company_until_it_is_full(model):
    batcher = _batcher(model, max_rows=3, timeout_seconds=3600)
    tasks = [_ask(batcher, [1]), _ask(batcher, [2])]
    await _settle()
    assert model.calls == []
    tasks.append(_ask(batcher, [3]))
    await _settle()
    assert _inputs(model) == [[1, 2, 3]]
    await _finish(model, *tasks)


async def test_a_batch_that_stays_small_goes_after_the_timeout(model):
    batcher = _batcher(model, max_rows=3, timeout_seconds=0.01)
    assert await _finish(model, *[_ask(batcher, [1]), _ask(batcher, [2])]) == [
        {"y": [10]}, {"y": [20]}]
    assert _inputs(model) == [[1, 2]]


async def test_who_waits_for_company_holds_up_nobody(model):
    batcher = _batcher(model, max_rows=2, timeout_seconds=3600)
    waiting = _ask(batcher, [1])
    full = [_ask(batcher, [2], OTHER), _ask(batcher, [3], OTHER), _ask(batcher, 4, SCALAR)]
    await _finish(model, *full)
    assert _inputs(model) == [4, [2, 3]] or _inputs(model) == [[2, 3], 4]
    assert not waiting.done()
    waiting.cancel()


async def test_a_full_queue_refuses(model):
    batcher = _batcher(model, max_queued_rows=3)
    tasks = [_ask(batcher, values) for values in ([0], [1, 2], [3])]
    refused = _ask(batcher, [4])
    await _settle()
    assert refused.exception().code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "3 rows wait" in str(refused.exception())
    await _finish(model, *tasks)
    assert await _finish(model, _ask(batcher, [5])) == [{"y": [50]}]


async def test_an_empty_queue_takes_a_request_of_any_size(model):
    batcher = _batcher(model, max_rows=2, max_queued_rows=3)
    tasks = [_ask(batcher, [0]), _ask(batcher, [1] * 9)]
    assert await _finish(model, *tasks) == [{"y": [0]}, {"y": [10] * 9}]


@pytest.mark.parametrize(("limit", "timeout"), [(2.5, None), (100.0, 2.5)])
async def test_who_would_wait_too_long_is_refused(model, limit, timeout):
    batcher = _batcher(model, max_rows=4, max_queued_seconds=limit)
    batcher._seconds_per_batch = 1.0
    tasks = [_ask(batcher, [0])]  # runs
    tasks += [_ask(batcher, [number], timeout=timeout) for number in range(1, 12)]
    await _settle()
    # Ten rows are two and a half batches of a second; eleven are more than the limit.
    refused = [task.exception() for task in tasks if task.done()]
    assert refused == []
    late = _ask(batcher, [12], timeout=timeout)
    await _settle()
    assert late.exception().code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "11 rows wait, about 2750 ms" in str(late.exception())
    assert len(await _finish(model, *tasks)) == 12


async def test_a_request_of_many_rows_counts_as_the_one_call_that_it_is(model):
    batcher = _batcher(model, max_rows=1, max_queued_seconds=2.5)  # a version that is not batched
    batcher._seconds_per_batch = 1.0
    tasks = [_ask(batcher, [number] * 64) for number in range(4)]  # one runs, three wait
    late = _ask(batcher, [4] * 64)
    await _settle()
    assert [task.done() for task in tasks] == [False] * 4
    assert "192 rows wait, about 3000 ms" in str(late.exception())
    await _finish(model, *tasks)
    assert batcher._queue.batches == 0


async def test_a_call_that_was_repeated_does_not_tell_how_long_batches_take(model, batcher):
    first = _ask(batcher, [0])
    await _finish(model, first)
    known = batcher._seconds_per_batch
    assert known > 0
    second = _ask(batcher, [1])
    await _settle()
    model.repeated = 1
    await asyncio.sleep(0.05)
    await _finish(model, second)
    assert batcher._seconds_per_batch == known


async def test_what_cannot_go_together_counts_as_a_batch_each(model):
    batcher = _batcher(model, max_queued_seconds=2.5)
    batcher._seconds_per_batch = 1.0
    tasks = [_ask(batcher, number, SCALAR) for number in range(4)]
    late = _ask(batcher, 4, SCALAR)
    await _settle()
    assert "3 rows wait, about 3000 ms" in str(late.exception())
    await _finish(model, *tasks)


async def test_a_request_whose_time_is_over_is_not_run(model, batcher):
    first = _ask(batcher, [1])
    await _settle()
    late, other = _ask(batcher, [2], timeout=0.001), _ask(batcher, [3])
    await asyncio.sleep(0.01)
    _, error, answer = await _finish(model, first, late, other)
    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert answer == {"y": [30]}
    assert _inputs(model) == [[1], [3]]


async def test_a_caller_that_goes_leaves_its_place(model):
    batcher = _batcher(model, max_queued_rows=2)
    first, gone, stays = _ask(batcher, [1]), _ask(batcher, [2]), _ask(batcher, [3])
    await _settle()
    gone.cancel()
    await _settle()
    other = _ask(batcher, [4])
    assert await _finish(model, first, stays, other) == [{"y": [10]}, {"y": [30]}, {"y": [40]}]
    assert _inputs(model) == [[1], [3, 4]]
    assert batcher._queue.weight == 0
    assert batcher._metrics.queue._value.get() == 0


async def test_a_caller_that_goes_while_the_model_runs_disturbs_nobody(model, batcher):
    first = _ask(batcher, [0])
    gone, stays = _ask(batcher, [1]), _ask(batcher, [2])
    await _settle()
    model.answer()
    await _settle()
    gone.cancel()
    assert await _finish(model, first, stays) == [{"y": [0]}, {"y": [20]}]
    assert _inputs(model) == [[0], [1, 2]]


async def test_a_bad_request_does_not_fail_those_beside_it(model, batcher):
    tasks = [_ask(batcher, [value]) for value in (0, 1, -2, 3, 4)]
    answers = await _finish(model, *tasks)
    assert str(answers.pop(2)) == "negative: [-2]"
    assert answers == [{"y": [0]}, {"y": [10]}, {"y": [30]}, {"y": [40]}]
    # By halves: the half without it is answered as a whole.
    assert _inputs(model) == [[0], [1, -2, 3, 4], [1, -2], [1], [-2], [3, 4]]


async def test_what_is_too_much_at_once_is_answered_in_parts(model, batcher):
    tasks = [_ask(batcher, [value]) for value in (0, 901, 902, 903, 904, 905, 906)]
    assert await _finish(model, *tasks) == [
        {"y": [10 * value]} for value in (0, 901, 902, 903, 904, 905, 906)]
    assert [len(x) for x in _inputs(model)] == [1, 6, 3, 3]


async def test_a_defect_fails_its_batch_and_nothing_after_it(model, batcher):
    tasks = [_ask(batcher, [value]) for value in (0, 500, 1)]
    _, one, other = await _finish(model, *tasks)
    assert isinstance(one, ValueError)
    assert one is other
    assert await _finish(model, _ask(batcher, [2])) == [{"y": [20]}]


async def test_outputs_that_do_not_follow_rows_are_told(model, batcher):
    async def run(signature, inputs, outputs):
        await Model.run(model, signature, inputs, outputs)
        return {"y": np.zeros(1)}

    model.run = run
    tasks = [_ask(batcher, [value]) for value in (0, 1, 2)]
    answers = await _finish(model, *tasks)
    assert answers[0] == {"y": [0]}
    assert "output 'y' of signature 'rows' has another number of rows" in str(answers[1])
    assert "--enable_batching=false" in str(answers[2])
