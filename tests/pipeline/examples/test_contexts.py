import json

import apache_beam as beam
from apache_beam.testing.util import assert_that

from pipeline.examples.contexts import ChooseContexts, RenderContexts, render_contexts
from pipeline.examples.records import Context


def _context(order, kind="search", query="mug"):
    return Context(kind, kind, order, {"p": 1.0}, (("p", 1.0),), query=query)


def test_the_first_by_hash_of_each_kind_are_chosen():
    contexts = [_context(n / 10, kind) for n in range(10) for kind in ("search", "recommend")]

    def check(chosen):
        assert sorted((c.kind, c.order) for c in chosen) == [
            ("recommend", 0.0), ("recommend", 0.1), ("recommend", 0.2),
            ("search", 0.0), ("search", 0.1), ("search", 0.2)]

    with beam.Pipeline() as p:
        assert_that(p | beam.Create(contexts[::-1]) | ChooseContexts(3), check)


def test_a_line_holds_the_contract_and_no_shopper():
    context = Context(
        "recommend", "recommend", 0.5, {"p": 1.0, "q": 2.0}, (("p", 1.0),), ("new_shopper",),
        profile="likes tea", history=("a", "b"), history_event=("view", "cart"),
        history_age=(2.5, -1.0))
    (line,) = render_contexts([context])
    row = json.loads(line)
    assert len(row.pop("context_id")) == 16
    assert row == {
        "kind": "recommend", "query": "", "profile": "likes tea", "history": ["a", "b"],
        "history_event": ["view", "cart"], "history_age": [2.5, -1.0],
        "relevant": {"p": 1.0, "q": 2.0}, "slices": ["new_shopper"]}


def test_lines_are_sorted_and_ids_follow_the_content():
    one, two = _context(0.1), _context(0.9, query="lamp")
    with beam.Pipeline() as p:
        lines = p | beam.Create([two, one]) | RenderContexts()
        assert_that(lines, lambda found: _equal(found, render_contexts([one, two])))
    ids = [json.loads(line)["context_id"] for line in render_contexts([one, two])]
    assert ids == sorted(set(ids))
    assert len(set(ids)) == 2
    assert render_contexts([one._replace(order=0.7)]) == render_contexts([one])


def _equal(found, expected):
    assert sorted(found) == sorted(expected)
