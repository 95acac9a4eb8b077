"""`emporium gateway`: the shop's HTTP API and storefront before a model server."""

from __future__ import annotations

import argparse
import pathlib
import sys

from pipeline.cli.arguments import add_server_tls, local_path, server_tls
from pipeline.config import MODEL_NAME

_DESCRIPTION = """\
The shop's own API (search with filters and facets, recommendations, feedback) and a storefront.
Asks the model server over gRPC for product ids and takes all else from the catalogue.

  emporium serve out/
  emporium gateway --server localhost:8500 --catalogue shop/
  open http://localhost:8080/             the storefront; /operator says how it does
  curl 'http://localhost:8080/search?q=usb+c+cable&k=5'

The API is described at /openapi.json. With keys: `emporium gateway --hash-key >> keys.txt` makes
one (it is shown once, on standard error), --api-keys keys.txt wants it with each request.
"""

_COPY = "copy the table to this machine first"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "gateway", help="the shop's API and storefront before a model server",
        description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    path = local_path(_COPY)
    parser.add_argument(
        "--catalogue", metavar="PATH", type=path,
        help="products table: a file, or the shop's folder; read again when it changes")
    parser.add_argument(
        "--server", metavar="HOST:PORT", default="localhost:8500",
        help="gRPC address of the model server (default %(default)s)")
    parser.add_argument(
        "--model-name", default=MODEL_NAME, help="as given to serve (default %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8080, help="HTTP port, 0 for a free one (default %(default)s)")
    parser.add_argument(
        "--host", default="127.0.0.1",
        help="address to listen on; 0.0.0.0 takes requests from other machines "
        "(default %(default)s)")
    parser.add_argument(
        "--timeout", type=float, default=2.0, metavar="SECONDS",
        help="deadline of a call of the model server (default %(default)s)")
    add_server_tls(parser)
    _add_limits(parser)
    parser.add_argument(
        "--feedback", metavar="DIR", type=path,
        help="keep the events of /feedback in DIR/events, for `emporium run DIR`")
    parser.add_argument(
        "--shoppers", metavar="DIR", type=path,
        help="folder with the tables users and events, to show a few of its shoppers")
    parser.add_argument(
        "--reports", metavar="DIR", type=path,
        help="the reports/ of a run, for the operator's page")
    parser.add_argument(
        "--images", metavar="ORIGIN", action="append", default=[],
        help="show pictures of products from this https://HOST; may be given again")
    parser.add_argument("--shop-name", default="Emporium", help="name on the page")
    parser.add_argument(
        "--currency", default="", metavar="CODE", help="of the prices, as EUR")
    parser.set_defaults(execute=execute, parser=parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--api-keys", metavar="FILE", type=local_path(_COPY),
        help="let in who has one of these keys: a line each, SHA-256 and a name")
    parser.add_argument(
        "--operator-keys", metavar="FILE", type=local_path(_COPY),
        help="the same for the operator's page, which any of --api-keys opens otherwise")
    parser.add_argument(
        "--hash-key", nargs="?", const="key", metavar="NAME",
        help="make a key, print its line for --api-keys or --operator-keys, and stop")
    parser.add_argument(
        "--rate", type=float, default=50.0, metavar="N",
        help="requests a second that a client, a key or an address, may make (default %(default)s)")
    parser.add_argument(
        "--burst", type=int, default=100, metavar="N",
        help="requests that a client may make at once (default %(default)s)")
    parser.add_argument(
        "--trusted-proxies", default="", metavar="ADDRESSES",
        help="addresses or networks, with commas, of proxies whose X-Forwarded-For names the "
        "client; without it all who come through a proxy are one client")


def execute(args: argparse.Namespace) -> int:
    """Serves until a signal, or makes a key."""
    if args.hash_key is not None:
        return _print_key(args.hash_key)
    if args.catalogue is None:
        args.parser.error("the following arguments are required: --catalogue")
    import logging

    from serving.gateway import GatewayConfig, run_gateway

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s")
    run_gateway(GatewayConfig(
        catalogue=pathlib.Path(args.catalogue), server=args.server,
        server_tls=server_tls(args), model_name=args.model_name,
        host=args.host, port=args.port, timeout_seconds=args.timeout,
        api_keys=_path(args.api_keys), operator_keys=_path(args.operator_keys),
        rate=args.rate, burst=args.burst,
        feedback=_path(args.feedback), shoppers=_path(args.shoppers),
        reports=_path(args.reports), image_origins=tuple(args.images),
        trusted_proxies=args.trusted_proxies, shop_name=args.shop_name, currency=args.currency))
    return 0


def _path(text: str | None) -> pathlib.Path | None:
    return None if text is None else pathlib.Path(text)


def _print_key(name: str) -> int:
    from serving.gateway.api_keys import hash_key, new_key

    key = new_key()
    print(f"the key, shown only now: {key}", file=sys.stderr)
    print(f"{hash_key(key)} {name}")
    return 0
