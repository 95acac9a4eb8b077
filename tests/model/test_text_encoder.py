"""The encoder against BERT written out in NumPy, and its behaviour at the edges."""

import numpy as np
import pytest
import safetensors.numpy
import tensorflow as tf

from model.checkpoints import CheckpointError, load_weights, read_sizes
from model.encoding import BatchEncoder
from model.presets import PresetError, load_preset
from model.text_encoder import TextEncoder, build_backbone
from model.tokenizer import Tokenizer
from tests.model.numpy_bert import bert_in_numpy

TEXTS = ["usb c cable 2m", "Cordless drill driver with two batteries, 18 V", "tea"]


@pytest.fixture(scope="module")
def minilm():
    return load_preset("minilm")


@pytest.fixture(scope="module")
def encoder(minilm):
    return TextEncoder(minilm)


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
    with pytest.raises(PresetError, match="neither tiny, tiny_zh, minilm, a folder"):
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
