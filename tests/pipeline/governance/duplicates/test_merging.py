"""From rows to groups, through Beam."""

import itertools
import math

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pipeline.governance.duplicates.banding import word_key
from pipeline.governance.duplicates.candidates import FindCandidates
from pipeline.governance.duplicates.encoder import Encoder
from pipeline.governance.duplicates.matching import Matching, compare_family, judge_families
from pipeline.governance.duplicates.merging import KnownWords, MergeDuplicates
from tests.pipeline.governance.duplicates.rows import CABLE, like, product

RESPELLED = like(CABLE, title="ACME HDMI cabel, 2 metres, black (AX2040)")
ROWS = [
    {**CABLE, "product_id": "cable"}, {**RESPELLED, "product_id": "cable again"},
    {**CABLE, "product_id": "blue", "title": "Acme HDMI cable 2 m blue AX2040",
     "attributes": {"colour": "Blue"}},
    {**CABLE, "product_id": "long", "title": "Acme HDMI cable 5 m black AX2040"},
    product("desk", "Oak desk with four drawers"), product("desk 2", "Oak desk with four drawers"),
    product("nothing", "?!"), product("nothing 2", "?!"),
]


def encode(texts):
    """Texts with the misspelled word are away from all others."""
    return np.array([[0.0, 1.0] if "cabel" in text else [1.0, 0.0] for text in texts], np.float32)


def alike(texts):
    return np.ones((len(texts), 1), np.float32)


def unlike_encoder():
    return Encoder(encode, frozenset())


def no_encoder():
    return None


def alike_encoder():
    return Encoder(alike, frozenset({"cabel", "cable"}))


@pytest.mark.parametrize(("new_encoder", "expected"), [
    (no_encoder, [("cable", ("cable again",))]),
    (unlike_encoder, []),  # not confirmed
    (alike_encoder, []),  # to this encoder both are words, and so two
])
def test_duplicates_are_merged_and_variants_are_not(new_encoder, expected):
    with TestPipeline() as pipeline:
        candidates = pipeline | "Once" >> beam.Create(ROWS) | FindCandidates()
        merged = pipeline | "Again" >> beam.Create(ROWS) | MergeDuplicates(
            candidates, Matching(), new_encoder)
        groups = merged.groups | beam.Map(lambda group: (group.kept, group.aliases))
        assert_that(groups, equal_to(expected))
        findings = merged.findings | beam.MapTuple(
            lambda product_id, finding: (product_id, finding.rule, finding.note))
        assert_that(findings, equal_to([
            (alias, "near_duplicate", kept) for kept, aliases in expected for alias in aliases
        ]), "findings")


def test_no_products_are_no_groups():
    with TestPipeline() as pipeline:
        candidates = pipeline | "Once" >> beam.Create([]) | FindCandidates()
        merged = pipeline | "Again" >> beam.Create([]) | MergeDuplicates(
            candidates, Matching(), no_encoder)
        assert_that(merged.groups, equal_to([]))


def judged(rows, encoding, matching=Matching()):  # noqa: B008
    """Confidence in the first two of rows that were all compared."""
    pairs = list(itertools.combinations(range(len(rows)), 2))
    family = compare_family(rows, pairs, lambda _: False, matching)
    [sure] = judge_families([family], matching, encoding)
    return sure[0, 1]


def logistic(odds):
    return pytest.approx(1 / (1 + math.exp(-odds)), abs=1e-4)


def test_words_alone_must_be_surer_where_titles_differ():
    # -1.42 + .61 ln 7 (six words) + 1.47 (a code) + .074 * 9 (words of the description)
    # + .43 ln 2 (one attribute) - 2 * 2/3 (two that one has) + 1.98 (nearly the same price)
    rows = [CABLE, like(RESPELLED, price=9.99, attributes={"colour": "Black"})]
    sure = judged(rows, alike)
    assert sure == logistic(2.8477)
    assert judged(rows, encode) == 0.0
    assert judged(rows, None) == 0.0
    assert judged(rows, None, Matching(unconfirmed_threshold=0.9)) == sure


def test_a_price_that_variants_share_says_less():
    variants = [
        like(CABLE, product_id=f"v{size}", title=f"Acme HDMI cable {size} m black AX2040")
        for size in (5, 6)]
    # -1.42 + .61 ln 7 + 1.47 + .074 * 9
    # + .43 ln 4 + 3.56 (the same price), or 2.37 where others have it.
    assert judged([CABLE, RESPELLED], alike) == logistic(6.0588)
    assert judged([CABLE, RESPELLED, *variants[:1]], alike) == logistic(6.0588)
    assert judged([CABLE, RESPELLED, *variants], alike) == logistic(4.8688)


def test_one_title_and_no_more_is_never_enough():
    rows = [product(price=5.0), product("p2", price=5.0)]
    assert judged(rows, None) == 0.5
    other = product("p2", "Drawers oak desk", price=5.0)
    # -1.42 + .61 ln 4 + 3.56
    assert judged([rows[0], other], None) == logistic(2.9856)


def test_known_words():
    known = KnownWords(np.sort(np.array(list(map(word_key, ["desk", "lamp"])), np.uint32)),
                       frozenset({"oak"}))
    assert [known(word) for word in ("desk", "oak", "lamp", "pine", "")] == [
        True, True, True, False, False]
    assert not KnownWords(np.zeros(0, np.uint32), frozenset())("desk")
