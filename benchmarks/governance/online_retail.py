"""How much of a raw invoice log that is no sale of goods governance finds.

Usage:  python -m benchmarks.governance.online_retail [--data DIR] [--work DIR]

Writes online_retail's 541,909 raw lines as a dataset (a shopper without an id is a guest of the
minute), governs it as `emporium govern` does, and compares what became of the lines with labels
made by hand: 900 lines, drawn at random from all lines and, more densely, from those that look
odd in any way. Estimates weigh each line by how many of its stratum it stands for.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import shutil
import sys
import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # Before TensorFlow is imported.

from pipeline.ingest.rows import Row

LABELS = pathlib.Path(__file__).with_name("online_retail_labels.csv")
"""Columns row (of the raw table), stratum and class; `sale` is a sale of goods."""

SAMPLES = 2_000


class Found(NamedTuple):
    """An estimate and its 95% interval, by bootstrap within the strata."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """In percent."""
        return f"{self.value:.2%} ({self.low:.2%} to {self.high:.2%})"


def main() -> int:
    """Writes the dataset, governs it, prints the estimates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data"))
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("out/governance"))
    args = parser.parse_args()
    raw = args.data / "online_retail" / "online_retail.parquet"
    if not raw.is_file():
        print(f"The raw lines are not here: no {raw}; nothing was run.")
        return 0
    folder = args.work / "online_retail"
    write_dataset(pd.read_parquet(raw), folder)
    started = time.monotonic()
    removed = govern(folder, args.work / "online_retail-governed")
    print(f"governed in {(time.monotonic() - started) / 60:.1f} minutes")
    print_estimates(pd.read_csv(LABELS), removed)
    return 0


def write_dataset(frame: pd.DataFrame, folder: pathlib.Path) -> None:
    """Writes products and events; line n of the events is row n - 1 of the frame."""
    folder.mkdir(parents=True, exist_ok=True)
    products, events = make_rows(frame)
    for table, rows in (("products", products), ("events", events)):
        with (folder / f"{table}.jsonl").open("w", encoding="utf-8") as out:
            for row in rows:
                line = {name: value for name, value in (row or {}).items() if name != "position"}
                out.write(json.dumps(line) + "\n")


def make_rows(frame: pd.DataFrame) -> tuple[list[Row], list[Row | None]]:
    """Products, and an event a row of the frame, None where the row names no product."""
    frame = frame.assign(product_id=[
        None if pd.isna(text) else re.sub(r"\W+", "-", text.strip().lower()).strip("-")
        or text.strip() for text in frame.Description])
    catalogue = frame.dropna(subset=["product_id"]).groupby("product_id").agg(
        title=("Description", "first"), price=("UnitPrice", "median"))
    products = [
        {"product_id": product, "title": row.title,
         "price": max(0.0, round(float(row.price), 2))} for product, row in catalogue.iterrows()]
    events = [
        None if row.product_id is None else {
            "user_id": (f"guest-{row.InvoiceDate}" if pd.isna(row.CustomerID)
                        else str(int(row.CustomerID))),
            "product_id": row.product_id, "event": "purchase", "value": float(row.Quantity),
            "timestamp": int(row.InvoiceDate.timestamp()), "position": place,
            "attributes": {"unit_price": row.UnitPrice}}
        for place, row in enumerate(frame.itertuples(), start=1)]
    return products, events


def govern(data: pathlib.Path, out: pathlib.Path) -> dict[int, str]:
    """Governs a dataset; returns the rules that removed events, by row of the raw table."""
    import apache_beam as beam

    from pipeline.config import Ingest
    from pipeline.governance.findings import Action
    from pipeline.governance.folder import new_version, newest_version
    from pipeline.governance.log import read_log
    from pipeline.governance.quality import describe_quality
    from pipeline.governance.settings import Governance
    from pipeline.governance.standalone import govern_folder, ingest_folder
    from pipeline.ingest.discovery import discover_tables

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with new_version(out) as version:
        balance = ingest_folder(
            beam.Pipeline, str(data), discover_tables(str(data)), version, Ingest())
        quality = govern_folder(beam.Pipeline, version, balance, Governance(), "minilm")
    print(describe_quality(quality))
    version = newest_version(out)
    removed = {
        int(line["row"]) - 1: line["rule"]
        for part in read_log(str(version.decisions), "events-") for line in part.to_pylist()
        if Action(line["action"]).removes_row}
    # What has no product at all never came so far.
    for path in version.ingest.glob("quarantine*.jsonl.gz"):
        for line in pd.read_json(path, lines=True).itertuples():
            removed[line.line - 1] = line.reason
    return removed


def print_estimates(labels: pd.DataFrame, removed: Mapping[int, str]) -> None:
    """Prints what share of each class was removed."""
    labels = labels.assign(removed=labels.row.isin(removed))
    for name, rows in labels.groupby("class"):
        print(f"  {name:12} {rows.removed.sum():4} of {len(rows):4} labelled lines removed")
    recall, lost = estimate(labels)
    print(f"of the lines that are no sales of goods, set aside or matched: {recall}")
    print(f"of the sales of goods, set aside or matched: {lost}")


def estimate(labels: pd.DataFrame) -> tuple[Found, Found]:
    """Shares removed of what is no sale, and of sales.

    Args:
        labels: columns row, stratum, class and removed (bool).
    """
    rng = np.random.default_rng(1)
    sums = np.zeros((SAMPLES + 1, 4))  # [the sample and its resamples, what is counted]
    for name, part in labels.groupby("stratum"):
        sale, removed = part["class"].eq("sale").to_numpy(), part["removed"].to_numpy()
        cells = np.stack([~sale, ~sale & removed, sale, sale & removed], axis=1)
        rows = len(part)
        picks = np.vstack([np.arange(rows), rng.integers(rows, size=(SAMPLES, rows))])
        sums += cells[picks].sum(axis=1) * STRATA[name] / rows
    shares = sums[:, [1, 3]] / sums[:, [0, 2]]
    low, high = np.nanquantile(shares[1:], (0.025, 0.975), axis=0)
    lost, kept = (Found(*values) for values in zip(shares[0], low, high, strict=True))
    return lost, kept


STRATA = {"odd": 15_908, "usual": 541_909 - 15_908}
"""Lines of each stratum; odd are those that are given back or cost nothing, have no title or one
with small letters or of a single word, or cost over 100 a piece."""


if __name__ == "__main__":
    sys.exit(main())
