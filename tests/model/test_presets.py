"""Presets of other scripts: checkpoints as they are published, KerasNLP's folders, tiny_zh."""

import json
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
import safetensors.numpy
import tensorflow as tf
from keras_nlp.src.utils import preset_utils

from model.checkpoints import CheckpointError
from model.preflight import check_settings
from model.presets import load_preset
from model.settings import Text, Training
from model.text_encoder import TextEncoder
from model.tokenizer import Tokenizer
from tests.model.numpy_bert import bert_in_numpy

SIZES = {"layers": 2, "heads": 2, "hidden": 8, "intermediate": 16, "positions": 32}

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# ids:                5     6     7     8     9     10    11   12     13    14      15
CHINESE = [*SPECIAL, "不", "粘", "锅", "黑", "色", "，", ",", "usb", "32", "##cm", "##c"]
# ids:              5     6     7      8      9      10     11     12   13
MULTI = [*SPECIAL, "锅", "，", "USB", "usb", "Caf", "##é", "##e", "A", "é"]


def tensors_of_bert(vocabulary):
    """Random weights under the names of a bare BERT."""
    generator = np.random.default_rng(1)
    hidden, wide = SIZES["hidden"], SIZES["intermediate"]

    def random(*shape):
        return generator.normal(0, 0.3, shape).astype("f4")

    def layer(name, size_out, size_in):
        return {f"{name}.weight": random(size_out, size_in), f"{name}.bias": random(size_out)}

    def norm(name):
        return {f"{name}.weight": 1 + random(hidden), f"{name}.bias": random(hidden)}

    tensors = {
        "embeddings.word_embeddings.weight": random(vocabulary, hidden),
        "embeddings.position_embeddings.weight": random(SIZES["positions"], hidden),
        "embeddings.token_type_embeddings.weight": random(2, hidden),
        **norm("embeddings.LayerNorm")}
    for number in range(SIZES["layers"]):
        name = f"encoder.layer.{number}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            tensors |= layer(f"{name}.attention.{part}", hidden, hidden)
        tensors |= layer(f"{name}.intermediate.dense", wide, hidden)
        tensors |= layer(f"{name}.output.dense", hidden, wide)
        tensors |= norm(f"{name}.attention.output.LayerNorm") | norm(f"{name}.output.LayerNorm")
    return tensors


def as_published(tensors):
    """As bert-base-chinese names its weights: with heads, without a pooler here."""
    old = {
        f"bert.{name}".replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in tensors.items()}
    blank = np.zeros(SIZES["hidden"], "f4")
    return old | {
        "cls.predictions.bias": blank, "cls.predictions.transform.LayerNorm.gamma": blank,
        "cls.predictions.transform.LayerNorm.beta": blank, "cls.seq_relationship.bias": blank[:2]}


def write_checkpoint(folder, vocabulary, tensors):
    """A checkpoint in Hugging Face's layout whose tokenizer says that it keeps case."""
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["BertForMaskedLM"], "model_type": "bert", "hidden_act": "gelu",
        "layer_norm_eps": 1e-12, "vocab_size": len(vocabulary), "type_vocab_size": 2,
        "num_hidden_layers": SIZES["layers"], "num_attention_heads": SIZES["heads"],
        "hidden_size": SIZES["hidden"], "intermediate_size": SIZES["intermediate"],
        "max_position_embeddings": SIZES["positions"]}))
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    safetensors.numpy.save_file(tensors, folder / "model.safetensors")


def tokens_of(preset, texts):
    return Tokenizer(preset.vocabulary, preset.lowercase)(tf.constant(texts), 32)


def encode(preset, texts):
    tokens = tokens_of(preset, texts)
    return tokens.to_list(), TextEncoder(preset)(tokens.to_tensor()).numpy()


@pytest.mark.parametrize(("vocabulary", "texts", "expected"), [
    # bert-base-chinese: every character a piece of its own. Its vocabulary has no capitals, so
    # texts are lower-cased, whatever its tokenizer says, and full-width forms become plain ones.
    (CHINESE, ["USB不粘锅32CM，黑色", "３２ｃｍ 黑锅", "锅𠮷"],
     [[2, 12, 5, 6, 7, 13, 14, 11, 8, 9, 3], [2, 13, 14, 8, 7, 3], [2, 7, 1, 3]]),
    # bert-base-multilingual-cased: case and accents are kept, and full-width forms as well.
    (MULTI, ["USB锅，usb", "Café锅", "Cafe", "CAFE"],
     [[2, 7, 5, 6, 8, 3], [2, 9, 10, 5, 3], [2, 9, 11, 3], [2, 1, 3]]),
])
def test_a_checkpoint_as_published_reads_and_encodes(tmp_path, vocabulary, texts, expected):
    tensors = tensors_of_bert(len(vocabulary))
    write_checkpoint(tmp_path, vocabulary, as_published(tensors))
    preset = load_preset(str(tmp_path))
    assert preset.pretrained
    tokens, vectors = encode(preset, texts)
    assert tokens == expected
    for ids, vector in zip(tokens, vectors, strict=True):
        mean = bert_in_numpy(tensors, ids, SIZES["layers"], SIZES["heads"]).mean(axis=0)
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=2e-6)


_SAVE = """
import sys, keras_nlp, numpy as np
folder, sizes, vocabulary, ids = sys.argv[1], *map(eval, sys.argv[2:])
backbone = keras_nlp.models.BertBackbone(**sizes)
for weight in backbone.weights:
    weight.assign(np.random.default_rng(len(weight.path)).normal(0, 0.3, weight.shape))
backbone.save_to_preset(folder)
keras_nlp.models.BertTokenizer(vocabulary, lowercase=True).save_to_preset(folder)
hidden = backbone({
    "token_ids": np.array([ids]), "segment_ids": np.zeros((1, len(ids))),
    "padding_mask": np.ones((1, len(ids)))})["sequence_output"]
np.save(folder + "/hidden.npy", np.array(hidden[0]))
"""


@pytest.fixture(scope="module")
def keras_folder(tmp_path_factory):
    """A preset that Keras 3 saved, with the hidden states of TOKENS beside it."""
    folder = tmp_path_factory.mktemp("preset")
    sizes = {
        "vocabulary_size": len(CHINESE), "num_layers": SIZES["layers"],
        "num_heads": SIZES["heads"], "hidden_dim": SIZES["hidden"],
        "intermediate_dim": SIZES["intermediate"], "max_sequence_length": SIZES["positions"]}
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    del environment["TF_USE_LEGACY_KERAS"]
    subprocess.run(
        [sys.executable, "-c", _SAVE, folder, repr(sizes), repr(CHINESE), repr(TOKENS)],
        env=environment, check=True)
    return folder


TOKENS = [2, 12, 5, 6, 7, 3]


def test_a_folder_in_the_layout_of_keras_nlp_reads_and_encodes(keras_folder):
    preset = load_preset(str(keras_folder))
    assert preset.vocabulary == tuple(CHINESE)
    tokens, [vector] = encode(preset, ["USB不粘锅"])
    assert tokens == [TOKENS]
    mean = np.load(keras_folder / "hidden.npy").mean(axis=0)
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=2e-6)
    half = TextEncoder(preset, "mixed_bfloat16").backbone
    assert half.compute_dtype == "bfloat16"
    assert half.dropout == 0.0


def test_texts_fit_the_positions_of_a_folder_in_the_layout_of_keras_nlp(keras_folder):
    text = Text(
        preset=str(keras_folder), query_tokens=32, profile_tokens=32, product_tokens=32)
    check_settings(text, Training())
    with pytest.raises(CheckpointError, match=r"text.product_tokens should be at most 32.* 33"):
        check_settings(text.model_copy(update={"product_tokens": 33}), Training())


def test_a_preset_that_an_older_keras_saved_is_read_alike(keras_folder, tmp_path):
    shutil.copytree(keras_folder, tmp_path, dirs_exist_ok=True)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        for layer in ("transformer_encoder", "transformer_encoder_1"):
            attention = file[f"layers/{layer}/_self_attention_layer"]
            for part in ("query_dense", "key_dense", "value_dense", "output_dense"):
                attention.move(part, f"_{part}")
    old, new = (
        TextEncoder(load_preset(str(folder))).get_weights() for folder in (tmp_path, keras_folder))
    for one, other in zip(old, new, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("spoil", "named"), [
    (lambda file: file.move("layers/dense", "layers/other"), r"layers/dense/vars should hold"),
    (lambda file: file.__delitem__("layers/embedding/vars/0"), r"layers/embedding/vars should"),
])
def test_a_preset_without_a_weight_is_refused(keras_folder, tmp_path, spoil, named):
    shutil.copytree(keras_folder, tmp_path, dirs_exist_ok=True)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        spoil(file)
    with pytest.raises(CheckpointError, match=named):
        TextEncoder(load_preset(str(tmp_path)))


def test_a_preset_of_another_architecture_or_cut_off_is_refused(keras_folder, tmp_path):
    shutil.copytree(keras_folder, tmp_path, dirs_exist_ok=True)
    weights = tmp_path / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:900])
    with pytest.raises(CheckpointError, match=r"model.weights.h5: cannot be read as HDF5"):
        TextEncoder(load_preset(str(tmp_path)))
    (tmp_path / "config.json").write_text('{"config": {"num_layers": 2}}')
    with pytest.raises(CheckpointError, match="should be of a BertBackbone; it lacks vocab"):
        TextEncoder(load_preset(str(tmp_path)))


@pytest.mark.parametrize(("name", "vocabulary", "lowercase"), [
    ("bert_base_zh", CHINESE, True), ("bert_base_multi", MULTI, False)])
def test_keras_nlp_knows_presets_of_other_scripts(
        monkeypatch, tmp_path, name, vocabulary, lowercase):
    def fetched(asked, file):
        assert asked == name
        path = tmp_path / file.replace("/", "-")
        path.write_text(
            "\n".join(vocabulary) if file.endswith(".txt") else '{"config": {"lowercase": false}}',
            encoding="utf-8")
        return str(path)

    monkeypatch.setattr(preset_utils, "get_file", fetched)
    preset = load_preset(name)
    assert preset.vocabulary == tuple(vocabulary)
    assert (preset.lowercase, preset.keras_nlp) == (lowercase, name)


def test_tiny_zh_has_every_character_of_gb_2312_once():
    preset = load_preset("tiny_zh")
    chinese = [piece for piece in preset.vocabulary if "\u4e00" <= piece[-1] <= "\u9fff"]
    assert len(chinese) == len(set(chinese)) == 6763
    assert all(len(piece) == 1 for piece in chinese)  # None continues a word.
    assert {"啊", "锅", "齄"} <= set(chinese)  # The first, one, the last.
    assert len(set(preset.vocabulary)) == len(preset.vocabulary)
    assert not preset.pretrained


@pytest.mark.parametrize(("text", "pieces"), [
    ("不粘炒锅，30cm", "不 粘 炒 锅 , 30 ##cm"),
    ("USB充电线【快充】", "usb 充 电 线 【 快 充 】"),
    ("３０ＣＭ", "30 ##cm"),
    ("120×60毛巾", "120 ##× ##60 毛 巾"),
    ("阿玛尼·黑色—20°", "阿 玛 尼 · 黑 色 — 20 ##°"),
    ("frying pan", "fry ##ing pan"),
    ("電🔥", "[UNK] [UNK]"),  # Traditional characters are not in it.
])
def test_tiny_zh_reads_chinese_among_latin_words(text, pieces):
    preset = load_preset("tiny_zh")
    found = [preset.vocabulary[token] for token in tokens_of(preset, [text]).to_list()[0]]
    assert found == ["[CLS]", *pieces.split(), "[SEP]"]


def test_tiny_zh_is_built_like_tiny():
    encoder = TextEncoder(load_preset("tiny_zh"))
    assert encoder.dimension == TextEncoder(load_preset("tiny")).dimension
    assert encoder.backbone.vocabulary_size == len(load_preset("tiny_zh").vocabulary)
