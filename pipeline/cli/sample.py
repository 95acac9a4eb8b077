"""`emporium sample`: a generated shop to try everything on."""

from __future__ import annotations

import argparse
import sys

from pipeline.cli.arguments import local_path

_DESCRIPTION = """\
Writes a generated shop into DIR, in the dataset contract: products, events, users, judgments and
facts, with the dirt that real tables have. The same numbers, seed and language give the same shop.

  emporium sample shop/
  emporium sample shop/ --products 20000 --users 5000 --events 500000 --seed 7
  emporium sample shop/ --language zh
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "sample", help="write a generated shop", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "dir", metavar="DIR", type=local_path("give a local folder and copy it from there"),
        help="folder for the tables; made if need be")
    parser.add_argument(
        "--products", type=int, default=2_000, help="at least 20 (default %(default)s)")
    parser.add_argument("--users", type=int, help="default: half as many as products")
    parser.add_argument("--events", type=int, help="rows of the event log (default: 35 a user)")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    parser.add_argument(
        "--language", metavar="CODE", default="en",
        help="of the shop's texts and queries: en or zh (simplified Chinese; default %(default)s)")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Writes the shop and prints what is in it."""
    from tqdm import tqdm

    from pipeline.sample import generate

    bars: dict[str, tqdm] = {}

    def progress(table: str, done: int, expected: int) -> None:
        bar = bars.setdefault(table, tqdm(
            desc=table, unit=" rows", leave=False, disable=not sys.stderr.isatty()))
        bar.total = expected
        bar.update(done - bar.n)

    summary = generate(
        args.dir, products=args.products, users=args.users, events=args.events, seed=args.seed,
        language=args.language, progress=progress)
    for bar in bars.values():
        bar.close()
    print(summary)
    preset = " --preset tiny_zh" if args.language == "zh" else ""
    print(f"Next: emporium run {args.dir} --out out{preset}")
    return 0
