import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Examples
from pipeline.examples import queries
from pipeline.examples.histories import QueryPair
from pipeline.examples.queries import GatherJudgmentFacts, JudgmentFacts, read_query_group
from pipeline.examples.records import Judgment
from pipeline.examples.split import normalise_query, unit_hash

_SETTINGS = Examples(validation_fraction=0.4)
_SEED = 7
_BY_COLUMN = JudgmentFacts(max_grade=3.0, validates=True)
_BY_HASH = JudgmentFacts(max_grade=3.0, validates=False)

_WORDS = ("mug", "lamp", "sofa", "chair", "table", "vase", "plate", "fork")
_VALIDATES = next(w for w in _WORDS if unit_hash(_SEED, "query", w) < 0.4)
_TRAINS = next(w for w in _WORDS if unit_hash(_SEED, "query", w) >= 0.4)


def _group(query, judgments=(), pairs=(), facts=_BY_COLUMN):
    return read_query_group(
        normalise_query(query), judgments, pairs, facts, _SETTINGS, _SEED)


def _drafts(group):
    return {d.product_id: d for d in queries.query_drafts(group, _SEED)}


def test_facts_of_judgments_in_several_bundles():
    rows = [Judgment("q", "a", 1.0, "train"), Judgment("q", "b", 3.0, "train"),
            Judgment("r", "c", 2.0, "validation")]
    with beam.Pipeline() as p:
        parts = [p | f"Create {n}" >> beam.Create(rows[n::2]) for n in range(2)]
        assert_that(parts | beam.Flatten() | beam.CombineGlobally(GatherJudgmentFacts()),
                    equal_to([JudgmentFacts(3.0, True)]))
    with beam.Pipeline() as p:
        assert_that(p | beam.Create([]) | beam.CombineGlobally(GatherJudgmentFacts()),
                    equal_to([JudgmentFacts(0.0, False)]))


@pytest.mark.parametrize(("grade", "max_grade", "positive"), [
    (2, 3, True), (1, 3, False),  # 0..3
    (1.33, 2, True), (1.25, 2, False),  # means of raters on 0..2
    (4, 5, True), (3, 5, False), (1, 1, True), (0, 1, False), (0, 0, False),
])
def test_positives_have_two_thirds_of_the_largest_grade(grade, max_grade, positive):
    group = _group("mug", [Judgment("mug", "a", grade, "train")],
                   facts=JudgmentFacts(max_grade, True))
    assert (set(_drafts(group)) == {"a"}) is positive


def test_judged_training_query():
    group = _group("Red  mug", [
        Judgment("Red mug", "a", 3.0, "train"), Judgment("red mug", "b", 2.0, "train"),
        Judgment("red mug", "b", 3.0, "train"), Judgment("red mug", "c", 1.0, "train")])
    drafts = _drafts(group)
    assert {p: d.weight for p, d in drafts.items()} == {"a": 1.0, "b": 1.0}
    assert drafts["a"].query == "Red mug"
    assert drafts["a"].kind == "search"
    assert drafts["a"].positives == ("a", "b")
    assert queries.query_context(group, timed=True, seed=_SEED) is None


def test_what_else_raters_judged_goes_along_with_a_product():
    judgments = [Judgment("mug", p, grade, "train") for p, grade in (
        ("best", 3.0), ("good", 2.0), ("poor", 1.5), ("bad", 0.0))]
    pairs = [QueryPair("mug", "clicked", 0.4, later=False)]
    drafts = _drafts(_group("mug", judgments, pairs))
    assert {p: dict(d.negatives) for p, d in drafts.items()} == {
        "best": {"poor": 0.5, "bad": 0.0}, "good": {"poor": 0.5, "bad": 0.0},
        "clicked": {"poor": 0.5, "bad": 0.0}}  # though a click weighs less than the poor one
    # What was clicked itself is a positive, and no negative of any other.
    also = _drafts(_group("mug", judgments, [*pairs, QueryPair("mug", "poor", 0.3, later=False)]))
    assert set(also) == {"best", "good", "clicked", "poor"}
    assert all(draft.negatives == (("bad", 0.0),) for draft in also.values())


def test_negatives_are_capped_and_differ_between_queries():
    def negatives(query):
        judgments = [Judgment(query, "a", 3.0, "train")] + [
            Judgment(query, f"p{n}", float(n % 2), "train") for n in range(300)]
        return _drafts(_group(query, judgments))["a"].negatives

    assert len(negatives("mug")) == queries.MAX_NEGATIVES
    # None of those in part right is left out, to be taken for wrong.
    assert sum(grade > 0 for _, grade in negatives("mug")) == 150
    assert negatives("mug") == negatives("mug")
    assert negatives("mug") != negatives("lamp")


def test_judged_validation_query_answers_with_its_grades():
    group = _group("red mug for tea", [
        Judgment("red mug for tea", "a", 2.0, "validation"),
        Judgment("red mug for tea", "b", 1.0, "validation"),
        Judgment("red mug for tea", "c", 0.0, "validation")])
    context = queries.query_context(group, timed=False, seed=_SEED)
    assert context.gains == {"a": 2.0, "b": 1.0}
    assert [p for p, _ in context.positives] == ["a"]
    assert context.slices == ()
    assert _drafts(group) == {}


def test_short_queries_are_a_slice():
    assert queries.query_slices("red mug") == ("short_query",)
    assert queries.query_slices("red mug tea") == ()


def test_gains_of_large_scales_are_scaled_down_to_five():
    group = _group("mug", [Judgment("mug", "a", 50.0, "validation")],
                   facts=JudgmentFacts(100.0, True))
    assert queries.query_context(group, timed=False, seed=_SEED).gains == {"a": 2.5}


def test_one_spelling_in_validation_takes_the_query_out_of_training():
    judgments = [Judgment("Red Mug", "a", 3.0, "train"),
                 Judgment("red mug", "b", 3.0, "validation")]
    pairs = [QueryPair("RED MUG", "c", 1.0, later=False)]
    assert _drafts(_group("red mug", judgments, pairs)) == {}


def test_a_hash_decides_where_no_judgment_validates():
    for query, validates in ((_VALIDATES, True), (_TRAINS, False)):
        group = _group(query, [Judgment(query, "a", 3.0, "train")], facts=_BY_HASH)
        assert group.validates is validates


def test_a_judged_query_without_validation_trains_where_others_validate():
    assert not _group(_VALIDATES, [Judgment(_VALIDATES, "a", 3.0)]).validates


def test_events_of_a_training_query_train_before_the_cut_only():
    pairs = [QueryPair(_TRAINS, "a", 0.5, later=False), QueryPair(_TRAINS, "a", 1.0, later=False),
             QueryPair(_TRAINS, "b", 1.0, later=True)]
    group = _group(_TRAINS, [], pairs)
    assert {p: d.weight for p, d in _drafts(group).items()} == {"a": 1.0}
    assert _drafts(group)["a"].positives == ("a",)


def test_events_of_a_validation_query_answer_from_after_the_cut():
    pairs = [QueryPair(_VALIDATES, "a", 0.5, later=False),
             QueryPair(_VALIDATES, "b", 0.3, later=True)]
    group = _group(_VALIDATES, [], pairs)
    assert _drafts(group) == {}
    assert queries.query_context(group, timed=True, seed=_SEED).gains == {"b": 1.0}
    assert queries.query_context(group, timed=False, seed=_SEED).gains == {"a": 1.0, "b": 1.0}
    assert queries.query_context(_group(_VALIDATES, [], pairs[:1]), True, _SEED) is None


def test_raters_outweigh_clicks_on_what_they_gave_nothing():
    judgments = [Judgment("mug", "a", 0.0, "train"), Judgment("mug", "b", 1.0, "train")]
    pairs = [QueryPair("mug", product_id, 0.5, later=False) for product_id in "abc"]
    assert set(_drafts(_group("mug", judgments, pairs))) == {"b", "c"}


def test_judged_wants():
    trains = _group("mug", [Judgment("mug", "a", 3.0, "train"), Judgment("mug", "b", 1.0, "train")])
    assert queries.judged_wants(trains) == ("a",)
    validates = _group("mug", [Judgment("mug", "a", 3.0, "validation")])
    assert queries.judged_wants(validates) == ()


@given(
    judgments=st.lists(st.builds(
        Judgment, query=st.just("mug"), product_id=st.sampled_from("abcd"),
        grade=st.floats(0, 3), split=st.sampled_from(["", "train", "validation"]))),
    pairs=st.lists(st.builds(
        QueryPair, query=st.just("Mug"), product_id=st.sampled_from("abcd"),
        weight=st.sampled_from([0.3, 1.0]), later=st.booleans()), min_size=1),
    facts=st.sampled_from([_BY_COLUMN, _BY_HASH]), timed=st.booleans())
def test_a_query_trains_or_validates_never_both(judgments, pairs, facts, timed):
    group = _group("mug", judgments, pairs, facts)
    drafts = _drafts(group)
    context = queries.query_context(group, timed, _SEED)
    assert not (drafts and context)
    if any(j.split == "validation" for j in judgments) and facts.validates:
        assert not drafts
    judged = {j.product_id for j in judgments if j.grade >= 0.66 * 3}
    best = {}
    for judgment in judgments:
        best[judgment.product_id] = max(judgment.grade, best.get(judgment.product_id, 0))
    wanted = {pair.product_id for pair in pairs
              if not pair.later and best.get(pair.product_id) != 0}
    assert set(drafts) in (set(), judged | wanted)
    for draft in drafts.values():
        assert set(draft.positives) == judged | wanted
        assert 0 < draft.weight <= 1
        assert all(0 <= grade < queries.POSITIVE_GRADE for _, grade in draft.negatives)
        assert not {p for p, _ in draft.negatives} & set(drafts)
