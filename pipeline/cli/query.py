"""`emporium query`: asks a running server."""

from __future__ import annotations

import argparse

from pipeline.cli.arguments import add_server_tls, server_tls
from pipeline.config import MODEL_NAME

_DESCRIPTION = """\
Asks a running server (`emporium serve DIR`) and prints a product id and its score a line.

  emporium query "usb c cable"
  emporium query --history P00017,P00342 --top 5
  emporium query "cable" --history P00017 --profile "films at weekends with a new camera"
  emporium query --similar P00017 --server shop.example.org:8500
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "query", help="ask a running server", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", metavar="TEXT", nargs="?", default="", help="what is searched for")
    parser.add_argument(
        "--history", metavar="ID,ID", default="",
        help="products that the shopper chose, oldest first: asks for recommendations")
    parser.add_argument(
        "--profile", default="", help="what the shopper said about themselves: asks for "
        "recommendations")
    parser.add_argument(
        "--similar", metavar="ID", default="", help="asks for products like this one")
    parser.add_argument(
        "--top", type=int, default=10, metavar="N", help="results (default %(default)s)")
    parser.add_argument(
        "--server", metavar="HOST:PORT", default="localhost:8500",
        help="gRPC address (default %(default)s)")
    parser.add_argument(
        "--model-name", default=MODEL_NAME, help="as given to serve (default %(default)s)")
    add_server_tls(parser)
    parser.set_defaults(execute=execute, parser=parser)


def execute(args: argparse.Namespace) -> int:
    """Asks once and prints the results."""
    shopper = bool(args.history or args.profile)
    if args.similar and (args.text or shopper):
        args.parser.error("--similar takes neither TEXT nor --history nor --profile")
    if not (args.similar or args.text or shopper):
        args.parser.error("give a TEXT, --history, --profile or --similar")
    if args.top < 1:
        args.parser.error(f"--top should be at least 1, received {args.top}")
    from serving.client import Client
    from serving.retrieval import Context

    with Client(args.server, model_name=args.model_name, tls=server_tls(args)) as client:
        if args.similar:
            [results] = client.similar([args.similar], top_k=args.top)
        elif shopper:
            history = [product for product in args.history.split(",") if product]
            shopper_now = Context(
                history=history, profile=args.profile, query=args.text, exclude=history)
            [results] = client.recommend([shopper_now], top_k=args.top)
        else:
            [results] = client.search([args.text], top_k=args.top)
    for result in results:
        print(f"{result.product_id}\t{result.score:.4f}")
    return 0
