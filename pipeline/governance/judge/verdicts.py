"""From the probabilities of kinds of noise to what is done about a product."""

from __future__ import annotations

import numpy as np

from pipeline.governance.findings import Action, Finding
from pipeline.governance.judge.brands import Brands, fold_brand
from pipeline.governance.judge.categories import Suggestion
from pipeline.governance.judge.classifier import KINDS
from pipeline.governance.judge.corruption import Kind
from pipeline.governance.judge.rules import RULE_OF
from pipeline.ingest.rows import Row

REPLACE = 0.9
"""Confidence from which a value is replaced; below it a person is told."""

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

    A brand or category is replaced where the rest of the product says by what; of everything else
    a person is told, as a title, a description or a price that is wrong does not tell the right
    one.

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
    if confidence >= REPLACE:
        if kind is Kind.WRONG_BRAND and (brand := _better_brand(row, title, brands)):
            return Finding(
                rule, column, Action.REPAIRED, brand, confidence, "the title begins with it")
        if kind is Kind.WRONG_CATEGORY and (category := _better_category(row, suggestion)):
            return Finding(
                rule, column, Action.REPAIRED, category, confidence, "products like it are there")
    return Finding(rule, column, Action.NOTED, confidence=confidence)


def _better_brand(row: Row, title: list[str], brands: Brands) -> str | None:
    if "brand" not in row:
        return None
    own = fold_brand(row["brand"])
    first = brands.said(own, title).first
    return brands.spelling(first) if first and first != own else None


def _better_category(row: Row, suggestion: Suggestion | None) -> str | None:
    if "category" not in row or suggestion is None or suggestion.probability < SUGGESTED:
        return None
    return suggestion.category if suggestion.category != row["category"] else None
