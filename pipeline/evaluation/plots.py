"""The report's plots, as SVG text that stands in the page itself."""

from __future__ import annotations

import io
from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.evaluation.metrics import Floats, Ints
from pipeline.evaluation.results import GATE_METRIC, SliceResult

COLOURS = {"candidate": "#0b6e4f", "live": "#3d5a98", "popularity": "#b9770e", "bm25": "#8e8e93"}
LABELS = {
    "candidate": "candidate", "live": "live model", "popularity": "popularity", "bm25": "BM25"}

_STYLE = {
    "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": "#b0b0b0", "axes.grid": True, "grid.color": "#ececec",
    "axes.axisbelow": True, "xtick.color": "#444444", "ytick.color": "#444444",
    "svg.fonttype": "none",  # Text stays text: small, selectable, in the page's font.
    "svg.hashsalt": "emporium",  # The same data makes the same bytes.
}
_RANK_BINS = ((1, 1), (2, 3), (4, 10), (11, 50), (51, 100))


def slices_plot(slices: Mapping[str, SliceResult]) -> str:
    """nDCG@10 of every system on every slice, with 95% intervals."""
    names = list(slices)
    systems = _ordered(slices[names[0]].metrics)
    with matplotlib.rc_context(_STYLE):
        height = 1.2 + 0.13 * len(names) * (len(systems) + 1)
        figure = Figure(figsize=(9, height), layout="constrained")
        axes = figure.subplots()
        for at, system in enumerate(systems):
            found = [slices[name].metrics[system][GATE_METRIC] for name in names]
            values = np.array([e.value for e in found])
            errors = np.array([[e.value - e.low, e.high - e.value] for e in found]).T
            heights = np.arange(len(names)) + (at - (len(systems) - 1) / 2) * 0.18
            axes.errorbar(
                values, heights, xerr=errors.clip(min=0), fmt="o", markersize=5, capsize=2.5,
                linewidth=1.4, color=COLOURS[system], label=LABELS[system])
        axes.set_yticks(
            range(len(names)), [f"{name} ({slices[name].contexts})" for name in names])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlim(left=0)
        axes.set_xlabel("nDCG@10, 95% interval")
        _legend(figure, axes)
        return _svg(figure, "nDCG@10 by slice")


def recall_plot(curves: Mapping[str, Mapping[str, Floats]]) -> str:
    """Recall@k against k, a panel for each kind of context."""
    with matplotlib.rc_context(_STYLE):
        figure, panels = _panels(list(curves))
        for axes, (kind, by_system) in zip(panels, curves.items(), strict=True):
            for at, system in enumerate(_ordered(by_system)):  # The candidate lies on top.
                curve = by_system[system]
                axes.plot(
                    np.arange(1, len(curve) + 1), curve, linewidth=1.8, zorder=3 - 0.1 * at,
                    color=COLOURS[system], label=LABELS[system])
            axes.set_title(kind, loc="left")
            axes.set_xlabel("k")
            axes.set_ylim(bottom=0)
        panels[0].set_ylabel("recall@k")
        _legend(figure, panels[0])
        return _svg(figure, "recall at k")


def first_rank_plot(ranks: Mapping[str, Mapping[str, Ints]]) -> str:
    """Share of contexts by the rank of their first relevant product, a panel for each kind."""
    labels = [f"{low}" if low == high else f"{low}\u2013{high}" for low, high in _RANK_BINS]
    with matplotlib.rc_context(_STYLE):
        figure, panels = _panels(list(ranks))
        for axes, (kind, by_system) in zip(panels, ranks.items(), strict=True):
            systems = _ordered(by_system)
            width = 0.8 / len(systems)
            for at, system in enumerate(systems):
                offset = (at - (len(systems) - 1) / 2) * width
                axes.bar(
                    np.arange(len(_RANK_BINS) + 1) + offset, rank_shares(by_system[system]),
                    width, color=COLOURS[system], label=LABELS[system])
            axes.set_title(kind, loc="left")
            axes.set_xticks(range(len(_RANK_BINS) + 1), [*labels, "none"])
            axes.grid(axis="x", visible=False)
            axes.set_xlabel("rank of the first relevant product")
        panels[0].set_ylabel("share of contexts")
        _legend(figure, panels[0])
        return _svg(figure, "rank of the first relevant product")


def rank_shares(ranks: Ints) -> list[float]:
    """Share of ranks in each bin, and last of those not found (0)."""
    shares = [((ranks >= low) & (ranks <= high)).mean() for low, high in _RANK_BINS]
    return [float(share) for share in [*shares, (ranks == 0).mean()]]


def _ordered(systems: Mapping[str, object]) -> list[str]:
    return [system for system in COLOURS if system in systems]


def _panels(kinds: list[str]) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    return figure, list(figure.subplots(1, len(kinds), squeeze=False)[0])


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)


def _svg(figure: Figure, title: str) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Title": title})
    svg = buffer.getvalue()
    return svg[svg.index("<svg"):]  # Without the XML prolog, which has no place within a page.
