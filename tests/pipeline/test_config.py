import pytest

from pipeline.config import ConfigError, load_config


def test_a_later_file_wins_setting_by_setting_and_overrides_win_over_both(tmp_path):
    shop, tuned = tmp_path / "shop.yaml", tmp_path / "tuned.yaml"
    shop.write_text("text: {preset: tiny}\ntraining: {batch_size: 64, epochs: 2}\n")
    tuned.write_text("training: {batch_size: 32, learning_rate: 2e-05}\n")
    config = load_config([str(shop), str(tuned)], ["training.learning_rate=0.5"])
    assert config.text.preset == "tiny"
    assert (config.training.batch_size, config.training.epochs) == (32, 2)
    assert config.training.learning_rate == 0.5
    assert load_config([str(shop), str(tuned)]).training.learning_rate == 2e-5


@pytest.mark.parametrize("written", ["dense,lexical", "dense, lexical", "[dense, lexical]"])
def test_arms_are_a_list_however_it_is_written(written):
    assert load_config([], [f"index.arms={written}"]).index.arms == ("dense", "lexical")


@pytest.mark.parametrize(("written", "said"), [
    ("dense,dense", "named once"), ("dense,lexcial", "lexcial"), ("[]", "at least 1")])
def test_arms_that_there_are_not_are_refused(written, said):
    with pytest.raises(ConfigError, match=said):
        load_config([], [f"index.arms={written}"])


@pytest.mark.parametrize(("setting", "said"), [
    ("training.epoch=3", "training.epoch: there is no such setting, did you mean training.epochs?"),
    ("trainning.epochs=3", "trainning: there is no such setting, did you mean training?"),
    ("training.zzz=3", "training.zzz: there is no such setting (sections: "),
    ("seed=x", "seed: Input should be a valid integer"),
])
def test_a_setting_that_there_is_not_has_a_neighbour(setting, said):
    with pytest.raises(ConfigError) as error:
        load_config([], [setting])
    assert said in str(error.value)
