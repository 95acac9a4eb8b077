"""The catalogue's own queries, for a shop where people have asked too little to learn from.

They train where fewer than `MIN_TEXT_EXAMPLES` examples come from queries, unless the shop has no
query at all and shoppers enough to learn from instead. They validate only where people gave fewer
contexts than the gate asks for: then a hashed part of the products, `validation_fraction` of them
and about `max_contexts` at the most, more of a small catalogue, ask one short query each, which
the product alone answers, and train nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam import pvalue

from pipeline.config import Examples, Gate
from pipeline.examples.histories import choose_positives, with_target
from pipeline.examples.pseudo_queries import WordCounts, pseudo_queries, units
from pipeline.examples.queries import query_slices
from pipeline.examples.records import CATALOGUE, SEARCH, TRAIN, Context, Draft, Product
from pipeline.examples.split import normalise_query, unit_hash

MIN_TEXT_EXAMPLES = 1_000
"""Training examples below which a text tower would rather learn from its catalogue as well."""

MIN_CONTEXTS = Gate().min_slice_contexts
"""Validation contexts of a kind below which the catalogue asks as well."""

MAX_VALIDATION_SHARE = 0.5
"""Of the products of a small catalogue: the other half has to be learned from."""

MAX_COUNTED_WORDS = 50_000
"""Title words whose counts every worker holds; a rarer word counts as one product's."""


class CatalogueNeed(NamedTuple):
    """Side inputs that tell whether the catalogue should ask itself: counts over the shop."""

    search_examples: pvalue.AsSingleton
    recommend_examples: pvalue.AsSingleton
    search_contexts: pvalue.AsSingleton
    recommend_contexts: pvalue.AsSingleton


class CataloguePlan(NamedTuple):
    """Whether the catalogue's own queries train, and the share of products that validate."""

    train: bool
    validation_share: float

    @property
    def needed(self) -> bool:
        """Whether any query is to be made."""
        return self.train or self.validation_share > 0


def make_plan(
    search_examples: int,
    recommend_examples: int,
    search_contexts: int,
    recommend_contexts: int,
    products: int,
    settings: Examples,
) -> CataloguePlan:
    """Decides from what shoppers and raters gave."""
    examples = search_examples or recommend_examples
    share = 0.0
    if max(search_contexts, recommend_contexts) < MIN_CONTEXTS:
        share = min(settings.validation_fraction, settings.max_contexts / max(products, 1))
        # Twice as many as needed: a hash chooses them, and some make the same query.
        wanted = 2 * MIN_CONTEXTS / max(products, 1)
        if wanted <= 2 * MAX_VALIDATION_SHARE:  # Fewer products cannot reach the gate anyway.
            share = min(MAX_VALIDATION_SHARE, max(share, wanted))
    return CataloguePlan(examples < MIN_TEXT_EXAMPLES, share)


class CatalogueOutputs(NamedTuple):
    """Training drafts and validation contexts."""

    drafts: beam.PCollection[Draft]
    contexts: beam.PCollection[Context]


class MadeQuery(NamedTuple):
    """A pseudo query of a product; `validates` says that it trains nothing."""

    text: str
    product_id: str
    titled: bool
    validates: bool


class CatalogueQueries(beam.PTransform):
    """Products -> drafts and contexts of their pseudo queries, none where they are not needed."""

    def __init__(self, need: CatalogueNeed, settings: Examples, seed: int) -> None:
        super().__init__()
        self._need = need
        self._settings = settings
        self._seed = seed

    def expand(self, products: beam.PCollection[Product]) -> CatalogueOutputs:
        """Counts words, makes queries, groups them."""
        size = pvalue.AsSingleton(products | "CountProducts" >> beam.combiners.Count.Globally())
        plan = pvalue.AsSingleton(
            products.pipeline | "Plan" >> beam.Create([None])
            | "Decide" >> beam.Map(
                lambda _, *counts: make_plan(*counts), *self._need, size, self._settings))
        word_counts = pvalue.AsSingleton(
            products
            | "TitleWords" >> beam.FlatMap(_title_words, plan)
            | "CountWords" >> beam.combiners.Count.PerElement()
            | "Frequent" >> beam.combiners.Top.Of(MAX_COUNTED_WORDS, key=lambda item: item[::-1])
            | "AsMapping" >> beam.Map(dict))
        grouped = (
            products
            | "MakeQueries" >> beam.FlatMap(
                _make_queries, plan, size, word_counts, self._settings, self._seed)
            | "GroupByQuery" >> beam.GroupByKey()
            | "Examples" >> beam.ParDo(_MadeQueryDoFn(self._seed)).with_outputs(
                "contexts", main="drafts"))
        return CatalogueOutputs(grouped.drafts, grouped.contexts)


def _title_words(product: Product, plan: CataloguePlan) -> set[str]:
    if not plan.needed:
        return set()
    return {unit.text.casefold() for unit in units(product.title)}


def _make_queries(
    product: Product,
    plan: CataloguePlan,
    catalogue_size: int,
    counts: dict[str, int],
    settings: Examples,
    seed: int,
) -> Iterator[tuple[str, MadeQuery]]:
    validates = unit_hash(seed, "catalogue", product.product_id) < plan.validation_share
    if not (plan.train or validates):
        return  # The shop's own queries are enough to train on.
    made = pseudo_queries(
        product, WordCounts(catalogue_size, counts), settings.pseudo_queries_per_product, seed)
    for query in made:
        if validates and not query.titled:
            continue
        yield normalise_query(query.text), MadeQuery(
            query.text, product.product_id, query.titled, validates)
        if validates:
            break


class _MadeQueryDoFn(beam.DoFn):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def process(self, element: tuple[str, Iterable[MadeQuery]]) -> Iterator[Any]:
        normalised, grouped = element
        made = sorted(grouped)
        asked = [query for query in made if query.validates]
        if asked:
            products = sorted({query.product_id for query in asked})
            yield pvalue.TaggedOutput("contexts", Context(
                kind=SEARCH,
                source=CATALOGUE,
                order=unit_hash(self._seed, "context", normalised),
                gains=dict.fromkeys(products, 1.0),
                positives=tuple((product_id, 1.0) for product_id in products),
                slices=query_slices(normalised),
                query=asked[0].text))
            return
        positives = choose_positives({q.product_id for q in made}, normalised, self._seed)
        for query in made:
            yield Draft(
                split=TRAIN,
                kind=CATALOGUE,
                product_id=query.product_id,
                positives=with_target(positives, query.product_id),
                weight=1.0,
                query=query.text,
                titled=query.titled)
