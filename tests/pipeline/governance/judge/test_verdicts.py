import numpy as np
import pytest

from pipeline.governance.decisions import apply_findings
from pipeline.governance.findings import Action, Finding
from pipeline.governance.judge.brands import Brands
from pipeline.governance.judge.categories import Suggestion
from pipeline.governance.judge.classifier import KINDS
from pipeline.governance.judge.corruption import Kind
from pipeline.governance.judge.rules import RULE_OF, RULES
from pipeline.governance.judge.texts import read_texts
from pipeline.governance.judge.verdicts import find
from pipeline.governance.judge.views import ViewSpace
from tests.pipeline.governance.judge.shop import products

ROW = {"product_id": "x", "title": "Acme Desk lamp", "description": "A lamp", "brand": "Bolt",
       "category": "Printing", "price": 9.95}


@pytest.fixture(scope="module")
def brands():
    texts = read_texts(products(60))
    return Brands(texts, ViewSpace(texts)(texts))


def verdict(brands, shares, row=ROW, suggestion=None):
    posterior = np.zeros(len(KINDS))
    for kind, share in shares.items():
        posterior[KINDS.index(kind)] = share
    return find(row, read_texts([row]).title[0], posterior, brands, suggestion)


@pytest.mark.parametrize(("kind", "column"), [
    (Kind.TRUNCATED_TITLE, "title"), (Kind.NONSENSE_TITLE, "title"),
    (Kind.TITLE_MISMATCH, "title"), (Kind.NONSENSE_DESCRIPTION, "description"),
    (Kind.SHUFFLED_DESCRIPTION, "description"), (Kind.PRICE_OUTLIER, "price"),
    (Kind.WRONG_CATEGORY, "category")])
def test_a_person_is_told_of_what_has_no_better_value(brands, kind, column):
    found = verdict(brands, {kind: 0.99})
    assert found == Finding(RULE_OF[kind].name, column, Action.NOTED, confidence=found.confidence)
    assert found.confidence == pytest.approx(0.99)
    assert apply_findings("products", ROW, [found]).row == ROW


def test_doubt_between_kinds_of_one_column_is_no_doubt_about_the_column(brands):
    found = verdict(brands, {
        Kind.NONSENSE_DESCRIPTION: 0.4, Kind.SHUFFLED_DESCRIPTION: 0.5, Kind.WRONG_BRAND: 0.1})
    assert found[:3] == ("nonsense_description", "description", Action.NOTED)
    assert found.confidence == pytest.approx(0.9)


def test_a_confidence_is_never_more_than_one(brands):
    assert verdict(brands, {Kind.PRICE_OUTLIER: 1.0 + 1e-9}).confidence == 1


def test_a_brand_is_replaced_by_the_one_that_the_title_begins_with(brands):
    found = verdict(brands, {Kind.WRONG_BRAND: 0.95})
    assert (found.action, found.after) == (Action.REPAIRED, "Acme")
    assert apply_findings("products", ROW, [found]).row["brand"] == "Acme"
    for unsure in (
            verdict(brands, {Kind.WRONG_BRAND: 0.95}, {**ROW, "title": "Desk lamp"}),
            verdict(brands, {Kind.WRONG_BRAND: 0.95}, {**ROW, "title": "Bolt Desk lamp"}),
            verdict(brands, {Kind.WRONG_BRAND: 0.85})):
        assert (unsure.action, unsure.after) == (Action.NOTED, None)


def test_a_category_is_replaced_where_it_is_sure(brands):
    shares = {Kind.WRONG_CATEGORY: 0.95}
    sure = verdict(brands, shares, suggestion=Suggestion("Lighting", 0.99))
    assert sure == Finding(
        "wrong_category", "category", Action.REPAIRED, "Lighting", pytest.approx(0.95),
        "products like it are there")
    for unsure in (Suggestion("Lighting", 0.7), Suggestion("Printing", 0.99)):
        assert verdict(brands, shares, suggestion=unsure).action is Action.NOTED


def test_every_kind_has_a_rule_with_reason_and_remedy():
    assert {RULE_OF[kind] for kind in Kind} == set(RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.reason.endswith(".")
        assert rule.remedy.endswith(".")


@pytest.mark.parametrize("kind", [Kind.WRONG_BRAND, Kind.WRONG_CATEGORY])
def test_what_is_missing_is_not_replaced(brands, kind):
    row = {"product_id": "x", "title": "Acme Desk lamp"}
    found = verdict(brands, {kind: 0.99}, row, Suggestion("Lamps", 0.99))
    assert found.action is Action.NOTED
