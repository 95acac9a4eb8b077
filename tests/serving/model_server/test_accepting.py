import asyncio
import time

import grpc
import pytest

from serving.model_server.accepting import Refuser, accepting_server

METHOD = "/test.Service/Wait"


class Handlers(Refuser):
    """Notes the requests, answers those it takes once `opened`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.turns: list[int] = []
        self.turn = 0
        self.address = ""
        self.server: grpc.aio.Server | None = None
        self.opened = asyncio.Event()
        self.gone = 0

    def refuses(self) -> bool:
        return len(self.turns) >= self.most

    def refusal(self, call):
        refused = call.method == METHOD and self.refuses()
        return grpc.stream_unary_rpc_method_handler(_refuse) if refused else None

    def service(self, call):
        if call.method != METHOD:
            return None
        if refusal := self.refusal(call):
            return refusal
        self.turns.append(self.turn)
        return grpc.unary_unary_rpc_method_handler(self._wait)

    async def _wait(self, request: bytes, _context) -> bytes:
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.gone += 1
            raise
        return request

    async def count_turns(self) -> None:
        while True:
            self.turn += 1
            await asyncio.sleep(0)


class OneTooManyAtFirst(Handlers):
    """Says that it refuses, and then has room after all."""

    def refuses(self) -> bool:
        return True

    def refusal(self, call):
        del call
        return


async def _refuse(_messages, context) -> None:
    context.set_code(grpc.StatusCode.RESOURCE_EXHAUSTED)


async def _with_server(handlers: Handlers, use) -> Handlers:
    server = accepting_server(handlers, [("grpc.so_reuseport", 0)])
    port = server.add_insecure_port("127.0.0.1:0")
    handlers.server = server
    handlers.address = f"127.0.0.1:{port}"
    await server.start()
    async with grpc.aio.insecure_channel(handlers.address) as channel:
        await use(handlers, channel.unary_unary(METHOD), channel)
        await server.stop(5)
    return handlers


def test_every_request_is_answered_with_its_own():
    async def use(handlers, call, _channel):
        calls = [call(str(number).encode()) for number in range(100)]
        handlers.opened.set()
        assert await asyncio.gather(*calls) == [str(number).encode() for number in range(100)]
    asyncio.run(_with_server(Handlers(1000), use))


def test_requests_that_come_together_are_taken_up_together():
    async def use(handlers, _call, channel):
        del channel
        handlers.opened.set()
        counting = asyncio.create_task(handlers.count_turns())
        with grpc.insecure_channel(handlers.address) as blocking:
            grpc.channel_ready_future(blocking).result(10)
            calls = [blocking.unary_unary(METHOD).future(b"") for _ in range(64)]
            time.sleep(0.3)  # the loop stands still: all of them are in the server's core by now
            await _taken(handlers, 64)
            counting.cancel()
            assert [await asyncio.to_thread(call.result, 10) for call in calls] == [b""] * 64
    handlers = asyncio.run(_with_server(Handlers(1000), use))
    assert len(set(handlers.turns)) <= 16  # 64, were they taken up one by one


async def _taken(handlers: Handlers, count: int) -> None:
    while len(handlers.turns) < count:
        await asyncio.sleep(0.01)


def test_those_beyond_are_refused_while_the_others_wait():
    async def use(handlers, call, _channel):
        calls = [asyncio.ensure_future(_status(call(b""))) for _ in range(10)]
        while sum(call.done() for call in calls) < 7:
            await asyncio.sleep(0.01)
        assert all(call.result() is grpc.StatusCode.RESOURCE_EXHAUSTED
                   for call in calls if call.done())
        waiting = [call for call in calls if not call.done()]
        handlers.opened.set()
        assert await asyncio.gather(*waiting) == [grpc.StatusCode.OK] * 3
    asyncio.run(_with_server(Handlers(3), use))


async def _status(call) -> grpc.StatusCode:
    return await call.code()


def test_an_unknown_method_is_unimplemented_even_when_all_is_refused():
    async def use(_handlers, _call, channel):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await channel.unary_unary("/test.Service/Other")(b"")
        assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
    asyncio.run(_with_server(Handlers(0), use))


@pytest.mark.parametrize("handlers", [Handlers, OneTooManyAtFirst])
def test_a_caller_that_hangs_up_cancels_what_was_taken(handlers):
    async def use(handlers, call, _channel):
        waiting = call(b"")
        await _taken(handlers, 1)
        waiting.cancel()
        while not handlers.gone:
            await asyncio.sleep(0.01)
        assert handlers.gone == 1
    asyncio.run(_with_server(handlers(10), use))


def test_what_has_room_after_all_is_answered():
    async def use(handlers, call, _channel):
        handlers.opened.set()
        assert await asyncio.gather(*(call(b"%d" % number) for number in range(40))) == [
            b"%d" % number for number in range(40)]
    asyncio.run(_with_server(OneTooManyAtFirst(10), use))


def test_a_server_that_stops_answers_what_it_has_taken_up():
    async def use(handlers, _call, channel):
        del channel
        handlers.opened.set()
        await asyncio.sleep(0.1)  # it has asked the core for requests
        with grpc.insecure_channel(handlers.address) as blocking:
            grpc.channel_ready_future(blocking).result(10)
            calls = [blocking.unary_unary(METHOD).future(b"") for _ in range(12)]
            time.sleep(1.0)  # the loop stands still: the core has matched all twelve
            await handlers.server.stop(30)
            assert [await asyncio.to_thread(call.result, 10) for call in calls] == [b""] * 12
    asyncio.run(_with_server(Handlers(1000), use))


def test_a_server_stops_without_a_word_in_the_log(caplog):
    async def use(handlers, call, _channel):
        handlers.opened.set()
        assert await call(b"last") == b"last"
    asyncio.run(_with_server(Handlers(10), use))
    # gRPC's poller complains where loops of other tests share it.
    assert not [record for record in caplog.records
                if not (record.exc_info and record.exc_info[0] is BlockingIOError)]
