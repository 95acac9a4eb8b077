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
REFUSED = "not pushed"


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
        _difference(kept, figure, EMPORIUM, best[figure] or "") for figure in figures)])
    rows.append(["Minutes of the whole run (median)", *(
        _minutes(kept.of(figure.task, EMPORIUM)) for figure in figures)])
    return _markdown(_heads(figures), rows)


def ablation_table(kept: Kept) -> str:
    """What changes when a part is taken away, against the default of the same seed."""
    default = [
        _mean(kept.values(figure, EMPORIUM, ablation.SEED)) for figure in ABLATION]
    rows = [["default", *default]]
    for variation in ablation.VARIATIONS:
        rows.append([variation.label, *(
            _difference(kept, figure, variation.system, EMPORIUM, ablation.SEED)
            for figure in ABLATION)])
    return _markdown(_heads(ABLATION), rows)


def commits(kept: Kept) -> str:
    """Which variations were measured at another commit than the default they stand beside."""
    lines = []
    for task in dict.fromkeys(figure.task for figure in ABLATION):
        own = {result.commit for result in kept.of(task, EMPORIUM, ablation.SEED)}
        labels = [
            f"{variation.label} ({result.commit[:7]})" for variation in ablation.VARIATIONS
            for result in kept.of(task, variation.system) if result.commit not in own]
        if labels:
            lines.append(
                f"On {task} the default is of commit "
                f"{', '.join(commit[:7] for commit in sorted(own)) or ABSENT}, not so: "
                f"{'; '.join(labels)}.\n")
    return "".join(lines)


def _best(kept: Kept, figure: Figure) -> str | None:
    """Name of the peer with the highest mean."""
    means = {
        peer.name: float(np.mean(values))
        for peer in PEERS if (values := kept.values(figure, peer.name))}
    return max(means, key=means.__getitem__, default=None)


def _emporium(kept: Kept, figure: Figure) -> str:
    if _refused(kept, figure, EMPORIUM):
        return REFUSED
    means = [values.mean() for values in kept.values(figure, EMPORIUM)]
    if len(means) < 2:
        return _mean(means)
    return f"{np.mean(means):.4f} ± {np.std(means, ddof=1):.4f}"


def _mean(values: Sequence[Floats]) -> str:
    return f"{np.mean(values):.4f}" if values else ABSENT


def _difference(
    kept: Kept, figure: Figure, ours: str, theirs: str, seed: int | None = None,
) -> str:
    """By how much one system is better than another, each the mean of its seeds or of one seed."""
    first, second = (kept.values(figure, system, seed) for system in (ours, theirs))
    if _refused(kept, figure, ours, seed):  # Those that were pushed are not all there is.
        return REFUSED
    if not first or not second:
        return ABSENT
    return _interval(difference(np.mean(first, axis=0), np.mean(second, axis=0)))


def _refused(kept: Kept, figure: Figure, system: str, seed: int | None = None) -> bool:
    """Whether any run of a system made a model that was not good enough to be pushed."""
    return any(result.status == NOT_PUSHED for result in kept.of(figure.task, system, seed))


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
