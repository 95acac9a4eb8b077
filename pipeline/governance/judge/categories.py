"""Evidence about a product's category: which one the rest of the product suggests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.governance.judge.labels import LabelModel
from pipeline.governance.judge.measures import Measures, only_where
from pipeline.governance.judge.texts import Texts, text_tokens, value_tokens
from pipeline.governance.judge.views import Views
from pipeline.ingest.rows import Row


class Suggestion(NamedTuple):
    """A category that a product might have, and how probable it is."""

    category: str
    probability: float


class Categories:
    """Knows what the products of a shop's categories are like.

    Args:
        texts: what is learned from.
        views: of the same products.
    """

    def __init__(self, texts: Texts, views: Views) -> None:
        self._model = LabelModel([row.get("category", "") for row in texts.rows], views.dense)

    def measure(self, texts: Texts, views: Views) -> Measures:
        """How probable the category is, and whether texts or an attribute name it."""
        categories = [row.get("category", "") for row in texts.rows]
        own, other = self._model.compare(categories, views.dense)
        return only_where(np.array([bool(category) for category in categories], bool), {
            "category by rest": own, "other category by rest": other,
            "category in texts": np.array([
                _said(category, [*title, *description]) for category, title, description
                in zip(categories, texts.title, texts.description, strict=True)], float),
            "category is attribute": np.array([
                _is_attribute(category, row)
                for category, row in zip(categories, texts.rows, strict=True)], float)})

    def suggest(self, views: Views) -> list[Suggestion | None]:
        """The likeliest category of each product; None where none is known."""
        probabilities = self._model.probabilities(views.dense)
        if not probabilities.shape[1]:
            return [None] * len(probabilities)
        return [
            Suggestion(self._model.names[number], float(row[number]))
            for row, number in zip(probabilities, probabilities.argmax(1), strict=True)]


def _said(category: str, tokens: list[str]) -> float:
    """Share of the words of a path's last name that the texts have."""
    words = set(text_tokens(category.rpartition(">")[2]))
    return len(words & set(tokens)) / max(1, len(words))


def _is_attribute(category: str, row: Row) -> bool:
    words = text_tokens(category)
    return any(value_tokens(value) == words for value in (row.get("attributes") or {}).values())
