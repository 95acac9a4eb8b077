"""Training on tags: what is learned, what is refused, and texts read in their order."""

import numpy as np
import pytest
import tf_keras as keras

from model.presets import load_preset
from model.token_classifier import IGNORED, TokenClassifier
from model.token_training import TagReader, pad, train

RED, BLUE, MUG = 2417, 2630, 14757


def make(head):
    keras.utils.set_random_seed(head)
    return TokenClassifier(load_preset("tiny"), heads=2, layers=1)


@pytest.fixture(scope="module")
def trained():
    """The first head learns colours; the second knows nothing."""
    model = make(1)
    texts = [[101, colour, MUG, 102][:length] for colour in (RED, BLUE) for length in (3, 4)] * 8
    tags = [
        [[int(token in (RED, BLUE)), IGNORED] for token in text] for text in texts]
    loss = train(
        model, [np.array(text, np.int32) for text in texts],
        [np.array(of_text, np.int8) for of_text in tags], batch_size=8, epochs=4, rate=3e-3, seed=1)
    return model, loss


def test_tags_are_learned(trained):
    model, loss = trained
    assert loss < 0.2
    colour, mug = TagReader(model)([np.array([101, RED, MUG, 102])])[0][1:3, 0]
    assert colour.argmax() == 1
    assert mug.argmax() == 0


def test_texts_are_read_in_their_order(trained):
    model, _ = trained
    texts = [np.array([101, *[BLUE] * count, 102][:count + 2 if count else 0], np.int32)
             for count in (3, 0, 1, 2)]
    read = TagReader(model, batch_size=2)(texts)
    assert [tags.shape for tags in read] == [(5, 2, 3), (0, 2, 3), (3, 2, 3), (4, 2, 3)]
    np.testing.assert_allclose(read[2], TagReader(model)([texts[2]])[0], atol=1e-5)
    np.testing.assert_allclose(read[0].sum(axis=2), np.ones([5, 2]), atol=1e-5)
    assert TagReader(model)([]) == []


def test_no_text_is_refused():
    with pytest.raises(ValueError, match="at least one text"):
        train(make(1), [], [], batch_size=8, epochs=1, rate=1e-3, seed=1)


def test_rows_are_padded():
    np.testing.assert_array_equal(
        pad([np.array([[1, 2]]), np.zeros([2, 2])], IGNORED),
        [[[1, 2], [IGNORED, IGNORED]], [[0, 0], [0, 0]]])
