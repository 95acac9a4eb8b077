"""What is tuned, and between which values."""

from model.settings import Training
from model.tuning.space import Phase, SearchSpace, differing, tidied

SIZED = Training(batch_size=128, context_batch_size=256)
BOTH = SearchSpace(SIZED, (Phase.TEXT, Phase.CONTEXTS))


def setting(space, name):
    [found] = [s for s in space.declare().space if s.name == name]
    return found


def test_defaults_are_the_settings_as_they_are():
    training = Training(
        learning_rate=3e-4, batch_size=64, context_batch_size=256, residual_dropout=0.1)
    configured = SearchSpace(training, BOTH.phases).configured()
    assert configured == {
        "learning_rate": 3e-4, "batch_size": 64, "temperature": 0.05,
        "context_learning_rate": 1e-3, "context_batch_size": 256, "residual_rank": 64,
        "residual_dropout": 0.1}


def test_the_temperature_is_tuned_once_with_the_first_phase():
    assert "temperature" in BOTH.names(Phase.TEXT)
    assert "temperature" not in BOTH.names(Phase.CONTEXTS)
    alone = SearchSpace(SIZED, (Phase.CONTEXTS,))
    assert "temperature" in alone.names(Phase.CONTEXTS)
    assert "learning_rate" not in alone.configured()


def test_a_range_is_widened_to_hold_what_is_configured():
    wide = SearchSpace(
        SIZED.model_copy(update={"learning_rate": 0.01, "batch_size": 100}), BOTH.phases)
    assert setting(wide, "learning_rate").max_value == 0.01
    assert setting(wide, "learning_rate").min_value == 2e-5
    assert setting(wide, "batch_size").values == [32, 64, 100, 128, 256]


def test_every_end_of_every_range_is_a_setting_that_training_takes():
    for tuned in BOTH.declare().space:
        for share in (0.0, 1.0):
            value = tuned.prob_to_value(share)
            assert getattr(BOTH.apply({tuned.name: value}), tuned.name) == value


def test_values_replace_settings_and_the_rest_stays():
    training = BOTH.apply({"learning_rate": 2e-4, "residual_rank": 16})
    assert training == SIZED.model_copy(update={"learning_rate": 2e-4, "residual_rank": 16})


def test_rates_have_three_digits_and_counts_all():
    assert tidied({"learning_rate": 0.000123456, "batch_size": 1024}) == {
        "learning_rate": 0.000123, "batch_size": 1024}


def test_what_differs_is_named():
    configured = BOTH.configured()
    values = {**configured, "batch_size": 32}
    assert differing(values, configured, list(configured)) == {"batch_size": 32}
