"""The arms' candidates, their fused score by hand, and what is answered when nothing is known."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from model import hybrid as module
from model import postings
from model.fusion import ARMS, FEATURES, ContextKind
from model.hybrid import Request, context_kinds
from tests.model.toy_servable import behaviour, exact, features, hybrid

A, B, C, D = range(4)
EVIDENCE = scipy.sparse.csr_matrix(
    ([0.009, 0.018], ([D, A], [B, C])), shape=(4, 4), dtype=np.float32)
"""d speaks for b, and a twice as much for c."""


def request(vector=(1.0, 0.0), query="", history=(), exclude=(), kind=ContextKind.BOTH):
    """One context; history newest first."""
    return Request(
        tf.constant([vector]), tf.constant([query]), tf.constant([[*history, -1]], tf.int64),
        tf.constant([exclude], tf.int64, [1, len(exclude)]), tf.constant([int(kind)]))


def usable(found):
    return sorted(found.rows.numpy()[found.usable.numpy()].tolist())


def answer(built, asked, known):
    rows, scores = built.answer(asked, known)
    return rows.numpy()[0].tolist(), scores.numpy()[0]


@pytest.mark.parametrize(("arms", "expected"), [
    (("dense",), [A, D]), (("lexical",), [C, D]), (("collaborative",), [B, D]),
    (("popularity",), [D]), (tuple(ARMS), [A, B, C, D])])
def test_each_arm_names_its_best_beside_what_is_popular(arms, expected, monkeypatch):
    monkeypatch.setattr(module, "MIN_DEPTH", 0)
    found = hybrid(arms, top_k=1).candidates(
        request((1.0, 0.1), "lamp", history=[D]), behaviour([1, 2, 3, 4], EVIDENCE))
    assert usable(found) == expected


def test_a_product_of_several_arms_is_one_candidate():
    found = hybrid().candidates(
        request(query="lamp oak", history=[D]), behaviour([1, 2, 3, 4], EVIDENCE))
    assert found.rows.shape[1] > 4
    assert usable(found) == [A, B, C, D]


def test_what_is_excluded_is_no_candidate_of_any_arm():
    found = hybrid().candidates(
        request(query="lamp", history=[D], exclude=[C, A]), behaviour([1, 2, 3, 4], EVIDENCE))
    assert usable(found) == [B, D]


def test_exclusion_makes_each_arm_look_deeper(monkeypatch):
    monkeypatch.setattr(module, "MIN_DEPTH", 0)
    rows, _ = answer(
        hybrid(("dense",), top_k=1), request(exclude=[A, D]), behaviour([0, 0, 0, 1]))
    assert rows == [B]


def test_features_stand_in_their_order():
    found = hybrid().candidates(
        request((0.0, 1.0), "lamp", history=[D]), behaviour([1, 2, 3, 4], EVIDENCE))
    by_row = dict(zip(found.rows.numpy()[0], found.features.numpy()[0], strict=True))
    # One of four titles has it, all are of one word: ln(1 + 3.5 / 1.5) * 1.6 / (1 + 0.6).
    rarity = math.log(1 + 3.5 / 1.5)
    # Trigrams ^la, lam, amp and mp$ of titles with 3, 4, 4 and 4 (k1 0.6, b 0.3).
    trigrams = 4 * rarity * 1.6 / (1 + 0.6 * (0.7 + 0.3 * 4 / 3.75))
    np.testing.assert_allclose(
        by_row[C], features(dense=1.0, words=rarity, trigrams=trigrams, popularity=3.0), rtol=1e-5)
    # 0.009 of evidence, nine times what is noise.
    np.testing.assert_allclose(
        by_row[B], features(
            dense=0.6, collaborative=math.log(1 + 9), collaborative_recent=math.log(1 + 9),
            popularity=2.0), rtol=1e-5)


def test_likeness_is_the_newest_products_first(monkeypatch):
    built = hybrid(("lexical",), titles=["oak", "oak", "lamp", "lamp"], top_k=1)
    found = built.candidates(request((0.0, 0.0), history=[A, C]), behaviour([0] * 4))
    by_row = dict(zip(found.rows.numpy()[0], found.features.numpy()[0], strict=True))
    # b's one word is a's, d's is c's; the older counts three quarters of the newer.
    for row, likeness in ((A, 0.0), (B, 1 / 1.75), (C, 0.0), (D, 0.75 / 1.75)):
        np.testing.assert_allclose(by_row[row], features(alike=likeness), rtol=1e-5)
    monkeypatch.setattr(module, "MIN_DEPTH", 0)
    assert usable(built.candidates(request(history=[D]), behaviour([1, 0, 0, 0]))) == [A, C]


def test_the_fused_score_by_hand():
    built = hybrid(weights=features(dense=2.0, words=3.0, collaborative=0.5, popularity=0.25))
    rows, shares = answer(
        built, request((0.0, 1.0), "lamp", history=[D]), behaviour([1, 2, 3, 4], EVIDENCE))
    scores = {
        A: 0.25 * 1,
        B: 2 * 0.6 + 0.5 * math.log(10) + 0.25 * 2,
        C: 2 * 1.0 + 3 * math.log(1 + 3.5 / 1.5) + 0.25 * 3,
        D: 0.25 * 4}
    total = sum(map(math.exp, scores.values()))
    assert rows == [C, B, D]
    np.testing.assert_allclose(shares, [math.exp(scores[row]) / total for row in rows], rtol=1e-5)


def test_weights_are_those_of_the_kind():
    built = hybrid(("dense", "popularity"))
    weights = np.zeros((len(ContextKind), len(FEATURES)), np.float32)
    weights[ContextKind.PRODUCT] = features(dense=-1.0)
    weights[ContextKind.PROFILE] = features(popularity=1.0)
    built.weights.assign(weights)
    known = behaviour([0, 2, 3, 1])
    assert answer(built, request(kind=ContextKind.PRODUCT), known)[0] == [D, C, B]
    assert answer(built, request(kind=ContextKind.PROFILE), known)[0] == [C, B, D]


def test_older_products_of_a_history_say_less():
    found = behaviour([0] * 4, EVIDENCE).collaborative(
        tf.constant([[D, A, -1], [-1, D, -1], [-1, -1, -1]], tf.int64))
    # In thousandths, of weights 1 and 0.97: b has 9 / 1.97, c has 0.97 * 18 / 1.97; of the end of
    # the history, 1 and 0.75: 9 / 1.75 and 0.75 * 18 / 1.75.
    np.testing.assert_allclose(found[0], [
        [0.0, math.log(1 + 9 / 1.97), math.log(1 + 0.97 * 18 / 1.97), 0.0],
        [0.0, math.log(1 + 9 / 1.75), math.log(1 + 0.75 * 18 / 1.75), 0.0]], rtol=1e-5)
    np.testing.assert_allclose(found[1], [[0.0, math.log(1 + 9), 0.0, 0.0]] * 2, rtol=1e-5)
    np.testing.assert_allclose(found[2], np.zeros((2, 4)))


def test_a_product_that_nobody_touched_is_found_through_evidence(monkeypatch):
    monkeypatch.setattr(module, "MIN_DEPTH", 0)
    lent = scipy.sparse.csr_matrix(([0.05], ([A], [D])), shape=(4, 4), dtype=np.float32)
    built = hybrid(("dense", "collaborative", "popularity"), top_k=1)
    asked = request((0.05, 0.0), history=[A], exclude=[A], kind=ContextKind.HISTORY)
    # d: 12 * -0.05 + (0.5 + 0.5) * ln(1 + 50) = 3.3; b, which is near: 12 * 0.04 = 0.48.
    assert answer(built, asked, behaviour([9, 0, 0, 0], lent))[0] == [D]
    assert answer(built, asked, behaviour([9, 0, 0, 0]))[0] == [B]


@pytest.mark.parametrize("arms", [("dense",), ("lexical",), ("dense", "lexical"), tuple(ARMS)])
def test_where_nothing_is_known_the_popular_are_answered_whatever_is_off(arms, monkeypatch):
    monkeypatch.setattr(module, "MIN_DEPTH", 0)
    rows, shares = answer(
        hybrid(arms, top_k=2), request((0.0, 0.0), kind=ContextKind.NOTHING),
        behaviour([0, 1, 2, 3], EVIDENCE))
    assert rows == [D, C]
    # A vector of nothing is as far from all: the dense arm names the first two, a and b.
    total = math.exp(3) + math.exp(2) + (math.exp(1) + 1 if "dense" in arms else 0)
    np.testing.assert_allclose(shares, [math.exp(3) / total, math.exp(2) / total], rtol=1e-5)


@pytest.mark.parametrize(("arm", "asked"), [
    ("lexical", request((0.0, 0.0), "zzz", kind=ContextKind.QUERY)),
    ("popularity", request((0.0, 0.0), "lamp", kind=ContextKind.QUERY)),
    ("collaborative", request((0.0, 0.0), history=[B], kind=ContextKind.HISTORY)),
    ("collaborative", request((0.0, 0.0), history=[B], kind=ContextKind.PRODUCT))])
def test_what_the_arm_that_is_on_does_not_tell_apart_is_answered_by_popularity(arm, asked):
    rows, shares = answer(hybrid((arm,)), asked, behaviour([0, 3, 1, 2], EVIDENCE))
    assert rows == [B, D, C]
    np.testing.assert_allclose(shares, [0.25] * 3)


def test_more_is_asked_for_than_there_is():
    built = hybrid(top_k=100)
    assert built.top_k == 4
    rows, shares = answer(built, request(exclude=[B, D, -1]), behaviour([1, 2, 3, 4], EVIDENCE))
    assert rows == [A, C, -1, -1]
    assert shares[:2].sum() == pytest.approx(1.0)
    assert shares[2:].tolist() == [0.0, 0.0]


def test_nothing_is_left():
    rows, shares = answer(hybrid(), request(exclude=[A, B, C, D]), behaviour([1, 2, 3, 4]))
    assert rows == [-1] * 3
    assert shares.tolist() == [0.0] * 3


def test_shares_that_round_to_zero_keep_their_order():
    built = hybrid(("dense",), weights=features(dense=1000.0), top_k=4)
    rows, shares = answer(built, request((-0.6, 0.8)), behaviour([0] * 4))
    assert rows == [C, D, B, A]  # 0.8, 0.6, 0, -0.6
    assert shares.tolist() == [1.0, 0.0, 0.0, 0.0]


def test_an_index_may_return_fewer_places_and_empty_ones():
    def coarse(vectors, count):
        scores, rows = exact(vectors, 2)
        # What an approximate index leaves empty it may number beyond the catalogue.
        return scores, tf.concat([rows[:, :1], tf.fill(tf.shape(rows[:, :1]), 2**31 - 1)], axis=1)

    found = hybrid(("dense",), search=coarse, top_k=1)
    assert found._near(tf.constant([[1.0, 0.0]]), tf.constant(4)).numpy().tolist() == [
        [A, -1, -1, -1]]


@pytest.mark.parametrize(("vector", "query", "history", "expected"), [
    ([1.0, 0.0], "oak", [2, -1], ContextKind.BOTH),
    ([1.0, 0.0], "oak", [-1, -1], ContextKind.QUERY),
    ([0.0, 0.0], "oak", [-1, -1], ContextKind.QUERY),
    ([1.0, 0.0], " \t", [-1, 2], ContextKind.HISTORY),
    ([1.0, 0.0], "", [-1, -1], ContextKind.PROFILE),
    ([0.0, 0.0], " ", [-1, -1], ContextKind.NOTHING),
])
def test_kinds(vector, query, history, expected):
    found = context_kinds(
        tf.constant([vector]), tf.constant([query]), tf.constant([history], tf.int64))
    assert found.numpy().tolist() == [expected]


@pytest.mark.parametrize("values", [2**24, 1], ids=["at once", "one by one"])
def test_how_deep_a_context_looks_is_its_own_affair(values, monkeypatch):
    monkeypatch.setattr(module, "MIN_DEPTH", 0)
    monkeypatch.setattr(postings, "_SLICE_VALUES", values)
    built, known = hybrid(("dense",), top_k=1), behaviour([0, 0, 0, 1])
    few, many = request(exclude=[-1, -1]), request(exclude=[A, B])
    together = Request(*(
        tf.concat([getattr(one, field.name) for one in (few, many)], axis=0)
        for field in dataclasses.fields(Request)))
    found = built.candidates(together, known)
    for number, expected in enumerate(([A, D], [C, D])):  # d is what is popular
        rows = found.rows.numpy()[number][found.usable.numpy()[number]]
        assert sorted(rows.tolist()) == expected


def test_a_batch_of_nothing_is_answered():
    nothing = Request(*(
        getattr(request(), field.name)[:0] for field in dataclasses.fields(Request)))
    rows, shares = hybrid().answer(nothing, behaviour([1, 2, 3, 4], EVIDENCE))
    assert rows.shape == shares.shape == (0, 3)


def test_a_batch_answers_as_its_rows_do():
    built, known = hybrid(), behaviour([1, 2, 3, 4], EVIDENCE)
    single = [
        request((1.0, 0.0), "lamp", [D], [A], ContextKind.BOTH),
        request((0.0, 0.0), "", [-1], [-1], ContextKind.NOTHING),
        request((0.0, 1.0), "desk", [-1], [C], ContextKind.QUERY)]
    together = Request(*(
        tf.concat([getattr(one, field.name) for one in single], axis=0)
        for field in dataclasses.fields(Request)))
    rows, shares = built.answer(together, known)
    for number, one in enumerate(single):
        expected_rows, expected_shares = answer(built, one, known)
        assert rows[number].numpy().tolist() == expected_rows
        np.testing.assert_allclose(shares[number], expected_shares, rtol=1e-5)
