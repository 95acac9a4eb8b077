"""Products that look like one and are not, as their shoppers show by wanting both.

Two listings of one product share its shoppers out between them. Where the same people buy the one
and the other, time and again, they differ in what the catalogue does not say: a size, a colour.
Each product is compared with the one that it would be merged into, not with others that would be.
"""

from __future__ import annotations

import collections
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

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


class Merge(NamedTuple):
    """A product that is to be merged into another."""

    alias: str
    kept: str


Side = tuple[int, str]
"""The place of a merge, and which of its products: `alias`, `kept` or `both`."""


def keep_apart(findings: Findings, told_apart: Set[Merge]) -> dict[str, list[Finding]]:
    """The findings without those that merge products told apart, and what followed from them."""
    aliases = {merge.alias for merge in told_apart}
    left = {}
    for product, found in findings.items():
        kept = [
            finding for finding in found
            if not ((finding.action is Action.MERGED and product in aliases)
                    or (finding.action is Action.FILLED and finding.note in aliases))]
        if kept:
            left[product] = kept
    return left


def merges(findings: Findings) -> list[Merge]:
    """The merges among findings, in the order of their ids."""
    return sorted(
        Merge(product, finding.note) for product, found in findings.items()
        for finding in found if finding.action is Action.MERGED)


def find_told_apart(
    pipeline: beam.Pipeline, events: str, planned: Sequence[Merge], path: str,
) -> None:
    """Counts who wanted both products of a merge, and writes which merges their wants contradict.

    Args:
        pipeline: runs when it is left.
        events: folder of the events' gz TFRecords.
        planned: merges; few enough to be held.
        path: receives their places among `planned`, a JSON list.
    """
    places = collections.defaultdict(list)
    for place, merge in enumerate(planned):
        for side, product in merge._asdict().items():
            places[product].append((place, side))
    _ = (
        pipeline
        | "ReadEvents" >> beam.io.ReadFromTFRecord(os.path.join(events, "*"))
        | "DecodeEvents" >> beam.Map(decode_row)
        | "Wants" >> beam.FlatMap(_want, frozenset(places))
        | "ByShopper" >> beam.GroupByKey()
        | "Count" >> beam.FlatMap(_count, dict(places))
        | "Sum" >> beam.CombinePerKey(sum)
        | "ToList" >> beam.combiners.ToList()
        | "WriteApart" >> beam.Map(_write_apart, planned, path))


def read_told_apart(planned: Sequence[Merge], path: str) -> set[Merge]:
    """What `find_told_apart` wrote."""
    with FileSystems.open(path, "application/json") as stream:
        return {planned[place] for place in orjson.loads(stream.read())}


def _want(event: Row, products: frozenset[str]) -> Iterator[tuple[str, str]]:
    if event["event"] in WANTED and event["product_id"] in products:
        yield event["user_id"], event["product_id"]


def _count(
    wants: tuple[str, Iterable[str]], places: Mapping[str, Sequence[Side]],
) -> Iterator[tuple[Side, int]]:
    """One for each side of a merge that a shopper wanted, and one for who wanted both."""
    sides = {side for product in set(wants[1]) for side in places[product]}
    for place, side in sides:
        yield (place, side), 1
        if side == "alias" and (place, "kept") in sides:
            yield (place, "both"), 1


def _write_apart(
    counts: Sequence[tuple[Side, int]], planned: Sequence[Merge], path: str,
) -> None:
    shoppers = collections.Counter(dict(counts))
    apart = [place for place in range(len(planned)) if _differ(
        shoppers[place, "both"], min(shoppers[place, side] for side in Merge._fields))]
    with FileSystems.create(path, "application/json") as stream:
        stream.write(orjson.dumps(apart))


def _differ(both: int, fewer: int) -> bool:
    return both >= MIN_SHOPPERS and both >= MIN_SHARE * fewer
