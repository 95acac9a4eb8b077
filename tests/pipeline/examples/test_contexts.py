import json

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that

from pipeline.examples.contexts import (
    MIN_DIVIDED,
    ChooseContexts,
    RenderContexts,
    divide_roles,
    render_contexts,
)
from pipeline.examples.records import Context


def _context(order, kind="search", query="mug"):
    return Context(kind, kind, order, {"p": 1.0}, (("p", 1.0),), query=query)


def test_the_first_by_hash_of_each_kind_are_chosen():
    contexts = [_context(n / 10, kind) for n in range(10) for kind in ("search", "recommend")]

    def check(chosen):
        assert sorted((c.kind, c.order, c.role) for c in chosen) == [
            ("recommend", 0.0, "both"), ("recommend", 0.1, "both"), ("recommend", 0.2, "both"),
            ("search", 0.0, "both"), ("search", 0.1, "both"), ("search", 0.2, "both")]

    with beam.Pipeline() as p:
        assert_that(p | beam.Create(contexts[::-1]) | ChooseContexts(3), check)


def test_every_second_by_hash_of_each_kind_judges(monkeypatch):
    monkeypatch.setattr("pipeline.examples.contexts.MIN_DIVIDED", 4)
    contexts = [_context(n / 10) for n in range(5)] + [
        _context(n / 10, "recommend") for n in range(3)]

    def check(chosen):
        assert sorted((c.kind, c.order, c.role) for c in chosen) == [
            ("recommend", 0.0, "both"), ("recommend", 0.1, "both"), ("recommend", 0.2, "both"),
            ("search", 0.0, "tunes"), ("search", 0.1, "judges"), ("search", 0.2, "tunes"),
            ("search", 0.3, "judges")]

    with beam.Pipeline() as p:
        assert_that(p | beam.Create(contexts[::-1]) | ChooseContexts(4), check)


@pytest.mark.parametrize(("count", "roles"), [
    (0, set()), (MIN_DIVIDED - 1, {"both"}), (MIN_DIVIDED, {"tunes", "judges"})])
def test_enough_contexts_are_divided_in_halves(count, roles):
    contexts = [_context(n / count) for n in range(count)]
    found = list(divide_roles(contexts))
    assert [c._replace(role="both") for c in found] == contexts
    assert {c.role for c in found} == roles
    if roles == {"tunes", "judges"}:
        assert sum(c.role == "tunes" for c in found) == count / 2


def test_a_line_holds_the_contract_and_no_shopper():
    context = Context(
        "recommend", "recommend", 0.5, {"p": 1.0, "q": 2.0}, (("p", 1.0),), ("new_shopper",),
        profile="likes tea", history=("a", "b"), history_event=("view", "cart"),
        history_age=(2.5, -1.0))
    (line,) = render_contexts([context])
    row = json.loads(line)
    assert len(row.pop("context_id")) == 16
    assert row == {
        "kind": "recommend", "source": "recommend", "role": "both", "query": "",
        "profile": "likes tea", "history": ["a", "b"],
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
