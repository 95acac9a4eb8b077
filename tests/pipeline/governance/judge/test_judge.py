import numpy as np
import pytest

from model.masked_language import MaskedLanguageSettings
from pipeline.governance.judge.corruption import Kind
from pipeline.governance.judge.judge import Trust, ask
from pipeline.governance.judge.pseudo_perplexity import NAMES, PseudoPerplexity
from pipeline.governance.judge.texts import read_texts
from tests.pipeline.governance.judge.shop import products

ROWS = products(240)
SMALL = MaskedLanguageSettings(layers=1, heads=2, width=32, epochs=12, learning_rate=5e-3)


@pytest.fixture(scope="module")
def model():
    return PseudoPerplexity(read_texts(ROWS[:200]), SMALL)


def test_words_that_fit_are_likelier_than_words_that_do_not(model):
    rows = ROWS[200:]
    turned = [{**row, "title": " ".join(reversed(row["title"].split()))} for row in rows]
    own, other = (model.measure(read_texts(some)) for some in (rows, turned))
    assert tuple(own) == NAMES
    assert own["title pseudo log"].mean() > other["title pseudo log"].mean() + 0.5
    assert own["title pseudo least"].mean() > other["title pseudo least"].mean()


def test_the_end_of_a_title_that_is_cut_is_unlikely(model):
    rows = ROWS[200:]
    cut = [{**row, "title": row["title"].rsplit(" ", 1)[0]} for row in rows]
    own, other = (model.measure(read_texts(some)) for some in (rows, cut))
    assert own["title pseudo end"].mean() > other["title pseudo end"].mean() + 0.1


def test_what_a_product_does_not_have_is_not_measured(model):
    found = model.measure(read_texts([{"title": "Acme Desk lamp"}]))
    assert np.isfinite(found["title pseudo log"]).all()
    assert np.isnan(found["description pseudo log"]).all()


def test_the_model_is_asked_of_open_products_only(model):
    evidence = np.arange(8, dtype=np.float32).reshape(4, 2)
    asked = ask(model, ROWS[:4], evidence, np.array([0.0, 0.5, 0.99, 0.02]))
    assert asked.shape == (4, 2 + len(NAMES))
    assert (asked[:, :2] == evidence).all()
    assert np.isfinite(asked[:, 2]).tolist() == [False, True, False, True]
    alone = model.measure(read_texts([ROWS[1]]))
    assert asked[1, 2:] == pytest.approx([float(alone[name][0]) for name in NAMES], abs=1e-4)


def test_without_a_model_nothing_is_said():
    asked = ask(None, ROWS[:2], np.zeros((2, 1), np.float32), np.array([0.5, 0.5]))
    assert asked.shape == (2, 1 + len(NAMES))
    assert np.isnan(asked[:, 1:]).all()


def test_what_is_known_of_a_judge_is_a_sentence():
    trust = Trust(0.834, {Kind.WRONG_BRAND: 0.94, Kind.SHUFFLED_DESCRIPTION: 0.58}, 0.0312)
    assert trust.describe() == (
        "noise is told from a probability of 0.83 on, in 3.1% of the products; of noise made of "
        "them, found: wrong_brand 94%, shuffled_description 58%")
