"""From rows to groups, through Beam."""

import math

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pipeline.governance.duplicates.banding import word_key
from pipeline.governance.duplicates.candidates import FindCandidates
from pipeline.governance.duplicates.encoder import Encoder
from pipeline.governance.duplicates.groups import Group
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
    family = compare_family(rows, lambda _: False, matching)
    [judge] = judge_families([family], matching, encoding)
    return judge(0, 1)


def test_words_alone_must_be_surer_where_titles_differ():
    # -1.46 + .63 ln 7 (six words) + 1.51 (a code) + .073 * 9 (words of the description)
    # + .43 ln 2 (one attribute) - 2 * 2/3 (two that one has) + 1.95 (nearly the same price)
    rows = [CABLE, like(RESPELLED, price=9.99, attributes={"colour": "Black"})]
    sure = judged(rows, alike)
    assert sure == pytest.approx(1 / (1 + math.exp(-2.848)), abs=1e-3)
    assert judged(rows, encode) == 0.0
    assert judged(rows, None) == 0.0
    assert judged(rows, None, Matching(unconfirmed_threshold=0.9)) == sure


def test_a_price_that_variants_share_says_nothing():
    variants = [
        like(CABLE, product_id=f"v{size}", title=f"Acme HDMI cable {size} m black AX2040")
        for size in (5, 6)]
    alone = judged([CABLE, RESPELLED], None)
    assert judged([CABLE, RESPELLED, *variants], None) < alone


def test_known_words():
    known = KnownWords(np.sort(np.array(list(map(word_key, ["desk", "lamp"])), np.uint32)),
                       frozenset({"oak"}))
    assert [known(word) for word in ("desk", "oak", "lamp", "pine", "")] == [
        True, True, True, False, False]
    assert not KnownWords(np.zeros(0, np.uint32), frozenset())("desk")


def test_groups_are_plain_values():
    assert Group("a", ("b",), 0.9) == ("a", ("b",), 0.9)
