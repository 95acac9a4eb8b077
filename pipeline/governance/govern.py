"""The stages of governance over folders of tables, each a Beam pipeline of its own.

What a stage finds out about the shop is small and goes to the next by a file, the rows go by files
too: no runner has to hold a table.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from pipeline.governance.catalogue import SEVERE, row_judges, shopper_judges
from pipeline.governance.counts import KEPT, Counts, add_counts, read_counts, write_counts
from pipeline.governance.facts import ShopFacts, gather_facts, read_facts
from pipeline.governance.findings import Action
from pipeline.governance.log import read_log
from pipeline.governance.settings import Governance
from pipeline.governance.tables import (
    Judged,
    JudgeShoppers,
    JudgeTable,
    Policy,
    Removal,
    Shop,
    write_decisions,
    write_rows,
)
from pipeline.ingest.files import join_path

MakePipeline = Callable[[], beam.Pipeline]


@dataclasses.dataclass(frozen=True)
class Folders:
    """Where governance reads and writes; paths or URIs.

    Attributes:
        tables: the rows of each table, as ingested.
        governed: receives the rows of each table.
        decisions: receives the log.
        work: for what stages tell each other.
    """

    tables: Mapping[str, str]
    governed: Mapping[str, str]
    decisions: str
    work: str


def govern_tables(make_pipeline: MakePipeline, folders: Folders, settings: Governance) -> Counts:
    """Runs every stage.

    Args:
        make_pipeline: makes an empty pipeline on the runner that is used.
        folders: where everything is.
        settings: what a person decided.

    Returns:
        Counts of rows and decisions.
    """
    policy = Policy(SEVERE, frozenset(settings.rules_off), frozenset(settings.released))
    facts_file = join_path(folders.work, "facts.json")
    with make_pipeline() as pipeline:
        gather_facts(
            {table: _read(pipeline, folders, table) for table in folders.tables
             if table in ("products", "events")}, facts_file)
    facts = read_facts(facts_file)
    total = _govern_products(make_pipeline, folders, policy, facts)
    total.update(_govern_others(make_pipeline, folders, policy, facts))
    return total


def read_removals(decisions: str) -> dict[str, Removal]:
    """The products that the log says are no longer in the catalogue."""
    removing = {action.value for action in Action if action.removes_row}
    removals = {}
    for part in read_log(decisions, "products-", ["id", "row", "action", "note"]):
        for line in part.to_pylist():
            if line["action"] in removing:
                merged = line["action"] == Action.MERGED.value
                removals[line["row"]] = Removal(line["id"], line["note"] if merged else "")
    return removals


def _govern_products(
    make_pipeline: MakePipeline, folders: Folders, policy: Policy, facts: ShopFacts,
) -> Counts:
    counts_file = join_path(folders.work, "counts-products.json")
    with make_pipeline() as pipeline:
        shop = AsSingleton(pipeline | "Shop" >> beam.Create([Shop(facts, {})]))
        judged = _read(pipeline, folders, "products") | "Judge" >> JudgeTable(
            "products", row_judges("products"), shop, policy, stage=0)
        write_rows(judged.rows, folders.governed["products"], "products")
        write_decisions(judged.decisions, folders.decisions, "products", stage=0)
        _add_up([judged.counts], counts_file)
    return read_counts(counts_file)


def _govern_others(
    make_pipeline: MakePipeline, folders: Folders, policy: Policy, facts: ShopFacts,
) -> Counts:
    """Governs every table but the products, whose removals the others follow."""
    counts_file = join_path(folders.work, "counts-others.json")
    others = [table for table in folders.tables if table != "products"]
    if not others:
        return Counts()
    with make_pipeline() as pipeline:
        shop = AsSingleton(
            pipeline | "Shop" >> beam.Create([Shop(facts, read_removals(folders.decisions))]))
        counts = []
        for table in others:
            judged: Judged = _read(pipeline, folders, table) | f"Judge[{table}]" >> JudgeTable(
                table, row_judges(table), shop, policy, stage=0)
            if table == "events":
                write_decisions(judged.decisions, folders.decisions, table, stage=0)
                counts.append(judged.counts | "BeforeShoppers" >> beam.Map(_without_kept))
                judged = judged.rows | "JudgeShoppers" >> JudgeShoppers(
                    shopper_judges(), shop, policy, stage=1)
            write_rows(judged.rows, folders.governed[table], table)
            write_decisions(
                judged.decisions, folders.decisions, table, stage=int(table == "events"))
            counts.append(judged.counts)
        _add_up(counts, counts_file)
    return read_counts(counts_file)


def _without_kept(counts: Counts) -> Counts:
    """Counts of a stage that another follows, whose rows come in there again."""
    return Counts({count: number for count, number in counts.items() if count.what != KEPT})


def _read(pipeline: beam.Pipeline, folders: Folders, table: str) -> beam.PCollection[bytes]:
    return pipeline | f"Read[{table}]" >> beam.io.ReadFromTFRecord(
        os.path.join(folders.tables[table], "*"))


def _add_up(parts: Iterable[beam.PCollection[Counts]], path: str) -> None:
    _ = (tuple(parts)
         | "Counts" >> beam.Flatten()
         | "AddCounts" >> beam.CombineGlobally(add_counts)
         | "WriteCounts" >> beam.Map(write_counts, path))
