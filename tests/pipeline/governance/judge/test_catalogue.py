import collections
import logging

import pytest

from pipeline.governance.judge import RULES, JudgeSettings, catalogue, find_noise, fitting
from pipeline.governance.judge.judge import FOLDS, fold_of
from tests.pipeline.governance.judge.shop import products

SETTINGS = JudgeSettings(made_per_kind=200, language_model=None)


def noisy_shop(count):
    """A shop of which every fiftieth product has the wrong brand, price or title."""
    rows = products(count)
    for place in range(0, count, 50):
        row, other = rows[place], rows[(place + 7) % count]
        kind = place // 50 % 3
        if kind == 0:
            row["brand"] = next(b for b in ("Acme", "Bolt") if b != row["brand"])
        elif kind == 1:
            row["price"] = row["price"] * 100
        else:
            row["title"] = other["title"][::-1]
    return rows


@pytest.fixture(scope="module")
def found():
    rows = noisy_shop(1_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "_BATCH", 300)
        return dict(find_noise(lambda: [(row["product_id"], row) for row in rows], SETTINGS))


def test_noise_is_found_and_hardly_anything_else(found):
    noisy = {f"p{place}" for place in range(0, 1_000, 50)}
    assert len(noisy & found.keys()) >= 15
    assert len(found.keys() - noisy) <= 2


def test_findings_are_of_the_judges_rules(found):
    rules = collections.Counter(finding.rule for [finding] in found.values())
    assert rules.keys() <= {rule.name for rule in RULES}
    assert rules["wrong_brand"] >= 5
    assert rules["price_outlier"] >= 5


def test_a_shop_too_small_to_learn_from_is_left_alone(caplog):
    rows = products(20)
    with caplog.at_level(logging.INFO, "emporium.governance"):
        assert not list(find_noise(lambda: [(row["product_id"], row) for row in rows], SETTINGS))
    assert "Received: 20" in caplog.text


def test_the_sample_does_not_depend_on_the_order_of_the_products():
    rows = products(100)
    sample = fitting.sample_rows(rows, 30)
    assert len(sample) == 30
    assert fitting.sample_rows(reversed(rows), 30) == sample


def test_parts_of_the_shop_are_of_like_size():
    parts = collections.Counter(fold_of(row) for row in products(1_000))
    assert len(parts) == FOLDS
    assert min(parts.values()) > 200
