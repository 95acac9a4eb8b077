"""Which products of a family are the same: words decide, and an encoder confirms."""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.governance.duplicates.compare import PRICE_TOLERANCE, Evidence, compare
from pipeline.governance.duplicates.confidence import confidence
from pipeline.governance.duplicates.encoder import Encode
from pipeline.governance.duplicates.reading import Reading
from pipeline.governance.duplicates.spelling import Known
from pipeline.ingest.rows import Row

Pair = tuple[int, int]
"""Places of two products of a family, the lower first."""

_USUAL = 2
"""Other products, much like two, from which on their price is no mark of them."""


@dataclasses.dataclass(frozen=True)
class Matching:
    """What makes two products one.

    Attributes:
        threshold: confidence from which on they are.
        unconfirmed_threshold: the same where titles differ in words and there is no encoder.
        min_cosine: of the encoder's vectors of two products whose titles differ in words.
        price_tolerance: share of the higher price by which their prices may differ.
    """

    threshold: float = 0.9
    unconfirmed_threshold: float = 0.95
    min_cosine: float = 0.5
    price_tolerance: float = PRICE_TOLERANCE


class Family(NamedTuple):
    """Products of which some were compared.

    Attributes:
        rows: of the products.
        readings: of the same.
        evidence: of the pairs that were compared and that nothing contradicts.
    """

    rows: Sequence[Row]
    readings: Sequence[Reading]
    evidence: dict[Pair, Evidence]


def compare_family(
    rows: Sequence[Row], pairs: Iterable[Pair], known: Known, matching: Matching,
) -> Family:
    """Compares the products of a family.

    Args:
        rows: of the family.
        pairs: places of those that are to be compared.
        known: whether a word is one that people use.
        matching: what makes two of them one.
    """
    readings = [Reading(row) for row in rows]
    evidence: dict[Pair, Evidence] = {}
    others: dict[int, set[int]] = collections.defaultdict(set)
    for first, second in pairs:
        compared = compare(readings[first], readings[second], known, matching.price_tolerance)
        if compared.evidence is not None:
            evidence[first, second] = compared.evidence
        else:
            others[first].add(second)
            others[second].add(first)
    for (first, second), found in evidence.items():
        prices = [readings[other].price for other in others[first] | others[second]]
        if found.same_price and prices.count(readings[first].price) >= _USUAL:
            evidence[first, second] = found._replace(same_price=False, usual_price=True)
    return Family(rows, readings, evidence)


def contradiction(
    family: Family, known: Known, matching: Matching,
) -> Callable[[int, int], bool]:
    """Tells of two products of a family, by their places, whether they cannot be the same."""
    def contradicts(first: int, second: int) -> bool:
        readings = family.readings[first], family.readings[second]
        return compare(*readings, known, matching.price_tolerance).evidence is None

    return contradicts


def judge_families(
    families: Sequence[Family], matching: Matching, encode: Encode | None,
) -> list[dict[Pair, float]]:
    """How sure it is of each family which of its products are the same.

    Args:
        families: as compared.
        matching: what is enough.
        encode: None where words alone decide.

    Returns:
        Confidence by pair, 0 where it would be enough but is not confirmed.
    """
    judged = [
        {pair: confidence(found) for pair, found in family.evidence.items()}
        for family in families]
    doubtful = [
        (family, sure, pair) for family, sure in zip(families, judged, strict=True)
        for pair in sure
        if sure[pair] >= matching.threshold and family.evidence[pair].other_words]
    if encode is None:
        confirmed = [sure[pair] >= matching.unconfirmed_threshold for _, sure, pair in doubtful]
    else:
        cosines = _cosines([
            (family.readings[first].text, family.readings[second].text)
            for family, _, (first, second) in doubtful], encode)
        confirmed = [cosine >= matching.min_cosine for cosine in cosines]
    for (_, sure, pair), enough in zip(doubtful, confirmed, strict=True):
        if not enough:
            sure[pair] = 0.0
    return judged


def _cosines(pairs: Sequence[tuple[str, str]], encode: Encode) -> list[float]:
    """Cosine of the texts of each pair; every text is encoded once."""
    if not pairs:
        return []
    places: dict[str, int] = {}
    for text in itertools.chain.from_iterable(pairs):
        places.setdefault(text, len(places))
    vectors = encode(list(places))
    first, second = np.array([[places[text] for text in pair] for pair in pairs]).T
    return np.einsum("pd,pd->p", vectors[first], vectors[second]).tolist()
