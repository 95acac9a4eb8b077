"""A load test for people to read: lines of text, or a page that stands alone."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import jinja2

from serving.errors import OutputFileError
from serving.loadtest.config import Budget
from serving.loadtest.result import LoadResult, Second, percentiles
from serving.trec import atomic_text_file

SUFFIXES = (".json", ".html")

_WIDTH, _HEIGHT = 720.0, 160.0
_TAIL = (0, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.98, 99.99, 100)
_MAX_POINTS = 720


@dataclasses.dataclass(frozen=True)
class _Chart:
    """A line in a box of `_WIDTH` x `_HEIGHT`, with what its ends mean."""

    title: str
    points: str
    top: str
    left: str
    right: str


def progress_line(second: Second) -> str:
    """One second, as told while the test runs."""
    when = f"{second.second + 1:5d} s" if second.second >= 0 else "warm-up"
    failed = "".join(
        f", {code} {count}" for code, count in sorted(second.codes.items())
        if code not in ("OK", "200"))
    return (f"{when}: {second.ok} answered, p50 {second.p50_ms:.1f} ms, "
            f"p99 {second.p99_ms:.1f} ms{failed}")


def summary(result: LoadResult, budget: Budget) -> str:
    """The whole test in a few lines."""
    times = "  ".join(
        f"{name} {value:.1f}" for name, value in percentiles(result.answered).items())
    codes = "  ".join(f"{code} {count}" for code, count in sorted(result.codes.items()))
    lines = [
        f"{result.config.load} for {result.config.seconds:g} s: "
        f"{result.throughput:.1f} answered/s, {result.requests} requests",
        f"latency in ms: {times}" if result.answered.total_count else "nothing was answered",
        f"codes: {codes or 'none'}"]
    if limit := result.generator_limit():
        lines.append(f"the generator was the bottleneck: {limit}")
    lines += [f"over budget: {sentence}" for sentence in result.exceeded(budget)]
    return "\n".join(lines)


def check_output(path: pathlib.Path) -> None:
    """Refuses a file that could not be written after the test, before it.

    Raises:
        OutputFileError: another suffix than .json and .html, or no such folder.
    """
    if path.suffix not in SUFFIXES:
        raise OutputFileError(
            f"the output should be a file that ends in .json or .html, received {str(path)!r}")
    if not path.parent.is_dir():
        raise OutputFileError(f"{path} cannot be written: there is no folder {path.parent}")


def write_report(path: pathlib.Path, result: LoadResult, budget: Budget) -> None:
    """Writes the test as JSON or as a page, by the file's suffix; no request is in it.

    Raises:
        OutputFileError: the file cannot be written.
    """
    check_output(path)
    with atomic_text_file(path) as file:
        if path.suffix == ".json":
            json.dump(result.as_json(budget), file, indent=1)
            file.write("\n")
        else:
            file.write(page(result, budget))


def page(result: LoadResult, budget: Budget) -> str:
    """An HTML page without scripts and without anything from elsewhere."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("serving.loadtest", "."), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("page.html.jinja").render(
        result=result, budget=budget, exceeded=result.exceeded(budget),
        limit=result.generator_limit(), data=result.as_json(budget), charts=_charts(result),
        width=_WIDTH, height=_HEIGHT)


def _charts(result: LoadResult) -> list[_Chart]:
    seconds = result.seconds
    if not seconds:
        return []
    last = f"{seconds[-1].second + 1} s"
    charts = [
        _chart(title, [getter(second) for second in seconds], "0 s", last, unit)
        for title, getter, unit in (
            ("Answered a second", lambda second: float(second.ok), ""),
            ("Not answered a second", lambda second: float(second.failed), ""),
            ("p99 by second", lambda second: second.p99_ms, " ms"))]
    tail = [result.latency_ms(percentile) for percentile in _TAIL]
    charts.append(_chart(
        "Latency by percentile: 0, 10, 25, 50, 75, 90, 95, 98, 99, 99.5 ... 99.99, 100", tail,
        "p0", "p100", " ms"))
    return charts


def _chart(title: str, values: list[float], left: str, right: str, unit: str) -> _Chart:
    # More points than pixels tell nothing; the highest of each group stays.
    group = -(-len(values) // _MAX_POINTS)
    shown = [max(values[place:place + group]) for place in range(0, len(values), group)]
    top = max(shown) or 1.0
    step = _WIDTH / max(1, len(shown) - 1)
    points = " ".join(
        f"{place * step:.1f},{_HEIGHT * (1 - value / top):.1f}"
        for place, value in enumerate(shown))
    return _Chart(title, points, f"{top:.4g}{unit}", left, right)
