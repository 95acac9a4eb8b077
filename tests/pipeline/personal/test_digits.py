import pytest

from pipeline.personal.digits import find_runs, is_gtin, is_isbn10, windows


def test_a_run_is_groups_of_digits_and_what_is_between():
    [run] = find_runs("tel. +49 (0)30/1234-56, ok", 7)
    assert [(group.digits, group.before) for group in run] == [
        ("49", "+"), ("0", " ("), ("30", ")"), ("1234", "/"), ("56", "-")]
    assert list(find_runs("12 34, 56 78", 7)) == []
    assert len(list(find_runs("1234567 x 7654321", 7))) == 2


def test_windows_go_from_left_to_right_the_longest_first():
    [run] = find_runs("12 345 67", 7)
    assert list(windows(run, 2, 7, 8)) == [(0, 3), (0, 2), (0, 1), (1, 3), (1, 2), (2, 3)]
    assert list(windows(run, 3, 5, 8)) == [(0, 2), (1, 3), (1, 2)]
    assert list(windows(run, 2, 7, 1)) == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize(("digits", "valid"), [
    ("4006381333931", True), ("4006381333932", False), ("036000291452", True), ("96385074", True),
    ("40063813339313", False), ("0306406152", False), ("", False)])
def test_gtin(digits, valid):
    assert is_gtin(digits) == valid


@pytest.mark.parametrize(("digits", "valid"), [
    ("0306406152", True), ("0306406153", False), ("9876543210", False), ("306406152", False)])
def test_isbn(digits, valid):
    assert is_isbn10(digits) == valid
