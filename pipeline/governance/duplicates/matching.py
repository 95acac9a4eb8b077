"""Which products of a family are the same: words decide, and an encoder confirms."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.governance.duplicates.compare import PRICE_TOLERANCE, Evidence, compare
from pipeline.governance.duplicates.confidence import confidence
from pipeline.governance.duplicates.encoder import Encode
from pipeline.governance.duplicates.groups import Judge
from pipeline.governance.duplicates.reading import Reading
from pipeline.governance.duplicates.spelling import Known
from pipeline.ingest.rows import Row

_USUAL = 2

Pair = tuple[int, int]
"""Places of two products of a family, the lower first."""


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
    """Products that were compared with one another.

    Attributes:
        rows: in the order of their ids.
        texts: what the encoder reads of each.
        evidence: of the pairs that nothing contradicts.
    """

    rows: list[Row]
    texts: list[str]
    evidence: dict[Pair, Evidence]


def compare_family(rows: Sequence[Row], known: Known, matching: Matching) -> Family:
    """Compares all pairs of a family."""
    rows = sorted(rows, key=lambda row: row["product_id"])
    readings = [Reading(row) for row in rows]
    evidence = {}
    for first, second in itertools.combinations(range(len(rows)), 2):
        compared = compare(readings[first], readings[second], known, matching.price_tolerance)
        if compared.evidence is not None:
            evidence[first, second] = compared.evidence
    prices = [row.get("price") for row in rows]
    return Family(
        rows, [reading.text for reading in readings],
        {pair: _without_usual_price(pair, found, prices, evidence)
         for pair, found in evidence.items()})


def _without_usual_price(
    pair: Pair, found: Evidence, prices: Sequence[float | None], evidence: Mapping[Pair, Evidence],
) -> Evidence:
    """Leaves out a price that other products of the family, not the same as the pair's, have too.

    Variants share a price.
    """
    if not (found.same_price or found.near_price):
        return found
    others = sum(
        price == prices[pair[0]] for number, price in enumerate(prices)
        if number not in pair and (min(number, pair[0]), max(number, pair[0])) not in evidence)
    if others < _USUAL:
        return found
    return found._replace(same_price=False, near_price=False)


def judge_families(
    families: Sequence[Family], matching: Matching, encode: Encode | None,
) -> list[Judge]:
    """How sure it is of each family which of its products are the same.

    Args:
        families: as compared.
        matching: what is enough.
        encode: None where words alone decide.
    """
    judges = []
    doubtful: list[tuple[dict[Pair, float], Pair, tuple[str, str]]] = []
    for family in families:
        sure = {pair: confidence(found) for pair, found in family.evidence.items()}
        for pair, found in family.evidence.items():
            if found.other_words and sure[pair] >= matching.threshold:
                doubtful.append((sure, pair, (family.texts[pair[0]], family.texts[pair[1]])))
        judges.append(_judge(sure))
    cosines = None if encode is None else _cosines([texts for *_, texts in doubtful], encode)
    for place, (sure, pair, _) in enumerate(doubtful):
        confirmed = (
            sure[pair] >= matching.unconfirmed_threshold if cosines is None
            else cosines[place] >= matching.min_cosine)
        if not confirmed:
            sure[pair] = 0.0
    return judges


def _judge(sure: Mapping[Pair, float]) -> Judge:
    return lambda one, other: sure.get((min(one, other), max(one, other)))


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
