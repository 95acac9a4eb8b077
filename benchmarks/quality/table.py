"""The tables, as Markdown, from the results that are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.quality import ablation
from benchmarks.quality.bootstrap import difference
from benchmarks.quality.emporium import NOT_PUSHED
from benchmarks.quality.peers.registry import PEERS
from benchmarks.quality.results import EMPORIUM, Bools, Floats, Result
from pipeline.evaluation.bootstrap import Estimate

ABSENT = "–"


@dataclasses.dataclass(frozen=True)
class Figure:
    """A column: a measure on a slice of a task.

    Attributes:
        task: name of the task.
        label: of the column.
        measure: as score.py calls it.
        slice: as the task calls it.
    """

    task: str
    label: str
    measure: str
    slice: str = "all"


SEARCH = (
    Figure("homedepot", "homedepot", "nDCG@10"),
    Figure("homedepot", "homedepot, unseen word", "nDCG@10", "query_with_unseen_word"),
    Figure("chorus", "chorus", "nDCG@10"),
)
RECOMMENDATION = (
    Figure("scientific", "scientific", "nDCG@10"),
    Figure("scientific", "scientific", "recall@10"),
    Figure("scientific", "scientific, tail", "nDCG@10", "tail_item"),
    Figure("scientific_cold", "cold, new products", "recall@10", "new_item"),
    Figure("scientific_cold", "cold, known products", "recall@10", "known_item"),
    Figure("scientific_new_users", "new users", "recall@10"),
    Figure("online_retail", "online_retail", "nDCG@10"),
)
ABLATION = tuple(f for f in SEARCH + RECOMMENDATION if f.task in ("homedepot", "scientific"))


class Kept:
    """The results that are kept, as the tables ask for them.

    Args:
        results: of any tasks and systems.
        members: of each task that has results, its slices (`results.Topics`).
    """

    def __init__(
        self, results: Sequence[Result], members: Mapping[str, Mapping[str, Bools]]
    ) -> None:
        self.results = results
        self._members = members

    def of(self, task: str, system: str, seed: int | None = None) -> list[Result]:
        """Results of a system on a task, of one seed or of all."""
        return [
            result for result in self.results
            if (result.task, result.system) == (task, system) and seed in (None, result.seed)]

    def values(self, figure: Figure, system: str, seed: int | None = None) -> list[Floats]:
        """Values of a figure by topic, one array `[topics]` a seed; none where nothing is kept."""
        return [
            result.topics[figure.measure][self._members[figure.task][figure.slice]]
            for result in self.of(figure.task, system, seed) if result.topics]


def comparison(kept: Kept, figures: Sequence[Figure]) -> str:
    """Emporium, every peer of these tasks, and by how much it is better than the best of them."""
    peers = [p for p in PEERS if {f.task for f in figures}.intersection(p.tasks)]
    best = {figure: _best(kept, figure) for figure in figures}
    rows = [["Emporium", *(_emporium(kept, figure) for figure in figures)]]
    for peer in peers:
        cells = []
        for figure in figures:
            value = _mean(kept.values(figure, peer.name))
            mark = "**" if best[figure] == peer.name else ""
            cells.append(f"{mark}{value}{mark}")
        rows.append([peer.label, *cells])
    rows.append(["Emporium − best peer", *(
        _difference(kept.values(f, EMPORIUM), kept.values(f, best[f] or "")) for f in figures)])
    rows.append(["Minutes of training and indexing (median)", *(
        _minutes(kept.of(figure.task, EMPORIUM)) for figure in figures)])
    return _markdown(_heads(figures), rows)


def ablation_table(kept: Kept) -> str:
    """What changes when a part is taken away, against the default of the same seed."""
    default = [
        _mean(kept.values(figure, EMPORIUM, ablation.SEED)) for figure in ABLATION]
    rows = [["default", *default]]
    for variation in ablation.VARIATIONS:
        rows.append([variation.label, *(
            _difference(
                kept.values(figure, variation.system),
                kept.values(figure, EMPORIUM, ablation.SEED))
            for figure in ABLATION)])
    return _markdown(_heads(ABLATION), rows)


def _best(kept: Kept, figure: Figure) -> str | None:
    """Name of the peer with the highest mean."""
    means = {
        peer.name: float(np.mean(values))
        for peer in PEERS if (values := kept.values(figure, peer.name))}
    return max(means, key=means.__getitem__, default=None)


def _emporium(kept: Kept, figure: Figure) -> str:
    results = kept.of(figure.task, EMPORIUM)
    if any(result.status == NOT_PUSHED for result in results):
        return "not pushed"
    means = [values.mean() for values in kept.values(figure, EMPORIUM)]
    if len(means) < 2:
        return _mean(means)
    return f"{np.mean(means):.4f} ± {np.std(means, ddof=1):.4f}"


def _mean(values: Sequence[Floats]) -> str:
    return f"{np.mean(values):.4f}" if values else ABSENT


def _difference(ours: Sequence[Floats], theirs: Sequence[Floats]) -> str:
    if not ours or not theirs:
        return ABSENT
    return _interval(difference(np.mean(ours, axis=0), np.mean(theirs, axis=0)))


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:+.4f} ({estimate.low:+.4f} to {estimate.high:+.4f})"


def _minutes(results: Sequence[Result]) -> str:
    """Median over whole runs, as one may have shared the machine; resumed ones cannot tell."""
    whole = [result.minutes for result in results if not result.resumed]
    return f"{np.median(whole):.0f}" if whole else ABSENT


def _heads(figures: Sequence[Figure]) -> list[str]:
    return ["", *(f"{figure.label}<br>{figure.measure}" for figure in figures)]


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
