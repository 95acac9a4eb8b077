import json

import pytest

from pipeline.config import load_config
from pipeline.tuning.results import TrialResult, first_trial, format_table, read_trials, tuned_yaml


def trials(*values):
    return [
        TrialResult(number, value, {"learning_rate": rate, "batch_size": 128})
        for number, value, rate in values]


def test_trials_are_read_the_best_first_and_of_equals_the_earliest(tmp_path):
    (tmp_path / "tuner_results.json").write_text(json.dumps([
        {"trial_id": "02", "score": 0.4, "batch_size": 64},
        {"trial_id": "00", "score": 0.4, "batch_size": 128},
        {"trial_id": "01", "score": 0.5, "batch_size": 32}]))
    found = read_trials(str(tmp_path))
    assert [trial.number for trial in found] == [1, 0, 2]
    assert found[0] == TrialResult(1, 0.5, {"batch_size": 32})
    assert first_trial(found).number == 0


def test_the_table_stacks_the_words_of_a_name():
    assert format_table(trials((1, 0.41234, 0.0002), (0, 0.4, 0.0001))) == (
        "                learning  batch\n"
        "trial  nDCG@10      rate   size\n"
        "    1   0.4123    0.0002    128\n"
        "    0   0.4000    0.0001    128")


@pytest.mark.parametrize(("rate", "said"), [
    (0.000213, "learning_rate: 0.000213  # was 0.0001"),
    (2e-05, "learning_rate: 2e-05  # was 0.0001")])
def test_the_file_says_what_changed_and_a_run_reads_it(tmp_path, rate, said):
    text = tuned_yaml(trials((1, 0.45, rate), (0, 0.41, 0.0001)))
    assert said in text
    assert "batch_size: 128  # as it was" in text
    assert "trial 1 of 2 reached nDCG@10 0.4500,\n# 0.4100 the settings as they were." in text
    (tmp_path / "tuned.yaml").write_text(text)
    config = load_config([str(tmp_path / "tuned.yaml")])
    assert config.training.learning_rate == rate
    assert config.model_copy(update={"training": load_config().training}) == load_config()


def test_a_search_without_a_better_trial_says_so():
    text = tuned_yaml(trials((0, 0.41, 0.0001), (1, 0.4, 0.0002)))
    assert "no trial was better than the settings as they were, nDCG@10 0.4100." in text
    assert "learning_rate: 0.0001  # as it was" in text


def test_a_search_that_ended_with_its_first_trial_claims_no_comparison():
    text = tuned_yaml(trials((0, 0.41, 0.0001)))
    assert "only the settings as they were have been tried, nDCG@10 0.4100." in text
