"""Mistakes in settings that are found before anything runs."""

import json

import numpy as np
import pytest
import safetensors.numpy
from keras_nlp.src.utils import preset_utils

from model.acceleration import StrategyError
from model.checkpoints import CheckpointError
from model.preflight import check_settings
from model.presets import PresetError, load_preset
from model.settings import Text, Training

TEXT = {"query_tokens": 8, "profile_tokens": 16, "product_tokens": 32}


@pytest.fixture
def checkpoint(tmp_path):
    """A checkpoint of 32 positions, as far as the check looks."""
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "hidden_act": "gelu", "vocab_size": 4, "num_hidden_layers": 1,
        "num_attention_heads": 1, "hidden_size": 2, "intermediate_size": 4,
        "max_position_embeddings": 32, "type_vocab_size": 2}))
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n")
    safetensors.numpy.save_file({"weight": np.zeros(8, "f4")}, folder / "model.safetensors")
    return folder


def check(preset, strategy="auto", **tokens):
    check_settings(Text(preset=str(preset), **(TEXT | tokens)), Training(strategy=strategy))


@pytest.mark.parametrize("preset", ["tiny", "tiny_zh", "minilm"])
def test_what_is_installed_takes_the_longest_texts(preset):
    check(preset, query_tokens=512, profile_tokens=512, product_tokens=512)


def test_texts_fit_the_positions_of_a_checkpoint(checkpoint):
    check(checkpoint)
    with pytest.raises(CheckpointError, match=r"text.product_tokens should be at most 32.* 33"):
        check(checkpoint, product_tokens=33)
    with pytest.raises(CheckpointError, match=r"text.query_tokens should be at most 32"):
        check(checkpoint, query_tokens=100)


def test_a_checkpoint_that_is_cut_off_is_refused(checkpoint):
    weights = checkpoint / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"model.safetensors: cannot be read.*copy it again"):
        check(checkpoint)


def test_a_size_that_is_missing_is_named(checkpoint):
    config = json.loads((checkpoint / "config.json").read_text())
    del config["max_position_embeddings"]
    (checkpoint / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"expected max_position_embeddings, found none"):
        check(checkpoint)


@pytest.mark.parametrize("file", ["vocab.txt", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_refused(checkpoint, file):
    (checkpoint / file).unlink()
    with pytest.raises(PresetError, match="bert"):
        check(checkpoint)


@pytest.fixture
def downloads(monkeypatch):
    """Presets that KerasNLP was asked to load."""
    asked = []
    monkeypatch.setattr(preset_utils, "get_file", lambda *file: asked.append(file))
    return asked


@pytest.mark.parametrize("preset", ["bert_base_multi", "hf://org/model"])
def test_a_preset_that_has_to_be_fetched_is_not_looked_at(downloads, preset):
    check(preset)
    assert downloads == []


# The last is a name that KerasNLP would fetch, but of another architecture.
@pytest.mark.parametrize("preset", ["minilmm", "no/such/folder", "gpt2_base_en"])
def test_an_unknown_preset_is_refused_without_fetching_it(downloads, preset):
    for look in (check, load_preset):
        with pytest.raises(PresetError, match=f"'{preset}'.*names: bert_base_en,"):
            look(preset)
    assert downloads == []


def test_a_gpu_that_is_not_there_is_missed_at_once():
    with pytest.raises(StrategyError, match="sees no GPU"):
        check("tiny", strategy="gpu")
