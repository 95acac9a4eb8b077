"""When garbage is looked for; what is frozen here is thawed again."""

from __future__ import annotations

import gc
import weakref

import pytest

from serving.model_server import garbage
from serving.model_server.model_process import ProcessOptions, load
from serving.servable import new_session


class _Cycle:
    """Something that only a search for garbage frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_what_stays_is_not_looked_at_again():
    cycle = _Cycle()
    seen = weakref.ref(cycle)
    garbage.keep()
    del cycle
    gc.collect()
    assert seen() is not None
    gc.unfreeze()
    gc.collect()
    assert seen() is None


def test_garbage_is_collected_at_the_end_of_what_makes_it():
    with garbage.kept_at_the_end():
        seen = weakref.ref(_Cycle())
        for _ in range(3):
            [_Cycle() for _ in range(1000)]
        assert not gc.isenabled()
        assert seen() is not None
        stays = _Cycle()
    assert gc.isenabled()
    assert seen() is None
    assert not any(found is stays for found in gc.get_objects())  # frozen


def test_garbage_is_looked_for_after_what_failed():
    with pytest.raises(OSError, match="full"), garbage.kept_at_the_end():
        raise OSError("full")
    assert gc.isenabled()


def test_a_version_is_kept_once_it_has_loaded(push):
    before = gc.get_freeze_count()
    load(ProcessOptions(1, push("first", 1)), new_session())
    assert gc.isenabled()
    assert gc.get_freeze_count() > before
