"""Evidence about a product's price: what products like it cost, and how prices end here."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import Ridge

from pipeline.governance.judge.measures import Measures, nothing
from pipeline.governance.judge.texts import Texts
from pipeline.governance.judge.views import Views

_NAMES = ("price", "price ending", "price by vectors", "price by words")


class Prices:
    """Predicts the logarithm of a price from what is written about the product.

    Args:
        texts: what is learned from.
        views: of the same products.
    """

    def __init__(self, texts: Texts, views: Views) -> None:
        prices = log_prices(texts)
        priced = np.flatnonzero(~np.isnan(prices))
        self._by_vectors: Ridge | None = None
        if len(priced) < 2:
            return
        self._by_vectors = Ridge(1.0).fit(views.dense[priced], prices[priced])
        self._by_words = Ridge(2.0).fit(views.sparse[priced], prices[priced])
        endings = np.bincount(_endings(prices[priced]), minlength=100)
        self._endings = np.log((endings + 0.5) / (endings.sum() + 50.0))

    def measure(self, texts: Texts, views: Views) -> Measures:
        """Logarithms to the base of 10: the price, and by how much it is above what is expected.

        Of its ending, the two digits after the point, the log probability in this shop: cents that
        were read as the currency end in 00 where other prices end in 95 or 99.
        """
        if self._by_vectors is None:
            return nothing(_NAMES, len(texts))
        prices = log_prices(texts)
        priced = np.flatnonzero(~np.isnan(prices))
        ending = np.full(len(texts), np.nan)
        ending[priced] = self._endings[_endings(prices[priced])]
        return dict(zip(_NAMES, (
            prices, ending, prices - self._by_vectors.predict(views.dense),
            prices - self._by_words.predict(views.sparse)), strict=True))


def log_prices(texts: Texts) -> np.ndarray:
    """Logarithm of prices to the base of 10, NaN where there is none above 0."""
    return np.array([
        np.log10(price) if (price := row.get("price") or 0) > 0 else np.nan
        for row in texts.rows])


def _endings(log_price: np.ndarray) -> np.ndarray:
    return np.round(10.0**log_price * 100).astype(np.int64) % 100
