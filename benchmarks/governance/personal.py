"""How much personal data ingest finds, how much else it masks, and what it costs.

Usage:  python -m benchmarks.governance.personal [--tasks DIR] [--count N] [--speed]

Puts e-mail addresses, phone and card numbers and names, in the forms of `personal_forms`, into
queries, reviews and profiles made of real product titles, together with rows that are broken on
purpose; ingests them as the pipeline does, with a key and with statistics, and looks for what is
left in the rows, and then, as bytes, in every file that was written and in the log. What is masked
in real texts, where nothing was put, is counted beside. `--speed` instead measures ingest with and
without protection. DIR holds the datasets that ../shared/bench/tasks.py makes.
"""

from __future__ import annotations

import collections
import json
import logging
import os
import pathlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.governance.options import task_parser
from benchmarks.governance.personal_shop import (
    MAKE,
    PLACES,
    Placed,
    find_traces,
    is_left,
    texts_of,
    write_shop,
)
from pipeline.personal.hashing import UserKey, hash_user
from pipeline.personal.masking import mask_text
from pipeline.personal.spans import FreeText

KEY = "7:a key of the benchmark, kept by nobody"


def run_ingest(data: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    """Runs the pipeline's first two components; returns the folder of the first one's outputs."""
    from tfx.components import StatisticsGen
    from tfx.orchestration import metadata
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.orchestration.pipeline import Pipeline

    from pipeline.config import Ingest, user_key_fingerprint
    from pipeline.ingest.component import ShopExampleGen
    from pipeline.ingest.discovery import discover_tables

    ingest = ShopExampleGen(
        str(data), discover_tables(str(data)), Ingest().model_dump_json(), user_key_fingerprint())
    statistics = StatisticsGen(examples=ingest.outputs["examples"])
    out.mkdir(parents=True)
    handler = logging.FileHandler(out / "log.txt", encoding="utf-8")
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    try:
        LocalDagRunner().run(Pipeline(
            pipeline_name="personal", pipeline_root=str(out), components=[ingest, statistics],
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(out / "metadata.sqlite"))))
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    return out / "ShopExampleGen"


def read_rows(examples: pathlib.Path, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table after ingest."""
    import tensorflow as tf

    from pipeline.ingest.rows import decode_row

    files = sorted(map(str, (examples / f"Split-{table}").glob("*.gz")))
    yield from map(decode_row, tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())


def measure_recall(titles: list[str], count: int, seed: int) -> bool:
    """Prints the share of what was put in that is gone; returns whether all that must hold does."""
    rng = random.Random(seed)
    os.environ["EMPORIUM_USER_KEY"] = KEY
    with tempfile.TemporaryDirectory() as folder:
        base = pathlib.Path(folder)
        placed, secrets = write_shop(base / "shop", titles, count, rng)
        started = time.monotonic()
        outputs = run_ingest(base / "shop", base / "out")
        seconds = time.monotonic() - started
        [examples] = (outputs / "examples").iterdir()
        texts = texts_of({
            table: list(read_rows(examples, table)) for table in sorted(set(PLACES.values()))})
        ids = [f"user{number}@shop.example" for number in range(count * 12)]
        traces = find_traces(base / "out", [*secrets, *ids])
    missed = {item.secret.text for item in placed if is_left(_text(texts, item), item.secret)}
    elsewhere = [(path, text) for path, text in traces if text not in missed]
    tally: dict[tuple[str, ...], list[int]] = collections.defaultdict(lambda: [0, 0])
    for item in placed:
        left = item.secret.text in missed
        kind, form = item.secret.kind, item.secret.form
        cue = "with a cue" if item.cued else "without"
        for name in ((kind, "all"), (kind, item.place, cue), ("form", kind, form)):
            tally[name][0] += 1
            tally[name][1] += not left
    print(f"recall of what was put in, seed {seed} ({seconds:.0f} s)")
    for name, (total, gone) in sorted(tally.items()):
        if name[0] != "form" or (name[1] != "name" and gone < total) or name[1] == "phone":
            print(f"  {' '.join(name):40s} {gone:6,} of {total:6,}  {gone / total:.4f}")
    print(f"  of {len(secrets):,} secrets and {len(ids):,} ids, found as bytes in files and log: "
          f"{len({text for _, text in traces})}, of which not missed above: {len(elsewhere)}")
    for path, text in elsewhere[:20]:
        print(f"    {path}: {text}")
    return not elsewhere and all(
        tally[kind, "all"][1] >= 0.98 * tally[kind, "all"][0] for kind in MAKE)


def _text(texts: dict[tuple[str, str], str], item: Placed) -> str:
    """What ingest made of the text that something was put into; "" where it kept none."""
    row = hash_user(item.row, UserKey.parse(KEY)) if item.place == "profile" else item.row
    return texts.get((item.place, row), "")


def measure_false_masks(tasks: pathlib.Path) -> None:
    """Prints how many real texts are masked, in which nothing was put."""
    print("real texts in which something is masked")
    for what, free_text, texts in _real_texts(tasks):
        masked = total = 0
        kinds: collections.Counter[str] = collections.Counter()
        for text, label in texts:
            counts = mask_text(text, free_text, label=label).counts
            total += 1
            masked += bool(counts)
            kinds.update({kind.value: count for kind, count in counts.items()})
        print(f"  {what:48s} {masked:5,} of {total:8,}  {masked / total:.3%}  {dict(kinds)}",
              flush=True)


def _real_texts(
    tasks: pathlib.Path,
) -> Iterator[tuple[str, FreeText, list[tuple[str, str]]]]:
    queries = {row["query"] for row in _rows(tasks / "homedepot/judgments.jsonl")}
    yield "homedepot queries", FreeText.QUERY, [(query, "") for query in sorted(queries)]
    for task in ("homedepot", "chorus", "scientific", "online_retail"):
        rows = list(_rows(tasks / task / "products.jsonl"))
        titles = [(row["title"], "") for row in rows]
        yield f"{task} titles as queries", FreeText.QUERY, titles
        yield f"{task} titles as reviews", FreeText.PROSE, titles
        described = [(row["description"], "") for row in rows if "description" in row]
        if described:
            yield f"{task} descriptions, in the catalogue", FreeText.CATALOGUE, described
        attributes = [
            (str(value), name) for row in rows for name, value in row.get("attributes", {}).items()]
        if attributes:
            yield f"{task} attributes, in the catalogue", FreeText.CATALOGUE, attributes
            yield f"{task} attributes, as those of users", FreeText.PROSE, attributes


def _rows(path: pathlib.Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def measure_speed(tasks: pathlib.Path) -> None:
    """Prints rows a CPU second of ingest: as it is, with masks, with masks and a key."""
    import apache_beam as beam

    from pipeline.config import user_key_fingerprint
    from pipeline.ingest.discovery import discover_tables
    from pipeline.ingest.files import list_table
    from pipeline.ingest.privacy import Privacy
    from pipeline.ingest.transforms import IngestTables

    for task in ("online_retail", "homedepot", "chorus"):
        data = str(tasks / task)
        files = [file for table, pattern in discover_tables(data).items()
                 for file in list_table(data, table, pattern)]
        rows = sum(pathlib.Path(file.path).read_bytes().count(b"\n") for file in files)
        print(f"{task}: {rows:,} rows", flush=True)
        for name, mask, key in (
                ("warming up", False, ""), ("without", False, ""), ("masks", True, ""),
                ("masks and key", True, KEY)):
            os.environ["EMPORIUM_USER_KEY"] = key
            privacy = Privacy(mask=mask, key_fingerprint=user_key_fingerprint())
            started = time.process_time()
            with beam.Pipeline() as pipeline:
                pipeline | IngestTables(files, 20_000, time.time(), privacy)
            seconds = time.process_time() - started
            print(f"  {name:14s} {seconds:6.1f} CPU s  {rows / seconds:8,.0f} rows/s", flush=True)


def main(arguments: list[str]) -> int:
    """Runs the benchmark."""
    parser = task_parser(__doc__)
    parser.add_argument("--count", type=int, default=500, help="secrets of a kind in each place")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", action="store_true")
    args = parser.parse_args(arguments)
    if not (args.tasks / "homedepot").is_dir():
        print(f"skipped: {args.tasks} holds no tasks; make them with ../shared/bench/tasks.py")
        return 0
    if args.speed:
        measure_speed(args.tasks)
        return 0
    titles = [row["title"] for row in _rows(args.tasks / "homedepot/products.jsonl")]
    holds = measure_recall(random.Random(args.seed).sample(titles, 2000), args.count, args.seed)
    measure_false_masks(args.tasks)
    return 0 if holds else 1


if __name__ == "__main__":
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    sys.exit(main(sys.argv[1:]))
