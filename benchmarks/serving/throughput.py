"""Throughput and latency of `emporium serve`, beside a plain threaded server and the bare call.

Usage:  python -m benchmarks.serving.throughput [--shape 2x128|6x384] [--rounds 5] [--seconds 20]

Server, generator and bare call share the cores of one machine. In each round all of them take
their turn, so that what else the machine does meets all alike; ratios are those within a round,
told as median and quartiles over the rounds. No query comes twice in a load, so that no cache
answers. Where nghttp2's h2load is installed it asks, too, as callers that cost little.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.serving import h2load, options, servers, shop_model
from benchmarks.serving.measured import brief
from serving.loadtest import LoadConfig
from serving.saved_model import read_meta_graph, register_ops


def main() -> int:
    """Measures and tells."""
    parser = options.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    args = parser.parse_args()
    out = options.exported(args)
    version = out / "serving" / "1"
    queries = shop_model.queries(options.QUERIES)
    bodies = options.requests(queries)
    register_ops(read_meta_graph(version))
    search = tf.saved_model.load(str(version)).signatures["search"]
    with servers.emporium(out, args.work / "emporium.log", args.serve_arg) as ours, \
            servers.emporium(out, args.work / "forgetful.log",
                             [*args.serve_arg, h2load.FORGETFUL]) as forgetful, \
            servers.plain(version, args.work / "plain.log") as plain:
        running = {"emporium": ours, "forgetful": forgetful, "plain": plain}
        rounds = []
        for number in range(args.rounds):
            rounds.append(_round(args, search, queries, bodies, running, number))
            print(f"round {number + 1} of {args.rounds}: {rounds[-1]}", file=sys.stderr)
    options.finish(args, {"rounds": rounds, **_summary(rounds, args.callers)})
    return 0


def _round(args: argparse.Namespace, search: Any, queries: list[str], bodies: list[bytes],
           running: dict[str, servers.Server], number: int) -> dict[str, Any]:
    # Each round asks other queries first; within a round all are asked the same.
    place = number * len(queries) // args.rounds
    asked = bodies[place:] + bodies[:place]
    figures = {"bare": _bare(search, queries[place:] + queries[:place], args.seconds)}
    for name in ("emporium", "plain"):
        for callers in (1, args.callers):
            # The middle of the queries for many callers: one caller has asked the first.
            turn = asked if callers == 1 else asked[len(asked) // 2:] + asked[:len(asked) // 2]
            figures[f"{name}_{callers}"] = brief(options.measure(
                args, running[name], turn, args.seconds, callers=callers))
    if h2load.is_installed():
        for callers in (1, args.callers):
            # It asks the same again and again: of a server that keeps no answers.
            config = LoadConfig(
                running["forgetful"].address, callers=callers, seconds=args.seconds, warm_up=2.0,
                timeout=args.timeout)
            figures[f"h2load_{callers}"] = brief(
                h2load.measure(running["forgetful"], config, asked[0]))
    return figures


def _bare(search: Any, queries: list[str], seconds: float) -> dict[str, float]:
    """The model called in this process, one query after the other."""
    for query in queries[-20:]:  # The first calls trace and fill caches.
        search(query=tf.constant([query]))
    times = []
    end = time.perf_counter() + seconds
    for query in queries:
        started = time.perf_counter()
        if started > end:
            break
        answer = search(query=tf.constant([query]))
        answer["product_id"].numpy()
        times.append(1e3 * (time.perf_counter() - started))
    p50, p99 = np.percentile(times, [50, 99])
    return {"throughput": round(1e3 / float(np.mean(times)), 1), "p50_ms": round(p50, 3),
            "p99_ms": round(p99, 3)}


def _summary(rounds: list[dict[str, Any]], callers: int) -> dict[str, Any]:
    many = str(callers)

    def ratio(above: str, below: str, figure: str) -> dict[str, float]:
        pairs = [(entry[above][figure], entry[below][figure]) for entry in rounds]
        return options.spread([high / low for high, low in pairs if low])

    by_h2load = {} if f"h2load_{many}" not in rounds[0] else {
        "throughput, h2load": options.spread([
            entry[f"h2load_{many}"]["throughput"] for entry in rounds]),
        "p99_ms, h2load": options.spread([entry[f"h2load_{many}"]["p99_ms"] for entry in rounds]),
        "p50 at one caller to bare call, h2load": ratio("h2load_1", "bare", "p50_ms")}
    return {
        **by_h2load,
        "throughput": options.spread([entry[f"emporium_{many}"]["throughput"] for entry in rounds]),
        "p99_ms": options.spread([entry[f"emporium_{many}"]["p99_ms"] for entry in rounds]),
        "ratios": {
            "throughput to plain": ratio(f"emporium_{many}", f"plain_{many}", "throughput"),
            "throughput to bare call": ratio(f"emporium_{many}", "bare", "throughput"),
            "p50 at one caller to bare call": ratio("emporium_1", "bare", "p50_ms"),
            "p50 at one caller, plain to bare call": ratio("plain_1", "bare", "p50_ms"),
        }}


if __name__ == "__main__":
    sys.exit(main())
