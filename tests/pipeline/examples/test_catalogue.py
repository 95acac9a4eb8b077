import apache_beam as beam
import pytest
from apache_beam import pvalue
from apache_beam.testing.util import assert_that

from pipeline.config import Examples
from pipeline.examples.catalogue import (
    MIN_TEXT_EXAMPLES,
    CatalogueNeed,
    CatalogueQueries,
    make_plan,
)
from pipeline.examples.records import Context, Draft, Product
from pipeline.examples.split import normalise_query

_SETTINGS = Examples(validation_fraction=0.3, max_contexts=50)


@pytest.mark.parametrize(("examples", "contexts", "train", "share"), [
    ((0, 0), (0, 0), True, 0.3),  # A catalogue and nothing else.
    ((0, 5000), (0, 100), False, 0.0),  # Events without queries: recommendation only.
    ((0, 10), (0, 0), True, 0.3),  # Too few events to live on.
    ((MIN_TEXT_EXAMPLES - 1, 5000), (0, 100), True, 0.0),  # Few queries: the catalogue helps.
    ((MIN_TEXT_EXAMPLES, 0), (100, 0), False, 0.0),
    ((MIN_TEXT_EXAMPLES, 0), (0, 0), False, 0.3),
    ((300, 0), (29, 0), True, 0.3),  # Fewer contexts than the gate decides on.
    ((300, 100), (29, 29), True, 0.3),
    ((300, 100), (5, 30), True, 0.0),
])
def test_plan(examples, contexts, train, share):
    plan = make_plan(*examples, *contexts, products=200, settings=_SETTINGS)
    assert (plan.train, plan.validation_share) == (train, share)


@pytest.mark.parametrize(("products", "share"), [
    (5000, 60 / 5000),  # max_contexts is 50, the gate asks for 30: twice that
    (150, 60 / 150), (100, 0.5), (60, 0.5),
    (59, 0.3), (2, 0.3), (0, 0.3),  # too few to reach the gate
])
def test_the_share_follows_the_size_of_the_catalogue(products, share):
    assert make_plan(0, 0, 0, 0, products, _SETTINGS).validation_share == share


def test_contexts_are_as_many_as_the_gate_asks_for():
    assert make_plan(0, 0, 0, 0, 10_000, Examples(max_contexts=2_000)).validation_share == 0.1


def _products():
    things = ("lamp", "mug", "chair", "vase", "sofa")
    colours = ("red", "green", "blue", "black", "white", "grey", "pink", "brown")
    return [Product(f"{colour}-{thing}", f"Solid {colour} {thing} handmade", brand="Lumo",
                    description=f"A {thing} that lasts") for thing in things for colour in colours]


def _run(search, contexts, check):
    with beam.Pipeline() as p:
        need = CatalogueNeed(*(
            pvalue.AsSingleton(p | f"Count {name}" >> beam.Create([count]))
            for name, count in (
                ("search", search), ("recommend", 0), ("search contexts", contexts),
                ("recommend contexts", 0))))
        made = (p | "Products" >> beam.Create(_products())
                | CatalogueQueries(need, _SETTINGS, seed=3))
        assert_that((made.drafts, made.contexts) | beam.Flatten(), check)


def test_a_catalogue_trains_and_validates_on_itself():
    def check(made):
        drafts = [item for item in made if isinstance(item, Draft)]
        contexts = [item for item in made if isinstance(item, Context)]
        assert {(d.kind, d.split) for d in drafts} == {("catalogue", "train")}
        by_title = [d for d in drafts if not d.titled]
        assert all(d.query == f"Solid {d.product_id.replace('-', ' ')} handmade" for d in by_title)
        by_query = {}
        for draft in drafts:
            by_query.setdefault(normalise_query(draft.query), set()).add(draft.product_id)
        for draft in drafts:
            assert set(draft.positives) == by_query[normalise_query(draft.query)]
        # A product that trains has a title query and two short ones, but for those that a
        # validation query takes away.
        trained = {d.product_id for d in by_title}
        assert 10 < len(trained) < 30
        assert len(drafts) > 2 * len(trained)

        assert {(c.kind, c.source) for c in contexts} == {("search", "catalogue")}
        answers = [product_id for context in contexts for product_id in context.gains]
        assert len(answers) == len(set(answers)) == 40 - len(trained)
        assert not set(answers) & trained
        assert not {normalise_query(context.query) for context in contexts} & set(by_query)

    _run(0, 0, check)


def test_a_shop_with_queries_enough_needs_none():
    def check(made):
        assert made == []

    _run(MIN_TEXT_EXAMPLES, 30, check)
