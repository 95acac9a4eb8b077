"""What a server does that is asked for more than it can answer.

Usage:  python -m benchmarks.serving.overload [--minutes 10] [--share 1.2] [--h2load]

First measures capacity (a closed loop of --callers) and the latency below it (an open loop at
--unloaded of the capacity, and one caller), then sends --share of the capacity in an open loop.
Tells the p99 of what is accepted beside both, the codes of the rest, and the server's memory (that
of all its processes, what they share counted once) at sixty moments: to look at it takes some
hundredths of a second, of a processor that the server lacks then. Memory's growth is that from the
second tenth of the time, when all is warm, to the last.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from typing import Any

from benchmarks.serving import measured, options, servers, shop_model


def main() -> int:
    """Measures and tells."""
    parser = options.parser(__doc__)
    options.add_generator(parser)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--share", type=float, default=1.2, help="of the capacity")
    parser.add_argument("--unloaded", type=float, default=0.5, help="of the capacity")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each load before it")
    args = options.parsed(parser)
    out = options.exported(args)
    bodies = options.requests(shop_model.queries(options.QUERIES))
    with servers.emporium(out, args.work / "emporium.log", options.serve_arguments(args)) as server:
        one = options.measure(args, server, bodies, args.seconds, callers=1)
        full = options.measure(args, server, bodies, args.seconds, callers=args.callers)
        below = options.measure(
            args, server, bodies, args.seconds, rate=args.unloaded * full.throughput)
        print(f"{full.throughput:.0f} requests/s at {args.callers} callers; now {args.minutes:g} "
              f"minutes of {args.share:g} times that", file=sys.stderr, flush=True)
        with MemoryWatch(server, max(1.0, args.minutes)) as memory:
            over = options.measure(
                args, server, bodies, 60 * args.minutes,
                rate=args.share * full.throughput)
        alive = server.process.poll() is None
        after = options.measure(
            args, server, bodies, args.seconds, rate=args.unloaded * full.throughput)
    p99 = over.latency_ms(99)
    options.finish(args, {
        "one_caller": measured.brief(one), "capacity": measured.brief(full),
        "unloaded": measured.brief(below), "overload": measured.brief(over),
        "unloaded_after": measured.brief(after), "alive": alive,
        "p99_to_unloaded": round(p99 / below.latency_ms(99), 3),
        "p99_to_one_caller": round(p99 / one.latency_ms(99), 3),
        "accepted_to_capacity": round(over.throughput / full.throughput, 3),
        "shed_share": round(1 - over.codes.get("OK", 0) / sum(over.codes.values()), 4),
        "memory": memory.figures()})
    return 0


class MemoryWatch:
    """Looks at a server's memory every so many seconds, in a thread."""

    def __init__(self, server: servers.Server, every: float) -> None:
        self._server = server
        self._every = every
        self._samples: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def figures(self) -> dict[str, Any]:
        """Memory in MB, over time and how it grew.

        Raises:
            ValueError: there are fewer than ten samples.
        """
        tenth = len(self._samples) // 10
        if not tenth:
            raise ValueError(
                f"memory needs ten seconds or more of load, received {len(self._samples)} samples")
        first = statistics.median(self._samples[tenth:2 * tenth])
        last = statistics.median(self._samples[-tenth:])
        return {
            "warm_mb": round(first, 1), "end_mb": round(last, 1),
            "most_mb": round(max(self._samples), 1), "growth": round(last / first - 1, 4),
            "over_time_mb": [round(sample, 1) for sample in self._samples]}

    def _watch(self) -> None:
        while True:
            started = time.monotonic()
            self._samples.append(self._server.memory_mb)
            if self._stop.wait(max(0.0, started + self._every - time.monotonic())):
                return


if __name__ == "__main__":
    sys.exit(main())
