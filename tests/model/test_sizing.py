"""Batches and validations by data size: the small, the benchmarked, what a person sets."""

import pytest

from model.settings import Training
from model.sizing import Plan, plan_contexts, plan_text, with_batch_sizes


@pytest.mark.parametrize(("pairs", "batch", "steps", "every"), [
    # 900 pairs in three passes; 300 // 32 = 9 batches a pass, of which half is raised to ten.
    (300, 32, 28, 10),
    # 1,800 pairs are 56 batches, 18 a pass: nine raised to ten.
    (600, 32, 56, 10),
    # 8,997 pairs; 93 batches a pass.
    (2_999, 32, 281, 46),
    # 9,000 pairs; 46 batches a pass.
    (3_000, 64, 140, 23),
    # 59,997 pairs; 312 batches a pass, half of which is lowered to 150.
    (19_999, 64, 937, 150),
    # 60,000 pairs; 156 batches a pass.
    (20_000, 128, 468, 78),
    # homedepot: 80,000 pairs at the most; 314 batches a pass, 157 in half.
    (40_231, 128, 625, 150),
])
def test_a_text_phase_by_the_number_of_its_pairs(pairs, batch, steps, every):
    assert plan_text(Training(), pairs, asked=True) == Plan(batch, steps, every)


@pytest.mark.parametrize(("pairs", "plan"), [
    # chorus: 25,600 made pairs at the most, half of a pass of 383 batches: half of all steps.
    (49_151, Plan(128, 200, 100)),
    # 300 are trained on in full.
    (100, Plan(32, 9, 4)),
])
def test_a_text_phase_on_pairs_that_the_catalogue_made(pairs, plan):
    assert plan_text(Training(), pairs, asked=False) == plan


@pytest.mark.parametrize(("contexts", "plan"), [
    # 6 batches a pass, 20 passes; two are 12 batches.
    (200, Plan(32, 120, 12)),
    # 150 of 45.2 in a pass would be 6,788: below, 32 is nearer to them than 64.
    (6_780, Plan(32, 4_220, 150)),
    (6_800, Plan(64, 2_120, 150)),
    # Likewise 150 of 90.5 are 13,576.
    (13_570, Plan(64, 4_240, 150)),
    (13_600, Plan(128, 2_120, 150)),
    # scientific_cold and scientific, as measured with batches of 256.
    (34_560, Plan(256, 2_700, 150)),
    (39_168, Plan(256, 3_060, 150)),
    (1_000_000, Plan(256, 78_120, 150)),
])
def test_contexts_by_their_number(contexts, plan):
    assert plan_contexts(Training(), contexts) == plan


@pytest.mark.parametrize("examples", [1, 31])
def test_fewer_examples_than_a_batch_still_take_steps(examples):
    assert plan_text(Training(epochs=1), examples, asked=True) == Plan(32, 1, 1)
    assert plan_contexts(Training(context_epochs=1), examples) == Plan(32, 1, 1)


def test_what_is_set_is_taken_and_an_interval_lowered_to_half_of_the_steps():
    settings = Training(
        batch_size=100, epochs=4, context_batch_size=10, context_epochs=2, validate_steps=15)
    # 40 steps leave room for two validations 15 steps apart, 20 steps for two of ten.
    assert plan_text(settings, 1_000, asked=True) == Plan(100, 40, 15)
    assert plan_contexts(settings, 100) == Plan(10, 20, 10)


def test_batch_sizes_are_filled_in_by_what_may_be_trained_on():
    settings = with_batch_sizes(Training(), pairs=40_231, contexts=39_168)
    assert settings == Training(batch_size=128, context_batch_size=256)
    capped = with_batch_sizes(
        Training(max_text_pairs=5_000, max_contexts=300), pairs=40_231, contexts=39_168)
    assert (capped.batch_size, capped.context_batch_size) == (64, 32)
    chosen = Training(batch_size=100, context_batch_size=10)
    assert with_batch_sizes(chosen, pairs=40_231, contexts=39_168) == chosen


def test_a_plan_is_told_in_words():
    assert str(Plan(32, 28, 10)) == "batches of 32, validated every 10 steps"
