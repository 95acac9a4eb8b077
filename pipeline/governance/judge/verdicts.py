"""From the probabilities of kinds of noise to what is done about a product."""

from __future__ import annotations

import numpy as np

from pipeline.governance.findings import WHOLE_ROW, Action, Finding
from pipeline.governance.judge.brands import Brands, fold_brand
from pipeline.governance.judge.categories import Suggestion
from pipeline.governance.judge.classifier import KINDS
from pipeline.governance.judge.corruption import Kind
from pipeline.governance.judge.rules import RULE_OF
from pipeline.ingest.rows import Row

CLEAR = 0.8
"""Confidence from which a value is taken away; below it a person is told."""

REMOVE = 0.9
"""Confidence from which a product is set aside or a value replaced: a shop misses a good product
more than a bad brand."""

SUGGESTED = 0.95
"""Probability from which a category replaces another."""

_COLUMN = {
    Kind.TRUNCATED_TITLE: "title", Kind.TITLE_MISMATCH: "title", Kind.NONSENSE_TITLE: "title",
    Kind.NONSENSE_DESCRIPTION: "description", Kind.SHUFFLED_DESCRIPTION: "description",
    Kind.WRONG_BRAND: "brand", Kind.WRONG_CATEGORY: "category", Kind.PRICE_OUTLIER: "price"}


def find(
    row: Row, title: list[str], posterior: np.ndarray, brands: Brands,
    suggestion: Suggestion | None,
) -> Finding:
    """What is said of a product that has noise.

    Args:
        row: the product.
        title: tokens of its title.
        posterior: probability of each kind of noise, `[kinds]`.
        brands: brands of the shop.
        suggestion: the likeliest category.

    Returns:
        A finding of the likeliest kind, its confidence that of all kinds in the same column.
    """
    kind = KINDS[int(posterior.argmax())]
    column = _COLUMN[kind]
    confidence = min(1.0, float(sum(
        share for other, share in zip(KINDS, posterior, strict=True) if _COLUMN[other] == column)))
    rule = RULE_OF[kind].name
    if kind is Kind.TRUNCATED_TITLE or confidence < CLEAR:
        return Finding(rule, column, Action.NOTED, confidence=confidence)
    if column == "title":
        action = Action.SET_ASIDE if confidence >= REMOVE else Action.NOTED
        place = WHOLE_ROW if action.removes_row else column
        return Finding(rule, place, action, confidence=confidence)
    if kind is Kind.WRONG_BRAND and confidence >= REMOVE:
        first = brands.said(fold_brand(row["brand"]), title).first
        if first and first != fold_brand(row["brand"]):
            return Finding(
                rule, column, Action.REPAIRED, brands.spelling(first), confidence,
                "the title begins with it")
    if kind is Kind.WRONG_CATEGORY and confidence >= REMOVE and suggestion is not None and (
            suggestion.probability >= SUGGESTED and suggestion.category != row["category"]):
        return Finding(
            rule, column, Action.REPAIRED, suggestion.category, confidence,
            "products like it are there")
    return Finding(rule, column, Action.CLEARED, confidence=confidence)
