import pytest

from serving.model_server.admission import Admission


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def admission(clock):
    return Admission(20, clock)  # 9 while it is short


def test_all_are_taken_up_to_the_bound(admission):
    admission.running = 19
    assert not admission.refuses()
    assert admission.bound == 20


def test_one_beyond_the_bound_is_refused_and_makes_it_short(admission):
    admission.running = 20
    assert admission.refuses()
    assert admission.bound == 20  # asking changes nothing
    admission.refused()
    assert admission.bound == 9
    admission.running = 9
    assert admission.refuses()
    admission.running = 8
    assert not admission.refuses()


def test_one_that_is_counted_already_is_not_counted_twice(admission):
    admission.running = 20
    assert not admission.refuses(further=0)
    admission.refused(further=0)
    assert admission.bound == 20
    admission.running = 21
    assert admission.refuses(further=0)
    admission.refused(further=0)
    admission.running = 9
    assert not admission.refuses(further=0)
    admission.running = 10
    assert admission.refuses(further=0)


def test_it_is_whole_again_after_half_a_minute_however_many_were_refused_meanwhile(
        admission, clock):
    admission.running = 20
    admission.refused()
    admission.running = 9
    for clock.now in (110.0, 129.9):
        assert admission.refuses()
        admission.refused()
    clock.now = 130.0
    assert not admission.refuses()
    assert admission.bound == 20


def test_the_whole_bound_reached_again_is_half_a_minute_more(admission, clock):
    admission.running = 20
    for clock.now in (100.0, 120.0):
        admission.refused()
    clock.now = 149.9
    assert admission.bound == 9
    clock.now = 150.0
    assert admission.bound == 20


def test_one_request_may_always_run():
    admission = Admission(1)
    assert not admission.refuses()
    admission.running = 1
    assert admission.refuses()
    admission.refused()
    admission.running = 0
    assert not admission.refuses()
