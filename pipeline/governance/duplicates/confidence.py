"""How sure it is that two products, of which nothing contradicts it, are the same one."""

from __future__ import annotations

import math

from pipeline.governance.duplicates.compare import Evidence

MAX_DESCRIBED = 60
"""Words of descriptions beyond which no more is learned."""

WEIGHTS = {
    "bias": -1.42, "words": 0.61, "coded": 1.47, "described": 0.074, "attributes": 0.43,
    "lone_attributes": -2.0, "same_price": 3.56, "usual_price": 2.37, "near_price": 1.98,
    "identified": 1.2}
"""Log-odds of what is observed (benchmarks/governance/duplicates_confidence.py)."""


UNTOLD = 0.5
"""Confidence of two products with one title and, but for a price, no more."""


def observations(evidence: Evidence) -> dict[str, float]:
    """What is observed, by name, as numbers that the weights multiply."""
    attributes = evidence.attributes + evidence.lone_attributes
    return {
        "bias": 1.0, "words": math.log1p(evidence.words), "coded": evidence.coded,
        "described": min(evidence.described, MAX_DESCRIBED),
        "attributes": math.log1p(evidence.attributes),
        "lone_attributes": evidence.lone_attributes / max(1, attributes),
        "same_price": evidence.same_price, "usual_price": evidence.usual_price,
        "near_price": evidence.near_price,
        "identified": evidence.identified}


def contributions(evidence: Evidence) -> dict[str, float]:
    """What each observation adds to the log-odds, by its name."""
    return {name: WEIGHTS[name] * value for name, value in observations(evidence).items()}


def confidence(evidence: Evidence) -> float:
    """How sure it is, in [0, 1].

    Where nothing is told but a title, and both have the same, it is `UNTOLD` at most: people who
    enter a product again word it anew, while variants are often given one title.
    """
    sure = 1.0 / (1.0 + math.exp(-sum(contributions(evidence).values())))
    told = evidence.coded or evidence.described or evidence.attributes
    return sure if told or not evidence.same_title else min(sure, UNTOLD)
