"""How sure it is that two products, of which nothing contradicts it, are the same one."""

from __future__ import annotations

import math

from pipeline.governance.duplicates.compare import Evidence

MAX_DESCRIBED = 60
"""Words of descriptions beyond which no more is learned."""

WEIGHTS = {
    "bias": -1.5, "words": 0.62, "coded": 1.52, "described": 0.068, "attributes": 0.4,
    "lone_attributes": -2.0, "same_price": 3.45, "near_price": 1.97, "identified": 1.22,
    "other_category": -0.4}
"""Log-odds by what is seen."""


def contributions(evidence: Evidence, cosine: float | None = None) -> dict[str, float]:
    """What each part of the evidence adds to the log-odds, by its name.

    Args:
        evidence: of two products.
        cosine: of their texts' vectors; None where words alone decide.
    """
    attributes = evidence.attributes + evidence.lone_attributes
    seen = {
        "bias": 1.0, "words": math.log1p(evidence.words), "coded": evidence.coded,
        "described": min(evidence.described, MAX_DESCRIBED),
        "attributes": math.log1p(evidence.attributes),
        "lone_attributes": evidence.lone_attributes / max(1, attributes),
        "same_price": evidence.same_price, "near_price": evidence.near_price,
        "identified": evidence.identified, "other_category": evidence.other_category}
    return {name: WEIGHTS[name] * value for name, value in seen.items()}


def confidence(evidence: Evidence, cosine: float | None = None) -> float:
    """The odds in [0, 1]; arguments as of `contributions`."""
    return 1.0 / (1.0 + math.exp(-sum(contributions(evidence, cosine).values())))
