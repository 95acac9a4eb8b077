"""Version swaps under load: what fails, and what they do to latency.

Usage:  python -m benchmarks.serving.swaps [--swaps 100] [--every 20] [--share 0.5] [--h2load]

An open loop at --share of the capacity that is measured first runs for a while without, then
through all swaps, and without once more: the machine may have changed. Every --every seconds a new
version appears in the serving folder, as the pipeline pushes it (a rename), and the benchmark waits
until the server answers by it; the last two versions stay, older ones are deleted. What does not
answer before the load ends is not counted: give more --every where `swaps_done` is less than
--swaps. A latency is a spike where it is over three times the p99 of the load without swaps before,
which has spikes of its own: both are told, and how many were over three times the p99 through the
swaps. Of each second with a spike the result has the processor time that the machine's host kept
from it in the three seconds around.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import shutil
import sys
import threading
import time

from benchmarks.serving import measured, options, servers, shop_model, stolen
from serving.client import Client, ClientError

_SPIKE = 3

_SETTLE_SECONDS = 120


def main() -> int:
    """Measures and tells."""
    parser = options.parser(__doc__)
    options.add_generator(parser)
    parser.add_argument("--swaps", type=int, default=100)
    parser.add_argument("--every", type=float, default=20.0, help="seconds from swap to swap")
    parser.add_argument("--share", type=float, default=0.5, help="of the capacity")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the loads without swaps")
    args = options.parsed(parser)
    source = options.exported(args) / "serving" / "1"
    bodies = options.requests(shop_model.queries(options.QUERIES))
    out = args.work / "swapping"
    shutil.rmtree(out, ignore_errors=True)
    push(source, out / "serving", 1)
    with servers.emporium(out, args.work / "emporium.log", options.serve_arguments(args)) as server:
        full = options.measure(args, server, bodies, args.seconds, callers=args.callers)
        rate = args.share * full.throughput
        calm = options.measure(args, server, bodies, args.seconds, rate=rate)
        swapping = Swapper(args, source, out / "serving", server)
        with swapping, stolen.Stolen() as taken:
            through = options.measure(
                args, server, bodies, args.swaps * args.every, rate=rate, warm_up=0.0)
        after = options.measure(args, server, bodies, args.seconds, rate=rate)
        alive = server.process.poll() is None
    limit = _SPIKE * calm.latency_ms(99)
    options.finish(args, {
        "capacity": measured.brief(full), "without_swaps": measured.brief(calm),
        "through_swaps": measured.brief(through),
        "without_swaps_after": measured.brief(after), "alive": alive,
        "swaps_done": swapping.done,
        "seconds_to_swap": options.spread(swapping.seconds or [0.0]),
        "failed": sum(through.codes.values()) - through.codes.get("OK", 0), "spike_over_ms": limit,
        "spikes_without_swaps": calm.slower(limit), "spikes_through_swaps": through.slower(limit),
        "spikes_without_swaps_after": after.slower(limit),
        "spikes_over_its_own": through.slower(_SPIKE * through.latency_ms(99)),
        "stolen_ms": taken.between(through.began, through.began + through.config.seconds),
        "seconds_with_spikes": [
            {"second": second, "longest_ms": round(longest, 1), "stolen_ms": taken.between(
                through.began + second - 1, through.began + second + 2)}
            for second, longest in through.slow_seconds(limit).items()]})
    return 0


def push(source: pathlib.Path, serving: pathlib.Path, number: int) -> None:
    """Version `number`, by a rename as the pipeline pushes it; its files are links."""
    serving.mkdir(parents=True, exist_ok=True)
    part = serving / f".{number}.part"
    shutil.copytree(source, part, copy_function=os.link)
    part.rename(serving / str(number))


class Swapper:
    """Pushes version after version beside the load, in a thread.

    Attributes:
        done: versions that answered while the load ran.
        seconds: from the push of each until it answered.
    """

    def __init__(self, args: argparse.Namespace, source: pathlib.Path, serving: pathlib.Path,
                 server: servers.Server) -> None:
        self.done = 0
        self.seconds: list[float] = []
        self._swaps, self._every = args.swaps, args.every
        self._source, self._serving = source, serving
        self._client = Client(server.address)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._swap_all, daemon=True)

    def __enter__(self) -> Swapper:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._settle()
        self._client.close()

    def _settle(self) -> None:
        """Waits until nothing is loaded any more beside the load that comes next."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        with contextlib.suppress(ClientError):  # What was measured is told of a dead server, too.
            while time.monotonic() < deadline and {
                    state.state for state in self._client.status()} & {"LOADING", "UNLOADING"}:
                time.sleep(0.1)

    def _swap_all(self) -> None:
        begun = time.monotonic()
        for number in range(2, self._swaps + 2):
            pushed = time.monotonic()
            push(self._source, self._serving, number)
            if not self._answers(number):
                return
            self.done += 1
            self.seconds.append(time.monotonic() - pushed)
            print(f"swap {self.done} of {self._swaps} after {self.seconds[-1]:.1f} s",
                  file=sys.stderr, flush=True)
            shutil.rmtree(self._serving / str(number - 2), ignore_errors=True)
            if self._stop.wait(max(0.0, begun + (number - 1) * self._every - time.monotonic())):
                return

    def _answers(self, number: int) -> bool:
        """Waits until a version answers; false where the load ended before."""
        while not self._stop.wait(0.1):
            try:
                states = {state.version: state.state for state in self._client.status()}
            except ClientError:  # The load's own figures say what failed; here it is asked again.
                continue
            if states.get(number) == "AVAILABLE":
                return True
        return False


if __name__ == "__main__":
    sys.exit(main())
