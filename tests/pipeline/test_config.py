import pytest

from pipeline.config import ConfigError, load_config, read_user_key, user_key_fingerprint
from pipeline.personal.hashing import UserKey


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


@pytest.mark.parametrize("written", ["us, DE", "[US, DE]"])
def test_regions_are_a_list_however_it_is_written(written):
    assert load_config([], [f"ingest.phone_regions={written}"]).ingest.phone_regions == (
        "US", "DE")


@pytest.mark.parametrize(("written", "said"), [
    ("UK", "there is no UK"), ("[US, 49]", "ingest.phone_regions"), ("7", "ingest.phone_regions")])
def test_regions_that_there_are_not_are_refused(written, said):
    with pytest.raises(ConfigError, match=said):
        load_config([], [f"ingest.phone_regions={written}"])


def test_no_region_at_all_is_one_choice():
    assert load_config([], ["ingest.phone_regions=[]"]).ingest.phone_regions == ()


@pytest.mark.parametrize("environment", [{}, {"EMPORIUM_USER_KEY": " \n"}])
def test_without_a_variable_there_is_no_key(environment):
    assert read_user_key(environment) is None


def test_the_key_is_read_from_the_environment():
    secret = "0123456789abcdef"
    assert read_user_key({"EMPORIUM_USER_KEY": f"2:{secret}\n"}) == UserKey("2", secret.encode())


def test_a_key_that_is_too_short_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setenv("EMPORIUM_USER_KEY", "1:hunter2")
    with pytest.raises(ConfigError, match="EMPORIUM_USER_KEY .* 16 are the least.*openssl") as said:
        user_key_fingerprint()
    assert "hunter2" not in str(said.value)
