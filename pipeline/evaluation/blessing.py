"""The gate: may the candidate be served? A pure function over metrics."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from pipeline.config import Gate
from pipeline.evaluation.results import (
    BM25,
    CANDIDATE,
    GATE_METRIC,
    KINDS,
    LIVE,
    POPULARITY,
    SliceResult,
)
from pipeline.evaluation.slice_names import ALL
from pipeline.examples.records import SEARCH


@dataclasses.dataclass(frozen=True)
class Check:
    """One condition of the gate and what was measured."""

    condition: str
    passed: bool
    measured: str


@dataclasses.dataclass(frozen=True)
class Decision:
    """Whether a model may be served.

    Attributes:
        blessed: whether no condition failed.
        checks: every condition that was looked at.
        notes: what decides nothing and should be known.
    """

    blessed: bool
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """What decided, in numbers: the failed checks, or all checks when none failed."""
        failed = tuple(check for check in self.checks if not check.passed)
        return tuple(f"{c.condition}: {c.measured}" for c in failed or self.checks)

    def text(self) -> str:
        """The decision in words, a line a reason."""
        headline = "Blessed." if self.blessed else "Not blessed."
        return "\n".join([headline, *(f"- {line}" for line in (*self.reasons, *self.notes))])


def decide(
    slices: Mapping[str, SliceResult], gate: Gate, live_problem: str | None = None,
    made_queries: int = 0,
) -> Decision:
    """Decides on the blessing.

    The candidate has to beat popularity on each kind of context: the 95% interval of the paired
    difference in nDCG@10 lies above 0. Where a model is live it must not be worse beyond noise:
    the interval of candidate minus live does not lie below 0, overall and on every guarded
    slice. Kinds and slices with fewer than `gate.min_slice_contexts` contexts decide nothing, and
    a note names such guarded slices; when no kind has that many, nothing shows that the candidate
    is good, and it is not blessed. Notes name BM25's figure, and queries that nobody asked.

    Args:
        slices: results by slice name, `all` among them unless there are no contexts at all.
        gate: thresholds and guarded slices.
        live_problem: why the live model could not be measured, or None.
        made_queries: contexts whose query the catalogue made of itself.
    """
    checks = _beats_popularity(slices, gate)
    too_small = {}
    if live_problem is not None:
        checks.append(Check(
            "not worse than the live model", False,
            f"the live model could not be measured ({live_problem}); repair or remove it"))
    elif ALL in slices and LIVE in slices[ALL].differences:
        sizes = {
            name: slices[name].contexts if name in slices else 0
            for name in gate.guarded_slices if name != ALL}
        too_small = {name: n for name, n in sizes.items() if n < gate.min_slice_contexts}
        checks += [
            _not_worse_than_live(name, slices[name])
            for name in (ALL, *sizes) if name not in too_small]
    notes = (
        *_beside_bm25(slices, gate), *_on_made_queries(made_queries), *_unguarded(too_small, gate))
    return Decision(all(check.passed for check in checks), tuple(checks), notes)


def _beats_popularity(slices: Mapping[str, SliceResult], gate: Gate) -> list[Check]:
    kinds = {kind: slices[f"kind:{kind}"] for kind in KINDS if f"kind:{kind}" in slices}
    checks = []
    for kind, result in kinds.items():
        if result.contexts >= gate.min_slice_contexts:
            difference = result.differences[POPULARITY][GATE_METRIC]
            checks.append(Check(
                f"beats popularity ({kind})", difference.low > 0,
                _compare(result, POPULARITY)))
    if checks:
        return checks
    found = " and ".join(f"{result.contexts} {kind}" for kind, result in kinds.items()) or "no"
    return [Check(
        "enough validation contexts", False,
        f"{found} contexts, at least {gate.min_slice_contexts} of a kind are needed to tell a "
        # Half of a catalogue alone may validate.
        f"good model from luck; add products ({2 * gate.min_slice_contexts} make enough of a "
        "catalogue alone), events or judgments, or lower gate.min_slice_contexts")]


def _not_worse_than_live(name: str, result: SliceResult) -> Check:
    where = "overall" if name == ALL else name
    difference = result.differences[LIVE][GATE_METRIC]
    return Check(
        f"not worse than the live model ({where})", difference.high >= 0,
        _compare(result, LIVE))


def _beside_bm25(slices: Mapping[str, SliceResult], gate: Gate) -> Iterator[str]:
    search = slices.get(f"kind:{SEARCH}")
    if search is not None and search.contexts >= gate.min_slice_contexts:
        yield f"Beside BM25 ({SEARCH}), which decides nothing: {_compare(search, BM25)}"


def _on_made_queries(count: int) -> Iterator[str]:
    if count:
        yield (
            f"Nobody's queries: {count} contexts ask what the catalogue says of itself. They tell "
            "that search works, not how well it answers shoppers; judgments or events with queries "
            "would")


def _unguarded(too_small: Mapping[str, int], gate: Gate) -> tuple[str, ...]:
    """Names the guarded slices that guard nothing, with their numbers of contexts."""
    if not too_small:
        return ()
    found = ", ".join(f"{name} ({contexts})" for name, contexts in too_small.items())
    return (
        f"Not guarded, as fewer than {gate.min_slice_contexts} contexts tell nothing "
        f"(gate.min_slice_contexts): {found}",)


def _compare(result: SliceResult, other: str) -> str:
    difference = result.differences[other][GATE_METRIC]
    return (
        f"nDCG@10 {result.metrics[CANDIDATE][GATE_METRIC].value:.4f} against "
        f"{result.metrics[other][GATE_METRIC].value:.4f}, difference {difference.value:+.4f} "
        f"(95% {difference.low:+.4f} to {difference.high:+.4f}) on {result.contexts} contexts")
