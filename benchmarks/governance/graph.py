"""What a shop's graph knows of its next basket, and what it costs to build.

Usage:  python -m benchmarks.governance.graph [--tasks DIR] [--work DIR]

Divides the events of scientific (ratings in order: each shopper's last product is to be guessed)
and online_retail (invoices: the last fifth in time, of each basket one product after those that
come before it) into what the graph is built of and what it should know, and prints recall@10 of
its bought_with edges beside popularity, with other settings too, then counts, minutes and memory.
Of homedepot it prints how often two products that titles make substitutes, both judged for one
query of which one is a good answer, are both good answers, beside all such pairs.
"""

from __future__ import annotations

import collections
import itertools
import json
import pathlib
import random
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam

from benchmarks.governance.options import task_parser
from pipeline.governance.graph.build import SUMMARY, run_graph
from pipeline.governance.graph.settings import GraphSettings
from pipeline.governance.graph.triples import BOUGHT_WITH, SUBSTITUTES, read_triples
from pipeline.ingest.discovery import discover_tables
from pipeline.ingest.files import list_table
from pipeline.ingest.records import WriteFramedRecords
from pipeline.ingest.transforms import IngestTables

TASKS = ("scientific", "online_retail")
SETTINGS = {
    "scientific": ({}, {"ordered_reach": 1}, {"ordered_reach": 10}),
    "online_retail": ({}, {"reach": 5}, {"reach": 200})}
_MAX_TEXT_CHARS = 20_000
_CONTEXT = 5
_SEED = 1
_GOOD = 1.5
"""Mean grade of a good answer, on the scale of 0 to 2."""


class Question(NamedTuple):
    """Products that a shopper has, and the next one."""

    known: list[str]
    answer: str


def main(arguments: list[str] | None = None) -> int:
    """Prints a block for each task."""
    parser = task_parser(__doc__)
    parser.add_argument(
        "--work", type=pathlib.Path, default=pathlib.Path("out/benchmark/graph"), metavar="DIR",
        help="folder of what is built, emptied before (%(default)s)")
    args = parser.parse_args(arguments)
    for task in TASKS:
        folder = args.tasks / task
        if not (folder / "events.jsonl").exists():
            print(f"{task}: skipped, there is no {folder}; name the tasks' folder with --tasks.")
            continue
        _measure(task, folder, args.work / task)
    if (args.tasks / "homedepot" / "judgments.jsonl").exists():
        _measure_titles(args.tasks / "homedepot", args.work / "homedepot")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of all: {memory:.1f} GB")
    return 0


def _measure(task: str, folder: pathlib.Path, work: pathlib.Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    (work / "shop").mkdir(parents=True)
    shutil.copy(folder / "products.jsonl", work / "shop")
    with (folder / "events.jsonl").open(encoding="utf-8") as lines:
        events = [event for event in map(json.loads, lines) if event.get("user_id")]
    timed = any(isinstance(event.get("timestamp"), str) for event in events)
    train, questions = _by_time(events) if timed else _by_order(events)
    with (work / "shop" / "events.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(f"{json.dumps(event)}\n" for event in train)
    tables = _ingest(work / "shop", work / "tables")
    popular = [product for product, _ in collections.Counter(
        event.get("product_id", "") for event in train).most_common(100)]
    print(f"{task}: {len(train)} events, {len(questions)} questions")
    print(f"  popularity: recall@10 {_recall({}, popular, questions):.4f}")
    for changed in SETTINGS[task]:
        out = work / "graph"
        shutil.rmtree(out, ignore_errors=True)
        started = time.monotonic()
        run_graph(beam.Pipeline(), tables, str(out), GraphSettings(**changed))
        minutes = (time.monotonic() - started) / 60
        edges = _edges(out, BOUGHT_WITH)
        summary = json.loads((out / SUMMARY).read_text())
        name = ", ".join(f"{key}={value}" for key, value in changed.items()) or "default"
        print(f"  {name}: recall@10 {_recall(edges, popular, questions):.4f}, "
              f"{sum(summary['triples'].values())} triples in {minutes:.1f} minutes: "
              + ", ".join(f"{count} {kind}" for kind, count in summary["triples"].items()),
              flush=True)


def _measure_titles(folder: pathlib.Path, work: pathlib.Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    (work / "shop").mkdir(parents=True)
    shutil.copy(folder / "products.jsonl", work / "shop")
    run_graph(beam.Pipeline(), _ingest(work / "shop", work / "tables"), str(work / "graph"),
              GraphSettings())
    edges = _edges(work / "graph", SUBSTITUTES)
    grades: dict[str, dict[str, float]] = collections.defaultdict(dict)
    with (folder / "judgments.jsonl").open(encoding="utf-8") as lines:
        for judgment in map(json.loads, lines):
            grades[judgment["query"]][judgment["product_id"]] = judgment["grade"]
    pairs, good = collections.Counter[str](), collections.Counter[str]()
    for judged in grades.values():
        for one, other in itertools.permutations(judged, 2):
            if judged[one] >= _GOOD:
                for kind in ("all", "substitutes")[:1 + (other in edges.get(one, {}))]:
                    pairs[kind] += 1
                    good[kind] += judged[other] >= _GOOD
    print(f"homedepot: {sum(map(len, edges.values()))} substitutes by their titles")
    for kind, count in pairs.items():
        print(f"  {kind}: {count} pairs judged for one query, "
              f"both good {good[kind] / count:.3f}")


def _by_order(events: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[Question]]:
    shoppers: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
    for event in events:
        shoppers[event["user_id"]].append(event)
    train, questions = [], []
    for own in shoppers.values():
        own.sort(key=lambda event: event["timestamp"])
        products = [event["product_id"] for event in own]
        if len(own) < 3:
            train += own
            continue
        train += own[:-1]
        if products[-1] not in products[:-1]:
            known = list(dict.fromkeys(products[:-1]))[-_CONTEXT:]
            questions.append(Question(known, products[-1]))
    return train, questions


def _by_time(events: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[Question]]:
    times = sorted(event["timestamp"] for event in events)
    cut = times[int(0.8 * len(times))]
    train = [event for event in events if event["timestamp"] < cut]
    sold = {event.get("product_id") for event in train}
    baskets: dict[tuple[str, str], dict[str, None]] = collections.defaultdict(dict)
    for event in events:
        product = event.get("product_id")
        if event["timestamp"] >= cut and event.get("value", 1) > 0 and product in sold:
            baskets[event["user_id"], event["timestamp"]][product] = None
    rng = random.Random(_SEED)
    questions = []
    for basket in map(list, baskets.values()):
        if len(basket) > 1:
            at = rng.randrange(1, len(basket))
            questions.append(Question(basket[:at], basket[at]))
    return train, questions


def _recall(
    edges: Mapping[str, Mapping[str, float]], popular: Sequence[str],
    questions: Sequence[Question],
) -> float:
    """Share of the questions whose answer is among the ten best; popularity fills them up."""
    hits = 0
    for question in questions:
        scores: collections.Counter[str] = collections.Counter()
        for product in question.known:
            scores.update(edges.get(product, {}))
        ranking = (product for product in (*[one for one, _ in scores.most_common()], *popular)
                   if product not in question.known)
        hits += question.answer in _first(ranking, 10)
    return hits / len(questions)


def _first(ranking: Iterator[str], count: int) -> set[str]:
    found: set[str] = set()
    for product in ranking:
        found.add(product)
        if len(found) == count:
            break
    return found


def _edges(folder: pathlib.Path, relation: str) -> dict[str, dict[str, float]]:
    edges: dict[str, dict[str, float]] = collections.defaultdict(dict)
    for edge in read_triples(str(folder)).to_pylist():
        if edge["relation"] == relation:
            head, tail = (edge[end].removeprefix("product:") for end in ("head", "tail"))
            edges[head][tail] = edge["weight"]
    return edges


def _ingest(folder: pathlib.Path, out: pathlib.Path) -> dict[str, str]:
    patterns = discover_tables(str(folder))
    files = [file for table, pattern in patterns.items()
             for file in list_table(str(folder), table, pattern)]
    for table in patterns:
        (out / table).mkdir(parents=True)
    with beam.Pipeline() as pipeline:
        ingested = pipeline | IngestTables(files, _MAX_TEXT_CHARS, now=time.time())
        for table, rows in ingested.examples.items():
            _ = rows | f"Write[{table}]" >> WriteFramedRecords(str(out / table))
    return {table: str(out / table) for table in patterns}


if __name__ == "__main__":
    sys.exit(main())
