import pytest

from serving.model_server.admission import Admission
from tests.clock import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def admission(clock):
    return Admission(80, clock=clock)  # 10 while it is short, 40 on trial


def _reach(admission, running) -> None:
    admission.running = running
    assert admission.refuses()
    admission.refused()


def test_all_are_taken_up_to_the_bound(admission):
    admission.running = 79
    assert not admission.refuses()
    assert admission.bound == 80
    assert not admission.is_short


def test_one_beyond_the_bound_is_refused_and_makes_it_short(admission):
    admission.running = 80
    assert admission.refuses()
    assert admission.bound == 80  # asking changes nothing
    admission.refused()
    assert admission.is_short
    assert admission.bound == 10
    admission.running = 10
    assert admission.refuses()
    admission.running = 9
    assert not admission.refuses()


def test_one_that_is_counted_already_is_not_counted_twice(admission):
    admission.running = 80
    assert not admission.refuses(further=0)
    admission.refused(further=0)
    assert admission.bound == 80
    admission.running = 81
    assert admission.refuses(further=0)
    admission.refused(further=0)
    admission.running = 10
    assert not admission.refuses(further=0)
    admission.running = 11
    assert admission.refuses(further=0)


def test_it_is_on_trial_after_half_a_minute_however_many_were_refused_meanwhile(admission, clock):
    _reach(admission, 80)
    for clock.now in (110.0, 129.9):
        _reach(admission, 10)
    clock.now = 130.0
    assert not admission.is_short
    assert admission.bound == 40


def test_it_is_whole_after_a_trial_in_which_it_was_enough(admission, clock):
    _reach(admission, 80)
    clock.now = 139.9
    admission.running = 39
    assert not admission.refuses()
    assert admission.bound == 40
    clock.now = 140.0
    assert admission.bound == 80
    _reach(admission, 80)
    clock.now = 169.9  # half a minute once more
    assert admission.is_short
    clock.now = 170.0
    assert not admission.is_short


def test_each_trial_that_fails_makes_it_short_for_twice_as_long_up_to_four_minutes(
        admission, clock):
    _reach(admission, 80)
    begun = 100.0
    for seconds in (30.0, 60.0, 120.0, 240.0, 240.0):
        clock.now = begun + seconds - 0.1
        assert admission.is_short
        clock.now = begun = begun + seconds
        assert admission.bound == (40 if seconds == 30.0 else 80)  # else 41 callers stay refused
        _reach(admission, admission.bound)


@pytest.mark.parametrize(("most", "slots", "short"), [
    (1, 1, 1), (8, 1, 8), (20, 1, 8), (128, 1, 16), (64, 16, 32), (8, 16, 8)])
def test_a_short_bound_is_an_eighth_and_at_least_eight_and_two_a_slot(clock, most, slots, short):
    admission = Admission(most, slots, clock)
    _reach(admission, most)
    assert admission.bound == short
    clock.now = 131.0
    assert admission.bound == max(short, most // 2)


def _ask(admission, taken, refused) -> None:
    for _ in range(taken):
        admission.taken()
    for _ in range(refused):
        admission.refused()


@pytest.mark.parametrize(("refused", "short"), [(2, False), (3, True)])
def test_a_second_in_which_few_are_refused_ends_a_short_bound(admission, clock, refused, short):
    _reach(admission, 80)
    admission.running = 0
    clock.now = 100.9
    _ask(admission, 20, refused)
    assert admission.is_short
    clock.now = 101.0
    _ask(admission, 1, 0)  # 2 of 23 are less than a tenth, 3 of 24 are not
    assert admission.is_short is short
    assert admission.bound == (10 if short else 40)


def test_each_second_is_judged_by_itself(admission, clock):
    _reach(admission, 80)
    admission.running = 0
    _ask(admission, 10, 90)
    clock.now = 101.0
    _ask(admission, 1, 0)
    assert admission.is_short
    _ask(admission, 10, 1)
    clock.now = 102.0
    _ask(admission, 1, 0)
    assert not admission.is_short
    clock.now = 105.0
    _reach(admission, 40)  # a trial that fails is one, too
    clock.now = 164.9
    assert admission.is_short


def test_an_end_before_time_is_a_new_start(admission, clock):
    _reach(admission, 80)
    clock.now = 130.0
    _reach(admission, 40)
    admission.running = 0
    clock.now = 131.0
    _ask(admission, 20, 1)
    assert admission.bound == 40  # a first trial, not a second
    _reach(admission, 40)
    clock.now = 190.9
    assert admission.is_short
    clock.now = 191.0
    assert not admission.is_short
