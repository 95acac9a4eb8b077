import pytest

from benchmarks.quality.ablation import VARIATIONS
from benchmarks.quality.job import SEEDS
from pipeline.config import Config, load_config


@pytest.mark.parametrize("variation", VARIATIONS, ids=lambda v: v.name)
def test_a_variation_changes_settings_that_exist(variation):
    assert load_config(overrides=list(variation.settings)) != Config()


def test_variations_have_names_of_their_own_and_runs_of_the_default_to_compare_with():
    assert len({v.name for v in VARIATIONS}) == len({v.label for v in VARIATIONS}) == len(
        VARIATIONS)
    assert {task for v in VARIATIONS for task in v.tasks} <= set(SEEDS)
