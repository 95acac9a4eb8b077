import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.judge.fluency import MOVES, SHUFFLES, Fluency, rearrangements
from pipeline.governance.judge.texts import read_texts
from tests.pipeline.governance.judge.shop import products


@given(st.integers(3, 40))
def test_orders_have_every_word_once(count):
    orders = rearrangements(count)
    assert len(orders) == 1 + SHUFFLES + MOVES
    assert orders[0] == tuple(range(count))
    assert all(sorted(order) == list(range(count)) for order in orders)
    assert all(order != orders[0] for order in orders[1 + SHUFFLES:])


def test_words_in_no_order_gain_by_another():
    rows = products(200)
    fluency = Fluency(read_texts(rows[:150]))
    shuffled = []
    for number, row in enumerate(rows[150:]):
        words = row["description"].split()
        order = np.random.default_rng(number).permutation(len(words))
        shuffled.append({**row, "description": " ".join(words[place] for place in order)})
    own, other = (fluency.measure(read_texts(some)) for some in (rows[150:], shuffled))
    assert own["order gain"].min() > other["order gain"].max()
    assert own["best move"].max() < other["best move"].min()
    assert own["better moves"].max() == 0


def test_a_product_without_description_has_nothing_to_measure():
    rows = products(50)
    measures = Fluency(read_texts(rows)).measure(read_texts([{"title": "Acme Desk lamp"}]))
    assert np.isnan(measures["description log"]).all()
    assert np.isnan(measures["order gain"]).all()
    assert np.isfinite(measures["title log"]).all()


def test_what_is_measured_does_not_depend_on_the_rest_of_a_batch():
    rows = products(80)
    fluency = Fluency(read_texts(rows[:60]))
    together = fluency.measure(read_texts(rows[60:]))
    alone = fluency.measure(read_texts(rows[60:61]))
    for name, values in alone.items():
        np.testing.assert_allclose(values[0], together[name][0])
