"""`emporium search` and `emporium recommend`: many requests at once, as TREC run files."""

from __future__ import annotations

import argparse
import pathlib

from pipeline.cli.arguments import COPY_FIRST, local_path

_SEARCH = """\
Answers a file of queries with the newest version in DIR/serving, without a server, and writes a
TREC run file: `id Q0 product_id rank score tag`, a line a result.

  emporium search out/ --queries queries.tsv --top 100 --output search.run

queries.tsv holds `query_id<TAB>query`, a line each.
"""

_RECOMMEND = """\
Answers a file of contexts with the newest version in DIR/serving, without a server, and writes a
TREC run file: `id Q0 product_id rank score tag`, a line a result.

  emporium recommend out/ --contexts contexts.jsonl --top 50 --output recommend.run

contexts.jsonl holds a JSON object a line: context_id, user_id, history (product ids, oldest
first) and, where known, history_events (view, click, cart, purchase or rating, one a product, ""
for unknown), history_ages (days since then, one a product, null for unknown), profile, query and
exclude (product ids that must not be in the answer).
The field filters is not applied yet: it is ignored, with a warning.
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds both commands to the front door."""
    search = _add_command(
        commands, "search", "answer a file of queries", _SEARCH, "--queries", "query_id<TAB>query")
    search.set_defaults(execute=execute_search)
    recommend = _add_command(
        commands, "recommend", "answer a file of shoppers", _RECOMMEND, "--contexts", "JSON Lines")
    recommend.add_argument(
        "--keep-history", action="store_true",
        help="let products of the history be answers too, where shoppers buy the same again")
    recommend.set_defaults(execute=execute_recommend)


def execute_search(args: argparse.Namespace) -> int:
    """Writes a run of queries."""
    from serving.batch import write_search_run

    summary = write_search_run(
        pathlib.Path(args.dir) / "serving", args.queries, args.output, top_k=args.top,
        batch_size=args.batch_size, tag=args.tag)
    print(f"version {summary.version}: {summary.results} results for {summary.tasks} queries in "
          f"{args.output}")
    return 0


def execute_recommend(args: argparse.Namespace) -> int:
    """Writes a run of contexts."""
    from serving.batch import write_recommend_run

    summary = write_recommend_run(
        pathlib.Path(args.dir) / "serving", args.contexts, args.output, top_k=args.top,
        exclude_history=not args.keep_history, batch_size=args.batch_size, tag=args.tag)
    print(f"version {summary.version}: {summary.results} results for {summary.tasks} contexts in "
          f"{args.output}")
    return 0


def _add_command(
    commands: argparse._SubParsersAction, name: str, summary: str, description: str,
    source: str, form: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=f"{summary}, in batches, as a TREC run", description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "dir", metavar="DIR", type=local_path(COPY_FIRST), help="output folder of `emporium run`")
    parser.add_argument(source, required=True, metavar="FILE", help=form)
    parser.add_argument("--output", required=True, metavar="RUN", help="file to write")
    parser.add_argument(
        "--top", type=int, default=100, metavar="K",
        help="results each, up to the index.top_k of the run (default %(default)s)")
    parser.add_argument(
        "--batch-size", type=int, default=64, metavar="N",
        help="requests a model call (default %(default)s)")
    parser.add_argument(
        "--tag", default="emporium", metavar="WORD",
        help="last field of every line (default %(default)s)")
    return parser
