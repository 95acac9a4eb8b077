"""Labels made by hand, of lines of a real shop's raw log, which is not part of the project.

The rules are called without Beam; `python -m benchmarks.governance.online_retail` does all of it.
"""

import collections

import pandas as pd
import pytest

from benchmarks.governance.online_retail import LABELS, estimate, make_rows
from pipeline.governance.catalogue import SEVERE, row_judges
from pipeline.governance.facts import (
    ShopFacts,
    _GatherEventFacts,
    _GatherProductFacts,
    sales_of,
)
from pipeline.governance.forms import ShopForms
from pipeline.governance.judging import Policy, Shop, judge_row
from pipeline.governance.removals import Removal
from pipeline.governance.rules.units import AttributeForms
from pipeline.governance.shoppers import judge_shopper
from tests.conftest import ROOT

RAW = ROOT.parent / "shared/data/online_retail/online_retail.parquet"
POLICY = Policy(SEVERE)
NO_FORMS = ShopForms({}, {}, AttributeForms({}, {}, {}, ()))


def gather(combiner, rows):
    total = combiner.create_accumulator()
    for row in rows:
        total = combiner.add_input(total, row)
    return combiner.extract_output(total)


@pytest.mark.skipif(not RAW.exists(), reason=f"the raw lines are not here: no {RAW}")
def test_what_is_no_sale_is_set_aside_and_sales_are_not():
    products, events = make_rows(pd.read_parquet(RAW))
    sold = collections.defaultdict(bool)
    for event in filter(None, events):
        for product, sale in sales_of(event):
            sold[product] |= sale
    facts = ShopFacts(
        **gather(_GatherProductFacts(), products),
        **gather(_GatherEventFacts(), filter(None, events)),
        never_sold=frozenset(product for product, any_sale in sold.items() if not any_sale))
    removed = {}
    for product in products:
        left, decisions = judge_row(
            "products", product, row_judges("products"),
            Shop(facts, NO_FORMS, {}, {}, frozenset()), POLICY, 0)
        if left is None:
            removed[product["product_id"]] = Removal(decisions[-1].id, "")
    shop = Shop(facts, NO_FORMS, removed, {}, frozenset())

    labels = pd.read_csv(LABELS)
    by_shopper = collections.defaultdict(list)
    for event in filter(None, events):
        by_shopper[event["user_id"], event["product_id"]].append(event)
    labels["removed"] = [not _is_kept(events[row], by_shopper, shop) for row in labels.row]
    found, lost = estimate(labels)
    assert found.value >= 0.95
    assert lost.value < 0.005
    assert len(labels) >= 400
    assert collections.Counter(labels["class"]).keys() == {
        "sale", "return", "charge", "correction", "samples", "stock_note", "free", "no_product"}


def _is_kept(event, by_shopper, shop):
    if event is None:  # Of no product: ingest has no place for it.
        return False
    if judge_row("events", event, row_judges("events"), shop, POLICY, 0)[0] is None:
        return False
    of_product = by_shopper[event["user_id"], event["product_id"]]
    findings = judge_shopper(of_product, shop.facts)
    return not any(f.action.removes_row for f in findings.get(of_product.index(event), ()))
