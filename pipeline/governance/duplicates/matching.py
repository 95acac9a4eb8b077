"""Which products of a family are the same: words first, then the encoder where words may be right."""

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

Pair = tuple[int, int]
"""Places of two products of a family, the lower first."""


@dataclasses.dataclass(frozen=True)
class Matching:
    """What makes two products one.

    Attributes:
        threshold: confidence from which on they are.
        price_tolerance: share of the higher price by which their prices may differ.
    """

    threshold: float = 0.9
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
    return Family(rows, [reading.text for reading in readings], evidence)


def judge_families(families: Sequence[Family], encode: Encode | None) -> list[Judge]:
    """How sure it is of each family which of its products are the same.

    Args:
        families: as compared.
        encode: None where words alone decide.
    """
    cosines = [{}] * len(families) if encode is None else _cosines(families, encode)
    return [
        _judge({pair: confidence(found, near.get(pair)) for pair, found in family.evidence.items()})
        for family, near in zip(families, cosines, strict=True)]


def _judge(sure: Mapping[Pair, float]) -> Judge:
    return lambda one, other: sure.get((min(one, other), max(one, other)))


def _cosines(families: Sequence[Family], encode: Encode) -> list[dict[Pair, float]]:
    """Cosine of each pair of which there is evidence; every text is encoded once."""
    places: dict[str, int] = {}
    pairs = [
        [places.setdefault(family.texts[number], len(places)) for number in pair]
        for family in families for pair in family.evidence]
    if not pairs:
        return [{} for _ in families]
    vectors = encode(list(places))
    first, second = np.array(pairs).T
    cosines = iter(np.einsum("pd,pd->p", vectors[first], vectors[second]).tolist())
    return [{pair: next(cosines) for pair in family.evidence} for family in families]
