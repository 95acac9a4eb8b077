"""Throughput and peak memory of governance as the catalogue grows.

Usage:  python -m benchmarks.governance.scale [--products N ...] [--work DIR]

Each size is a generated shop with two events a product, governed by `emporium govern` in a
process of its own. Times of one machine compare with each other only; the table has, beside them,
how they grow from size to size.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
import sys
import time

from benchmarks.quality.emporium import EMPORIUM, run_measured

SIZES = (10_000, 100_000, 1_000_000)


def main() -> int:
    """Measures each size that has no result yet; prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=int, nargs="+", default=SIZES)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("out/governance"))
    args = parser.parse_args()
    results = [_measure(size, args.work / f"scale-{size}") for size in sorted(args.products)]
    print(f"{'products':>10} {'rows':>10} {'minutes':>8} {'rows/s':>8} {'peak GiB':>9}  growth")
    before = None
    for result in results:
        growth = "" if before is None else (
            f"rows x{result['rows'] / before['rows']:.1f}, "
            f"time x{result['seconds'] / before['seconds']:.1f}, "
            f"memory x{result['peak_gb'] / before['peak_gb']:.1f}")
        print(f"{result['products']:10,} {result['rows']:10,} {result['seconds'] / 60:8.1f} "
              f"{result['rows'] / result['seconds']:8.0f} {result['peak_gb']:9.2f}  {growth}")
        before = result
    return 0


def _measure(products: int, folder: pathlib.Path) -> dict[str, float]:
    kept = folder / "result.json"
    if kept.exists():
        return dict(json.loads(kept.read_text()))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shop, out = folder / "shop", folder / "out"
    status, _ = run_measured([
        *EMPORIUM, "sample", str(shop), "--products", str(products), "--users", "5000",
        "--events", str(2 * products)])
    if status:
        raise RuntimeError(f"the shop of {products} products could not be generated")
    started = time.monotonic()
    status, peak = run_measured([*EMPORIUM, "govern", str(shop), "--out", str(out)])
    if status:
        raise RuntimeError(f"governance of {products} products ended with status {status}")
    tables = json.loads((out / "latest/reports/quality.json").read_text())["tables"]
    result = {
        "products": products, "rows": sum(table["rows"] for table in tables.values()),
        "seconds": round(time.monotonic() - started, 1), "peak_gb": round(peak, 3)}
    shutil.rmtree(out)
    shutil.rmtree(shop)
    kept.write_text(json.dumps(result))
    return result


if __name__ == "__main__":
    sys.exit(main())
