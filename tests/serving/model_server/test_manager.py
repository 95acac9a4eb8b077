import gc
import shutil
import weakref

import pytest

from serving.errors import RequestError, StartupError
from serving.model_server.manager import State, VersionManager


@pytest.fixture
def manager(tmp_path):
    """A manager that looks at the folder only when a test says so."""
    manager = VersionManager(tmp_path / "serving", "emporium", poll_seconds=3600)
    yield manager
    manager.stop()


def _states(manager):
    return {status.version: status.state for status in manager.statuses()}


def _break(path):
    graph = path / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:100])


def test_the_newest_version_answers(push, manager):
    push("first", 3)
    push("first", 20)
    manager.start()
    assert manager.current_version == 20
    assert _states(manager) == {20: State.AVAILABLE}


def test_requests_finish_on_the_version_they_began_with(push, manager):
    push("first", 1)
    manager.start()
    with manager.acquire() as old:
        push("second", 2)
        manager.poll()
        assert manager.current_version == 2
        manager.poll()
        assert _states(manager) == {2: State.AVAILABLE, 1: State.UNLOADING}
        assert old.version.number == 1
        assert old.run(old.signatures.find("spin"), {"steps": 3}, ["steps"])["steps"] == 3
        with pytest.raises(RequestError, match=r"Specific\(emporium, 1\).* served is 2"), \
                manager.acquire(1):
            pass
    released = weakref.ref(old)
    del old
    manager.poll()
    assert _states(manager) == {2: State.AVAILABLE, 1: State.END}
    gc.collect()
    assert released() is None


def test_a_broken_version_is_refused_and_the_old_one_stays(push, manager):
    push("first", 1)
    manager.start()
    _break(push("second", 2))
    manager.poll()
    assert manager.current_version == 1
    broken, serving = manager.statuses()
    assert (broken.version, broken.state) == (2, State.END)
    assert "cannot be read as a SavedModel" in broken.error
    assert (serving.state, serving.error) == (State.AVAILABLE, "")


def test_a_refused_version_is_tried_again_only_when_its_files_change(
        push, manager, toy_versions, caplog):
    push("first", 1)
    manager.start()
    path = push("second", 2)
    _break(path)
    for _ in range(3):
        manager.poll()
    assert len([record for record in caplog.records if "is refused" in record.message]) == 1
    shutil.copy(toy_versions["second"] / "saved_model.pb", path)
    manager.poll()
    assert manager.current_version == 2


def test_a_start_falls_back_to_the_newest_version_that_loads(push, manager):
    push("first", 1)
    _break(push("first", 2))
    manager.start()
    assert manager.current_version == 1
    assert _states(manager) == {2: State.END, 1: State.AVAILABLE}


def test_removing_the_newest_version_goes_back_to_the_one_before(push, manager):
    push("first", 1)
    newest = push("second", 2)
    manager.start()
    shutil.rmtree(newest)
    manager.poll()
    assert manager.current_version == 1


def test_a_folder_that_disappears_does_not_stop_serving(push, manager, tmp_path):
    push("first", 1)
    manager.start()
    shutil.rmtree(tmp_path / "serving")
    manager.poll()
    assert manager.current_version == 1


def test_a_start_without_a_version_that_loads_says_why(push, manager, tmp_path):
    with pytest.raises(StartupError, match="no model version in"):
        VersionManager(tmp_path / "serving", "emporium", 1).start()
    with pytest.raises(StartupError, match="cannot be read"):
        VersionManager(tmp_path / "nowhere", "emporium", 1).start()
    _break(push("first", 1))
    with pytest.raises(StartupError, match=r"can be served: .*cannot be read as a SavedModel"):
        manager.start()


def test_before_the_start_nothing_is_found(tmp_path):
    with pytest.raises(RequestError, match="the version served is none"):
        _ = VersionManager(tmp_path, "emporium", 1).current_version
