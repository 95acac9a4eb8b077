import json
import math

from pipeline.serving_validation.cases import build_cases
from tests.pipeline.evaluation import toy_shop

SIGNATURES = {
    "search", "serving_default", "recommend", "recommend_events", "similar", "embed_query",
    "embed_product"}


def test_every_signature_is_asked_even_without_contexts():
    assert {case.signature for case in build_cases([])} == SIGNATURES


def test_every_input_of_a_case_has_the_same_batch():
    for case in build_cases([*toy_shop.search_contexts(), *toy_shop.recommend_contexts()]):
        sizes = {len(values) for values in case.inputs.values()}
        assert len(sizes) == 1, case.name
        assert sizes != {0}, case.name


def test_recorded_requests_come_from_the_contexts():
    contexts = [*toy_shop.search_contexts(), *toy_shop.recommend_contexts()]
    cases = {(case.signature, case.name): case for case in build_cases(contexts)}
    queries = cases["search", "a batch of recorded queries"].inputs["query"]
    assert queries == [f"item{n:02d}" for n in range(32)]
    recorded = cases["recommend", "recorded histories, excluded"]
    assert recorded.inputs["history"][:2] == [["p00"], ["p01"]]
    assert recorded.inputs["exclude"] == recorded.inputs["history"]
    assert not recorded.answers
    assert cases["recommend", "a batch of recorded histories"].inputs["profile"] == [
        toy_shop.PRIVATE[1]] * 32


def test_recorded_histories_keep_their_events_and_hostile_ones_reach_the_signature():
    cases = {c.name: c for c in build_cases(toy_shop.recommend_contexts())
             if c.signature == "recommend_events"}
    recorded = cases["a batch of recorded histories"].inputs
    assert recorded["history"][1:3] == [["p01"], ["p02"]]
    assert recorded["history_event"][1:3] == [["purchase"], ["purchase"]]
    assert recorded["history_age"][1:3] == [[2.5], [2.5]]
    ages = [age for case in cases.values() for row in case.inputs["history_age"] for age in row]
    assert any(math.isnan(age) for age in ages)
    assert math.inf in ages
    assert -math.inf in ages
    widths = {tuple(len(case.inputs[name][0]) for name in ("history", "history_event"))
              for case in cases.values()}
    assert {(3, 1), (3, 9)} < widths


def test_hostile_texts_reach_the_signatures():
    texts = {
        text for case in build_cases([]) if case.signature == "search"
        for text in case.inputs["query"]}
    assert "" in texts
    assert any(len(text) == 10_000 for text in texts)
    assert any(ord(letter) > 0xFFFF for text in texts for letter in text)
    assert any("\udcff" in text for text in texts)


def test_names_hold_no_text_of_a_shopper():
    contexts = [*toy_shop.search_contexts(), *toy_shop.recommend_contexts()]
    names = json.dumps([case.name for case in build_cases(contexts)])
    assert "item0" not in names
    assert "Ada" not in names
