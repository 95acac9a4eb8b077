"""`emporium loadtest`: load on a running server, measured, against a budget."""

from __future__ import annotations

import argparse
import pathlib
import sys

from pipeline.cli.arguments import add_server_tls, server_tls
from pipeline.config import MODEL_NAME

EXIT_OVER_BUDGET = 4

_DESCRIPTION = """\
Makes load on a running server (`emporium serve DIR`, or stock TensorFlow Serving) and measures it.

  emporium loadtest --queries queries.tsv
  emporium loadtest --queries queries.tsv --callers 64 --processes 2
  emporium loadtest --contexts contexts.jsonl --rate 500 --budget-p99-ms 60 --output load.html
  emporium loadtest --queries queries.tsv --rest http://localhost:8501

--callers is a closed loop: each caller asks again when it is answered, which finds the most that a
server answers. --rate is an open loop: requests at random (Poisson) times, answered or not, as
shoppers come; latency counts from when a request was meant to start. The files are those of
`emporium search` and `emporium recommend`; requests go round them, so a short file is soon
answered from the server's cache.

Tells each second on standard error and the sum on standard output. Exit status 4 where a budget is
exceeded. Neither the output file nor what is told holds a request.
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "loadtest", help="put load on a running server and measure it", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    _add_target(parser)
    _add_load(parser)
    budget = parser.add_argument_group("budget")
    budget.add_argument(
        "--budget-p99-ms", type=float, metavar="MS",
        help="longest 99th percentile of the answered requests (any)")
    budget.add_argument(
        "--budget-errors", type=_percentage, default="0.1%", metavar="PERCENT",
        help="largest share of the requests that may fail or be shed (default %(default)s)")
    parser.add_argument(
        "--output", type=pathlib.Path, metavar="FILE",
        help="write the result as FILE.json, or as a page, FILE.html")
    add_server_tls(parser)
    parser.set_defaults(execute=execute, parser=parser)


def _add_target(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--server", metavar="HOST:PORT", default="localhost:8500",
        help="gRPC address (default %(default)s)")
    where.add_argument(
        "--rest", metavar="URL", help="over REST instead, as http://localhost:8501")
    parser.add_argument(
        "--model-name", default=MODEL_NAME, help="as given to serve (default %(default)s)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--queries", type=pathlib.Path, metavar="FILE", help="query_id<TAB>query, a line each")
    what.add_argument(
        "--contexts", type=pathlib.Path, metavar="FILE", help="JSON Lines, a shopper each")
    parser.add_argument(
        "--signature", default="", metavar="NAME",
        help="what is asked (search for queries; for contexts the recommend signature that takes "
        "all that is known of each)")


def _add_load(parser: argparse.ArgumentParser) -> None:
    load = parser.add_mutually_exclusive_group()
    load.add_argument(
        "--callers", type=int, metavar="N", help="closed loop of so many callers (32)")
    load.add_argument("--rate", type=float, metavar="R", help="open loop of R requests a second")
    parser.add_argument(
        "--seconds", type=float, default=30.0, metavar="S",
        help="length of the measurement (default %(default)s)")
    parser.add_argument(
        "--warm-up", type=float, default=5.0, metavar="S",
        help="the same load before it, not measured (default %(default)s)")
    parser.add_argument(
        "--timeout", type=float, default=1.0, metavar="S",
        help="a request's deadline (default %(default)s)")
    parser.add_argument(
        "--processes", type=int, default=1, metavar="N",
        help="processes that make the load; more where the result says that the generator was the "
        "bottleneck and cores are free (default %(default)s)")


def execute(args: argparse.Namespace) -> int:
    """Makes the load; 4 where a budget is exceeded."""
    from serving.loadtest import Budget, LoadConfig, run_load_test
    from serving.loadtest.report import check_output, progress_line, summary, write_report
    from serving.loadtest.requests import context_calls, grpc_bodies, query_calls, rest_bodies

    callers = 32 if args.callers is None and args.rate is None else args.callers
    config = LoadConfig(
        args.rest or args.server, model_name=args.model_name, rest=args.rest is not None,
        callers=callers, rate=args.rate, seconds=args.seconds, warm_up=args.warm_up,
        timeout=args.timeout, tls=server_tls(args), processes=args.processes)
    budget = Budget(args.budget_errors, args.budget_p99_ms)
    if args.output is not None:
        check_output(args.output)
    if args.queries is not None:
        calls = query_calls(args.queries, args.signature or "search")
    else:
        calls = context_calls(args.contexts, args.signature)
    bodies = rest_bodies(calls) if config.rest else grpc_bodies(calls, config.model_name)
    result = run_load_test(
        config, bodies, lambda second: print(progress_line(second), file=sys.stderr, flush=True))
    print(summary(result, budget))
    if args.output is not None:
        write_report(args.output, result, budget)
        print(f"written: {args.output}")
    return EXIT_OVER_BUDGET if result.exceeded(budget) else 0


def _percentage(text: str) -> float:
    """`0.1%` as 0.001."""
    try:
        if text.endswith("%"):
            return float(text[:-1]) / 100
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"should be a percentage, as 0.1%, received {text!r}")
