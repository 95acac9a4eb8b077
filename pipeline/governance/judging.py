"""Who judges a row, by what they know of the shop, and what a person decided about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from pipeline.governance.decisions import Decision, apply_findings
from pipeline.governance.facts import ShopFacts
from pipeline.governance.findings import Finding
from pipeline.governance.forms import ShopForms
from pipeline.governance.removals import Removal
from pipeline.ingest.rows import Row


@dataclasses.dataclass(frozen=True)
class Policy:
    """What a person decided about rules.

    Attributes:
        severe: names of the rules whose findings count against the quality of the data.
        rules_off: names of the rules whose findings are not looked at.
        released: ids of decisions that are not made.
    """

    severe: frozenset[str]
    rules_off: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()


class Shop(NamedTuple):
    """What judges know of the shop besides the row.

    Attributes:
        facts: its habits.
        forms: how it writes brands, categories and amounts.
        removed: products that are no longer in the catalogue.
        found: what `finders` found in the table that they looked at, by the row's key.
        flagged: keys of rows with a severe finding of an earlier stage, which wrote them to files.
    """

    facts: ShopFacts
    forms: ShopForms
    removed: Mapping[str, Removal]
    found: Mapping[str, Sequence[Finding]]
    flagged: Set[str]


Judge = Callable[[Row, Shop], Iterable[Finding]]
"""A row and the shop -> findings; each judge sees what the one before left."""


def judge_row(
    table: str, row: Row, judges: Iterable[Judge], shop: Shop, policy: Policy, first_step: int,
) -> tuple[Row | None, list[Decision]]:
    """Applies what each judge finds, the next one seeing what is left; stops at a removal."""
    current: Row | None = row
    decisions: list[Decision] = []
    for judge in judges:
        assert current is not None
        findings = (f for f in judge(current, shop) if f.rule not in policy.rules_off)
        applied = apply_findings(
            table, current, findings, policy.released, first_step + len(decisions))
        decisions += applied.decisions
        current = applied.row
        if current is None:
            break
    return current, decisions
