import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.judge.trigrams import DISCOUNT, TrigramModel

TEXTS = [["a", "b"], ["a", "b"], ["a", "c"]] * 3


def test_probabilities_are_those_of_interpolated_discounting():
    # Tokens and ends: a 9, b 6, c 3, end 9, of 27. The numbers of start, end and unknown and the
    # three words make 6, of which 4 were seen.
    share = DISCOUNT * 4 / 6
    a, b = (9 - DISCOUNT + share) / 27, (6 - DISCOUNT + share) / 27
    # After a: b 6 times, c 3 times, two kinds of 9. The context "start, a" is the same 9.
    pair = (6 - DISCOUNT + DISCOUNT * 2 * b) / 9
    triple = (6 - DISCOUNT + DISCOUNT * 2 * pair) / 9
    logs = TrigramModel(TEXTS).logs([["a", "b"]])
    assert np.exp(logs.alone[:2]) == pytest.approx([a, b])
    assert np.exp(logs.words[1]) == pytest.approx(triple)
    assert logs.offsets.tolist() == [0, 3]
    assert logs.totals == pytest.approx([logs.words.sum()])


def test_a_rare_word_is_known_by_its_shape():
    model = TrigramModel([["toner", "tn4"], ["toner", "tn5"], ["toner", "tn6"], ["toner", "tn7"]])
    assert model.knows("toner")
    assert not model.knows("tn4")
    # A number that was never seen is as likely after "toner" as those that were.
    assert model.logs([["toner", "xx9"]]).words == pytest.approx(
        model.logs([["toner", "tn4"]]).words)
    assert model.logs([["toner", "9"]]).words[1] < model.logs([["toner", "tn4"]]).words[1]


def test_a_text_that_stops_in_the_middle_is_unlikely_to_end():
    model = TrigramModel([["usb", "cable", "black"]] * 20)
    whole, cut = model.logs([["usb", "cable", "black"], ["usb", "cable"]]).ends
    assert whole > -0.1
    assert cut < -3


def test_nothing_to_learn_from_makes_everything_equally_likely():
    logs = TrigramModel([]).logs([["a", "b"], []])
    assert np.isfinite(logs.words).all()
    assert logs.offsets.tolist() == [0, 3, 4]


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=5), max_size=12), st.data())
def test_what_may_follow_has_probability_one_in_all(texts, data):
    model = TrigramModel(texts)
    context = model.ids(data.draw(st.lists(st.sampled_from("abcd"), min_size=2, max_size=2)))
    # Every number that a text may have in the third place; that of a start never follows, but has
    # a share of what was not seen, which is no more after any words than after none.
    size = len(model._alone)
    third = np.exp([model.logs_of_ids([[*context, token]]).words[2] for token in range(1, size)])
    assert 1 - model._alone[0] - 1e-9 <= third.sum() <= 1 + 1e-9
