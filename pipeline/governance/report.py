"""The page about the data that a merchandiser reads, and `quality.json` for machines."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import io
from collections.abc import Mapping

import jinja2
import matplotlib
import orjson
from apache_beam.io.filesystems import FileSystems
from matplotlib.figure import Figure

from pipeline.governance import templates
from pipeline.governance.catalogue import RULES
from pipeline.governance.findings import WHOLE_ROW, Action
from pipeline.governance.log import read_log
from pipeline.governance.profile import Profile
from pipeline.governance.quality import Quality, quality_json
from pipeline.ingest.balance import Balance
from pipeline.ingest.contract import TABLES, Table
from pipeline.ingest.files import join_path
from pipeline.ingest.positions import describe_position

PAGE = "governance.html"
QUALITY = "quality.json"
SCHEMAS = "schema"
"""Folder of the inferred schemas, beside the page."""

_EXAMPLES = 5
_SHOWN_CHARS = 160
_STYLE = {
    "font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": "#b0b0b0", "axes.grid": True, "grid.color": "#ececec",
    "axes.axisbelow": True, "svg.fonttype": "none", "svg.hashsalt": "emporium"}


@dataclasses.dataclass(frozen=True)
class Example:
    """A decision as the page shows it.

    Attributes:
        id: of the decision, for `emporium govern release`.
        row: its id, or its place in the files; "" where its id is a person's.
        column: "the row" for the row as a whole.
        before: text, cut; "" where nothing may be shown.
        after: text, cut.
        confidence: in [0, 1].
        note: of the decision.
    """

    id: str
    row: str
    column: str
    before: str
    after: str
    confidence: float
    note: str


def write_report(
    quality: Quality, balance: Balance, profile: Profile, decisions: str, folder: str,
    min_quality: float,
) -> None:
    """Writes `governance.html` and `quality.json`.

    Args:
        quality: what came of every table.
        balance: of ingest, for what it quarantined.
        profile: of the tables.
        decisions: folder of the log.
        folder: receives the files; a path or a URI.
        min_quality: what the gate asks for.
    """
    tree = quality_json(quality, profile, min_quality)
    with FileSystems.create(join_path(folder, QUALITY), "application/json") as stream:
        stream.write(orjson.dumps(tree, option=orjson.OPT_INDENT_2))
    page = render_page(quality, balance, profile, find_examples(decisions), min_quality)
    with FileSystems.create(join_path(folder, PAGE), "text/html") as stream:
        stream.write(page.encode("utf-8"))


def render_page(
    quality: Quality, balance: Balance, profile: Profile,
    examples: Mapping[tuple[str, str], list[Example]], min_quality: float,
) -> str:
    """One HTML text that fetches nothing.

    Args:
        quality: what came of every table.
        balance: of ingest.
        profile: of the tables.
        examples: by table and rule.
        min_quality: what the gate asks for.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(templates.__name__, ""),
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment.get_template("governance.html.jinja").render(
        quality=quality, balance=balance, profile=profile, examples=examples, rules=RULES,
        min_quality=min_quality,
        passed=quality_json(quality, profile, min_quality)["gate"]["passed"],
        weeks=weeks_plot(quality.weeks) if len(quality.weeks) > 1 else "",
        created=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"))


def find_examples(decisions: str) -> dict[tuple[str, str], list[Example]]:
    """The surest decisions of each table and rule, a few each; the same ones in every run."""
    found: dict[tuple[str, str], list[tuple[float, str, Example]]] = collections.defaultdict(list)
    for part in read_log(decisions):
        for line in part.to_pylist():
            best = found[line["table"], line["rule"]]
            order = (-round(line["confidence"], 2), line["id"])
            if len(best) < _EXAMPLES or order < best[-1][:2]:
                best.append((*order, _example(line)))
                best.sort(key=lambda entry: entry[:2])
                del best[_EXAMPLES:]
    return {key: [example for _, _, example in best] for key, best in found.items()}


def weeks_plot(weeks: Mapping[str, float]) -> str:
    """The share of good events by week, as SVG."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(9, 2.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(range(len(weeks)), list(weeks.values()), color="#0b6e4f", linewidth=1.6)
        step = max(1, len(weeks) // 12)
        axes.set_xticks(range(0, len(weeks), step), list(weeks)[::step], rotation=30, ha="right")
        axes.set_ylim(top=1.0)
        axes.set_ylabel("without a severe finding")
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()[stream.getvalue().index("<svg"):]


def _example(line: Mapping[str, str | float | None]) -> Example:
    table = TABLES[str(line["table"])]
    whole = line["column"] == WHOLE_ROW
    note = str(line["note"])
    return Example(
        str(line["id"]), _row_name(table, str(line["row"])),
        "the row" if whole else str(line["column"]),
        "" if table.personal else _shown(line["before"], whole),
        "" if table.personal else _shown(line["after"], whole),
        float(line["confidence"] or 0),
        f"merged into {note}" if line["action"] == Action.MERGED.value else note)


def _row_name(table: Table, row: str) -> str:
    if not table.unique:
        return describe_position(int(row))
    return "" if table.personal else row


def _shown(value: str | float | None, whole: bool) -> str:
    """A value of the log as a person reads it; of a row its title or query alone."""
    if value is None:
        return ""
    content = orjson.loads(str(value))
    if whole and isinstance(content, dict):
        content = content.get("title") or content.get("query") or content.get("product_id", "")
    text = content if isinstance(content, str) else orjson.dumps(content).decode("utf-8")
    return text[:_SHOWN_CHARS] + ("..." if len(text) > _SHOWN_CHARS else "")
