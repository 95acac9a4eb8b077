"""The stages of governance over folders of tables, each a Beam pipeline of its own.

What a stage finds out about the shop is small and goes to the next by a file, the rows go by files
too: no runner has to hold a table.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import apache_beam as beam
from apache_beam.pvalue import AsSingleton
from tfx.dsl.io import fileio

from pipeline.governance.aliases import gather_given
from pipeline.governance.catalogue import SEVERE, row_judges, shopper_judges, tell_found
from pipeline.governance.counts import KEPT, Counts, add_counts, read_counts, write_counts
from pipeline.governance.facts import gather_facts, read_facts
from pipeline.governance.finders import (
    Catalogue,
    Finder,
    find_all,
    find_label_errors,
    product_finders,
)
from pipeline.governance.forms import GatherForms, read_forms, write_forms
from pipeline.governance.judging import Judge, Policy, Shop
from pipeline.governance.log import read_severe
from pipeline.governance.removals import read_removals
from pipeline.governance.settings import Governance
from pipeline.governance.tables import (
    Judged,
    JudgeShoppers,
    JudgeTable,
    write_decisions,
    write_rows,
)
from pipeline.ingest.files import join_path
from pipeline.ingest.rows import decode_row

MakePipeline = Callable[[], beam.Pipeline]


@dataclasses.dataclass(frozen=True)
class Folders:
    """Where governance reads and writes; paths or URIs.

    Attributes:
        tables: the rows of each table, as ingested.
        governed: receives the rows of each table.
        decisions: receives the log.
        work: for what stages tell each other; it is removed in the end.
    """

    tables: Mapping[str, str]
    governed: Mapping[str, str]
    decisions: str
    work: str


def govern_tables(
    make_pipeline: MakePipeline, folders: Folders, settings: Governance, preset: str,
) -> Counts:
    """Runs every stage.

    Args:
        make_pipeline: makes an empty pipeline on the runner that is used.
        folders: where everything is.
        settings: what a person decided.
        preset: of the encoder that reads texts, see `model.presets.load_preset`.

    Returns:
        Counts of rows and decisions.
    """
    policy = Policy(SEVERE, frozenset(settings.rules_off), frozenset(settings.released))
    shop = _know_shop(make_pipeline, folders)
    total = _govern_products(
        make_pipeline, folders, policy, shop, product_finders(settings, preset))
    shop = shop._replace(removed=read_removals(folders.decisions))
    if settings.label_errors and "judgments" in folders.tables:
        shop = shop._replace(found=find_label_errors(
            make_pipeline, folders.governed["products"], folders.tables["judgments"],
            join_path(folders.work, "label-errors.json"), preset))
    total.update(_govern_others(make_pipeline, folders, policy, shop))
    fileio.rmtree(folders.work)
    return total


def _know_shop(make_pipeline: MakePipeline, folders: Folders) -> Shop:
    """What judges know of the shop before any row is judged."""
    facts, forms = (join_path(folders.work, name) for name in ("facts.json", "forms.json"))
    with make_pipeline() as pipeline:
        rows = {
            table: _read(pipeline, folders.tables[table], table)
            | f"Decode[{table}]" >> beam.Map(decode_row)
            for table in folders.tables if table in ("products", "events", "aliases")}
        gather_facts(rows, facts)
        if "aliases" in rows:
            gather_given(rows["aliases"], rows["products"], folders.decisions)
        _ = (rows["products"]
             | "Forms" >> beam.CombineGlobally(GatherForms())
             | "WriteForms" >> beam.Map(write_forms, forms))
    return Shop(read_facts(facts), read_forms(forms), {}, {}, frozenset())


def _govern_products(
    make_pipeline: MakePipeline, folders: Folders, policy: Policy, known: Shop,
    finders: Sequence[Finder],
) -> Counts:
    """Judges products by the rules for rows, then by what the finders find among what is left."""
    target = folders.governed["products"]
    first = join_path(folders.work, "products") if finders else target
    counts = _judge_products(make_pipeline, folders, policy, known, Stage(
        0, folders.tables["products"], first, row_judges("products")))
    if finders:
        found = find_all(finders, Catalogue(
            first, make_pipeline, folders.work, folders.tables.get("events")))
        flagged = read_severe(folders.decisions, "products-0", policy.severe)
        known = known._replace(found=found, flagged=flagged)
        counts = _without_kept(counts)
        counts.update(_judge_products(
            make_pipeline, folders, policy, known, Stage(
                1, first, target, [functools.partial(tell_found, "products")])))
    return counts


class Stage(NamedTuple):
    """A pass over the products.

    Attributes:
        number: of the stage, from 0.
        source: folder that is read.
        target: folder that is written.
        judges: of the rows.
    """

    number: int
    source: str
    target: str
    judges: Sequence[Judge]


def _judge_products(
    make_pipeline: MakePipeline, folders: Folders, policy: Policy, known: Shop, stage: Stage,
) -> Counts:
    counts_file = join_path(folders.work, f"counts-products-{stage.number}.json")
    with make_pipeline() as pipeline:
        shop = AsSingleton(pipeline | "Shop" >> beam.Create([known]))
        judged = _read(pipeline, stage.source) | "Judge" >> JudgeTable(
            "products", stage.judges, shop, policy, stage.number)
        write_rows(judged.rows, stage.target, "products")
        write_decisions(judged.decisions, folders.decisions, "products", stage.number)
        _add_up([judged.counts], counts_file)
    return read_counts(counts_file)


def _govern_others(
    make_pipeline: MakePipeline, folders: Folders, policy: Policy, known: Shop,
) -> Counts:
    """Governs every table but the products, whose removals the others follow."""
    counts_file = join_path(folders.work, "counts-others.json")
    others = [table for table in folders.tables if table != "products"]
    if not others:
        return Counts()
    with make_pipeline() as pipeline:
        shop = AsSingleton(pipeline | "Shop" >> beam.Create([known]))
        counts = []
        for table in others:
            rows = _read(pipeline, folders.tables[table], table)
            judged: Judged = rows | f"Judge[{table}]" >> JudgeTable(
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


def _read(pipeline: beam.Pipeline, folder: str, table: str = "") -> beam.PCollection[bytes]:
    return pipeline | f"Read[{table}]" >> beam.io.ReadFromTFRecord(os.path.join(folder, "*"))


def _add_up(parts: Iterable[beam.PCollection[Counts]], path: str) -> None:
    _ = (tuple(parts)
         | "Counts" >> beam.Flatten()
         | "AddCounts" >> beam.CombineGlobally(add_counts)
         | "WriteCounts" >> beam.Map(write_counts, path))
