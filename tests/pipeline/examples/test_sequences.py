"""Shoppers' wants as lines that name nobody, and as they were at the boundary."""

import gzip
import math

from hypothesis import given
from hypothesis import strategies as st

from pipeline.examples import sequences
from pipeline.examples.histories import Shopper, Want
from pipeline.examples.sequences import (
    Sequence,
    parse_sequence,
    read_sequences,
    render_sequence,
    shopper_sequence,
    without_held_out,
)

_DAY = 24 * 3600


def _shopper(*wants, boundary=math.inf, timed=True):
    """Wants are (rank, product, session)."""
    return Shopper(
        "ann", "likes oak", tuple(Want(rank, product, 1.0, session, "oak mug", "view")
                                  for rank, product, session in wants), boundary, timed)


def test_visits_are_numbered_and_days_counted():
    found = shopper_sequence(_shopper(
        (3 * _DAY, "a", "x"), (3 * _DAY + 60, "b", "x"), (5 * _DAY - 1, "c", "y")))
    assert found == Sequence(("a", "b", "c"), (0, 0, 1), (3, 3, 4), 0)


def test_a_product_counts_once_a_visit():
    found = shopper_sequence(_shopper(
        (0, "a", "x"), (1, "b", "x"), (2, "a", "x"), (_DAY, "a", "y")))
    assert found == Sequence(("a", "b", "a"), (0, 0, 1), (0, 0, 1), 0)


def test_an_order_has_no_days():
    found = shopper_sequence(_shopper((7, "a", "x"), (8, "b", "y"), timed=False))
    assert found == Sequence(("a", "b"), (0, 1), (), 0)


def test_what_lies_beyond_the_boundary_is_a_suffix():
    found = shopper_sequence(_shopper(
        (1, "a", "x"), (2, "b", "y"), (3, "a", "y"), (4, "c", "z"), boundary=3))
    assert found.held_out == 2
    [kept] = without_held_out([found])
    assert kept == Sequence(("a", "b"), (0, 1), (0, 0), 0)


def test_a_want_that_a_visit_repeats_beyond_the_boundary_was_known_before():
    found = shopper_sequence(_shopper((1, "a", "x"), (2, "b", "x"), (3, "a", "x"), boundary=3))
    assert found == Sequence(("a", "b"), (0, 0), (0, 0), 0)


def test_who_began_later_is_left_out_at_the_boundary():
    found = shopper_sequence(_shopper((5, "a", "x"), boundary=3))
    assert found.held_out == 1
    assert list(without_held_out([found])) == []


def test_who_wanted_nothing_has_no_sequence():
    assert shopper_sequence(_shopper()) is None


def test_the_latest_wants_stay(monkeypatch):
    monkeypatch.setattr(sequences, "MAX_WANTS", 2)
    wants = [(rank * _DAY, f"p{rank}", f"s{rank}") for rank in range(4)]
    found = shopper_sequence(_shopper(*wants, boundary=3 * _DAY))
    assert found == Sequence(("p2", "p3"), (2, 3), (2, 3), 1)
    # All that stays lies beyond the boundary: no more of it is held out than there is.
    found = shopper_sequence(_shopper(*wants, boundary=_DAY))
    assert found == Sequence(("p2", "p3"), (2, 3), (2, 3), 2)
    assert list(without_held_out([found])) == []


def test_a_line_names_no_shopper_and_no_query():
    line = render_sequence(shopper_sequence(_shopper((1, "a", "secret visit"))))
    assert line == '{"products": ["a"], "visits": [0], "days": [0], "held_out": 0}'


_SHOPPERS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.integers(0, 3)), max_size=12)


@given(_SHOPPERS, st.integers(0, 21), st.booleans())
def test_a_sequence_divides_as_the_wants_do(wants, boundary, timed):
    ordered = [(rank, product, str(rank // 5)) for rank, product, _ in sorted(wants)]
    shopper = _shopper(*ordered, boundary=boundary, timed=timed)
    found = shopper_sequence(shopper)
    if found is None:
        assert not wants
        return
    assert len(found.products) == len(found.visits)
    assert len(found.days) == (len(found.products) if timed else 0)
    assert set(found.products) == {want.product_id for want in shopper.wants}
    before = {product for kept in without_held_out([found]) for product in kept.products}
    assert before == {want.product_id for want in shopper.training()}


_SEQUENCES = st.lists(st.tuples(st.text(), st.integers(0), st.integers(0, 20_000)), min_size=1)


@given(_SEQUENCES, st.booleans(), st.integers(0, 5))
def test_a_line_reads_as_it_was_written(wants, timed, held_out):
    products, visits, days = zip(*wants, strict=True)
    sequence = Sequence(products, visits, days if timed else (), held_out)
    line = render_sequence(sequence)
    assert "\n" not in line
    assert parse_sequence(line) == sequence


def test_a_folder_is_read_shard_by_shard(tmp_path):
    some = [Sequence((name, "é"), (0, 1), (), 0) for name in "abc"]
    for number, shard in enumerate((some[:2], some[2:])):
        path = tmp_path / f"sequences-0000{number}-of-00002.jsonl.gz"
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(f"{render_sequence(one)}\n" for one in shard)
    (tmp_path / "else.jsonl.gz").write_bytes(b"not read")
    assert list(read_sequences(str(tmp_path))) == some
