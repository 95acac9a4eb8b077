"""How well near duplicates are found: copies with edits put into a catalogue, and those it has.

Usage:  python -m benchmarks.governance.duplicates [--tasks DIR] [--task NAME] [--preset NAME]
            [--share X] [--seed N] [--without COLUMNS] [--show N]

One product in twenty gets a copy under another id, with one or two edits of nine kinds. A merge is
right if it joins a copy with its original or with another copy of it. Of products that were in the
catalogue before nothing is known: how many of them are merged without any copy is said apart, and
`--show` prints some, to be judged by eye.
"""

from __future__ import annotations

import collections
import json
import os
import pathlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import apache_beam as beam
import tensorflow as tf
from apache_beam.metrics import MetricsFilter

from benchmarks.governance.edits import EDITS, Copy, copy_products
from benchmarks.governance.options import task_parser
from pipeline.governance.duplicates.candidates import METRICS_NAMESPACE, FindCandidates
from pipeline.governance.duplicates.compare import compare
from pipeline.governance.duplicates.encoder import load_encoder
from pipeline.governance.duplicates.groups import Group
from pipeline.governance.duplicates.matching import Matching
from pipeline.governance.duplicates.merging import MergeDuplicates, NewEncoder
from pipeline.governance.duplicates.reading import Reading
from pipeline.ingest.rows import Row, decode_row, encode_row

TASKS = ("chorus", "homedepot", "scientific", "online_retail")


def main(arguments: list[str] | None = None) -> int:
    """Prints a table a task."""
    parser = task_parser(__doc__)
    parser.add_argument("--task", choices=TASKS, action="append", help="one of them alone")
    parser.add_argument("--preset", default="minilm", help="of the encoder, 'none' for words alone")
    parser.add_argument(
        "--share", type=float, default=0.05, help="of products copied (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--without", default="", metavar="COLUMNS", help="columns to leave out, by commas")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="merges to print")
    options = parser.parse_args(arguments)
    new_encoder: NewEncoder = (
        words_alone if options.preset == "none" else partial(load_encoder, options.preset))
    for task in options.task or TASKS:
        path = options.tasks / task / "products.jsonl"
        if not path.exists():
            print(f"{task}: skipped, there is no {path}; name the tasks' folder with --tasks.")
            continue
        whole = list(read_products(path))
        left_out = options.without.split(",")
        rows = [{name: row[name] for name in row if name not in left_out} for row in whole]
        copies = copy_products(rows, options.share, options.seed)
        started = time.perf_counter()
        groups, counts = find_groups([*rows, *(copy.row for copy in copies)], new_encoder)
        print(f"{task}: {len(rows):,} products and {len(copies):,} copies, "
              f"{time.perf_counter() - started:.0f} s; {counts}")
        _report(groups, copies)
        before = [group for group in groups if not any(map(_is_copy, (group.kept, *group.aliases)))]
        print(f"  of what was there before: {sum(len(g.aliases) for g in before)} merged, "
              f"{_count_apart(before, whole)} of them different by what was left out")
        _show(before, whole, options.show, options.seed)
    return 0


def words_alone() -> None:
    """Loads no encoder."""


def read_products(path: pathlib.Path) -> Iterator[Row]:
    """The products of a task as ingest gives them: those with an id and a title."""
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            row.pop("created_at", None)  # Text here; ingest makes seconds of it.
            if row.get("product_id") and row.get("title"):
                yield {name: value for name, value in row.items() if value not in (None, "")}


def find_groups(
    rows: Sequence[Row], new_encoder: NewEncoder,
) -> tuple[list[Group], dict[str, int]]:
    """Groups of rows that are one, and Beam's counters."""
    with tempfile.TemporaryDirectory() as folder:
        with tf.io.TFRecordWriter(f"{folder}/rows") as writer:
            for row in random.Random(0).sample(rows, len(rows)):
                writer.write(encode_row(row))
        return run_pipeline(f"{folder}/rows", new_encoder)


def run_pipeline(pattern: str, new_encoder: NewEncoder) -> tuple[list[Group], dict[str, int]]:
    """The same of files of encoded rows."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline = beam.Pipeline()
        once, again = (
            pipeline
            | f"Read{turn}" >> beam.io.ReadFromTFRecord(pattern)
            | f"Decode{turn}" >> beam.Map(decode_row) for turn in ("Once", "Again"))
        merged = again | MergeDuplicates(once | FindCandidates(), Matching(), new_encoder)
        _ = (
            merged.groups
            | "ToJson" >> beam.Map(json.dumps)
            | "WriteGroups" >> beam.io.WriteToText(f"{folder}/groups"))
        result = pipeline.run()
        result.wait_until_finish()
        lines = [line for path in pathlib.Path(folder).glob("groups*")
                 for line in path.read_text(encoding="utf-8").splitlines()]
    counters = result.metrics().query(
        MetricsFilter().with_namespace(METRICS_NAMESPACE))["counters"]
    groups = [Group(kept, tuple(aliases), sure) for kept, aliases, sure in map(json.loads, lines)]
    return sorted(groups), {found.key.metric.name: found.committed for found in counters}


def count_right(groups: Sequence[Group], source_of: Mapping[str, str]) -> tuple[int, int]:
    """Aliases that were merged with a copy or an original of theirs, and with something else.

    Args:
        groups: that were found.
        source_of: original of each copy. Merges of two originals are not counted.
    """
    right = wrong = 0
    for group in groups:
        for alias in group.aliases:
            if alias in source_of or group.kept in source_of:
                same = source_of.get(alias, alias) == source_of.get(group.kept, group.kept)
                right, wrong = right + same, wrong + (not same)
    return right, wrong


def _report(groups: Sequence[Group], copies: Sequence[Copy]) -> None:
    """Prints precision and recall, of each kind of edit and overall."""
    source_of = {copy.row["product_id"]: copy.source for copy in copies}
    kinds_of = {copy.row["product_id"]: copy.kinds for copy in copies}
    made = collections.Counter(kinds[0] for kinds in kinds_of.values())
    found: collections.Counter[str] = collections.Counter()
    wrong: collections.Counter[str] = collections.Counter()
    for group in groups:
        for alias in group.aliases:
            pair = (alias, group.kept)
            copied = [product for product in pair if product in source_of]
            right = len({source_of.get(product, product) for product in pair}) == 1
            for kind in {kinds_of[product][0] for product in copied}:
                wrong[kind] += not right
            if right:
                # Of two copies of a product, the one whose original is not kept is found.
                found[kinds_of[copied[0]][0]] += 1
    print(f"  {'first edit':<24}{'copies':>8}{'found':>8}{'recall':>8}{'precision':>11}")
    for kind in (*EDITS, None):
        total, hits, misses = (
            (count[kind] if kind else count.total()) for count in (made, found, wrong))
        if total:
            precision = f"{hits / (hits + misses):.3f}" if hits + misses else "none"
            print(f"  {kind or 'all':<24}{total:>8}{hits:>8}{hits / total:>8.3f}{precision:>11}")


def _count_apart(groups: Sequence[Group], rows: Sequence[Row]) -> int:
    """Aliases that columns which were left out tell from what they were merged into."""
    by_id = {row["product_id"]: Reading(row) for row in rows}
    return sum(
        bool(compare(by_id[group.kept], by_id[alias], lambda _: False).conflict)
        for group in groups for alias in group.aliases)


def _show(groups: Sequence[Group], rows: Sequence[Row], count: int, seed: int) -> None:
    """Prints some groups for a person to judge."""
    by_id = {row["product_id"]: row for row in rows}
    for group in random.Random(seed).sample(groups, min(count, len(groups))):
        print(f"  {group.confidence:.3f}")
        for product_id in (group.kept, *group.aliases):
            print(f"    {json.dumps(by_id[product_id], ensure_ascii=False)}")


def _is_copy(product_id: str) -> bool:
    return product_id.startswith("copy-")


if __name__ == "__main__":
    sys.exit(main())
