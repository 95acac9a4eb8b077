"""What a unit is worth is learned from rows that agree, over different values."""

import pytest

from pipeline.governance.extraction.mentions import find_numbers
from pipeline.governance.extraction.units import is_close, learn_factors


def learn(pairs):
    return learn_factors((value, list(find_numbers(text))) for value, text in pairs)


def test_feet_and_metres():
    # 3 ft = .91 m, 6 ft = 1.83 m, 10 ft = 3.05 m; ratios .3033, .305, .305 are one within 2%.
    rows = [(0.91, "3ft"), (1.83, "6 ft"), (3.05, "10-ft"), (2, "2m"), (3, "3 m"), (5, "5m")] * 2
    assert learn(rows) == {"ft": pytest.approx(0.305, rel=0.01), "m": pytest.approx(1)}


def test_one_value_makes_no_unit():
    assert learn([(65, "Core 2 Duo")] * 20) == {}


def test_few_rows_make_no_unit():
    assert learn([(2, "2m"), (3, "3m"), (5, "5m"), (7, "7m")]) == {}


def test_a_unit_of_something_else_is_none():
    # Of 30 rows with "gb" five agree: a sixth is less than MIN_SHARE.
    rows = [(2, "2gb"), (3, "3gb"), (5, "5gb"), (7, "7gb"), (11, "11gb")]
    rows += [(10.0 ** (1 + number), "8gb") for number in range(25)]
    assert learn(rows) == {}


def test_nothing_and_zero_are_no_ratio():
    assert learn([]) == {}
    assert learn([(0, "0 m"), (-5, "5 m"), (5, "0 m")] * 10) == {}


def test_closeness():
    assert is_close(1.8, 1.83)
    assert not is_close(1.8, 1.84)
