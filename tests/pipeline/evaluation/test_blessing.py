import pytest

from pipeline.config import Gate
from pipeline.evaluation.blessing import decide
from pipeline.evaluation.bootstrap import Estimate
from pipeline.evaluation.results import SliceResult

GATE = Gate(guarded_slices=("tail_product",), min_slice_contexts=30)
BETTER, EVEN, WORSE = (0.01, 0.03), (-0.01, 0.01), (-0.03, -0.01)
BESIDE_BM25 = (
    "Beside BM25 (search), which decides nothing: nDCG@10 0.2000 against 0.2000, difference "
    "-0.0200 (95% -0.0300 to -0.0100) on 100 contexts")


def _slice(contexts=100, popularity=BETTER, live=None):
    """A slice where the candidate differs from the others by intervals (low, high)."""
    others = {"popularity": popularity, "bm25": WORSE}
    if live is not None:
        others["live"] = live
    reached = {"ndcg@10": Estimate(0.2, 0.18, 0.22)}
    return SliceResult(
        contexts=contexts,
        metrics=dict.fromkeys(("candidate", *others), reached),
        differences={
            name: {"ndcg@10": Estimate(sum(ends) / 2, *ends)} for name, ends in others.items()},
        coverage={})


def test_better_than_popularity_without_a_live_model_is_blessed():
    decision = decide({"all": _slice(), "kind:search": _slice()}, GATE)
    assert decision.blessed
    assert decision.text() == (
        "Blessed.\n- beats popularity (search): nDCG@10 0.2000 against 0.2000, difference "
        f"+0.0200 (95% +0.0100 to +0.0300) on 100 contexts\n- {BESIDE_BM25}")


@pytest.mark.parametrize("popularity", [EVEN, WORSE, (0.0, 0.02)])
def test_not_beyond_popularity_is_not_blessed(popularity):
    decision = decide({"all": _slice(), "kind:search": _slice(popularity=popularity)}, GATE)
    assert not decision.blessed
    assert "beats popularity (search)" in decision.reasons[0]


def test_each_kind_has_to_beat_popularity():
    slices = {
        "all": _slice(), "kind:search": _slice(), "kind:recommend": _slice(popularity=EVEN)}
    decision = decide(slices, GATE)
    assert not decision.blessed
    assert len(decision.reasons) == 1
    assert "(recommend)" in decision.reasons[0]


def test_a_kind_with_few_contexts_decides_nothing():
    slices = {
        "all": _slice(), "kind:search": _slice(),
        "kind:recommend": _slice(contexts=29, popularity=WORSE)}
    assert decide(slices, GATE).blessed


@pytest.mark.parametrize(("slices", "found"), [
    ({}, "no contexts"),
    ({"all": _slice(12), "kind:search": _slice(12)}, "12 search contexts"),
    ({"all": _slice(40), "kind:search": _slice(20), "kind:recommend": _slice(20)},
     "20 search and 20 recommend contexts"),
])
def test_too_few_contexts_bless_nothing(slices, found):
    decision = decide(slices, GATE)
    assert not decision.blessed
    assert found in decision.reasons[0]
    assert "at least 30" in decision.reasons[0]


@pytest.mark.parametrize(("live", "blessed"), [
    (BETTER, True), (EVEN, True), ((0.0, 0.0), True), ((-0.02, 0.0), True), (WORSE, False)])
def test_not_worse_than_live_beyond_noise(live, blessed):
    decision = decide({"all": _slice(live=live), "kind:search": _slice(live=live)}, GATE)
    assert decision.blessed is blessed
    if not blessed:
        assert decision.reasons == (
            "not worse than the live model (overall): nDCG@10 0.2000 against 0.2000, difference "
            "-0.0200 (95% -0.0300 to -0.0100) on 100 contexts",)


def test_a_guarded_slice_may_not_be_worse_than_live():
    slices = {
        "all": _slice(live=BETTER), "kind:search": _slice(live=BETTER),
        "tail_product": _slice(contexts=30, live=WORSE)}
    decision = decide(slices, GATE)
    assert not decision.blessed
    assert "(tail_product)" in decision.reasons[0]


def test_small_and_unguarded_slices_do_not_block():
    slices = {
        "all": _slice(live=BETTER), "kind:search": _slice(live=BETTER),
        "tail_product": _slice(contexts=29, live=WORSE), "head_product": _slice(live=WORSE)}
    assert decide(slices, GATE).blessed


def test_guarded_slices_too_small_to_tell_are_named():
    gate = Gate(guarded_slices=("head_product", "tail_product", "short_query"))
    slices = {
        "all": _slice(live=BETTER), "kind:search": _slice(live=BETTER),
        "head_product": _slice(contexts=30, live=BETTER),
        "tail_product": _slice(contexts=29, live=WORSE)}
    decision = decide(slices, gate)
    note = ("Not guarded, as fewer than 30 contexts tell nothing (gate.min_slice_contexts): "
            "tail_product (29), short_query (0)")
    assert decision.notes == (BESIDE_BM25, note)
    assert decision.text().endswith(f"\n- {note}")
    assert not any(note in reason for reason in decision.reasons)


def test_without_a_live_model_nothing_is_to_be_guarded():
    assert decide({"all": _slice(), "kind:search": _slice()}, GATE).notes == (BESIDE_BM25,)


def test_a_comparison_on_few_contexts_is_not_told():
    assert decide({"all": _slice(29), "kind:search": _slice(29)}, GATE).notes == ()


def test_queries_that_nobody_asked_are_named():
    *_, note = decide({"all": _slice(), "kind:search": _slice()}, GATE, made_queries=7).notes
    assert note.startswith("Nobody's queries: 7 contexts ask what the catalogue says of itself")


def test_all_contexts_are_compared_once_where_they_are_named_too():
    slices = {"all": _slice(live=BETTER), "kind:search": _slice(live=BETTER)}
    conditions = [c.condition for c in decide(slices, Gate(guarded_slices=("all",))).checks]
    assert conditions == ["beats popularity (search)", "not worse than the live model (overall)"]


def test_a_live_model_that_cannot_be_measured_blocks():
    decision = decide(
        {"all": _slice(), "kind:search": _slice()}, GATE, live_problem="version 7: no such file")
    assert not decision.blessed
    assert "version 7: no such file" in decision.reasons[0]
    assert "repair or remove it" in decision.reasons[0]
