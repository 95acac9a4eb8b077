from pipeline.config import load_config


def test_a_later_file_wins_setting_by_setting_and_overrides_win_over_both(tmp_path):
    shop, tuned = tmp_path / "shop.yaml", tmp_path / "tuned.yaml"
    shop.write_text("text: {preset: tiny}\ntraining: {batch_size: 64, epochs: 2}\n")
    tuned.write_text("training: {batch_size: 32, learning_rate: 2e-05}\n")
    config = load_config([str(shop), str(tuned)], ["training.learning_rate=0.5"])
    assert config.text.preset == "tiny"
    assert (config.training.batch_size, config.training.epochs) == (32, 2)
    assert config.training.learning_rate == 0.5
    assert load_config([str(shop), str(tuned)]).training.learning_rate == 2e-5
