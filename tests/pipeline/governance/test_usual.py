"""What is usual, by hand: values are powers of ten, a bin is .02 of one."""

import pytest

from pipeline.governance.usual import GatherUsual


def usual(values, factor=20.0):
    """Half of the values in each of two accumulators, as a runner may do it."""
    combiner = GatherUsual(factor)
    parts = []
    for half in (values[::2], values[1::2]):
        total = combiner.create_accumulator()
        for value in half:
            total = combiner.add_input(total, value)
        parts.append(total)
    return combiner.extract_output(combiner.merge_accumulators(parts))


def test_values_that_are_alike_may_be_off_by_the_factor():
    assert usual([100.0] * 30 + [10_000.0]) == pytest.approx((100.0, 5.0, 2000.0))
    assert usual([100.0] * 30 + [1.0]) == pytest.approx((100.0, 5.0, 2000.0))


def test_values_that_are_spread_may_be_off_by_more():
    # The median is 10; a third each is one power of ten below and above it. So half are off by one:
    # 4 * 1.4826 = 5.93 powers of ten are usual.
    values = [1.0] * 11 + [10.0] * 10 + [100.0] * 11
    found = usual([*values, 1e8])
    assert found == pytest.approx((10.0, 10**-4.9304, 10**6.9304))
    assert usual([*values, 1e6]) is None


def test_one_far_value_in_thirty_does_not_hide_itself():
    assert usual([2.0, 3.0, 4.0] * 10 + [300.0]).high < 300


@pytest.mark.parametrize("values", [
    [], [5.0], [1.0] * 28 + [1e6], [10.0] * 40, [10.0] * 40 + [150.0]])
def test_where_nothing_is_unusual_or_values_are_few_there_is_none(values):
    assert usual(values) is None
