"""What was measured: every system on every slice."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Estimate, estimate, resampled_means
from pipeline.evaluation.metrics import (
    PER_CONTEXT_METRICS,
    Ints,
    Relevance,
    coverage,
    per_context_metrics,
)

CANDIDATE, POPULARITY, BM25, LIVE = "candidate", "popularity", "bm25", "live"
KINDS = ("search", "recommend")
GATE_METRIC = "ndcg@10"


@dataclasses.dataclass(frozen=True)
class SliceResult:
    """What every system reached on one slice.

    Attributes:
        contexts: number of contexts.
        metrics: of each system, the mean of each per-context metric.
        differences: candidate minus each other system, by the same resamples (paired).
        coverage: of each system, coverage@10 over the slice's contexts. It has no interval:
            a resample repeats contexts, and so shows fewer distinct products by construction.
    """

    contexts: int
    metrics: Mapping[str, Mapping[str, Estimate]]
    differences: Mapping[str, Mapping[str, Estimate]]
    coverage: Mapping[str, float]


def measure_slices(
    rankings: Mapping[str, Ints], relevance: Relevance,
    members: Mapping[str, npt.NDArray[np.bool_]], catalogue_size: int, samples: int, seed: int,
) -> dict[str, SliceResult]:
    """Measures every system on every slice, with bootstrap intervals over the slice's contexts.

    Args:
        rankings: of each system, `candidate` among them, `[contexts, depth]`.
        relevance: of the contexts.
        members: mask `[contexts]` of each slice, each with a context at least.
        catalogue_size: number of products.
        samples: bootstrap resamples.
        seed: of the resamples.
    """
    systems = list(rankings)
    values = {system: per_context_metrics(rankings[system], relevance) for system in systems}
    # One column a (system, metric), resampled together: differences of columns are paired.
    columns = [(system, metric) for system in systems for metric in PER_CONTEXT_METRICS]
    table = np.stack([values[system][metric] for system, metric in columns], axis=1)
    results = {}
    for name, mask in members.items():
        results[name] = _measure_slice(columns, table[mask], samples, seed, {
            system: coverage(rankings[system][mask], catalogue_size) for system in systems})
    return results


def _measure_slice(
    columns: Sequence[tuple[str, str]], table: npt.NDArray[np.float64], samples: int, seed: int,
    shown: Mapping[str, float],
) -> SliceResult:
    means, resampled = table.mean(axis=0), resampled_means(table, samples, seed)
    metrics: dict[str, dict[str, Estimate]] = {system: {} for system, _ in columns}
    differences: dict[str, dict[str, Estimate]] = {
        system: {} for system, _ in columns if system != CANDIDATE}
    for at, (system, metric) in enumerate(columns):
        metrics[system][metric] = estimate(means[at], resampled[:, at])
        if system != CANDIDATE:
            ours = columns.index((CANDIDATE, metric))
            differences[system][metric] = estimate(
                means[ours] - means[at], resampled[:, ours] - resampled[:, at])
    return SliceResult(len(table), metrics, differences, shown)
