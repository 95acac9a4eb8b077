import dataclasses
import json
import re
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import tensorflow as tf

from pipeline.config import load_config
from pipeline.evaluation import plots
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.report import (
    metrics_json,
    render_report,
    write_reports,
    write_tensorboard,
)
from tests.pipeline.evaluation import toy_shop

CREATED = "2024-05-01T12:00:00+00:00"


@pytest.fixture(scope="module")
def found(good_model):
    return _evaluate(good_model, [*toy_shop.recommend_contexts(), *toy_shop.search_contexts()])


def _evaluate(model_dir, contexts, live_dir="/nowhere"):
    return evaluate(
        model_dir=model_dir, live_dir=live_dir, contexts=contexts,
        catalogue=toy_shop.catalogue(), popularity=toy_shop.popularity(),
        config=load_config(None, ["gate.bootstrap_samples=100", "seed=7", "training.epochs=5"]))


def test_the_page_says_what_was_decided_and_measured(found):
    page = render_report(found, CREATED)
    assert "Blessed: this model may be served" in page
    assert "beats popularity (recommend)" in page
    for name in ("candidate", "popularity", "BM25", "head_product", "tail_product", "new_shopper",
                 "min(relevant products, k)", "no model is live yet", found.facts.data_hash):
        assert name in page, name
    value = found.slices["kind:recommend"].metrics["candidate"]["recall@10"].value
    assert f"{value:.4f}" in page


@pytest.mark.parametrize(("changed", "said"), [
    ({}, "learned on 90 contexts, measured on 1,200 others"),
    ({"judged": 90, "both": 90}, "learned on 90 contexts, measured on 90, 90 of them the same"),
    ({"learned": False}, "the defaults, since fewer than 50 tell noise, measured on 1,200</small>"),
])
def test_the_page_says_what_each_arm_is_worth_and_whose_word_that_is(found, changed, said):
    arms = {
        "tuned": 90, "judged": 1200, "both": 0, "learned": True,
        "weights": {"dense": 9.5, "words": 0.0},
        "ndcg": {"fused": 0.25, "dense": 0.2, "without dense": 0.26}, **changed}
    page = render_report(dataclasses.replace(found, fusion={"query": arms}), CREATED)
    assert said in page
    assert "Weights: dense 9.5</p>" in page
    rows = re.findall(r"<tr><td>(.*?)</td><td><b>(.*?)</b></td><td>(.*?)</td></tr>", page)
    assert ("all arms, fused", "0.2500", "") in rows
    assert [(name, value) for name, value, _ in rows if "dense" in name] == [
        ("dense alone", "0.2000"), ("without dense", "0.2600")]


def test_the_page_fetches_nothing(found):
    page = render_report(found, CREATED)
    without_names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert not re.search(r"<(script|link|img|iframe|object)\b", without_names)
    assert not re.search(r'(src|href)="(?!#)', without_names)
    assert "@import" not in without_names


def test_plots_are_well_formed_and_labelled(found):
    # Wants of p00.. are 60, 59, ..: 80% of all 1,830 are reached with p33, so 26 products are tail,
    # each relevant to one query and one history.
    for svg, text in (
        (plots.slices_plot(found.slices), "tail_product (52)"),
        (plots.recall_plot(found.recall_curves), "recall@k"),
        (plots.first_rank_plot(found.first_ranks), "rank of the first relevant product"),
    ):
        root = ElementTree.fromstring(svg)
        assert text in "".join(root.itertext())


def test_titles_and_queries_are_escaped(found):
    page = render_report(found, CREATED)
    assert "<shade0>" not in page
    assert "&lt;shade0&gt;" in page


def test_nothing_of_a_shopper_is_written(found, tmp_path):
    write_reports(found, str(tmp_path))
    for path in tmp_path.iterdir():
        text = path.read_text(encoding="utf-8")
        for private in toy_shop.PRIVATE:
            assert private not in text, path.name


def test_example_queries_never_show_contact_data_or_histories(good_model):
    contexts = toy_shop.search_contexts()[:4]
    typed = ["ada@example.org", "call 0171 234 5678", "item03 m8 90mm", "item02"]
    contexts = [
        dataclasses.replace(context, query=query)
        for context, query in zip(contexts, typed, strict=True)]
    examples = _evaluate(good_model, [*contexts, *toy_shop.recommend_contexts()]).examples
    assert {example.query for example in examples} == {"item03 m8 90mm", "item02"}


def test_example_queries_go_from_worst_to_best_with_titles(found):
    scores = [example.score for example in found.examples]
    assert scores == sorted(scores)
    example = found.examples[0]
    assert len(example.results) == 5
    assert example.results[0].title.startswith(example.query)
    assert [result.gain for result in example.results] == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_metrics_are_json_with_all_that_is_needed_to_repeat_them(found):
    metrics = json.loads(json.dumps(metrics_json(found, CREATED)))
    assert metrics["seed"] == 7
    assert metrics["data"] == {
        "sha256": found.facts.data_hash, "contexts": 120, "contexts_left_out": 0, "products": 60}
    assert metrics["configuration"] == found.facts.config.model_dump(mode="json")
    assert metrics["configuration"]["gate"]["bootstrap_samples"] == 100
    assert metrics["configuration"]["training"]["epochs"] == 5
    assert metrics["code"]["packages"]["tensorflow"] == tf.__version__
    assert metrics["decision"]["blessed"] is True
    assert tuple(metrics["decision"]["reasons"]) == found.decision.reasons
    candidate = metrics["slices"]["kind:search"]["metrics"]["candidate"]
    assert candidate["ndcg@10"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert candidate["coverage@10"] == {"value": 1.0}
    difference = metrics["slices"]["all"]["candidate_minus"]["popularity"]["ndcg@10"]
    assert difference["low"] < difference["value"] < difference["high"]
    assert metrics["recall_curves"]["search"]["popularity"]["10"] == pytest.approx(10 / 60)


def test_a_page_without_contexts_still_says_why(good_model):
    page = render_report(_evaluate(good_model, []), CREATED)
    assert "Not blessed" in page
    assert "no contexts" in page


def test_scalars_of_each_system_by_evaluation(found, tmp_path):
    write_tensorboard(found, str(tmp_path))
    write_tensorboard(found, str(tmp_path))
    expected = found.slices["kind:search"].metrics["popularity"]["mrr@10"].value
    assert _scalars(tmp_path, "popularity", "kind:search/mrr@10") == {
        0: pytest.approx(expected), 1: pytest.approx(expected)}


def test_systems_of_an_evaluation_share_its_step(found, good_model, tmp_path):
    # The first evaluation of a shop has no live model; the second has one.
    shutil.copytree(good_model, tmp_path / "serving" / "1")
    with_live = _evaluate(good_model, toy_shop.search_contexts(), str(tmp_path / "serving"))
    for evaluation in (found, with_live):
        write_tensorboard(evaluation, str(tmp_path))
    assert list(_scalars(tmp_path, "candidate", "all/ndcg@10")) == [0, 1]
    assert list(_scalars(tmp_path, "live", "all/ndcg@10")) == [1]


def test_a_slice_too_small_to_guard_is_named(good_model, tmp_path):
    # No recommend context: both slices of shoppers are empty.
    shutil.copytree(good_model, tmp_path / "1")
    found = _evaluate(good_model, toy_shop.search_contexts(), str(tmp_path))
    [_, note] = json.loads(json.dumps(metrics_json(found, CREATED)))["decision"]["notes"]
    assert note.startswith("Not guarded, as fewer than 30 contexts tell nothing")
    assert "new_shopper (0), known_shopper (0)" in note
    assert note in render_report(found, CREATED)


def _scalars(tensorboard_dir, system, tag) -> dict[int, float]:
    """Value by step of one scalar of one system."""
    return dict(sorted(
        (event.step, float(tf.make_ndarray(value.tensor)))
        for path in (tensorboard_dir / "evaluation" / system).glob("*tfevents*")
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value if value.tag == tag))


def test_shares_of_ranks_by_hand():
    # Ranks 1, 3, 10, 11, 100 and one not found: bins 1, 2-3, 4-10, 11-50, 51-100, none.
    assert plots.rank_shares(np.array([1, 3, 10, 11, 100, 0])) == pytest.approx([1 / 6] * 6)
