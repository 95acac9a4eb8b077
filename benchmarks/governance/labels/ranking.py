"""What wrong grades cost Emporium's ranking, and what governance gives back of it."""

from __future__ import annotations

import json
import pathlib

import numpy as np

from benchmarks.quality.bootstrap import difference
from benchmarks.quality.emporium import run_emporium
from benchmarks.quality.scoring import score_run
from benchmarks.quality.tasks import load_task

SHOPS = ("clean", "noisy", "governed")

SETTINGS = ("training.max_text_pairs=20000", "index.kind=brute_force")
"""A quarter of the default's training, by whose end a validation is at its best on this task; an
exact index, whose misses would be noise here."""

ARMS = {"dense": ("index.arms=dense",), "default": ()}
"""What ranks. The dense arm alone first: the gate keeps a version that is worse than the last."""


def measure_shop(
    bench: pathlib.Path, shop: pathlib.Path, out: pathlib.Path, seed: int,
) -> dict[str, list[float]]:
    """nDCG@10 of each of the test queries, by `ARMS`; kept in `out`, and not measured again.

    Raises:
        RunError: Emporium failed.
    """
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "ndcg.json"
    values: dict[str, list[float]] = json.loads(kept.read_text()) if kept.exists() else {}
    for arms, settings in ARMS.items():
        if arms in values:
            continue
        options = [p for s in (f"seed={seed}", *SETTINGS, *settings) for p in ("--set", s)]
        run = run_emporium(load_task(shop), out, options)
        if run.answers is None:
            raise RuntimeError(f"{out}: the model was not pushed, so that nothing can be asked")
        values[arms] = score_run(bench, shop, run.answers).values["nDCG@10"].tolist()
        kept.write_text(json.dumps(values))
        reached = np.mean(values[arms])
        print(f"{out.name} {arms}: nDCG@10 {reached:.4f}, {run.minutes} min", flush=True)
    return values


def describe_losses(measured: dict[str, list[dict[str, list[float]]]]) -> list[str]:
    """Lines: nDCG@10 by shop, and what wrong grades cost with and without governance.

    Args:
        measured: by shop, for each seed what `measure_shop` gives.
    """
    lines = []
    for arms in ARMS:
        by_seed = {
            shop: np.array([values[arms] for values in seeds]) for shop, seeds in measured.items()}
        mean = {shop: values.mean(axis=0) for shop, values in by_seed.items()}
        lines.append(f"{arms}: nDCG@10 on {len(mean['clean']):,} queries")
        for shop, values in by_seed.items():
            spread = ", ".join(f"{value:.4f}" for value in values.mean(axis=1))
            lines.append(f"  {shop:<9} {values.mean():.4f}  (seeds: {spread})")
        losses = {shop: difference(mean["clean"], mean[shop]) for shop in ("noisy", "governed")}
        for shop, loss in losses.items():
            lines.append(
                f"  clean - {shop:<9} {loss.value:+.4f} ({loss.low:+.4f} to {loss.high:+.4f})")
        gain = difference(mean["governed"], mean["noisy"])
        lines.append(
            f"  governed - noisy  {gain.value:+.4f} ({gain.low:+.4f} to {gain.high:+.4f}); "
            f"of the loss {losses['governed'].value / losses['noisy'].value:.0%} is left")
    return lines
