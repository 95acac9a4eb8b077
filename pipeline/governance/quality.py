"""How good the data is, by table and by week, and whether that is good enough to train on."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.governance.catalogue import RULES
from pipeline.governance.counts import FLAGGED, KEPT, ROWS_IN, Counts
from pipeline.governance.findings import Action
from pipeline.governance.profile import ERROR, Profile
from pipeline.ingest.balance import Balance
from pipeline.ingest.contract import DatasetError

_SHOWN = 3


@dataclasses.dataclass(frozen=True)
class TableQuality:
    """What came of a table.

    Attributes:
        rows: in the files.
        quarantined: by ingest, which could not use them.
        same_id: merged by ingest, as their id is that of another row.
        removed: rows that rules took out, by what was done.
        kept: rows that are left.
        flagged: rows that governance saw with a severe finding.
        rules: decisions by rule.
    """

    rows: int
    quarantined: int
    same_id: int
    removed: Mapping[str, int]
    kept: int
    flagged: int
    rules: Mapping[str, int]

    @property
    def score(self) -> float:
        """Share of the rows that could be used and have no severe finding; 1 of no rows."""
        return 1.0 - (self.quarantined + self.flagged) / self.rows if self.rows else 1.0

    @property
    def balanced(self) -> bool:
        """Whether rows in = kept + merged + set aside + quarantined."""
        return self.rows == (
            self.kept + sum(self.removed.values()) + self.same_id + self.quarantined)


@dataclasses.dataclass(frozen=True)
class Quality:
    """What came of every table.

    Attributes:
        tables: by name, in the contract's order.
        weeks: share of the events without a severe finding, by ISO week; rows that ingest could
            not use, whose week may be what is wrong, are left out.
    """

    tables: Mapping[str, TableQuality]
    weeks: Mapping[str, float]


def measure_quality(balance: Balance, counts: Counts) -> Quality:
    """Adds up what ingest and governance counted.

    Raises:
        RuntimeError: a row was lost or made, which is a mistake of the code.
    """
    tables = {}
    for name, ingested in balance.items():
        removed: collections.Counter[str] = collections.Counter()
        rules: collections.Counter[str] = collections.Counter()
        sums: collections.Counter[str] = collections.Counter()
        for count, number in counts.items():
            if count.table != name:
                continue
            if count.rule:
                rules[count.rule] += number
                if Action(count.what).removes_row:
                    removed[count.what] += number
            else:
                sums[count.what] += number
        tables[name] = quality = TableQuality(
            ingested.rows_in, ingested.quarantined, ingested.merged, dict(removed), sums[KEPT],
            sums[FLAGGED], dict(rules.most_common()))
        if not quality.balanced or sums[ROWS_IN] != ingested.kept:
            raise RuntimeError(f"{name}: the rows do not balance: {quality}")
    return Quality(tables, _weeks(counts))


def check_quality(tree: Mapping[str, Any]) -> None:
    """Stops a run on data that is too bad.

    Args:
        tree: the content of `quality.json`.

    Raises:
        DatasetError: a table is not what a person's schema says, its score is below what is
            configured, or no product is left.
    """
    for complaint in _complaints(tree):
        raise DatasetError(complaint)


def _complaints(tree: Mapping[str, Any]) -> Iterator[str]:
    """Yields why a model may not be trained on the tables, each with its remedy."""
    errors = [
        f"{anomaly['table']}.{anomaly['column']}: {anomaly['text']}."
        for anomaly in tree["anomalies"] if anomaly["severity"] == ERROR]
    if errors:
        more = f" ({len(errors) - _SHOWN} more.)" if len(errors) > _SHOWN else ""
        yield (
            f"The tables are not what the schemas in governance.schemas say. "
            f"{' '.join(errors[:_SHOWN])}{more} Mend the export, or edit the schema if this is as "
            "it should be.")
    least = tree["gate"]["min_quality"]
    for name, table in tree["tables"].items():
        if table["score"] < least:
            worst = ", ".join(f"{rule} {n:,}" for rule, n in list(table["rules"].items())[:3])
            yield (
                f"{name}: the quality score is {table['score']:.2f}, below the {least:g} that "
                f"governance.min_quality asks for: {table['quarantined']:,} of {table['rows']:,} "
                f"rows could not be used, {table['flagged']:,} more have a severe finding"
                f"{f' ({worst})' if worst else ''}. reports/governance.html says what to mend at "
                "the source; if a rule is wrong about this shop, name it in governance.rules_off.")
    if not tree["tables"]["products"]["kept"]:
        yield (
            "products: no row is left after governance. reports/governance.html says why each "
            "was set aside; if a rule is wrong about this shop, name it in governance.rules_off.")


def describe_quality(quality: Quality) -> str:
    """A line a table for the terminal, and one for each rule that decided something."""
    lines = []
    for name, table in quality.tables.items():
        removed = "".join(
            f", {number:,} {what.replace('_', ' ')}" for what, number in table.removed.items())
        lines.append(f"{name}: quality {table.score:.3f}; {table.kept:,} rows kept{removed}")
        lines += [f"  {rule}: {number:,}" for rule, number in table.rules.items()]
    return "\n".join(lines)


def quality_json(quality: Quality, profile: Profile, min_quality: float) -> dict[str, Any]:
    """The content of `quality.json`."""
    tree: dict[str, Any] = {
        "gate": {"min_quality": min_quality},
        "anomalies": [dataclasses.asdict(anomaly) for anomaly in profile.anomalies],
        "tables": {
            name: {**dataclasses.asdict(table), "score": round(table.score, 6)}
            for name, table in quality.tables.items()},
        "weeks": {week: round(score, 6) for week, score in quality.weeks.items()},
        "rules": {
            name: {"reason": rule.reason, "remedy": rule.remedy, "severe": rule.severe}
            for name, rule in RULES.items()
            if any(name in table.rules for table in quality.tables.values())},
    }
    tree["gate"]["passed"] = not any(_complaints(tree))
    return tree


def _weeks(counts: Counts) -> dict[str, float]:
    seen: collections.Counter[str] = collections.Counter()
    flagged: collections.Counter[str] = collections.Counter()
    for count, number in counts.items():
        if count.week and count.what in (ROWS_IN, FLAGGED):
            (seen if count.what == ROWS_IN else flagged)[count.week] += number
    return {week: 1 - flagged[week] / seen[week] for week in sorted(seen)}
