"""Values that a row may have in a column, with what speaks for each."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pipeline.governance.extraction.dictionary import in_title, longest
from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.tokens import TaggedSpan
from pipeline.governance.extraction.values import Value, Values

TOP_CLASSES = 3
"""Values that the classifier proposes for a row."""

_FLOOR = 1e-4


class Candidate(NamedTuple):
    """A value that a row may have.

    Attributes:
        value: as the shop writes it, or as the text does where it is a new one.
        evidence: what speaks for it, float `[EVIDENCE]`.
        said: whether the text says it; else products with such texts mostly have it.
    """

    value: Value
    evidence: np.ndarray
    said: bool


EVIDENCE = 8
"""Numbers that speak for a candidate: how sure the token classifier and the value classifier are
(log-odds), whether each proposes it at all, whether the dictionary does, how often title and
description mention it, and how common it is (logarithms)."""


def find_candidates(
    values: Values, text: ProductText, spans: Iterable[TaggedSpan], classes: dict[Value, float],
) -> list[Candidate]:
    """Candidates of a row for one column.

    Args:
        values: of the column.
        text: of the row.
        spans: which the token classifier found for the column.
        classes: probabilities of the values that the value classifier proposes.
    """
    mentions = values.mentions(text)
    titled = in_title(mentions, text)
    looked_up = longest(titled)
    in_titles = collections.Counter(values.key(mention.value) for mention in titled)
    anywhere = collections.Counter(values.key(mention.value) for mention in mentions)
    found = {values.key(mention.value): mention.value for mention in mentions}
    tagged: dict[str, float] = {}
    for _, span, score in spans:
        value = values.read(text.whole_words(span))
        if value is not None:
            key = values.key(value)
            found.setdefault(key, value)
            tagged[key] = max(score, tagged.get(key, 0.0))
    classified = {values.key(value): share for value, share in classes.items()}
    found.update({values.key(value): value for value in classes})
    first = None if looked_up is None else values.key(looked_up)
    return [
        Candidate(value, np.array([
            _log_odds(tagged.get(key, 0.0)), key in tagged,
            _log_odds(classified.get(key, 0.0)), key in classified,
            key == first, math.log1p(in_titles[key]), math.log1p(anywhere[key]),
            math.log1p(values.counts[value])], np.float32), key in tagged or key in anywhere)
        for key, value in found.items()]


def _log_odds(probability: float) -> float:
    kept = min(max(probability, _FLOOR), 1.0 - _FLOOR)
    return math.log(kept / (1.0 - kept))
