"""Weights that contexts teach, and what the report says of each arm, on four products."""

import numpy as np
import pytest
import scipy.sparse

from model.fusion import FEATURES, ContextKind
from pipeline.evaluation.data import Context
from pipeline.indexing import fusion, weighing
from pipeline.indexing.weighing import judge, weigh_arms
from tests.model.toy_servable import IDS, behaviour, servable

ROW_OF = {product: row for row, product in enumerate(IDS)}
ARMS = ("dense", "lexical")
_WORDS = FEATURES.index("words")


def _query(text, product, role="both", source="search"):
    return Context("search", text, "", (), {product: 1.0}, (), source=source, role=role)


def _misled(count=60, **changed):
    """Queries whose first letter is the wrong product's for the towers; their words are right."""
    return [_query("b lamp", "c", **changed), _query("b oak", "a", **changed)] * (count // 2)


@pytest.fixture
def known():
    return behaviour([1, 2, 3, 4])


@pytest.fixture
def module(tmp_path, known):
    return servable(tmp_path / "ids.txt", known, arms=ARMS)


def _weights(module, kind):
    return dict(zip(FEATURES, module.hybrid.weights.numpy()[kind].tolist(), strict=True))


def test_weights_that_contexts_teach_are_set(module, known):
    before = module.hybrid.weights.numpy()
    reports = weigh_arms(module, known, _misled(), ARMS, ROW_OF)
    after = _weights(module, ContextKind.QUERY)
    assert set(reports) == {"query"}
    assert after == pytest.approx(reports["query"].weights, abs=1e-4)
    assert after["words"] > 0.5
    assert after["dense"] < 10.0
    assert after["popularity"] == after["collaborative"] == 0.0  # switched off
    np.testing.assert_array_equal(  # nothing was said of the other kinds
        np.delete(module.hybrid.weights.numpy(), ContextKind.QUERY, axis=0),
        np.delete(before, ContextKind.QUERY, axis=0))


def test_the_report_says_what_each_arm_is_worth(module, known):
    contexts = _misled(60, role="tunes") + _misled(20, role="judges") + _misled(10)
    report = weigh_arms(module, known, contexts, ARMS, ROW_OF)["query"]
    assert (report.tuned, report.judged, report.both) == (70, 30, 10)
    # By letters b comes first, then a, then c: (1 / log2(3) + 1 / log2(4)) / 2.
    assert report.ndcg["dense"] == report.ndcg["without lexical"] == 0.5655
    assert report.ndcg["lexical"] == report.ndcg["without dense"] == 1.0
    assert 0.5655 < report.ndcg["fused"] <= 1.0
    assert set(report.ndcg) == {"fused", "dense", "lexical", "without dense", "without lexical"}


def test_the_figures_are_of_the_contexts_that_judge(module, known):
    right = [_query("a oak", "a", role="judges")] * 10
    report = weigh_arms(module, known, _misled(20, role="tunes") + right, ARMS, ROW_OF)["query"]
    assert (report.tuned, report.judged) == (20, 10)
    assert set(report.ndcg.values()) == {1.0}


def test_queries_that_the_catalogue_made_teach_nothing(module, known):
    before = module.hybrid.weights.numpy()
    report = weigh_arms(module, known, _misled(source="catalogue"), ARMS, ROW_OF)["query"]
    assert (report.tuned, report.judged) == (0, 60)
    np.testing.assert_array_equal(module.hybrid.weights.numpy(), before)
    assert report.ndcg["lexical"] == 1.0


def test_only_events_teach_what_popularity_is_worth(tmp_path):
    arms = (*ARMS, "popularity")
    popular = [_query("unheard of", "d")] * 60
    learned = []
    for item_to_item in (None, scipy.sparse.csr_matrix((4, 4))):
        known = behaviour([1, 2, 3, 40], item_to_item)
        module = servable(tmp_path / "ids.txt", known, arms=arms)
        weigh_arms(module, known, popular, arms, ROW_OF)
        learned.append(_weights(module, ContextKind.QUERY)["popularity"])
    assert learned[0] == 0.0 < learned[1]


def test_without_contexts_the_priors_stand(module, known):
    before = module.hybrid.weights.numpy()
    assert weigh_arms(module, known, [], ARMS, ROW_OF) == {}
    np.testing.assert_array_equal(module.hybrid.weights.numpy(), before)


def test_each_kind_learns_from_its_own(module, known):
    history = Context("recommend", "", "", ("a",), {"b": 1.0}, ())
    profile = Context("recommend", "", "a", (), {"b": 1.0}, ())
    both = Context("recommend", "lamp", "", ("a",), {"b": 1.0}, ())
    asked = Context("recommend", "lamp", "a", (), {"b": 1.0}, ())
    reports = weigh_arms(
        module, known, [history, profile, both, asked, _query("lamp", "c")], ARMS, ROW_OF)
    assert {kind: report.judged for kind, report in reports.items()} == {
        "query": 2, "history": 1, "both": 1, "profile": 1}


def test_contexts_come_in_their_order_whatever_is_batched(module, known, monkeypatch):
    monkeypatch.setattr(weighing, "_BATCH", 2)
    contexts = [
        Context("recommend", "", "", history, {"d": gain, "gone": 9.0}, ())
        for history, gain in ((("a", "b", "c"), 1.0), (("b",), 2.0), (("a", "c"), 3.0))]
    found = judge(module, known, contexts, ROW_OF)
    assert len(found) == 3
    # What is in the history is excluded; gains are 2**gain - 1, and d's is all there is to gain.
    assert found.usable.sum(axis=1).tolist() == [1, 3, 2]
    np.testing.assert_allclose(found.ideal, [1.0, 3.0, 7.0])
    np.testing.assert_allclose((found.gains * found.usable).sum(axis=1), [1.0, 3.0, 7.0])
    # Of the newest of each history c, b and c with d: 0, -0.8 and 0.
    dense = found.features[:, :, FEATURES.index("dense")]
    answers = found.usable & (found.gains > 0)
    np.testing.assert_allclose(dense[answers], [0.0, -0.8, 0.0], atol=1e-6)


def test_events_and_ages_of_a_history_are_read(module, known):
    plain = Context("recommend", "", "", ("c", "a"), {"b": 1.0}, ())
    aged = Context(
        "recommend", "", "", ("c", "a"), {"b": 1.0}, (), history_event=("purchase", "view"),
        history_age=(2.0, 0.0))
    found = judge(module, known, [plain, aged], ROW_OF)
    answers = found.usable & (found.gains > 0)
    # a alone; a + (3 + 2) c: 0.8 + 5 * 0.6.
    np.testing.assert_allclose(
        found.features[:, :, FEATURES.index("dense")][answers], [0.8, 3.8], rtol=1e-5)


def test_answers_that_no_catalogue_holds_count_as_missed(module, known):
    contexts = [_query("a oak", "a")] * 3 + [_query("a oak", "gone")]
    report = weigh_arms(module, known, contexts, ARMS, ROW_OF)["query"]
    assert report.ndcg["fused"] == 0.75


def test_an_arm_that_the_kind_has_no_use_for_is_not_reported(tmp_path, known):
    arms = ("dense", "collaborative")
    module = servable(tmp_path / "ids.txt", known, arms=arms)
    report = weigh_arms(module, known, _misled(4), arms, ROW_OF)["query"]
    assert set(report.ndcg) == {"fused", "dense", "without dense"}


def test_too_few_contexts_teach_nothing(module, known):
    before = module.hybrid.weights.numpy()
    report = weigh_arms(
        module, known, _misled(fusion.MIN_CONTEXTS - 2), ARMS, ROW_OF)["query"]
    assert report.tuned == fusion.MIN_CONTEXTS - 2
    np.testing.assert_array_equal(module.hybrid.weights.numpy(), before)
    assert report.weights["words"] == pytest.approx(before[ContextKind.QUERY, _WORDS])
