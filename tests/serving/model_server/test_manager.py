"""Models and their versions over real folders and processes: what answers, and what changes it."""

import asyncio
import contextlib
import dataclasses
import pathlib
import shutil

import grpc
import numpy as np
import pytest

from serving.errors import RequestError, StartupError
from serving.model_server import served_model
from serving.model_server.loaded import LoadOptions
from serving.model_server.manager import ConfigFileWatch, ModelManager
from serving.model_server.metrics import Metrics
from serving.model_server.model_config import ModelConfig, VersionPolicy
from serving.model_server.served_model import ServedModel, State
from tests.serving.model_server.conftest import break_graph, hang, is_alive

NEWEST = VersionPolicy()
TWO = VersionPolicy(latest=2)
ALL = VersionPolicy(latest=None)


def _shop(tmp_path, policy=NEWEST, **labels) -> ModelConfig:
    return ModelConfig("shop", tmp_path / "serving", policy, labels)


def _states(model):
    return {status.version: status.state for status in model.statuses()}


async def _first(model, version=None, label="") -> bytes:
    """The product that a version puts first for a garden hose: p3, or new-p3."""
    with model.acquire(version, label) as loaded:
        answer = await loaded.run(
            loaded.signatures.find("search"), {"query": np.array([b"garden hose"], object)},
            ["product_id"])
        return answer["product_id"][0, 0]


async def _until(condition) -> None:
    async def look() -> None:
        while not condition():
            await asyncio.sleep(0.02)

    await asyncio.wait_for(look(), 60)


async def test_the_newest_version_answers(push, managing, tmp_path):
    push("first", 3)
    push("second", 20)
    async with managing(_shop(tmp_path)) as manager:
        shop = manager.model("shop")
        assert await _first(shop) == b"new-p3"
        assert _states(shop) == {20: State.AVAILABLE}


async def test_a_version_that_loads_long_tells_of_it_until_it_is_there(
        push, managing, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(served_model, "_TELL_SECONDS", 0.001)
    caplog.set_level("INFO", served_model.__name__)
    push("first", 3)
    async with managing(_shop(tmp_path)):
        await asyncio.sleep(0.1)
    first, *telling, last = [record.message for record in caplog.records
                             if "version 3 of shop" in record.message][:-1]
    assert first == "loading version 3 of shop"
    assert telling
    assert all("has been loading for" in line for line in telling)
    assert "version 3 of shop is ready after" in last


async def test_requests_finish_on_the_version_they_began_with(push, managing, tmp_path):
    push("first", 1)
    async with managing(_shop(tmp_path)) as manager:
        shop = manager.model("shop")
        (pid,) = shop.pids
        with shop.acquire() as old:
            push("second", 2)
            await shop.poll()
            assert await _first(shop) == b"new-p3"
            assert _states(shop) == {2: State.AVAILABLE, 1: State.UNLOADING}
            # Longer than the pause between two looks whether it is drained.
            await asyncio.sleep(4 * served_model._DRAIN_SECONDS)
            answer = await old.run(old.signatures.find("spin"), {"steps": np.int32(3)}, ["steps"])
            assert answer["steps"] == 3
            with pytest.raises(RequestError, match=r"Specific\(shop, 1\).* served is 2"), \
                    shop.acquire(1):
                pass
        await _until(lambda: _states(shop) == {2: State.AVAILABLE, 1: State.END})
        # Its memory went with its process.
        assert not is_alive(pid)


async def test_a_broken_version_is_refused_and_the_old_one_stays(push, managing, tmp_path):
    push("first", 1)
    async with managing(_shop(tmp_path)) as manager:
        shop = manager.model("shop")
        break_graph(push("second", 2))
        await shop.poll()
        assert await _first(shop) == b"p3"
        broken, serving = shop.statuses()
        assert (broken.version, broken.state) == (2, State.END)
        assert "cannot be read as a SavedModel" in broken.error
        assert (serving.version, serving.state, serving.error) == (1, State.AVAILABLE, "")


async def test_a_refused_version_is_tried_again_only_when_its_files_change(
        push, managing, tmp_path, toy_versions, caplog):
    push("first", 1)
    async with managing(_shop(tmp_path)) as manager:
        shop = manager.model("shop")
        path = break_graph(push("second", 2))
        for _ in range(3):
            await shop.poll()
        assert len([record for record in caplog.records if "is refused" in record.message]) == 1
        shutil.copy(toy_versions["second"] / "saved_model.pb", path)
        await shop.poll()
        assert shop.available == {2}


def test_loads_of_both_outcomes_are_counted_from_the_start(tmp_path):
    metrics = Metrics()
    ServedModel(_shop(tmp_path), LoadOptions(), metrics, lambda: False)
    assert {
        f'emporium_version_loads_total{{model_name="shop",outcome="{outcome}"}} 0.0'
        for outcome in ("served", "refused")} <= set(metrics.exposition().decode().splitlines())


async def test_a_start_falls_back_to_the_newest_version_that_loads(push, managing, tmp_path):
    push("first", 1)
    break_graph(push("first", 2))
    async with managing(_shop(tmp_path)) as manager:
        assert _states(manager.model("shop")) == {2: State.END, 1: State.AVAILABLE}


async def test_what_is_removed_goes_back_and_what_is_pushed_anew_answers(push, managing, tmp_path):
    push("first", 1)
    newest = push("second", 2)
    async with managing(_shop(tmp_path)) as manager:
        shop = manager.model("shop")
        shutil.rmtree(newest)
        await shop.poll()
        assert await _first(shop) == b"p3"
        push("second", 2)
        await shop.poll()
        assert await _first(shop) == b"new-p3"
        await _until(lambda: _states(shop) == {2: State.AVAILABLE, 1: State.END})


async def test_folders_that_disappear_do_not_stop_serving(push, managing, tmp_path):
    push("first", 1)
    async with managing(_shop(tmp_path)) as manager:
        shop = manager.model("shop")
        shutil.rmtree(tmp_path / "serving/1")
        await shop.poll()
        assert await _first(shop) == b"p3"
        shutil.rmtree(tmp_path / "serving")
        await shop.poll()
        await manager.reload([_shop(tmp_path)])  # the same again asks for nothing new
        assert await _first(shop) == b"p3"


async def test_a_start_without_a_version_that_loads_says_why(push, managing, tmp_path):
    async def error(config) -> str:
        with pytest.raises(StartupError) as caught:
            async with managing(config):
                pass
        return str(caught.value)

    assert "no model version in" in await error(_shop(tmp_path))
    assert "cannot be read" in await error(ModelConfig("shop", tmp_path / "nowhere"))
    break_graph(push("first", 1))
    assert "cannot be read as a SavedModel" in await error(_shop(tmp_path))
    assert "none that its version policy names is there" in await error(
        _shop(tmp_path, VersionPolicy(0, (8,))))


async def test_one_model_that_cannot_start_leaves_no_process_of_another(
        push, tmp_path, model_processes):
    push("first", 1)
    broken = tmp_path / "broken/1"
    shutil.copytree(tmp_path / "serving/1", broken)
    break_graph(broken)
    manager = ModelManager(LoadOptions(), Metrics(), poll_seconds=3600)
    pids = []
    start = asyncio.create_task(
        manager.start([_shop(tmp_path), ModelConfig("other", broken.parent)]))
    while not start.done():
        pids += model_processes()
        await asyncio.sleep(0.02)
    with pytest.raises(StartupError, match="model other in .* can be served"):
        await start
    assert pids
    assert not any(is_alive(pid) for pid in pids)
    assert manager.names == []
    await manager.stop()


@pytest.mark.parametrize(("policy", "first", "then"), [
    (TWO, {2, 3}, {3, 4}),
    (ALL, {1, 2, 3}, {1, 2, 3, 4}),
    (VersionPolicy(0, (1, 3, 9)), {1, 3}, {1, 3}),
])
async def test_policies(push, managing, tmp_path, policy, first, then):
    for number in (1, 2, 3):
        push("first", number)
    async with managing(_shop(tmp_path, policy)) as manager:
        shop = manager.model("shop")
        assert shop.available == first
        push("second", 4)
        await shop.poll()
        assert shop.available == then
        assert await _first(shop) == (b"new-p3" if 4 in then else b"p3")
        assert await _first(shop, version=3) == b"p3"


async def test_a_refused_version_does_not_count_as_one_of_the_latest(push, managing, tmp_path):
    for number in (1, 2):
        push("first", number)
    break_graph(push("second", 3))
    async with managing(_shop(tmp_path, TWO)) as manager:
        assert manager.model("shop").available == {1, 2}


async def test_a_canary_by_labels_becomes_stable(push, managing, tmp_path):
    push("first", 1)
    async with managing(_shop(tmp_path, stable=1)) as manager:
        shop = manager.model("shop")
        push("second", 2)
        # In one step: version 2 beside 1, and a label for it.
        await manager.reload([_shop(tmp_path, TWO, stable=1, canary=2)])
        assert await _first(shop, label="stable") == b"p3"
        assert await _first(shop, label="canary") == b"new-p3"
        with pytest.raises(RequestError, match="Unrecognized servable version label: 'beta'"):
            await _first(shop, label="beta")
        await manager.reload([_shop(tmp_path, NEWEST, stable=2)])
        assert await _first(shop, label="stable") == b"new-p3"
        assert shop.available == {2}
        await manager.reload([_shop(tmp_path, VersionPolicy(0, (1,)), stable=1)])  # rolled back
        assert await _first(shop, label="stable") == b"p3"


async def test_a_reload_adds_changes_and_removes_models(push, managing, tmp_path, toy_versions):
    push("first", 1)
    other = ModelConfig("other", tmp_path / "other")
    shutil.copytree(toy_versions["second"], tmp_path / "other/5")
    async with managing(_shop(tmp_path)) as manager:
        (pid,) = manager.model("shop").pids
        await manager.reload([_shop(tmp_path), other])
        assert manager.names == ["other", "shop"]
        assert manager.model("shop").pids == [pid]
        assert await _first(manager.model("other")) == b"new-p3"
        await manager.reload([other])
        assert manager.names == ["other"]
        with pytest.raises(RequestError, match=r"Latest\('shop'\).* this server has 'other'"):
            manager.model("shop")
        await _until(lambda: not is_alive(pid))
        # The same number from another folder is another version.
        await manager.reload([ModelConfig("other", _moved(tmp_path, toy_versions))])
        assert await _first(manager.model("other")) == b"p3"


async def test_a_request_has_no_folder_served_but_those_beside(
        push, managing, tmp_path, toy_versions):
    push("first", 1)
    # Served: inside/serving. Beside it inside/other, elsewhere outside/other.
    shutil.move(tmp_path / "serving", tmp_path / "inside/serving")
    shutil.copytree(toy_versions["second"], tmp_path / "inside/other/1")
    shutil.copytree(toy_versions["second"], tmp_path / "outside/other/1")
    (tmp_path / "inside/link").symlink_to(tmp_path / "outside/other")
    shop = ModelConfig("shop", tmp_path / "inside/serving")
    async with managing(shop) as manager:
        for path in ("outside/other", "inside/link", "inside/../outside/other", "inside", "/etc"):
            with pytest.raises(RequestError, match=r"other: .* in \S+/inside served") as refused:
                await manager.reload_requested([shop, ModelConfig("other", tmp_path / path)])
            assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED
        assert manager.names == ["shop"]
        await manager.reload_requested([ModelConfig("other", tmp_path / "inside/other")])
        assert manager.names == ["other"]
        await manager.reload_requested([])
        await manager.reload_requested([shop])  # what was told at the start holds on
        assert await _first(manager.model("shop")) == b"p3"
        # Who writes the configuration may name any, and what it names may be asked for again.
        outside = ModelConfig("other", tmp_path / "outside/other")
        await manager.reload([outside])
        await manager.reload_requested([shop, outside])
        assert manager.names == ["other", "shop"]


async def test_a_model_whose_folder_is_a_link_may_be_asked_for_again(
        push, managing, tmp_path, toy_versions):
    shutil.copytree(toy_versions["first"], tmp_path / "store/model/1")
    (tmp_path / "served").mkdir()
    (tmp_path / "served/shop").symlink_to(tmp_path / "store/model")
    shop = ModelConfig("shop", tmp_path / "served/shop")
    async with managing(shop) as manager:
        pids = manager.model("shop").pids
        await manager.reload_requested([dataclasses.replace(shop, labels={"stable": 1})])
        assert manager.model("shop").pids == pids


def _moved(tmp_path, toy_versions) -> pathlib.Path:
    shutil.copytree(toy_versions["first"], tmp_path / "moved/5")
    return tmp_path / "moved"


async def test_a_reload_does_not_wait_for_requests_of_what_it_removes(
        push, managing, tmp_path, toy_versions):
    push("first", 1)
    other = ModelConfig("other", tmp_path / "other")
    shutil.copytree(toy_versions["second"], tmp_path / "other/5")
    async with managing(_shop(tmp_path), other) as manager:
        shop = manager.model("shop")
        with shop.acquire() as held:
            await manager.reload([other])
            assert manager.names == ["other"]
            answer = await held.run(held.signatures.find("spin"), {"steps": np.int32(2)}, ["steps"])
            assert answer["steps"] == 2


@pytest.mark.parametrize(("change", "error", "message"), [
    ("label", RequestError, "Cannot assign label 'canary' to version 9"),
    ("policy", StartupError, "none that its version policy names is there"),
    ("folder", StartupError, "nowhere can be served"),
    ("new model", StartupError, "model other in .* can be served"),
])
async def test_a_bad_reload_changes_nothing(
        push, managing, tmp_path, change, error, message, model_processes):
    push("first", 1)
    push("second", 2)
    before = _shop(tmp_path, VersionPolicy(0, (1,)), stable=1)
    # Each asks the model that is there for version 2, which could be served.
    good = _shop(tmp_path, NEWEST, stable=2)
    bad = {
        "label": [_shop(tmp_path, NEWEST, canary=9)],
        "policy": [_shop(tmp_path, VersionPolicy(0, (8,)))],
        "folder": [ModelConfig("shop", tmp_path / "nowhere")],
        "new model": [good, ModelConfig("other", tmp_path / "nowhere")],
    }[change]
    async with managing(before) as manager:
        shop = manager.model("shop")
        pids = shop.pids
        with pytest.raises(error, match=message):
            await manager.reload(bad)
        assert (manager.names, shop.config, shop.pids) == (["shop"], before, pids)
        assert await _first(shop) == b"p3"
        assert await _first(shop, label="stable") == b"p3"
        # Neither are the versions that were loaded for it kept.
        await _until(lambda: model_processes() == pids)
        await shop.poll()
        assert shop.available == {1}


async def test_a_version_that_answers_is_available_whatever_another_folder_has(
        push, managing, tmp_path, toy_versions):
    push("first", 1)
    shutil.copytree(toy_versions["second"], tmp_path / "other/1")
    break_graph(tmp_path / "other/1")
    async with managing(_shop(tmp_path)) as manager:
        shop = manager.model("shop")
        for _ in range(2):  # what is refused already still has its reason
            with pytest.raises(StartupError, match="cannot be read as a SavedModel"):
                await manager.reload([ModelConfig("shop", tmp_path / "other")])
        assert _states(shop) == {1: State.AVAILABLE}
        assert await _first(shop) == b"p3"


async def test_a_reload_that_is_cancelled_changes_nothing(
        push, managing, tmp_path, toy_versions, model_processes):
    push("first", 1)
    shutil.copytree(toy_versions["second"], tmp_path / "other/2")
    hang(tmp_path / "other/2")
    async with managing(_shop(tmp_path)) as manager:
        pids = manager.model("shop").pids
        reloading = asyncio.create_task(manager.reload(
            [_shop(tmp_path, stable=1), ModelConfig("other", tmp_path / "other")]))
        await _until(lambda: len(model_processes()) == 2)
        reloading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reloading
        assert (manager.names, manager.model("shop").config) == (["shop"], _shop(tmp_path))
        await _until(lambda: model_processes() == pids)
        await manager.reload([_shop(tmp_path, stable=1)])  # nothing is locked for good
        assert await _first(manager.model("shop"), label="stable") == b"p3"


async def test_a_label_that_moves_never_points_to_what_is_not_there(push, managing, tmp_path):
    push("first", 1)
    push("second", 2)
    async with managing(_shop(tmp_path, VersionPolicy(0, (1,)), live=1)) as manager:
        shop = manager.model("shop")
        reloaded = asyncio.create_task(
            manager.reload([_shop(tmp_path, VersionPolicy(0, (2,)), live=2)]))
        seen = {await _first(shop, label="live")}
        while not reloaded.done():
            seen.add(await _first(shop, label="live"))
        await reloaded
        assert await _first(shop, label="live") == b"new-p3"
        assert seen <= {b"p3", b"new-p3"}


async def test_the_watch_of_a_config_file_survives_what_is_written_into_it(
        push, managing, tmp_path, caplog):
    push("first", 1)
    push("second", 2)
    file = tmp_path / "models.config"

    def write(text: str) -> None:
        file.write_text(text)

    entry = 'name: "shop" base_path: "%s"' % (tmp_path / "serving")
    async with managing(_shop(tmp_path, VersionPolicy(0, (1,)))) as manager:
        watch = asyncio.create_task(ConfigFileWatch(file, manager, 0.02).run())
        await _until(lambda: "models.config cannot be read" in caplog.text)
        write("model_config_list { config {")
        await _until(lambda: "Invalid protobuf file" in caplog.text)
        write("")
        await _until(lambda: "should have a model_config_list" in caplog.text)
        assert manager.model("shop").available == {1}
        write(f"model_config_list {{ config {{ {entry} }} }}")
        await _until(lambda: manager.model("shop").available == {2})
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
