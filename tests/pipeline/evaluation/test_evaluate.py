import dataclasses
import pathlib
import shutil

import numpy as np
import pytest

from pipeline.config import load_config
from pipeline.evaluation.data import Context
from pipeline.evaluation.evaluate import DEPTH, evaluate
from pipeline.evaluation.metrics import NOTHING
from pipeline.evaluation.servable import Servable
from tests.pipeline.evaluation import toy_shop

CONFIG = load_config(None, ["gate.bootstrap_samples=200"])


def _evaluate(model_dir, live_dir="/nowhere", contexts=None, catalogue=None):
    both = [*toy_shop.recommend_contexts(), *toy_shop.search_contexts()]
    return evaluate(
        model_dir=model_dir, live_dir=str(live_dir),
        contexts=both if contexts is None else contexts,
        catalogue=catalogue or toy_shop.catalogue(), popularity=toy_shop.popularity(),
        config=CONFIG)


def _serve(model_dir, serving: pathlib.Path, version: str) -> pathlib.Path:
    shutil.copytree(model_dir, serving / version)
    return serving


@pytest.fixture(scope="module")
def found(good_model):
    return _evaluate(good_model)


def test_a_good_model_is_measured_and_blessed(found):
    assert found.decision.blessed
    search = found.slices["kind:search"].metrics
    # The word of the query is in one title only, so the model and BM25 have it first.
    assert search["candidate"]["ndcg@10"].value == 1.0
    assert search["bm25"]["ndcg@10"].value == 1.0
    # Popularity returns p00, p01, ...: the n-th query finds its product at rank n.
    reciprocal = sum(1 / rank for rank in range(1, 11)) / toy_shop.PRODUCTS
    assert search["popularity"]["mrr@10"].value == pytest.approx(reciprocal)
    assert search["popularity"]["recall@50"].value == pytest.approx(50 / 60)
    assert found.slices["kind:search"].coverage["popularity"] == pytest.approx(10 / 60)
    assert found.facts.contexts == 120
    assert found.facts.live_version is None


def test_bm25_is_named_and_so_are_queries_that_nobody_asked(good_model):
    made = [dataclasses.replace(c, source="catalogue") for c in toy_shop.search_contexts()[:40]]
    found = _evaluate(good_model, contexts=[*made, *toy_shop.search_contexts()[40:]])
    beside, nobody = found.decision.notes
    assert beside == (
        "Beside BM25 (search), which decides nothing: nDCG@10 1.0000 against 1.0000, difference "
        "+0.0000 (95% +0.0000 to +0.0000) on 60 contexts")
    assert nobody.startswith("Nobody's queries: 40 contexts ask what the catalogue says of itself")
    assert found.decision.blessed


def test_shoppers_queries_need_no_note(found):
    assert [note for note in found.decision.notes if "Nobody's" in note] == []


def test_recommendations_leave_out_the_history(good_model):
    # The history is one of ten products of a shade: the other nine come first, so that the
    # relevant one is among the first ten and the history's own product is not.
    products = toy_shop.catalogue()
    contexts = toy_shop.recommend_contexts()
    rankings = Servable(good_model).rankings(contexts, products, DEPTH, "test")
    for context, ranking in zip(contexts, rankings, strict=True):
        number = products.number_of[context.history[0]]
        shade = {n for n in range(60) if n // 10 == number // 10} - {number}
        assert set(ranking[:9].tolist()) == shade
        assert number not in ranking


@pytest.mark.parametrize(("events", "ages", "shade"), [
    (("view", "purchase"), (1.0, 1.0), 3), (("purchase", "view"), (1.0, 1.0), 1),
    (("cart", "cart"), (400.0, -1.0), 3)])
def test_histories_are_asked_with_their_events(good_model, events, ages, shade):
    context = Context(
        "recommend", "", "", ("p10", "p30"), {"p11": 1.0}, (), history_event=events,
        history_age=ages)
    ranking = Servable(good_model).rankings([context], toy_shop.catalogue(), DEPTH, "test")[0]
    assert {number // 10 for number in ranking[:9]} == {shade}


def test_a_live_version_from_before_there_were_events_is_asked_without(tmp_path):
    folder = toy_shop.save(
        toy_shop.ToyModel(toy_shop.catalogue()), tmp_path, leave_out=("recommend_events",))
    context = toy_shop.recommend_contexts()[10]
    ranking = Servable(folder).rankings([context], toy_shop.catalogue(), DEPTH, "test")[0]
    assert {number // 10 for number in ranking[:9]} == {1}


@pytest.mark.parametrize("leave_out", [(), ("recommend_events", "backtest_recommend_events")])
def test_what_knows_nothing_of_validation_is_asked(tmp_path, leave_out):
    products = toy_shop.catalogue()
    folder = toy_shop.save(
        toy_shop.ToyModel(products, reverse=True), tmp_path, leave_out,
        backtest=toy_shop.ToyModel(products))
    contexts = [toy_shop.search_contexts()[10], toy_shop.recommend_contexts()[10]]
    rankings = Servable(folder).rankings(contexts, products, DEPTH, "test")
    assert rankings[0, 0] == 10
    assert {number // 10 for number in rankings[1, :9]} == {1}


def test_fewer_results_than_ranks_leave_nothing(good_model):
    ranking = Servable(good_model).rankings(
        toy_shop.search_contexts()[:1], toy_shop.catalogue(), DEPTH, "test")[0]
    assert (ranking[:20] != NOTHING).all()  # K of the toy model
    assert (ranking[20:] == NOTHING).all()


def test_products_that_left_the_catalogue_take_up_their_rank(good_model):
    # The model knows 60 products, the catalogue holds the first 10: asked for item03 the model
    # returns p03, and after it products of which many are gone.
    ranking = Servable(good_model).rankings(
        toy_shop.search_contexts()[3:4], toy_shop.catalogue(10), DEPTH, "test")[0]
    assert ranking[0] == 3
    assert set(ranking.tolist()) <= {NOTHING, *range(10)}


def test_a_bad_model_is_not_blessed(bad_model):
    decision = _evaluate(bad_model).decision
    assert not decision.blessed
    assert all("beats popularity" in reason for reason in decision.reasons)


def test_the_newest_live_version_is_the_one_compared_with(good_model, bad_model, tmp_path):
    _serve(bad_model, tmp_path, "9")
    _serve(good_model, tmp_path, "10")
    found = _evaluate(good_model, tmp_path)
    assert found.facts.live_version == 10
    assert found.decision.blessed
    assert found.slices["all"].differences["live"]["ndcg@10"].value == 0.0


def test_worse_than_live_is_not_blessed(good_model, bad_model, tmp_path):
    decision = _evaluate(bad_model, _serve(good_model, tmp_path, "1")).decision
    assert not decision.blessed
    assert any("live model (overall)" in reason for reason in decision.reasons)


def test_a_broken_live_version_blocks_with_its_reason(good_model, tmp_path):
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "saved_model.pb").write_bytes(b"\xff not a graph")
    decision = _evaluate(good_model, tmp_path).decision
    assert not decision.blessed
    assert "could not be measured" in decision.reasons[0]
    assert str(tmp_path / "5") in decision.reasons[0]


def test_without_contexts_nothing_is_blessed(good_model):
    found = _evaluate(good_model, contexts=[])
    assert not found.decision.blessed
    assert "no contexts" in found.decision.reasons[0]
    assert found.slices == {}


def test_contexts_without_an_answer_in_the_catalogue_are_left_out(good_model):
    found = _evaluate(
        good_model, contexts=toy_shop.search_contexts(), catalogue=toy_shop.catalogue(40))
    assert (found.facts.contexts, found.facts.unanswerable) == (40, 20)


def test_contexts_that_tune_do_not_judge(good_model):
    roles = ("tunes", "judges", "both")
    contexts = [
        dataclasses.replace(context, role=roles[number % 3])
        for number, context in enumerate(toy_shop.search_contexts())]
    found = _evaluate(good_model, contexts=contexts, catalogue=toy_shop.catalogue(30))
    # Of 60 contexts 20 tune; half of the others ask for what the catalogue lacks.
    assert (found.facts.contexts, found.facts.unanswerable) == (20, 20)
    assert found.slices["all"].contexts == 20


def test_the_same_model_and_seed_give_the_same_numbers(found, good_model):
    again = _evaluate(good_model)
    assert again.slices == found.slices
    assert again.facts == found.facts


def test_ranks_of_the_first_relevant_product(found):
    np.testing.assert_array_equal(found.first_ranks["search"]["candidate"], 1)
    np.testing.assert_array_equal(
        found.first_ranks["search"]["popularity"], np.arange(1, toy_shop.PRODUCTS + 1))
    assert found.recall_curves["search"]["popularity"][29] == pytest.approx(0.5)


def test_a_model_without_the_signatures_is_named(tmp_path):
    folder = toy_shop.save(
        toy_shop.ToyModel(toy_shop.catalogue()), tmp_path, leave_out=("recommend",))
    with pytest.raises(ValueError, match="signatures search and recommend"):
        Servable(folder)
