import numpy as np

from model import cold_start
from model.cold_start import TEMPERATURE, borrow_residuals


def test_an_unseen_product_borrows_from_those_whose_text_is_like_it():
    # Product 2 lies at cosine 0.8 to product 0 and 0.6 to product 1: weights e^(0.8/t) : e^(0.6/t).
    text = np.array([[1, 0], [0, 1], [0.8, 0.6]], np.float32)
    filled = borrow_residuals(
        np.array([[1, 0], [0, 2], [0, 0]], np.float32), np.array([0.7, 0.3, 0]), text)
    share = 1 / (1 + np.exp(-0.2 / TEMPERATURE))
    np.testing.assert_allclose(filled[2], [share, 2 * (1 - share)], rtol=1e-5)
    np.testing.assert_array_equal(filled[:2], [[1, 0], [0, 2]])


def test_only_the_nearest_are_borrowed_from(monkeypatch):
    monkeypatch.setattr(cold_start, "NEIGHBOURS", 1)
    text = np.array([[1, 0], [0, 1], [0.8, 0.6], [0, -1]], np.float32)
    filled = borrow_residuals(
        np.array([[1], [5], [0], [0]], np.float32), np.array([0.5, 0.5, 0, 0]), text)
    np.testing.assert_allclose(filled[:, 0], [1, 5, 1, 1])


def test_where_nothing_was_seen_nothing_changes():
    zeros = np.zeros((3, 2), np.float32)
    np.testing.assert_array_equal(
        borrow_residuals(zeros, np.zeros(3), np.eye(3, dtype="f4")), zeros)


def test_chunks_do_not_show(monkeypatch):
    rng = np.random.default_rng(0)
    text, residuals = rng.normal(size=(50, 8)), rng.normal(size=(50, 3))
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    mentions = np.where(np.arange(50) < 30, 1 / 30, 0)
    residuals[30:] = 0
    whole = borrow_residuals(residuals, mentions, text)
    monkeypatch.setattr(cold_start, "_CHUNK", 7)
    np.testing.assert_allclose(borrow_residuals(residuals, mentions, text), whole, rtol=1e-6)
    assert (np.abs(whole[30:]).sum(axis=1) > 0).all()
