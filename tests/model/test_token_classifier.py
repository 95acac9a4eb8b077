"""The token classifier: shapes, padding, what is trained, its loss, and its weights on disk."""

import math

import numpy as np
import pytest
import tensorflow as tf

from model.presets import load_preset
from model.token_classifier import IGNORED, TagLoss, TokenClassifier

TOKENS = np.array([[101, 2000, 2001, 102], [101, 2002, 102, 0]])


@pytest.fixture(scope="module")
def tiny():
    return load_preset("tiny")


@pytest.fixture(scope="module")
def model(tiny):
    return TokenClassifier(tiny, heads=3, layers=2)


def test_every_token_and_head_has_three_logits(model):
    logits = model(TOKENS)
    assert logits.shape == [2, 4, 3, 3]
    assert logits.dtype == tf.float32


def test_padding_changes_nothing(model):
    alone = model(TOKENS[1:, :3])
    np.testing.assert_allclose(model(TOKENS)[1:, :3], alone, atol=1e-5)


def test_weights_come_back_from_disk(tiny, model, tmp_path):
    model.save_weights(str(tmp_path / "weights"))
    other = TokenClassifier(tiny, heads=3, layers=2)
    assert not np.allclose(other(TOKENS), model(TOKENS))
    other.load_weights(str(tmp_path / "weights")).assert_existing_objects_matched()
    np.testing.assert_allclose(other(TOKENS), model(TOKENS), atol=1e-6)


def test_lower_layers_can_stay_as_they_are(tiny):
    model = TokenClassifier(tiny, heads=1, layers=2, trained_layers=1)
    whole = TokenClassifier(tiny, heads=1, layers=2)
    trained = [layer.name for layer in model.encoder.layers if layer.trainable_weights]
    assert trained == ["transformer_layer_1"]
    assert len(model.trainable_variables) < len(whole.trainable_variables)


def test_an_encoder_with_fewer_layers_is_read_whole(tiny):
    assert len(TokenClassifier(tiny, heads=1, layers=9).trainable_variables) == len(
        TokenClassifier(tiny, heads=1, layers=2).trainable_variables)


@pytest.mark.parametrize(("heads", "layers"), [(0, 1), (1, 0)])
def test_nothing_to_read_or_to_tell_is_refused(tiny, heads, layers):
    with pytest.raises(ValueError, match=f"Received: layers={layers}, heads={heads}"):
        TokenClassifier(tiny, heads=heads, layers=layers)


def test_the_loss_is_the_mean_over_known_tags():
    # Two of four tags are known. Even logits cost log 3; of a right tag with logits 2, 0, 0 the
    # cost is log(1 + 2 exp(-2)).
    tags = tf.constant([[[1], [IGNORED]], [[0], [IGNORED]]])
    logits = tf.constant([[[[0.0, 0, 0]], [[9.0, 0, 0]]], [[[2.0, 0, 0]], [[0.0, 0, 9]]]])
    expected = (math.log(3) + math.log(1 + 2 * math.exp(-2))) / 2
    assert float(TagLoss()(tags, logits)) == pytest.approx(expected)


def test_a_loss_of_nothing_is_zero():
    tags = tf.fill([2, 3, 1], IGNORED)
    assert float(TagLoss()(tags, tf.ones([2, 3, 1, 3]))) == 0.0
