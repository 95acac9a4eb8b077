"""Tables -> training examples, validation contexts, popularity and sequences, as one transform.

Five steps, a module each: facts of all events and judgments (`split`, `queries`), a group by
shopper (`histories`), a group by query (`queries`), the catalogue's own queries where people asked
too few (`pseudo_queries`), and a join of every example with its product's text.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam import pvalue
from apache_beam.metrics import Metrics

from pipeline.config import Examples
from pipeline.examples import histories, queries, records
from pipeline.examples.catalogue import CatalogueNeed, CatalogueQueries
from pipeline.examples.contexts import ChooseContexts, RenderContexts
from pipeline.examples.histories import QueryPair
from pipeline.examples.popularity import CountPopularity
from pipeline.examples.queries import GatherJudgmentFacts, JudgmentFacts
from pipeline.examples.records import CATALOGUE, EVAL, TRAIN, Draft, Event, Product
from pipeline.examples.sequences import render_sequence, shopper_sequence
from pipeline.examples.split import EventFacts, GatherEventFacts, has_real_time, normalise_query
from pipeline.examples.text import clean_product

METRICS_NAMESPACE = "emporium.examples"
"""Beam counters: "split/kind" of the examples written, and "left out/why" of what was not used."""

EVAL_EXAMPLES_PER_CONTEXT = 5
"""Eval examples of one context: more would let a wholesale buyer decide when training stops."""


class Joined(NamedTuple):
    """What the join gives: serialized tf.Examples by split, and the lines of other files."""

    train: beam.PCollection[bytes]
    eval: beam.PCollection[bytes]
    catalogue: beam.PCollection[bytes]
    context_lines: beam.PCollection[str]
    popularity: beam.PCollection[str]
    sequence_lines: beam.PCollection[str]


def join_examples(
    tables: Mapping[str, beam.PCollection[bytes]], settings: Examples, seed: int
) -> Joined:
    """Builds the join.

    Args:
        tables: serialized tf.Examples of the rows of products and, where the shop has them,
            events, users and judgments; other tables are not read.
        settings: of the examples section.
        seed: of every hash.
    """
    rows = _read_tables(tables)
    event_facts = pvalue.AsSingleton(
        rows.events | "EventsOnly" >> beam.Values()
        | "EventFacts" >> beam.CombineGlobally(GatherEventFacts(settings.validation_fraction)))
    judgment_facts = pvalue.AsSingleton(
        rows.judgments | "JudgmentFacts" >> beam.CombineGlobally(GatherJudgmentFacts()))

    shoppers = (
        {"events": rows.events, "profiles": rows.profiles}
        | "GroupByShopper" >> beam.CoGroupByKey()
        | "Shoppers" >> beam.ParDo(ShopperDoFn(settings, seed), event_facts).with_outputs(
            "contexts", "pairs", "wants", "sequences", main="drafts"))
    asked = (
        {"judgments": rows.judgments | "KeyByQuery" >> beam.Map(
            lambda judgment: (normalise_query(judgment.query), judgment)),
         "pairs": shoppers.pairs}
        | "GroupByQuery" >> beam.CoGroupByKey()
        | "Queries" >> beam.ParDo(
            QueryDoFn(settings, seed), event_facts, judgment_facts).with_outputs(
            "contexts", "wants", main="drafts"))
    contexts = (shoppers.contexts, asked.contexts) | "Contexts" >> beam.Flatten()
    need = CatalogueNeed(
        search_examples=_count(asked.drafts, "CountSearch"),
        recommend_examples=_count(shoppers.drafts, "CountRecommend"),
        search_contexts=_count(asked.contexts, "CountSearchContexts"),
        recommend_contexts=_count(shoppers.contexts, "CountRecommendContexts"))
    made = rows.products | "CatalogueQueries" >> CatalogueQueries(need, settings, seed)

    chosen = (
        (contexts, made.contexts) | "AllContexts" >> beam.Flatten()
        | "ChooseContexts" >> ChooseContexts(settings.max_contexts))
    eval_drafts = (
        chosen
        | "Tuning" >> beam.Filter(lambda context: context.role != records.JUDGES)
        | "EvalDrafts" >> beam.FlatMap(histories.context_drafts, EVAL_EXAMPLES_PER_CONTEXT))
    drafts = (
        (shoppers.drafts, asked.drafts, made.drafts, eval_drafts) | "Drafts" >> beam.Flatten())
    examples = {"products": rows.products, "drafts": drafts} | "JoinProducts" >> JoinProducts()
    return Joined(
        train=examples[TRAIN],
        eval=examples[EVAL],
        catalogue=examples[CATALOGUE],
        context_lines=chosen | "RenderContexts" >> RenderContexts(),
        popularity=(shoppers.wants, asked.wants) | "Wants" >> beam.Flatten()
        | "Popularity" >> CountPopularity(),
        sequence_lines=shoppers.sequences | "RenderSequences" >> beam.Map(render_sequence),
    )


class _Rows(NamedTuple):
    products: beam.PCollection[Product]
    events: beam.PCollection[tuple[str, Event]]
    profiles: beam.PCollection[tuple[str, str]]
    judgments: beam.PCollection[records.Judgment]


def _read_tables(tables: Mapping[str, beam.PCollection[bytes]]) -> _Rows:
    pipeline = tables["products"].pipeline

    def read(table: str, reader: Any) -> Any:
        rows = tables.get(table)
        if rows is None:
            return pipeline | f"No {table}" >> beam.Create([])
        return rows | f"Read {table}" >> beam.Map(reader)

    return _Rows(
        products=read("products", records.read_product)
        | "CleanTexts" >> beam.Map(clean_product),
        events=read("events", records.read_event),
        profiles=read("users", records.read_profile),
        judgments=read("judgments", records.read_judgment))


def _count(pcoll: beam.PCollection[Any], label: str) -> pvalue.AsSingleton:
    return pvalue.AsSingleton(pcoll | label >> beam.combiners.Count.Globally())


class ShopperDoFn(beam.DoFn):
    """A shopper's events and profile -> drafts, contexts, query pairs, wants and a sequence."""

    def __init__(self, settings: Examples, seed: int) -> None:
        super().__init__()
        self._settings = settings
        self._seed = seed

    def process(
        self, element: tuple[str, dict[str, Iterable[Any]]], facts: EventFacts
    ) -> Iterator[Any]:
        """Yields drafts, and the rest under its tag."""
        user_id, grouped = element
        shopper = histories.read_shopper(
            user_id, next(iter(grouped["profiles"]), ""), grouped["events"], facts,
            self._settings, self._seed)
        if facts.cut is not None:
            Metrics.counter(METRICS_NAMESPACE, "left out/event without time").inc(
                sum(not has_real_time(event) for event in grouped["events"]))
        yield from histories.training_drafts(shopper, self._settings, self._seed)
        context = histories.validation_context(shopper, self._settings, self._seed)
        if context is not None:
            yield pvalue.TaggedOutput("contexts", context)
        for pair in histories.query_pairs(shopper):
            yield pvalue.TaggedOutput("pairs", pair)
        for product_id in histories.trained_wants(shopper):
            yield pvalue.TaggedOutput("wants", product_id)
        sequence = shopper_sequence(shopper)
        if sequence is not None:
            yield pvalue.TaggedOutput("sequences", sequence)


class QueryDoFn(beam.DoFn):
    """A query's judgments and wanted products -> drafts, a context and wanted products."""

    def __init__(self, settings: Examples, seed: int) -> None:
        super().__init__()
        self._settings = settings
        self._seed = seed

    def process(
        self,
        element: tuple[str, dict[str, Iterable[Any]]],
        event_facts: EventFacts,
        judgment_facts: JudgmentFacts,
    ) -> Iterator[Any]:
        """Yields drafts, and the rest under its tag."""
        normalised, grouped = element
        pairs: Iterable[QueryPair] = grouped["pairs"]
        group = queries.read_query_group(
            normalised, grouped["judgments"], pairs, judgment_facts, self._settings, self._seed)
        yield from queries.query_drafts(group, self._seed)
        context = queries.query_context(group, event_facts.cut is not None, self._seed)
        if context is not None:
            yield pvalue.TaggedOutput("contexts", context)
        if not event_facts.wants:
            for product_id in queries.judged_wants(group):
                yield pvalue.TaggedOutput("wants", product_id)


class JoinProducts(beam.PTransform):
    """{"products", "drafts"} -> serialized tf.Examples of the splits train, eval and catalogue.

    `sampling_probability` is the share of the product among the training examples of its family;
    in eval at least that of one example, in catalogue the same for all.
    """

    def expand(
        self, inputs: Mapping[str, beam.PCollection[Any]]
    ) -> Mapping[str, beam.PCollection[bytes]]:
        """One shuffle by product id."""
        products: beam.PCollection[Product] = inputs["products"]
        drafts: beam.PCollection[Draft] = inputs["drafts"]
        totals = (
            drafts
            | "TrainOnly" >> beam.Filter(lambda draft: draft.split == TRAIN)
            | "Family" >> beam.Map(lambda draft: draft.family)
            | "CountFamilies" >> beam.combiners.Count.PerElement())
        outputs = (
            {"product": products | "KeyProducts" >> beam.Map(lambda row: (row.product_id, row)),
             "drafts": drafts | "KeyDrafts" >> beam.Map(lambda draft: (draft.product_id, draft))}
            | "GroupByProduct" >> beam.CoGroupByKey()
            | "WriteExamples" >> beam.ParDo(
                _WriteExamplesDoFn(), pvalue.AsDict(totals), _count(products, "CountProducts"),
            ).with_outputs(TRAIN, EVAL, CATALOGUE))
        return {split: outputs[split] for split in (TRAIN, EVAL, CATALOGUE)}


class _WriteExamplesDoFn(beam.DoFn):
    def process(
        self,
        element: tuple[str, dict[str, Iterable[Any]]],
        totals: dict[str, int],
        catalogue_size: int,
    ) -> Iterator[pvalue.TaggedOutput]:
        product_id, grouped = element
        product = next(iter(grouped["product"]), None)
        drafts: Iterable[Draft] = grouped["drafts"]
        if product is None:
            Metrics.counter(METRICS_NAMESPACE, "left out/example without product").inc(
                sum(1 for _ in drafts))
            return
        wanted = collections.Counter(draft.family for draft in drafts if draft.split == TRAIN)
        for draft in drafts:
            share = max(wanted[draft.family], 1) / max(totals.get(draft.family, 0), 1)
            Metrics.counter(METRICS_NAMESPACE, f"{draft.split}/{draft.kind}").inc()
            yield pvalue.TaggedOutput(
                draft.split, records.write_example(draft, product, share))
        Metrics.counter(METRICS_NAMESPACE, f"{CATALOGUE}/{CATALOGUE}").inc()
        row = Draft(
            split=CATALOGUE, kind=CATALOGUE, product_id=product_id, positives=(product_id,),
            weight=1.0)
        yield pvalue.TaggedOutput(
            CATALOGUE, records.write_example(row, product, 1 / catalogue_size))
