"""The encoder against BERT written out in NumPy, and its behaviour at the edges."""

import keras_nlp
import numpy as np
import pytest
import safetensors.numpy
import scipy.special
import tensorflow as tf

from model.checkpoints import CheckpointError, load_weights, read_sizes
from model.encoding import BatchEncoder
from model.presets import Preset, PresetError, load_preset
from model.text_encoder import TextEncoder, build_backbone
from model.tokenizer import Tokenizer

TEXTS = ["usb c cable 2m", "Cordless drill driver with two batteries, 18 V", "tea"]


@pytest.fixture(scope="module")
def minilm():
    return load_preset("minilm")


@pytest.fixture(scope="module")
def encoder(minilm):
    return TextEncoder(minilm)


def bert_in_numpy(tensors, tokens, layers, heads):
    """BERT as in Devlin et al. 2018, one text, no padding: hidden states [tokens, dim]."""
    def dense(x, name):
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    x = norm(
        tensors["embeddings.word_embeddings.weight"][tokens]
        + tensors["embeddings.position_embeddings.weight"][: len(tokens)]
        + tensors["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for number in range(layers):
        name = f"encoder.layer.{number}"
        query, key, value = (
            dense(x, f"{name}.attention.self.{part}").reshape(len(tokens), heads, -1)
            for part in ("query", "key", "value"))
        logits = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(query.shape[-1])
        attended = np.einsum("hqk,khd->qhd", scipy.special.softmax(logits, axis=-1), value)
        x = norm(
            x + dense(attended.reshape(len(tokens), -1), f"{name}.attention.output.dense"),
            f"{name}.attention.output.LayerNorm")
        wide = dense(x, f"{name}.intermediate.dense")
        gelu = wide * 0.5 * (1.0 + scipy.special.erf(wide / np.sqrt(2.0)))
        x = norm(x + dense(gelu, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    return x


def test_minilm_is_mapped_exactly(minilm, encoder):
    tensors = {
        name: value.astype(np.float64) if value.dtype == np.float32 else value
        for name, value in
        safetensors.numpy.load_file(minilm.checkpoint / "model.safetensors").items()}
    tokens = Tokenizer(minilm.vocabulary)(tf.constant(TEXTS), 32)
    vectors = encoder(tokens.to_tensor()).numpy()
    for row, ids in enumerate(tokens.to_list()):
        mean = bert_in_numpy(tensors, ids, layers=6, heads=12).mean(axis=0)
        # One batch of three lengths: padding must not leak into any of them.
        np.testing.assert_allclose(vectors[row], mean / np.linalg.norm(mean), atol=2e-6)


def test_vectors_have_unit_length_and_nothing_gives_zeros(encoder):
    tokens = tf.ragged.constant(
        [[101, 2000, 102], []], dtype=tf.int64, row_splits_dtype=tf.int64)
    lengths = np.linalg.norm(encoder(tokens.to_tensor()), axis=1)
    np.testing.assert_allclose(lengths, [1.0, 0.0], atol=1e-6)


def test_a_batch_of_nothing_is_encoded(encoder):
    nothing = tf.ragged.constant([[], []], dtype=tf.int64, row_splits_dtype=tf.int64)
    np.testing.assert_array_equal(encoder(nothing.to_tensor()), np.zeros((2, 384)))


def test_batches_of_like_length_keep_the_order(encoder):
    tokens = tf.ragged.constant(
        [[101] + [2000 + n] * length + [102] for n, length in enumerate([5, 1, 9, 1, 3])],
        dtype=tf.int64, row_splits_dtype=tf.int64)
    many = BatchEncoder(encoder, batch_size=2)(tokens)
    one_by_one = np.vstack([encoder(tokens[n:n + 1].to_tensor()) for n in range(5)])
    np.testing.assert_allclose(many, one_by_one, atol=2e-6)


def test_tiny_starts_from_nothing():
    preset = load_preset("tiny")
    assert not preset.pretrained
    assert TextEncoder(preset).dimension == 128


def test_a_local_checkpoint_is_a_preset(minilm, tmp_path):
    for name in ("model.safetensors", "config.json", "vocab.txt"):
        (tmp_path / name).symlink_to(minilm.checkpoint / name)
    preset = load_preset(str(tmp_path))
    assert preset.pretrained
    assert preset.vocabulary == minilm.vocabulary


def test_an_unknown_preset_names_what_there_is():
    with pytest.raises(PresetError, match="neither tiny, minilm, a folder"):
        load_preset("no_such_preset")


def test_a_checkpoint_of_another_family_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "roberta", "hidden_act": "gelu"}')
    with pytest.raises(CheckpointError, match="should be 'bert'. Received: 'roberta'"):
        read_sizes(tmp_path)


def test_a_checkpoint_without_a_tensor_is_refused(tmp_path):
    backbone = build_backbone(load_preset("tiny"))
    safetensors.numpy.save_file({"other": np.zeros(3, "f4")}, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match="word_embeddings.weight' is missing"):
        load_weights(backbone, tmp_path)


def test_a_keras_nlp_preset_is_built_as_told_and_without_dropout(monkeypatch):
    saved = keras_nlp.models.BertBackbone(
        vocabulary_size=50, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16,
        dropout=0.5, max_sequence_length=16)
    monkeypatch.setattr(keras_nlp.models.BertBackbone, "from_preset", lambda _: saved)
    preset = Preset("saved", vocabulary=(), lowercase=True, keras_nlp="saved")
    encoder = TextEncoder(preset, "mixed_bfloat16")
    assert encoder.backbone.compute_dtype == "bfloat16"
    for found, right in zip(encoder.backbone.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(found, right)
    tokens = tf.constant([[2, 7, 9, 3]])
    np.testing.assert_array_equal(encoder(tokens, training=True), encoder(tokens, training=True))
