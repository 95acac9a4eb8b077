import numpy as np
import pytest

from benchmarks.quality import ablation
from benchmarks.quality.pages import (
    BEGIN,
    END,
    PAGE,
    README,
    load_kept,
    page,
    readme_block,
    replace_block,
)
from benchmarks.quality.results import EMPORIUM, FOLDER, Result
from benchmarks.quality.table import Figure, Kept, ablation_table, commits, comparison

FIGURES = (
    Figure("chorus", "chorus", "nDCG@10"), Figure("chorus", "chorus, rare", "nDCG@10", "rare"))
MEMBERS = {"chorus": {
    "all": np.array([True] * 4), "rare": np.array([True, True, False, False])}}


def _result(system, values, *, seed=1, task="chorus", minutes=10.0, resumed=False, status=0,
            commit="abc"):
    return Result(
        task, system, seed, commit, [], minutes, resumed, 1.0, status, {},
        {"nDCG@10": np.array(values)} if values else {})


def _row(table, label):
    [line] = [line for line in table.splitlines() if line.startswith(f"| {label} |")]
    return line.strip("| ").split(" | ")[1:]


def test_emporium_is_compared_with_the_best_peer_of_each_column():
    table = comparison(Kept([
        _result(EMPORIUM, [0.5, 0.5, 0.5, 0.5], seed=1, minutes=30),
        _result(EMPORIUM, [0.7, 0.7, 0.7, 0.7], seed=2, minutes=20),
        _result("bm25", [0.1, 0.1, 0.8, 0.8]),
        _result("minilm", [0.4, 0.4, 0.4, 0.4]),
    ], MEMBERS), FIGURES)
    assert table.splitlines()[:2] == [
        "|  | chorus<br>nDCG@10 | chorus, rare<br>nDCG@10 |", "| --- | --- | --- |"]
    # Two seeds .5 and .7: mean .6, sample deviation .1 * sqrt(2).
    assert _row(table, "Emporium") == ["0.6000 ± 0.1414"] * 2
    assert _row(table, "BM25, title to description") == ["**0.4500**", "0.1000"]
    assert _row(table, "MiniLM") == ["0.4000", "**0.4000**"]
    assert _row(table, "BM25, title") == ["–", "–"]
    # By topic .5 .5 -.2 -.2 to BM25: resampled of four, the extremes are all of a kind. To MiniLM
    # every topic differs by .2.
    first, second = _row(table, "Emporium − best peer")
    assert first == "+0.1500 (-0.2000 to +0.5000)"
    assert second == "+0.2000 (+0.2000 to +0.2000)"
    assert _row(table, "Minutes of the whole run (median)") == ["25", "25"]
    assert "Popularity" not in table  # It answers no queries.


def test_one_seed_has_no_spread_and_a_resumed_run_no_minutes():
    table = comparison(Kept([
        _result(EMPORIUM, [0.5, 0.5, 0.5, 0.9], resumed=True)], MEMBERS), FIGURES)
    assert _row(table, "Emporium") == ["0.6000", "0.5000"]
    assert _row(table, "Emporium − best peer") == ["–", "–"]
    assert _row(table, "Minutes of the whole run (median)") == ["–", "–"]


def test_a_model_that_was_not_pushed_is_said_to_be():
    table = comparison(Kept([
        _result(EMPORIUM, [], status=3), _result("bm25", [0.1] * 4)], MEMBERS), FIGURES)
    assert _row(table, "Emporium") == ["not pushed"] * 2
    assert _row(table, "Emporium − best peer") == ["not pushed"] * 2


def test_seeds_that_were_pushed_do_not_speak_for_one_that_was_not():
    table = comparison(Kept([
        _result(EMPORIUM, [0.5] * 4), _result(EMPORIUM, [], seed=2, status=3),
        _result("bm25", [0.1] * 4)], MEMBERS), FIGURES)
    assert _row(table, "Emporium") == ["not pushed"] * 2
    assert _row(table, "Emporium − best peer") == ["not pushed"] * 2


def test_a_variation_is_compared_with_the_default_of_its_seed():
    members = {"homedepot": {
        "all": np.array([True, True]), "query_with_unseen_word": np.array([False, True])}}
    [variation] = [v for v in ablation.VARIATIONS if v.name == "pretraining"]
    table = ablation_table(Kept([
        _result(EMPORIUM, [0.5, 0.7], task="homedepot"),
        _result(EMPORIUM, [0.9, 0.9], task="homedepot", seed=2),
        _result(variation.system, [0.4, 0.6], task="homedepot"),
        _result("ablation-mining", [], task="homedepot", status=3),
    ], members))
    assert _row(table, "default") == ["0.6000", "0.7000", "–", "–", "–"]
    assert _row(table, variation.label) == [
        "-0.1000 (-0.1000 to -0.1000)"] * 2 + ["–"] * 3
    assert _row(table, "mined negatives") == ["not pushed"] * 2 + ["–"] * 3


def test_variations_of_another_commit_than_the_default_are_named():
    def kept(*commits):
        return Kept([
            _result(EMPORIUM, [0.5, 0.7], task="homedepot", commit="abc"),
            _result(EMPORIUM, [0.5, 0.7], task="homedepot", seed=2, commit="old"),
            *(_result(system, [0.4, 0.6], task="homedepot", commit=commit) for system, commit in
              zip(("ablation-mining", "ablation-logq"), commits, strict=True))], {})

    assert commits(kept("abc", "abc")) == ""
    assert commits(kept("abc", "old")) == (
        "On homedepot the default is of commit abc, not so: logQ (old).\n")


def test_the_block_between_the_marks_is_replaced():
    assert replace_block(f"a\n{BEGIN}old{END}\nb", "new") == "a\nnew\nb"
    with pytest.raises(ValueError, match="should hold .*quality:begin.*it lacks one"):
        replace_block("no marks", "new")


def test_the_pages_show_the_committed_results():
    kept = load_kept(FOLDER)
    remedy = "stale: `python -m benchmarks.quality table` writes it"
    assert readme_block(kept) in README.read_text(encoding="utf-8"), f"README {remedy}"
    assert page(kept) == PAGE.read_text(encoding="utf-8"), f"benchmarks/quality.md {remedy}"


def test_every_figure_and_slice_of_a_committed_result_agrees_with_score_py():
    kept = load_kept(FOLDER)
    for result in kept.results:
        for name, row in result.slices.items():
            for measure in result.topics:
                [value] = [v.mean() for v in kept.values(
                    Figure(result.task, "", measure, name), result.system, result.seed)]
                assert value == pytest.approx(row[measure], abs=1e-4), (result.file_name, name)
