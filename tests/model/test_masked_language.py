import numpy as np
import pytest

from model.masked_language import MaskedLanguageModel, MaskedLanguageSettings

END, MASK = 2, 3
SIZES = MaskedLanguageSettings(layers=1, heads=2, width=32, epochs=150, learning_rate=5e-3)


def text(*tokens):
    return np.array([1, *tokens, END], np.int32)


@pytest.fixture(scope="module")
def model():
    """A model of texts in which 6 is beside 5 and 8 beside 7."""
    built = MaskedLanguageModel(
        10, mask=MASK, separator=END, parts=2, max_tokens=8, settings=SIZES)
    built.train([text(5, 6), text(7, 8), text(5, 6, 9), text(7, 8, 9)] * 16)
    return built


def test_a_token_is_as_likely_as_the_others_make_it(model):
    right, wrong = model.log_probabilities([text(5, 6), text(5, 8)])
    assert right.shape == (3,)
    assert right[1] > np.log(0.5)
    assert wrong[1] < right[1] - 1


def test_every_token_but_the_first_is_asked_for(model):
    texts = [text(5, 6), text(7, 8, 9), text(5)]
    logs = model.log_probabilities(texts, passes=2)
    assert [len(values) for values in logs] == [3, 4, 2]
    assert all((values < 0).all() for values in logs)
    # With a token a pass each is asked for alone, as with as many passes as it has.
    for several, alone in zip(model.log_probabilities(texts, passes=9), texts, strict=True):
        np.testing.assert_allclose(
            several, model.log_probabilities([alone], passes=9)[0], atol=1e-4)


def test_no_text_at_all(model):
    assert model.log_probabilities([]) == []
