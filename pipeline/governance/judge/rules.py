"""What the judge finds in products, by name, with reason and remedy."""

from __future__ import annotations

from pipeline.governance.findings import Rule
from pipeline.governance.judge.corruption import Kind

_PRODUCTS = ("products",)

WRONG_BRAND = Rule(
    "wrong_brand", _PRODUCTS,
    "The brand is not the one that the title and the rest of the product tell of.",
    "Correct the brand where the product is entered; often a column was filled from another row.")

WRONG_CATEGORY = Rule(
    "wrong_category", _PRODUCTS,
    "Products with such texts and attributes are in another category.",
    "Move the product to its category, or tell apart the two categories by their names.")

NONSENSE_DESCRIPTION = Rule(
    "nonsense_description", _PRODUCTS,
    "The words of the description do not belong together, or are in no order.",
    "Write or import the description again; a failed export or translation often did this.")

NONSENSE_TITLE = Rule(
    "nonsense_title", _PRODUCTS,
    "The words of the title do not belong together.",
    "Write the title again; a failed export or translation often did this.")

TITLE_MISMATCH = Rule(
    "title_mismatch", _PRODUCTS,
    "The title tells of another thing than the description and the attributes.",
    "Look whether titles were shifted by a row or pasted from another product.")

TRUNCATED_TITLE = Rule(
    "truncated_title", _PRODUCTS,
    "The title seems to be cut off.",
    "Look for a field that is too short between the source and the shop.")

PRICE_OUTLIER = Rule(
    "price_outlier", _PRODUCTS,
    "The price is far from what products like this one cost.",
    "Look whether cents were read as the currency, or the currency as cents.")

RULES = (
    WRONG_BRAND, WRONG_CATEGORY, NONSENSE_DESCRIPTION, NONSENSE_TITLE, TITLE_MISMATCH,
    TRUNCATED_TITLE, PRICE_OUTLIER)

RULE_OF = {
    Kind.TRUNCATED_TITLE: TRUNCATED_TITLE, Kind.TITLE_MISMATCH: TITLE_MISMATCH,
    Kind.NONSENSE_TITLE: NONSENSE_TITLE, Kind.NONSENSE_DESCRIPTION: NONSENSE_DESCRIPTION,
    Kind.SHUFFLED_DESCRIPTION: NONSENSE_DESCRIPTION, Kind.WRONG_BRAND: WRONG_BRAND,
    Kind.WRONG_CATEGORY: WRONG_CATEGORY, Kind.PRICE_OUTLIER: PRICE_OUTLIER}
"""The rule by which each kind of noise is found."""
