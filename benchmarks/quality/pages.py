"""The pages that show the tables: benchmarks/quality.md and a block of the README."""

from __future__ import annotations

import pathlib

from benchmarks.quality.results import EMPORIUM, load_results, load_topics
from benchmarks.quality.table import (
    RECOMMENDATION,
    SEARCH,
    Kept,
    ablation_table,
    commits,
    comparison,
)

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGE = ROOT / "benchmarks" / "quality.md"
BEGIN, END = "<!-- quality:begin -->", "<!-- quality:end -->"

_READING = """\
Best peer of a column in bold. ± is the standard deviation over seeds ({seeds}); elsewhere there is
one seed. Differences with 95% intervals of a paired bootstrap over queries or shoppers, 10,000
resamples. – is not measured.
"""

_PAGE = """\
# How well the default configuration ranks

Written by `make benchmark-quality` from `benchmarks/results/`; what each peer is, the modules of
`benchmarks/quality/peers/` say. All answer the same held-out questions from the same tables.

## Search

{search}
## Recommendation

{recommendation}
{reading}
## What each part is worth

The default configuration (seed 1), and by how much the figures change when a part is taken away
(`make benchmark-ablation`). The intervals are over queries or shoppers; what another seed changes,
which is as much as some parts are worth, the ± above tells.

{ablation}
{commits}"""


def load_kept(folder: pathlib.Path) -> Kept:
    """The results of a folder, with the slices of their tasks."""
    results = load_results(folder)
    tasks = {result.task for result in results if result.topics}
    return Kept(results, {task: load_topics(task, folder).slices for task in tasks})


def reading(kept: Kept) -> str:
    """How the tables are to be read."""
    tasks = sorted({result.task for result in kept.results})
    seeds = {task: [r.seed for r in kept.of(task, EMPORIUM)] for task in tasks}
    several = [
        f"{task}: {' '.join(map(str, sorted(found)))}"
        for task, found in seeds.items() if len(found) > 1]
    return _READING.format(seeds="; ".join(several) or "none has several")


def page(kept: Kept) -> str:
    """The whole page."""
    return _PAGE.format(
        search=comparison(kept, SEARCH), recommendation=comparison(kept, RECOMMENDATION),
        reading=reading(kept), ablation=ablation_table(kept), commits=commits(kept))


def readme_block(kept: Kept) -> str:
    """What the README has between its marks."""
    return "\n".join([
        BEGIN, "Search:\n", comparison(kept, SEARCH), "Recommendation:\n",
        comparison(kept, RECOMMENDATION), reading(kept) + END])


def replace_block(text: str, block: str) -> str:
    """A text with the part between its marks, and they, replaced.

    Raises:
        ValueError: the marks are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README should hold {BEGIN} and, after it, {END}; it lacks one")
    return before + block + after


def write_pages(folder: pathlib.Path) -> None:
    """Writes both from the results of a folder."""
    kept = load_kept(folder)
    PAGE.write_text(page(kept), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(replace_block(readme, readme_block(kept)), encoding="utf-8")
