import collections
import dataclasses
import logging

import pytest

from pipeline.governance.findings import Action
from pipeline.governance.judge import RULES, JudgeSettings, catalogue, find_noise, fitting
from pipeline.governance.judge.corruption import Kind
from pipeline.governance.judge.judge import FOLDS, fold_of
from tests.pipeline.governance.judge.shop import products

# A thousand usual products cannot show that something is rarer than that: for a probability of
# 0.95 at a rate of 0.005 a density of noise 3,600 times the usual one is needed.
SETTINGS = JudgeSettings(
    precision=0.9, noise_rate=0.02, made_per_kind=200, language_model=None)


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
def judged():
    """A shop, and what is found in it."""
    rows = noisy_shop(1_200)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "_BATCH", 500)
        return rows, dict(find_noise(lambda: keyed(rows), SETTINGS))


def keyed(rows):
    return [(row["product_id"], row) for row in rows]


def test_noise_is_found_and_hardly_anything_else(judged):
    _, found = judged
    noisy = {f"p{place}" for place in range(0, 1_200, 50)}
    assert len(noisy & found.keys()) >= 22
    assert len(found.keys() - noisy) <= 1


def test_findings_name_rule_column_and_confidence(judged):
    rows, found = judged
    of = {row["product_id"]: row for row in rows}
    by_rule = collections.defaultdict(list)
    for key, [finding] in found.items():
        assert finding.column in of[key]
        assert 0.3 < finding.confidence <= 1
        by_rule[finding.rule].append((key, finding))
    assert by_rule.keys() <= {rule.name for rule in RULES}
    assert len(by_rule["wrong_brand"]) >= 7
    assert len(by_rule["price_outlier"]) >= 7
    for key, finding in by_rule["wrong_brand"]:
        if finding.action is Action.REPAIRED:
            assert of[key]["title"].startswith(finding.after)
        else:
            assert finding.action is Action.NOTED
    assert {finding.action for _, finding in by_rule["price_outlier"]} == {Action.NOTED}


def learn(rows, settings):
    """A judge of fewer products than `fit_judge` would learn from."""
    sample = fitting.sample_rows(rows, settings.max_sample)
    return fitting.learn(
        fitting.observe(sample, settings), fitting.train_language_models(sample, settings),
        settings)


FEW = dataclasses.replace(SETTINGS, made_per_kind=100, noise_rate=0.05)


def test_the_same_shop_and_seed_give_the_same_findings():
    rows = noisy_shop(300)
    judges = [learn(some, FEW) for some in (rows, [*rows[150:], *rows[:150]])]
    once, again = (judge.judge(rows) for judge in judges)
    assert any(once)
    assert once == again
    assert judges[0].trust == judges[1].trust


def test_a_shop_of_titles_alone_is_judged_by_them():
    rows = [{"product_id": row["product_id"], "title": row["title"]} for row in noisy_shop(300)]
    judge = learn(rows, FEW)
    assert judge.trust.found.keys() == {
        Kind.TRUNCATED_TITLE, Kind.TITLE_MISMATCH, Kind.NONSENSE_TITLE}
    assert {finding.column for finding in judge.judge(rows) if finding is not None} <= {"title"}


def test_a_shop_too_small_to_learn_from_is_left_alone(caplog):
    rows = products(20)
    with caplog.at_level(logging.INFO, "emporium.governance"):
        assert not list(find_noise(lambda: keyed(rows), SETTINGS))
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
