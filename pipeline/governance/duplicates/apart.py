"""Products that look like one and are not, as their shoppers show by wanting both.

Two listings of one product share its shoppers out between them. Where the same people buy the one
and the other, time and again, they differ in what the catalogue does not say: a size, a colour.
Each product is compared with the one that it would be merged into, not with others that would be.
"""

from __future__ import annotations

import collections
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

import apache_beam as beam
import orjson
from apache_beam.io.filesystems import FileSystems

from pipeline.governance.findings import Action, Finding
from pipeline.ingest.rows import Row, decode_row

WANTED = ("purchase", "rating")
"""Events that tell a want; who compares listings looks at both of one product."""

MIN_SHOPPERS = 3
"""Shoppers who wanted both, at the least: one may have bought again where he found it."""

MIN_SHARE = 0.1
"""Of the shoppers of the product that fewer wanted, those who wanted both, at the least."""

Findings = Mapping[str, Sequence[Finding]]
"""By product id."""

Merges = Mapping[str, str]
"""The product that each is to be merged into, by id."""

Side = tuple[str, str]
"""The id of what is to be merged, and which of the two is wanted: `alias`, `kept` or `both`."""


def keep_apart(findings: Findings, told_apart: Set[str]) -> dict[str, list[Finding]]:
    """The findings without those that merge what is told apart, and what followed from them."""
    left = {}
    for product, found in findings.items():
        kept = [
            finding for finding in found
            if not ((finding.action is Action.MERGED and product in told_apart)
                    or (finding.action is Action.FILLED and finding.note in told_apart))]
        if kept:
            left[product] = kept
    return left


def merges(findings: Findings) -> dict[str, str]:
    """The merges among findings."""
    return {
        product: finding.note for product, found in findings.items()
        for finding in found if finding.action is Action.MERGED}


def find_told_apart(pipeline: beam.Pipeline, events: str, planned: Merges, path: str) -> None:
    """Counts who wanted both products of a merge, and writes which merges their wants contradict.

    Args:
        pipeline: runs when it is left.
        events: folder of the events' gz TFRecords.
        planned: merges; few enough to be held.
        path: receives the ids of what is not to be merged, a JSON list.
    """
    sides = collections.defaultdict(list)
    for alias, kept in planned.items():
        sides[alias].append((alias, "alias"))
        sides[kept].append((alias, "kept"))
    _ = (
        pipeline
        | "ReadEvents" >> beam.io.ReadFromTFRecord(os.path.join(events, "*"))
        | "DecodeEvents" >> beam.Map(decode_row)
        | "Wants" >> beam.FlatMap(_want, frozenset(sides))
        | "ByShopper" >> beam.GroupByKey()
        | "Count" >> beam.FlatMap(_count, dict(sides))
        | "Sum" >> beam.CombinePerKey(sum)
        | "ToList" >> beam.combiners.ToList()
        | "WriteApart" >> beam.Map(_write_apart, planned, path))


def read_told_apart(path: str) -> set[str]:
    """What `find_told_apart` wrote."""
    with FileSystems.open(path, "application/json") as stream:
        return set(orjson.loads(stream.read()))


def _want(event: Row, products: frozenset[str]) -> Iterator[tuple[str, str]]:
    if event["event"] in WANTED and event["product_id"] in products:
        yield event["user_id"], event["product_id"]


def _count(
    wants: tuple[str, Iterable[str]], sides: Mapping[str, Sequence[Side]],
) -> Iterator[tuple[Side, int]]:
    """One for each side of a merge that a shopper wanted, and one for who wanted both."""
    wanted = {side for product in set(wants[1]) for side in sides[product]}
    for alias, side in wanted:
        yield (alias, side), 1
        if side == "alias" and (alias, "kept") in wanted:
            yield (alias, "both"), 1


def _write_apart(counts: Sequence[tuple[Side, int]], planned: Merges, path: str) -> None:
    shoppers = collections.Counter(dict(counts))
    apart = sorted(
        alias for alias in planned if _differ(
            shoppers[alias, "both"], min(shoppers[alias, "alias"], shoppers[alias, "kept"])))
    with FileSystems.create(path, "application/json") as stream:
        stream.write(orjson.dumps(apart))


def _differ(both: int, fewer: int) -> bool:
    return both >= MIN_SHOPPERS and both >= MIN_SHARE * fewer
